/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real server on a real socket, with a fake backend that notes what it was
 * asked. The client is libcurl's multi interface, turned by the same thread.
 */
#ifndef TEST_UNIT_AGENT_API_FIXTURE_H
#define TEST_UNIT_AGENT_API_FIXTURE_H

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

static inline void describe(struct fixture *f, const struct rs_api_request *q)
{
	static const char *const verbs[RS_API_VERB_COUNT] = {"get",    "list", "create", "apply",
							     "delete", "log",  "patch"};
	char *body = q->body ? cJSON_PrintUnformatted(q->body) : NULL;
	snprintf(f->asked, sizeof(f->asked),
		 "%s %d %s/%s body=%.64s dry=%d service=%s kind=%s after=%llu limit=%llu"
		 " tail=%lld follow=%d",
		 verbs[q->verb], q->resource, q->namespace ? q->namespace : "*", q->name ? q->name : "*",
		 body ? body : "-", q->dry_run, q->service ? q->service : "-", q->kind ? q->kind : "-",
		 (unsigned long long)q->after, (unsigned long long)q->limit, (long long)q->log.lines, q->log.follow);
	free(body);
}

static inline cJSON *hello(void)
{
	cJSON *object = cJSON_CreateObject();
	cJSON_AddStringToObject(object, "hello", "world");
	return object;
}

static inline void handle(void *user, const struct rs_api_request *request)
{
	struct fixture *f = user;
	describe(f, request);
	f->calls++;
	f->token = request->token;
	if (f->how == ANSWER_NOW)
		rs_api_answer(f->api, request->token, 200, hello());
	else if (f->how == ANSWER_FILE)
		rs_api_answer_file(f->api, request->token, f->log, &request->log);
}

static inline void metrics(void *user, struct rs_buf *out)
{
	(void)user;
	rs_buf_puts(out, "rouse_up 1\n");
}

static inline bool ready(void *user, struct rs_buf *out)
{
	struct fixture *f = user;
	rs_buf_puts(out, "the pool is empty");
	return f->is_ready;
}

static const struct rs_api_backend fake = {.handle = handle, .metrics = metrics, .ready = ready};

static inline int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct rs_err err = {0};
	strcpy(f->directory, "/tmp/rouse-api-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/api.sock", f->directory);
	snprintf(f->log, sizeof(f->log), "%s/log", f->directory);
	assert_true(sd_event_new(&f->event) >= 0);
	if (rs_api_new(f->event, f->path, -1, &fake, f, &f->api, &err) < 0)
		fail_msg("%s", err.message);
	f->multi = curl_multi_init();
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
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

static inline size_t take_body(char *data, size_t size, size_t count, void *user)
{
	struct reply *reply = user;
	return rs_buf_append(&reply->body, data, size * count) == 0 ? size * count : 0;
}

static inline size_t take_head(char *data, size_t size, size_t count, void *user)
{
	return rs_buf_append(&((struct reply *)user)->head, data, size * count) == 0 ? size * count : 0;
}

/* One turn of both: the server's loop and the client's. */
static inline void turn(struct fixture *f)
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

static inline void begin(struct fixture *f, struct reply *reply, const char *method, const char *path, const char *body,
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
		bool is_patch = strcmp(method, "PATCH") == 0;
		reply->headers = curl_slist_append(NULL, is_patch ? "Content-Type: application/merge-patch+json"
								  : "Content-Type: application/json");
		curl_easy_setopt(reply->easy, CURLOPT_HTTPHEADER, reply->headers);
		curl_easy_setopt(reply->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
		curl_easy_setopt(reply->easy, CURLOPT_COPYPOSTFIELDS, body);
	}
	assert_int_equal(curl_multi_add_handle(f->multi, reply->easy), CURLM_OK);
}

static inline void end(struct fixture *f, struct reply *reply)
{
	curl_multi_remove_handle(f->multi, reply->easy);
	curl_easy_cleanup(reply->easy);
	curl_slist_free_all(reply->headers);
	rs_buf_done(&reply->body);
	rs_buf_done(&reply->head);
}

static inline const char *text(const struct rs_buf *buf)
{
	return buf->data ? buf->data : "";
}

static inline struct reply ask_bytes(struct fixture *f, const char *method, const char *path, const char *body,
				     size_t length)
{
	struct reply reply;
	begin(f, &reply, method, path, body, length);
	/* libcurl knows the reply by its address. */
	turn_until(f, reply.is_done);
	assert_int_equal(reply.result, CURLE_OK);
	return reply;
}

static inline struct reply ask(struct fixture *f, const char *method, const char *path, const char *body)
{
	return ask_bytes(f, method, path, body, body ? strlen(body) : 0);
}

/* A plain socket, for clients that misbehave. */
static inline int dial(struct fixture *f, const char *request)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	strcpy(address.sun_path, f->path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	return fd;
}

/* Open descriptors of this process: a connection that is not noticed as gone keeps one. */
static inline int count_fds(void)
{
	int count = 0;
	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static inline void append(const char *path, const char *line)
{
	rs_auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_int_equal(write(fd, line, strlen(line)), (ssize_t)strlen(line));
}

#define SERVING "/apis/serving.knative.dev/v1"
#define ROUSE	"/apis/rouse.dev/v1"

#define with_server(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* Runs a group with libcurl around it. */
#define run_with_curl(tests)                                                                                           \
	({                                                                                                             \
		curl_global_init(CURL_GLOBAL_ALL);                                                                     \
		int failed_ = cmocka_run_group_tests(tests, NULL, NULL);                                               \
		curl_global_cleanup();                                                                                 \
		failed_;                                                                                               \
	})

#endif
