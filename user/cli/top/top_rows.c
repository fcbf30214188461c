// SPDX-License-Identifier: BSD-2-Clause
#include "cli/top/top.h"

#include "base/str.h"
#include "cli/noun/age.h"
#include "cli/json.h"
#include "cli/print/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN (-1.0)

const char *rs_top_order_text(enum rs_top_order order)
{
	static const char *const texts[RS_TOP_ORDER_COUNT] = {
		[RS_TOP_BY_LOAD] = "concurrency",    [RS_TOP_BY_NAME] = "name",
		[RS_TOP_BY_STATE] = "state",	     [RS_TOP_BY_INSTANCES] = "instances",
		[RS_TOP_BY_IN_FLIGHT] = "in flight", [RS_TOP_BY_CONNECTIONS] = "connections/s",
		[RS_TOP_BY_HELD] = "held",
	};
	return texts[order];
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct rs_top_row *left = a, *right = b;
	int order = strcmp(left->namespace, right->namespace);
	return order ? order : strcmp(left->name, right->name);
}

static struct rs_top_row *find(const struct rs_top_sample *sample, const char *namespace, const char *name)
{
	struct rs_top_row key = {.namespace = namespace, .name = name};
	if (!sample || !sample->count)
		return NULL;
	return bsearch(&key, sample->rows, sample->count, sizeof(key), by_name);
}

static void count_starting(struct rs_top_sample *sample)
{
	const cJSON *instance;
	cJSON_ArrayForEach (instance, rs_json_get(sample->instances, "items")) {
		struct rs_top_row *row;
		if (!rs_str_equal(rs_json_text(instance, "status", "stage"), "Starting"))
			continue;
		row = find(sample, rs_json_text(instance, "metadata", "namespace"),
			   rs_json_text(instance, "metadata", "labels", "serving.knative.dev/revision"));
		if (row)
			row->starting++;
	}
}

static struct rs_top_row read_row(const cJSON *revision)
{
	const cJSON *rouse = rs_json_get(revision, "status", "rouse");
	return (struct rs_top_row){
		.namespace = rs_json_text(revision, "metadata", "namespace"),
		.name = rs_json_text(revision, "metadata", "name"),
		.why = rs_json_text(rouse, "why"),
		.ready = (unsigned)rs_json_number(revision, 0, "status", "actualReplicas"),
		.wanted = (unsigned)rs_json_number(revision, 0, "status", "desiredReplicas"),
		.in_flight = rs_json_number(rouse, 0, "inFlight"),
		.concurrency = rs_json_number(rouse, 0, "stableConcurrency"),
		.held = rs_json_number(rouse, 0, "held"),
		.connections_total = rs_json_number(rouse, UNKNOWN, "connectionsTotal"),
		.connections_per_second = UNKNOWN,
	};
}

/* As `rouse why` calls them. */
static const char *state_of(const struct rs_top_row *row, double failed_starts)
{
	if (row->ready)
		return "serving";
	if (failed_starts > 0)
		return "failing";
	if (row->starting || row->wanted || row->held > 0)
		return "waking";
	return "asleep";
}

static double rate(const struct rs_top_row *row, const struct rs_top_row *before, double seconds)
{
	/* The agent or the entry may be another since: counters that went back tell nothing. */
	if (!before || seconds <= 0 || row->connections_total < 0 || before->connections_total < 0 ||
	    row->connections_total < before->connections_total)
		return UNKNOWN;
	return (row->connections_total - before->connections_total) / seconds;
}

int rs_top_read(struct rs_top_sample *sample, const struct rs_top_sample *before)
{
	const cJSON *revision, *items = rs_json_get(sample->revisions, "items");
	sample->count = 0;
	sample->rows = calloc((size_t)cJSON_GetArraySize(items) + 1, sizeof(*sample->rows));
	if (!sample->rows)
		return -ENOMEM;
	cJSON_ArrayForEach (revision, items) {
		/* The agent keeps nothing for those that no route names: they are history. */
		if (rs_json_get(revision, "status", "rouse"))
			sample->rows[sample->count++] = read_row(revision);
	}
	qsort(sample->rows, sample->count, sizeof(*sample->rows), by_name);
	count_starting(sample);
	double seconds = before ? (double)(sample->at_ns - before->at_ns) / 1e9 : 0;
	cJSON_ArrayForEach (revision, items) {
		struct rs_top_row *row = find(sample, rs_json_text(revision, "metadata", "namespace"),
					      rs_json_text(revision, "metadata", "name"));
		if (!row)
			continue;
		row->state = state_of(row, rs_json_number(revision, 0, "status", "rouse", "failedStarts"));
		row->connections_per_second = rate(row, find(before, row->namespace, row->name), seconds);
	}
	return 0;
}

void rs_top_sample_done(struct rs_top_sample *sample)
{
	cJSON_Delete(sample->revisions);
	cJSON_Delete(sample->instances);
	cJSON_Delete(sample->node);
	free(sample->rows);
	*sample = (struct rs_top_sample){0};
}

