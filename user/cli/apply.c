// SPDX-License-Identifier: BSD-2-Clause
/* rouse apply -f FILE: each document becomes a PUT; one that fails does not stop the others. */
#include "cli/cli.h"

#include "base/mem.h"
#include "cli/fetch.h"
#include "cli/manifest.h"
#include "cli/manifest_target.h"

#include <errno.h>

struct apply {
	struct rs_cli *cli;
	const struct rs_args *args;
	size_t count; /* documents, also failed ones */
	enum rs_exit code;
	bool is_alone; /* no agent answers: the rest is not tried */
};

static void say_applied(const struct apply *apply, const struct rs_noun *noun, const char *name,
			const struct rs_reply *reply)
{
	const char *applied = *reply->applied ? reply->applied : reply->status == 201 ? "created" : "configured";
	struct rs_buf full;
	rs_buf_init(&full, 1024);
	rs_noun_full_name(noun, name, &full);
	fprintf(apply->cli->out, "%s %s%s\n", full.data ? full.data : name, applied,
		apply->args->dry_run ? " (dry run)" : "");
	fflush(apply->cli->out);
	rs_buf_done(&full);
}

static void fail(struct apply *apply, const char *source, const char *name, struct rs_err *err)
{
	if (err->code == -ECONNREFUSED || err->code == -EACCES)
		apply->is_alone = true;
	else if (*name)
		rs_err_prefix(err, "%s: service %s", source, name);
	else
		rs_err_prefix(err, "%s", source);
	apply->code = rs_cli_fail(apply->cli, err);
}

static int put(struct apply *apply, const struct rs_noun *noun, const char *namespace, const char *name,
	       const cJSON *object, struct rs_reply *ret_reply, struct rs_err *err)
{
	rs_auto_free char *path = rs_fetch_path(noun, namespace, name);
	rs_auto_free char *full = path ? rs_str_format("%s%s", path, apply->args->dry_run ? "?dryRun=All" : "") : NULL;
	if (!full)
		return rs_err_set(err, -ENOMEM, "metadata.name: is too long, or memory is out");
	return rs_client_call(&apply->cli->client, "PUT", full, object, ret_reply, err);
}

static void apply_object(void *user, const char *source, cJSON *object)
{
	struct apply *apply = user;
	struct rs_err err = {0};
	const struct rs_noun *noun;
	const char *namespace, *name = "";
	struct rs_reply reply = {0};
	apply->count++;
	if (apply->is_alone)
		return;
	int r = rs_manifest_target(object, apply->args->namespace, &noun, &namespace, &name, &err);
	if (r == 0)
		r = put(apply, noun, namespace, name, object, &reply, &err);
	if (r < 0)
		fail(apply, source, name, &err);
	else
		say_applied(apply, noun, name, &reply);
	rs_reply_done(&reply);
}

static void apply_broken(void *user, const struct rs_err *err)
{
	struct apply *apply = user;
	apply->count++;
	apply->code = rs_cli_fail(apply->cli, err);
}

enum rs_exit rs_apply(struct rs_cli *cli, const struct rs_args *args)
{
	struct apply apply = {.cli = cli, .args = args};
	const struct rs_manifest_visitor visitor = {.object = apply_object, .broken = apply_broken, .user = &apply};
	if (args->files.count == 0)
		return rs_cli_usage(cli, "apply: what? Name a manifest with -f FILE");
	for (size_t i = 0; i < args->files.count; i++)
		rs_manifest_read(args->files.items[i], cli->in, &visitor);
	if (apply.count == 0)
		return rs_cli_failf(cli, "apply: there is no object in what was given");
	return apply.code;
}
