// SPDX-License-Identifier: BSD-2-Clause
#include "cli/wait/wait_until.h"

#include "cli/follow/watch.h"

#include <errno.h>

struct waiting {
	const struct rs_wait_for *wait;
	const struct rs_target *target; /* of an object */
	const char *namespace;
	const char *revision; /* of instances */
	cJSON *object;	      /* as it was seen last; NULL when it is not there */
	cJSON *instances;
};

static int out_of_memory(struct rs_err *err)
{
	return rs_err_set(err, -ENOMEM, "out of memory");
}

/* --- an object ------------------------------------------------------------------------------------------------------
 */

static int keep_object(struct waiting *waiting, const cJSON *object, struct rs_err *err)
{
	cJSON_Delete(waiting->object);
	waiting->object = object ? cJSON_Duplicate(object, true) : NULL;
	return object && !waiting->object ? out_of_memory(err) : 0;
}

static int judge_object(const struct waiting *waiting, struct rs_err *err)
{
	if (rs_wait_for_is_met(waiting->wait, waiting->object, NULL, NULL))
		return 1;
	if (!waiting->object)
		return rs_err_set(err, -ENOENT, "%s \"%s\" not found in the namespace \"%s\"",
				  waiting->target->noun->kind, waiting->target->name, waiting->namespace);
	return 0;
}

/* What is not in any page is gone. */
static int on_object_begun(void *user, struct rs_err *err)
{
	return keep_object(user, NULL, err);
}

static int on_object_page(void *user, const cJSON *list, struct rs_err *err)
{
	struct waiting *waiting = user;
	const cJSON *object, *found = NULL;
	cJSON_ArrayForEach (object, rs_json_get(list, "items")) {
		if (rs_str_equal(rs_json_text(object, "metadata", "name"), waiting->target->name))
			found = object;
	}
	return found ? keep_object(waiting, found, err) : 0;
}

static int on_object_listed(void *user, struct rs_err *err)
{
	return judge_object(user, err);
}

static int on_object_changed(void *user, enum rs_change change, const cJSON *object, struct rs_err *err)
{
	struct waiting *waiting = user;
	if (!rs_str_equal(rs_json_text(object, "metadata", "name"), waiting->target->name))
		return 0;
	int r = keep_object(waiting, change == RS_CHANGE_DELETED ? NULL : object, err);
	return r < 0 ? r : judge_object(waiting, err);
}

/* What the object says about itself is what a person wants to know when the time is over. */
static int explain(const struct waiting *waiting, struct rs_err *err)
{
	const char *type = waiting->wait->kind == RS_WAIT_CONDITION ? waiting->wait->type : "Ready";
	const char *message = rs_json_text(rs_json_condition(waiting->object, type), "message");
	return rs_err_set(err, -ETIMEDOUT, "%s%s%s", *message ? " (" : "", message, *message ? ")" : "");
}

static int wait_for_object(struct rs_cli *cli, const struct rs_target *target, const char *namespace,
			   const struct rs_wait_for *wait, uint64_t deadline_ns, struct rs_err *err)
{
	struct waiting waiting = {.wait = wait, .target = target, .namespace = namespace};
	const struct rs_query query = {.namespace = namespace, .name = target->name};
	const struct rs_watch_visitor visitor = {.begun = on_object_begun,
						 .page = on_object_page,
						 .listed = on_object_listed,
						 .changed = on_object_changed,
						 .user = &waiting};
	int r = rs_watch(&cli->client, target->noun, &query, &visitor, deadline_ns, cli->err, err);
	if (r == -ETIMEDOUT)
		r = explain(&waiting, err);
	cJSON_Delete(waiting.object);
	return r < 0 ? r : 0;
}

/* --- instances ------------------------------------------------------------------------------------------------------
 */

static cJSON *items_of(struct waiting *waiting)
{
	return cJSON_GetObjectItemCaseSensitive(waiting->instances, "items");
}

