// SPDX-License-Identifier: BSD-2-Clause
/*
 * A client that measures connect() and the first byte.
 *
 *	coldclient [-n COUNT] [-t TIMEOUT_MS] [-a START_NS] [-g GAP_MS] [-s] HOST:PORT...
 *
 * makes COUNT connections to each target, all at once, or with -s one after
 * another (GAP_MS between them); sends one request on each and reads the head
 * of the response. -a starts at that moment of CLOCK_MONOTONIC, so that
 * several clients begin together. Names are looked up before anything is
 * measured. Prints a line for each connection:
 *
 *	TARGET STATUS START_NS CONNECT_NS FIRST_BYTE_NS MAIN_NS LISTEN_NS REVISION
 *
 * STATUS is "ok" or the error's name; CONNECT_NS and FIRST_BYTE_NS count from
 * START_NS; the last three are what the stub says of itself (0 when nothing).
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S	1000000000ULL
#define NS_PER_MS	1000000ULL
#define CONNECTIONS_MAX 100000
#define EVENTS_AT_ONCE	256
#define RESPONSE_MAX	1024

struct attempt {
	const char *target;
	const struct addrinfo *address;
	int fd; /* -1 = over */
	bool connected;
	const char *status;
	uint64_t start_ns, connected_ns, first_byte_ns;
	unsigned long long main_ns, listen_ns;
	char revision[64];
	char response[RESPONSE_MAX];
	size_t length;
};

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	struct timespec at = {.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

static const char *error_name(int error)
{
	const char *name = error ? strerrorname_np(error) : NULL;
	return name ? name : "closed";
}

static void finish(struct attempt *attempt, const char *status)
{
	close(attempt->fd);
	attempt->fd = -1;
	attempt->status = status;
}

/* HOST:PORT */
static const struct addrinfo *look_up(const char *target)
{
	char host[256];
	const char *colon = strrchr(target, ':');
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found;
	if (!colon || (size_t)(colon - target) >= sizeof(host)) {
		fprintf(stderr, "coldclient: %s is not HOST:PORT\n", target);
		exit(2);
	}
	memcpy(host, target, (size_t)(colon - target));
	host[colon - target] = '\0';
	int r = getaddrinfo(host, colon + 1, &hints, &found);
	if (r != 0) {
		fprintf(stderr, "coldclient: %s: %s\n", target, gai_strerror(r));
		exit(1);
	}
	return found;
}

static void send_request(struct attempt *attempt)
{
	char request[320];
	int n = snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", attempt->target);
	if (send(attempt->fd, request, (size_t)n, MSG_NOSIGNAL) != n)
		finish(attempt, error_name(errno));
}

static void begin(struct attempt *attempt, int epoll)
{
	struct epoll_event event = {.events = EPOLLOUT, .data.ptr = attempt};
	const struct addrinfo *address = attempt->address;
	attempt->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (attempt->fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, attempt->fd, &event) < 0) {
		perror("coldclient");
		exit(1);
	}
	attempt->start_ns = now_ns();
	if (connect(attempt->fd, address->ai_addr, address->ai_addrlen) < 0 && errno != EINPROGRESS)
		finish(attempt, error_name(errno));
}

static void read_header(const char *response, const char *name, const char *format, void *value)
{
	const char *at = strstr(response, name);
	if (at)
		sscanf(at + strlen(name), format, value);
}

static void on_response(struct attempt *attempt, uint64_t now)
{
	ssize_t n = recv(attempt->fd, attempt->response + attempt->length, RESPONSE_MAX - 1 - attempt->length, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		finish(attempt, error_name(n ? errno : 0));
		return;
	}
	if (!attempt->length)
		attempt->first_byte_ns = now;
	attempt->length += (size_t)n;
	attempt->response[attempt->length] = '\0';
	bool complete = strstr(attempt->response, "\r\n\r\n") != NULL;
	if (!complete && attempt->length < RESPONSE_MAX - 1)
		return;
	read_header(attempt->response, "X-Main-Ns: ", "%llu", &attempt->main_ns);
	read_header(attempt->response, "X-Listen-Ns: ", "%llu", &attempt->listen_ns);
	read_header(attempt->response, "X-Revision: ", "%63s", attempt->revision);
	finish(attempt,
	       !strncmp(attempt->response, "HTTP/1.1 200", 12) || !strncmp(attempt->response, "HTTP/1.0 200", 12)
		       ? "ok"
		       : "refused-by-server");
}

