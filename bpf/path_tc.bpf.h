/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way of a packet, for TC:
 *
 *	rs_path_client   parse, flow? -> rewrite, forward
 *	                 else frontend -> revision -> instance -> track -> rewrite, forward
 *	                 no instance: park
 *	rs_path_instance parse, reply of a flow? -> rewrite, send back; else as a client
 *	rs_path_agent    on rouse1: the agent's releases and resets
 */
#ifndef RS_PATH_TC_BPF_H
#define RS_PATH_TC_BPF_H

#include "access.bpf.h"
#include "flow.bpf.h"
#include "hold.bpf.h"
#include "pick.bpf.h"
#include "rewrite_tc.bpf.h"

RS_INLINE int rs_pass_untouched(void)
{
	rs_count(not_ours);
	return RS_NEXT;
}

/* Parses, and makes the headers linear first where the driver left them in fragments. */
RS_INLINE enum rs_parse rs_parse_skb(struct __sk_buff *skb, struct rs_packet *packet)
{
	enum rs_parse result = rs_packet_parse((void *)(long)skb->data, (void *)(long)skb->data_end, packet);
	if (result != RS_PARSE_SHORT)
		return result;
	__u32 wanted = skb->len < RS_HEADERS_MAX ? skb->len : RS_HEADERS_MAX;
	if (bpf_skb_pull_data(skb, wanted) != 0)
		return RS_PARSE_OTHER;
	result = rs_packet_parse((void *)(long)skb->data, (void *)(long)skb->data_end, packet);
	/* Shorter than its headers say, and nothing more to come. No address is set where there was none. */
	return result == RS_PARSE_SHORT ? RS_PARSE_MALFORMED : result;
}

RS_INLINE bool rs_is_vip(const struct rs_packet *packet)
{
	return (packet->destination_v4 & config.vip_v4_mask) == config.vip_v4;
}

/* A packet for a VIP that is not a whole TCP packet. */
RS_INLINE int rs_refuse(enum rs_parse why)
{
	if (why == RS_PARSE_FRAGMENT)
		rs_count(fragment);
	else if (why == RS_PARSE_MALFORMED)
		rs_count(malformed);
	else
		rs_count(unsupported);
	return RS_DROP;
}

/* Towards the instance. */
RS_INLINE int rs_forward(struct __sk_buff *skb, const struct rs_packet *packet, const struct rs_ends *to,
			 const __u8 *instance_mac, __u32 ifindex)
{
	__u8 mac[6];
	__builtin_memcpy(mac, instance_mac, 6);
	if (!rs_rewrite(skb, packet, to, mac))
		return RS_DROP;
	rs_count(forwarded);
	return rs_send_to_instance(ifindex);
}

/* Is the instance still there to answer, or to close in order? */
RS_INLINE bool rs_can_answer(const struct rs_instance *instance)
{
	__u32 state = instance ? rs_read(instance->state) : RS_INSTANCE_FREE;
	return state != RS_INSTANCE_FREE && state != RS_INSTANCE_DEAD;
}

/* The connection's next state, from this packet. A request is over when its connection is, or the server's half. */
RS_INLINE void rs_flow_step(const struct rs_tuple *key, struct rs_flow *flow, enum rs_direction from, __u32 flags)
{
	__u32 state = flow->state;
	__u32 next = rs_tcp_next(state, from, flags);
	if (next == state)
		return;
	/* From here on it is not one of the half-open, of which the oldest may have to go. */
	if (next == RS_TCP_ESTABLISHED && !rs_flow_watch(key, flow, RS_RING_RESERVE_BEGIN)) {
		rs_count(flow_unwatched);
		return;
	}
	flow->state = next;
	if (next <= RS_TCP_ESTABLISHED)
		return;
	rs_flow_watch(key, flow, RS_RING_RESERVE_BUSY);
	if (next != RS_TCP_FIN_CLIENT)
		rs_flow_set_idle(flow);
}

/* The flags of a client's packet that may change the connection's state. Anybody can send an RST, a FIN or an ACK in
 * a client's name: only those are believed that the instance will believe too. All go on to it, which answers for
 * itself (RFC 5961). */
