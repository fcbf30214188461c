// SPDX-License-Identifier: BSD-2-Clause
#include "cli/json.h"

#include "base/str.h"

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
