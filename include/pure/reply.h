/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the replies of an open connection note, and how its flow catches up with them. */
#ifndef RS_PURE_REPLY_H
#define RS_PURE_REPLY_H

#include "abi/flow.h"
#include "pure/packet.h"

/* The tuple of the instance's packets: it sees the client, or for its own connection the VIP, with a port that no
 * other connection has there. */
RS_INLINE void rs_flow_reply_tuple(const struct rs_tuple *key, const struct rs_flow *flow, struct rs_tuple *out)
{
	/* Field by field: clang would make a whole one on the stack first. */
	out->source = flow->instance_address;
	out->destination = flow->hairpin ? key->destination : key->source;
	out->source_port = flow->instance_port;
	out->destination_port = flow->seen_port;
	out->protocol = key->protocol;
	out->pad[0] = out->pad[1] = out->pad[2] = 0;
}

/* Can the packet be sent on by what the reply says, and nothing else? */
RS_INLINE bool rs_reply_suffices(const struct rs_reply *reply, const struct rs_packet *packet)
{
	return reply->settled && !(packet->flags & (RS_TCP_SYN | RS_TCP_FIN | RS_TCP_RST));
}

/* Takes note of such a packet, which comes at `now`. */
RS_INLINE void rs_reply_note(struct rs_reply *reply, const struct rs_packet *packet, __u64 now)
{
	if ((__s32)(packet->acknowledgement - reply->server_ack) > 0)
		reply->server_ack = packet->acknowledgement;
	if (!packet->payload_length && packet->tuple.protocol == RS_PROTOCOL_TCP)
		return;
	reply->server_ns = now;
	reply->bytes_out += packet->payload_length;
	reply->answered = packet->acknowledgement;
}

/* The flow as it is, with what has been noted. Who spoke last is told by numbers where there are some: the tick clock
 * stands still for milliseconds. An instance has answered when what it sent last acknowledges all that its client has
 * sent. */
RS_INLINE void rs_flow_catch_up(struct rs_flow *flow, const struct rs_reply *reply)
{
	if (!reply->settled)
		return;
	flow->bytes_out = reply->bytes_out;
	flow->server_ns = reply->server_ns;
	if (flow->state >= RS_TCP_STATE_COUNT)
		return;
	if ((__s32)(reply->server_ack - flow->server_ack) > 0)
		flow->server_ack = reply->server_ack;
	/* It has got what we have not believed, or not seen in order. */
	if ((__s32)(flow->server_ack - flow->client_next) > 0)
		flow->client_next = flow->server_ack;
	if ((__s32)(reply->answered - flow->client_next) < 0) {
		if (flow->server_ns >= flow->request_ns)
			flow->server_ns = flow->request_ns - 1;
	} else if (flow->server_ns < flow->request_ns) {
		flow->server_ns = flow->request_ns;
	}
}

/* The other way round, after a packet that has changed the flow itself. */
RS_INLINE void rs_reply_follow(struct rs_reply *reply, const struct rs_flow *flow, const struct rs_packet *packet,
			       bool is_settled)
{
	reply->server_ns = flow->server_ns;
	reply->bytes_out = flow->bytes_out;
	reply->server_ack = flow->server_ack;
	if (packet->payload_length || (packet->flags & (RS_TCP_SYN | RS_TCP_FIN)))
		reply->answered = packet->acknowledgement;
	reply->settled = is_settled;
}

#endif
