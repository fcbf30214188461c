// SPDX-License-Identifier: BSD-2-Clause
#include "agent/api/discovery.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static cJSON *begin(const char *kind)
{
	cJSON *document = cJSON_CreateObject();
	cJSON_AddStringToObject(document, "kind", kind);
	cJSON_AddStringToObject(document, "apiVersion", "v1");
	return document;
}

/* Appends the new object to the named array, which is made first where it is missing. */
static cJSON *append(cJSON *document, const char *name, cJSON *item)
{
	cJSON *array = cJSON_GetObjectItemCaseSensitive(document, name);
	if (!array)
		array = cJSON_AddArrayToObject(document, name);
	if (cJSON_AddItemToArray(array, item))
		return item;
	cJSON_Delete(item);
	return NULL;
}

static void add_version(cJSON *version, const char *group)
{
	char text[64];
	snprintf(text, sizeof(text), "%s/v1", group);
	cJSON_AddStringToObject(version, "groupVersion", text);
	cJSON_AddStringToObject(version, "version", "v1");
}

static void add_group(cJSON *document, const char *group)
{
	cJSON_AddStringToObject(document, "name", group);
	add_version(append(document, "versions", cJSON_CreateObject()), group);
	add_version(cJSON_AddObjectToObject(document, "preferredVersion"), group);
}

static void add_verbs(cJSON *item, const struct rs_api_route *route)
{
	static const char *const names[RS_API_VERB_COUNT] = {"get",    "list", "create", "update",
							     "delete", NULL,   "patch"};
	cJSON *verbs = cJSON_AddArrayToObject(item, "verbs");
	for (int verb = 0; verb < RS_API_VERB_COUNT; verb++) {
		if (names[verb] && route->verbs >> verb & 1)
			cJSON_AddItemToArray(verbs, cJSON_CreateString(names[verb]));
	}
	if (route->is_watched)
		cJSON_AddItemToArray(verbs, cJSON_CreateString("watch"));
}

static void add_resource(void *user, const struct rs_api_route *route)
{
	cJSON *item = append(user, "resources", cJSON_CreateObject());
	cJSON_AddStringToObject(item, "name", route->plural);
	cJSON_AddStringToObject(item, "singularName", route->singular);
	cJSON_AddBoolToObject(item, "namespaced", route->is_namespaced);
	cJSON_AddStringToObject(item, "kind", route->kind);
	add_verbs(item, route);
	if (route->short_name)
		append(item, "shortNames", cJSON_CreateString(route->short_name));
}

static cJSON *print_resources(const char *group_version, const char *prefix)
{
	cJSON *document = begin("APIResourceList");
	cJSON_AddStringToObject(document, "groupVersion", group_version);
	cJSON_AddArrayToObject(document, "resources");
	rs_api_routes_each(prefix, add_resource, document);
	return document;
}

static cJSON *print_groups(void)
{
	cJSON *document = begin("APIGroupList");
	add_group(append(document, "groups", cJSON_CreateObject()), "serving.knative.dev");
	add_group(append(document, "groups", cJSON_CreateObject()), "rouse.dev");
	return document;
}

static cJSON *print_group(const char *group)
{
	cJSON *document = begin("APIGroup");
	add_group(document, group);
	return document;
}

static cJSON *print_versions(void)
{
	cJSON *document = begin("APIVersions");
	append(document, "versions", cJSON_CreateString("v1"));
	cJSON_AddArrayToObject(document, "serverAddressByClientCIDRs");
	return document;
}

cJSON *rs_api_discovery_print(enum rs_api_page page)
{
	switch (page) {
	case RS_API_PAGE_API:
		return print_versions();
	case RS_API_PAGE_APIS:
		return print_groups();
	case RS_API_PAGE_SERVING:
		return print_group("serving.knative.dev");
	case RS_API_PAGE_ROUSE:
		return print_group("rouse.dev");
	case RS_API_PAGE_SERVING_V1:
		return print_resources("serving.knative.dev/v1", RS_API_SERVING);
	case RS_API_PAGE_ROUSE_V1:
		return print_resources("rouse.dev/v1", RS_API_ROUSE);
	case RS_API_PAGE_CORE_V1:
		return print_resources("v1", RS_API_CORE);
	default:
		return NULL;
	}
}
