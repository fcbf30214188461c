// SPDX-License-Identifier: BSD-2-Clause
#include "agent/api/path.h"

#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <string.h>

#define SERVING	  "/apis/serving.knative.dev/v1"
#define ROUSE	  "/apis/rouse.dev/v1"
#define CORE	  "/api/v1"
#define PARTS_MAX 5 /* namespaces/NS/instances/NAME/log */

enum shape {
	SHAPE_ALL,	 /* RESOURCE */
	SHAPE_NAMESPACE, /* namespaces/NS/RESOURCE */
	SHAPE_OBJECT,	 /* namespaces/NS/RESOURCE/NAME */
	SHAPE_LOG,	 /* namespaces/NS/RESOURCE/NAME/log */
	SHAPE_COUNT,
};

enum {
	ALL = 1 << SHAPE_ALL,
	NAMESPACE = 1 << SHAPE_NAMESPACE,
	OBJECT = 1 << SHAPE_OBJECT,
	LOG = 1 << SHAPE_LOG,
};

/* What there is, once: which group, and in which shapes each method is understood. */
static const struct resource {
	const char *group;
	const char *plural;
	unsigned get, post, put, delete;
} resources[RS_API_RESOURCE_COUNT] = {
	[RS_API_SERVICES] = {SERVING, "services", ALL | NAMESPACE | OBJECT, NAMESPACE, OBJECT, OBJECT},
	/* Their DELETE is understood, and refused with the reason by the registry where a Service owns them. */
	[RS_API_CONFIGURATIONS] = {SERVING, "configurations", ALL | NAMESPACE | OBJECT, 0, 0, OBJECT},
	[RS_API_REVISIONS] = {SERVING, "revisions", ALL | NAMESPACE | OBJECT, 0, 0, OBJECT},
	[RS_API_ROUTES] = {SERVING, "routes", ALL | NAMESPACE | OBJECT, 0, 0, OBJECT},
	[RS_API_INSTANCES] = {ROUSE, "instances", ALL | NAMESPACE | OBJECT | LOG, 0, 0, 0},
	[RS_API_HOLDS] = {ROUSE, "holds", ALL | NAMESPACE, 0, 0, 0},
	[RS_API_FLOWS] = {ROUSE, "flows", ALL | NAMESPACE, 0, 0, 0},
	[RS_API_EVENTS] = {CORE, "events", ALL | NAMESPACE, 0, 0, 0},
	[RS_API_LOGS] = {ROUSE, "logs", ALL | NAMESPACE | LOG, 0, 0, 0},
	[RS_API_STATUS] = {ROUSE, "status", ALL, 0, 0, 0},
};

static const struct {
	const char *path;
	enum rs_api_page page;
} pages[] = {
	{"/healthz", RS_API_PAGE_HEALTHZ},
	{"/readyz", RS_API_PAGE_READYZ},
	{"/metrics", RS_API_PAGE_METRICS},
	{"/version", RS_API_PAGE_VERSION},
};

