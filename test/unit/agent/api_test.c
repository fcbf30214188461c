/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/sys/timer.c user/core/model/selector.c user/rt/log_times.c agent/api */
#include "unit/agent/api_fixture.h"

/* Asks, and expects what the backend was told. */
static void assert_asked(struct fixture *f, const char *method, const char *path, const char *body, const char *want)
{
	f->asked[0] = '\0';
	struct reply reply = ask(f, method, path, body);
	if (reply.status != 200)
		fail_msg("%s %s: %ld %s", method, path, reply.status, text(&reply.body));
	assert_string_equal(f->asked, want);
	end(f, &reply);
}

/* Asks, and expects a Status object; `part` has to be in its message. */
static void assert_refused(struct fixture *f, const char *method, const char *path, const char *body, int status,
			   const char *reason, const char *part)
{
	unsigned calls = f->calls;
	struct reply reply = ask(f, method, path, body);
	cJSON *object = cJSON_Parse(text(&reply.body));
	const char *message = cJSON_GetStringValue(cJSON_GetObjectItem(object, "message"));
	if (reply.status != status || !message || !strstr(message, part))
		fail_msg("%s %s: %ld %s", method, path, reply.status, text(&reply.body));
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(object, "kind")), "Status");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(object, "status")), "Failure");
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(object, "reason")), reason);
	assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(object, "code")), status);
	assert_non_null(strstr(text(&reply.head), "application/json"));
	assert_int_equal(f->calls, calls);
	cJSON_Delete(object);
	end(f, &reply);
}

#define PLAIN " body=- dry=0 service=- kind=- after=0 limit=0 tail=-1 follow=0"

static void test_every_path_reaches_the_backend(void **state)
{
	struct fixture *f = *state;
	assert_asked(f, "GET", SERVING "/services", NULL, "list 0 */*" PLAIN);
	assert_asked(f, "GET", SERVING "/configurations", NULL, "list 1 */*" PLAIN);
	assert_asked(f, "GET", SERVING "/revisions", NULL, "list 2 */*" PLAIN);
	assert_asked(f, "GET", SERVING "/routes", NULL, "list 3 */*" PLAIN);
	assert_asked(f, "GET", SERVING "/namespaces/ns/services", NULL, "list 0 ns/*" PLAIN);
	assert_asked(f, "GET", SERVING "/namespaces/ns/services/a", NULL, "get 0 ns/a" PLAIN);
	assert_asked(f, "GET", SERVING "/namespaces/ns/revisions/a-00001", NULL, "get 2 ns/a-00001" PLAIN);
	assert_asked(f, "GET", SERVING "/namespaces/ns/services/%61", NULL, "get 0 ns/a" PLAIN);
	assert_asked(f, "DELETE", SERVING "/namespaces/ns/services/a", NULL, "delete 0 ns/a" PLAIN);
	assert_asked(f, "DELETE", SERVING "/namespaces/ns/routes/a", NULL, "delete 3 ns/a" PLAIN);
	assert_asked(f, "GET", ROUSE "/instances", NULL, "list 4 */*" PLAIN);
	assert_asked(f, "GET", ROUSE "/namespaces/ns/instances/i-1", NULL, "get 4 ns/i-1" PLAIN);
	assert_asked(f, "GET", ROUSE "/namespaces/ns/instances/i-1/log", NULL, "log 4 ns/i-1" PLAIN);
	assert_asked(f, "GET", ROUSE "/holds", NULL, "list 5 */*" PLAIN);
	assert_asked(f, "GET", ROUSE "/namespaces/ns/flows", NULL, "list 6 ns/*" PLAIN);
	assert_asked(f, "GET", ROUSE "/namespaces/ns/logs?service=a", NULL,
		     "list 9 ns/* body=- dry=0 service=a kind=- after=0 limit=0 tail=-1 follow=0");
	assert_asked(f, "GET", ROUSE "/namespaces/ns/logs/i-1-20261125T145742.123Z/log", NULL,
		     "log 9 ns/i-1-20261125T145742.123Z" PLAIN);
	assert_asked(f, "GET", ROUSE "/status", NULL, "get 8 */*" PLAIN);
	assert_asked(f, "GET", "/api/v1/events", NULL, "list 7 */*" PLAIN);
	assert_asked(f, "GET", "/api/v1/namespaces/ns/events", NULL, "list 7 ns/*" PLAIN);
	/* A namespace may be called like a resource. */
	assert_asked(f, "GET", SERVING "/namespaces/services/services/services", NULL, "get 0 services/services" PLAIN);
}

