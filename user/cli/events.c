// SPDX-License-Identifier: BSD-2-Clause
/* rouse events: what happened, oldest first; with -f what happens, by asking for what is newer than the last. */
#include "cli/cli.h"

#include "base/time.h"
#include "cli/fetch.h"
#include "cli/printer.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define POLL_MS 250

static void pause_ms(long ms)
{
	struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	nanosleep(&time, NULL);
}

/* Prints what is newer than query->after, and moves that on. */
static int print_more(struct rs_cli *cli, struct rs_printer *printer, struct rs_query *query, bool is_followed,
		      struct rs_err *err)
{
	rs_auto_json cJSON *list = NULL;
	int r = rs_fetch_list(&cli->client, &rs_noun_event, query, &list, err);
	if (r < 0)
		return r;
	bool has_news = cJSON_GetArraySize(rs_json_get(list, "items")) > 0;
	query->after = rs_fetch_newest_event(list, query->after);
	printer->now_wall_ns = rs_wall_ns();
	r = rs_printer_add_list(printer, &rs_noun_event, list);
	if (r == 0 && (has_news || !is_followed))
		r = is_followed ? rs_printer_flush(printer) : rs_printer_end(printer);
	if (r < 0)
		rs_err_set(err, r, "cannot write the output: %s", strerror(-r));
	return r;
}

enum rs_exit rs_events(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	struct rs_printer printer;
	struct rs_query query = {
		.namespace = args->all_namespaces ? NULL : rs_cli_namespace(args),
		.service = args->names.count ? args->names.items[0] : args->service,
		.limit = args->limit,
	};
	rs_printer_init(&printer, args->output, cli->out);
	printer.is_coloured = cli->is_coloured;
	printer.with_namespaces = args->all_namespaces;
	printer.without_headers = args->no_headers;
	printer.is_stream = args->follow;
	int r = print_more(cli, &printer, &query, args->follow, &err);
	/* A limit is for the past; what comes is shown whole. */
	query.limit = 0;
	while (r == 0 && args->follow) {
		pause_ms(POLL_MS);
		r = print_more(cli, &printer, &query, true, &err);
	}
	if (args->follow || r < 0) {
		printer.is_single = true;
		rs_printer_end(&printer);
	}
	return r < 0 ? rs_cli_fail(cli, &err) : RS_EXIT_OK;
}
