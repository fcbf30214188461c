/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/field.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/suggest.h"

#define FIELDS_MAX 64
#define NAME_SHOWN 80

static size_t at_text(const struct rs_at *at, char *out, size_t size, size_t length)
{
	int n;

	if (!at)
		return length;
	length = at_text(at->up, out, size, length);
	if (!at->name)
		n = snprintf(out + length, size - length, "[%zu]", at->index);
	else if (at->in_brackets)
		n = snprintf(out + length, size - length, "[%.*s]", NAME_SHOWN, at->name);
	else
		n = snprintf(out + length, size - length, "%s%.*s", length > 0 ? "." : "", NAME_SHOWN, at->name);
	length += n > 0 ? (size_t)n : 0;
	return length < size ? length : size - 1;
}

void rs_at_text(const struct rs_at *at, char out[static RS_AT_TEXT_SIZE])
{
	out[0] = '\0';
	at_text(at, out, RS_AT_TEXT_SIZE, 0);
}

int rs_refuse(const struct rs_at *at, struct rs_err *err, const char *format, ...)
{
	char path[RS_AT_TEXT_SIZE], message[RS_ERR_MESSAGE_MAX];
	va_list arguments;

	rs_at_text(at, path);
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	if (!path[0])
		return rs_err_set(err, -EINVAL, "the manifest %s", message);
	return rs_err_set(err, -EINVAL, "%s: %s", path, message);
}

int rs_refuse_memory(const struct rs_at *at, struct rs_err *err)
{
	char path[RS_AT_TEXT_SIZE];

	rs_at_text(at, path);
	return rs_err_set(err, -ENOMEM, "%s: out of memory", path);
}

int rs_field_read_past(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	(void)out;
	(void)json;
	(void)at;
	(void)err;
	return 0;
}

static bool says_nothing(const cJSON *json)
{
	return cJSON_IsFalse(json) || (cJSON_IsNumber(json) && json->valuedouble == 0) ||
	       (cJSON_IsString(json) && !json->valuestring[0]) ||
	       ((cJSON_IsObject(json) || cJSON_IsArray(json)) && !json->child);
}

static const struct rs_field *find_field(const struct rs_field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static int refuse_unknown(const struct rs_field *fields, size_t count, const char *name, const struct rs_at *at,
			  struct rs_err *err)
{
	struct rs_suggestion nearest = {0};

	for (size_t i = 0; i < count; i++)
		rs_suggest_offer(&nearest, name, fields[i].name);
	if (nearest.word)
		return rs_refuse(at, err, "is not a field here; did you mean \"%s\"?", nearest.word);
	return rs_refuse(at, err, "is not a field of serving.knative.dev/v1 here");
}

int rs_fields_read(const struct rs_field *fields, size_t count, void *out, const cJSON *json, const struct rs_at *at,
		   struct rs_err *err)
{
	const cJSON *values[FIELDS_MAX] = {0};
	const cJSON *child;
	int r = 0;

	assert(count <= FIELDS_MAX);
	if (!cJSON_IsObject(json))
		return rs_refuse(at, err, "must be an object (key: value)");
	cJSON_ArrayForEach (child, json) {
		const char *name = child->string ? child->string : "";
		const struct rs_field *field = find_field(fields, count, name);
		const struct rs_at *here = RS_AT_FIELD(at, name);

		if (!field)
			return refuse_unknown(fields, count, name, here, err);
		if (values[field - fields])
			return rs_refuse(here, err, "is given twice");
		values[field - fields] = child;
		if (!field->read && !cJSON_IsNull(child) && (field->is_always_refused || !says_nothing(child)))
			return rs_refuse(here, err, "%s", field->refused);
	}
	for (size_t i = 0; r == 0 && i < count; i++)
		if (values[i] && fields[i].read && !cJSON_IsNull(values[i]))
			r = fields[i].read(out, values[i], RS_AT_FIELD(at, fields[i].name), err);
	return r;
}
