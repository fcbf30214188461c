/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base agent/api */
/*
 * The real server on a real socket, with a fake backend that notes what it was
 * asked. The client is libcurl's multi interface, turned by the same thread.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/api/api.h"
#include "agent/api/path.h"
#include "base/mem.h"
#include "base/time.h"

#define DEADLINE_NS (20 * RS_NS_PER_S)

struct fixture {
	char directory[64];
	char path[96];
	char log[96];
	sd_event *event;
	struct rs_api *api;
	CURLM *multi;
	/* The fake backend. */
	char asked[2048]; /* the last request in words */
	uint64_t token;
	unsigned calls;
	enum { ANSWER_NOW, ANSWER_LATER, ANSWER_FILE } how;
	bool is_ready;
};

struct reply {
	CURL *easy;
	struct curl_slist *headers;
	bool is_done;
	CURLcode result;
	long status;
	struct rs_buf body;
	struct rs_buf head;
};

/* --- the fake backend ------------------------------------------------------------------------------------------ */

static void describe(struct fixture *f, const struct rs_api_request *q)
{
	static const char *const verbs[RS_API_VERB_COUNT] = {"get", "list", "create", "apply", "delete", "log"};
	char *body = q->body ? cJSON_PrintUnformatted(q->body) : NULL;
	snprintf(f->asked, sizeof(f->asked),
		 "%s %d %s/%s body=%.64s dry=%d service=%s kind=%s after=%llu limit=%llu"
		 " tail=%lld follow=%d",
		 verbs[q->verb], q->resource, q->namespace ? q->namespace : "*", q->name ? q->name : "*",
		 body ? body : "-", q->dry_run, q->service ? q->service : "-", q->kind ? q->kind : "-",
		 (unsigned long long)q->after, (unsigned long long)q->limit, (long long)q->tail_lines, q->follow);
	free(body);
}

static cJSON *hello(void)
{
	cJSON *object = cJSON_CreateObject();
	cJSON_AddStringToObject(object, "hello", "world");
	return object;
}

static void handle(void *user, const struct rs_api_request *request)
{
	struct fixture *f = user;
	describe(f, request);
	f->calls++;
	f->token = request->token;
	if (f->how == ANSWER_NOW)
		rs_api_answer(f->api, request->token, 200, hello());
	else if (f->how == ANSWER_FILE)
		rs_api_answer_file(f->api, request->token, f->log, request->tail_lines, request->follow);
}

static void metrics(void *user, struct rs_buf *out)
{
	(void)user;
	rs_buf_puts(out, "rouse_up 1\n");
}

static bool ready(void *user, struct rs_buf *out)
{
	struct fixture *f = user;
	rs_buf_puts(out, "the pool is empty");
	return f->is_ready;
}

static const struct rs_api_backend fake = {.handle = handle, .metrics = metrics, .ready = ready};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct rs_err err = {0};
	strcpy(f->directory, "/tmp/rouse-api-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/api.sock", f->directory);
	snprintf(f->log, sizeof(f->log), "%s/log", f->directory);
	assert_true(sd_event_new(&f->event) >= 0);
	if (rs_api_new(f->event, f->path, &fake, f, &f->api, &err) < 0)
		fail_msg("%s", err.message);
	f->multi = curl_multi_init();
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char name[128];
	rs_api_free(f->api);
	assert_int_equal(access(f->path, F_OK), -1); /* it takes its socket away */
	sd_event_unref(f->event);
	curl_multi_cleanup(f->multi);
	unlink(f->log);
	snprintf(name, sizeof(name), "%s.1", f->log);
	unlink(name);
	rmdir(f->directory);
	free(f);
	return 0;
}

/* --- the client ------------------------------------------------------------------------------------------------ */

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
	struct reply *reply = user;
	return rs_buf_append(&reply->body, data, size * count) == 0 ? size * count : 0;
}

static size_t take_head(char *data, size_t size, size_t count, void *user)
{
	return rs_buf_append(&((struct reply *)user)->head, data, size * count) == 0 ? size * count : 0;
}

/* One turn of both: the server's loop and the client's. */
static void turn(struct fixture *f)
{
	int running, left;
	CURLMsg *message;
	assert_true(sd_event_run(f->event, 1000) >= 0);
	assert_int_equal(curl_multi_perform(f->multi, &running), CURLM_OK);
	while ((message = curl_multi_info_read(f->multi, &left))) {
		struct reply *reply;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&reply);
		curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &reply->status);
		reply->result = message->data.result;
		reply->is_done = true;
	}
}

