/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What TC alone does, over its layer and the path of a client's packet:
 *
 *	rs_path_instance parse, reply of a flow? -> rewrite, send back; else as a client
 *	rs_path_host     on rouse1: clients on this host, and the agent's releases and resets
 */
#ifndef RS_PATH_TC_BPF_H
#define RS_PATH_TC_BPF_H

#include "layer_tc.bpf.h"
#include "client.bpf.h"
#include "instance_tc.bpf.h"

/* The instance answered a SYN: it is ready, and what was held for this connection is released. */
RS_INLINE void rs_answered(const struct rs_tuple *key, const struct rs_flow *flow, struct rs_instance *instance)
{
	if (instance && __sync_val_compare_and_swap(&instance->state, RS_INSTANCE_PROBABLE, RS_INSTANCE_READY) ==
				RS_INSTANCE_PROBABLE) {
		if (!instance->ready_ns) /* not when it has refused for a while, and answers again */
			instance->ready_ns = bpf_ktime_get_ns();
		rs_event_send(RS_EVENT_READY, flow->revision, flow->instance);
	}
	struct rs_hold *hold = rs_hold_find(key);
	if (hold && hold->isn == flow->isn && rs_hold_end(hold, RS_HOLD_RELEASED))
		rs_count(hold_released);
}

/* True when the port has a listener, and none of this family. */
RS_INLINE bool rs_serves_other_family(const struct rs_instance *instance, enum rs_family family, __u32 port)
{
	__u32 v4 = instance->listening[RS_V4] >> (port & 7), v6 = instance->listening[RS_V6] >> (port & 7);
	return family == RS_V4 ? !(v4 & 1) && (v6 & 1) : !(v6 & 1) && (v4 & 1);
}

/* An RST to a SYN: nobody listens there, or not any more. It never reaches the client. A held SYN stays held, and the
 * agent tries again; any other is held at its next copy, with the same pick. Until the instance answers one that the
 * agent releases, no other is sent there: this holds with the agent dead and its process as well. */
RS_INLINE void rs_refused(const struct rs_tuple *key, struct rs_flow *flow, struct rs_instance *instance)
{
	rs_count(rst_held_back);
	/* In a family that it never listened in the RST says nothing of the other, nor does one of a further port. */
	if (instance && flow->port == 0 &&
	    !rs_serves_other_family(instance, rs_address_family(&key->source), flow->port))
		__sync_val_compare_and_swap(&instance->state, RS_INSTANCE_READY, RS_INSTANCE_PROBABLE);
	struct rs_hold *hold = rs_hold_find(key);
	rs_event_send(RS_EVENT_REFUSED, flow->revision, flow->instance);
	if (hold && hold->isn == flow->isn) {
		rs_flow_end(key, flow);
	} else {
		flow->refused = 1;
		rs_flow_set_idle(flow);
	}
}

/* Does the client hear of the RST? It does when the agent has seen that nobody will ever listen in its family, and of a
 * further port when nobody has listened there for long: what was held for the connection ends with it. */
RS_INLINE bool rs_refusal_is_final(const struct rs_tuple *key, const struct rs_flow *flow)
{
	const struct rs_instance *instance = rs_flow_instance(flow);
	if (!instance)
		return false;
	if (flow->port == 0 ? !(rs_read(instance->flags) & RS_INSTANCE_DEAF(rs_address_family(&key->source)))
			    : !rs_instance_is_settled(instance))
		return false;
	struct rs_hold *hold = rs_hold_find(key);
	if (hold && hold->isn == flow->isn && rs_hold_end(hold, RS_HOLD_RESET))
		rs_count(hold_reset);
	return true;
}

/* Puts the flow's VIP and client into the packet of its instance, and sends it to the client. */
RS_INLINE int rs_send_reply(struct __sk_buff *skb, const struct rs_packet *packet, const struct rs_reply *reply)
{
	__u32 ifindex = reply->client_ifindex, way = reply->client_way;
	__u8 mac[6];
	__builtin_memcpy(mac, reply->client_mac, 6);
	const struct rs_ends to = {
		.source = &reply->key.destination,
		.source_port = reply->key.destination_port,
		.destination = &reply->key.source,
		.destination_port = reply->key.source_port,
	};
	if (rs_exceeds_interface(skb, packet, ifindex))
		way = RS_WAY_STACK;
	if (!rs_rewrite(skb, packet, &to, mac))
		return RS_DROP;
	rs_count(replied);
	return rs_send_to_client(skb, ifindex, way);
}

