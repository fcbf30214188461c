/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a method, a path and a query to what is asked for. Pure. What a person
 * typed wrong is answered with what there is.
 */
#ifndef RS_AGENT_API_PATH_H
#define RS_AGENT_API_PATH_H

#include "agent/api/api.h"

enum rs_api_page {
	RS_API_PAGE_OBJECTS, /* the rest stands in `request` */
	RS_API_PAGE_HEALTHZ,
	RS_API_PAGE_READYZ,
	RS_API_PAGE_METRICS,
	RS_API_PAGE_VERSION,
	RS_API_PAGE_API, /* discovery.c's, from here on */
	RS_API_PAGE_APIS,
	RS_API_PAGE_SERVING,
	RS_API_PAGE_ROUSE,
	RS_API_PAGE_SERVING_V1,
	RS_API_PAGE_ROUSE_V1,
	RS_API_PAGE_CORE_V1,
};

#define RS_API_SERVING "/apis/serving.knative.dev/v1"
#define RS_API_ROUSE   "/apis/rouse.dev/v1"
#define RS_API_CORE    "/api/v1"

struct rs_api_target {
	enum rs_api_page page;
	struct rs_api_request request; /* namespace and name point into the next two */
	char namespace[RS_NAME_SIZE];
	char name[RS_NAME_SIZE];
	const char *allow; /* after -EOPNOTSUPP: the methods that there are, as the Allow header has them */
};

/* Returns 0, -ENOENT (404) or -EOPNOTSUPP (405) with a sentence. `path` is percent-decoded, without the query. */
int rs_api_target_parse(const char *method, const char *path, struct rs_api_target *ret_target, struct rs_err *err);

/* What there is, for those who describe it. */
struct rs_api_route {
	const char *prefix; /* RS_API_SERVING ... */
	const char *plural, *singular, *kind;
	const char *short_name; /* NULL = none */
	enum rs_api_resource resource;
	unsigned verbs; /* 1 << RS_API_GET ... */
	bool is_namespaced;
	bool is_watched;
};

/* Every resource below the prefix (NULL = all). */
void rs_api_routes_each(const char *prefix, void (*each)(void *user, const struct rs_api_route *route), void *user);
/* Every path, with {namespace} and {name}, and each method that it has (HEAD goes with GET). Pages have no verb: -1. */
void rs_api_paths_each(void (*each)(void *user, const char *path, const char *method, int verb,
				    enum rs_api_resource resource),
		       void *user);

#endif
