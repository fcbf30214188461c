// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a change of the objects means outside of the registry: it is written to
 * the store, and workloads, routes and names follow. The dataplane follows at
 * once; whoever asked is answered when the store has it on the disk.
 */
#include "agent/agent.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "wire/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- to the store ----------------------------------------------------------------------------------------------- */

/* Who waits for the commit. */
struct waiting {
	struct rs_agent *agent;
	uint64_t token;
	int status;
	cJSON *object;
};

static void on_committed(void *user, int code, const struct rs_err *err)
{
	struct waiting *waiting = user;
	struct rs_agent *agent = waiting->agent;
	if (code < 0)
		rs_error("cannot keep a change error=%s", rs_log_value(err->message));
	if (waiting->token && code == 0)
		rs_api_answer(agent->api, waiting->token, waiting->status, rs_take_ptr(waiting->object));
	else if (waiting->token)
		rs_api_answer_error(agent->api, waiting->token, code, NULL, err->message);
	cJSON_Delete(waiting->object);
	free(waiting);
}

static int put_object(const struct rs_change *change, struct rs_store_op *op, char **ret_json)
{
	const struct rs_metadata *metadata = rs_object_metadata(change->kind, change->object);
	cJSON *json = rs_wire_object_print(change->kind, change->object, NULL);
	*ret_json = json ? cJSON_PrintUnformatted(json) : NULL;
	cJSON_Delete(json);
	if (!*ret_json)
		return -ENOMEM;
	op->type = RS_STORE_PUT_OBJECT;
	op->object = (struct rs_store_object){
		.kind = rs_kind_text(change->kind),
		.namespace = metadata->namespace,
		.name = metadata->name,
		.uid = metadata->uid,
		.generation = metadata->generation,
		.resource_version = metadata->resource_version,
		.json = *ret_json,
	};
	return 0;
}

static int to_op(const struct rs_change *change, struct rs_store_op *op, char **ret_json)
{
	*op = (struct rs_store_op){
		.object = {.kind = rs_kind_text(change->kind), .namespace = change->namespace, .name = change->name},
		.tag = change->tag,
		.vip = change->vip,
		.value = change->value,
	};
	switch (change->op) {
	case RS_CHANGE_UPSERT:
		return put_object(change, op, ret_json);
	case RS_CHANGE_DELETE:
		op->type = RS_STORE_DELETE_OBJECT;
		return 0;
	case RS_CHANGE_VIP_ADD:
		op->type = RS_STORE_PUT_VIP;
		return 0;
	case RS_CHANGE_VIP_REMOVE:
		op->type = RS_STORE_DELETE_VIP;
		return 0;
	case RS_CHANGE_COUNTER:
		op->type = RS_STORE_PUT_COUNTER;
		return 0;
	}
	return -EINVAL;
}

static int persist(struct rs_agent *agent, const struct rs_changes *changes, struct waiting *waiting,
		   struct rs_err *err)
{
	rs_auto_free struct rs_store_op *ops = calloc(changes->count + 1, sizeof(*ops));
	rs_auto_free char **json = calloc(changes->count + 1, sizeof(*json));
	int r = ops && json ? 0 : rs_err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < changes->count && r == 0; i++) {
		r = to_op(&changes->items[i], &ops[i], &json[i]);
		if (r < 0)
			rs_err_set(err, r, "cannot write the object as JSON: %s", strerror(-r));
	}
	if (r == 0)
		r = rs_store_commit(agent->store, ops, changes->count, on_committed, waiting, err);
	for (size_t i = 0; json && i < changes->count; i++)
		free(json[i]);
	return r;
}

/* --- to the dataplane ------------------------------------------------------------------------------------------- */

static void apply_route(struct rs_agent *agent, struct rs_model_route *route)
{
	struct rs_err err = {0};
	if (rs_routing_apply(agent, route, &err) < 0)
		rs_record(agent, "Warning", "RoutingFailed", route->metadata.namespace, "Route", route->metadata.name,
			  "%s", err.message);
}

