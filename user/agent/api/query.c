// SPDX-License-Identifier: BSD-2-Clause
#include "agent/api/query.h"

#include "base/mem.h"
#include "base/time.h"
#include "core/model/selector.h"

#include <errno.h>
#include <string.h>

enum {
	GET = 1 << RS_API_GET,
	LIST = 1 << RS_API_LIST,
	CREATE = 1 << RS_API_CREATE,
	APPLY = 1 << RS_API_APPLY,
	DELETE = 1 << RS_API_DELETE,
	LOG = 1 << RS_API_LOG,
	PATCH = 1 << RS_API_PATCH,
	WRITE = CREATE | APPLY | PATCH,
};

#define OF(resource) (1U << RS_API_##resource)
enum {
	OBJECTS = OF(SERVICES) | OF(CONFIGURATIONS) | OF(REVISIONS) | OF(ROUTES),
	LABELLED = OBJECTS | OF(INSTANCES),
	EVENTS = OF(EVENTS),
	WATCHED = LABELLED | EVENTS,
	LISTED = WATCHED | OF(HOLDS) | OF(FLOWS),
	WRITTEN = OF(INSTANCES) | OF(LOGS),
	ANY = ~0,
};

static int parse_number(const char *key, const char *value, int64_t *ret_value, struct rs_err *err)
{
	long long number;
	if (rs_str_to_long(value, 0, INT64_MAX, &number) < 0)
		return rs_err_set(err, -EINVAL, "%s=%.64s: a whole number from 0 on is wanted", key, value);
	*ret_value = number;
	return 0;
}

static int parse_unsigned(const char *key, const char *value, uint64_t *ret_value, struct rs_err *err)
{
	int64_t number = 0;
	int r = parse_number(key, value, &number, err);
	if (r == 0)
		*ret_value = (uint64_t)number;
	return r;
}