RS_INLINE __u32 rs_flow_believed(const struct rs_packet *packet, struct rs_flow *flow)
{
	__u32 flags = packet->flags;
	if ((flags & (RS_TCP_RST | RS_TCP_FIN)) && !rs_tcp_may_end(flow, packet->sequence)) {
		rs_count(end_implausible);
		return 0;
	}
	if (flow->state == RS_TCP_SYN_RECEIVED && !rs_tcp_answers_syn_ack(flow, packet->acknowledgement) &&
	    rs_packet_has(packet, RS_TCP_ACK) && !rs_packet_has(packet, RS_TCP_RST)) {
		rs_count(ack_implausible);
		return 0;
	}
	return flags;
}

/* A packet of a known connection, from its client. */
RS_INLINE int rs_continue(struct __sk_buff *skb, const struct rs_packet *packet, struct rs_flow *flow)
{
	__u64 now = rs_tick_ns();
	flow->client_ns = now;
	if (packet->payload_length) {
		/* The tick clock stands still for milliseconds: what comes after the SYN-ACK is later than it. */
		flow->request_ns = now > flow->server_ns ? now : flow->server_ns + 1;
		flow->bytes_in += packet->payload_length;
		struct rs_revision_stats *stats = rs_stats(flow->revision);
		if (stats)
			stats->bytes_in += packet->payload_length;
		if (!rs_read(flow->busy) && flow->state <= RS_TCP_ESTABLISHED)
			rs_flow_set_busy(&packet->tuple, flow);
	}
	__u32 flags = rs_flow_believed(packet, flow);
	if (flags && (packet->payload_length || (flags & RS_TCP_FIN)))
		flow->client_next = rs_tcp_sent(flow->server_ack, flow->client_next, rs_packet_end(packet));
	rs_flow_step(&packet->tuple, flow, RS_FROM_CLIENT, flags);
	struct rs_ends to;
	rs_flow_forward_ends(packet, flow, &to);
	return rs_forward(skb, packet, &to, flow->instance_mac, flow->instance_ifindex);
}

/* Does this SYN begin a new connection although its tuple is known? (RFC 6191: a tuple in its last
 * states may be used anew.) One that matches the open handshake is a retransmit. */
RS_INLINE bool rs_is_new_use(const struct rs_packet *packet, const struct rs_flow *flow)
{
	if (!rs_packet_is_syn(packet) || packet->sequence == flow->isn)
		return false;
	return flow->state != RS_TCP_ESTABLISHED;
}

/* Who sends, and how to reach them. */
struct rs_sender {
	__u32 ifindex;
	__u32 way;
	__u8 mac[6]; /* set where it is not the frame's own source */
	bool has_mac;
	bool released; /* the agent, letting a held SYN go on */
	bool outside;  /* not on this node */
};

/* Nothing can take it: park. Then look again: an instance may have become ready in between. */
RS_INLINE int rs_hold(struct __sk_buff *skb, const struct rs_packet *packet, const struct rs_park *park,
		      struct rs_revision *revision)
{
	if (!rs_hold_park(skb, packet, park))
		return RS_DROP;
	rs_wake(revision, park->revision);
	__u32 raced = rs_pick_instance(park->revision, false);
	if (raced) {
		struct rs_instance *instance = rs_instance(raced);
		if (instance)
			__sync_fetch_and_add(&instance->in_flight, -1);
		rs_count(hold_raced);
		rs_event_send(RS_EVENT_RACED, park->revision, raced);
	}
	return RS_DROP;
}

/* What the SYN's connection was given before, or else the route's next revision. 0, or the answer to the packet. */
RS_INLINE enum rs_reason rs_choose(const struct rs_packet *packet, const struct rs_sender *sender,
				   const struct rs_hold *hold, const struct rs_park *known, struct rs_park *ret_park)
{
	if (hold) {
		ret_park->route = hold->route;
		ret_park->revision = hold->revision;
		ret_park->weight_sequence = hold->weight_sequence;
		return RS_REASON_forwarded;
	}
	if (known->revision) {
		*ret_park = *known;
		return RS_REASON_forwarded;
	}
	struct rs_frontend_key front = {
		.address = packet->tuple.destination,
		.port = packet->tuple.destination_port,
		.protocol = packet->tuple.protocol,
	};
	struct rs_frontend *frontend = bpf_map_lookup_elem(&frontends, &front);
	if (!frontend)
		return RS_REASON_no_service;
	ret_park->route = frontend->route;
	struct rs_route *route = bpf_map_lookup_elem(&routes, &ret_park->route);
	if (route && (route->allowed | route->flags)) {
		enum rs_reason access = rs_access(ret_park->route, packet, sender->outside);
		if (access != RS_REASON_forwarded)
			return access;
	}
	ret_park->revision = route ? rs_pick_revision(route, &ret_park->weight_sequence) : 0;
	return ret_park->revision ? RS_REASON_forwarded : RS_REASON_no_target;
}

