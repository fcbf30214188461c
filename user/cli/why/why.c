// SPDX-License-Identifier: BSD-2-Clause
/* rouse why SERVICE | revision/NAME: asks for all that belongs to it, and lets why_explain.c tell. */
#include "cli/cli.h"

#include "base/time.h"
#include "base/utf8.h"
#include "cli/fetch.h"
#include "cli/noun/target.h"
#include "cli/why/why.h"
#include "cli/print/wrap.h"

#include <errno.h>

#define EVENTS_MAX	   200
#define TEXT_BYTES_MAX	   (1024 * 1024)
#define NODE_STATUS_PATH   "/apis/rouse.dev/v1/status"
#define NODE_PRESSURE_PATH "/api/v1/events?kind=Node&limit=5"

struct answers {
	cJSON *service, *revisions, *instances, *holds, *events, *node, *pressure;
};

static void answers_done(struct answers *answers)
{
	cJSON_Delete(answers->service);
	cJSON_Delete(answers->revisions);
	cJSON_Delete(answers->instances);
	cJSON_Delete(answers->holds);
	cJSON_Delete(answers->events);
	cJSON_Delete(answers->node);
	cJSON_Delete(answers->pressure);
}

static int ask(struct rs_client *client, const char *namespace, const char *service, struct answers *answers,
	       struct rs_err *err)
{
	struct rs_query query = {.namespace = namespace, .service = service};
	int r = rs_fetch_object(client, &rs_noun_service, namespace, service, &answers->service, err);
	if (r == 0)
		r = rs_fetch_list(client, &rs_noun_revision, &query, &answers->revisions, err);
	if (r == 0)
		r = rs_fetch_list(client, &rs_noun_instance, &query, &answers->instances, err);
	if (r == 0)
		r = rs_fetch_list(client, &rs_noun_hold, &query, &answers->holds, err);
	query.limit = EVENTS_MAX;
	if (r == 0)
		r = rs_fetch_list(client, &rs_noun_event, &query, &answers->events, err);
	if (r == 0)
		r = rs_client_get(client, NODE_PRESSURE_PATH, &answers->pressure, err);
	return r == 0 ? rs_client_get(client, NODE_STATUS_PATH, &answers->node, err) : r;
}

/* The service of a revision; "" when it has none. */
static int service_of(struct rs_cli *cli, const struct rs_target *target, const char *namespace, char *out, size_t size,
		      struct rs_err *err)
{
	rs_auto_json cJSON *revision = NULL;
	if (target->noun == &rs_noun_service)
		return rs_str_copy(out, size, target->name);
	int r = rs_fetch_object(&cli->client, &rs_noun_revision, namespace, target->name, &revision, err);
	if (r < 0)
		return r;
	const char *service = rs_json_text(revision, "metadata", "labels", "serving.knative.dev/service");
	if (!*service)
		return rs_err_set(err, -ENOENT, "revision/%s belongs to no service", target->name);
	return rs_str_copy(out, size, service);
}

static int explain(struct rs_cli *cli, const struct rs_target *target, const char *namespace, struct rs_err *err)
{
	char service[256];
	struct answers answers = {0};
	struct rs_buf text;
	int r = service_of(cli, target, namespace, service, sizeof(service), err);
	if (r == 0)
		r = ask(&cli->client, namespace, service, &answers, err);
	if (r < 0) {
		answers_done(&answers);
		return r;
	}
	struct rs_why_facts facts = {
		.service = answers.service,
		.revisions = answers.revisions,
		.instances = answers.instances,
		.holds = answers.holds,
		.events = answers.events,
		.node = answers.node,
		.pressure = answers.pressure,
		.only = target->noun == &rs_noun_revision ? target->name : NULL,
		.now_wall_ns = rs_wall_ns(),
	};
	rs_buf_init(&text, TEXT_BYTES_MAX);
	r = rs_why_explain(&facts, &text);
	if (r == 0) {
		/* Messages quote what programs have written: nothing of it may speak to the terminal. */
		rs_utf8_disarm(text.data, "\n");
		rs_wrap_lines(text.data, cli->columns, cli->out);
	} else {
		rs_err_set(err, r, "out of memory");
	}
	rs_buf_done(&text);
	answers_done(&answers);
	return r;
}

enum rs_exit rs_why(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	struct rs_targets targets;
	if (rs_targets_parse(&args->names, &rs_noun_service, &targets, &err) < 0)
		return rs_cli_usage(cli, "why: %s", err.message);
	enum rs_exit code = RS_EXIT_OK;
	for (size_t i = 0; i < targets.count && code != RS_EXIT_USAGE; i++) {
		const struct rs_target *target = &targets.items[i];
		if (!target->name || (target->noun != &rs_noun_service && target->noun != &rs_noun_revision))
			code = rs_cli_usage(cli, "why: name a service or a revision");
		else if (explain(cli, target, rs_cli_namespace(args), &err) < 0)
			code = rs_cli_fail(cli, &err);
		if (i + 1 < targets.count)
			fputs("\n\n", cli->out);
	}
	rs_targets_done(&targets);
	return code;
}
