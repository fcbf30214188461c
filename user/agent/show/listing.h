/* SPDX-License-Identifier: BSD-2-Clause */
/* What the handlers of requests (backend.c, objects.c, logs.c, list.c, watch.c) share. */
#ifndef RS_AGENT_SHOW_LISTING_H
#define RS_AGENT_SHOW_LISTING_H

#include "agent/show/view.h"

/* Answers with a Status of the code (negative errno), the reason (NULL: the code's own) and the sentence of `err`. */
void rs_request_refuse(struct rs_agent *agent, const struct rs_api_request *request, int code, const char *reason,
		       const struct rs_err *err);
/* The same for an object of the kind `what` that is not there: 404. */
void rs_request_not_found(struct rs_agent *agent, const struct rs_api_request *request, const char *what);

/* "v1", "Service", "services": of a resource's objects. */
const char *rs_listing_api_version(enum rs_api_resource resource);
const char *rs_listing_kind(enum rs_api_resource resource);
const char *rs_listing_plural(enum rs_api_resource resource);

/* logs.c: the list of logs, and the text of one. */
void rs_logs_list(struct rs_agent *agent, const struct rs_api_request *request);
void rs_logs_answer(struct rs_agent *agent, const struct rs_api_request *request);

/* objects.c: a request about Services, Configurations, Revisions or Routes. */
void rs_objects_handle(struct rs_agent *agent, const struct rs_api_request *request);

#endif
