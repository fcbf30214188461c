/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Load, for changes that nobody may notice: processes that answer, and one that
 * asks without a pause and checks each answer. They end with load_stop(), or
 * with the test that made them.
 */
#ifndef RS_TEST_NET_LOAD_H
#define RS_TEST_NET_LOAD_H

#include <stdint.h>
#include <sys/types.h>

#define LOAD_SERVERS_MAX 4

/* Shared by all. */
struct load_state {
	uint64_t answered;
	uint64_t failed;     /* no connection, no answer, or one that is cut short */
	uint64_t wrong;	     /* answered by a server that was not among the allowed */
	uint32_t allowed;    /* bit n: the server n may answer what is asked from now on */
	uint32_t serving;    /* bit n: it listens */
	uint32_t last_error; /* errno of the last failure */
	char last_step[32];
};

struct load {
	struct load_state *state;
	pid_t client;
	pid_t server[LOAD_SERVERS_MAX];
};

void load_init(struct load *load);
/* Answers on port 8080 in that namespace. `number` is what it says of itself. */
void load_serve(struct load *load, int ns, unsigned number);
/* Asks VIP:port from that namespace: each third request by a new connection, the others on one that is kept. */
void load_ask(struct load *load, int ns, const char *vip, unsigned short port);
/* Waits until some more requests were answered; fails the test when they are not. */
void load_wait(const struct load *load, unsigned requests);
/* Ends all of them, and fails the test when a request failed or was answered by the wrong one. */
void load_stop(struct load *load);

#endif
