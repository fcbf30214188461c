// SPDX-License-Identifier: BSD-2-Clause
/* rouse top [--once]: what all revisions do, now and again. */
#include "cli/top/top.h"

#include "base/mem.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/fetch.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#define STATUS_PATH	"/apis/rouse.dev/v1/status"
#define SUMMARY_MAX	256
#define SECONDS_LEAST	0.1 /* of the screen: who looks can see no more */
#define SECONDS_DEFAULT 2.0

struct top {
	struct rs_client *client;
	struct rs_query query;
};

/* What the screen shows of a revision; of thousands the rest is most. */
static int keep_page(void *user, const cJSON *list, struct rs_err *err)
{
	static const char *const parts[] = {"namespace", "name"};
	static const char *const counts[] = {"actualReplicas", "desiredReplicas"};
	cJSON *items = user;
	const cJSON *revision;
	cJSON_ArrayForEach (revision, rs_json_get(list, "items")) {
		/* The agent keeps nothing for those that no route names: they are history. */
		const cJSON *rouse = rs_json_get(revision, "status", "rouse");
		if (!rouse)
			continue;
		cJSON *kept = cJSON_CreateObject();
		cJSON *metadata = rs_json_member(kept, "metadata"), *status = rs_json_member(kept, "status");
		bool whole = metadata && status;
		for (size_t i = 0; whole && i < rs_array_length(parts); i++)
			whole = cJSON_AddStringToObject(metadata, parts[i],
							rs_json_text(revision, "metadata", parts[i]));
		for (size_t i = 0; whole && i < rs_array_length(counts); i++)
			whole = cJSON_AddNumberToObject(status, counts[i],
							rs_json_number(revision, 0, "status", counts[i]));
		cJSON *numbers = whole ? cJSON_Duplicate(rouse, 1) : NULL;
		if (!numbers || !cJSON_AddItemToObject(status, "rouse", numbers) ||
		    !cJSON_AddItemToArray(items, kept)) {
			cJSON_Delete(kept);
			return rs_err_set(err, -ENOMEM, "out of memory");
		}
	}
	return 0;
}

static int take(void *user, struct rs_top_sample *sample, struct rs_err *err)
{
	struct top *top = user;
	struct rs_query everything = {.namespace = top->query.namespace};
	sample->revisions = cJSON_CreateObject();
	cJSON *items = cJSON_AddArrayToObject(sample->revisions, "items");
	if (!items)
		return rs_err_set(err, -ENOMEM, "out of memory");
	int r = rs_fetch_pages(top->client, &rs_noun_revision, &top->query, keep_page, items, NULL, err);
	sample->at_ns = rs_now_ns();
	if (r == 0)
		r = rs_fetch_list(top->client, &rs_noun_instance, &everything, &sample->instances, err);
	return r == 0 ? rs_client_get(top->client, STATUS_PATH, &sample->node, err) : r;
}

static void wait_seconds(double seconds)
{
	struct timespec time = {.tv_sec = (time_t)seconds,
				.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
	while (nanosleep(&time, &time) < 0 && errno == EINTR)
		;
}

/* Two samples, for the rates; of 0 seconds one. */
static int print_once(struct rs_cli *cli, const struct rs_top_source *source, struct rs_err *err)
{
	struct rs_top_sample before = {0}, sample = {0};
	char summary[SUMMARY_MAX];
	int r = source->take(source->user, &sample, err);
	if (r == 0)
		r = rs_top_read(&sample, NULL);
	if (r == 0 && source->seconds > 0) {
		before = sample;
		sample = (struct rs_top_sample){0};
		wait_seconds(source->seconds);
		r = source->take(source->user, &sample, err);
		if (r == 0)
			r = rs_top_read(&sample, &before);
	}
	const struct rs_top_row **rows = r == 0 ? rs_top_sort(&sample, RS_TOP_BY_LOAD) : NULL;
	if (rows) {
		rs_top_summary(&sample, summary, sizeof(summary));
		fprintf(cli->out, "%s\n\n", summary);
		r = rs_top_print(rows, sample.count, source->has_namespaces, cli->out);
	} else if (r == 0) {
		r = -ENOMEM;
	}
	if (r == -ENOMEM)
		rs_err_set(err, r, "out of memory");
	free(rows);
	rs_top_sample_done(&sample);
	rs_top_sample_done(&before);
	return r;
}

enum rs_exit rs_top(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	struct top top = {
		.client = &cli->client,
		.query = {.namespace = args->all_namespaces ? NULL : rs_cli_namespace(args),
			  .selector = args->selector},
	};
	struct rs_top_source source = {
		.take = take,
		.user = &top,
		.seconds = args->seconds < 0 ? SECONDS_DEFAULT : args->seconds,
		.has_namespaces = args->all_namespaces,
	};
	if (args->once || fileno(cli->out) != STDOUT_FILENO || !isatty(STDOUT_FILENO))
		return print_once(cli, &source, &err) < 0 ? rs_cli_fail(cli, &err) : rs_cli_written(cli, 0);
	if (source.seconds < SECONDS_LEAST)
		source.seconds = SECONDS_LEAST;
	return rs_top_screen(&source, &err) < 0 ? rs_cli_fail(cli, &err) : RS_EXIT_OK;
}
