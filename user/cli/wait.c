// SPDX-License-Identifier: BSD-2-Clause
/* rouse wait NOUN NAME... --for=WHAT: looks again and again until it is so, or the time is over. */
#include "cli/cli.h"

#include "base/time.h"
#include "cli/fetch.h"
#include "cli/target.h"
#include "cli/wait_for.h"

#include <errno.h>
#include <time.h>

#define POLL_NS (50 * RS_NS_PER_MS)

static int fetch_instances(struct rs_cli *cli, const struct rs_target *target, const cJSON *object,
			   const char *namespace, cJSON **ret_instances, struct rs_err *err)
{
	struct rs_query query = {.namespace = namespace, .service = target->name};
	if (target->noun != &rs_noun_service)
		query.service = rs_json_text(object, "metadata", "labels", "serving.knative.dev/service");
	return rs_fetch_list(&cli->client, &rs_noun_instance, &query, ret_instances, err);
}

/* 1 when it is so, 0 when not yet. `seen` is what the object says about itself. */
static int look(struct rs_cli *cli, const struct rs_target *target, const struct rs_wait_for *wait,
		const char *namespace, struct rs_err *seen, struct rs_err *err)
{
	rs_auto_json cJSON *object = NULL;
	rs_auto_json cJSON *instances = NULL;
	int r = rs_fetch_object(&cli->client, target->noun, namespace, target->name, &object, err);
	if (r == -ENOENT && wait->kind == RS_WAIT_DELETE)
		return 1;
	if (r == 0 && rs_wait_for_needs_instances(wait))
		r = fetch_instances(cli, target, object, namespace, &instances, err);
	if (r < 0)
		return r;
	const cJSON *condition = rs_json_condition(object, wait->kind == RS_WAIT_CONDITION ? wait->type : "Ready");
	const char *message = rs_json_text(condition, "message");
	rs_err_set(seen, -ETIMEDOUT, "%s%s%s", *message ? " (" : "", message, *message ? ")" : "");
	return rs_wait_for_is_met(wait, object, instances, target->noun == &rs_noun_revision ? target->name : NULL);
}

static enum rs_exit wait_for_one(struct rs_cli *cli, const struct rs_args *args, const struct rs_target *target,
				 const struct rs_wait_for *wait, uint64_t deadline_ns)
{
	struct rs_err err = {0}, seen = {0};
	for (;;) {
		int r = look(cli, target, wait, rs_cli_namespace(args), &seen, &err);
		if (r < 0)
			return rs_cli_fail(cli, &err);
		if (r > 0)
			break;
		if (rs_now_ns() >= deadline_ns)
			return rs_cli_failf(cli, "%s/%s: gave up waiting for \"%s\" after %.1f s%s",
					    target->noun->plural, target->name, args->wait_for,
					    (double)args->timeout_ns / 1e9, seen.message);
		const struct timespec pause = {.tv_nsec = (long)POLL_NS};
		nanosleep(&pause, NULL);
	}
	fprintf(cli->out, "%s/%s: %s\n", target->noun->plural, target->name, args->wait_for);
	fflush(cli->out);
	return RS_EXIT_OK;
}

enum rs_exit rs_wait(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	struct rs_wait_for wait;
	struct rs_targets targets;
	if (!args->wait_for)
		return rs_cli_usage(cli, "wait: for what? Say --for=ready, for example");
	if (rs_wait_for_parse(args->wait_for, &wait, &err) < 0 ||
	    rs_targets_parse(&args->names, &rs_noun_service, &targets, &err) < 0)
		return rs_cli_usage(cli, "wait: %s", err.message);
	enum rs_exit code = RS_EXIT_OK;
	/* One deadline for all: they wait side by side. */
	uint64_t deadline_ns = rs_now_ns() + (uint64_t)args->timeout_ns;
	for (size_t i = 0; i < targets.count && code != RS_EXIT_USAGE; i++) {
		enum rs_exit own = RS_EXIT_USAGE;
		if (!targets.items[i].name)
			own = rs_cli_usage(cli, "wait: for which of the %s?", targets.items[i].noun->plural);
		else
			own = wait_for_one(cli, args, &targets.items[i], &wait, deadline_ns);
		if (own != RS_EXIT_OK)
			code = own;
	}
	rs_targets_done(&targets);
	return code;
}