/* --- the order ---------------------------------------------------------------------------------------------------- */

static double rank(const struct rs_top_row *row, enum rs_top_order order)
{
	switch (order) {
	case RS_TOP_BY_LOAD:
		return row->concurrency;
	case RS_TOP_BY_STATE:
		return row->state[0] == 'f' ? 3 : row->state[0] == 'w' ? 2 : row->state[0] == 's' ? 1 : 0;
	case RS_TOP_BY_INSTANCES:
		return row->ready + row->starting;
	case RS_TOP_BY_IN_FLIGHT:
		return row->in_flight;
	case RS_TOP_BY_CONNECTIONS:
		return row->connections_per_second;
	case RS_TOP_BY_HELD:
		return row->held;
	case RS_TOP_BY_NAME:
	case RS_TOP_ORDER_COUNT:
		break;
	}
	return 0;
}

/* The largest first; equals by who is awake, then by name. */
static int compare(const void *a, const void *b, void *user)
{
	const struct rs_top_row *left = *(const struct rs_top_row *const *)a;
	const struct rs_top_row *right = *(const struct rs_top_row *const *)b;
	enum rs_top_order order = *(const enum rs_top_order *)user;
	double first = rank(left, order), second = rank(right, order);
	if (first != second)
		return first > second ? -1 : 1;
	first = rank(left, RS_TOP_BY_STATE);
	second = rank(right, RS_TOP_BY_STATE);
	if (order != RS_TOP_BY_NAME && first != second)
		return first > second ? -1 : 1;
	return by_name(left, right);
}

const struct rs_top_row **rs_top_sort(const struct rs_top_sample *sample, enum rs_top_order order)
{
	const struct rs_top_row **rows = calloc(sample->count + 1, sizeof(*rows));
	for (size_t i = 0; rows && i < sample->count; i++)
		rows[i] = &sample->rows[i];
	if (rows)
		qsort_r(rows, sample->count, sizeof(*rows), compare, &order);
	return rows;
}

/* --- text --------------------------------------------------------------------------------------------------------- */

int rs_top_print(const struct rs_top_row *const *rows, size_t count, bool has_namespaces, FILE *out)
{
	static const char *const headers[] = {"REVISION", "STATE",	 "READY",  "STARTING", "WANTED",
					      "INFLIGHT", "CONCURRENCY", "CONN/S", "HELD",     "WHY"};
	struct rs_table table;
	rs_table_init(&table, false);
	if (has_namespaces)
		rs_table_column(&table, "NAMESPACE");
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		rs_table_column(&table, headers[i]);
	for (size_t i = 0; i < count; i++) {
		const struct rs_top_row *row = rows[i];
		if (has_namespaces)
			rs_table_cell(&table, RS_COLOUR_NONE, row->namespace);
		rs_table_cell(&table, RS_COLOUR_NONE, row->name);
		rs_table_cell(&table, RS_COLOUR_NONE, row->state);
		rs_table_cellf(&table, RS_COLOUR_NONE, "%u", row->ready);
		rs_table_cellf(&table, RS_COLOUR_NONE, "%u", row->starting);
		rs_table_cellf(&table, RS_COLOUR_NONE, "%u", row->wanted);
		rs_table_cellf(&table, RS_COLOUR_NONE, "%.0f", row->in_flight);
		rs_table_cellf(&table, RS_COLOUR_NONE, "%.2f", row->concurrency);
		if (row->connections_per_second < 0)
			rs_table_cell(&table, RS_COLOUR_NONE, "-");
		else
			rs_table_cellf(&table, RS_COLOUR_NONE, "%.1f", row->connections_per_second);
		rs_table_cellf(&table, RS_COLOUR_NONE, "%.0f", row->held);
		rs_table_cell(&table, RS_COLOUR_NONE, rs_str_equal(row->state, "asleep") ? "" : row->why);
	}
	int r = rs_table_print(&table, out);
	rs_table_done(&table);
	return r;
}

static void append_count(struct rs_buf *out, const cJSON *status, const char *member, const char *one, const char *many)
{
	double count = rs_json_number(status, 0, member);
	rs_buf_printf(out, ", %.0f %s", count, count == 1 ? one : many);
}

void rs_top_summary(const struct rs_top_sample *sample, char *out, size_t size)
{
	char uptime[RS_AGE_TEXT_MAX];
	struct rs_buf text;
	const cJSON *status = rs_json_get(sample->node, "status");
	rs_age_format((int64_t)rs_json_number(status, 0, "uptimeSeconds"), uptime);
	rs_buf_init(&text, size - 1);
	rs_buf_printf(&text, "agent up %s", uptime);
	append_count(&text, status, "services", "service", "services");
	append_count(&text, status, "instances", "instance", "instances");
	append_count(&text, status, "flows", "connection tracked", "connections tracked");
	append_count(&text, status, "held", "held", "held");
	rs_str_copy(out, size, text.data ? text.data : "");
	rs_buf_done(&text);
}
