/* SPDX-License-Identifier: BSD-2-Clause */
/* Which objects a list or a watch is about: namespace, owner, labels, fields. */
#ifndef RS_AGENT_SHOW_FILTER_H
#define RS_AGENT_SHOW_FILTER_H

#include "agent/agent.h"
#include "core/model/selector.h"

struct rs_filter {
	enum rs_api_resource resource;
	char *namespace; /* NULL = any; so are the next two */
	char *service;
	char *kind; /* of what an event is about */
	struct rs_selector *labels;
	struct rs_selector *fields;
};

/* Copies what it needs from the request. */
int rs_filter_init(struct rs_filter *filter, const struct rs_api_request *request, struct rs_err *err);
void rs_filter_done(struct rs_filter *filter);

/* What an object does not change in its life: its place, its name, its owner. */
bool rs_filter_takes_place(const struct rs_filter *filter, const char *namespace, const char *name);
bool rs_filter_takes_owner(const struct rs_filter *filter, const char *service);
/* `object`: of the filter's resource. All of it. */
bool rs_filter_takes(const struct rs_filter *filter, const void *object);
/* All but labels: what the object does not change in its life. */
bool rs_filter_takes_fixed(const struct rs_filter *filter, const void *object);
/* The labels alone. */
bool rs_filter_takes_labels(const struct rs_filter *filter, const void *object);
/* An event, with its fields. */
bool rs_filter_takes_event(const struct rs_filter *filter, const struct rs_agent *agent,
			   const struct rs_store_event *event);

#endif