/* The place of the connection's hold in the ring + 1; 0 when it has none, or the client gave it up and began anew with
 * another sequence number. */
RS_GLOBAL __u64 rs_hold_current(const struct rs_packet *packet)
{
	if (!packet)
		return 0;
	struct rs_tuple key = packet->tuple;
	struct rs_hold *hold = rs_hold_find(&key);
	if (!hold)
		return 0;
	if (hold->isn == packet->sequence)
		return hold->sequence;
	if (rs_hold_end(hold, RS_HOLD_EXPIRED)) {
		rs_count(hold_expired);
		rs_count(hold_superseded);
	}
	return 0;
}

/* The first SYN of a connection: pick, track, forward; or hold. `known`: the pick of the same SYN's earlier try. */
RS_GLOBAL int rs_begin(struct __sk_buff *skb, const struct rs_packet *packet, const struct rs_sender *sender,
		       const struct rs_park *known)
{
	if (!packet || !sender || !known)
		return RS_DROP;
	struct rs_pick pick = {
		.client_ifindex = sender->ifindex,
		.client_way = sender->way,
	};
	if (sender->has_mac)
		__builtin_memcpy(pick.client_mac, sender->mac, 6);
	else
		bpf_skb_load_bytes(skb, 6, pick.client_mac, 6);

	__u64 place = rs_hold_current(packet);
	struct rs_hold *hold = place ? rs_hold_at(place - 1, RS_HOLD_IS(HELD)) : NULL;
	if (!hold && sender->released) {
		rs_count(release_stale);
		return RS_DROP;
	}
	enum rs_reason chosen = rs_choose(packet, sender, hold, known, &pick.park);
	if (chosen == RS_REASON_no_service) {
		rs_count(no_service);
		return rs_reset_back(skb, packet);
	}
	if (chosen == RS_REASON_no_target) {
		rs_count(no_target);
		return rs_reset_back(skb, packet);
	}
	if (chosen != RS_REASON_forwarded)
		return RS_DROP; /* counted: it may not */

	__u32 revision_id = pick.park.revision;
	struct rs_revision *revision = bpf_map_lookup_elem(&revisions, &revision_id);
	if (!revision) {
		rs_count(no_target);
		return sender->released ? RS_DROP : rs_reset_back(skb, packet);
	}
	pick.instance = rs_pick_instance(revision_id, sender->released);
	struct rs_instance *instance = pick.instance ? rs_instance(pick.instance) : NULL;
	if (!instance) {
		if (sender->released) {
			rs_count(release_early);
			return RS_DROP;
		}
		if (hold) {
			rs_hold_refresh(skb, hold, packet);
			rs_wake(revision, revision_id);
			return RS_DROP;
		}
		return rs_hold(skb, packet, &pick.park, revision);
	}
	struct rs_ends to = {};
	int begun = rs_flow_open_make_room() ? rs_flow_begin(packet, &pick, &to) : RS_BEGUN_FULL;
	if (begun == RS_BEGUN)
		return rs_forward(skb, packet, &to, instance->mac, instance->ifindex);
	__sync_fetch_and_add(&instance->in_flight, -1);
	if (begun == RS_BEGUN_FULL)
		rs_count(flow_table_full);
	else if (begun == RS_BEGUN_CLASH)
		rs_count(port_clash);
	else /* its twin is on its way */
		rs_count(syn_retransmitted);
	return RS_DROP;
}

/* A SYN whose tuple is tracked. True: it goes on with its connection's instance. False: it begins, with `known` if
 * an instance was picked for it before. */
