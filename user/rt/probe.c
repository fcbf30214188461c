// SPDX-License-Identifier: BSD-2-Clause
/*
 * One probe, once. tcpSocket is a connect; httpGet goes on with one request
 * and the first line of its answer; both from the host, over the instance's
 * veth. exec runs in the instance, by the helper.
 */
#include "rt/internal.h"

#include "base/mem.h"
#include "base/str.h"
#include "rt/http.h"
#include "sys/timer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define REQUEST_MAX    2048
#define TIMEOUT_MS_MIN 10
#define DEFAULT_MS     1000

struct rs_probe_run {
	struct rs_rt *rt;
	struct rs_box *box;
	struct rs_probe_run *next;
	uint64_t cookie;
	uint32_t timeout_ms;
	int socket;
	sd_event_source *io;
	sd_event_source *timer;
	struct rs_job *job; /* exec */
	bool http;
	bool is_v6;
	uint16_t port;
	char *host; /* of httpGet, as the next */
	char *path;
	size_t request_length, request_sent, answer_length;
	char request[REQUEST_MAX];
	char answer[64];
};

static void run_free(struct rs_probe_run *run)
{
	for (struct rs_probe_run **at = &run->rt->probes; *at; at = &(*at)->next) {
		if (*at == run) {
			*at = run->next;
			break;
		}
	}
	sd_event_source_disable_unref(run->io);
	sd_event_source_disable_unref(run->timer);
	rs_job_cancel(run->job);
	free(run->host);
	free(run->path);
	if (run->socket >= 0)
		close(run->socket);
	free(run);
}

void rs_probes_cancel(struct rs_rt *rt, const struct rs_box *box)
{
	for (struct rs_probe_run *run = rt->probes, *next; run; run = next) {
		next = run->next;
		if (!box || run->box == box)
			run_free(run);
	}
}

static void finish(struct rs_probe_run *run, bool ok, const char *text)
{
	struct rs_rt *rt = run->rt;
	struct rs_box *box = run->box;
	uint64_t cookie = run->cookie;
	run_free(run);
	rt->callbacks.on_probe(rt->user, &box->instance, cookie, ok, text);
}

static void fail_socket(struct rs_probe_run *run, const char *what, int code)
{
	char text[128];
	snprintf(text, sizeof(text), "%s port %u: %s", what, run->port, strerror(code));
	finish(run, false, text);
}

static int connect_result(const struct rs_probe_run *run)
{
	int code = 0;
	socklen_t size = sizeof(code);
	return getsockopt(run->socket, SOL_SOCKET, SO_ERROR, &code, &size) < 0 ? errno : code;
}

/* Sends what is left of the request. */
static void send_request(struct rs_probe_run *run)
{
	ssize_t n = send(run->socket, run->request + run->request_sent, run->request_length - run->request_sent,
			 MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN) {
		fail_socket(run, "cannot send to", errno);
		return;
	}
	run->request_sent += n > 0 ? (size_t)n : 0;
	if (run->request_sent == run->request_length)
		sd_event_source_set_io_events(run->io, EPOLLIN);
}

static void read_answer(struct rs_probe_run *run)
{
	ssize_t n =
		recv(run->socket, run->answer + run->answer_length, sizeof(run->answer) - 1 - run->answer_length, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0) {
		fail_socket(run, "cannot read from", errno);
		return;
	}
	run->answer_length += (size_t)n;
	run->answer[run->answer_length] = '\0';
	int status = rs_http_status(run->answer);
	/* Not whole yet: there is more to come, and room for it. */
	if (status == -EAGAIN && n > 0 && run->answer_length < sizeof(run->answer) - 1)
		return;
	char text[64];
	if (status < 0)
		snprintf(text, sizeof(text), "port %u does not answer in HTTP", run->port);
	else
		snprintf(text, sizeof(text), "HTTP status %d", status);
	/* As the kubelet: redirects count as success. */
	finish(run, status >= 200 && status < 400, text);
}

static int connect_to(struct rs_probe_run *run, enum rs_family family);

/* A program may listen on one family alone. True when the other one is tried now. */
static bool try_other_family(struct rs_probe_run *run, int code)
{
	if (code != ECONNREFUSED || run->is_v6 || rs_address_is_none(&run->box->instance.address6))
		return false;
	run->io = sd_event_source_disable_unref(run->io);
	close(run->socket);
	run->socket = -1;
	run->is_v6 = true;
	return connect_to(run, RS_V6) == 0;
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct rs_probe_run *run = user;
	(void)source;
	(void)fd;
	if (!run->request_sent) {
		int code = connect_result(run);
		if (code) {
			if (!try_other_family(run, code))
				fail_socket(run, "cannot connect to", code);
			return 0;
		}
		if (!run->http) {
			finish(run, true, NULL);
			return 0;
		}
	}
	if (run->request_sent < run->request_length) {
		if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
			send_request(run);
		return 0;
	}
	read_answer(run);
	return 0;
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_probe_run *run = user;
	char text[64];
	(void)source;
	(void)usec;
	snprintf(text, sizeof(text), "no answer within %u ms", run->timeout_ms);
	finish(run, false, text);
	return 0;
}