enum rs_heard {
	RS_HEARD,
	RS_HEARD_REFUSAL, /* it is not for the client */
	RS_HEARD_NOTHING, /* there is no such flow any more */
};

/* A segment that changes the flow, or may. */
RS_INLINE enum rs_heard rs_hear_tcp(const struct rs_packet *packet, struct rs_reply *reply)
{
	const struct rs_tuple *key = &reply->key;
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, key);
	if (!flow)
		return RS_HEARD_NOTHING;
	rs_flow_catch_up(flow, reply);
	__u64 now = rs_tick_ns();
	if (flow->state == RS_TCP_SYN_SENT && rs_tcp_acknowledges_syn(flow, packet)) {
		if (rs_packet_is_syn_ack(packet)) {
			rs_answered(key, flow, rs_flow_instance(flow));
		} else if (rs_packet_has(packet, RS_TCP_RST) && !rs_refusal_is_final(key, flow)) {
			rs_refused(key, flow, rs_flow_instance(flow));
			return RS_HEARD_REFUSAL;
		}
	}
	rs_flow_step(key, flow, rs_tcp_hear_server(flow, packet));
	if (packet->payload_length || (packet->flags & (RS_TCP_SYN | RS_TCP_FIN))) {
		flow->server_ns = now > flow->request_ns ? now : flow->request_ns;
		flow->bytes_out += packet->payload_length;
	}
	rs_reply_follow(reply, flow, packet, !rs_flow_is_half_open(flow->state));
	return RS_HEARD;
}

/* A datagram of a flow that has not gone to and fro. */
RS_INLINE enum rs_heard rs_hear_udp(const struct rs_packet *packet, struct rs_reply *reply)
{
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, &reply->key);
	if (!flow)
		return RS_HEARD_NOTHING;
	__u64 now = rs_tick_ns();
	flow->server_ns = now > flow->request_ns ? now : flow->request_ns;
	flow->bytes_out += packet->payload_length;
	__u32 next = rs_udp_next(flow->state, RS_FROM_SERVER);
	if (next != flow->state)
		flow->state = next;
	rs_reply_follow(reply, flow, packet, !rs_flow_is_half_open(flow->state));
	return RS_HEARD;
}

/* A packet of an instance that belongs to a tracked connection. */
RS_INLINE int rs_answer_client(struct __sk_buff *skb, const struct rs_packet *packet, struct rs_reply *reply)
{
	/* No instance speaks for another. */
	if (reply->instance_ifindex && reply->instance_ifindex != skb->ifindex)
		return rs_pass_untouched();
	if (rs_reply_suffices(reply, packet)) {
		rs_reply_note(reply, packet, rs_tick_ns());
	} else {
		enum rs_heard heard = packet->tuple.protocol == RS_PROTOCOL_TCP ? rs_hear_tcp(packet, reply)
										: rs_hear_udp(packet, reply);
		if (heard == RS_HEARD_REFUSAL)
			return RS_DROP;
		if (heard == RS_HEARD_NOTHING)
			return rs_pass_untouched();
	}
	if (packet->payload_length || (packet->flags & RS_TCP_RST)) {
		struct rs_revision_stats *stats = rs_stats(reply->revision);
		if (stats) {
			stats->bytes_out += packet->payload_length;
			stats->resets += (packet->flags & RS_TCP_RST) ? 1 : 0;
		}
	}
	return rs_send_reply(skb, packet, reply);
}

