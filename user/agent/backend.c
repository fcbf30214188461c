// SPDX-License-Identifier: BSD-2-Clause
/* What the API's requests mean. Each ends in exactly one answer, at once or when the store has the change. */
#include "agent/listing.h"

#include "base/str.h"

#include <string.h>

#define FLOWS_DEFAULT 1000

/* --- instances, holds, flows ------------------------------------------------------------------------------------ */

static struct rs_agent_instance *find_instance(const struct rs_agent *agent, const struct rs_api_request *request)
{
	for (unsigned i = 1; i < RS_REVISIONS_MAX; i++) {
		struct rs_workload *workload = agent->workloads[i];
		if (!workload || !rs_view_matches(workload, request->namespace, NULL))
			continue;
		for (struct rs_agent_instance *at = workload->instances; at; at = at->next) {
			if (strcmp(at->rt->name, request->name) == 0)
				return at;
		}
	}
	return NULL;
}

static void list_instances(struct rs_agent *agent, const struct rs_api_request *request)
{
	struct rs_listing listing = rs_listing_begin(agent, request, RS_VIEW_ROUSE_VERSION, "InstanceList");
	for (unsigned i = 1; i < RS_REVISIONS_MAX; i++) {
		const struct rs_workload *workload = agent->workloads[i];
		if (!workload || !rs_view_matches(workload, request->namespace, request->service))
			continue;
		for (struct rs_agent_instance *at = workload->instances; at; at = at->next) {
			if (rs_listing_add(&listing, rs_view_instance(at))) {
				rs_listing_end(&listing);
				return;
			}
		}
	}
	rs_listing_end(&listing);
}

static void answer_log(struct rs_agent *agent, const struct rs_api_request *request,
		       const struct rs_agent_instance *instance)
{
	/* The path outlives the instance in here: it may go while its log is followed. */
	char path[sizeof(instance->rt->log_path)];
	rs_str_copy(path, sizeof(path), instance->rt->log_path);
	rs_api_answer_file(agent->api, request->token, path, &request->log);
	if (instance->stage == RS_STAGE_EXITED)
		rs_api_end_follow(agent->api, path);
}

static void handle_instance(struct rs_agent *agent, const struct rs_api_request *request)
{
	if (request->verb == RS_API_LIST) {
		list_instances(agent, request);
		return;
	}
	const struct rs_agent_instance *instance = find_instance(agent, request);
	if (instance && request->verb == RS_API_LOG)
		answer_log(agent, request, instance);
	else if (request->verb == RS_API_LOG)
		rs_logs_answer(agent, request); /* it is gone, and has left one */
	else if (!instance)
		rs_request_not_found(agent, request, "Instance");
	else
		rs_api_answer(agent->api, request->token, 200, rs_view_instance(instance));
}

static int list_hold(void *user, const struct rs_hold *hold)
{
	struct rs_listing *listing = user;
	const struct rs_api_request *request = listing->request;
	if (hold->state != RS_HOLD_HELD ||
	    !rs_view_matches(rs_view_workload(listing->agent, hold->revision), request->namespace, request->service))
		return 0;
	return rs_listing_add(listing, rs_view_hold(listing->agent, hold, listing->now_ns));
}

static void list_holds(struct rs_agent *agent, const struct rs_api_request *request)
{
	struct rs_listing listing = rs_listing_begin(agent, request, RS_VIEW_ROUSE_VERSION, "HoldList");
	rs_dp_holds_each(agent->dp, list_hold, &listing);
	rs_listing_end(&listing);
}

static int list_flow(void *user, const struct rs_tuple *key, const struct rs_flow *flow)
{
	struct rs_listing *listing = user;
	const struct rs_api_request *request = listing->request;
	if (!rs_view_matches(rs_view_workload(listing->agent, flow->revision), request->namespace, request->service))
		return 0;
	return rs_listing_add(listing, rs_view_flow(listing->agent, key, flow, listing->now_ns));
}

