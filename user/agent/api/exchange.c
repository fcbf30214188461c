// SPDX-License-Identifier: BSD-2-Clause
#include "agent/api/discovery.h"
#include "agent/api/exchange.h"
#include "agent/api/head.h"

#include "abi/version.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#define METRICS_BYTES_MAX (64 * 1024 * 1024)
#define REASON_BYTES_MAX  4096
/* What is read and thrown away so that a client whose body is too large, and who had not said so, gets to read why:
 * libmicrohttpd takes no answer in the middle of a body. */
#define EXCESS_MAX (256 * 1024 * 1024)
/* An answer of this size was some ten times as large before it was text. */
#define LARGE_ANSWER (256 * 1024)

static struct rs_api_exchange *new_exchange(struct rs_api *api, struct MHD_Connection *connection)
{
	for (unsigned slot = 0; slot < RS_API_CONNECTIONS_MAX; slot++) {
		if (api->exchanges[slot])
			continue;
		struct rs_api_exchange *exchange = calloc(1, sizeof(*exchange));
		if (!exchange)
			return NULL;
		exchange->api = api;
		exchange->connection = connection;
		exchange->token = ++api->serial * RS_API_CONNECTIONS_MAX + slot;
		rs_buf_init(&exchange->body, RS_API_BODY_MAX);
		return api->exchanges[slot] = exchange;
	}
	return NULL;
}

static void drop_body(struct rs_api_exchange *exchange)
{
	exchange->api->body_bytes -= exchange->body.length;
	rs_buf_done(&exchange->body);
}

static void refuse(struct rs_api_exchange *exchange, int http_status, const char *message)
{
	if (exchange->refusal)
		return;
	exchange->refusal = http_status;
	rs_str_copy(exchange->refusal_err.message, sizeof(exchange->refusal_err.message), message);
}

static const char *refusal_reason(int http_status)
{
	switch (http_status) {
	case MHD_HTTP_NOT_FOUND:
		return "NotFound";
	case MHD_HTTP_METHOD_NOT_ALLOWED:
		return "MethodNotAllowed";
	case MHD_HTTP_NOT_ACCEPTABLE:
		return "NotAcceptable";
	case MHD_HTTP_UNSUPPORTED_MEDIA_TYPE:
		return "UnsupportedMediaType";
	case MHD_HTTP_CONTENT_TOO_LARGE:
		return "RequestEntityTooLarge";
	case MHD_HTTP_SERVICE_UNAVAILABLE:
		return "ServiceUnavailable";
	default:
		return "BadRequest";
	}
}

static enum MHD_Result take_parameter(void *user, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct rs_api_exchange *exchange = user;
	struct rs_err err = {0};
	(void)kind;
	if (rs_api_target_query(&exchange->target, key, value, &err) == 0)
		return MHD_YES;
	refuse(exchange, MHD_HTTP_BAD_REQUEST, err.message);
	return MHD_NO;
}

/* --- the head and the body ------------------------------------------------------------------------------------- */

static void too_large(struct rs_api_exchange *exchange)
{
	refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE,
	       "the body is larger than 3 MiB, the most that Kubernetes takes too: split the manifest");
}

static bool has_body(const struct rs_api_exchange *exchange)
{
	enum rs_api_verb verb = exchange->target.request.verb;
	return verb == RS_API_CREATE || verb == RS_API_APPLY || verb == RS_API_PATCH;
}

/* What the client sends, and what it takes. A log is text for everybody. */
static void check_types(struct rs_api_exchange *exchange)
{
	const struct rs_api_request *request = &exchange->target.request;
	const char *content =
		MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
	const char *accept = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	struct rs_err err = {0};
	if (has_body(exchange) && rs_api_head_check_content(request->verb, content, &err) < 0)
		refuse(exchange, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, err.message);
	else if (request->verb != RS_API_LOG && !rs_api_head_accepts_json(accept))
		refuse(exchange, MHD_HTTP_NOT_ACCEPTABLE, "answers are application/json: accept that");
}

