// SPDX-License-Identifier: BSD-2-Clause
/* rouse traffic SERVICE [TARGET=PERCENT...]: who gets how many of the new connections. */
#include "cli/cli.h"

#include "cli/describe_part.h"
#include "cli/fetch.h"
#include "cli/edit/traffic_edit.h"

#include <stdlib.h>

struct change {
	const cJSON *revisions;
	struct rs_traffic_edit edit;
};

static int change_traffic(cJSON *service, void *user, struct rs_err *err)
{
	const struct change *change = user;
	return rs_traffic_edit(service, change->revisions, &change->edit, err);
}

/* The wish, one line a target: the status follows as revisions get ready. */
static void say_traffic(const struct rs_cli *cli, const cJSON *service)
{
	const cJSON *entry;
	cJSON_ArrayForEach (entry, rs_json_get(service, "spec", "traffic")) {
		const char *revision = rs_json_text(entry, "revisionName"), *tag = rs_json_text(entry, "tag");
		fprintf(cli->out, "  %3.0f %%  %s%s%s\n", rs_json_number(entry, 0, "percent"),
			*revision ? revision : "@latest", *tag ? "  tag " : "", tag);
	}
}

static enum rs_exit show(struct rs_cli *cli, const char *namespace, const char *name)
{
	struct rs_err err = {0};
	rs_auto_json cJSON *service = NULL;
	if (rs_fetch_object(&cli->client, &rs_noun_service, namespace, name, &service, &err) < 0)
		return rs_cli_fail(cli, &err);
	fprintf(cli->out, "%s asks for\n", name);
	say_traffic(cli, service);
	rs_describe_traffic(cli, service);
	return RS_EXIT_OK;
}

static enum rs_exit split(struct rs_cli *cli, const struct rs_args *args, const struct rs_words *percents)
{
	const char *namespace = rs_cli_namespace(args), *name = args->names.items[0];
	struct rs_err err = {0};
	struct rs_query query = {.namespace = namespace, .service = name};
	struct rs_reply reply = {0};
	rs_auto_json cJSON *revisions = NULL;
	int r = rs_fetch_list(&cli->client, &rs_noun_revision, &query, &revisions, &err);
	struct change change = {revisions, {percents, &args->tags, &args->untags}};
	if (r == 0)
		r = rs_fetch_change(&cli->client, &rs_noun_service, namespace, name, change_traffic, &change, &reply,
				    &err);
	if (r < 0)
		return rs_cli_fail(cli, &err);
	fprintf(cli->out, "service.serving.knative.dev/%s %s\n", name, *reply.applied ? reply.applied : "configured");
	say_traffic(cli, reply.body);
	rs_reply_done(&reply);
	return RS_EXIT_OK;
}

/* Percents behind the service, and of --traffic. */
static int gather(const struct rs_args *args, struct rs_words *percents)
{
	int r = 0;
	for (size_t i = 1; i < args->names.count && r == 0; i++)
		r = rs_words_add(percents, args->names.items[i]);
	for (size_t i = 0; i < args->traffic.count && r == 0; i++)
		r = rs_words_add(percents, args->traffic.items[i]);
	return r;
}

enum rs_exit rs_traffic(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	struct rs_words percents = {0};
	enum rs_exit code;
	if (gather(args, &percents) < 0)
		code = rs_cli_failf(cli, "out of memory");
	else if (rs_traffic_check(&percents, &err) < 0)
		code = rs_cli_usage(cli, "traffic: %s", err.message);
	else if (percents.count || args->tags.count || args->untags.count)
		code = split(cli, args, &percents);
	else
		code = show(cli, rs_cli_namespace(args), args->names.items[0]);
	free(percents.items);
	return code;
}