RS_INLINE int rs_path_instance(struct __sk_buff *skb)
{
	struct rs_packet packet = {};
	enum rs_parse parsed = rs_parse(skb, &packet, false);
	if (parsed == RS_PARSE_ICMP || parsed == RS_PARSE_FRAGMENT) {
		const struct rs_work *work = rs_work_of(skb, &packet, false);
		if (!work)
			return RS_DROP;
		int verdict = parsed == RS_PARSE_ICMP ? rs_icmp_out(skb) : rs_fragment_out(skb);
		if (verdict > RS_NO_REPLY)
			return verdict;
		if (verdict == RS_FIRST_REPLY) {
			packet = work->packet;
			parsed = packet.tuple.protocol == RS_PROTOCOL_TCP ? RS_PARSE_TCP : RS_PARSE_UDP;
		}
	}
	if (parsed == RS_PARSE_TCP || parsed == RS_PARSE_UDP) {
		struct rs_reply *reply = bpf_map_lookup_elem(&replies, &packet.tuple);
		if (reply)
			return rs_answer_client(skb, &packet, reply);
	}
	if (parsed == RS_PARSE_OTHER || parsed == RS_PARSE_UNKNOWN || !rs_is_vip(&packet))
		return rs_pass_untouched();
	return rs_finish(skb, rs_serve(skb, parsed, &packet, false));
}

/* The agent gives a hold up: the frame is the RST for the client, from its VIP. */
RS_INLINE int rs_agent_reset(struct __sk_buff *skb, const struct rs_packet *packet)
{
	skb->mark = 0;
	struct rs_tuple key;
	rs_tuple_reverse(&packet->tuple, &key);
	struct rs_hold *hold = rs_hold_find(&key);
	if (!hold || packet->acknowledgement != hold->isn + 1) {
		rs_count(release_stale);
		return RS_DROP;
	}
	__u32 ifindex = hold->client_ifindex;
	struct rs_iface *iface = bpf_map_lookup_elem(&ifaces, &ifindex);
	if (!rs_hold_end(hold, RS_HOLD_RESET))
		return RS_DROP;
	rs_flow_end_unanswered(&key, packet->acknowledgement - 1);
	rs_count(hold_reset);
	return rs_send_to_client(skb, ifindex, iface ? iface->way : RS_WAY_STACK);
}

/* The agent lets a held SYN go on: its client is where it came from, not here. False when the hold has ended. */
RS_INLINE bool rs_released_by(struct rs_sender *sender, const struct rs_packet *packet)
{
	struct rs_hold *hold = rs_hold_find(&packet->tuple);
	if (!hold || hold->isn != packet->sequence)
		return false;
	rs_sender_by(sender, hold->client_ifindex);
	__builtin_memcpy(sender->mac, &hold->frame[6], 6);
	sender->released = true;
	return true;
}

/* The agent lets the datagram at the head of a queue go on. Its mark says which one it is: each goes once. */
RS_INLINE bool rs_agent_datagram(struct __sk_buff *skb, struct rs_work *work)
{
	const struct rs_packet *packet = &work->packet;
	__u32 position = skb->mark & ~RS_MARK_DATAGRAM_MASK;
	skb->mark = 0;
	struct rs_hold *hold = rs_hold_find(&packet->tuple);
	if (hold && (rs_read(hold->released) & ~RS_MARK_DATAGRAM_MASK) == position &&
	    rs_released_by(&work->sender, packet))
		return true;
	rs_count(release_stale);
	return false;
}

/* It has gone on: the next one is the head. */
RS_GLOBAL int rs_agent_datagram_sent(void)
{
	const struct rs_work *work = rs_work();
	struct rs_hold *hold = work ? rs_hold_find(&work->packet.tuple) : NULL;
	if (hold)
		rs_queue_released(hold);
	return 0;
}

/* Nothing is held any more of this flow: what comes from here on goes its own way, and the hold has been released. */
RS_INLINE void rs_agent_close(const struct rs_packet *packet)
{
	struct rs_hold *hold = rs_hold_find(&packet->tuple);
	if (!hold || !rs_queue_close(hold))
		return; /* there is more */
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, &packet->tuple);
	if (flow)
		flow->held = 0;
	if (rs_hold_end(hold, RS_HOLD_RELEASED))
		rs_count(hold_released);
}

enum rs_agent_said {
	RS_AGENT_DONE,
	RS_AGENT_LETS_GO, /* work->packet goes on, from work->sender */
	RS_AGENT_GIVES_UP /* work->sender is to hear that nobody is there for its work->packet */
};

