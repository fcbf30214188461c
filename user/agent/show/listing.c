// SPDX-License-Identifier: BSD-2-Clause
#include "agent/show/listing.h"

#include "base/time.h"
#include "wire/service.h"

#include <errno.h>
#include <stdio.h>

static const struct {
	const char *api_version, *kind, *plural;
} resources[RS_API_RESOURCE_COUNT] = {
	[RS_API_SERVICES] = {RS_WIRE_API_VERSION, "Service", "services"},
	[RS_API_CONFIGURATIONS] = {RS_WIRE_API_VERSION, "Configuration", "configurations"},
	[RS_API_REVISIONS] = {RS_WIRE_API_VERSION, "Revision", "revisions"},
	[RS_API_ROUTES] = {RS_WIRE_API_VERSION, "Route", "routes"},
	[RS_API_INSTANCES] = {RS_VIEW_ROUSE_VERSION, "Instance", "instances"},
	[RS_API_HOLDS] = {RS_VIEW_ROUSE_VERSION, "Hold", "holds"},
	[RS_API_FLOWS] = {RS_VIEW_ROUSE_VERSION, "Flow", "flows"},
	[RS_API_EVENTS] = {"v1", "Event", "events"},
	[RS_API_LOGS] = {RS_VIEW_ROUSE_VERSION, "Log", "logs"},
	[RS_API_STATUS] = {RS_VIEW_ROUSE_VERSION, "NodeStatus", "status"},
};

const char *rs_listing_api_version(enum rs_api_resource resource)
{
	return resources[resource].api_version;
}

const char *rs_listing_kind(enum rs_api_resource resource)
{
	return resources[resource].kind;
}

const char *rs_listing_plural(enum rs_api_resource resource)
{
	return resources[resource].plural;
}

void rs_request_refuse(struct rs_agent *agent, const struct rs_api_request *request, int code, const char *reason,
		       const struct rs_err *err)
{
	rs_api_answer_error(agent->api, request->token, code, reason, err->message);
}

void rs_request_not_found(struct rs_agent *agent, const struct rs_api_request *request, const char *what)
{
	char message[RS_ERR_MESSAGE_MAX];
	snprintf(message, sizeof(message), "%s \"%s\" not found in the namespace \"%s\"", what, request->name,
		 request->namespace);
	rs_api_answer_error(agent->api, request->token, -ENOENT, NULL, message);
}
