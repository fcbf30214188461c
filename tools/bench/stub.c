// SPDX-License-Identifier: BSD-2-Clause
/*
 * A server whose own start is known exactly.
 *
 *	stub START_MS [backlog=N] [body=BYTES]
 *
 * sleeps START_MS, then listens on $PORT (8080) and answers every HTTP request
 * with the same response: one epoll loop, keep-alive, `Connection: close`
 * honoured. The response says when main() began and when listen() had
 * returned (CLOCK_MONOTONIC, which client and server on one machine share),
 * and which revision answered, so that a client can subtract and count.
 * Once it listens it writes one line, "listening", to its standard output.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S       1000000000ULL
#define NS_PER_MS      1000000ULL
#define FDS_MAX	       65536
#define REQUEST_MAX    2048
#define BODY_MAX       65536
#define EVENTS_AT_ONCE 256

/* What has arrived of a request that is not complete yet. */
struct connection {
	char request[REQUEST_MAX];
	size_t length;
};

static struct connection *connections[FDS_MAX];
static char response[2][BODY_MAX + 512]; /* keep-alive, close */
static size_t response_length[2];

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void sleep_ms(uint64_t ms)
{
	uint64_t until = now_ns() + ms * NS_PER_MS;
	struct timespec at = {.tv_sec = (time_t)(until / NS_PER_S), .tv_nsec = (long)(until % NS_PER_S)};
	while (ms && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

static int open_listener(uint16_t port, int backlog)
{
	/* "::" takes IPv4 as well. A kernel without IPv6 has 0.0.0.0. */
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool is_v6 = fd >= 0;
	int on = 1, off = 0;
	struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	if (!is_v6)
		fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, is_v6 ? (struct sockaddr *)&any6 : (struct sockaddr *)&any4, is_v6 ? sizeof(any6) : sizeof(any4)) <
	    0)
		die("bind");
	if (listen(fd, backlog) < 0)
		die("listen");
	return fd;
}

static void prepare_responses(uint64_t main_ns, uint64_t listen_ns, size_t body)
{
	const char *revision = getenv("K_REVISION");
	for (int close = 0; close < 2; close++) {
		int n = snprintf(response[close], sizeof(response[close]),
				 "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
				 "X-Main-Ns: %llu\r\nX-Listen-Ns: %llu\r\nX-Revision: %s\r\n%s\r\n",
				 body, (unsigned long long)main_ns, (unsigned long long)listen_ns,
				 revision ? revision : "none", close ? "Connection: close\r\n" : "");
		if (n < 0 || (size_t)n + body > sizeof(response[close]))
			die("the response is too long");
		memset(response[close] + n, 'r', body);
		response_length[close] = (size_t)n + body;
	}
}

static void drop(int fd)
{
	free(connections[fd]);
	connections[fd] = NULL;
	close(fd);
}

static void accept_all(int epoll, int listener)
{
	int fd;
	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
		if (fd >= FDS_MAX) {
			close(fd);
			continue;
		}
		connections[fd] = calloc(1, sizeof(struct connection));
		if (!connections[fd] || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
			drop(fd);
	}
}

/* A response fits into an empty socket buffer; a client that does not read loses its connection. */
static bool answer(int fd, const char *head)
{
	bool close = strcasestr(head, "\r\nConnection: close\r\n") != NULL;
	ssize_t n = send(fd, response[close], response_length[close], MSG_NOSIGNAL);
	return n == (ssize_t)response_length[close] && !close;
}

/* Answers what is complete; requests have no body. Returns false when the connection is over. */
static bool serve(int fd, struct connection *connection)
{
	char *request = connection->request;
	ssize_t n = recv(fd, request + connection->length, REQUEST_MAX - 1 - connection->length, 0);
	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	connection->length += (size_t)n;
	request[connection->length] = '\0';
	for (char *end; (end = strstr(request, "\r\n\r\n")) != NULL;) {
		char kept = end[2];
		end[2] = '\0'; /* the head keeps its last CRLF */
		bool more = answer(fd, request);
		end[2] = kept;
		if (!more)
			return false;
		size_t used = (size_t)(end + 4 - request);
		connection->length -= used;
		memmove(request, request + used, connection->length + 1);
	}
	return connection->length < REQUEST_MAX - 1;
}

static unsigned long option(int argc, char **argv, const char *name, unsigned long otherwise)
{
	size_t length = strlen(name);
	for (int i = 2; i < argc; i++) {
		if (!strncmp(argv[i], name, length) && argv[i][length] == '=')
			return strtoul(argv[i] + length + 1, NULL, 10);
	}
	return otherwise;
}

int main(int argc, char **argv)
{
	uint64_t main_ns = now_ns();
	const char *port = getenv("PORT");
	struct rlimit files;
	if (argc < 2) {
		fprintf(stderr, "usage: stub START_MS [backlog=N] [body=BYTES]\n");
		return 2;
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max < FDS_MAX ? files.rlim_max : FDS_MAX;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	sleep_ms(strtoul(argv[1], NULL, 10));
	int listener = open_listener((uint16_t)strtoul(port ? port : "8080", NULL, 10),
				     (int)option(argc, argv, "backlog", 4096));
	prepare_responses(main_ns, now_ns(), option(argc, argv, "body", 8));
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event events[EVENTS_AT_ONCE] = {{.events = EPOLLIN, .data.fd = listener}};
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, events) < 0)
		die("epoll");
	puts("listening");
	fflush(stdout);
	for (;;) {
		int count = epoll_wait(epoll, events, EVENTS_AT_ONCE, -1);
		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;
			if (fd == listener)
				accept_all(epoll, listener);
			else if (!serve(fd, connections[fd]))
				drop(fd);
		}
	}
}
