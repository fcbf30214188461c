// SPDX-License-Identifier: BSD-2-Clause
#include "agent/listing.h"

#include "base/time.h"

#include <errno.h>
#include <stdio.h>

void rs_request_refuse(struct rs_agent *agent, const struct rs_api_request *request, int code, const char *reason,
		       const struct rs_err *err)
{
	rs_api_answer_error(agent->api, request->token, code, reason, err->message);
}

void rs_request_not_found(struct rs_agent *agent, const struct rs_api_request *request, const char *what)
{
	char message[RS_ERR_MESSAGE_MAX];
	snprintf(message, sizeof(message), "%s \"%s\" is not there in the namespace \"%s\"", what, request->name,
		 request->namespace);
	rs_api_answer_error(agent->api, request->token, -ENOENT, NULL, message);
}

struct rs_listing rs_listing_begin(struct rs_agent *agent, const struct rs_api_request *request,
				   const char *api_version, const char *kind)
{
	struct rs_listing listing = {.agent = agent, .request = request, .now_ns = rs_now_ns(), .limit = UINT64_MAX};
	listing.list = rs_view_list(api_version, kind, rs_registry_version(agent->registry));
	listing.items = cJSON_GetObjectItemCaseSensitive(listing.list, "items");
	if (request->limit)
		listing.limit = request->limit;
	return listing;
}

int rs_listing_add(struct rs_listing *listing, cJSON *item)
{
	if (!item || !cJSON_AddItemToArray(listing->items, item)) {
		cJSON_Delete(item);
		listing->failed = true;
		return 1;
	}
	return ++listing->count == listing->limit;
}

void rs_listing_end(struct rs_listing *listing)
{
	if (listing->failed) {
		cJSON_Delete(listing->list);
		listing->list = NULL;
	}
	rs_api_answer(listing->agent->api, listing->request->token, 200, listing->list);
}
