/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Held datagrams: whole frames in places of the array `datagrams`, each owned
 * by a hold (rs_hold.datagram). A hold of UDP is a queue of at most
 * RS_FLOW_DATAGRAMS_MAX of them:
 *
 *	queued    the next one's position; RS_QUEUE_CLOSED once none is added any more
 *	released  the next one to be let go
 *	datagram  [position % max] = its place + 1, 0 until it is written
 *
 * The agent sends them in this order, each with its position in the mark; the
 * program on rouse1 sends it on, frees its place and counts `released` up. When
 * both are equal the agent asks to close the queue, and the hold ends. So what
 * arrives meanwhile goes behind what is held, never past it.
 *
 * parked = released + lost + those held now, always.
 */
#ifndef RS_ABI_DATAGRAM_H
#define RS_ABI_DATAGRAM_H

#include "abi/limits.h"
#include "types.h"

#define RS_QUEUE_CLOSED (1U << 31)

struct rs_datagram {
	__u32 used;			   /* 1 = somebody's; changed by compare-and-swap */
	__u32 length;			   /* of the frame */
	__u64 hold_ns;			   /* rs_hold.first_ns of its hold: tells its users apart */
	__u8 frame[RS_DATAGRAM_FRAME_MAX]; /* as received: the checksum may be partial */
};

_Static_assert(sizeof(struct rs_datagram) == 2048, "ABI");

#endif