static int put_instance(struct waiting *waiting, const cJSON *instance, struct rs_err *err)
{
	cJSON *copy = cJSON_Duplicate(instance, true);
	if (copy && cJSON_AddItemToArray(items_of(waiting), copy))
		return 0;
	cJSON_Delete(copy);
	return out_of_memory(err);
}

static void drop_instance(struct waiting *waiting, const char *name)
{
	cJSON *instance;
	cJSON_ArrayForEach (instance, items_of(waiting)) {
		if (rs_str_equal(rs_json_text(instance, "metadata", "name"), name))
			break;
	}
	if (instance)
		cJSON_Delete(cJSON_DetachItemViaPointer(items_of(waiting), instance));
}

static int judge_instances(const struct waiting *waiting)
{
	return rs_wait_for_is_met(waiting->wait, NULL, waiting->instances, waiting->revision);
}

static int on_instances_begun(void *user, struct rs_err *err)
{
	struct waiting *waiting = user;
	cJSON_Delete(waiting->instances);
	waiting->instances = cJSON_CreateObject();
	return cJSON_AddArrayToObject(waiting->instances, "items") ? 0 : out_of_memory(err);
}

static int on_instances_page(void *user, const cJSON *list, struct rs_err *err)
{
	struct waiting *waiting = user;
	const cJSON *instance;
	int r = 0;
	cJSON_ArrayForEach (instance, rs_json_get(list, "items")) {
		r = put_instance(waiting, instance, err);
		if (r < 0)
			break;
	}
	return r;
}

static int on_instances_listed(void *user, struct rs_err *err)
{
	(void)err;
	return judge_instances(user);
}

static int on_instance_changed(void *user, enum rs_change change, const cJSON *instance, struct rs_err *err)
{
	struct waiting *waiting = user;
	drop_instance(waiting, rs_json_text(instance, "metadata", "name"));
	int r = change == RS_CHANGE_DELETED ? 0 : put_instance(waiting, instance, err);
	return r < 0 ? r : judge_instances(waiting);
}

int rs_wait_until_instances(struct rs_cli *cli, const char *namespace, const char *service, const char *revision,
			    const struct rs_wait_for *wait, uint64_t deadline_ns, struct rs_err *err)
{
	struct waiting waiting = {.wait = wait, .revision = revision};
	const struct rs_query query = {.namespace = namespace, .service = service};
	const struct rs_watch_visitor visitor = {.begun = on_instances_begun,
						 .page = on_instances_page,
						 .listed = on_instances_listed,
						 .changed = on_instance_changed,
						 .user = &waiting};
	int r = rs_watch(&cli->client, &rs_noun_instance, &query, &visitor, deadline_ns, cli->err, err);
	if (r == -ETIMEDOUT)
		rs_err_set(err, r, " (of %d instances)", cJSON_GetArraySize(items_of(&waiting)));
	cJSON_Delete(waiting.instances);
	return r < 0 ? r : 0;
}

/* --- either ---------------------------------------------------------------------------------------------------------
 */

int rs_wait_until(struct rs_cli *cli, const struct rs_target *target, const char *namespace,
		  const struct rs_wait_for *wait, uint64_t deadline_ns, struct rs_err *err)
{
	if (!rs_wait_for_needs_instances(wait))
		return wait_for_object(cli, target, namespace, wait, deadline_ns, err);
	rs_auto_json cJSON *object = NULL;
	int r = rs_fetch_object(&cli->client, target->noun, namespace, target->name, &object, err);
	if (r < 0)
		return r;
	bool is_service = target->noun == &rs_noun_service;
	const char *label = rs_json_text(object, "metadata", "labels", "serving.knative.dev/service");
	return rs_wait_until_instances(cli, namespace, is_service || !*label ? target->name : label,
				       target->noun == &rs_noun_revision ? target->name : NULL, wait, deadline_ns, err);
}
