// SPDX-License-Identifier: BSD-2-Clause
#include "core/model/setting.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/model/quantity.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct rs_setting *rs_setting_find(const struct rs_settings_table *table, const char *key)
{
	for (size_t i = 0; i < table->count; i++) {
		if (strcmp(table->rows[i].key, key) == 0)
			return &table->rows[i];
	}
	return NULL;
}

void rs_setting_suggest(const struct rs_settings_table *table, const char *key, struct rs_suggestion *suggestion)
{
	for (size_t i = 0; i < table->count; i++) {
		if (!table->rows[i].refused)
			rs_suggest_offer(suggestion, key, table->rows[i].key);
	}
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

static int parse_bool(const char *text, bool *ret)
{
	static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
	static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};
	for (size_t i = 0; i < rs_array_length(yes); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*ret = strcmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return -EINVAL;
}

static bool in_bounds(const struct rs_setting *row, double value)
{
	if (row->or_minus_one && value == -1)
		return true;
	return (row->above ? value > row->minimum : value >= row->minimum) && value <= row->maximum;
}

static int set_number(const struct rs_setting *row, void *field, const char *text)
{
	double number;
	if (rs_number_parse(text, &number) < 0 || !in_bounds(row, number))
		return -EINVAL;
	if (row->kind == RS_SETTING_WHOLE) {
		if (number != floor(number))
			return -EINVAL;
		*(int32_t *)field = (int32_t)number;
	} else {
		*(double *)field = row->kind == RS_SETTING_PERCENTAGE && number > 1 ? number / 100 : number;
	}
	return 0;
}

static int set_duration(const struct rs_setting *row, void *field, const char *text)
{
	int64_t ns;
	if (rs_duration_parse(text, &ns) < 0 || ns < 0 || !in_bounds(row, (double)ns / 1e9) ||
	    (row->kind == RS_SETTING_SECONDS && (uint64_t)ns % RS_NS_PER_S))
		return -EINVAL;
	*(uint64_t *)field = (uint64_t)ns;
	return 0;
}

static int set_quantity(const struct rs_setting *row, void *field, const char *text)
{
	uint64_t value;
	int r = row->kind == RS_SETTING_CPU ? rs_quantity_millis(text, &value) : rs_quantity_units(text, &value);
	if (r < 0 || !in_bounds(row, (double)value))
		return -EINVAL;
	*(uint64_t *)field = value;
	return 0;
}

static int set(const struct rs_setting *row, void *field, const char *text)
{
	if (row->or_disabled && strcmp(text, "disabled") == 0) {
		if (row->kind == RS_SETTING_WHOLE)
			*(int32_t *)field = RS_SETTING_DISABLED_WHOLE;
		else
			*(uint64_t *)field = RS_SETTING_DISABLED_NS;
		return 0;
	}
	switch (row->kind) {
	case RS_SETTING_NUMBER:
	case RS_SETTING_PERCENTAGE:
	case RS_SETTING_WHOLE:
		return set_number(row, field, text);
	case RS_SETTING_DURATION:
	case RS_SETTING_SECONDS:
		return set_duration(row, field, text);
	case RS_SETTING_BOOLEAN:
		return parse_bool(text, field);
	case RS_SETTING_CPU:
	case RS_SETTING_BYTES:
		return set_quantity(row, field, text);
	case RS_SETTING_WORD:
		return strcmp(text, row->bounds) == 0 ? 0 : -EINVAL;
	case RS_SETTING_ANY:
		return 0;
	case RS_SETTING_KIND_COUNT:
		break;
	}
	return -EINVAL;
}

int rs_setting_set(const struct rs_setting *row, void *object, const char *text, struct rs_err *err)
{
	double unused;
	if (row->refused)
		return rs_err_set(err, -ENOTSUP, "is not supported: %s", row->refused);
	/* What has no effect is checked all the same, and kept nowhere. */
	if (set(row, row->no_effect ? (void *)&unused : (char *)object + row->offset, text) < 0)
		return rs_err_set(err, -EINVAL, "must be %s, is \"%.80s\"", row->bounds, text);
	if (!row->no_effect)
		return 0;
	rs_err_set(err, 1, "has no effect: %s", row->no_effect);
	return 1;
}

/* --- printing --------------------------------------------------------------------------------------------------- */

/* The fewest digits that read back as the same number. */
static void print_number(double value, char out[static RS_SETTING_TEXT_MAX])
{
	for (int digits = 6; digits <= 17; digits++) {
		snprintf(out, RS_SETTING_TEXT_MAX, "%.*g", digits, value);
		if (strtod(out, NULL) == value)
			return;
	}
}

static void print_duration(uint64_t ns, char out[static RS_SETTING_TEXT_MAX])
{
	static const struct {
		uint64_t ns;
		const char *unit;
	} units[] = {{3600 * RS_NS_PER_S, "h"}, {60 * RS_NS_PER_S, "m"}, {RS_NS_PER_S, "s"}, {RS_NS_PER_MS, "ms"}};
	if (ns == 0) {
		rs_str_copy(out, RS_SETTING_TEXT_MAX, "0s");
		return;
	}
	for (size_t i = 0; i < rs_array_length(units); i++) {
		/* Not a single minute or hour: Knative's documents write 60s. */
		if (ns % units[i].ns == 0 && (ns / units[i].ns > 1 || units[i].ns <= RS_NS_PER_S)) {
			snprintf(out, RS_SETTING_TEXT_MAX, "%" PRIu64 "%s", ns / units[i].ns, units[i].unit);
			return;
		}
	}
	snprintf(out, RS_SETTING_TEXT_MAX, "%" PRIu64 "ns", ns);
}

static void print_bytes(uint64_t bytes, char out[static RS_SETTING_TEXT_MAX])
{
	static const char *const units[] = {"", "Ki", "Mi", "Gi", "Ti"};
	size_t unit = 0;
	for (; bytes && bytes % 1024 == 0 && unit + 1 < rs_array_length(units); unit++)
		bytes /= 1024;
	snprintf(out, RS_SETTING_TEXT_MAX, "%" PRIu64 "%s", bytes, units[unit]);
}

void rs_setting_print(const struct rs_setting *row, const void *object, char out[static RS_SETTING_TEXT_MAX])
{
	const void *field = (const char *)object + row->offset;
	*out = '\0';
	if (row->refused || row->no_effect)
		return;
	switch (row->kind) {
	case RS_SETTING_NUMBER:
		print_number(*(const double *)field, out);
		break;
	case RS_SETTING_PERCENTAGE:
		print_number(*(const double *)field, out);
		/* 0.7 is 70; what a hundredfold would not read back as stays a fraction, and so does the whole. */
		if (*(const double *)field * 100 > 1) {
			char percent[RS_SETTING_TEXT_MAX];
			print_number(round(*(const double *)field * 1e8) / 1e6, percent);
			if (strtod(percent, NULL) / 100 == *(const double *)field)
				rs_str_copy(out, RS_SETTING_TEXT_MAX, percent);
		}
		break;
	case RS_SETTING_WHOLE:
		if (row->or_disabled && *(const int32_t *)field == RS_SETTING_DISABLED_WHOLE)
			rs_str_copy(out, RS_SETTING_TEXT_MAX, "disabled");
		else
			snprintf(out, RS_SETTING_TEXT_MAX, "%" PRId32, *(const int32_t *)field);
		break;
	case RS_SETTING_DURATION:
	case RS_SETTING_SECONDS:
		if (row->or_disabled && *(const uint64_t *)field == RS_SETTING_DISABLED_NS)
			rs_str_copy(out, RS_SETTING_TEXT_MAX, "disabled");
		else
			print_duration(*(const uint64_t *)field, out);
		break;
	case RS_SETTING_BOOLEAN:
		rs_str_copy(out, RS_SETTING_TEXT_MAX, *(const bool *)field ? "true" : "false");
		break;
	case RS_SETTING_CPU:
		snprintf(out, RS_SETTING_TEXT_MAX, "%" PRIu64 "m", *(const uint64_t *)field);
		break;
	case RS_SETTING_BYTES:
		print_bytes(*(const uint64_t *)field, out);
		break;
	case RS_SETTING_WORD:
	case RS_SETTING_ANY:
	case RS_SETTING_KIND_COUNT:
		break;
	}
}

const char *rs_setting_kind_text(enum rs_setting_kind kind)
{
	static const char *const texts[RS_SETTING_KIND_COUNT] = {
		[RS_SETTING_NUMBER] = "number",	   [RS_SETTING_PERCENTAGE] = "percentage",
		[RS_SETTING_WHOLE] = "number",	   [RS_SETTING_DURATION] = "duration",
		[RS_SETTING_SECONDS] = "duration", [RS_SETTING_BOOLEAN] = "true or false",
		[RS_SETTING_CPU] = "quantity",	   [RS_SETTING_BYTES] = "quantity",
		[RS_SETTING_WORD] = "word",	   [RS_SETTING_ANY] = "text",
	};
	return texts[kind];
}
