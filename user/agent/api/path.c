// SPDX-License-Identifier: BSD-2-Clause
#include "agent/api/path.h"

#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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
	const char *plural, *singular, *kind, *short_name;
	unsigned get, post, put, patch, delete;
	bool is_watched;
} resources[RS_API_RESOURCE_COUNT] = {
	[RS_API_SERVICES] = {RS_API_SERVING, "services", "service", "Service", "ksvc", ALL | NAMESPACE | OBJECT,
			     NAMESPACE, OBJECT, OBJECT, OBJECT, true},
	/* Their DELETE is understood, and refused with the reason by the registry where a Service owns them. */
	[RS_API_CONFIGURATIONS] = {RS_API_SERVING, "configurations", "configuration", "Configuration", "cfg",
				   ALL | NAMESPACE | OBJECT, 0, 0, 0, OBJECT, true},
	[RS_API_REVISIONS] = {RS_API_SERVING, "revisions", "revision", "Revision", "rev", ALL | NAMESPACE | OBJECT, 0,
			      0, 0, OBJECT, true},
	[RS_API_ROUTES] = {RS_API_SERVING, "routes", "route", "Route", "rt", ALL | NAMESPACE | OBJECT, 0, 0, 0, OBJECT,
			   true},
	[RS_API_INSTANCES] = {RS_API_ROUSE, "instances", "instance", "Instance", NULL, ALL | NAMESPACE | OBJECT | LOG,
			      0, 0, 0, 0, true},
	[RS_API_HOLDS] = {RS_API_ROUSE, "holds", "hold", "Hold", NULL, ALL | NAMESPACE, 0, 0, 0, 0, false},
	[RS_API_FLOWS] = {RS_API_ROUSE, "flows", "flow", "Flow", NULL, ALL | NAMESPACE, 0, 0, 0, 0, false},
	[RS_API_EVENTS] = {RS_API_CORE, "events", "event", "Event", "ev", ALL | NAMESPACE, 0, 0, 0, 0, true},
	[RS_API_LOGS] = {RS_API_ROUSE, "logs", "log", "Log", NULL, ALL | NAMESPACE | LOG, 0, 0, 0, 0, false},
	[RS_API_STATUS] = {RS_API_ROUSE, "status", "status", "NodeStatus", NULL, ALL, 0, 0, 0, 0, false},
};

static const struct {
	const char *path;
	enum rs_api_page page;
} pages[] = {
	{"/healthz", RS_API_PAGE_HEALTHZ},
	{"/readyz", RS_API_PAGE_READYZ},
	{"/metrics", RS_API_PAGE_METRICS},
	{"/version", RS_API_PAGE_VERSION},
	{"/api", RS_API_PAGE_API},
	{"/apis", RS_API_PAGE_APIS},
	{"/apis/serving.knative.dev", RS_API_PAGE_SERVING},
	{"/apis/rouse.dev", RS_API_PAGE_ROUSE},
	{RS_API_SERVING, RS_API_PAGE_SERVING_V1},
	{RS_API_ROUSE, RS_API_PAGE_ROUSE_V1},
	{RS_API_CORE, RS_API_PAGE_CORE_V1},
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
		return rs_err_set(err, -ENOENT, "metadata.%s: \"%.*s...\" has %zu characters, at most %d are possible",
				  what, 16, part->text, part->length, RS_NAME_MAX);
	memcpy(out, part->text, part->length);
	out[part->length] = '\0';
	return 0;
}

