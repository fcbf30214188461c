// SPDX-License-Identifier: BSD-2-Clause
/* rouse apply -f FILE: each document becomes a PUT, many are under way at a time; one that fails does
 * not stop the others. */
#include "cli/cli.h"

#include "base/mem.h"
#include "cli/manifest/batch.h"
#include "cli/fetch.h"
#include "cli/manifest/manifest.h"
#include "cli/manifest/manifest_target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct apply {
	struct rs_cli *cli;
	const struct rs_args *args;
	struct rs_batch *batch;
	size_t count; /* documents, also failed ones */
	enum rs_exit code;
	bool is_alone; /* no agent answers: the rest is not tried */
};

/* A document that is on its way. */
struct document {
	const struct rs_noun *noun;
	struct rs_manifest_source *source;
	char *name;
};

static struct document *document_free(struct document *document)
{
	if (document) {
		rs_manifest_source_free(document->source);
		free(document->name);
		free(document);
	}
	return NULL;
}

static struct document *document_new(const struct rs_noun *noun, const struct rs_manifest_source *source,
				     const char *name)
{
	struct document *document = calloc(1, sizeof(*document));
	if (!document)
		return NULL;
	*document = (struct document){.noun = noun, .source = rs_manifest_source_copy(source), .name = strdup(name)};
	return document->source && document->name ? document : document_free(document);
}

static void say_applied(const struct apply *apply, const struct document *document, const struct rs_reply *reply)
{
	const char *applied = *reply->applied ? reply->applied : reply->status == 201 ? "created" : "configured";
	struct rs_buf full;
	rs_buf_init(&full, 1024);
	rs_noun_full_name(document->noun, document->name, &full);
	fprintf(apply->cli->out, "%s %s%s\n", full.data ? full.data : document->name, applied,
		apply->args->dry_run ? " (dry run)" : "");
	fflush(apply->cli->out);
	rs_buf_done(&full);
}

static void fail(struct apply *apply, const struct rs_manifest_source *source, const char *name, struct rs_err *err)
{
	if (apply->is_alone)
		return; /* said once */
	if (err->code == -ECONNREFUSED || err->code == -EACCES)
		apply->is_alone = true;
	else
		rs_manifest_blame(source, name, err);
	apply->code = rs_cli_fail(apply->cli, err);
}

static void on_answer(void *user, void *item, const struct rs_reply *reply, struct rs_err *err)
{
	struct apply *apply = user;
	struct document *document = item;
	if (err)
		fail(apply, document->source, document->name, err);
	else
		say_applied(apply, document, reply);
	document_free(document);
}

static int put(struct apply *apply, const struct rs_manifest_source *source, const struct rs_noun *noun,
	       const char *namespace, const char *name, const cJSON *object, struct rs_err *err)
{
	rs_auto_free char *path = rs_fetch_path(noun, namespace, name);
	rs_auto_free char *full = path ? rs_str_format("%s%s", path, apply->args->dry_run ? "?dryRun=All" : "") : NULL;
	if (!full)
		return rs_err_set(err, -ENOMEM, "metadata.name: is too long, or memory is out");
	struct document *document = document_new(noun, source, name);
	int r = document ? rs_batch_add(apply->batch, "PUT", full, object, document) : -ENOMEM;
	if (r < 0) {
		document_free(document);
		return rs_err_set(err, r, "out of memory");
	}
	return 0;
}

static void apply_object(void *user, const struct rs_manifest_source *source, cJSON *object)
{
	struct apply *apply = user;
	struct rs_err err = {0};
	const struct rs_noun *noun;
	const char *namespace, *name = "";
	apply->count++;
	if (apply->is_alone)
		return;
	int r = rs_manifest_target(object, apply->args->namespace, &noun, &namespace, &name, &err);
	if (r == 0)
		r = put(apply, source, noun, namespace, name, object, &err);
	if (r == 0)
		return;
	/* In the order of the file: after the answers to what stands before it. */
	rs_batch_finish(apply->batch);
	fail(apply, source, name, &err);
}

static void apply_broken(void *user, const struct rs_err *err)
{
	struct apply *apply = user;
	apply->count++;
	rs_batch_finish(apply->batch);
	apply->code = rs_cli_fail(apply->cli, err);
}

enum rs_exit rs_apply(struct rs_cli *cli, const struct rs_args *args)
{
	struct apply apply = {.cli = cli, .args = args};
	struct rs_manifest_had had = {.namespace = args->namespace};
	const struct rs_manifest_visitor visitor = {.object = apply_object,
						    .broken = apply_broken,
						    .user = &apply,
						    .had = &had,
						    .is_recursive = args->recursive};
	if (args->files.count == 0)
		return rs_cli_usage(cli, "apply: what? Name a manifest with -f FILE");
	apply.batch = rs_batch_new(&cli->client, on_answer, &apply);
	if (!apply.batch)
		return rs_cli_failf(cli, "apply: out of memory");
	for (size_t i = 0; i < args->files.count; i++)
		rs_manifest_read(args->files.items[i], cli->in, &visitor);
	rs_batch_finish(apply.batch);
	rs_batch_free(apply.batch);
	rs_manifest_had_done(&had);
	if (apply.count == 0)
		return rs_cli_failf(cli, "apply: there is no object in what was given");
	return apply.code;
}
