/* SPDX-License-Identifier: BSD-2-Clause */
/* What backend.c and objects.c answer with. */
#ifndef RS_AGENT_LISTING_H
#define RS_AGENT_LISTING_H

#include "agent/view.h"

/* A list in the making. Out of memory is remembered and answered at its end. */
struct rs_listing {
	struct rs_agent *agent;
	const struct rs_api_request *request;
	cJSON *list;
	cJSON *items;
	uint64_t count;
	uint64_t limit;
	uint64_t now_ns;
	enum rs_kind kind; /* objects.c's */
	bool failed;
};

struct rs_listing rs_listing_begin(struct rs_agent *agent, const struct rs_api_request *request,
				   const char *api_version, const char *kind);
/* Takes the item over. Returns non-zero when there is no room for more. */
int rs_listing_add(struct rs_listing *listing, cJSON *item);
/* Answers. */
void rs_listing_end(struct rs_listing *listing);

void rs_request_refuse(struct rs_agent *agent, const struct rs_api_request *request, int code, const char *reason,
		       const struct rs_err *err);
void rs_request_not_found(struct rs_agent *agent, const struct rs_api_request *request, const char *what);

/* logs.c: the list of logs, and the text of one. */
void rs_logs_list(struct rs_agent *agent, const struct rs_api_request *request);
void rs_logs_answer(struct rs_agent *agent, const struct rs_api_request *request);

/* objects.c: a request about Services, Configurations, Revisions or Routes. */
void rs_objects_handle(struct rs_agent *agent, const struct rs_api_request *request);

#endif
