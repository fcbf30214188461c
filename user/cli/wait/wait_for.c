// SPDX-License-Identifier: BSD-2-Clause
#include "cli/wait/wait_for.h"

#include "cli/print/json_path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#define VALUE_BYTES_MAX 65536

static int parse_condition(const char *text, struct rs_wait_for *wait, struct rs_err *err)
{
	const char *equals = strchr(text, '=');
	size_t length = equals ? (size_t)(equals - text) : strlen(text);
	wait->kind = RS_WAIT_CONDITION;
	if (length == 0 || length >= sizeof(wait->type) ||
	    rs_str_copy(wait->status, sizeof(wait->status), equals ? equals + 1 : "True") < 0)
		return rs_err_set(err, -EINVAL, "--for: \"condition=%s\" is not condition=TYPE[=STATUS]", text);
	memcpy(wait->type, text, length);
	wait->type[length] = '\0';
	return 0;
}

/* PATH=VALUE, or PATH alone. Equals signs inside of brackets and braces are the path's. */
static int parse_jsonpath(const char *text, struct rs_wait_for *wait, struct rs_err *err)
{
	const char *at = text;
	for (int depth = 0; *at && (depth || *at != '='); at++)
		depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
	size_t length = (size_t)(at - text);
	wait->kind = RS_WAIT_JSONPATH;
	if (length == 0 || length >= sizeof(wait->path))
		return rs_err_set(err, -EINVAL, "--for: \"jsonpath=%s\" is not jsonpath=PATH[=VALUE]", text);
	memcpy(wait->path, text, length);
	wait->path[length] = '\0';
	wait->value = *at ? at + 1 : NULL;
	int r = rs_json_path_check(wait->path, err);
	return r < 0 ? rs_err_prefix(err, "--for") : 0;
}

int rs_wait_for_parse(const char *text, struct rs_wait_for *ret_wait, struct rs_err *err)
{
	static const char condition[] = "condition=", instances[] = "instances=", jsonpath[] = "jsonpath=";
	struct rs_wait_for wait = {0};
	int r = 0;
	if (rs_str_starts_with(text, condition))
		r = parse_condition(text + sizeof(condition) - 1, &wait, err);
	else if (rs_str_starts_with(text, jsonpath))
		r = parse_jsonpath(text + sizeof(jsonpath) - 1, &wait, err);
	else if (rs_str_equal(text, "ready"))
		r = parse_condition("Ready", &wait, err);
	else if (rs_str_equal(text, "zero"))
		wait.kind = RS_WAIT_ZERO;
	else if (rs_str_equal(text, "delete"))
		wait.kind = RS_WAIT_DELETE;
	else if (rs_str_starts_with(text, instances)) {
		wait.kind = RS_WAIT_INSTANCES;
		if (rs_str_to_long(text + sizeof(instances) - 1, 0, INT_MAX, &wait.count) < 0)
			r = rs_err_set(err, -EINVAL, "--for: \"%s\" is not instances=N", text);
	} else {
		r = rs_err_set(
			err, -EINVAL,
			"--for: must be condition=TYPE[=STATUS], jsonpath=PATH[=VALUE], ready, zero, instances=N or "
			"delete, is \"%s\"",
			text);
	}
	if (r == 0)
		*ret_wait = wait;
	return r;
}

bool rs_wait_for_needs_instances(const struct rs_wait_for *wait)
{
	return wait->kind == RS_WAIT_ZERO || wait->kind == RS_WAIT_INSTANCES;
}

/* Status may speak of an older spec than the one that was applied last. */
static bool is_current(const cJSON *object)
{
	double observed = rs_json_number(object, -1, "status", "observedGeneration");
	return observed < 0 || observed >= rs_json_number(object, 0, "metadata", "generation");
}

static bool has_condition(const cJSON *object, const char *type, const char *status)
{
	const char *stage = rs_json_text(object, "status", "stage");
	/* Instances have a stage instead. */
	if (*stage)
		return (strcasecmp(stage, type) == 0) == (strcasecmp(status, "True") == 0);
	const cJSON *condition = rs_json_condition(object, type);
	return condition && is_current(object) && strcasecmp(rs_json_text(condition, "status"), status) == 0;
}

static long long count_instances(const cJSON *instances, const char *revision, bool only_ready)
{
	const cJSON *instance;
	long long count = 0;
	cJSON_ArrayForEach (instance, rs_json_get(instances, "items")) {
		const char *own = rs_json_text(instance, "metadata", "labels", "serving.knative.dev/revision");
		const char *stage = rs_json_text(instance, "status", "stage");
		if (revision && !rs_str_equal(own, revision))
			continue;
		/* One that has exited only lingers until its last packets are through. */
		count += only_ready ? strcasecmp(stage, "Ready") == 0 : strcasecmp(stage, "Exited") != 0;
	}
	return count;
}

static bool has_value(const cJSON *object, const char *path, const char *value)
{
	const cJSON *found = rs_json_path_first(path, object);
	struct rs_buf text;
	if (!found || !value)
		return found;
	rs_buf_init(&text, VALUE_BYTES_MAX);
	bool is_equal = rs_json_path_print(found, &text) == 0 && rs_str_equal(text.data, value);
	rs_buf_done(&text);
	return is_equal;
}

bool rs_wait_for_is_met(const struct rs_wait_for *wait, const cJSON *object, const cJSON *instances,
			const char *revision)
{
	switch (wait->kind) {
	case RS_WAIT_DELETE:
		return !object;
	case RS_WAIT_CONDITION:
		return object && has_condition(object, wait->type, wait->status);
	case RS_WAIT_JSONPATH:
		return object && has_value(object, wait->path, wait->value);
	case RS_WAIT_ZERO:
		return count_instances(instances, revision, false) == 0;
	case RS_WAIT_INSTANCES:
		return count_instances(instances, revision, true) >= wait->count;
	}
	return false;
}