static bool is_get(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

struct part {
	const char *text;
	size_t length;
};

static bool part_is(const struct part *part, const char *text)
{
	return strlen(text) == part->length && memcmp(part->text, text, part->length) == 0;
}

/* Splits "/a/b" into its parts; -1 when there are too many or an empty one. */
static int split(const char *path, struct part parts[static PARTS_MAX])
{
	int count = 0;
	while (*path == '/') {
		const char *text = path + 1;
		size_t length = strcspn(text, "/");
		if (length == 0 || count == PARTS_MAX)
			return -1;
		parts[count++] = (struct part){text, length};
		path = text + length;
	}
	return *path ? -1 : count;
}

static int copy_part(char out[static RS_NAME_SIZE], const struct part *part, const char *what, struct rs_err *err)
{
	if (part->length > RS_NAME_MAX)
		return rs_err_set(err, -ENOENT, "the path's %s is longer than the %d characters that names have", what,
				  RS_NAME_MAX);
	memcpy(out, part->text, part->length);
	out[part->length] = '\0';
	return 0;
}

static int unknown_path(const char *path, struct rs_err *err)
{
	return rs_err_set(err, -ENOENT,
			  "no such path: %.128s; there are " SERVING
			  "/[namespaces/NS/]{services,configurations,revisions,routes}, " ROUSE
			  "/[namespaces/NS/]{instances,holds,flows,logs}, " ROUSE "/status, " CORE
			  "/[namespaces/NS/]events, /healthz, /readyz, /metrics, /version",
			  path);
}

/* A group's prefix matched, so the person is close: says what this group has. */
static int unknown_resource(const char *group, const char *path, struct rs_err *err)
{
	struct rs_buf names;
	rs_buf_init(&names, 256);
	for (int i = 0; i < RS_API_RESOURCE_COUNT; i++) {
		if (strcmp(resources[i].group, group) == 0)
			rs_buf_printf(&names, "%s%s", names.length ? ", " : "", resources[i].plural);
	}
	int r = rs_err_set(err, -ENOENT, "no such path: %.128s; %s/[namespaces/NS/] has %s", path, group,
			   names.data ? names.data : "nothing");
	rs_buf_done(&names);
	return r;
}

static int parse_shape(const struct part *parts, int count, struct rs_api_target *target, enum shape *ret_shape,
		       struct rs_err *err)
{
	struct rs_api_request *request = &target->request;
	bool in_namespace = count >= 3 && part_is(&parts[0], "namespaces");
	const struct part *rest = in_namespace ? parts + 2 : parts;
	int rest_count = in_namespace ? count - 2 : count, r;
	for (int i = 0; rest_count > 0 && i < RS_API_RESOURCE_COUNT; i++) {
		if (!part_is(&rest[0], resources[i].plural))
			continue;
		request->resource = (enum rs_api_resource)i;
		if (in_namespace) {
			if ((r = copy_part(target->namespace, &parts[1], "namespace", err)) < 0)
				return r;
			request->namespace = target->namespace;
		}
		if (rest_count == 1) {
			*ret_shape = in_namespace ? SHAPE_NAMESPACE : SHAPE_ALL;
			return 0;
		}
		if (!in_namespace)
			return rs_err_set(err, -ENOENT, "one object is found by %s/namespaces/NS/%s/NAME",
					  resources[i].group, resources[i].plural);
		if ((r = copy_part(target->name, &rest[1], "name", err)) < 0)
			return r;
		request->name = target->name;
		if (rest_count > 3 || (rest_count == 3 && !part_is(&rest[2], "log")))
			return -ENOENT;
		*ret_shape = rest_count == 3 ? SHAPE_LOG : SHAPE_OBJECT;
		return 0;
	}
	return -ENOENT;
}

static const char *allowed(const struct resource *resource, unsigned shape)
{
	static const char *const text[] = {
		"GET, HEAD",	     "GET, HEAD, POST",	  "GET, HEAD, PUT",	    "GET, HEAD",
		"GET, HEAD, DELETE", "GET, HEAD, DELETE", "GET, HEAD, PUT, DELETE", "GET, HEAD, PUT, DELETE"};
	return text[(resource->post & shape ? 1 : 0) | (resource->put & shape ? 2 : 0) |
		    (resource->delete &shape ? 4 : 0)];
}

static int parse_verb(const char *method, enum shape shape, struct rs_api_target *target, struct rs_err *err)
{
	static const enum rs_api_verb reading[SHAPE_COUNT] = {RS_API_LIST, RS_API_LIST, RS_API_GET, RS_API_LOG};
	const struct resource *resource = &resources[target->request.resource];
	unsigned bit = 1U << shape;
	if (!((resource->get | resource->post | resource->put | resource->delete) & bit))
		return -ENOENT;
	if (is_get(method) && resource->get & bit) {
		/* The node's status is one object without a name. */
		target->request.verb = target->request.resource == RS_API_STATUS ? RS_API_GET : reading[shape];
		return 0;
	}
	if (strcmp(method, "POST") == 0 && resource->post & bit) {
		target->request.verb = RS_API_CREATE;
		return 0;
	}
	if (strcmp(method, "PUT") == 0 && resource->put & bit) {
		target->request.verb = RS_API_APPLY;
		return 0;
	}
	if (strcmp(method, "DELETE") == 0 && resource->delete &bit) {
		target->request.verb = RS_API_DELETE;
		return 0;
	}
	target->allow = allowed(resource, bit);
	const char *hint = "";
	if (strcmp(resource->group, SERVING) == 0)
		hint = target->request.resource != RS_API_SERVICES ? "; apply the Service that owns it"
		       : strcmp(method, "POST") == 0		   ? "; create with POST .../namespaces/NS/services"
								   : "; write with PUT .../namespaces/NS/services/NAME";
	return rs_err_set(err, -EOPNOTSUPP, "%.16s is not for this path, only %s%s", method, target->allow, hint);
}

int rs_api_target_parse(const char *method, const char *path, struct rs_api_target *ret_target, struct rs_err *err)
{
	struct rs_api_target *target = ret_target;
	*target = (struct rs_api_target){.request.log = {.lines = -1, .offset = -1}};
	for (size_t i = 0; i < rs_array_length(pages); i++) {
		if (strcmp(path, pages[i].path) != 0)
			continue;
		target->page = pages[i].page;
		target->allow = "GET, HEAD";
		return is_get(method) ? 0 : rs_err_set(err, -EOPNOTSUPP, "%.16s is not for %s, only GET", method, path);
	}
	static const char *const groups[] = {SERVING, ROUSE, CORE};
	for (size_t i = 0; i < rs_array_length(groups); i++) {
		size_t length = strlen(groups[i]);
		struct part parts[PARTS_MAX];
		enum shape shape = SHAPE_ALL;
		struct rs_err why = {0};
		if (strncmp(path, groups[i], length) != 0 || path[length] != '/')
			continue;
		int r = -ENOENT, count = split(path + length, parts);
		if (count > 0)
			r = parse_shape(parts, count, target, &shape, &why);
		if (r == 0 && strcmp(resources[target->request.resource].group, groups[i]) != 0)
			r = -ENOENT;
		if (r == 0)
			r = parse_verb(method, shape, target, &why);
		if (r < 0 && !why.code)
			return unknown_resource(groups[i], path, err);
		return r < 0 ? rs_err_set(err, r, "%s", why.message) : 0;
	}
	return unknown_path(path, err);
}

/* --- the query ------------------------------------------------------------------------------------------------- */

static int parse_number(const char *key, const char *value, int64_t *ret_value, struct rs_err *err)
{
	long long number;
	if (rs_str_to_long(value, 0, INT64_MAX, &number) < 0)
		return rs_err_set(err, -EINVAL, "%s=%.64s: a whole number from 0 on is wanted", key, value);
	*ret_value = number;
	return 0;
}

int rs_api_target_query(struct rs_api_target *target, const char *key, const char *value, struct rs_err *err)
{
	struct rs_api_request *request = &target->request;
	int64_t number = 0;
	int r;
	if (!value)
		value = "";
	const struct {
		const char *key;
		const char **value;
	} names[] = {{"service", &request->service},
		     {"kind", &request->kind},
		     {"revision", &request->revision},
		     {"instance", &request->instance}};
	for (size_t i = 0; i < rs_array_length(names); i++) {
		if (strcmp(key, names[i].key) != 0)
			continue;
		/* `service=` without a value is what a script with an empty variable sends: not a filter. */
		*names[i].value = *value ? value : NULL;
		return 0;
	}
	if (strcmp(key, "dryRun") == 0) {
		request->dry_run = strcmp(value, "All") == 0;
		return request->dry_run ? 0 : rs_err_set(err, -EINVAL, "dryRun=%.64s: only All is known", value);
	}
	if (strcmp(key, "follow") == 0 || strcmp(key, "timestamps") == 0) {
		bool *flag = *key == 'f' ? &request->log.follow : &request->log.timestamps;
		*flag = strcmp(value, "true") == 0;
		if (*flag || strcmp(value, "false") == 0)
			return 0;
		return rs_err_set(err, -EINVAL, "%s=%.64s: true or false is wanted", key, value);
	}
	if (strcmp(key, "after") == 0 || strcmp(key, "limit") == 0) {
		r = parse_number(key, value, &number, err);
		if (r == 0)
			*(*key == 'a' ? &request->after : &request->limit) = (uint64_t)number;
		return r;
	}
	if (strcmp(key, "tailLines") == 0)
		return parse_number(key, value, &request->log.lines, err);
	if (strcmp(key, "offset") == 0)
		return parse_number(key, value, &request->log.offset, err);
	if (strcmp(key, "sinceSeconds") == 0) {
		r = parse_number(key, value, &number, err);
		uint64_t now_ms = rs_wall_ns() / RS_NS_PER_MS, ago_ms = (uint64_t)number * 1000;
		if (r == 0)
			request->log.since_ms = (uint64_t)number < now_ms / 1000 ? now_ms - ago_ms : 0;
		return r;
	}
	if (strcmp(key, "sinceTime") == 0) {
		uint64_t wall_ns = 0;
		if (rs_time_parse(value, &wall_ns) < 0)
			return rs_err_set(err, -EINVAL, "sinceTime=%.64s: a time like 2026-11-25T11:00:00Z is wanted",
					  value);
		request->log.since_ms = wall_ns / RS_NS_PER_MS;
		return 0;
	}
	return rs_err_set(err, -EINVAL,
			  "no such parameter: %.64s; there are service, kind, after, limit, dryRun, "
			  "revision, instance, tailLines, sinceSeconds, sinceTime, offset, timestamps, follow",
			  key);
}
