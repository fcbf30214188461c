/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watches: answers that go on with what changes. Each has its place in the
 * journal (events: in the store's ring) and prints what lies between it and
 * the end whenever its connection has room. A watch that lags costs nobody
 * anything: it meets "410 Expired" when the ring has gone past it.
 */
#ifndef RS_AGENT_WATCH_WATCH_H
#define RS_AGENT_WATCH_WATCH_H

#include "agent/agent.h"

#define RS_WATCHES_MAX 64 /* of the API's 256 connections */

struct rs_watches;

/* After the journal and the store. */
int rs_watches_new(struct rs_agent *agent, struct rs_watches **ret_watches);
/* After the API: every watch has ended. Accepts NULL; returns NULL. */
struct rs_watches *rs_watches_free(struct rs_watches *watches);

/* Answers the request. */
void rs_watch_begin(struct rs_agent *agent, const struct rs_api_request *request);

struct rs_watch_counters {
	unsigned open;
	uint64_t begun;
	uint64_t refused; /* RS_WATCHES_MAX were open */
	uint64_t expired; /* the ring had gone past it */
	uint64_t stalled; /* the client had stopped to read */
};

struct rs_watch_counters rs_watches_counters(const struct rs_watches *watches);

#endif
