// SPDX-License-Identifier: BSD-2-Clause
/* rouse delete NOUN NAME..., or what manifests name. */
#include "cli/cli.h"

#include "base/mem.h"
#include "cli/batch.h"
#include "cli/fetch.h"
#include "cli/manifest.h"
#include "cli/manifest_target.h"
#include "cli/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct delete
{
	struct rs_cli *cli;
	const struct rs_args *args;
	struct rs_batch *batch;
	size_t count;
	enum rs_exit code;
};

/* An object that is on its way out. */
struct gone {
	const struct rs_noun *noun;
	char name[];
};

static void on_answer(void *user, void *item, const struct rs_reply *reply, struct rs_err *err)
{
	struct delete *delete = user;
	rs_auto_free struct gone *gone = item;
	(void)reply;
	if (err && err->code == -ENOENT && delete->args->ignore_not_found)
		return;
	if (err) {
		delete->code = rs_cli_fail(delete->cli, err);
		return;
	}
	struct rs_buf full;
	rs_buf_init(&full, 1024);
	rs_noun_full_name(gone->noun, gone->name, &full);
	fprintf(delete->cli->out, "%s deleted\n", full.data ? full.data : gone->name);
	rs_buf_done(&full);
}

static void delete_one(struct delete *delete, const struct rs_noun *noun, const char *namespace, const char *name)
{
	size_t size = strlen(name) + 1;
	rs_auto_free char *path = rs_fetch_path(noun, namespace, name);
	rs_auto_free struct gone *gone = malloc(sizeof(*gone) + size);
	int r = path && gone ? 0 : -ENOMEM;
	if (r == 0) {
		gone->noun = noun;
		memcpy(gone->name, name, size);
		r = rs_batch_add(delete->batch, "DELETE", path, NULL, gone);
	}
	delete->count++;
	if (r == 0)
		rs_take_ptr(gone);
	else
		delete->code = rs_cli_failf(delete->cli, "delete: the name is too long, or memory is out");
}

static void delete_object(void *user, const char *source, cJSON *object)
{
	struct delete *delete = user;
	struct rs_err err = {0};
	const struct rs_noun *noun;
	const char *namespace, *name;
	int r = rs_manifest_target(object, delete->args->namespace, &noun, &namespace, &name, &err);
	if (r < 0) {
		rs_batch_finish(delete->batch);
		rs_err_prefix(&err, "%s", source);
		delete->code = rs_cli_fail(delete->cli, &err);
		return;
	}
	delete_one(delete, noun, namespace, name);
}

static void delete_broken(void *user, const struct rs_err *err)
{
	struct delete *delete = user;
	rs_batch_finish(delete->batch);
	delete->code = rs_cli_fail(delete->cli, err);
}

static enum rs_exit delete_named(struct delete *delete)
{
	struct rs_err err = {0};
	struct rs_targets targets;
	if (rs_targets_parse(&delete->args->names, NULL, &targets, &err) < 0)
		return rs_cli_usage(delete->cli, "delete: %s", err.message);
	enum rs_exit code = RS_EXIT_OK;
	for (size_t i = 0; i < targets.count && code == RS_EXIT_OK; i++) {
		if (!targets.items[i].noun->can_delete)
			code = rs_cli_usage(delete->cli, "delete: %s come and go by themselves; delete the service",
					    targets.items[i].noun->plural);
		else if (!targets.items[i].name)
			code = rs_cli_usage(delete->cli, "delete: which of the %s?", targets.items[i].noun->plural);
	}
	for (size_t i = 0; i < targets.count && code == RS_EXIT_OK; i++)
		delete_one(delete, targets.items[i].noun, rs_cli_namespace(delete->args), targets.items[i].name);
	rs_targets_done(&targets);
	rs_batch_finish(delete->batch);
	return code == RS_EXIT_OK ? delete->code : code;
}

static enum rs_exit delete_files(struct delete *delete)
{
	const struct rs_manifest_visitor visitor = {.object = delete_object, .broken = delete_broken, .user = delete};
	const struct rs_args *args = delete->args;
	if (args->names.count)
		return rs_cli_usage(delete->cli, "delete: either names or -f, not both");
	for (size_t i = 0; i < args->files.count; i++)
		rs_manifest_read(args->files.items[i], delete->cli->in, &visitor);
	rs_batch_finish(delete->batch);
	if (delete->count == 0 && delete->code == RS_EXIT_OK)
		return rs_cli_failf(delete->cli, "delete: there is no object in what was given");
	return delete->code;
}

enum rs_exit rs_delete(struct rs_cli *cli, const struct rs_args *args)
{
	struct delete delete = {.cli = cli, .args = args};
	delete.batch = rs_batch_new(&cli->client, on_answer, &delete);
	if (!delete.batch)
		return rs_cli_failf(cli, "delete: out of memory");
	enum rs_exit code = args->files.count ? delete_files(&delete) : delete_named(&delete);
	rs_batch_free(delete.batch);
	return code;
}