static int begin_connect(const struct rs_probe_run *run, const struct rs_address *address)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = rs_address_to_v4(address),
		.sin_port = htons(run->port),
	};
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons(run->port)};
	memcpy(&to6.sin6_addr, address->byte, sizeof(to6.sin6_addr));
	bool is_v4 = rs_address_family(address) == RS_V4;
	int r = connect(run->socket, is_v4 ? (const struct sockaddr *)&to : (const struct sockaddr *)&to6,
			is_v4 ? sizeof(to) : sizeof(to6));
	/* A refusal comes at once too: epoll reports it, so that every result takes the same way. */
	return r < 0 && errno != EINPROGRESS && errno != ECONNREFUSED ? -errno : 0;
}

static int connect_to(struct rs_probe_run *run, enum rs_family family)
{
	const struct rs_rt_instance *instance = &run->box->instance;
	const struct rs_address address =
		family == RS_V4 ? rs_address_v4(instance->address.s_addr) : instance->address6;
	if (run->http) {
		int n = rs_http_request(run->request, sizeof(run->request), &address, run->port, run->host, run->path);
		if (n < 0)
			return n;
		run->request_length = (size_t)n;
	}
	run->socket = socket(family == RS_V4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (run->socket < 0)
		return -errno;
	int r = begin_connect(run, &address);
	if (r == 0)
		r = sd_event_add_io(run->rt->event, &run->io, run->socket, EPOLLOUT, on_socket, run);
	return r < 0 ? r : 0;
}

static void on_exec_done(void *user, enum rs_job_end end, int value, const char *text)
{
	struct rs_probe_run *run = user;
	char why[RS_JOB_TEXT_MAX + 32];
	run->job = NULL;
	if (end == RS_JOB_TIMEOUT)
		snprintf(why, sizeof(why), "no answer within %u ms", run->timeout_ms);
	else if (*text)
		snprintf(why, sizeof(why), "%s", text);
	else
		snprintf(why, sizeof(why), end == RS_JOB_EXITED ? "exit code %d" : "killed by signal %d", value);
	finish(run, end == RS_JOB_EXITED && value == 0, why);
}

static int run_command(struct rs_probe_run *run, const char *const *command)
{
	struct rs_rt *rt = run->rt;
	struct rs_job_args args = {.count = 0};
	rs_job_arg(&args, "rouse-sandbox");
	rs_job_arg(&args, "enter");
	rs_job_arg(&args, "name=%s", run->box->instance.name);
	rs_job_arg(&args, "pid=%d", run->box->instance.pid);
	rs_job_args_cgroups(&args, &rt->cgroups);
	rs_job_arg(&args, "--");
	for (; *command; command++)
		rs_job_arg(&args, "%s", *command);
	int r = rs_job_start(rt, &args, run->timeout_ms, on_exec_done, run, &run->job);
	rs_job_args_done(&args);
	return r;
}

static int begin(struct rs_probe_run *run, const struct rs_probe_spec *probe)
{
	struct rs_rt_instance *instance = &run->box->instance;
	run->port = probe->port ? probe->port : instance->port;
	if (probe->kind == RS_PROBE_EXEC)
		return probe->command && *probe->command ? run_command(run, probe->command) : -EINVAL;
	if (probe->kind == RS_PROBE_HTTP_GET) {
		run->http = true;
		run->host = probe->host ? strdup(probe->host) : NULL;
		run->path = probe->path ? strdup(probe->path) : NULL;
		if ((probe->host && !run->host) || (probe->path && !run->path))
			return -ENOMEM;
	}
	int r = connect_to(run, RS_V4);
	if (r < 0)
		return r;
	return rs_timer_after(run->rt->event, &run->timer, run->timeout_ms * 1000ULL, 1000, on_timeout, run);
}

int rs_rt_probe(struct rs_rt *rt, struct rs_rt_instance *instance, const struct rs_probe_spec *probe, uint64_t cookie)
{
	struct rs_box *box = rs_box_of(instance);
	if (box->state != RS_BOX_RUNNING)
		return -ESRCH;
	if (probe->kind == RS_PROBE_NONE)
		return -EINVAL;
	struct rs_probe_run *run = calloc(1, sizeof(*run));
	if (!run)
		return -ENOMEM;
	run->rt = rt;
	run->box = box;
	run->cookie = cookie;
	run->socket = -1;
	run->timeout_ms = probe->timeout_ms ? probe->timeout_ms : DEFAULT_MS;
	if (run->timeout_ms < TIMEOUT_MS_MIN)
		run->timeout_ms = TIMEOUT_MS_MIN;
	run->next = rt->probes;
	rt->probes = run;
	int r = begin(run, probe);
	if (r < 0)
		run_free(run);
	return r;
}