static int parse_bool(const char *key, const char *value, bool *ret_value, struct rs_err *err)
{
	*ret_value = strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
	if (*ret_value || strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		return 0;
	return rs_err_set(err, -EINVAL, "%s=%.64s: true or false is wanted", key, value);
}

int rs_api_check_propagation(const char *policy, struct rs_err *err)
{
	if (strcmp(policy, "Background") == 0 || strcmp(policy, "Foreground") == 0)
		return 0;
	return rs_err_set(
		err, -EINVAL,
		"propagationPolicy %.64s: only Background and Foreground are known, what an object owns always "
		"goes with it",
		policy);
}

/* --- each parameter --------------------------------------------------------------------------------------------- */

typedef int set_parameter(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err);

/* `service=` without a value is what a script with an empty variable sends: not a filter. */
static int set_service(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	(void)key;
	(void)err;
	request->service = *value ? value : NULL;
	return 0;
}

static int set_kind(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	(void)key;
	(void)err;
	request->kind = *value ? value : NULL;
	return 0;
}

static int set_after(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	return parse_unsigned(key, value, &request->after, err);
}

static int set_limit(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	return parse_unsigned(key, value, &request->limit, err);
}

static int set_continue(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	(void)key;
	request->continues = *value;
	return *value ? rs_place_parse(value, &request->place, err) : 0;
}

static int set_dry_run(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	request->dry_run = strcmp(value, "All") == 0;
	return request->dry_run ? 0 : rs_err_set(err, -EINVAL, "%s=%.64s: only All is known", key, value);
}

/* Who writes is not kept: spec, labels and annotations have one owner. */
static int set_nothing(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	(void)request;
	(void)key;
	(void)value;
	(void)err;
	return 0;
}

static int set_validation(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	(void)request;
	if (strcmp(value, "Strict") == 0)
		return 0;
	return rs_err_set(err, -EINVAL, "%s=%.64s: only Strict is known, a field that is not is always refused", key,
			  value);
}

static int set_propagation(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	(void)key;
	request->propagation = value;
	return rs_api_check_propagation(value, err);
}

static int set_tail_lines(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	return parse_number(key, value, &request->log.lines, err);
}

static int set_follow(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	return parse_bool(key, value, &request->log.follow, err);
}

static int set_timestamps(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	return parse_bool(key, value, &request->log.timestamps, err);
}

static int set_offset(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	return parse_number(key, value, &request->log.offset, err);
}

static int set_since_seconds(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	uint64_t now_s = rs_wall_ns() / RS_NS_PER_S, ago_s = 0;
	int r = parse_unsigned(key, value, &ago_s, err);
	if (r == 0)
		request->log.since_ms = ago_s < now_s ? rs_wall_ns() / RS_NS_PER_MS - ago_s * 1000 : 0;
	return r;
}

static int set_since_time(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	uint64_t wall_ns = 0;
	if (rs_time_parse(value, &wall_ns) < 0)
		return rs_err_set(err, -EINVAL, "%s=%.64s: a time like 2026-11-25T11:00:00Z is wanted", key, value);
	request->log.since_ms = wall_ns / RS_NS_PER_MS;
	return 0;
}

static int set_revision(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	(void)key;
	(void)err;
	request->revision = *value ? value : NULL;
	return 0;
}

static int set_instance(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	(void)key;
	(void)err;
	request->instance = *value ? value : NULL;
	return 0;
}

/* Checked here, where it is a bad request; the backend parses it again for itself. */
static int set_labels(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	struct rs_selector *selector = NULL;
	int r = rs_selector_parse_labels(value, &selector, err);
	rs_selector_free(selector);
	request->label_selector = value;
	return r < 0 ? rs_err_prefix(err, "%s", key) : 0;
}

static int set_fields(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	struct rs_selector *selector = NULL;
	int r = rs_selector_parse_fields(value, rs_api_fields(request->resource), &selector, err);
	rs_selector_free(selector);
	request->field_selector = value;
	return r < 0 ? rs_err_prefix(err, "%s", key) : 0;
}

static int set_watch(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	return parse_bool(key, value, &request->watch, err);
}

/* "" and "0" mean any: what there is now. */
static int set_version(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	int r = *value ? parse_unsigned(key, value, &request->version, err) : 0;
	request->has_version = r == 0 && request->version > 0;
	return r;
}

static int set_timeout(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	return parse_unsigned(key, value, &request->timeout_seconds, err);
}

static int set_bookmarks(struct rs_api_request *request, const char *key, const char *value, struct rs_err *err)
{
	return parse_bool(key, value, &request->bookmarks, err);
}

static const struct parameter {
	const char *name;
	unsigned verbs, resources;
	set_parameter *set;
} parameters[] = {
	{"service", LIST, LISTED | OF(LOGS), set_service},
	{"revision", LIST, OF(LOGS), set_revision},
	{"instance", LIST, OF(LOGS), set_instance},
	{"kind", LIST, EVENTS, set_kind},
	{"after", LIST, EVENTS, set_after},
	{"limit", LIST, LISTED | OF(LOGS), set_limit},
	{"continue", LIST, LISTED, set_continue},
	{"labelSelector", LIST, LABELLED, set_labels},
	{"fieldSelector", LIST, WATCHED, set_fields},
	{"watch", LIST, WATCHED, set_watch},
	{"resourceVersion", LIST, WATCHED, set_version},
	{"timeoutSeconds", LIST, WATCHED, set_timeout},
	{"allowWatchBookmarks", LIST, WATCHED, set_bookmarks},
	{"dryRun", WRITE | DELETE, OBJECTS, set_dry_run},
	{"fieldManager", WRITE, OBJECTS, set_nothing},
	{"fieldValidation", WRITE, OBJECTS, set_validation},
	{"propagationPolicy", DELETE, OBJECTS, set_propagation},
	{"tailLines", LOG, WRITTEN, set_tail_lines},
	{"offset", LOG, WRITTEN, set_offset},
	{"sinceSeconds", LOG, WRITTEN, set_since_seconds},
	{"sinceTime", LOG, WRITTEN, set_since_time},
	{"timestamps", LOG, WRITTEN, set_timestamps},
	{"follow", LOG, WRITTEN, set_follow},
};

static bool is_for(const struct parameter *parameter, enum rs_api_verb verb, enum rs_api_resource resource)
{
	return parameter->verbs >> verb & 1 && parameter->resources >> resource & 1;
}

void rs_api_query_each(enum rs_api_verb verb, enum rs_api_resource resource, void (*each)(void *user, const char *name),
		       void *user)
{
	for (size_t i = 0; i < rs_array_length(parameters); i++) {
		if (is_for(&parameters[i], verb, resource))
			each(user, parameters[i].name);
	}
}

const char *const *rs_api_fields(enum rs_api_resource resource)
{
	static const char *const objects[] = {"metadata.name", "metadata.namespace", NULL};
	static const char *const events[] = {"involvedObject.name",
					     "involvedObject.kind",
					     "involvedObject.namespace",
					     "metadata.namespace",
					     "reason",
					     "type",
					     NULL};
	return resource == RS_API_EVENTS ? events : objects;
}

static void append_name(void *user, const char *name)
{
	struct rs_buf *names = user;
	rs_buf_printf(names, "%s%s", names->length ? ", " : "", name);
}

static int unknown(const struct rs_api_request *request, const char *key, struct rs_err *err)
{
	struct rs_buf names;
	rs_buf_init(&names, RS_ERR_MESSAGE_MAX);
	rs_api_query_each(request->verb, request->resource, append_name, &names);
	int r = rs_err_set(err, -EINVAL, "no such parameter here: %.64s; there %s", key,
			   names.length ? "are " : "is none");
	if (names.length)
		r = rs_err_set(err, -EINVAL, "no such parameter here: %.64s; there are %s", key, names.data);
	rs_buf_done(&names);
	return r;
}

int rs_api_target_query(struct rs_api_target *target, const char *key, const char *value, struct rs_err *err)
{
	struct rs_api_request *request = &target->request;
	for (size_t i = 0; i < rs_array_length(parameters); i++) {
		if (is_for(&parameters[i], request->verb, request->resource) && strcmp(parameters[i].name, key) == 0)
			return parameters[i].set(request, key, value ? value : "", err);
	}
	return unknown(request, key, err);
}
