// SPDX-License-Identifier: BSD-2-Clause
/* What the API's requests mean. Each ends in exactly one answer, at once or when the store has the change. */
#include "agent/show/list.h"
#include "agent/show/listing.h"
#include "agent/watch/watch.h"

#include "base/str.h"

#include <string.h>

/* --- instances ------------------------------------------------------------------------------------------------- */

static struct rs_agent_instance *find_instance(const struct rs_agent *agent, const struct rs_api_request *request)
{
	for (unsigned i = 1; i < agent->workload_count; i++) {
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

/* --- the whole -------------------------------------------------------------------------------------------------- */

static void handle(void *user, const struct rs_api_request *request)
{
	struct rs_agent *agent = user;
	if (request->verb == RS_API_LIST) {
		if (request->resource == RS_API_LOGS)
			rs_logs_list(agent, request);
		else if (request->watch)
			rs_watch_begin(agent, request);
		else
			rs_list_begin(agent, request);
		return;
	}
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
	case RS_API_LOGS:
		rs_logs_answer(agent, request);
		break;
	case RS_API_STATUS:
		rs_api_answer(agent->api, request->token, 200, rs_health_print(agent));
		break;
	case RS_API_HOLDS:
	case RS_API_FLOWS:
	case RS_API_EVENTS:
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
