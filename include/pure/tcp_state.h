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
#include "reason.h"

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

/* How far a sender that had come to `sent` has come, after a packet that ends at `end`. Numbers beyond any window are
 * somebody else's. */
RS_INLINE __u32 rs_tcp_sent(__u32 sent, __u32 end)
{
	return end - sent <= RS_TCP_WINDOW_MAX ? end : sent;
}

/* May an RST or FIN of the client with this number end the connection? What the instance expects next lies between
 * what it has acknowledged and what the client has sent, and nothing else ends it there (RFC 5961 3.2). */
RS_INLINE bool rs_tcp_may_end(const struct rs_flow *flow, __u32 sequence)
{
	__u32 ahead = flow->client_next - flow->server_ack;
	/* Beyond a window: pushed there by somebody else. */
	return sequence - flow->server_ack <= (ahead < RS_TCP_WINDOW_MAX ? ahead : RS_TCP_WINDOW_MAX);
}

/* Does it end the handshake? Only who got the SYN-ACK knows its number. */
RS_INLINE bool rs_tcp_answers_syn_ack(const struct rs_flow *flow, __u32 acknowledgement)
{
	return acknowledgement - flow->server_isn - 1 < RS_TCP_WINDOW_MAX;
}

/* Does the instance's packet acknowledge the flow's SYN (and the data in it)? One to another SYN of the tuple does
 * not. */
RS_INLINE bool rs_tcp_acknowledges_syn(const struct rs_flow *flow, const struct rs_packet *packet)
{
	return (packet->flags & RS_TCP_ACK) && packet->acknowledgement - flow->isn - 1 < RS_TCP_SYN_DATA_MAX;
}

/* Does a client's SYN begin a new connection although its tuple is known? One with the flow's number is a copy. Any
 * other is believed where nobody has answered yet, and where both ends have closed (RFC 6191). In between it may be a
 * stranger's: it goes to the instance, which challenges it with an ACK (RFC 5961 4.2). A client that has begun anew
 * answers that with an RST, which ends the flow, and its next copy begins; if the instance knows nothing of the old
 * connection any more, its SYN-ACK says so (rs_tcp_hear_server). */
RS_INLINE bool rs_tcp_is_new_use(const struct rs_flow *flow, __u32 sequence)
{
	if (sequence == flow->isn)
		return false;
	return flow->state == RS_TCP_SYN_SENT || flow->state == RS_TCP_FIN_BOTH || flow->state == RS_TCP_CLOSED;
}

/* What of a client's packet is believed, and not only sent on: RS_REASON_forwarded, or why it is not. Whoever knows
 * the addresses and ports could have sent it; only the client knows the numbers. */
RS_INLINE enum rs_reason rs_tcp_believes(const struct rs_flow *flow, const struct rs_packet *packet)
{
	if ((packet->flags & (RS_TCP_RST | RS_TCP_FIN)) && !rs_tcp_may_end(flow, packet->sequence))
		return RS_REASON_end_implausible;
	if (flow->state == RS_TCP_SYN_RECEIVED && (packet->flags & RS_TCP_ACK) && !(packet->flags & RS_TCP_RST) &&
	    !rs_tcp_answers_syn_ack(flow, packet->acknowledgement))
		return RS_REASON_ack_implausible;
	return RS_REASON_forwarded;
}

/* Takes note of what a client's packet that is believed says. Returns the flow's next state. */
RS_INLINE __u32 rs_tcp_hear_client(struct rs_flow *flow, const struct rs_packet *packet)
{
	if (packet->payload_length || (packet->flags & RS_TCP_FIN))
		flow->client_next = rs_tcp_sent(flow->client_next, rs_packet_end(packet));
	return rs_tcp_next(flow->state, RS_FROM_CLIENT, packet->flags);
}

/* The same of an instance's packet, which is always believed, if it is of this connection: until it has answered the
 * SYN it may still speak of an earlier one, and then nothing is noted. A SYN-ACK with another number, afterwards, means
 * that the instance has begun anew with a client that had, too. */
RS_INLINE __u32 rs_tcp_hear_server(struct rs_flow *flow, const struct rs_packet *packet)
{
	const __u32 ack = packet->acknowledgement;
	bool is_syn_ack = (packet->flags & (RS_TCP_SYN | RS_TCP_ACK)) == (RS_TCP_SYN | RS_TCP_ACK);
	bool is_ours = rs_tcp_acknowledges_syn(flow, packet);
	if (flow->state == RS_TCP_SYN_SENT && !is_ours)
		return flow->state;
	__u32 state = rs_tcp_next(flow->state, RS_FROM_SERVER, packet->flags);
	if (is_syn_ack && flow->state == RS_TCP_SYN_SENT) {
		flow->server_isn = packet->sequence;
	} else if (is_syn_ack && packet->sequence != flow->server_isn && !(packet->flags & RS_TCP_RST)) {
		flow->isn = ack - 1;
		flow->server_isn = packet->sequence;
		flow->server_ack = flow->client_next = ack;
		state = RS_TCP_SYN_RECEIVED;
	}
	if (packet->flags & RS_TCP_ACK) {
		if ((__s32)(ack - flow->server_ack) > 0)
			flow->server_ack = ack;
		/* It has got what we have not believed, or not seen in order. */
		if ((__s32)(ack - flow->client_next) > 0)
			flow->client_next = ack;
	}
	return state;
}

#endif
