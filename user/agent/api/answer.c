// SPDX-License-Identifier: BSD-2-Clause
#include "agent/api/exchange.h"
#include "agent/api/status.h"

#include "base/mem.h"

#include <string.h>

struct rs_api_exchange *rs_api_find(struct rs_api *api, uint64_t token)
{
	/* The agent ends: the store writes what was queued, and nobody listens any more. */
	if (!api)
		return NULL;
	struct rs_api_exchange *exchange = api->exchanges[token % RS_API_CONNECTIONS_MAX];
	return exchange && exchange->token == token && !exchange->response ? exchange : NULL;
}

/* For when there is no memory to make an answer: lives in the program's text. */
static struct MHD_Response *out_of_memory(void)
{
	static char text[] = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
			     "\"message\":\"out of memory\",\"reason\":\"InternalError\",\"code\":500}\n";
	struct MHD_Response *response = MHD_create_response_from_buffer(sizeof(text) - 1, text, MHD_RESPMEM_PERSISTENT);
	if (response)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
	return response;
}

void rs_api_finish(struct rs_api_exchange *exchange, unsigned status, struct MHD_Response *response)
{
	if (!response) {
		status = MHD_HTTP_INTERNAL_SERVER_ERROR;
		response = out_of_memory();
	}
	/* Without a response the handler closes the connection. */
	exchange->response = response;
	exchange->status = status;
	exchange->is_handled = true;
	if (response) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
		if (exchange->applied)
			MHD_add_response_header(response, "X-Rouse-Applied", exchange->applied);
		if (exchange->target.allow)
			MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, exchange->target.allow);
	}
	if (exchange->is_suspended) {
		exchange->is_suspended = false;
		rs_api_resume(exchange);
	}
}

static struct MHD_Response *text_response(const char *type, char *text, size_t length)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return NULL;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	return response;
}

void rs_api_finish_text(struct rs_api_exchange *exchange, int http_status, const char *type, struct rs_buf *text)
{
	size_t length = text->length;
	char *data = rs_buf_take(text);
	exchange->answer_bytes = length;
	rs_api_finish(exchange, (unsigned)http_status, data ? text_response(type, data, length) : NULL);
}

void rs_api_finish_json(struct rs_api_exchange *exchange, int http_status, cJSON *body)
{
	struct MHD_Response *response = NULL;
	char *text = body ? cJSON_PrintUnformatted(body) : NULL;
	cJSON_Delete(body);
	if (text) {
		/* A newline in place of the NUL: for those who read it in a terminal. */
		size_t length = strlen(text);
		text[length] = '\n';
		exchange->answer_bytes = length + 1;
		response = text_response("application/json", text, length + 1);
	}
	rs_api_finish(exchange, (unsigned)http_status, response);
}

void rs_api_finish_error(struct rs_api_exchange *exchange, int http_status, const char *reason, const char *message)
{
	rs_api_finish_json(exchange, http_status, rs_api_status_object(http_status, reason, message));
}

void rs_api_note_applied(struct rs_api *api, uint64_t token, const char *applied)
{
	struct rs_api_exchange *exchange = rs_api_find(api, token);
	if (exchange)
		exchange->applied = applied;
}

void rs_api_answer(struct rs_api *api, uint64_t token, int status, cJSON *body)
{
	struct rs_api_exchange *exchange = rs_api_find(api, token);
	if (exchange)
		rs_api_finish_json(exchange, status, body);
	else
		cJSON_Delete(body); /* the client has gone */
}

void rs_api_answer_error(struct rs_api *api, uint64_t token, int code, const char *reason, const char *message)
{
	struct rs_api_exchange *exchange = rs_api_find(api, token);
	struct rs_api_failure failure = rs_api_failure(code);
	if (!exchange)
		return;
	exchange->applied = NULL;
	rs_api_finish_error(exchange, failure.status, reason ? reason : failure.reason, message);
}
