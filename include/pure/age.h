/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* When a connection is over without anyone saying so, and when a request is. */
#ifndef RS_PURE_AGE_H
#define RS_PURE_AGE_H

#include "abi/flow.h"
#include "abi/limits.h"

/* How long a connection may be silent in this state. */
RS_INLINE __u64 rs_flow_quiet_max_ms(__u32 state)
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
	default:
		return RS_FLOW_ESTABLISHED_MS;
	}
}

/* Is it to be removed at `now`, by the tick clock? The flow's times may be of a moment after `now`. When its instance
 * is gone, nobody says anything any more but what is still under way. */
RS_INLINE bool rs_flow_is_over(const struct rs_flow *flow, bool instance_gone, __u64 now)
{
	__u64 heard = flow->client_ns > flow->server_ns ? flow->client_ns : flow->server_ns;
	__u64 quiet_ms = now > heard ? (now - heard) / 1000000 : 0;
	return quiet_ms >= rs_flow_quiet_max_ms(flow->state) || (instance_gone && quiet_ms >= RS_FLOW_GONE_MS);
}

/* Answered, and silent since: without a view into the protocol, no request is open. A SYN-ACK answers a SYN. */
RS_INLINE bool rs_flow_is_answered(const struct rs_flow *flow, __u64 now)
{
	return flow->state != RS_TCP_SYN_SENT && flow->server_ns >= flow->request_ns && now > flow->server_ns &&
	       now - flow->server_ns >= RS_BUSY_SILENCE_MS * 1000000ULL;
}

#endif
