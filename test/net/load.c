// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/load.h"

#include "base/time.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONNECTIONS_MAX 32
#define ANSWER_BYTES	6000 /* several segments */
#define PATIENCE_S	8
#define WAIT_NS		(20 * RS_NS_PER_S)

void load_init(struct load *load)
{
	memset(load, 0, sizeof(*load));
	load->state = mmap(NULL, sizeof(*load->state), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(load->state != MAP_FAILED);
	load->state->allowed = ~0U;
}

/* A process in that namespace which ends with this one. 0 in it. */
static pid_t fork_into(int ns)
{
	pid_t parent = getpid(), pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		if (getppid() != parent || setns(ns, CLONE_NEWNET) < 0)
			_exit(1);
		close_range(3, ~0U, 0); /* the agent's lock among them */
	}
	return pid;
}

/* --- servers ------------------------------------------------------------------------------------------------------ */

/* One byte asks; the answer is ANSWER_BYTES of the server's number. False at the end of the connection. */
static int answer(int fd, unsigned number)
{
	char byte, bytes[ANSWER_BYTES];
	memset(bytes, '0' + (int)number, sizeof(bytes));
	return recv(fd, &byte, 1, 0) == 1 && send(fd, bytes, sizeof(bytes), 0) == sizeof(bytes);
}

static void serve(int listener, unsigned number)
{
	struct pollfd fds[1 + CONNECTIONS_MAX] = {{.fd = listener, .events = POLLIN}};
	nfds_t count = 1;
	while (poll(fds, count, -1) > 0) {
		for (nfds_t i = count; i-- > 1;) {
			if (fds[i].revents && !answer(fds[i].fd, number)) {
				close(fds[i].fd);
				fds[i] = fds[--count];
			}
		}
		if (fds[0].revents && count <= CONNECTIONS_MAX) {
			int fd = accept(listener, NULL, NULL), yes = 1;
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
			fds[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
		}
	}
}

void load_serve(struct load *load, int ns, unsigned number)
{
	uint64_t deadline = rs_now_ns() + WAIT_NS;
	load->server[number] = fork_into(ns);
	if (load->server[number] == 0) {
		struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(8080)};
		int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
		if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, CONNECTIONS_MAX) < 0)
			_exit(1);
		__atomic_fetch_or(&load->state->serving, 1U << number, __ATOMIC_SEQ_CST);
		serve(fd, number);
		_exit(0);
	}
	while (!(__atomic_load_n(&load->state->serving, __ATOMIC_SEQ_CST) >> number & 1)) {
		assert_true(rs_now_ns() < deadline);
		sched_yield();
	}
}

/* --- the client --------------------------------------------------------------------------------------------------- */

static void note_failure(struct load_state *state, const char *step)
{
	state->last_error = (uint32_t)errno;
	strncpy(state->last_step, step, sizeof(state->last_step) - 1);
	__atomic_fetch_add(&state->failed, 1, __ATOMIC_SEQ_CST);
}

static int open_connection(const struct sockaddr_in *vip)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
	struct timeval patience = {.tv_sec = PATIENCE_S};
	/* Its ports are soon used anew: no time to wait at the end. */
	struct linger linger = {.l_onoff = 0};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (connect(fd, (const struct sockaddr *)vip, sizeof(*vip)) == 0)
		return fd;
	int r = -errno;
	close(fd);
	return r;
}

/* The number of the server that answered; -1 when none did. */
static int ask(struct load_state *state, int fd)
{
	char bytes[ANSWER_BYTES];
	if (send(fd, "?", 1, 0) != 1) {
		note_failure(state, "send");
		return -1;
	}
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_WAITALL);
	if (n != (ssize_t)sizeof(bytes)) {
		errno = n < 0 ? errno : EPIPE;
		note_failure(state, "receive");
		return -1;
	}
	for (size_t i = 1; i < sizeof(bytes); i++) {
		if (bytes[i] != bytes[0])
			__atomic_fetch_add(&state->wrong, 1, __ATOMIC_SEQ_CST);
	}
	return bytes[0] - '0';
}

/* By a new connection: whoever was allowed before it began, or is when the answer is there. */
static void ask_anew(struct load_state *state, const struct sockaddr_in *vip)
{
	uint32_t allowed = __atomic_load_n(&state->allowed, __ATOMIC_SEQ_CST);
	int fd = open_connection(vip);
	if (fd < 0) {
		errno = -fd;
		note_failure(state, "connect");
		return;
	}
	int server = ask(state, fd);
	close(fd);
	if (server < 0)
		return;
	allowed |= __atomic_load_n(&state->allowed, __ATOMIC_SEQ_CST);
	if (!(allowed >> server & 1))
		__atomic_fetch_add(&state->wrong, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&state->answered, 1, __ATOMIC_SEQ_CST);
}

static void ask_for_ever(struct load_state *state, const struct sockaddr_in *vip)
{
	int kept = open_connection(vip), server = -1;
	if (kept < 0) {
		errno = -kept;
		note_failure(state, "connect");
	}
	for (unsigned i = 0;; i++) {
		if (i % 3 == 0) {
			ask_anew(state, vip);
			continue;
		}
		/* A connection stays with its server. */
		int now = ask(state, kept);
		if (now < 0)
			continue;
		if (server >= 0 && server != now)
			__atomic_fetch_add(&state->wrong, 1, __ATOMIC_SEQ_CST);
		server = now;
		__atomic_fetch_add(&state->answered, 1, __ATOMIC_SEQ_CST);
	}
}

void load_ask(struct load *load, int ns, const char *vip, unsigned short port)
{
	load->client = fork_into(ns);
	if (load->client == 0) {
		struct sockaddr_in address = {
			.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(vip)};
		ask_for_ever(load->state, &address);
	}
}

/* --- the test's side ---------------------------------------------------------------------------------------------- */

static void check(const struct load_state *state)
{
	if (state->failed || state->wrong)
		fail_msg("of %llu requests %llu failed (%s: %s), %llu were answered by the wrong one",
			 (unsigned long long)state->answered, (unsigned long long)state->failed, state->last_step,
			 strerror((int)state->last_error), (unsigned long long)state->wrong);
}

void load_wait(const struct load *load, unsigned requests)
{
	const struct load_state *state = load->state;
	uint64_t deadline = rs_now_ns() + WAIT_NS,
		 wanted = __atomic_load_n(&state->answered, __ATOMIC_SEQ_CST) + requests;
	while (__atomic_load_n(&state->answered, __ATOMIC_SEQ_CST) < wanted) {
		check(state);
		if (rs_now_ns() > deadline)
			fail_msg("the load stands still");
		sched_yield();
	}
}

static void stop(pid_t *pid)
{
	if (!*pid)
		return;
	kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

void load_stop(struct load *load)
{
	struct load_state state = *load->state;
	stop(&load->client);
	for (unsigned i = 0; i < LOAD_SERVERS_MAX; i++)
		stop(&load->server[i]);
	munmap(load->state, sizeof(*load->state));
	check(&state);
}
