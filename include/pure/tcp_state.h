/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The state of a connection as a bystander sees it, from the flags of each
 * packet and its direction. It only ever moves forward, except that a packet
 * which fits no rule leaves it as it is.
 */
#ifndef RS_PURE_TCP_STATE_H
#define RS_PURE_TCP_STATE_H

#include "abi/flow.h"
#include "abi/limits.h"
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

/* The sequence number behind a packet's last byte; SYN and FIN take one each. */
RS_INLINE __u32 rs_packet_end(const struct rs_packet *packet)
{
	return packet->sequence + packet->payload_length + ((packet->flags & RS_TCP_SYN) ? 1 : 0) +
	       ((packet->flags & RS_TCP_FIN) ? 1 : 0);
}

/* How far a sender has come, after a packet that ends at `end`. Numbers beyond any window are somebody else's. */
RS_INLINE __u32 rs_tcp_sent(__u32 acknowledged, __u32 sent, __u32 end)
{
	return end - acknowledged <= RS_TCP_WINDOW_MAX && (__s32)(end - sent) > 0 ? end : sent;
}

/* May an RST or FIN of the client with this number end the connection? What the instance expects next lies between
 * what it has acknowledged and what the client has sent, and nothing else ends it there (RFC 5961 3.2). */
RS_INLINE bool rs_tcp_may_end(const struct rs_flow *flow, __u32 sequence)
{
	return sequence - flow->server_ack <= flow->client_next - flow->server_ack;
}

/* Does it end the handshake? Only who got the SYN-ACK knows its number. */
RS_INLINE bool rs_tcp_answers_syn_ack(const struct rs_flow *flow, __u32 acknowledgement)
{
	return acknowledgement - flow->server_isn - 1 < RS_TCP_WINDOW_MAX;
}

#endif