static void test_query_and_body_reach_the_backend(void **state)
{
	struct fixture *f = *state;
	assert_asked(f, "POST", SERVING "/namespaces/ns/services?dryRun=All", "{\"a\": 1}",
		     "create 0 ns/* body={\"a\":1} dry=1 service=- kind=- after=0 limit=0 tail=-1 follow=0");
	assert_asked(f, "PUT", SERVING "/namespaces/ns/services/x", " {} \n",
		     "apply 0 ns/x body={} dry=0 service=- kind=- after=0 limit=0 tail=-1 follow=0");
	assert_asked(f, "GET", "/api/v1/events?after=18446744073709&limit=5&kind=Revision&service=h%2Di", NULL,
		     "list 7 */* body=- dry=0 service=h-i kind=Revision after=18446744073709 limit=5 tail=-1 follow=0");
	assert_asked(f, "GET", ROUSE "/namespaces/ns/instances/i/log?tailLines=0&follow=false", NULL,
		     "log 4 ns/i body=- dry=0 service=- kind=- after=0 limit=0 tail=0 follow=0");
}

static void test_what_is_wrong_is_said_with_what_is_right(void **state)
{
	struct fixture *f = *state;
	char name[128];
	assert_refused(f, "GET", "/", NULL, 404, "NotFound", "/apis/rouse.dev/v1/status");
	assert_refused(f, "GET", "/apis/serving.knative.dev/v1beta1/services", NULL, 404, "NotFound", "no such path");
	assert_refused(f, "GET", SERVING "/pods", NULL, 404, "NotFound", "services, configurations");
	assert_refused(f, "GET", SERVING "/", NULL, 404, "NotFound", "no such path");
	assert_refused(f, "GET", SERVING "/instances", NULL, 404, "NotFound", "no such path");
	assert_refused(f, "GET", SERVING "/namespaces/ns/services/", NULL, 404, "NotFound", "no such path");
	assert_refused(f, "GET", SERVING "/namespaces//services", NULL, 404, "NotFound", "no such path");
	assert_refused(f, "GET", SERVING "/services/a", NULL, 404, "NotFound", "namespaces/NS/services/NAME");
	assert_refused(f, "GET", SERVING "/namespaces/ns/services/a/log", NULL, 404, "NotFound", "no such path");
	assert_refused(f, "GET", ROUSE "/namespaces/ns/instances/a/log/b", NULL, 404, "NotFound", "no such path");
	assert_refused(f, "GET", ROUSE "/namespaces/ns/status", NULL, 404, "NotFound", "no such path");
	assert_refused(f, "GET", ROUSE "/namespaces/ns/holds/x", NULL, 404, "NotFound", "no such path");
	snprintf(name, sizeof(name), SERVING "/namespaces/ns/services/%064d", 0);
	assert_refused(f, "GET", name, NULL, 404, "NotFound", "has 64 characters, at most 63 are possible");

	assert_refused(f, "POST", "/metrics", "{}", 405, "MethodNotAllowed", "only GET");
	assert_refused(f, "PUT", SERVING "/namespaces/ns/services", "{}", 405, "MethodNotAllowed", "services/NAME");
	assert_refused(f, "POST", SERVING "/namespaces/ns/services/a", "{}", 405, "MethodNotAllowed", "POST ...");
	assert_refused(f, "PATCH", SERVING "/namespaces/ns/services", "{}", 405, "MethodNotAllowed", "GET, HEAD, POST");
	assert_refused(f, "PATCH", SERVING "/namespaces/ns/revisions/a", "{}", 405, "MethodNotAllowed",
		       "apply the Service");
	assert_refused(f, "PUT", SERVING "/namespaces/ns/revisions/a", "{}", 405, "MethodNotAllowed",
		       "apply the Service");
	assert_refused(f, "DELETE", SERVING "/services", NULL, 405, "MethodNotAllowed", "GET, HEAD");
	assert_refused(f, "DELETE", ROUSE "/namespaces/ns/instances/a", NULL, 405, "MethodNotAllowed", "GET, HEAD");
	struct reply reply = ask(f, "POST", SERVING "/namespaces/ns/services/a", "{}");
	assert_non_null(strstr(text(&reply.head), "Allow: GET, HEAD, PUT, PATCH, DELETE"));
	end(f, &reply);

	assert_refused(f, "GET", SERVING "/services?wtach=true", NULL, 400, "BadRequest",
		       "no such parameter here: wtach; there are service, limit, continue, labelSelector");
	assert_refused(f, "GET", SERVING "/services?after=1", NULL, 400, "BadRequest", "no such parameter here: after");
	assert_refused(f, "GET", ROUSE "/holds?watch=true", NULL, 400, "BadRequest", "no such parameter here: watch");
	assert_refused(f, "GET", SERVING "/services?watch=yes", NULL, 400, "BadRequest", "true or false");
	assert_refused(f, "GET", SERVING "/services?resourceVersion=x", NULL, 400, "BadRequest", "whole number");
	assert_refused(f, "GET", SERVING "/services?labelSelector=a%20near%20b", NULL, 400, "BadRequest",
		       "is wanted at character 3");
	assert_refused(f, "GET", SERVING "/services?fieldSelector=spec.x%3D1", NULL, 400, "BadRequest",
		       "no field \"spec.x\"");
	assert_refused(f, "GET", "/api/v1/events?after=-1", NULL, 400, "BadRequest", "after=-1");
	assert_refused(f, "GET", "/api/v1/events?limit=x", NULL, 400, "BadRequest", "limit=x");
	assert_refused(f, "GET", ROUSE "/namespaces/a/instances/b/log?follow=yes", NULL, 400, "BadRequest",
		       "true or false");
	assert_refused(f, "POST", SERVING "/namespaces/ns/services?dryRun=x", "{}", 400, "BadRequest", "only All");
}

