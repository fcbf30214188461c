/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The agent's two address ranges against what the host has: addresses, routes
 * and other agents. The agent asks at its start, and `status` asks again:
 * routes come and go.
 */
#ifndef RS_SYS_RANGES_H
#define RS_SYS_RANGES_H

#include "base/err.h"

#include <netinet/in.h>
#include <stdbool.h>

struct rs_range {
	struct in_addr address; /* network order */
	unsigned bits;
};

struct rs_ranges {
	struct rs_range vip;
	struct rs_range instances;
};

struct rs_ranges_check {
	struct rs_ranges ranges;
	const char *link;	    /* our own front door: what leads there is ours */
	const char *sandbox_prefix; /* and what leads to "PREFIX17" */
};

/* True when an address is in both. */
bool rs_range_overlaps(struct rs_range a, struct rs_range b);

/* -EADDRINUSE, with what is in the way and which option helps. Default routes overlap with everything, lose to ours and
 * are no obstacle; neither is a shorter route that only throws packets away. */
int rs_ranges_check(const struct rs_ranges_check *check, struct rs_err *err);

#endif
