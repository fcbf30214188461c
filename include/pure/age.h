/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* When a connection is over without anyone saying so, and when a request is. */
#ifndef RS_PURE_AGE_H
#define RS_PURE_AGE_H

#include "abi/flow.h"
#include "abi/limits.h"

/* Its handshake is not over, or of UDP, it has not gone to and fro: it stands in the open ring, whose oldest must give
 * way to newer ones. */
RS_INLINE bool rs_flow_is_half_open(__u32 state)
{
	return state <= RS_TCP_SYN_RECEIVED || state == RS_UDP_UNREPLIED || state == RS_UDP_REPLIED;
}

/* Neither half-open nor about to end. */
RS_INLINE bool rs_flow_is_settled(__u32 state)
{
	return state == RS_TCP_ESTABLISHED || state == RS_UDP_STREAM;
}

/* How long flows of UDP may be silent. */
struct rs_udp_quiet {
	__u32 unreplied_ms;
	__u32 replied_ms;
};

/* How long a connection may be silent in this state. */
RS_INLINE __u64 rs_flow_quiet_max_ms(__u32 state, const struct rs_udp_quiet *udp)
{
	switch (state) {
	case RS_TCP_SYN_SENT:
	case RS_TCP_SYN_RECEIVED:
		return RS_FLOW_HALF_OPEN_MS;
	case RS_TCP_FIN_CLIENT:
	case RS_TCP_FIN_SERVER:
		return RS_FLOW_FIN_MS;
	case RS_TCP_FIN_BOTH:
	case RS_TCP_CLOSED:
		return RS_FLOW_CLOSED_MS;
	case RS_UDP_UNREPLIED:
		return udp->unreplied_ms;
	case RS_UDP_REPLIED:
	case RS_UDP_STREAM:
		return udp->replied_ms;
	default:
		return RS_FLOW_ESTABLISHED_MS;
	}
}

/* Is it to be removed at `now`, by the tick clock? The flow's times may be of a moment after `now`. When its instance
 * is gone, nobody says anything any more but what is still under way. */
RS_INLINE bool rs_flow_is_over(const struct rs_flow *flow, bool instance_gone, const struct rs_udp_quiet *udp,
			       __u64 now)
{
	__u64 heard = flow->client_ns > flow->server_ns ? flow->client_ns : flow->server_ns;
	__u64 quiet_ms = now > heard ? (now - heard) / 1000000 : 0;
	return quiet_ms >= rs_flow_quiet_max_ms(flow->state, udp) || (instance_gone && quiet_ms >= RS_FLOW_GONE_MS);
}

/* Has nothing been heard since `then` for so long? */
RS_INLINE bool rs_is_silent_since(__u64 then, __u64 now, __u64 ms)
{
	return now > then && now - then >= ms * 1000000ULL;
}

/* Answered, and silent since: without a view into the protocol, no request is open. A SYN-ACK answers a SYN. A datagram
 * may be meant to stay without an answer. */
RS_INLINE bool rs_flow_is_answered(const struct rs_flow *flow, __u64 now)
{
	if (!rs_is_silent_since(flow->server_ns, now, RS_BUSY_SILENCE_MS))
		return false;
	if (flow->state >= RS_UDP_UNREPLIED && rs_is_silent_since(flow->request_ns, now, RS_UDP_BUSY_UNANSWERED_MS))
		return true;
	return flow->state != RS_TCP_SYN_SENT && flow->state != RS_UDP_UNREPLIED && flow->server_ns >= flow->request_ns;
}

#endif