RS_INLINE bool rs_syn_continues(struct __sk_buff *skb, const struct rs_packet *packet, struct rs_flow *flow,
				bool released, struct rs_park *known)
{
	bool is_new = rs_is_new_use(packet, flow);
	if (is_new || flow->refused || !rs_can_answer(rs_flow_instance(flow))) {
		/* An instance that went before it answered, or refused: nobody has to hear of it. */
		if (!is_new && flow->state == RS_TCP_SYN_SENT) {
			known->route = flow->route;
			known->revision = flow->revision;
			known->weight_sequence = flow->weight_sequence;
		}
		rs_flow_end(&packet->tuple, flow);
		return false;
	}
	/* Let go on, and not answered so far: the client is still there, and the hold keeps its newest copy. */
	struct rs_hold *hold = released || flow->state != RS_TCP_SYN_SENT ? NULL : rs_hold_find(&packet->tuple);
	if (hold && hold->isn == packet->sequence)
		rs_hold_refresh(skb, hold, packet);
	return true;
}

/* A released SYN of a connection that is answered already: its hold should have ended with the answer. */
RS_INLINE bool rs_is_answered(const struct rs_packet *packet, const struct rs_flow *flow)
{
	if (flow->state == RS_TCP_SYN_SENT || packet->sequence != flow->isn)
		return false;
	struct rs_hold *hold = rs_hold_find(&packet->tuple);
	if (hold && hold->isn == flow->isn && rs_hold_end(hold, RS_HOLD_RELEASED))
		rs_count(hold_released);
	rs_count(release_answered);
	return true;
}

/* A TCP packet for a VIP, from whoever. */
RS_INLINE int rs_service(struct __sk_buff *skb, const struct rs_packet *packet, struct rs_sender *sender)
{
	bool is_syn = rs_packet_is_syn(packet);
	struct rs_park known = {};
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, &packet->tuple);
	if (flow && is_syn) {
		if (sender->released && rs_is_answered(packet, flow))
			return RS_DROP;
		if (rs_syn_continues(skb, packet, flow, sender->released, &known)) {
			rs_count(syn_retransmitted);
			return rs_continue(skb, packet, flow);
		}
	} else if (flow) {
		if (rs_can_answer(rs_flow_instance(flow)))
			return rs_continue(skb, packet, flow);
		rs_flow_end(&packet->tuple, flow);
		rs_count(instance_gone);
		return rs_packet_has(packet, RS_TCP_RST) ? RS_DROP : rs_reset_back(skb, packet);
	}
	if (!is_syn) {
		if (rs_packet_has(packet, RS_TCP_RST)) {
			rs_count(no_flow_reset);
			return RS_DROP;
		}
		rs_count(no_flow);
		return rs_reset_back(skb, packet);
	}
	if (!sender->released) {
		struct rs_iface *iface = bpf_map_lookup_elem(&ifaces, &sender->ifindex);
		sender->way = iface ? iface->way : RS_WAY_STACK;
		sender->outside |= !iface || (iface->flags & RS_IFACE_UPLINK);
	}
	return rs_begin(skb, packet, sender, &known);
}

RS_INLINE int rs_path_client(struct __sk_buff *skb)
{
	struct rs_packet packet = {};
	enum rs_parse parsed = rs_parse_skb(skb, &packet);
	if (parsed == RS_PARSE_OTHER || !rs_is_vip(&packet))
		return rs_pass_untouched();
	if (parsed != RS_PARSE_TCP)
		return rs_refuse(parsed);
	struct rs_sender sender = {.ifindex = skb->ifindex};
	return rs_service(skb, &packet, &sender);
}

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

/* An RST to a SYN: nobody listens there, or not any more. It never reaches the client. A held SYN stays held, and the
 * agent tries again; any other is held at its next copy, with the same pick. Until the instance answers one that the
 * agent releases, no other is sent there: this holds with the agent dead and its process as well. */