static void list_flows(struct rs_agent *agent, const struct rs_api_request *request)
{
	struct rs_listing listing = rs_listing_begin(agent, request, RS_VIEW_ROUSE_VERSION, "FlowList");
	if (!request->limit)
		listing.limit = FLOWS_DEFAULT;
	rs_dp_flows_each(agent->dp, list_flow, &listing);
	rs_listing_end(&listing);
}

/* --- events ----------------------------------------------------------------------------------------------------- */

/* Events about a service are also those about what it owns. A revision that is gone is known by its name. */
static bool is_about(const struct rs_agent *agent, const struct rs_store_event *event, const char *service)
{
	if (!service || strcmp(event->name, service) == 0)
		return true;
	const struct rs_model_revision *revision = rs_registry_revision(agent->registry, event->namespace, event->name);
	if (revision)
		return strcmp(revision->service, service) == 0;
	size_t length = strlen(service);
	return strcmp(event->kind, "Revision") == 0 && strncmp(event->name, service, length) == 0 &&
	       event->name[length] == '-' &&
	       strspn(event->name + length + 1, "0123456789") == strlen(event->name + length + 1);
}

static int list_event(void *user, const struct rs_store_event *event)
{
	struct rs_listing *listing = user;
	const struct rs_api_request *request = listing->request;
	if (!is_about(listing->agent, event, request->service))
		return 0;
	/* Without `after` a limit means the newest: the oldest makes room. */
	if (!request->after && listing->count == listing->limit) {
		cJSON_DeleteItemFromArray(listing->items, 0);
		listing->count--;
	}
	return rs_listing_add(listing, rs_view_event(event)) && (request->after || listing->failed);
}

static void list_events(struct rs_agent *agent, const struct rs_api_request *request)
{
	struct rs_err err = {0};
	struct rs_listing listing = rs_listing_begin(agent, request, "v1", "EventList");
	int r = rs_store_list_events(agent->store, request->after, RS_STORE_EVENTS_MAX, request->namespace,
				     request->kind, NULL, list_event, &listing, &err);
	if (r >= 0) {
		rs_listing_end(&listing);
		return;
	}
	cJSON_Delete(listing.list);
	rs_request_refuse(agent, request, r, NULL, &err);
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

static void handle(void *user, const struct rs_api_request *request)
{
	struct rs_agent *agent = user;
	switch (request->resource) {
	case RS_API_SERVICES:
	case RS_API_CONFIGURATIONS:
	case RS_API_REVISIONS:
	case RS_API_ROUTES:
		rs_objects_handle(agent, request);
		break;
	case RS_API_INSTANCES:
		handle_instance(agent, request);
		break;
	case RS_API_HOLDS:
		list_holds(agent, request);
		break;
	case RS_API_FLOWS:
		list_flows(agent, request);
		break;
	case RS_API_EVENTS:
		list_events(agent, request);
		break;
	case RS_API_LOGS:
		if (request->verb == RS_API_LIST)
			rs_logs_list(agent, request);
		else
			rs_logs_answer(agent, request);
		break;
	case RS_API_STATUS:
		rs_api_answer(agent->api, request->token, 200, rs_health_print(agent));
		break;
	case RS_API_RESOURCE_COUNT:
		break;
	}
	rs_tick_wanted(agent);
}

/* What it has looked at in the dataplane is given back by the next round, when nobody is at work. */
static void print_metrics(void *user, struct rs_buf *out)
{
	rs_metrics_print(user, out);
	rs_tick_wanted(user);
}

static bool is_ready(void *user, struct rs_buf *out)
{
	const struct rs_agent *agent = user;
	if (!agent->ready)
		rs_buf_puts(out, "the agent is still taking over what an earlier one left");
	return agent->ready;
}

const struct rs_api_backend rs_agent_backend = {
	.handle = handle,
	.metrics = print_metrics,
	.ready = is_ready,
};
