/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The state of a UDP flow, from the direction of each datagram. One reply may
 * be an answer to somebody who has forged the client's address: a flow is safe
 * from those of a flood when its client goes on after a reply, as Linux'
 * conntrack sees it.
 */
#ifndef RS_PURE_UDP_STATE_H
#define RS_PURE_UDP_STATE_H

#include "pure/tcp_state.h" /* enum rs_direction */

RS_INLINE __u32 rs_udp_next(__u32 state, enum rs_direction from)
{
	if (state == RS_UDP_UNREPLIED && from == RS_FROM_SERVER) /* 1. answered */
		return RS_UDP_REPLIED;
	if (state == RS_UDP_REPLIED && from == RS_FROM_CLIENT) /* 2. to and fro */
		return RS_UDP_STREAM;
	return state;
}

#endif
