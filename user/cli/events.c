// SPDX-License-Identifier: BSD-2-Clause
/* rouse events: what happened, oldest first; with -f also what happens. */
#include "cli/cli.h"

#include "base/time.h"
#include "cli/noun/age.h"
#include "cli/print/printer.h"
#include "cli/noun/target.h"
#include "cli/follow/watch.h"

#include <errno.h>
#include <string.h>

struct events {
	struct rs_printer printer;
	struct rs_target about; /* a noun and name, or nothing */
	const char *service;	/* NULL = of all */
	uint64_t since_wall_ns;
	long long limit; /* of what has happened, not of what comes */
};

static bool is_wanted(const struct events *events, const cJSON *event)
{
	uint64_t wall_ns;
	if (events->about.noun &&
	    (!rs_str_equal(rs_json_text(event, "involvedObject", "kind"), events->about.noun->kind) ||
	     !rs_str_equal(rs_json_text(event, "involvedObject", "name"), events->about.name)))
		return false;
	return !events->since_wall_ns || rs_age_parse_time(rs_json_text(event, "eventTime"), &wall_ns) < 0 ||
	       wall_ns >= events->since_wall_ns;
}

static int add(struct events *events, const cJSON *event, struct rs_err *err)
{
	if (!is_wanted(events, event))
		return 0;
	events->printer.now_wall_ns = rs_wall_ns();
	int r = rs_printer_add(&events->printer, &rs_noun_event, event);
	return r < 0 ? rs_err_set(err, r, "cannot write the output: %s", strerror(-r)) : 0;
}

static int flush(struct events *events, struct rs_err *err)
{
	int r = rs_printer_flush(&events->printer);
	return r < 0 ? rs_err_set(err, r, "cannot write the output: %s", strerror(-r)) : 0;
}

static int on_page(void *user, const cJSON *list, struct rs_err *err)
{
	struct events *events = user;
	const cJSON *items = rs_json_get(list, "items"), *event;
	long long excess = 0;
	/* A limit is of what is wanted, and means the newest. */
	if (events->limit > 0) {
		cJSON_ArrayForEach (event, items)
			excess += is_wanted(events, event);
		excess -= events->limit;
	}
	events->limit = 0;
	cJSON_ArrayForEach (event, items) {
		if (excess > 0 && is_wanted(events, event)) {
			excess--;
			continue;
		}
		int r = add(events, event, err);
		if (r < 0)
			return r;
	}
	return flush(events, err);
}

static int on_changed(void *user, enum rs_change change, const cJSON *event, struct rs_err *err)
{
	struct events *events = user;
	if (change == RS_CHANGE_DELETED)
		return 0; /* the oldest make room */
	int r = add(events, event, err);
	return r < 0 ? r : flush(events, err);
}

/* rouse events hello, --service hello, --for revision/hello-00001 */
static int parse(const struct rs_args *args, struct events *events, struct rs_err *err)
{
	const struct rs_words about = {.items = (const char **)(uintptr_t)&args->about, .count = 1};
	struct rs_targets targets;
	events->service = args->names.count ? args->names.items[0] : args->service;
	if (args->since_ns)
		events->since_wall_ns = rs_wall_ns() - (uint64_t)args->since_ns;
	if (!args->about)
		return 0;
	if (!strchr(args->about, '/'))
		return rs_err_set(err, -EINVAL, "--for: must be NOUN/NAME like revision/hello-00001, is \"%s\"",
				  args->about);
	int r = rs_targets_parse(&about, NULL, &targets, err);
	if (r < 0)
		return rs_err_prefix(err, "--for");
	events->about = targets.items[0];
	rs_targets_done(&targets);
	return 0;
}

enum rs_exit rs_events(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	struct events events = {.limit = args->limit};
	if (parse(args, &events, &err) < 0)
		return rs_cli_usage(cli, "events: %s", err.message);
	const struct rs_query query = {
		.namespace = args->all_namespaces ? NULL : rs_cli_namespace(args),
		.service = events.service,
	};
	const struct rs_watch_visitor visitor = {
		.page = on_page, .changed = on_changed, .user = &events, .out = cli->out};
	rs_printer_init_for(&events.printer, args, cli->out, cli->is_coloured);
	events.printer.is_stream = args->follow;
	events.printer.columns = cli->columns;
	int r = args->follow ? rs_watch(&cli->client, &rs_noun_event, &query, &visitor, 0, cli->err, &err)
			     : rs_fetch_pages(&cli->client, &rs_noun_event, &query, on_page, &events, NULL, &err);
	/* Nothing was read, so there is no list to end. */
	if (r < 0)
		events.printer.is_single = true;
	int written = rs_printer_end(&events.printer);
	if (r < 0)
		return rs_cli_fail(cli, &err);
	return rs_cli_written(cli, written);
}