/* Asks with these headers, and expects the status and a part of the answer. */
static void assert_answers(struct fixture *f, const char *method, const char *path, const char *header, long status,
			   const char *part)
{
	struct reply reply;
	begin(f, &reply, method, path, strcmp(method, "GET") ? "{}" : NULL, 2);
	curl_slist_free_all(reply.headers);
	reply.headers = curl_slist_append(NULL, header);
	curl_easy_setopt(reply.easy, CURLOPT_HTTPHEADER, reply.headers);
	turn_until(f, reply.is_done);
	if (reply.status != status || !strstr(text(&reply.body), part))
		fail_msg("%s %s: %ld %s", method, header, reply.status, text(&reply.body));
	end(f, &reply);
}

static void test_types(void **state)
{
	struct fixture *f = *state;
	const char *services = SERVING "/namespaces/ns/services", *one = SERVING "/namespaces/ns/services/a";
	assert_answers(f, "POST", services, "Content-Type: application/json", 200, "hello");
	assert_answers(f, "POST", services, "Content-Type: Application/JSON; charset=utf-8", 200, "hello");
	assert_answers(f, "POST", services, "Content-Type:", 200, "hello");
	assert_answers(f, "POST", services, "Content-Type: application/x-www-form-urlencoded", 415,
		       "-H 'Content-Type: application/json'");
	assert_answers(f, "PUT", one, "Content-Type: application/yaml", 415, "UnsupportedMediaType");
	assert_answers(f, "PATCH", one, "Content-Type: application/merge-patch+json", 200, "hello");
	assert_answers(f, "PATCH", one, "Content-Type: application/strategic-merge-patch+json", 415, "--type merge");
	assert_answers(f, "PATCH", one, "Content-Type: application/json-patch+json", 415,
		       "application/merge-patch+json");
	assert_answers(f, "GET", one, "Accept: application/json;as=Table;v=v1;g=meta.k8s.io, application/json", 200,
		       "hello");
	assert_answers(f, "GET", one, "Accept: text/html, */*;q=0.1", 200, "hello");
	assert_answers(f, "GET", one, "Accept: application/yaml", 406, "NotAcceptable");
	assert_answers(f, "GET", "/metrics", "Accept: text/plain", 200, "rouse_up");
}

