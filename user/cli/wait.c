// SPDX-License-Identifier: BSD-2-Clause
/* rouse wait NOUN NAME... --for=WHAT: until it is so, or the time is over. */
#include "cli/cli.h"

#include "base/time.h"
#include "cli/wait_until.h"

#include <errno.h>

static enum rs_exit wait_for_one(struct rs_cli *cli, const struct rs_args *args, const struct rs_target *target,
				 const struct rs_wait_for *wait, uint64_t deadline_ns)
{
	struct rs_err err = {0};
	int r = rs_wait_until(cli, target, rs_cli_namespace(args), wait, deadline_ns, &err);
	if (r == -ETIMEDOUT)
		return rs_cli_failf(cli, "%s/%s: gave up waiting for \"%s\" after %.1f s%s", target->noun->plural,
				    target->name, args->wait_for, (double)args->timeout_ns / 1e9, err.message);
	if (r < 0)
		return rs_cli_fail(cli, &err);
	fprintf(cli->out, "%s/%s: %s\n", target->noun->plural, target->name, args->wait_for);
	fflush(cli->out);
	return RS_EXIT_OK;
}

static enum rs_exit wait_for_all(struct rs_cli *cli, const struct rs_args *args, const struct rs_targets *targets,
				 const struct rs_wait_for *wait)
{
	/* One deadline for all: they wait side by side. */
	uint64_t deadline_ns = rs_now_ns() + (uint64_t)args->timeout_ns;
	enum rs_exit code = RS_EXIT_OK;
	for (size_t i = 0; i < targets->count; i++) {
		if (!targets->items[i].name)
			return rs_cli_usage(cli, "wait: for which of the %s?", targets->items[i].noun->plural);
	}
	for (size_t i = 0; i < targets->count; i++) {
		enum rs_exit own = wait_for_one(cli, args, &targets->items[i], wait, deadline_ns);
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
	if (!args->wait_for)
		return rs_cli_usage(cli, "wait: for what? Say --for=ready, for example");
	if (rs_wait_for_parse(args->wait_for, &wait, &err) < 0 ||
	    rs_targets_parse(&args->names, &rs_noun_service, &targets, &err) < 0)
		return rs_cli_usage(cli, "wait: %s", err.message);
	enum rs_exit code = wait_for_all(cli, args, &targets, &wait);
	rs_targets_done(&targets);
	return code;
}
