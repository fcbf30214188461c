// SPDX-License-Identifier: BSD-2-Clause
#include "cli/json.h"

#include "base/str.h"

#include <stdio.h>

#define PORT_TEXT_MAX 32

const cJSON *rs_json_at(const cJSON *object, const char *const *path)
{
	for (; object && *path; path++)
		object = cJSON_GetObjectItemCaseSensitive(object, *path);
	return object;
}

const char *rs_json_text_at(const cJSON *object, const char *const *path)
{
	const char *text = cJSON_GetStringValue(rs_json_at(object, path));
	return text ? text : "";
}

double rs_json_number_at(const cJSON *object, double fallback, const char *const *path)
{
	const cJSON *item = rs_json_at(object, path);
	return cJSON_IsNumber(item) ? item->valuedouble : fallback;
}

static const char *element_text(const cJSON *item, char port[static PORT_TEXT_MAX])
{
	const char *text = cJSON_GetStringValue(item);
	if (text || !cJSON_IsObject(item))
		return text ? text : "";
	snprintf(port, PORT_TEXT_MAX, "%.0f/%.8s", rs_json_number(item, 0, "port"), rs_json_text(item, "protocol"));
	return port;
}

const char *rs_json_join(const cJSON *array, const char *between, char *out, size_t size)
{
	const cJSON *item;
	size_t n = 0;
	*out = '\0';
	cJSON_ArrayForEach (item, array) {
		char port[PORT_TEXT_MAX];
		int wrote = snprintf(out + n, size - n, "%s%s", n ? between : "", element_text(item, port));
		if (wrote < 0 || (size_t)wrote >= size - n) {
			out[n] = '\0';
			break;
		}
		n += (size_t)wrote;
	}
	return out;
}

const cJSON *rs_json_condition(const cJSON *object, const char *type)
{
	const cJSON *condition;
	cJSON_ArrayForEach (condition, rs_json_get(object, "status", "conditions")) {
		if (rs_str_equal(rs_json_text(condition, "type"), type))
			return condition;
	}
	return NULL;
}

cJSON *rs_json_member(cJSON *parent, const char *key)
{
	cJSON *member = cJSON_GetObjectItemCaseSensitive(parent, key);
	if (cJSON_IsObject(member))
		return member;
	if (member)
		cJSON_DeleteItemFromObjectCaseSensitive(parent, key);
	return cJSON_AddObjectToObject(parent, key);
}