static enum MHD_Result begin(struct rs_api *api, struct MHD_Connection *connection, const char *method,
			     const char *path, void **state)
{
	struct rs_err err = {0};
	struct rs_api_exchange *exchange = new_exchange(api, connection);
	if (!exchange)
		return MHD_NO;
	*state = exchange;
	int r = rs_api_target_parse(method, path, &exchange->target, &err);
	exchange->target.request.token = exchange->token;
	if (r < 0)
		refuse(exchange, r == -ENOENT ? MHD_HTTP_NOT_FOUND : MHD_HTTP_METHOD_NOT_ALLOWED, err.message);
	else if (exchange->target.page == RS_API_PAGE_OBJECTS) {
		MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_parameter, exchange);
		check_types(exchange);
	}
	return MHD_YES;
}

static enum MHD_Result take_upload(struct rs_api_exchange *exchange, const char *upload, size_t size)
{
	struct rs_api *api = exchange->api;
	if (!exchange->refusal && api->body_bytes + size > RS_API_BODIES_MAX)
		refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "too many large requests at once: try again");
	if (!exchange->refusal) {
		if (rs_buf_append(&exchange->body, upload, size) == 0) {
			api->body_bytes += size;
			return MHD_YES;
		}
		if (exchange->body.error == -ENOMEM)
			refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory: try again");
		else
			too_large(exchange);
	}
	drop_body(exchange);
	exchange->excess += size;
	return exchange->excess <= EXCESS_MAX ? MHD_YES : MHD_NO;
}

/* Where the parser stopped, with what stands there. */
static void bad_json(struct rs_api_exchange *exchange, const char *at)
{
	const struct rs_buf *body = &exchange->body;
	size_t offset = at ? (size_t)(at - body->data) : body->length;
	char message[RS_ERR_MESSAGE_MAX];
	if (offset > body->length)
		offset = body->length;
	int shown = (int)(body->length - offset < 24 ? body->length - offset : 24);
	char near[32];
	for (int i = 0; i < shown; i++)
		near[i] = body->data[offset + (size_t)i] >= ' ' ? body->data[offset + (size_t)i] : ' ';
	near[shown] = '\0';
	if (body->length == 0)
		snprintf(message, sizeof(message), "the body is empty: a JSON object is wanted");
	else if (shown == 0)
		snprintf(message, sizeof(message), "the body is not JSON: it ends too early, at byte %zu", offset);
	else
		snprintf(message, sizeof(message), "the body is not JSON at byte %zu, near: %s", offset, near);
	rs_api_finish_error(exchange, MHD_HTTP_BAD_REQUEST, "BadRequest", message);
}

/* "\\u0000" is JSON, but the parser ends its text there, and half a value is worse than none. */
static const char *find_escaped_nul(const char *text)
{
	while ((text = strchr(text, '\\')) && text[1]) {
		if (strncmp(text, "\\u0000", 6) == 0)
			return text;
		text += 2;
	}
	return NULL;
}

static void ask_with_body(struct rs_api_exchange *exchange)
{
	struct rs_api *api = exchange->api;
	const struct rs_buf *body = &exchange->body;
	const char *end = NULL;
	/* With its NUL, so that the parser can see the end; a NUL before that is not JSON. Nor are bytes that are not
	 * UTF-8: the parser would take them, and whoever lists the object could not read the list. */
	const char *bad = body->length ? memchr(body->data, '\0', body->length) : NULL;
	if (body->length && !bad)
		bad = rs_utf8_find_bad(body->data);
	if (body->length && !bad)
		bad = find_escaped_nul(body->data);
	cJSON *json = body->length && !bad ? cJSON_ParseWithLengthOpts(body->data, body->length + 1, &end, 1) : NULL;
	if (!json) {
		bad_json(exchange, bad ? bad : end);
		return;
	}
	if (cJSON_IsObject(json)) {
		exchange->target.request.body = json;
		api->backend->handle(api->user, &exchange->target.request);
		exchange->target.request.body = NULL;
	} else {
		rs_api_finish_error(exchange, MHD_HTTP_BAD_REQUEST, "BadRequest",
				    "the body is JSON, but not an object");
	}
	cJSON_Delete(json);
}

/* --- the answer ------------------------------------------------------------------------------------------------ */

static void answer_version(struct rs_api_exchange *exchange)
{
	cJSON *version = cJSON_CreateObject();
	cJSON_AddStringToObject(version, "version", RS_VERSION);
	cJSON_AddNumberToObject(version, "abi", RS_ABI_VERSION);
	rs_api_finish_json(exchange, MHD_HTTP_OK, version);
}

