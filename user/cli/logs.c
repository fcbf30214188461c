// SPDX-License-Identifier: BSD-2-Clause
/* rouse logs SERVICE|REVISION|INSTANCE: what instances have written; with -f also what those write that come. */
#include "cli/cli.h"

#include "base/time.h"
#include "cli/fetch.h"
#include "cli/log_stream.h"
#include "cli/target.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define LIST_AGAIN_NS (300 * RS_NS_PER_MS)
#define READ_MS	      100

struct logs {
	struct rs_cli *cli;
	const struct rs_args *args;
	const char *namespace;
	struct rs_target target;
	char service[256]; /* of the target */
	struct rs_log_streams streams;
};

/* What a bare name means: a service, else a revision, else an instance. */
static int resolve(struct logs *logs, const struct rs_target *given, struct rs_err *err)
{
	static const struct rs_noun *const meanings[] = {&rs_noun_service, &rs_noun_revision, &rs_noun_instance};
	bool is_bare = !strchr(logs->args->names.items[0], '/') && logs->args->names.count == 1;
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		rs_auto_json cJSON *object = NULL;
		if (!is_bare && meanings[i] != given->noun)
			continue;
		int r = rs_fetch_object(&logs->cli->client, meanings[i], logs->namespace, given->name, &object, err);
		if (r == -ENOENT && is_bare)
			continue;
		if (r < 0)
			return r;
		const char *label = rs_json_text(object, "metadata", "labels", "serving.knative.dev/service");
		logs->target = (struct rs_target){.noun = meanings[i], .name = given->name};
		return rs_str_copy(logs->service, sizeof(logs->service),
				   meanings[i] == &rs_noun_service ? given->name : label);
	}
	if (!is_bare)
		return rs_err_set(err, -EINVAL, "%s have no output; instances have", given->noun->plural);
	return rs_err_set(err, -ENOENT, "there is no service, revision or instance \"%s\" in the namespace \"%s\"",
			  given->name, logs->namespace);
}

static bool is_meant(const struct logs *logs, const cJSON *instance)
{
	if (logs->target.noun == &rs_noun_service)
		return true;
	if (logs->target.noun == &rs_noun_instance)
		return rs_str_equal(logs->target.name, rs_json_text(instance, "metadata", "name"));
	return rs_str_equal(logs->target.name,
			    rs_json_text(instance, "metadata", "labels", "serving.knative.dev/revision"));
}

/* Reads until nothing more comes: instances one after another, when they are not followed. */
static int drain(struct logs *logs, struct rs_err *err)
{
	int r;
	do
		r = rs_log_streams_run(&logs->streams, READ_MS, err);
	while (r > 0);
	return r;
}

/* Takes up the instances that have come. Returns how many there are. */
static int take_up(struct logs *logs, bool is_first, struct rs_err *err)
{
	struct rs_query query = {.namespace = logs->namespace, .service = logs->service};
	rs_auto_json cJSON *list = NULL;
	const cJSON *instance;
	int count = 0, r = rs_fetch_list(&logs->cli->client, &rs_noun_instance, &query, &list, err);
	if (r < 0)
		return r;
	rs_log_streams_prune(&logs->streams, list);
	cJSON_ArrayForEach (instance, rs_json_get(list, "items"))
		count += is_meant(logs, instance);
	logs->streams.has_several = logs->streams.has_several || count > 1;
	cJSON_ArrayForEach (instance, rs_json_get(list, "items")) {
		if (!is_meant(logs, instance))
			continue;
		/* Whoever comes later is shown from its first line. */
		r = rs_log_streams_add(&logs->streams, instance, is_first ? logs->args->tail : -1, logs->args->follow);
		if (r < 0)
			return rs_err_set(err, r, "out of memory");
		if (!logs->args->follow && (r = drain(logs, err)) < 0)
			return r;
	}
	return count;
}

static int follow(struct logs *logs, struct rs_err *err)
{
	uint64_t listed_ns = rs_now_ns();
	for (;;) {
		int r = rs_log_streams_run(&logs->streams, READ_MS, err);
		/* An instance that went between the list and its log is no failure. */
		if (r < 0 && r != -ENOENT)
			return r;
		if (logs->target.noun == &rs_noun_instance && r <= 0)
			return r;
		if (r <= 0) {
			const struct timespec pause = {.tv_nsec = READ_MS * (long)RS_NS_PER_MS};
			nanosleep(&pause, NULL);
		}
		if (rs_now_ns() - listed_ns < LIST_AGAIN_NS)
			continue;
		r = take_up(logs, false, err);
		if (r < 0)
			return r;
		listed_ns = rs_now_ns();
	}
}

static int print_logs(struct logs *logs, struct rs_err *err)
{
	int count = take_up(logs, true, err);
	if (count < 0)
		return count;
	if (count == 0 && !logs->args->follow)
		return rs_err_set(err, -ENOENT, "%s has no instance now, and so no output; -f waits for one",
				  logs->target.name);
	if (count == 0)
		fprintf(logs->cli->err, "%s has no instance now; waiting for one.\n", logs->target.name);
	return logs->args->follow ? follow(logs, err) : 0;
}

enum rs_exit rs_logs(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	struct rs_targets targets;
	if (rs_targets_parse(&args->names, &rs_noun_service, &targets, &err) < 0)
		return rs_cli_usage(cli, "logs: %s", err.message);
	struct logs logs = {.cli = cli, .args = args, .namespace = rs_cli_namespace(args)};
	int r = -EINVAL;
	if (targets.count != 1 || !targets.items[0].name)
		rs_err_set(&err, r, "logs: of one service, revision or instance");
	else
		r = resolve(&logs, &targets.items[0], &err);
	if (r == 0 && rs_log_streams_init(&logs.streams, &cli->client, cli->out) < 0)
		r = rs_err_set(&err, -ENOMEM, "out of memory");
	if (r == 0)
		r = print_logs(&logs, &err);
	rs_log_streams_done(&logs.streams);
	rs_targets_done(&targets);
	return r < 0 ? rs_cli_fail(cli, &err) : RS_EXIT_OK;
}