static void test_deletes_may_have_options(void **state)
{
	struct fixture *f = *state;
	const char *path = SERVING "/namespaces/ns/services/a";
	assert_asked(f, "DELETE", path, "{\"propagationPolicy\": \"Background\"}",
		     "delete 0 ns/a body={\"propagationPolicy\":\"Background\"} dry=0 service=- kind=- after=0 limit=0 "
		     "tail=-1 follow=0");
	assert_asked(f, "DELETE", SERVING "/namespaces/ns/services/a?dryRun=All&propagationPolicy=Foreground", NULL,
		     "delete 0 ns/a body=- dry=1 service=- kind=- after=0 limit=0 tail=-1 follow=0");
	assert_refused(f, "DELETE", SERVING "/namespaces/ns/services/a?propagationPolicy=Orphan", NULL, 400,
		       "BadRequest", "only Background and Foreground");
	assert_refused(f, "DELETE", path, "[]", 400, "BadRequest", "not an object");
	assert_refused(f, "PUT", SERVING "/namespaces/ns/services/a?fieldValidation=Ignore", "{}", 400, "BadRequest",
		       "only Strict");
}

static void test_discovery(void **state)
{
	static const struct {
		const char *path, *kind, *part;
	} table[] = {
		{"/api", "APIVersions", "\"versions\":[\"v1\"]"},
		{"/apis", "APIGroupList", "\"groupVersion\":\"rouse.dev/v1\""},
		{"/apis/serving.knative.dev", "APIGroup",
		 "\"preferredVersion\":{\"groupVersion\":\"serving.knative.dev/v1\""},
		{"/apis/rouse.dev", "APIGroup", "\"name\":\"rouse.dev\""},
		{SERVING, "APIResourceList",
		 "{\"name\":\"services\",\"singularName\":\"service\",\"namespaced\":true,\"kind\":\"Service\","
		 "\"verbs\":[\"get\",\"list\",\"create\",\"update\",\"delete\",\"patch\",\"watch\"],\"shortNames\":["
		 "\"ksvc\"]}"},
		{ROUSE, "APIResourceList", "{\"name\":\"status\",\"singularName\":\"status\",\"namespaced\":false,"},
		{"/api/v1", "APIResourceList", "\"name\":\"events\""},
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < rs_array_length(table); i++) {
		struct reply reply = ask(f, "GET", table[i].path, NULL);
		cJSON *document = cJSON_Parse(text(&reply.body));
		if (reply.status != 200 || !strstr(text(&reply.body), table[i].part))
			fail_msg("%s: %ld %s", table[i].path, reply.status, text(&reply.body));
		assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(document, "kind")), table[i].kind);
		cJSON_Delete(document);
		end(f, &reply);
	}
	assert_refused(f, "POST", "/apis", "{}", 405, "MethodNotAllowed", "only GET");
}

/* --- answers that are made while they are sent ------------------------------------------------------------------ */

struct counting {
	unsigned pieces, left, done;
	bool is_open; /* a watch: nothing at the moment, instead of the end */
	enum rs_api_end end;
};

/* Every other piece is empty: looked at much, found nothing. */
static int next_piece(void *user, struct rs_buf *out)
{
	struct counting *counting = user;
	if (!counting->left)
		return counting->is_open ? 0 : -ENODATA;
	if (counting->pieces++ % 2 == 0)
		return 1;
	counting->left--;
	for (int i = 0; i < 1000; i++)
		rs_buf_puts(out, "0123456789abcdef");
	return 1;
}

static void note_done(void *user, enum rs_api_end how)
{
	struct counting *counting = user;
	counting->done++;
	counting->end = how;
}

static const struct rs_api_source counting_source = {.next = next_piece, .done = note_done};

static void test_an_answer_in_pieces(void **state)
{
	struct fixture *f = *state;
	struct counting counting = {.left = 100};
	struct reply reply;
	f->how = ANSWER_LATER;
	begin(f, &reply, "GET", SERVING "/services", NULL, 0);
	turn_until(f, f->calls == 1);
	rs_api_answer_stream(f->api, f->token, &counting_source, &counting);
	turn_until(f, reply.is_done);
	assert_int_equal(reply.result, CURLE_OK);
	assert_int_equal(reply.body.length, 100 * 16000);
	end(f, &reply);
	turn_until(f, counting.done == 1);
	assert_int_equal(counting.end, RS_API_END_SENT);
	/* Nobody there: told at once. */
	rs_api_answer_stream(f->api, 4711, &counting_source, &counting);
	assert_int_equal(counting.done, 2);
	rs_api_wake(f->api, 4711);
}

