/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The state of a connection as a bystander sees it, from the flags of each
 * packet and its direction. It only ever moves forward, except that a packet
 * which fits no rule leaves it as it is.
 */
#ifndef RS_PURE_TCP_STATE_H
#define RS_PURE_TCP_STATE_H

#include "abi/flow.h"
#include "pure/packet.h"

enum rs_direction {
	RS_FROM_CLIENT,
	RS_FROM_SERVER,
};

RS_INLINE __u32 rs_tcp_next(__u32 state, enum rs_direction from, __u32 flags)
{
	if (flags & RS_TCP_RST) /* 1. a reset ends it */
		return RS_TCP_CLOSED;
	if (flags & RS_TCP_FIN) { /* 2. a half is closed */
		if (state == RS_TCP_CLOSED || state == RS_TCP_FIN_BOTH)
			return state;
		if (from == RS_FROM_CLIENT)
			return state == RS_TCP_FIN_SERVER ? RS_TCP_FIN_BOTH : RS_TCP_FIN_CLIENT;
		return state == RS_TCP_FIN_CLIENT ? RS_TCP_FIN_BOTH : RS_TCP_FIN_SERVER;
	}
	if (from == RS_FROM_SERVER && (flags & RS_TCP_SYN)) /* 3. the handshake's answer */
		return state == RS_TCP_SYN_SENT ? RS_TCP_SYN_RECEIVED : state;
	if (flags & RS_TCP_SYN)
		return state;
	if (flags & RS_TCP_ACK) {
		if (from == RS_FROM_CLIENT && state == RS_TCP_SYN_RECEIVED) /* 4. the handshake's end */
			return RS_TCP_ESTABLISHED;
		if (state == RS_TCP_FIN_BOTH) /* 5. the last ACK; an earlier one only shortens the linger */
			return RS_TCP_CLOSED;
	}
	return state;
}

#endif
