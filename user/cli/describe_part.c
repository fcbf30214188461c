// SPDX-License-Identifier: BSD-2-Clause
#include "cli/describe_part.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cli/noun/age.h"
#include "cli/print/printer.h"
#include "cli/print/table.h"
#include "cli/print/wrap.h"

#include <string.h>

#define INDENT	    2
#define LABEL_WIDTH 15
#define HANG	    2

/* Nothing that others wrote may speak to the terminal. */
static void put_line(const struct rs_cli *cli, const char *label, char *text)
{
	if (text)
		rs_utf8_disarm(text, "");
	const char *safe = text ? text : "(out of memory)";
	fprintf(cli->out, "%s%*s", label, (int)(LABEL_WIDTH - strlen(label)), "");
	rs_wrap_text(safe, strlen(safe), LABEL_WIDTH, LABEL_WIDTH, cli->columns, cli->out);
	fputc('\n', cli->out);
}

void rs_describe_line(const struct rs_cli *cli, const char *label, const char *text)
{
	rs_auto_free char *head = rs_str_format("%s:", label);
	rs_auto_free char *copy = strdup(text);
	if (*text)
		put_line(cli, head ? head : "", copy);
}

static void pairs(const struct rs_cli *cli, const char *label, const cJSON *object)
{
	const cJSON *pair;
	cJSON_ArrayForEach (pair, object) {
		const char *value = cJSON_GetStringValue(pair);
		rs_auto_free char *text = rs_str_format("%s=%s", pair->string, value ? value : "");
		put_line(cli, label, text);
		label = "";
	}
}

void rs_describe_metadata(const struct rs_cli *cli, const cJSON *object)
{
	char age[RS_AGE_TEXT_MAX];
	rs_describe_line(cli, "Name", rs_json_text(object, "metadata", "name"));
	rs_describe_line(cli, "Namespace", rs_json_text(object, "metadata", "namespace"));
	pairs(cli, "Labels:", rs_json_get(object, "metadata", "labels"));
	pairs(cli, "Annotations:", rs_json_get(object, "metadata", "annotations"));
	rs_age_since(rs_json_text(object, "metadata", "creationTimestamp"), rs_wall_ns(), age);
	rs_describe_line(cli, "Age", age);
}

static void begin(const struct rs_cli *cli, const char *title, struct rs_table *table)
{
	fprintf(cli->out, "\n%s\n", title);
	rs_table_init(table, cli->is_coloured);
	table->indent = INDENT;
	table->columns = cli->columns;
}

static void end(const struct rs_cli *cli, struct rs_table *table)
{
	rs_table_print(table, cli->out);
	rs_table_done(table);
}

void rs_describe_conditions(const struct rs_cli *cli, const cJSON *object)
{
	static const struct rs_column since = {"AGE", RS_COLUMN_AGE, {"lastTransitionTime"}, false};
	const cJSON *conditions = rs_json_get(object, "status", "conditions");
	struct rs_table table;
	if (cJSON_GetArraySize(conditions) == 0)
		return;
	begin(cli, "Conditions", &table);
	rs_table_column(&table, "TYPE");
	rs_table_column(&table, "STATUS");
	rs_table_column(&table, since.header);
	rs_table_column(&table, "REASON");
	rs_table_column(&table, "MESSAGE");
	const cJSON *condition;
	cJSON_ArrayForEach (condition, conditions) {
		const char *status = rs_json_text(condition, "status");
		rs_table_cell(&table, RS_COLOUR_NONE, rs_json_text(condition, "type"));
		rs_table_cell(&table, rs_truth_colour(status), status);
		rs_column_cell(&since, condition, rs_wall_ns(), &table);
		rs_table_cell(&table, RS_COLOUR_NONE, rs_json_text(condition, "reason"));
		rs_table_cell(&table, RS_COLOUR_NONE, rs_json_text(condition, "message"));
	}
	end(cli, &table);
}

void rs_describe_traffic(const struct rs_cli *cli, const cJSON *object)
{
	const cJSON *traffic = rs_json_get(object, "status", "traffic");
	struct rs_table table;
	if (cJSON_GetArraySize(traffic) == 0)
		return;
	begin(cli, "Traffic", &table);
	rs_table_column(&table, "PERCENT");
	rs_table_column(&table, "REVISION");
	rs_table_column(&table, "TAG");
	rs_table_column(&table, "URL");
	const cJSON *target;
	cJSON_ArrayForEach (target, traffic) {
		bool is_latest = cJSON_IsTrue(rs_json_get(target, "latestRevision"));
		rs_table_cellf(&table, RS_COLOUR_NONE, "%.0f", rs_json_number(target, 0, "percent"));
		rs_table_cellf(&table, RS_COLOUR_NONE, "%s%s", rs_json_text(target, "revisionName"),
			       is_latest ? " (@latest)" : "");
		rs_table_cell(&table, RS_COLOUR_NONE, rs_json_text(target, "tag"));
		rs_table_cell(&table, RS_COLOUR_NONE, rs_json_text(target, "url"));
	}
	end(cli, &table);
}

void rs_describe_scale(const struct rs_cli *cli, const cJSON *revision)
{
	const cJSON *rouse = rs_json_get(revision, "status", "rouse");
	fputs("\nScale\n", cli->out);
	fprintf(cli->out, "  desired %.0f, actual %.0f", rs_json_number(revision, 0, "status", "desiredReplicas"),
		rs_json_number(revision, 0, "status", "actualReplicas"));
	if (rouse)
		fprintf(cli->out, "; concurrency %.2f stable, %.2f panic; %.0f held",
			rs_json_number(rouse, 0, "stableConcurrency"), rs_json_number(rouse, 0, "panicConcurrency"),
			rs_json_number(rouse, 0, "held"));
	fputc('\n', cli->out);
	const char *why = rs_json_text(rouse, "why");
	if (!*why)
		return;
	fputs("  why: ", cli->out);
	rs_wrap_text(why, strlen(why), INDENT + strlen("why: "), INDENT + HANG, cli->columns, cli->out);
	fputc('\n', cli->out);
}

void rs_describe_list(const struct rs_cli *cli, const char *title, const struct rs_noun *noun, const cJSON *list,
		      bool (*wanted)(const cJSON *object, const void *user), const void *user)
{
	struct rs_printer printer;
	const cJSON *object;
	rs_printer_init(&printer, RS_OUTPUT_TABLE, cli->out);
	printer.is_coloured = cli->is_coloured;
	printer.indent = INDENT;
	printer.columns = cli->columns;
	/* Revisions are described for the reason of their scale. */
	printer.is_wide = noun == &rs_noun_revision;
	bool is_first = true;
	cJSON_ArrayForEach (object, rs_json_get(list, "items")) {
		if (wanted && !wanted(object, user))
			continue;
		if (is_first)
			fprintf(cli->out, "\n%s\n", title);
		is_first = false;
		rs_printer_add(&printer, noun, object);
	}
	rs_printer_end(&printer);
}
