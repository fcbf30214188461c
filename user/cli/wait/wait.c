// SPDX-License-Identifier: BSD-2-Clause
/* rouse wait NOUN NAME... --for=WHAT: until it is so, or the time is over. */
#include "cli/cli.h"

#include "base/time.h"
#include "cli/fetch.h"
#include "cli/wait/wait_until.h"

#include <errno.h>

#define NAME_BYTES_MAX 1024

static enum rs_exit wait_for_one(struct rs_cli *cli, const struct rs_args *args, const struct rs_target *target,
				 const struct rs_wait_for *wait, uint64_t deadline_ns)
{
	struct rs_err err = {0};
	struct rs_buf name;
	enum rs_exit code = RS_EXIT_OK;
	rs_buf_init(&name, NAME_BYTES_MAX);
	rs_noun_full_name(target->noun, target->name, &name);
	int r = rs_wait_until(cli, target, rs_cli_namespace(args), wait, deadline_ns, &err);
	if (r == -ETIMEDOUT)
		code = rs_cli_failf(cli, "%s: gave up waiting for \"%s\" after %.1f s%s", name.data ? name.data : "",
				    args->wait_for, (double)args->timeout_ns / 1e9, err.message);
	else if (r < 0)
		code = rs_cli_fail(cli, &err);
	else /* in kubectl's words, which scripts know */
		fprintf(cli->out, "%s %s\n", name.data ? name.data : "",
			wait->kind == RS_WAIT_DELETE ? "deleted" : "condition met");
	fflush(cli->out);
	rs_buf_done(&name);
	return code;
}

/* Those that are there now: with --all, or with the labels of -l. */
static enum rs_exit wait_for_listed(struct rs_cli *cli, const struct rs_args *args, const struct rs_noun *noun,
				    const struct rs_wait_for *wait, uint64_t deadline_ns)
{
	struct rs_err err = {0};
	rs_auto_json cJSON *list = NULL;
	const struct rs_query query = {.namespace = rs_cli_namespace(args), .selector = args->selector};
	enum rs_exit code = RS_EXIT_OK;
	if (rs_fetch_list(&cli->client, noun, &query, &list, &err) < 0)
		return rs_cli_fail(cli, &err);
	const cJSON *object, *items = rs_json_get(list, "items");
	if (cJSON_GetArraySize(items) == 0)
		return rs_cli_failf(cli, "wait: none of the %s in the namespace \"%s\" is meant", noun->plural,
				    query.namespace);
	cJSON_ArrayForEach (object, items) {
		const struct rs_target target = {.noun = noun, .name = rs_json_text(object, "metadata", "name")};
		enum rs_exit own = wait_for_one(cli, args, &target, wait, deadline_ns);
		if (own != RS_EXIT_OK)
			code = own;
	}
	return code;
}

static enum rs_exit wait_for_all(struct rs_cli *cli, const struct rs_args *args, const struct rs_targets *targets,
				 const struct rs_wait_for *wait)
{
	/* One deadline for all: they wait side by side. */
	uint64_t deadline_ns = rs_now_ns() + (uint64_t)args->timeout_ns;
	enum rs_exit code = RS_EXIT_OK;
	for (size_t i = 0; i < targets->count; i++) {
		bool is_listed = args->all || args->selector;
		if (!targets->items[i].name && !is_listed)
			return rs_cli_usage(cli, "wait: for which of the %s? Give names, -l LABELS or --all",
					    targets->items[i].noun->plural);
		if (targets->items[i].name && is_listed)
			return rs_cli_usage(cli, "wait: give names, or -l LABELS, or --all");
	}
	for (size_t i = 0; i < targets->count; i++) {
		const struct rs_target *target = &targets->items[i];
		enum rs_exit own = target->name ? wait_for_one(cli, args, target, wait, deadline_ns)
						: wait_for_listed(cli, args, target->noun, wait, deadline_ns);
		if (own != RS_EXIT_OK)
			code = own;
	}
	return code;
}

enum rs_exit rs_wait(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	struct rs_wait_for wait;
	struct rs_targets targets;
	/* "wait services --all": the word is a noun, and no service's name. */
	const struct rs_noun *usual = args->all || args->selector ? NULL : &rs_noun_service;
	if (!args->wait_for)
		return rs_cli_usage(cli, "wait: for what? Say --for=ready, for example");
	if (rs_wait_for_parse(args->wait_for, &wait, &err) < 0 ||
	    rs_targets_parse(&args->names, usual, &targets, &err) < 0)
		return rs_cli_usage(cli, "wait: %s", err.message);
	enum rs_exit code = wait_for_all(cli, args, &targets, &wait);
	rs_targets_done(&targets);
	return code;
}
