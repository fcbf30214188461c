// SPDX-License-Identifier: BSD-2-Clause
/* rouse get -w: a row for each change. After an interruption only what is different then is shown. */
#include "cli/get.h"

#include "base/time.h"
#include "cli/print/printer.h"
#include "cli/follow/seen.h"
#include "cli/follow/watch.h"

#include <errno.h>
#include <string.h>

struct following {
	const struct rs_args *args;
	const struct rs_noun *noun;
	struct rs_printer printer;
	struct rs_seen seen;
	bool is_quiet; /* the first list, with --watch-only */
};

static int print(struct following *following, enum rs_change change, const cJSON *object, struct rs_err *err)
{
	if (following->args->watch_events)
		following->printer.change = rs_change_text(change);
	following->printer.now_wall_ns = rs_wall_ns();
	int r = rs_printer_add(&following->printer, following->noun, object);
	return r < 0 ? rs_err_set(err, r, "cannot write the output: %s", strerror(-r)) : 0;
}

static int flush(struct following *following, struct rs_err *err)
{
	int r = rs_printer_flush(&following->printer);
	return r < 0 ? rs_err_set(err, r, "cannot write the output: %s", strerror(-r)) : 0;
}

/* 1 when it is to be shown. Events are never the same again. */
static int note(struct following *following, const cJSON *object, enum rs_change *ret_change, struct rs_err *err)
{
	*ret_change = RS_CHANGE_ADDED;
	if (following->noun == &rs_noun_event)
		return 1;
	int r = rs_seen_note(&following->seen, object, ret_change);
	return r < 0 ? rs_err_set(err, r, "out of memory") : r;
}

static int on_begun(void *user, struct rs_err *err)
{
	struct following *following = user;
	(void)err;
	rs_seen_begin(&following->seen);
	return 0;
}

static int on_page(void *user, const cJSON *list, struct rs_err *err)
{
	struct following *following = user;
	const cJSON *object;
	int r = 0;
	cJSON_ArrayForEach (object, rs_json_get(list, "items")) {
		enum rs_change change;
		r = note(following, object, &change, err);
		if (r > 0 && !following->is_quiet)
			r = print(following, change, object, err);
		if (r < 0)
			return r;
	}
	return flush(following, err);
}

/* What went while nobody looked: a row that nothing tells from the one before, so only where DELETED can be said. */
static int on_gone(void *user, const cJSON *object, struct rs_err *err)
{
	struct following *following = user;
	return following->args->watch_events ? print(following, RS_CHANGE_DELETED, object, err) : 0;
}

static int on_listed(void *user, struct rs_err *err)
{
	struct following *following = user;
	following->is_quiet = false;
	int r = rs_seen_end(&following->seen, on_gone, following, err);
	return r < 0 ? r : flush(following, err);
}

static int on_changed(void *user, enum rs_change change, const cJSON *object, struct rs_err *err)
{
	struct following *following = user;
	enum rs_change ignored;
	rs_auto_json cJSON *last = NULL;
	int r = 0;
	/* The agent tells the metadata of what is gone; what it was like stands in the row before. */
	if (change == RS_CHANGE_DELETED)
		last = rs_seen_take(&following->seen, object);
	else
		r = note(following, object, &ignored, err);
	if (r >= 0)
		r = print(following, change, last && !rs_json_get(object, "status") ? last : object, err);
	return r < 0 ? r : flush(following, err);
}

enum rs_exit rs_get_watch(struct rs_cli *cli, const struct rs_args *args, const struct rs_target *target)
{
	struct rs_err err = {0};
	struct rs_query query = rs_get_query(args);
	struct following following = {.args = args, .noun = target->noun, .is_quiet = args->watch_only};
	const struct rs_watch_visitor visitor = {.begun = on_begun,
						 .page = on_page,
						 .listed = on_listed,
						 .changed = on_changed,
						 .user = &following,
						 .out = cli->out};
	query.name = target->name;
	if (target->name) {
		/* A name that is not there is a mistake, as without --watch. */
		rs_auto_json cJSON *object = NULL;
		if (rs_fetch_object(&cli->client, target->noun, rs_cli_namespace(args), target->name, &object, &err) <
		    0)
			return rs_cli_fail(cli, &err);
	}
	rs_printer_init_for(&following.printer, args, cli->out, cli->is_coloured);
	if (target->noun == &rs_noun_event)
		following.printer.columns = cli->columns;
	following.printer.is_stream = true;
	int r = rs_watch(&cli->client, target->noun, &query, &visitor, 0, cli->err, &err);
	rs_printer_end(&following.printer);
	rs_seen_done(&following.seen);
	return r < 0 ? rs_cli_fail(cli, &err) : RS_EXIT_OK;
}