static void on_event(struct attempt *attempt, int epoll, uint64_t now)
{
	if (attempt->fd < 0)
		return;
	if (attempt->connected) {
		on_response(attempt, now);
		return;
	}
	int error = 0;
	socklen_t length = sizeof(error);
	getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &length);
	if (error) {
		finish(attempt, error_name(error));
		return;
	}
	attempt->connected = true;
	attempt->connected_ns = now;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = attempt};
	epoll_ctl(epoll, EPOLL_CTL_MOD, attempt->fd, &event);
	send_request(attempt);
}

/* Runs until `count` attempts are over or the time is up. */
static void drive(struct attempt *attempts, size_t count, int epoll, uint64_t deadline_ns)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	size_t open = count;
	for (uint64_t now = now_ns(); open && now < deadline_ns; now = now_ns()) {
		int ready = epoll_wait(epoll, events, EVENTS_AT_ONCE, (int)((deadline_ns - now) / NS_PER_MS) + 1);
		for (int i = 0; i < ready; i++)
			on_event(events[i].data.ptr, epoll, now_ns());
		open = 0;
		for (size_t i = 0; i < count; i++)
			open += attempts[i].fd >= 0;
	}
	for (size_t i = 0; i < count; i++) {
		if (attempts[i].fd >= 0)
			finish(&attempts[i], "timeout");
	}
}

static void print(const struct attempt *attempt)
{
	uint64_t start = attempt->start_ns;
	printf("%s %s %llu %llu %llu %llu %llu %s\n", attempt->target, attempt->status, (unsigned long long)start,
	       (unsigned long long)(attempt->connected_ns ? attempt->connected_ns - start : 0),
	       (unsigned long long)(attempt->first_byte_ns ? attempt->first_byte_ns - start : 0), attempt->main_ns,
	       attempt->listen_ns, *attempt->revision ? attempt->revision : "-");
}

static void usage(void)
{
	fprintf(stderr, "usage: coldclient [-n COUNT] [-t TIMEOUT_MS] [-a START_NS] [-g GAP_MS] [-s] HOST:PORT...\n");
	exit(2);
}

int main(int argc, char **argv)
{
	unsigned long count = 1, timeout_ms = 30000, gap_ms = 0;
	unsigned long long at_ns = 0;
	bool sequential = false;
	for (int c; (c = getopt(argc, argv, "n:t:a:g:s")) != -1;) {
		if (c == 'n')
			count = strtoul(optarg, NULL, 10);
		else if (c == 't')
			timeout_ms = strtoul(optarg, NULL, 10);
		else if (c == 'a')
			at_ns = strtoull(optarg, NULL, 10);
		else if (c == 'g')
			gap_ms = strtoul(optarg, NULL, 10);
		else if (c == 's')
			sequential = true;
		else
			usage();
	}
	size_t targets = (size_t)(argc - optind), total = targets * count;
	if (!total || total > CONNECTIONS_MAX)
		usage();
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	struct attempt *attempts = calloc(total, sizeof(*attempts));
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!attempts || epoll < 0) {
		perror("coldclient");
		return 1;
	}
	for (size_t i = 0; i < total; i++) {
		attempts[i].target = argv[optind + (int)(i % targets)];
		attempts[i].address = i < targets ? look_up(attempts[i].target) : attempts[i - targets].address;
		attempts[i].fd = -1;
	}
	if (at_ns)
		sleep_until(at_ns);
	size_t step = sequential ? 1 : total;
	bool failed = false;
	for (size_t done = 0; done < total; done += step) {
		if (done && gap_ms)
			sleep_until(now_ns() + gap_ms * NS_PER_MS);
		for (size_t i = 0; i < step; i++)
			begin(&attempts[done + i], epoll);
		drive(&attempts[done], step, epoll, now_ns() + timeout_ms * NS_PER_MS);
		for (size_t i = 0; i < step; i++) {
			print(&attempts[done + i]);
			failed |= strcmp(attempts[done + i].status, "ok") != 0;
		}
	}
	return failed;
}
