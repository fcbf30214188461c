/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The agent's address ranges against what the host has: addresses, routes
 * and other agents. The agent asks at its start, and `status` asks again:
 * routes come and go.
 */
#ifndef RS_SYS_RANGES_H
#define RS_SYS_RANGES_H

#include "base/err.h"
#include "base/range.h"

#include <stdbool.h>

/* Of each family; bits are 0 where the agent has it not. */
struct rs_ranges {
	struct rs_range vip[RS_FAMILIES];
	struct rs_range instances[RS_FAMILIES];
};

struct rs_ranges_check {
	struct rs_ranges ranges;
	const char *link;	    /* our own front door: what leads there is ours */
	const char *sandbox_prefix; /* and what leads to "PREFIX17" */
};

/* -EADDRINUSE, with what is in the way and which option helps. Default routes overlap with everything, lose to ours and
 * are no obstacle; neither is a shorter route that only throws packets away. */
int rs_ranges_check(const struct rs_ranges_check *check, struct rs_err *err);

#endif