static void test_an_answer_without_end(void **state)
{
	struct fixture *f = *state;
	struct counting counting = {.left = 3, .is_open = true};
	struct reply reply, other;
	f->how = ANSWER_LATER;
	begin(f, &reply, "GET", SERVING "/services", NULL, 0);
	turn_until(f, f->calls == 1);
	uint64_t token = f->token;
	rs_api_answer_stream(f->api, token, &counting_source, &counting);
	turn_until(f, reply.body.length == 3 * 16000);
	other = ask(f, "GET", "/healthz", NULL);
	end(f, &other);
	counting.left = 2;
	rs_api_wake(f->api, token);
	turn_until(f, reply.body.length == 5 * 16000);
	assert_false(reply.is_done);
	/* Its client leaves while nothing is sent. */
	end(f, &reply);
	turn_until(f, counting.done == 1);
	assert_int_equal(counting.end, RS_API_END_LEFT);
}

static void test_a_client_that_does_not_read_costs_one_piece(void **state)
{
	struct fixture *f = *state;
	struct counting counting = {.left = 1000000, .is_open = true};
	f->how = ANSWER_LATER;
	int fd = dial(f, "GET " SERVING "/services HTTP/1.1\r\nHost: x\r\n\r\n");
	turn_until(f, f->calls == 1);
	rs_api_answer_stream(f->api, f->token, &counting_source, &counting);
	/* The socket takes so much, and then no more is made. */
	unsigned before;
	do {
		before = counting.pieces;
		for (int i = 0; i < 20; i++) {
			struct reply reply = ask(f, "GET", "/healthz", NULL);
			assert_int_equal(reply.status, 200);
			end(f, &reply);
		}
	} while (counting.pieces != before);
	assert_true(counting.pieces < 200);
	close(fd);
	turn_until(f, counting.done == 1);
}

static void test_bad_json_is_refused_with_the_offset(void **state)
{
	struct fixture *f = *state;
	const char *path = SERVING "/namespaces/ns/services";
	assert_refused(f, "POST", path, "", 400, "BadRequest", "empty");
	assert_refused(f, "POST", path, "{\"a\": x}", 400, "BadRequest", "at byte 6, near: x}");
	assert_refused(f, "POST", path, "{\"a\": 1", 400, "BadRequest", "too early, at byte 7");
	assert_refused(f, "POST", path, "{} {}", 400, "BadRequest", "at byte 3");
	assert_refused(f, "POST", path, "[1]", 400, "BadRequest", "not an object");
	assert_refused(f, "POST", path, "apiVersion: v1", 400, "BadRequest", "at byte 0, near: apiVersion");
	struct reply reply = ask_bytes(f, "POST", path, "{}\0{}", 5);
	assert_int_equal(reply.status, 400);
	assert_non_null(strstr(text(&reply.body), "at byte 2"));
	end(f, &reply);
	/* What the parser would take and hand on: half a text, and what no other parser takes. */
	assert_refused(f, "POST", path, "{\"a\": \"1\\u00002\"}", 400, "BadRequest", "at byte 8");
	assert_refused(f, "POST", path, "{\"a\": \"\xff\xfe\"}", 400, "BadRequest", "at byte 7");
	/* Nesting is bounded, and the parser does not overflow its stack. */
	char deep[20001];
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	assert_refused(f, "POST", path, deep, 400, "BadRequest", "not JSON");
}

/* Whoever opens all connections must not take the API away from the others for longer than they are open. */
static void test_a_server_that_was_full_answers_again(void **state)
{
	struct fixture *f = *state;
	int fds[RS_API_CONNECTIONS_MAX + 8];
	int before = count_fds();
	for (size_t i = 0; i < rs_array_length(fds); i++) {
		fds[i] = dial(f, "GET /healthz HT");
		turn(f);
	}
	turn_until(f, count_fds() >= before + (int)rs_array_length(fds) + RS_API_CONNECTIONS_MAX);
	for (size_t i = 0; i < rs_array_length(fds); i++)
		close(fds[i]);
	struct reply reply = ask(f, "GET", "/healthz", NULL);
	assert_int_equal(reply.status, 200);
	end(f, &reply);
	turn_until(f, count_fds() <= before + 2);
}

