// SPDX-License-Identifier: BSD-2-Clause
/* rouse diff -f FILE: what apply would change. The agent works it out (a dry run), diff(1) shows it. */
#include "cli/cli.h"

#include "base/mem.h"
#include "cli/manifest/diff_tree.h"
#include "cli/fetch.h"
#include "cli/manifest/manifest.h"
#include "cli/manifest/manifest_target.h"
#include "cli/manifest/strip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "diff -u -N"

/* As diff(1) and kubectl: 1 says that there are differences, more that it could not be told. */
enum {
	EXIT_SAME = 0,
	EXIT_DIFFERENT = 1,
	EXIT_TROUBLE = 2,
};

struct diff {
	struct rs_cli *cli;
	const struct rs_args *args;
	struct rs_diff_tree tree;
	size_t count;
	bool has_failed;
	bool is_alone; /* no agent answers: the rest is not tried */
};

static void fail(struct diff *diff, const struct rs_manifest_source *source, const char *name, struct rs_err *err)
{
	if (err->code == -ECONNREFUSED || err->code == -EACCES)
		diff->is_alone = true;
	else
		rs_manifest_blame(source, name, err);
	rs_cli_fail(diff->cli, err);
	diff->has_failed = true;
}

/* What is there now; nothing when there is none yet. */
static int fetch_live(struct diff *diff, const char *path, cJSON **ret_live, struct rs_err *err)
{
	int r = rs_client_get(&diff->cli->client, path, ret_live, err);
	return r == -ENOENT ? 0 : r;
}

static int compare(struct diff *diff, const struct rs_noun *noun, const char *namespace, const char *name,
		   const cJSON *object, struct rs_err *err)
{
	rs_auto_free char *path = rs_fetch_path(noun, namespace, name);
	rs_auto_free char *dry = path ? rs_str_format("%s?dryRun=All", path) : NULL;
	rs_auto_free char *file = rs_str_format("%s.v1.%s.%s.%s", noun->group, noun->kind, namespace, name);
	rs_auto_json cJSON *live = NULL;
	struct rs_reply merged = {0};
	if (!dry || !file)
		return rs_err_set(err, -ENOMEM, "metadata.name: is too long, or memory is out");
	int r = fetch_live(diff, path, &live, err);
	if (r == 0)
		r = rs_client_call(&diff->cli->client, "PUT", dry, object, &merged, err);
	if (r == 0) {
		rs_strip_server_fields(live);
		rs_strip_server_fields(merged.body);
		r = rs_diff_tree_add(&diff->tree, file, live, merged.body, err);
	}
	rs_reply_done(&merged);
	return r;
}

static void diff_object(void *user, const struct rs_manifest_source *source, cJSON *object)
{
	struct diff *diff = user;
	struct rs_err err = {0};
	const struct rs_noun *noun;
	const char *namespace, *name = "";
	diff->count++;
	if (diff->is_alone)
		return;
	int r = rs_manifest_target(object, diff->args->namespace, &noun, &namespace, &name, &err);
	if (r == 0)
		r = compare(diff, noun, namespace, name, object, &err);
	if (r < 0)
		fail(diff, source, name, &err);
}

static void diff_broken(void *user, const struct rs_err *err)
{
	struct diff *diff = user;
	diff->count++;
	diff->has_failed = true;
	rs_cli_fail(diff->cli, err);
}

/* 0, 1 or more, as the program says. */
static int show(struct diff *diff)
{
	struct rs_err err = {0};
	const char *program = getenv("ROUSE_DIFF");
	int code = rs_diff_tree_show(&diff->tree, program && *program ? program : PROGRAM, diff->cli->out, &err);
	if (code < 0) {
		rs_cli_fail(diff->cli, &err);
		return EXIT_TROUBLE;
	}
	return code;
}

enum rs_exit rs_diff(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	struct diff diff = {.cli = cli, .args = args};
	struct rs_manifest_had had = {.namespace = args->namespace};
	const struct rs_manifest_visitor visitor = {.object = diff_object,
						    .broken = diff_broken,
						    .user = &diff,
						    .had = &had,
						    .is_recursive = args->recursive};
	if (args->files.count == 0)
		return rs_cli_usage(cli, "diff: of what? Name a manifest with -f FILE");
	int code = EXIT_TROUBLE;
	if (rs_diff_tree_init(&diff.tree, &err) < 0) {
		rs_cli_fail(cli, &err);
	} else {
		for (size_t i = 0; i < args->files.count; i++)
			rs_manifest_read(args->files.items[i], cli->in, &visitor);
		if (diff.count == 0)
			rs_cli_failf(cli, "diff: there is no object in what was given");
		else
			code = show(&diff);
	}
	rs_diff_tree_done(&diff.tree);
	rs_manifest_had_done(&had);
	if (diff.has_failed && code < EXIT_TROUBLE)
		code = EXIT_TROUBLE;
	return (enum rs_exit)code;
}
