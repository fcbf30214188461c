// SPDX-License-Identifier: BSD-2-Clause
/* rouse delete NOUN NAME..., NOUN -l LABELS, NOUN --all, or what manifests name. */
#include "cli/cli.h"

#include "base/mem.h"
#include "base/time.h"
#include "cli/manifest/batch.h"
#include "cli/fetch.h"
#include "cli/manifest/manifest.h"
#include "cli/manifest/manifest_target.h"
#include "cli/noun/target.h"
#include "cli/wait/wait_until.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An object that is on its way out; with --wait it is kept until it is gone. */
struct leaving {
	struct leaving *next;
	const struct rs_noun *noun;
	char *namespace;
	char *name;
};

struct deletion {
	struct rs_cli *cli;
	const struct rs_args *args;
	struct rs_batch *batch;
	struct leaving *first; /* that are waited for */
	size_t count;
	enum rs_exit code;
};

static struct leaving *leaving_free(struct leaving *leaving)
{
	if (!leaving)
		return NULL;
	free(leaving->namespace);
	free(leaving->name);
	free(leaving);
	return NULL;
}

static struct leaving *leaving_new(const struct rs_noun *noun, const char *namespace, const char *name)
{
	struct leaving *leaving = calloc(1, sizeof(*leaving));
	if (!leaving)
		return NULL;
	*leaving = (struct leaving){.noun = noun, .namespace = strdup(namespace), .name = strdup(name)};
	return leaving->namespace && leaving->name ? leaving : leaving_free(leaving);
}

static void say_deleted(const struct deletion *deletion, const struct leaving *leaving)
{
	struct rs_buf full;
	rs_buf_init(&full, 1024);
	rs_noun_full_name(leaving->noun, leaving->name, &full);
	fprintf(deletion->cli->out, "%s deleted\n", full.data ? full.data : leaving->name);
	fflush(deletion->cli->out);
	rs_buf_done(&full);
}

static void on_answer(void *user, void *item, const struct rs_reply *reply, struct rs_err *err)
{
	struct deletion *deletion = user;
	struct leaving *leaving = item;
	(void)reply;
	if (err && (err->code != -ENOENT || !deletion->args->ignore_not_found))
		deletion->code = rs_cli_fail(deletion->cli, err);
	if (!err)
		say_deleted(deletion, leaving);
	if (err || !deletion->args->wait) {
		leaving_free(leaving);
		return;
	}
	leaving->next = deletion->first;
	deletion->first = leaving;
}

static void delete_one(struct deletion *deletion, const struct rs_noun *noun, const char *namespace, const char *name)
{
	rs_auto_free char *path = rs_fetch_path(noun, namespace, name);
	struct leaving *leaving = path ? leaving_new(noun, namespace, name) : NULL;
	deletion->count++;
	if (leaving && rs_batch_add(deletion->batch, "DELETE", path, NULL, leaving) == 0)
		return;
	leaving_free(leaving);
	deletion->code = rs_cli_failf(deletion->cli, "delete: the name is too long, or memory is out");
}

/* --- by manifests ---------------------------------------------------------------------------------------------------
 */

static void delete_object(void *user, const struct rs_manifest_source *source, cJSON *object)
{
	struct deletion *deletion = user;
	struct rs_err err = {0};
	const struct rs_noun *noun;
	const char *namespace, *name;
	int r = rs_manifest_target(object, deletion->args->namespace, &noun, &namespace, &name, &err);
	if (r < 0) {
		rs_batch_finish(deletion->batch);
		rs_manifest_blame(source, "", &err);
		deletion->code = rs_cli_fail(deletion->cli, &err);
		return;
	}
	delete_one(deletion, noun, namespace, name);
}

static void delete_broken(void *user, const struct rs_err *err)
{
	struct deletion *deletion = user;
	rs_batch_finish(deletion->batch);
	deletion->code = rs_cli_fail(deletion->cli, err);
}

static void delete_manifests(struct deletion *deletion)
{
	struct rs_manifest_had had = {.namespace = deletion->args->namespace};
	const struct rs_manifest_visitor visitor = {.object = delete_object,
						    .broken = delete_broken,
						    .user = deletion,
						    .had = &had,
						    .is_recursive = deletion->args->recursive};
	for (size_t i = 0; i < deletion->args->files.count; i++)
		rs_manifest_read(deletion->args->files.items[i], deletion->cli->in, &visitor);
	rs_batch_finish(deletion->batch);
	rs_manifest_had_done(&had);
	if (deletion->count == 0 && deletion->code == RS_EXIT_OK)
		deletion->code = rs_cli_failf(deletion->cli, "delete: there is no object in what was given");
}

/* --- by names, labels, or all ---------------------------------------------------------------------------------------
 */