static void test_pages(void **state)
{
	struct fixture *f = *state;
	struct reply reply = ask(f, "GET", "/healthz", NULL);
	assert_int_equal(reply.status, 200);
	assert_string_equal(text(&reply.body), "ok\n");
	end(f, &reply);
	reply = ask(f, "GET", "/readyz", NULL);
	assert_int_equal(reply.status, 503);
	assert_string_equal(text(&reply.body), "the pool is empty\n");
	end(f, &reply);
	f->is_ready = true;
	reply = ask(f, "GET", "/readyz", NULL);
	assert_int_equal(reply.status, 200);
	assert_string_equal(text(&reply.body), "ok\n");
	end(f, &reply);
	reply = ask(f, "GET", "/metrics", NULL);
	assert_string_equal(text(&reply.body), "rouse_up 1\n");
	assert_non_null(strstr(text(&reply.head), "text/plain; version=0.0.4"));
	end(f, &reply);
	reply = ask(f, "GET", "/version", NULL);
	assert_non_null(strstr(text(&reply.body), "\"abi\":"));
	end(f, &reply);
	reply = ask(f, "HEAD", "/healthz", NULL);
	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.body.length, 0);
	end(f, &reply);
	assert_int_equal(f->calls, 0);
}

static void test_a_late_answer_and_its_header(void **state)
{
	struct fixture *f = *state;
	struct reply late, quick;
	f->how = ANSWER_LATER;
	begin(f, &late, "PUT", SERVING "/namespaces/ns/services/a", "{}", 2);
	turn_until(f, f->calls == 1);
	uint64_t token = f->token;
	/* Others are served meanwhile. */
	quick = ask(f, "GET", "/healthz", NULL);
	assert_int_equal(quick.status, 200);
	end(f, &quick);
	assert_false(late.is_done);
	rs_api_note_applied(f->api, token, "configured");
	rs_api_answer(f->api, token, 201, hello());
	turn_until(f, late.is_done);
	assert_int_equal(late.status, 201);
	assert_string_equal(text(&late.body), "{\"hello\":\"world\"}\n");
	assert_non_null(strstr(text(&late.head), "X-Rouse-Applied: configured\r\n"));
	end(f, &late);
	/* The token is spent: this is dropped, and frees its object. */
	rs_api_answer(f->api, token, 200, hello());
	rs_api_answer_error(f->api, 4711, -EINVAL, NULL, "nobody");
}

static void test_errors_become_status_objects(void **state)
{
	struct fixture *f = *state;
	static const struct {
		int code, status;
		const char *given, *reason;
	} table[] = {
		{-ENOENT, 404, NULL, "NotFound"},
		{-EEXIST, 409, NULL, "AlreadyExists"},
		{-EEXIST, 409, "Conflict", "Conflict"},
		{-EINVAL, 422, NULL, "Invalid"},
		{-EPERM, 403, NULL, "Forbidden"},
		{-EBUSY, 409, NULL, "Conflict"},
		{-ENOSPC, 507, NULL, "InsufficientStorage"},
		{-EAGAIN, 503, NULL, "ServiceUnavailable"},
		{-EIO, 500, NULL, "InternalError"},
	};
	f->how = ANSWER_LATER;
	for (size_t i = 0; i < rs_array_length(table); i++) {
		struct reply reply;
		char part[64];
		begin(f, &reply, "PUT", SERVING "/namespaces/ns/services/a", "{}", 2);
		turn_until(f, f->calls == i + 1);
		rs_api_note_applied(f->api, f->token, "created");
		rs_api_answer_error(f->api, f->token, table[i].code, table[i].given, "a \"sentence\"");
		turn_until(f, reply.is_done);
		assert_int_equal(reply.status, table[i].status);
		snprintf(part, sizeof(part), "\"message\":\"a \\\"sentence\\\"\",\"reason\":\"%s\"", table[i].reason);
		assert_non_null(strstr(text(&reply.body), part));
		assert_null(strstr(text(&reply.head), "X-Rouse-Applied"));
		end(f, &reply);
	}
}

