// SPDX-License-Identifier: BSD-2-Clause
/* What a cell says about an object, by its column's form. */
#include "cli/noun/noun.h"

#include "cli/noun/age.h"

#include <ctype.h>
#include <string.h>

#define NOTHING "<none>"

static void text_cell(const cJSON *item, struct rs_table *table)
{
	char list[256];
	const char *text =
		cJSON_IsArray(item) ? rs_json_join(item, ",", list, sizeof(list)) : cJSON_GetStringValue(item);
	if (text && *text)
		rs_table_cell(table, RS_COLOUR_NONE, text);
	else if (cJSON_IsNumber(item))
		rs_table_cellf(table, RS_COLOUR_NONE, "%.0f", item->valuedouble);
	else if (cJSON_IsBool(item))
		rs_table_cell(table, RS_COLOUR_NONE, cJSON_IsTrue(item) ? "true" : "false");
	else
		rs_table_cell(table, RS_COLOUR_DIM, NOTHING);
}

static void age_cell(const cJSON *item, uint64_t now_wall_ns, struct rs_table *table)
{
	char age[RS_AGE_TEXT_MAX];
	const char *text = cJSON_GetStringValue(item);
	rs_age_since(text ? text : "", now_wall_ns, age);
	rs_table_cell(table, RS_COLOUR_NONE, age);
}

static void ms_cell(const cJSON *item, struct rs_table *table)
{
	if (cJSON_IsNumber(item))
		rs_table_cellf(table, RS_COLOUR_NONE, "%.1f", item->valuedouble);
	else
		rs_table_cell(table, RS_COLOUR_DIM, NOTHING);
}

static void bytes_cell(const cJSON *item, struct rs_table *table)
{
	static const char units[] = "KMGT";
	if (!cJSON_IsNumber(item)) {
		rs_table_cell(table, RS_COLOUR_DIM, NOTHING);
		return;
	}
	double value = item->valuedouble;
	size_t unit = 0;
	if (value < 1024) {
		rs_table_cellf(table, RS_COLOUR_NONE, "%.0f", value);
		return;
	}
	for (value /= 1024; value >= 1024 && units[unit + 1]; unit++)
		value /= 1024;
	rs_table_cellf(table, RS_COLOUR_NONE, "%.1f%ci", value, units[unit]);
}

enum rs_colour rs_truth_colour(const char *status)
{
	if (strcmp(status, "True") == 0)
		return RS_COLOUR_GOOD;
	return strcmp(status, "False") == 0 ? RS_COLOUR_BAD : RS_COLOUR_WAITING;
}

/* A condition that nobody has computed yet is as unknown as one that says so. */
static void condition_cell(const cJSON *object, const char *type, const char *member, struct rs_table *table)
{
	const cJSON *condition = rs_json_condition(object, type);
	const char *text = rs_json_text(condition, member);
	if (strcmp(member, "status") != 0)
		rs_table_cell(table, RS_COLOUR_NONE, text);
	else
		rs_table_cell(table, rs_truth_colour(text), *text ? text : "Unknown");
}

static void object_cell(const cJSON *reference, struct rs_table *table)
{
	char kind[64];
	rs_str_copy(kind, sizeof(kind), rs_json_text(reference, "kind"));
	kind[0] = (char)tolower((unsigned char)kind[0]);
	rs_table_cellf(table, RS_COLOUR_NONE, "%s/%s", kind, rs_json_text(reference, "name"));
}

const cJSON *rs_column_value(const struct rs_column *column, const cJSON *object)
{
	switch (column->form) {
	case RS_COLUMN_TEXT:
	case RS_COLUMN_AGE:
	case RS_COLUMN_MS:
	case RS_COLUMN_BYTES:
		return rs_json_at(object, column->path);
	case RS_COLUMN_CONDITION:
		return rs_json_get(rs_json_condition(object, column->path[0]), column->path[1]);
	case RS_COLUMN_OBJECT:
		return rs_json_get(rs_json_at(object, column->path), "name");
	}
	return NULL;
}

void rs_column_cell(const struct rs_column *column, const cJSON *object, uint64_t now_wall_ns, struct rs_table *table)
{
	switch (column->form) {
	case RS_COLUMN_TEXT:
		text_cell(rs_json_at(object, column->path), table);
		return;
	case RS_COLUMN_AGE:
		age_cell(rs_json_at(object, column->path), now_wall_ns, table);
		return;
	case RS_COLUMN_MS:
		ms_cell(rs_json_at(object, column->path), table);
		return;
	case RS_COLUMN_BYTES:
		bytes_cell(rs_json_at(object, column->path), table);
		return;
	case RS_COLUMN_CONDITION:
		condition_cell(object, column->path[0], column->path[1], table);
		return;
	case RS_COLUMN_OBJECT:
		object_cell(rs_json_at(object, column->path), table);
		return;
	}
}