#define turn_until(f, condition)                                                                                       \
	do {                                                                                                           \
		uint64_t deadline_ = rs_now_ns() + DEADLINE_NS;                                                        \
		while (!(condition)) {                                                                                 \
			if (rs_now_ns() > deadline_)                                                                   \
				fail_msg("waited too long for: %s", #condition);                                       \
			turn(f);                                                                                       \
		}                                                                                                      \
	} while (0)

static void begin(struct fixture *f, struct reply *reply, const char *method, const char *path, const char *body,
		  size_t length)
{
	char url[1024];
	*reply = (struct reply){.easy = curl_easy_init()};
	rs_buf_init(&reply->body, 64 * 1024 * 1024);
	rs_buf_init(&reply->head, 65536);
	snprintf(url, sizeof(url), "http://rouse%s", path);
	curl_easy_setopt(reply->easy, CURLOPT_UNIX_SOCKET_PATH, f->path);
	curl_easy_setopt(reply->easy, CURLOPT_URL, url);
	curl_easy_setopt(reply->easy, CURLOPT_PRIVATE, reply);
	curl_easy_setopt(reply->easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(reply->easy, CURLOPT_WRITEDATA, reply);
	curl_easy_setopt(reply->easy, CURLOPT_HEADERFUNCTION, take_head);
	curl_easy_setopt(reply->easy, CURLOPT_HEADERDATA, reply);
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(reply->easy, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(reply->easy, CURLOPT_CUSTOMREQUEST, method);
	if (body) {
		curl_easy_setopt(reply->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
		curl_easy_setopt(reply->easy, CURLOPT_COPYPOSTFIELDS, body);
	}
	assert_int_equal(curl_multi_add_handle(f->multi, reply->easy), CURLM_OK);
}

static void end(struct fixture *f, struct reply *reply)
{
	curl_multi_remove_handle(f->multi, reply->easy);
	curl_easy_cleanup(reply->easy);
	curl_slist_free_all(reply->headers);
	rs_buf_done(&reply->body);
	rs_buf_done(&reply->head);
}

static const char *text(const struct rs_buf *buf)
{
	return buf->data ? buf->data : "";
}

static struct reply ask_bytes(struct fixture *f, const char *method, const char *path, const char *body, size_t length)
{
	struct reply reply;
	begin(f, &reply, method, path, body, length);
	/* libcurl knows the reply by its address. */
	turn_until(f, reply.is_done);
	assert_int_equal(reply.result, CURLE_OK);
	return reply;
}

static struct reply ask(struct fixture *f, const char *method, const char *path, const char *body)
{
	return ask_bytes(f, method, path, body, body ? strlen(body) : 0);
}

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

#define SERVING "/apis/serving.knative.dev/v1"
#define ROUSE	"/apis/rouse.dev/v1"
#define PLAIN	" body=- dry=0 service=- kind=- after=0 limit=0 tail=-1 follow=0"

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
	assert_refused(f, "GET", SERVING, NULL, 404, "NotFound", "no such path");
	assert_refused(f, "GET", SERVING "/instances", NULL, 404, "NotFound", "no such path");
	assert_refused(f, "GET", SERVING "/namespaces/ns/services/", NULL, 404, "NotFound", "no such path");
	assert_refused(f, "GET", SERVING "/namespaces//services", NULL, 404, "NotFound", "no such path");
	assert_refused(f, "GET", SERVING "/services/a", NULL, 404, "NotFound", "namespaces/NS/services/NAME");
	assert_refused(f, "GET", SERVING "/namespaces/ns/services/a/log", NULL, 404, "NotFound", "no such path");
	assert_refused(f, "GET", ROUSE "/namespaces/ns/instances/a/log/b", NULL, 404, "NotFound", "no such path");
	assert_refused(f, "GET", ROUSE "/namespaces/ns/status", NULL, 404, "NotFound", "no such path");
	assert_refused(f, "GET", ROUSE "/namespaces/ns/holds/x", NULL, 404, "NotFound", "no such path");
	snprintf(name, sizeof(name), SERVING "/namespaces/ns/services/%064d", 0);
	assert_refused(f, "GET", name, NULL, 404, "NotFound", "63 characters");

	assert_refused(f, "POST", "/metrics", "{}", 405, "MethodNotAllowed", "only GET");
	assert_refused(f, "PUT", SERVING "/namespaces/ns/services", "{}", 405, "MethodNotAllowed", "services/NAME");
	assert_refused(f, "POST", SERVING "/namespaces/ns/services/a", "{}", 405, "MethodNotAllowed", "POST ...");
	assert_refused(f, "PATCH", SERVING "/namespaces/ns/services/a", "{}", 405, "MethodNotAllowed", "PUT, DELETE");
	assert_refused(f, "PUT", SERVING "/namespaces/ns/revisions/a", "{}", 405, "MethodNotAllowed",
		       "apply the Service");
	assert_refused(f, "DELETE", SERVING "/services", NULL, 405, "MethodNotAllowed", "GET, HEAD");
	assert_refused(f, "DELETE", ROUSE "/namespaces/ns/instances/a", NULL, 405, "MethodNotAllowed", "GET, HEAD");
	struct reply reply = ask(f, "PATCH", SERVING "/namespaces/ns/services/a", "{}");
	assert_non_null(strstr(text(&reply.head), "Allow: GET, HEAD, PUT, DELETE"));
	end(f, &reply);

	assert_refused(f, "GET", SERVING "/services?watch=true", NULL, 400, "BadRequest", "no such parameter: watch");
	assert_refused(f, "GET", "/api/v1/events?after=-1", NULL, 400, "BadRequest", "after=-1");
	assert_refused(f, "GET", "/api/v1/events?limit=x", NULL, 400, "BadRequest", "limit=x");
	assert_refused(f, "GET", ROUSE "/namespaces/a/instances/b/log?follow=1", NULL, 400, "BadRequest",
		       "true or false");
	assert_refused(f, "POST", SERVING "/namespaces/ns/services?dryRun=x", "{}", 400, "BadRequest", "only All");
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
	/* Nesting is bounded, and the parser does not overflow its stack. */
	char deep[20001];
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	assert_refused(f, "POST", path, deep, 400, "BadRequest", "not JSON");
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
	reply.headers = curl_slist_append(NULL, "Transfer-Encoding: chunked");
	curl_easy_setopt(reply.easy, CURLOPT_HTTPHEADER, reply.headers);
	turn_until(f, reply.is_done);
	assert_int_equal(reply.status, 413);
	end(f, &reply);
	assert_int_equal(f->calls, 1);
}

/* A plain socket, for clients that misbehave. */
static int dial(struct fixture *f, const char *request)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	strcpy(address.sun_path, f->path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	return fd;
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

/* --- logs ------------------------------------------------------------------------------------------------------ */

static void append(const char *path, const char *line)
{
	rs_auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_int_equal(write(fd, line, strlen(line)), (ssize_t)strlen(line));
}

#define LOG ROUSE "/namespaces/ns/instances/i/log"

static void assert_log(struct fixture *f, const char *query, const char *want)
{
	char path[256];
	snprintf(path, sizeof(path), LOG "%s", query);
	struct reply reply = ask(f, "GET", path, NULL);
	assert_int_equal(reply.status, 200);
	assert_string_equal(text(&reply.body), want);
	end(f, &reply);
}

static void test_the_last_lines_of_a_log(void **state)
{
	struct fixture *f = *state;
	f->how = ANSWER_FILE;
	struct reply reply = ask(f, "GET", LOG, NULL);
	assert_int_equal(reply.status, 404);
	end(f, &reply);
	append(f->log, "");
	assert_log(f, "", "");
	assert_log(f, "?tailLines=3", "");
	append(f->log, "one\n\nthree\nfour\n");
	assert_log(f, "", "one\n\nthree\nfour\n");
	assert_log(f, "?tailLines=0", "");
	assert_log(f, "?tailLines=1", "four\n");
	assert_log(f, "?tailLines=3", "\nthree\nfour\n");
	assert_log(f, "?tailLines=4", "one\n\nthree\nfour\n");
	assert_log(f, "?tailLines=99", "one\n\nthree\nfour\n");
	append(f->log, "five");
	assert_log(f, "?tailLines=2", "four\nfive");
}

static void test_the_last_lines_of_a_large_log(void **state)
{
	struct fixture *f = *state;
	char line[64];
	struct rs_buf all;
	f->how = ANSWER_FILE;
	rs_buf_init(&all, 16 * 1024 * 1024);
	for (int i = 0; i < 100000; i++) {
		snprintf(line, sizeof(line), "line %d\n", i);
		rs_buf_puts(&all, line);
	}
	append(f->log, all.data);
	assert_log(f, "", all.data);
	const char *last = strstr(all.data, "line 70000\n");
	assert_log(f, "?tailLines=30000", last);
	rs_buf_done(&all);
}

static void test_a_log_is_followed_over_rotations(void **state)
{
	struct fixture *f = *state;
	struct reply reply;
	char rotated[128];
	f->how = ANSWER_FILE;
	append(f->log, "zero\none\n");
	begin(f, &reply, "GET", LOG "?follow=true&tailLines=1", NULL, 0);
	turn_until(f, strcmp(text(&reply.body), "one\n") == 0);
	append(f->log, "two\n");
	turn_until(f, strcmp(text(&reply.body), "one\ntwo\n") == 0);
	/* What was written last to the old file comes before the new one. */
	append(f->log, "three\n");
	snprintf(rotated, sizeof(rotated), "%s.1", f->log);
	assert_int_equal(rename(f->log, rotated), 0);
	append(f->log, "four\n");
	turn_until(f, strcmp(text(&reply.body), "one\ntwo\nthree\nfour\n") == 0);
	assert_int_equal(truncate(f->log, 0), 0);
	append(f->log, "5\n");
	turn_until(f, strcmp(text(&reply.body), "one\ntwo\nthree\nfour\n5\n") == 0);
	assert_false(reply.is_done);
	append(f->log, "last words\n");
	rs_api_end_follow(f->api, f->log);
	turn_until(f, reply.is_done);
	assert_int_equal(reply.result, CURLE_OK);
	assert_string_equal(text(&reply.body), "one\ntwo\nthree\nfour\n5\nlast words\n");
	end(f, &reply);
}

/* Open descriptors of this process: a connection that is not noticed as gone keeps one. */
static int count_fds(void)
{
	int count = 0;
	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void test_a_follower_that_leaves_is_noticed(void **state)
{
	struct fixture *f = *state;
	f->how = ANSWER_FILE;
	append(f->log, "x\n");
	int before = count_fds();
	for (unsigned i = 1; i <= 5; i++) {
		int fd = dial(f, "GET " LOG "?follow=true HTTP/1.1\r\nHost: x\r\n\r\n");
		turn_until(f, f->calls == i);
		char byte;
		turn_until(f, recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1);
		close(fd);
	}
	/* The file does not grow, so nothing but the hang-up can tell. */
	turn_until(f, count_fds() == before);
}

static size_t resident_bytes(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*u %lu", &pages), 1);
	fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void test_a_follower_that_does_not_read_costs_nothing(void **state)
{
	struct fixture *f = *state;
	f->how = ANSWER_FILE;
	append(f->log, "begin\n");
	int fd = dial(f, "GET " LOG "?follow=true HTTP/1.1\r\nHost: x\r\n\r\n");
	turn_until(f, f->calls == 1);
	rs_auto_free char *block = malloc(1024 * 1024 + 1);
	memset(block, 'x', 1024 * 1024);
	block[1024 * 1024] = '\0';
	size_t before = resident_bytes();
	for (int i = 0; i < 32; i++) {
		append(f->log, block);
		struct reply reply = ask(f, "GET", "/healthz", NULL);
		assert_int_equal(reply.status, 200);
		end(f, &reply);
	}
	assert_true(resident_bytes() < before + 16 * 1024 * 1024);
	/* The loop rests although the file has news for the one who does not read. */
	int events = 0;
	uint64_t until = rs_now_ns() + 300 * RS_NS_PER_MS;
	while (rs_now_ns() < until)
		events += sd_event_run(f->event, 50000) > 0;
	assert_true(events < 20);
	close(fd);
	int open = count_fds();
	turn_until(f, count_fds() <= open);
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
	assert_int_equal(rs_api_new(f->event, f->path, &fake, f, &second, &err), -EADDRINUSE);
	assert_non_null(strstr(err.message, "another agent"));

	/* A dead agent's socket is replaced, anything else is left alone. */
	snprintf(path, sizeof(path), "%s/stale", f->directory);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	assert_int_equal(rs_api_new(f->event, path, &fake, f, &second, &err), 0);
	second = rs_api_free(second);
	append(path, "a file");
	assert_int_equal(rs_api_new(f->event, path, &fake, f, &second, &err), -EEXIST);
	assert_int_equal(unlink(path), 0);

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(rs_api_new(f->event, path, &fake, f, &second, &err), -ENAMETOOLONG);
	assert_null(second);
}

#define with_server(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_server(test_every_path_reaches_the_backend),
		with_server(test_query_and_body_reach_the_backend),
		with_server(test_what_is_wrong_is_said_with_what_is_right),
		with_server(test_bad_json_is_refused_with_the_offset),
		with_server(test_pages),
		with_server(test_a_late_answer_and_its_header),
		with_server(test_errors_become_status_objects),
		with_server(test_bodies_are_bounded),
		with_server(test_clients_that_leave_are_no_error),
		with_server(test_the_loop_sleeps_when_nothing_happens),
		with_server(test_the_last_lines_of_a_log),
		with_server(test_the_last_lines_of_a_large_log),
		with_server(test_a_log_is_followed_over_rotations),
		with_server(test_a_follower_that_leaves_is_noticed),
		with_server(test_a_follower_that_does_not_read_costs_nothing),
		with_server(test_the_socket),
	};
	curl_global_init(CURL_GLOBAL_ALL);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	curl_global_cleanup();
	return failed;
}
