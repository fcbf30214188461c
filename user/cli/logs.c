// SPDX-License-Identifier: BSD-2-Clause
/*
 * rouse logs SERVICE|REVISION|INSTANCE: what instances have written, those that
 * are gone included; with -f also what those write that come, over restarts of
 * the agent.
 */
#include "cli/cli.h"

#include "base/mem.h"
#include "base/time.h"
#include "cli/fetch.h"
#include "cli/follow/log_stream.h"
#include "cli/noun/target.h"

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
	struct rs_log_choice choice;
	struct rs_log_streams streams;
	bool is_waiting; /* the agent does not answer: said already */
};

/* The logs of a service, revision or instance, in the order in which they were begun. */
static int list_logs(struct logs *logs, const struct rs_noun *noun, const char *name, cJSON **ret_list,
		     struct rs_err *err)
{
	struct rs_buf path;
	rs_buf_init(&path, 4096);
	rs_buf_puts(&path, "/apis/rouse.dev/v1/namespaces/");
	rs_path_escape(&path, logs->namespace);
	rs_buf_puts(&path, noun == &rs_noun_service    ? "/logs?service="
			   : noun == &rs_noun_revision ? "/logs?revision="
						       : "/logs?instance=");
	rs_path_escape(&path, name);
	rs_auto_free char *text = rs_buf_take(&path);
	return text ? rs_client_get(&logs->cli->client, text, ret_list, err)
		    : rs_err_set(err, -ENOMEM, "out of memory");
}

/* What a bare name means: a service, else a revision, else an instance; by what it has written, since that outlives
 * it, else by what is there. */
static int resolve(struct logs *logs, const struct rs_target *given, struct rs_err *err)
{
	static const struct rs_noun *const meanings[] = {&rs_noun_service, &rs_noun_revision, &rs_noun_instance};
	bool is_bare = !strchr(logs->args->names.items[0], '/') && logs->args->names.count == 1;
	bool is_known = false;
	for (size_t i = 0; i < rs_array_length(meanings); i++) {
		rs_auto_json cJSON *list = NULL;
		is_known = is_known || meanings[i] == given->noun;
		if (!is_bare && meanings[i] != given->noun)
			continue;
		logs->target = (struct rs_target){.noun = meanings[i], .name = given->name};
		int r = list_logs(logs, meanings[i], given->name, &list, err);
		if (r < 0 || cJSON_GetArraySize(rs_json_get(list, "items")) > 0)
			return r;
	}
	if (!is_bare && !is_known)
		return rs_err_set(err, -EINVAL, "%s have no output; instances have", given->noun->plural);
	for (size_t i = 0; i < rs_array_length(meanings); i++) {
		rs_auto_json cJSON *object = NULL;
		if (!is_bare && meanings[i] != given->noun)
			continue;
		logs->target = (struct rs_target){.noun = meanings[i], .name = given->name};
		int r = rs_fetch_object(&logs->cli->client, meanings[i], logs->namespace, given->name, &object, err);
		if (r != -ENOENT || !is_bare)
			return r;
	}
	return rs_err_set(err, -ENOENT, "service, revision or instance \"%s\" not found in the namespace \"%s\"",
			  given->name, logs->namespace);
}

/* Names of instances are used again: the youngest is meant. --previous: the youngest that has ended. */
static const cJSON *the_one(const struct logs *logs, const cJSON *list)
{
	const cJSON *log, *found = NULL;
	cJSON_ArrayForEach (log, rs_json_get(list, "items")) {
		if (!logs->args->previous || !cJSON_IsTrue(rs_json_get(log, "status", "running")))
			found = log;
	}
	return found;
}

static bool is_meant(const struct logs *logs, const cJSON *log, const cJSON *the_one_log)
{
	bool is_single = logs->args->previous || logs->target.noun == &rs_noun_instance;
	return !is_single || log == the_one_log;
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

/* Takes up the logs that have come. Returns how many there are. */
static int take_up(struct logs *logs, bool is_first, struct rs_err *err)
{
	rs_auto_json cJSON *list = NULL;
	struct rs_log_choice choice = logs->choice;
	const cJSON *log;
	int count = 0, r = list_logs(logs, logs->target.noun, logs->target.name, &list, err);
	if (r < 0)
		return r;
	const cJSON *one = the_one(logs, list);
	rs_log_streams_prune(&logs->streams, list);
	cJSON_ArrayForEach (log, rs_json_get(list, "items"))
		count += is_meant(logs, log, one);
	logs->streams.has_several = logs->streams.has_several || count > 1;
	/* Whoever comes later is shown from its first line. */
	if (!is_first) {
		choice.tail = -1;
		choice.since_ns = 0;
		choice.since_time = NULL;
	}
	cJSON_ArrayForEach (log, rs_json_get(list, "items")) {
		if (!is_meant(logs, log, one))
			continue;
		r = rs_log_streams_add(&logs->streams, log, &choice);
		if (r < 0)
			return rs_err_set(err, r, "out of memory");
		/* One that was deleted between the list and its turn is no failure. */
		if (!choice.follow && (r = drain(logs, err)) < 0 && r != -ENOENT)
			return r;
	}
	return count;
}

static void tell_waiting(struct logs *logs)
{
	if (!logs->is_waiting)
		fprintf(logs->cli->err, "The agent does not answer; waiting for it.\n");
	logs->is_waiting = true;
}

static int follow(struct logs *logs, struct rs_err *err)
{
	uint64_t listed_ns = rs_now_ns();
	for (;;) {
		int r = rs_log_streams_run(&logs->streams, READ_MS, err);
		/* An instance that went between the list and its log is no failure. */
		if (r < 0 && r != -ENOENT)
			return r;
		bool is_over = r <= 0 && !rs_log_streams_broken(&logs->streams);
		if (is_over && (logs->target.noun == &rs_noun_instance || logs->args->previous))
			return r;
		if (r <= 0) {
			const struct timespec pause = {.tv_nsec = READ_MS * (long)RS_NS_PER_MS};
			nanosleep(&pause, NULL);
		}
		if (rs_now_ns() - listed_ns < LIST_AGAIN_NS)
			continue;
		r = take_up(logs, false, err);
		if (r == -ECONNREFUSED || r == -EAGAIN)
			tell_waiting(logs);
		else if (r < 0)
			return r;
		else
			logs->is_waiting = false;
		listed_ns = rs_now_ns();
	}
}

static int print_logs(struct logs *logs, struct rs_err *err)
{
	int count = take_up(logs, true, err);
	if (count < 0)
		return count;
	if (count == 0 && !logs->args->follow)
		return rs_err_set(err, -ENOENT, "%s has no output%s", logs->target.name,
				  logs->args->previous ? " of an instance that has ended" : " yet; -f waits for some");
	if (count == 0)
		fprintf(logs->cli->err, "%s has no output yet; waiting for some.\n", logs->target.name);
	return logs->args->follow ? follow(logs, err) : 0;
}

enum rs_exit rs_logs(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	struct rs_targets targets;
	if (rs_targets_parse(&args->names, &rs_noun_service, &targets, &err) < 0)
		return rs_cli_usage(cli, "logs: %s", err.message);
	struct logs logs = {.cli = cli,
			    .args = args,
			    .namespace = rs_cli_namespace(args),
			    .choice = {.tail = args->tail,
				       .since_ns = args->since_ns,
				       .since_time = args->since_time,
				       .timestamps = args->timestamps,
				       .follow = args->follow}};
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