static void test_bodies_are_bounded(void **state)
{
	struct fixture *f = *state;
	const char *path = SERVING "/namespaces/ns/services";
	size_t most = RS_API_BODY_MAX;
	rs_auto_free char *body = malloc(most + 2);
	memset(body, ' ', most + 1);
	body[0] = '{';
	body[most - 1] = '}';
	body[most] = body[most + 1] = '\0';
	struct reply reply = ask_bytes(f, "POST", path, body, most);
	assert_int_equal(reply.status, 200);
	end(f, &reply);
	assert_int_equal(f->calls, 1);

	reply = ask_bytes(f, "POST", path, body, most + 1);
	assert_int_equal(reply.status, 413);
	assert_non_null(strstr(text(&reply.body), "3 MiB"));
	end(f, &reply);

	/* Chunked: nobody says beforehand how much comes. */
	begin(f, &reply, "POST", path, body, most + 1);
	reply.headers = curl_slist_append(reply.headers, "Transfer-Encoding: chunked");
	curl_easy_setopt(reply.easy, CURLOPT_HTTPHEADER, reply.headers);
	turn_until(f, reply.is_done);
	assert_int_equal(reply.status, 413);
	end(f, &reply);
	assert_int_equal(f->calls, 1);
}

static void test_clients_that_leave_are_no_error(void **state)
{
	struct fixture *f = *state;
	f->how = ANSWER_LATER;
	/* In the middle of the head, of the body, and while they wait. */
	close(dial(f, "GET /healthz HT"));
	close(dial(f, "POST " SERVING "/namespaces/ns/services HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"));
	int fd = dial(f, "GET " SERVING "/services HTTP/1.1\r\nHost: x\r\n\r\n");
	turn_until(f, f->calls == 1);
	close(fd);
	uint64_t token = f->token;
	turn(f);
	rs_api_answer(f->api, token, 200, hello());
	for (int i = 0; i < 10; i++) {
		struct reply reply = ask(f, "GET", "/healthz", NULL);
		assert_int_equal(reply.status, 200);
		end(f, &reply);
	}
	/* What is open when the server stops is dropped: tear_down() frees it, under ASan. */
	fd = dial(f, "GET " SERVING "/services HTTP/1.1\r\nHost: x\r\n\r\n");
	turn_until(f, f->calls == 2);
	close(fd);
}

static void test_the_loop_sleeps_when_nothing_happens(void **state)
{
	struct fixture *f = *state;
	f->how = ANSWER_LATER;
	int fd = dial(f, "GET " SERVING "/services HTTP/1.1\r\nHost: x\r\n\r\n");
	turn_until(f, f->calls == 1);
	int events = 0;
	uint64_t until = rs_now_ns() + 300 * RS_NS_PER_MS;
	while (rs_now_ns() < until)
		events += sd_event_run(f->event, 50000) > 0;
	/* A loop that spins would have turned thousands of times. */
	assert_true(events < 10);
	close(fd);
}

/* --- the socket ------------------------------------------------------------------------------------------------ */

static void test_the_socket(void **state)
{
	struct fixture *f = *state;
	struct rs_api *second = NULL;
	struct rs_err err = {0};
	struct stat status;
	char path[200];
	assert_int_equal(stat(f->path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0660);
	assert_int_equal(rs_api_new(f->event, f->path, -1, &fake, f, &second, &err), -EADDRINUSE);
	assert_non_null(strstr(err.message, "another agent"));

	/* A dead agent's socket is replaced, anything else is left alone. */
	snprintf(path, sizeof(path), "%s/stale", f->directory);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	assert_int_equal(rs_api_new(f->event, path, -1, &fake, f, &second, &err), 0);
	second = rs_api_free(second);
	append(path, "a file");
	assert_int_equal(rs_api_new(f->event, path, -1, &fake, f, &second, &err), -EEXIST);
	assert_int_equal(unlink(path), 0);

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(rs_api_new(f->event, path, -1, &fake, f, &second, &err), -ENAMETOOLONG);
	assert_null(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_server(test_every_path_reaches_the_backend),
		with_server(test_query_and_body_reach_the_backend),
		with_server(test_what_is_wrong_is_said_with_what_is_right),
		with_server(test_types),
		with_server(test_deletes_may_have_options),
		with_server(test_discovery),
		with_server(test_an_answer_in_pieces),
		with_server(test_an_answer_without_end),
		with_server(test_a_client_that_does_not_read_costs_one_piece),
		with_server(test_bad_json_is_refused_with_the_offset),
		with_server(test_a_server_that_was_full_answers_again),
		with_server(test_pages),
		with_server(test_a_late_answer_and_its_header),
		with_server(test_errors_become_status_objects),
		with_server(test_bodies_are_bounded),
		with_server(test_clients_that_leave_are_no_error),
		with_server(test_the_loop_sleeps_when_nothing_happens),
		with_server(test_the_socket),
	};
	return run_with_curl(tests);
}