/* Listed whole before the first goes: what is deleted must not move what a next page begins with. */
static void delete_list(struct deletion *deletion, const struct rs_noun *noun)
{
	struct rs_err err = {0};
	rs_auto_json cJSON *list = NULL;
	const cJSON *object;
	const struct rs_query query = {
		.namespace = deletion->args->all_namespaces ? NULL : rs_cli_namespace(deletion->args),
		.selector = deletion->args->selector,
	};
	if (rs_fetch_list(&deletion->cli->client, noun, &query, &list, &err) < 0) {
		deletion->code = rs_cli_fail(deletion->cli, &err);
		return;
	}
	cJSON_ArrayForEach (object, rs_json_get(list, "items")) {
		const char *namespace = rs_json_text(object, "metadata", "namespace");
		delete_one(deletion, noun, *namespace ? namespace : rs_cli_namespace(deletion->args),
			   rs_json_text(object, "metadata", "name"));
	}
}

static int check(const struct rs_args *args, const struct rs_targets *targets, struct rs_err *err)
{
	bool is_list = args->selector || args->all;
	if (args->selector && args->all)
		return rs_err_set(err, -EINVAL, "either --all or --selector, not both");
	for (size_t i = 0; i < targets->count; i++) {
		const struct rs_target *target = &targets->items[i];
		if (!target->noun->can_delete)
			return rs_err_set(err, -EINVAL, "%s come and go by themselves; delete the service",
					  target->noun->plural);
		if (target->name && is_list)
			return rs_err_set(err, -EINVAL, "either names, --all or --selector");
		if (target->name && args->all_namespaces)
			return rs_err_set(err, -EINVAL, "a name is one namespace's; give -n instead of -A");
		if (!target->name && !is_list)
			return rs_err_set(err, -EINVAL, "which of the %s? Give names, -l LABELS or --all",
					  target->noun->plural);
	}
	return 0;
}

static enum rs_exit delete_targets(struct deletion *deletion)
{
	struct rs_err err = {0};
	struct rs_targets targets;
	if (rs_targets_parse(&deletion->args->names, NULL, &targets, &err) < 0)
		return rs_cli_usage(deletion->cli, "delete: %s", err.message);
	int r = check(deletion->args, &targets, &err);
	for (size_t i = 0; i < targets.count && r == 0; i++) {
		const struct rs_target *target = &targets.items[i];
		if (target->name)
			delete_one(deletion, target->noun, rs_cli_namespace(deletion->args), target->name);
		else
			delete_list(deletion, target->noun);
	}
	rs_targets_done(&targets);
	if (r < 0)
		return rs_cli_usage(deletion->cli, "delete: %s", err.message);
	rs_batch_finish(deletion->batch);
	if (deletion->count == 0 && deletion->code == RS_EXIT_OK)
		fputs("There was nothing to delete.\n", deletion->cli->err);
	return deletion->code;
}

/* --- waiting --------------------------------------------------------------------------------------------------------
 */

/* The object first, then the instances that it leaves behind until their connections are through. */
static int wait_until_gone(struct deletion *deletion, const struct leaving *leaving, uint64_t deadline_ns,
			   struct rs_err *err)
{
	static const struct rs_wait_for gone = {.kind = RS_WAIT_DELETE}, zero = {.kind = RS_WAIT_ZERO};
	const struct rs_target target = {.noun = leaving->noun, .name = leaving->name};
	bool is_service = leaving->noun == &rs_noun_service;
	int r = rs_wait_until(deletion->cli, &target, leaving->namespace, &gone, deadline_ns, err);
	if (r == 0)
		r = rs_wait_until_instances(deletion->cli, leaving->namespace, is_service ? leaving->name : NULL,
					    is_service ? NULL : leaving->name, &zero, deadline_ns, err);
	return r;
}

static void wait_for_all(struct deletion *deletion)
{
	uint64_t deadline_ns = rs_now_ns() + (uint64_t)deletion->args->timeout_ns;
	while (deletion->first) {
		struct leaving *leaving = deletion->first;
		struct rs_err err = {0};
		int r = wait_until_gone(deletion, leaving, deadline_ns, &err);
		if (r == -ETIMEDOUT)
			deletion->code = rs_cli_failf(deletion->cli, "%s \"%s\": is not gone after %.1f s%s",
						      leaving->noun->kind, leaving->name,
						      (double)deletion->args->timeout_ns / 1e9, err.message);
		else if (r < 0)
			deletion->code = rs_cli_fail(deletion->cli, &err);
		deletion->first = leaving->next;
		leaving_free(leaving);
	}
}

enum rs_exit rs_delete(struct rs_cli *cli, const struct rs_args *args)
{
	struct deletion deletion = {.cli = cli, .args = args};
	if (args->files.count && (args->names.count || args->selector || args->all))
		return rs_cli_usage(cli, "delete: either names or -f, not both");
	deletion.batch = rs_batch_new(&cli->client, on_answer, &deletion);
	if (!deletion.batch)
		return rs_cli_failf(cli, "delete: out of memory");
	if (args->files.count)
		delete_manifests(&deletion);
	else
		deletion.code = delete_targets(&deletion);
	rs_batch_free(deletion.batch);
	wait_for_all(&deletion);
	return deletion.code;
}