/* The agent gives up what is held of a flow. */
RS_INLINE enum rs_agent_said rs_agent_reset_udp(struct rs_work *work)
{
	const struct rs_packet *packet = &work->packet;
	struct rs_hold *hold = rs_hold_find(&packet->tuple);
	if (!hold || !rs_released_by(&work->sender, packet) || !rs_hold_end(hold, RS_HOLD_RESET)) {
		rs_count(release_stale);
		return RS_AGENT_DONE;
	}
	rs_count(hold_reset);
	return RS_AGENT_GIVES_UP;
}

/* Is it about held datagrams? */
RS_INLINE bool rs_is_agents_datagram(const struct __sk_buff *skb)
{
	__u32 mark = skb->mark;
	return mark == RS_MARK_CLOSE || mark == RS_MARK_RESET || (mark & RS_MARK_DATAGRAM_MASK) == RS_MARK_DATAGRAM;
}

/* Which of those work->packet is: enum rs_agent_said. */
RS_GLOBAL int rs_agent_udp(struct __sk_buff *skb)
{
	struct rs_work *work = rs_work();
	if (!work)
		return RS_AGENT_DONE;
	__u32 mark = skb->mark;
	if (mark != RS_MARK_CLOSE && mark != RS_MARK_RESET)
		return rs_agent_datagram(skb, work) ? RS_AGENT_LETS_GO : RS_AGENT_DONE;
	skb->mark = 0;
	if (mark == RS_MARK_RESET)
		return rs_agent_reset_udp(work);
	rs_agent_close(&work->packet);
	return RS_AGENT_DONE;
}

/* The error that the agent's packet has become goes to the client whose datagram was held, wherever that is. */
RS_GLOBAL int rs_agent_tell(struct __sk_buff *skb)
{
	struct rs_work *work = rs_work();
	if (!work || bpf_skb_store_bytes(skb, 0, work->sender.mac, 6, 0) != 0)
		return RS_DROP;
	return rs_send_to_client(skb, work->sender.ifindex, work->sender.way);
}

/* What the agent sends about held datagrams. */
RS_INLINE int rs_path_agent_udp(struct __sk_buff *skb, const struct rs_packet *packet)
{
	struct rs_work *work = rs_work();
	if (!work)
		return RS_DROP;
	work->packet = *packet;
	int said = rs_agent_udp(skb);
	if (said == RS_AGENT_GIVES_UP)
		return rs_finish(skb, RS_NO_PORT) == RS_DROP ? RS_DROP : rs_agent_tell(skb);
	int verdict = said == RS_AGENT_LETS_GO ? RS_LAYERED(rs_cold_udp)(skb) : RS_DROP;
	if (verdict != RS_DROP)
		rs_agent_datagram_sent();
	return rs_finish(skb, verdict);
}

/* rouse1: clients on this host, and the agent. */
RS_INLINE int rs_path_host(struct __sk_buff *skb)
{
	struct rs_packet packet = {};
	enum rs_parse parsed = rs_parse(skb, &packet, false);
	if (parsed == RS_PARSE_TCP && skb->mark == RS_MARK_RESET)
		return rs_agent_reset(skb, &packet);
	if (parsed == RS_PARSE_UDP && rs_is_agents_datagram(skb))
		return rs_path_agent_udp(skb, &packet);
	/* What the agent lets go on may be for an external port. The node's own programs have the VIP. */
	if (parsed == RS_PARSE_OTHER || (!rs_is_vip(&packet) && skb->mark != RS_MARK_RELEASE))
		return rs_pass_untouched();

	/* What the node forwards here came in by an interface that we are not on, and belongs to no socket of it. */
	struct rs_work *work = rs_work();
	if (!work)
		return RS_DROP;
	struct rs_sender *sender = &work->sender;
	sender->ifindex = skb->ifindex;
	sender->outside = !skb->sk;
	sender->released = false;
	if (skb->mark == RS_MARK_RELEASE) {
		skb->mark = 0; /* it was for us: further on it may mean something to others' rules */
		if (!rs_released_by(sender, &packet)) {
			rs_count(release_stale);
			return RS_DROP;
		}
	} else {
		struct rs_iface *iface = bpf_map_lookup_elem(&ifaces, &sender->ifindex);
		sender->way = iface ? iface->way : RS_WAY_STACK;
		rs_config_rouse0_mac(sender->mac);
	}
	return rs_finish(skb, rs_serve(skb, parsed, &packet, true));
}

#endif