/* A revision at work: its route may have come, gone or moved. */
static void apply_revision(struct rs_agent *agent, struct rs_model_revision *revision)
{
	struct rs_workload *workload = revision->user;
	struct rs_err err = {0};
	if (!workload && revision->routing_state == RS_ROUTING_RESERVE)
		return; /* nobody is sent there: it costs nothing until a route names it */
	if (!workload && rs_workload_get(agent, revision, &workload, &err) < 0) {
		rs_record(agent, "Warning", "RevisionFailed", revision->metadata.namespace, "Revision",
			  revision->metadata.name, "%s", err.message);
		return;
	}
	rs_workload_activate(workload);
}

static void forget(struct rs_change *change)
{
	if (change->kind != RS_KIND_REVISION)
		return;
	struct rs_model_revision *revision = change->object;
	if (!revision->user)
		return;
	/* The last instances still need what they were started from. */
	change->object = NULL;
	rs_workload_remove(revision->user);
}

static void follow(struct rs_agent *agent, struct rs_changes *changes)
{
	/* What must be there first comes first: VIPs that are gone, then revisions, then the routes to them. */
	for (size_t i = 0; i < changes->count; i++) {
		if (changes->items[i].op == RS_CHANGE_VIP_REMOVE)
			rs_routing_forget(agent, changes->items[i].vip);
	}
	for (size_t i = 0; i < changes->count; i++) {
		struct rs_change *change = &changes->items[i];
		if (change->op == RS_CHANGE_UPSERT && change->kind == RS_KIND_REVISION)
			apply_revision(agent, change->object);
	}
	/* The latest ready revision stands in the configuration: when that changes, so does the route. */
	for (size_t i = 0; i < changes->count; i++) {
		struct rs_change *change = &changes->items[i];
		struct rs_model_route *route = NULL;
		if (change->op == RS_CHANGE_UPSERT && change->kind == RS_KIND_ROUTE)
			route = change->object;
		else if (change->op == RS_CHANGE_UPSERT && change->kind == RS_KIND_CONFIGURATION)
			route = rs_registry_route(agent->registry, change->namespace, change->name);
		if (route)
			apply_route(agent, route);
	}
	for (size_t i = 0; i < changes->count; i++) {
		if (changes->items[i].op == RS_CHANGE_DELETE)
			forget(&changes->items[i]);
	}
}

int rs_change_commit(struct rs_agent *agent, struct rs_changes *changes, uint64_t token, int status, cJSON *object)
{
	struct rs_err err = {0};
	struct waiting *waiting = malloc(sizeof(*waiting));
	int r = waiting ? 0 : rs_err_set(&err, -ENOMEM, "out of memory");
	if (waiting) {
		*waiting = (struct waiting){.agent = agent, .token = token, .status = status, .object = object};
		r = persist(agent, changes, waiting, &err);
	}
	if (r < 0) {
		rs_error("cannot keep a change error=%s", rs_log_value(err.message));
		if (token)
			rs_api_answer_error(agent->api, token, r, NULL, err.message);
		cJSON_Delete(object);
		free(waiting);
	}
	follow(agent, changes);
	rs_changes_done(changes);
	return r;
}

/* --- after a start ---------------------------------------------------------------------------------------------- */

struct replay {
	struct rs_agent *agent;
	struct rs_err *err;
};

static int replay_revision(void *user, void *object)
{
	apply_revision(((struct replay *)user)->agent, object);
	return 0;
}

static int replay_route(void *user, void *object)
{
	apply_route(((struct replay *)user)->agent, object);
	return 0;
}

int rs_change_replay(struct rs_agent *agent, struct rs_err *err)
{
	struct replay replay = {.agent = agent, .err = err};
	int r = rs_registry_each(agent->registry, RS_KIND_REVISION, NULL, replay_revision, &replay);
	return r < 0 ? r : rs_registry_each(agent->registry, RS_KIND_ROUTE, NULL, replay_route, &replay);
}