static int unknown_path(const char *path, struct rs_err *err)
{
	return rs_err_set(err, -ENOENT,
			  "no such path: %.128s; there are " RS_API_SERVING
			  "/[namespaces/NS/]{services,configurations,revisions,routes}, " RS_API_ROUSE
			  "/[namespaces/NS/]{instances,holds,flows,logs}, " RS_API_ROUSE "/status, " RS_API_CORE
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

/* As the Allow header has them. */
static const char *allowed(const struct resource *resource, unsigned shape)
{
	/* Of a collection: POST or nothing. Of an object: all three, or DELETE, or nothing. */
	return resource->post & shape	 ? "GET, HEAD, POST"
	       : resource->put & shape	 ? "GET, HEAD, PUT, PATCH, DELETE"
	       : resource->delete &shape ? "GET, HEAD, DELETE"
					 : "GET, HEAD";
}

static int parse_verb(const char *method, enum shape shape, struct rs_api_target *target, struct rs_err *err)
{
	static const enum rs_api_verb reading[SHAPE_COUNT] = {RS_API_LIST, RS_API_LIST, RS_API_GET, RS_API_LOG};
	const struct resource *resource = &resources[target->request.resource];
	unsigned bit = 1U << shape;
	if (!(resource->get & bit))
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
	if (strcmp(method, "PATCH") == 0 && resource->patch & bit) {
		target->request.verb = RS_API_PATCH;
		return 0;
	}
	if (strcmp(method, "DELETE") == 0 && resource->delete &bit) {
		target->request.verb = RS_API_DELETE;
		return 0;
	}
	target->allow = allowed(resource, bit);
	const char *hint = "";
	if (strcmp(resource->group, RS_API_SERVING) == 0)
		hint = target->request.resource != RS_API_SERVICES ? "; apply the Service that owns it"
		       : strcmp(method, "POST") == 0		   ? "; create with POST .../namespaces/NS/services"
								   : "; write with PUT .../namespaces/NS/services/NAME";
	return rs_err_set(err, -EOPNOTSUPP, "%.16s is not for this path, only %s%s", method, target->allow, hint);
}

int rs_api_target_parse(const char *method, const char *path, struct rs_api_target *ret_target, struct rs_err *err)
{
	struct rs_api_target *target = ret_target;
	*target = (struct rs_api_target){.request = {.log = {.lines = -1, .offset = -1}, .bookmarks = true}};
	for (size_t i = 0; i < rs_array_length(pages); i++) {
		if (strcmp(path, pages[i].path) != 0)
			continue;
		target->page = pages[i].page;
		target->allow = "GET, HEAD";
		return is_get(method) ? 0 : rs_err_set(err, -EOPNOTSUPP, "%.16s is not for %s, only GET", method, path);
	}
	static const char *const groups[] = {RS_API_SERVING, RS_API_ROUSE, RS_API_CORE};
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

/* --- for those who describe it ---------------------------------------------------------------------------------- */

static unsigned verbs_of(const struct resource *resource, enum rs_api_resource which)
{
	unsigned verbs = 0;
	if (resource->get & OBJECT || which == RS_API_STATUS)
		verbs |= 1 << RS_API_GET;
	if (resource->get & ALL && which != RS_API_STATUS)
		verbs |= 1 << RS_API_LIST;
	if (resource->get & LOG)
		verbs |= 1 << RS_API_LOG;
	if (resource->post)
		verbs |= 1 << RS_API_CREATE;
	if (resource->put)
		verbs |= 1 << RS_API_APPLY;
	if (resource->patch)
		verbs |= 1 << RS_API_PATCH;
	if (resource->delete)
		verbs |= 1 << RS_API_DELETE;
	return verbs;
}

void rs_api_routes_each(const char *prefix, void (*each)(void *user, const struct rs_api_route *route), void *user)
{
	for (int i = 0; i < RS_API_RESOURCE_COUNT; i++) {
		const struct resource *resource = &resources[i];
		const struct rs_api_route route = {
			.prefix = resource->group,
			.plural = resource->plural,
			.singular = resource->singular,
			.kind = resource->kind,
			.short_name = resource->short_name,
			.resource = (enum rs_api_resource)i,
			.verbs = verbs_of(resource, (enum rs_api_resource)i),
			.is_namespaced = resource->get & NAMESPACE,
			.is_watched = resource->is_watched,
		};
		if (!prefix || strcmp(prefix, resource->group) == 0)
			each(user, &route);
	}
}

void rs_api_paths_each(void (*each)(void *user, const char *path, const char *method, int verb,
				    enum rs_api_resource resource),
		       void *user)
{
	static const char *const shapes[SHAPE_COUNT] = {"%s/%s", "%s/namespaces/{namespace}/%s",
							"%s/namespaces/{namespace}/%s/{name}",
							"%s/namespaces/{namespace}/%s/{name}/log"};
	static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
	for (size_t i = 0; i < rs_array_length(pages); i++)
		each(user, pages[i].path, "GET", -1, RS_API_RESOURCE_COUNT);
	for (int i = 0; i < RS_API_RESOURCE_COUNT * SHAPE_COUNT; i++) {
		const struct resource *resource = &resources[i / SHAPE_COUNT];
		enum shape shape = (enum shape)(i % SHAPE_COUNT);
		for (size_t m = 0; m < rs_array_length(methods); m++) {
			struct rs_api_target target = {.request.resource = (enum rs_api_resource)(i / SHAPE_COUNT)};
			struct rs_err err = {0};
			char path[128];
			if (parse_verb(methods[m], shape, &target, &err) < 0)
				continue;
			snprintf(path, sizeof(path), shapes[shape], resource->group, resource->plural);
			each(user, path, methods[m], (int)target.request.verb, target.request.resource);
		}
	}
}
