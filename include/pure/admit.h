/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* May one more SYN be held, and has a held one waited long enough? */
#ifndef RS_PURE_ADMIT_H
#define RS_PURE_ADMIT_H

#include "abi/limits.h"
#include "reason.h"
#include "types.h"

struct rs_admit {
	__u32 node_held;
	__u32 node_max;
	__u32 revision_held;
	__u32 revision_max;
	__u32 source_held;
	__u32 source_max;
};

/* RS_REASON_hold_parked, or the reason why it is shed. The narrowest cap speaks first, so that a
 * single client or service that goes wild is named, not the node that it fills. */
RS_INLINE enum rs_reason rs_admit_hold(const struct rs_admit *in)
{
	if (in->source_held >= in->source_max)
		return RS_REASON_hold_shed_source;
	if (in->revision_held >= in->revision_max)
		return RS_REASON_hold_shed_revision;
	if (in->node_held >= in->node_max)
		return RS_REASON_hold_shed_node;
	return RS_REASON_hold_parked;
}

/* Why a hold has expired at `now`, or RS_REASON_hold_parked while it has not. Idle: nothing within
 * twice the last gap plus a second, since retransmission gaps double at most (RFC 6298 5.5). */
RS_INLINE enum rs_reason rs_hold_expiry(__u64 first_ns, __u64 last_ns, __u32 gap_ms, __u32 total_ms, __u64 now_ns)
{
	if (now_ns < last_ns)
		return RS_REASON_hold_parked;
	if (now_ns - first_ns >= (__u64)total_ms * 1000000)
		return RS_REASON_hold_expired_total;
	__u64 idle_ms = 2ULL * gap_ms + 1000;
	if (idle_ms < RS_HOLD_IDLE_MIN_MS)
		idle_ms = RS_HOLD_IDLE_MIN_MS;
	if (now_ns - last_ns >= idle_ms * 1000000)
		return RS_REASON_hold_expired_idle;
	return RS_REASON_hold_parked;
}

#endif
