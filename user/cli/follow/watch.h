/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What there is, and then each change to it, for as long as it takes: a list
 * and the API's watch behind it. When the agent goes away, or no longer knows
 * the version that was seen last, the watch waits for it and lists again; what
 * the visitor is told then is everything that there is.
 */
#ifndef RS_CLI_FOLLOW_WATCH_H
#define RS_CLI_FOLLOW_WATCH_H

#include "cli/fetch.h"

enum rs_change {
	RS_CHANGE_ADDED,
	RS_CHANGE_MODIFIED,
	RS_CHANGE_DELETED,
	RS_CHANGE_COUNT,
};

/* "ADDED", as the API and kubectl write it. */
const char *rs_change_text(enum rs_change change);

/* Each returns 0 to go on; what is positive ends the watch well, what is negative ends it with *err. */
struct rs_watch_visitor {
	/* A list begins, the first or one after an interruption; perhaps again, when it could not be read to its end.
	 * NULL when that does not matter. */
	int (*begun)(void *user, struct rs_err *err);
	/* A page of it. Of events only those that are new. */
	int (*page)(void *user, const cJSON *list, struct rs_err *err);
	/* The list is whole now. NULL when that does not matter. */
	int (*listed)(void *user, struct rs_err *err);
	int (*changed)(void *user, enum rs_change change, const cJSON *object, struct rs_err *err);
	void *user;
	FILE *out; /* whose reader may go away: that ends the watch, with -EPIPE. NULL = nobody's */
};

/* Until the visitor or the deadline (0 = none) ends it: what the visitor returned, or -ETIMEDOUT. The first list must
 * succeed; later the agent may come and go, which is said on `notices`. */
int rs_watch(struct rs_client *client, const struct rs_noun *noun, const struct rs_query *query,
	     const struct rs_watch_visitor *visitor, uint64_t deadline_ns, FILE *notices, struct rs_err *err);

#endif
