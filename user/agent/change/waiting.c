// SPDX-License-Identifier: BSD-2-Clause
/*
 * Requests for a service whose last change is on its way to the disk. They wait
 * for it, so that a service's changes are made in the order in which they were
 * asked for; those of other services go on. At most as many as the API has
 * connections.
 */
#include "agent/show/listing.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct rs_waiting_request {
	struct rs_waiting_request *next;
	struct rs_api_request request; /* of what a change needs; its strings and body are below */
	char namespace[RS_NAME_SIZE];
	char name[RS_NAME_SIZE];
	cJSON *body;
};

static struct rs_waiting_request *waiting_free(struct rs_waiting_request *waiting)
{
	if (waiting)
		cJSON_Delete(waiting->body);
	free(waiting);
	return NULL;
}

static struct rs_waiting_request *waiting_new(const struct rs_api_request *request)
{
	struct rs_waiting_request *waiting = calloc(1, sizeof(*waiting));
	if (!waiting)
		return NULL;
	waiting->request = (struct rs_api_request){
		.token = request->token,
		.verb = request->verb,
		.resource = request->resource,
		.namespace = waiting->namespace,
		.name = request->name ? waiting->name : NULL,
		.dry_run = request->dry_run,
	};
	waiting->body = request->body ? cJSON_Duplicate(request->body, true) : NULL;
	waiting->request.body = waiting->body;
	if ((request->body && !waiting->body) ||
	    rs_str_copy(waiting->namespace, sizeof(waiting->namespace), request->namespace) < 0 ||
	    (request->name && rs_str_copy(waiting->name, sizeof(waiting->name), request->name) < 0))
		return waiting_free(waiting);
	return waiting;
}

/* The service that the request changes, or NULL. */
static const char *service_of(const struct rs_agent *agent, const struct rs_api_request *request)
{
	if (request->name && request->resource == RS_API_REVISIONS) {
		const struct rs_model_revision *revision =
			rs_registry_revision(agent->registry, request->namespace, request->name);
		return revision ? revision->service : NULL;
	}
	if (request->name)
		return request->name;
	const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(request->body, "metadata");
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, "name"));
}

bool rs_waiting_take(struct rs_agent *agent, const struct rs_api_request *request)
{
	const char *service = service_of(agent, request);
	if (!service || !rs_registry_is_busy(agent->registry, request->namespace, service))
		return false;
	struct rs_waiting_request *waiting = waiting_new(request), **last = &agent->waiting;
	if (!waiting) {
		rs_api_answer_error(agent->api, request->token, -ENOMEM, NULL, "out of memory: try again");
		return true;
	}
	while (*last)
		last = &(*last)->next;
	*last = waiting;
	return true;
}

void rs_waiting_run(struct rs_agent *agent, const char *namespace, const char *service)
{
	/* Those that have to wait again stand in the same order again. */
	struct rs_waiting_request *waiting = rs_take_ptr(agent->waiting), **kept = &agent->waiting;
	while (waiting) {
		struct rs_waiting_request *next = waiting->next;
		const char *wanted = service_of(agent, &waiting->request);
		waiting->next = NULL;
		if (wanted && (strcmp(wanted, service) != 0 || strcmp(waiting->namespace, namespace) != 0)) {
			while (*kept)
				kept = &(*kept)->next;
			*kept = waiting;
		} else {
			rs_objects_handle(agent, &waiting->request);
			waiting_free(waiting);
		}
		waiting = next;
	}
}

void rs_waiting_free(struct rs_agent *agent)
{
	while (agent->waiting) {
		struct rs_waiting_request *next = agent->waiting->next;
		waiting_free(agent->waiting);
		agent->waiting = next;
	}
}
