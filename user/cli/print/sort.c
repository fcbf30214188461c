// SPDX-License-Identifier: BSD-2-Clause
#include "cli/print/sort.h"

#include "base/mem.h"
#include "cli/print/json_path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	cJSON *item;
	const cJSON *value;
	size_t position;
};

/* A path has a dot in front, or braces; a column has none. */
static bool is_path(const char *key)
{
	return strchr(".{[$", *key) != NULL;
}

int rs_sort_check(const char *key, const struct rs_noun *noun, struct rs_err *err)
{
	if (is_path(key)) {
		int r = rs_json_path_check(key, err);
		return r < 0 ? rs_err_prefix(err, "--sort-by") : 0;
	}
	if (rs_noun_column(noun, key))
		return 0;
	return rs_err_set(err, -EINVAL, "--sort-by: %s have no column \"%s\"; a path begins with a dot: .metadata.name",
			  noun->plural, key);
}

static int rank(const cJSON *value)
{
	if (!value || cJSON_IsNull(value))
		return 0;
	return cJSON_IsNumber(value) ? 1 : cJSON_IsString(value) ? 2 : 3;
}

static int compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int difference = rank(a->value) - rank(b->value);
	if (difference == 0 && cJSON_IsNumber(a->value))
		difference = (a->value->valuedouble > b->value->valuedouble) -
			     (a->value->valuedouble < b->value->valuedouble);
	else if (difference == 0 && cJSON_IsString(a->value))
		difference = strverscmp(a->value->valuestring, b->value->valuestring);
	if (difference != 0)
		return difference;
	return (a->position > b->position) - (a->position < b->position);
}

int rs_sort_items(cJSON *items, const char *key, const struct rs_noun *noun)
{
	size_t count = (size_t)cJSON_GetArraySize(items);
	const struct rs_column *column = is_path(key) ? NULL : rs_noun_column(noun, key);
	if (count == 0)
		return 0;
	rs_auto_free struct entry *entries = calloc(count, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		cJSON *item = cJSON_DetachItemViaPointer(items, items->child);
		const cJSON *value = column ? rs_column_value(column, item) : rs_json_path_first(key, item);
		entries[i] = (struct entry){item, value, i};
	}
	qsort(entries, count, sizeof(*entries), compare);
	for (size_t i = 0; i < count; i++)
		cJSON_AddItemToArray(items, entries[i].item);
	return 0;
}