static void answer_page(struct rs_api_exchange *exchange)
{
	struct rs_api *api = exchange->api;
	struct rs_buf text;
	bool is_ready = true;
	rs_buf_init(&text, REASON_BYTES_MAX);
	switch (exchange->target.page) {
	case RS_API_PAGE_HEALTHZ:
		rs_buf_puts(&text, "ok\n");
		break;
	case RS_API_PAGE_READYZ:
		is_ready = api->backend->ready(api->user, &text);
		if (is_ready)
			rs_buf_clear(&text);
		rs_buf_puts(&text, is_ready ? "ok\n" : "\n");
		break;
	case RS_API_PAGE_METRICS:
		rs_buf_init(&text, METRICS_BYTES_MAX);
		api->backend->metrics(api->user, &text);
		rs_api_finish_text(exchange, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", &text);
		rs_buf_done(&text);
		return;
	case RS_API_PAGE_VERSION:
		answer_version(exchange);
		return;
	case RS_API_PAGE_OBJECTS:
		return;
	default:
		rs_api_finish_json(exchange, MHD_HTTP_OK, rs_api_discovery_print(exchange->target.page));
		return;
	}
	rs_api_finish_text(exchange, is_ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, "text/plain; charset=utf-8",
			   &text);
	rs_buf_done(&text);
}

static void ask(struct rs_api_exchange *exchange)
{
	struct rs_api *api = exchange->api;
	const struct rs_api_request *request = &exchange->target.request;
	exchange->is_handled = true;
	if (exchange->refusal)
		rs_api_finish_error(exchange, exchange->refusal, refusal_reason(exchange->refusal),
				    exchange->refusal_err.message);
	else if (exchange->target.page != RS_API_PAGE_OBJECTS)
		answer_page(exchange);
	else if (has_body(exchange) || (request->verb == RS_API_DELETE && exchange->body.length))
		ask_with_body(exchange);
	else
		api->backend->handle(api->user, request);
	drop_body(exchange);
}

static bool announces_too_much(struct MHD_Connection *connection)
{
	const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	return text && strtoull(text, NULL, 10) > RS_API_BODY_MAX;
}

/* Called for the head, for each piece of the body, at its end, and again when a suspended connection goes on. */
enum MHD_Result rs_api_on_request(void *user, struct MHD_Connection *connection, const char *path, const char *method,
				  const char *version, const char *upload, size_t *upload_size, void **state)
{
	struct rs_api_exchange *exchange = *state;
	(void)version;
	if (!exchange) {
		if (!begin(user, connection, method, path, state))
			return MHD_NO;
		exchange = *state;
		if (!announces_too_much(connection))
			return MHD_YES;
		/* Answered before the body is sent: a client that waits for "100 Continue" saves it. */
		too_large(exchange);
	} else if (*upload_size) {
		size_t size = *upload_size;
		*upload_size = 0;
		return take_upload(exchange, upload, size);
	}
	if (!exchange->is_handled)
		ask(exchange);
	if (!exchange->response) {
		if (exchange->status)
			return MHD_NO; /* not even memory for an error */
		exchange->is_suspended = true;
		MHD_suspend_connection(connection);
		return MHD_YES;
	}
	return MHD_queue_response(connection, exchange->status, exchange->response);
}

void rs_api_on_completed(void *user, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode how)
{
	struct rs_api *api = user;
	struct rs_api_exchange *exchange = *state;
	(void)connection;
	if (!exchange)
		return;
	*state = NULL;
	api->exchanges[exchange->token % RS_API_CONNECTIONS_MAX] = NULL;
	rs_api_follow_done(exchange);
	rs_api_stream_done(exchange, how == MHD_REQUEST_TERMINATED_COMPLETED_OK	     ? RS_API_END_SENT
				     : how == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED ? RS_API_END_STALLED
										     : RS_API_END_LEFT);
	drop_body(exchange);
	if (exchange->response)
		MHD_destroy_response(exchange->response);
	bool was_large = exchange->answer_bytes >= LARGE_ANSWER;
	free(exchange);
	/* The allocator would keep what a list of thousands took once for the rest of the agent's days. */
	if (was_large)
		malloc_trim(0);
}
