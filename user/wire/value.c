/* SPDX-License-Identifier: BSD-2-Clause */
/* Typed values from JSON. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "wire/field.h"

int rs_read_text(const cJSON *json, const struct rs_at *at, size_t maximum, const char **ret_text, struct rs_err *err)
{
	if (cJSON_IsNumber(json)) {
		rs_auto_free char *number = cJSON_PrintUnformatted(json);

		return rs_refuse(at, err, "must be text, not a number: put it in quotes, \"%.40s\"",
				 number ? number : "");
	}
	if (cJSON_IsBool(json))
		return rs_refuse(at, err, "must be text, not a boolean: put it in quotes, \"%s\"",
				 cJSON_IsTrue(json) ? "true" : "false");
	if (!cJSON_IsString(json))
		return rs_refuse(at, err, "must be text");
	if (strlen(json->valuestring) > maximum)
		return rs_refuse(at, err, "\"%.40s...\" has %zu characters, at most %zu are possible",
				 json->valuestring, strlen(json->valuestring), maximum);
	*ret_text = json->valuestring;
	return 0;
}

int rs_read_name(const cJSON *json, const struct rs_at *at, char out[static RS_NAME_SIZE], struct rs_err *err)
{
	const char *text;
	int r = rs_read_text(json, at, RS_NAME_MAX, &text, err);

	if (r == 0)
		rs_str_copy(out, RS_NAME_SIZE, text);
	return r;
}

int rs_read_string(const cJSON *json, const struct rs_at *at, size_t maximum, char **out, struct rs_err *err)
{
	const char *text;
	char *copy;
	int r = rs_read_text(json, at, maximum, &text, err);

	if (r < 0)
		return r;
	copy = strdup(text);
	if (!copy)
		return rs_refuse_memory(at, err);
	free(*out);
	*out = copy;
	return 0;
}

int rs_read_bool(const cJSON *json, const struct rs_at *at, bool *ret_value, struct rs_err *err)
{
	if (!cJSON_IsBool(json))
		return rs_refuse(at, err, "must be true or false%s", cJSON_IsString(json) ? ", without quotes" : "");
	*ret_value = cJSON_IsTrue(json);
	return 0;
}

int rs_read_integer(const cJSON *json, const struct rs_at *at, int64_t minimum, int64_t maximum, int64_t *ret_value,
		    struct rs_err *err)
{
	double value;

	if (cJSON_IsString(json))
		return rs_refuse(at, err, "\"%.40s\" must be a whole number, without quotes", json->valuestring);
	if (!cJSON_IsNumber(json))
		return rs_refuse(at, err, "must be a whole number");
	value = json->valuedouble;
	if (!(value >= (double)minimum && value <= (double)maximum) || value != floor(value))
		return rs_refuse(at, err, "%.10g must be a whole number %lld..%lld", value, (long long)minimum,
				 (long long)maximum);
	*ret_value = (int64_t)value;
	return 0;
}

int rs_read_list(const cJSON *json, const struct rs_at *at, size_t maximum, struct rs_err *err)
{
	size_t count = 0;

	if (!cJSON_IsArray(json))
		return rs_refuse(at, err, "must be a list");
	for (const cJSON *child = json->child; child; child = child->next)
		count++;
	if (count > maximum)
		return rs_refuse(at, err, "has %zu entries, at most %zu are possible", count, maximum);
	return 0;
}

int rs_read_strings(const cJSON *json, const struct rs_at *at, size_t maximum, struct rs_strings *out,
		    struct rs_err *err)
{
	const cJSON *child;
	const char *text;
	size_t i = 0;
	int r = rs_read_list(json, at, maximum, err);

	if (r < 0)
		return r;
	cJSON_ArrayForEach (child, json) {
		const struct rs_at *here = RS_AT_INDEX(at, i++);

		r = rs_read_text(child, here, RS_STRING_MAX, &text, err);
		if (r < 0)
			return r;
		if (rs_strings_add(out, text) < 0)
			return rs_refuse_memory(here, err);
	}
	return 0;
}

int rs_read_pairs(const cJSON *json, const struct rs_at *at, size_t value_maximum, struct rs_pairs *out,
		  struct rs_err *err)
{
	const cJSON *child;
	const char *text;
	int r;

	if (!cJSON_IsObject(json))
		return rs_refuse(at, err, "must be an object (key: value)");
	cJSON_ArrayForEach (child, json) {
		const char *key = child->string ? child->string : "";
		const struct rs_at *here = RS_AT_KEY(at, key);

		if (cJSON_IsNull(child))
			return rs_refuse(here, err, "has no value: write \"\" for an empty one");
		r = rs_read_text(child, here, value_maximum, &text, err);
		if (r < 0)
			return r;
		if (strlen(key) > RS_KEY_MAX)
			return rs_refuse(here, err, "the key has more than %d characters", RS_KEY_MAX);
		if (rs_pairs_get(out, key))
			return rs_refuse(here, err, "is given twice");
		if (out->count >= RS_PAIRS_MAX)
			return rs_refuse(at, err, "has more than %d entries", RS_PAIRS_MAX);
		if (rs_pairs_set(out, key, text) < 0)
			return rs_refuse_memory(here, err);
	}
	return 0;
}