RS_INLINE void rs_refused(const struct rs_tuple *key, struct rs_flow *flow, struct rs_instance *instance)
{
	rs_count(rst_held_back);
	if (instance)
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

/* Does the packet acknowledge the flow's SYN (and the data in it)? One to an earlier SYN of the tuple does not. */
RS_INLINE bool rs_acknowledges_syn(const struct rs_packet *packet, const struct rs_flow *flow)
{
	return rs_packet_has(packet, RS_TCP_ACK) && packet->acknowledgement - flow->isn - 1 < 65536;
}

/* A packet of an instance that belongs to a tracked connection. */
RS_INLINE int rs_reply(struct __sk_buff *skb, const struct rs_packet *packet, const struct rs_tuple *forward)
{
	struct rs_tuple key = *forward;
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, &key);
	/* No instance speaks for another. */
	if (!flow || (flow->instance_ifindex && flow->instance_ifindex != skb->ifindex))
		return rs_pass_untouched();
	__u64 now = rs_tick_ns();
	/* Until it has answered the SYN, it may still speak of an earlier connection. */
	bool is_current = flow->state != RS_TCP_SYN_SENT || rs_acknowledges_syn(packet, flow);
	if (flow->state == RS_TCP_SYN_SENT && is_current) {
		if (rs_packet_is_syn_ack(packet)) {
			flow->server_isn = packet->sequence;
			rs_answered(&key, flow, rs_flow_instance(flow));
		} else if (rs_packet_has(packet, RS_TCP_RST)) {
			rs_refused(&key, flow, rs_flow_instance(flow));
			return RS_DROP;
		}
	}
	if (is_current) {
		if (rs_packet_has(packet, RS_TCP_ACK))
			flow->server_ack = packet->acknowledgement;
		rs_flow_step(&key, flow, RS_FROM_SERVER, packet->flags);
	}
	if (packet->payload_length || (packet->flags & (RS_TCP_SYN | RS_TCP_FIN))) {
		flow->server_ns = now > flow->request_ns ? now : flow->request_ns;
		flow->bytes_out += packet->payload_length;
	}
	if (packet->payload_length || (packet->flags & RS_TCP_RST)) {
		struct rs_revision_stats *stats = rs_stats(flow->revision);
		if (stats) {
			stats->bytes_out += packet->payload_length;
			stats->resets += (packet->flags & RS_TCP_RST) ? 1 : 0;
		}
	}

	__u32 ifindex = flow->client_ifindex, way = flow->client_way;
	__u8 mac[6];
	__builtin_memcpy(mac, flow->client_mac, 6);
	struct rs_ends to = {
		.source = rs_address_to_v4(&key.destination),
		.source_port = key.destination_port,
		.destination = rs_address_to_v4(&key.source),
		.destination_port = key.source_port,
	};
	if (!rs_rewrite(skb, packet, &to, mac))
		return RS_DROP;
	rs_count(replied);
	return rs_send_to_client(skb, ifindex, way);
}

RS_INLINE int rs_path_instance(struct __sk_buff *skb)
{
	struct rs_packet packet = {};
	enum rs_parse parsed = rs_parse_skb(skb, &packet);
	if (parsed == RS_PARSE_TCP) {
		struct rs_tuple *forward = bpf_map_lookup_elem(&replies, &packet.tuple);
		if (forward)
			return rs_reply(skb, &packet, forward);
	}
	if (parsed == RS_PARSE_OTHER || !rs_is_vip(&packet))
		return rs_pass_untouched();
	if (parsed != RS_PARSE_TCP)
		return rs_refuse(parsed);
	struct rs_sender sender = {.ifindex = skb->ifindex};
	return rs_service(skb, &packet, &sender);
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

/* rouse1: clients on this host, and the agent. */
RS_INLINE int rs_path_host(struct __sk_buff *skb)
{
	struct rs_packet packet = {};
	enum rs_parse parsed = rs_parse_skb(skb, &packet);
	if (parsed == RS_PARSE_TCP && skb->mark == RS_MARK_RESET)
		return rs_agent_reset(skb, &packet);
	if (parsed == RS_PARSE_OTHER || !rs_is_vip(&packet))
		return rs_pass_untouched();
	if (parsed != RS_PARSE_TCP)
		return rs_refuse(parsed);

	/* What the node forwards here came in by an interface that we are not on, and belongs to no socket of it. */
	struct rs_sender sender = {.ifindex = skb->ifindex, .has_mac = true, .outside = !skb->sk};
	if (skb->mark == RS_MARK_RELEASE) {
		/* The client is where its SYN came from, not here. */
		struct rs_hold *hold = rs_hold_find(&packet.tuple);
		if (!hold || hold->isn != packet.sequence) {
			rs_count(release_stale);
			return RS_DROP;
		}
		sender.released = true;
		skb->mark = 0; /* it was for us: further on it may mean something to others' rules */
		sender.ifindex = hold->client_ifindex;
		__builtin_memcpy(sender.mac, &hold->frame[6], 6);
		struct rs_iface *iface = bpf_map_lookup_elem(&ifaces, &sender.ifindex);
		sender.way = iface ? iface->way : RS_WAY_STACK;
	} else {
		rs_config_rouse0_mac(sender.mac);
	}
	return rs_service(skb, &packet, &sender);
}

#endif
