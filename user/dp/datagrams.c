// SPDX-License-Identifier: BSD-2-Clause
/* Letting held datagrams go on, in their order, and closing their queue behind them (abi/datagram.h). */
#include "dp/internal.h"

#include "abi/datagram.h"
#include "pure/frame.h"

#include <errno.h>
#include <string.h>

/* Of one flow in one go: other flows are waiting too. */
#define AT_ONCE 16

/* Copies the datagram at the position. Its length, -EAGAIN while it is being written, -ENOENT when it has gone. */
static int copy_datagram(struct rs_dp *dp, const struct rs_hold *hold, unsigned position, __u8 *out)
{
	unsigned handle = __atomic_load_n(&hold->datagram[position & (RS_FLOW_DATAGRAMS_MAX - 1)], __ATOMIC_ACQUIRE);
	const struct rs_datagram *datagram = handle ? rs_shared_at(&dp->datagrams, handle - 1) : NULL;
	if (!datagram)
		return -EAGAIN;
	unsigned length = datagram->length;
	if (datagram->hold_ns != hold->first_ns || length > RS_DATAGRAM_FRAME_MAX)
		return -ENOENT;
	memcpy(out, datagram->frame, length);
	return (int)length;
}

int rs_dp_release_datagrams(struct rs_dp *dp, unsigned long long sequence)
{
	const struct rs_hold *hold = rs_dp_hold(dp, sequence);
	__u8 frame[RS_DATAGRAM_FRAME_MAX];
	for (unsigned i = 0; i < AT_ONCE; i++) {
		if (rs_dp_hold_state(dp, sequence) != RS_HOLD_HELD)
			return -ENOENT;
		unsigned released = __atomic_load_n(&hold->released, __ATOMIC_ACQUIRE);
		unsigned queued = __atomic_load_n(&hold->queued, __ATOMIC_ACQUIRE);
		if (queued & RS_QUEUE_CLOSED)
			return 0;
		if (queued == released) {
			int r = rs_dp_send_about(dp, sequence, RS_MARK_CLOSE);
			if (r < 0 || rs_dp_hold_state(dp, sequence) != RS_HOLD_HELD)
				return r;
			continue; /* one more has come */
		}
		int length = copy_datagram(dp, hold, released, frame);
		if (length >= 0)
			length = rs_frame_datagram(frame, (unsigned)length, dp->config.rouse0_mac,
						   dp->config.rouse1_mac);
		if (length < 0)
			return length;
		int r = rs_dp_send_frame(dp, frame, (size_t)length, RS_MARK_DATAGRAM | (released & 0xff));
		if (r < 0)
			return r;
		/* Nobody could take it, or it is still on its way: the next call sees. */
		if (__atomic_load_n(&hold->released, __ATOMIC_ACQUIRE) == released)
			return 0;
	}
	return 0;
}
