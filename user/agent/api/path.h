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
};

struct rs_api_target {
	enum rs_api_page page;
	struct rs_api_request request; /* namespace and name point into the next two */
	char namespace[RS_NAME_SIZE];
	char name[RS_NAME_SIZE];
	const char *allow; /* after -EOPNOTSUPP: the methods that there are, as the Allow header has them */
};

/* Returns 0, -ENOENT (404) or -EOPNOTSUPP (405) with a sentence. `path` is percent-decoded, without the query. */
int rs_api_target_parse(const char *method, const char *path, struct rs_api_target *ret_target, struct rs_err *err);

#endif
