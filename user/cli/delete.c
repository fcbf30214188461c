// SPDX-License-Identifier: BSD-2-Clause
/* rouse delete NOUN NAME..., or what manifests name. */
#include "cli/cli.h"

#include "base/mem.h"
#include "cli/fetch.h"
#include "cli/manifest.h"
#include "cli/manifest_target.h"
#include "cli/target.h"

#include <errno.h>

struct delete
{
	struct rs_cli *cli;
	const struct rs_args *args;
	size_t count;
	enum rs_exit code;
};

static void delete_one(struct delete *delete, const struct rs_noun *noun, const char *namespace, const char *name)
{
	struct rs_err err = {0};
	struct rs_reply reply = {0};
	rs_auto_free char *path = rs_fetch_path(noun, namespace, name);
	int r = path ? rs_client_call(&delete->cli->client, "DELETE", path, NULL, &reply, &err)
		     : rs_err_set(&err, -ENOMEM, "the name is too long, or memory is out");
	rs_reply_done(&reply);
	delete->count++;
	if (r == -ENOENT && delete->args->ignore_not_found)
		return;
	if (r < 0) {
		delete->code = rs_cli_fail(delete->cli, &err);
		return;
	}
	struct rs_buf full;
	rs_buf_init(&full, 1024);
	rs_noun_full_name(noun, name, &full);
	fprintf(delete->cli->out, "%s deleted\n", full.data ? full.data : name);
	rs_buf_done(&full);
}

static void delete_object(void *user, const char *source, cJSON *object)
{
	struct delete *delete = user;
	struct rs_err err = {0};
	const struct rs_noun *noun;
	const char *namespace, *name;
	int r = rs_manifest_target(object, delete->args->namespace, &noun, &namespace, &name, &err);
	if (r < 0) {
		rs_err_prefix(&err, "%s", source);
		delete->code = rs_cli_fail(delete->cli, &err);
		return;
	}
	delete_one(delete, noun, namespace, name);
}

static void delete_broken(void *user, const struct rs_err *err)
{
	struct delete *delete = user;
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
	return code == RS_EXIT_OK ? delete->code : code;
}

enum rs_exit rs_delete(struct rs_cli *cli, const struct rs_args *args)
{
	struct delete delete = {.cli = cli, .args = args};
	const struct rs_manifest_visitor visitor = {.object = delete_object, .broken = delete_broken, .user = &delete};
	if (args->files.count == 0)
		return delete_named(&delete);
	if (args->names.count)
		return rs_cli_usage(cli, "delete: either names or -f, not both");
	for (size_t i = 0; i < args->files.count; i++)
		rs_manifest_read(args->files.items[i], cli->in, &visitor);
	if (delete.count == 0 && delete.code == RS_EXIT_OK)
		return rs_cli_failf(cli, "delete: there is no object in what was given");
	return delete.code;
}
