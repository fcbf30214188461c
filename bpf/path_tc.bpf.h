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
	/* Shorter than its headers say, and nothing more to come. */
	return result == RS_PARSE_SHORT ? RS_PARSE_OTHER : result;
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

RS_INLINE int rs_forward(struct __sk_buff *skb, const struct rs_packet *packet, const struct rs_flow *flow)
{
	__u32 ifindex = flow->instance_ifindex;
	if (!rs_rewrite(skb, packet, RS_REWRITE_DESTINATION, rs_address_to_v4(&flow->instance_address),
			flow->instance_port, flow->instance_mac))
		return RS_DROP;
	rs_count(forwarded);
	return rs_send_to_instance(ifindex);
}

/* A packet of a known connection, from its client. */
RS_INLINE int rs_continue(struct __sk_buff *skb, const struct rs_packet *packet, struct rs_flow *flow)
{
	__u64 now = bpf_ktime_get_coarse_ns();
	struct rs_instance *instance = rs_flow_instance(flow);
	if (!instance || rs_read(instance->state) == RS_INSTANCE_DEAD || rs_read(instance->state) == RS_INSTANCE_FREE) {
		rs_flow_end(&packet->tuple, flow, now);
		rs_count(instance_gone);
		return rs_packet_has(packet, RS_TCP_RST) ? RS_DROP : rs_reset_back(skb, packet);
	}
	flow->client_ns = now;
	if (rs_packet_is_syn(packet))
		rs_count(syn_retransmitted);
	__u32 state = flow->state;
	__u32 next = rs_tcp_next(state, RS_FROM_CLIENT, packet->flags);
	if (next != state)
		flow->state = next;
	if (packet->payload_length) {
		flow->request_ns = now;
		flow->bytes_in += packet->payload_length;
		struct rs_revision_stats *stats = rs_stats(flow->revision);
		if (stats)
			stats->bytes_in += packet->payload_length;
		if (!rs_read(flow->busy))
			rs_flow_set_busy(&packet->tuple, flow, now);
	}
	if (next == RS_TCP_CLOSED || next == RS_TCP_FIN_BOTH)
		rs_flow_set_idle(flow, now);
	return rs_forward(skb, packet, flow);
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
	__u8 mac[6];
	bool released; /* the agent, letting a held SYN go on */
};

/* Nothing can take it: park. Then look again: an instance may have become ready in between. */
RS_INLINE int rs_hold(struct __sk_buff *skb, const struct rs_packet *packet, const struct rs_park *park,
		      struct rs_revision *revision)
{
	if (!rs_hold_park(skb, packet, park, revision))
		return RS_DROP;
	rs_wake(revision, park->revision);
	__u32 raced = rs_pick_instance(revision, park->revision, false);
	if (raced) {
		struct rs_instance *instance = rs_instance(raced);
		if (instance)
			__sync_fetch_and_add(&instance->in_flight, -1);
		rs_count(hold_raced);
		rs_event_send(RS_EVENT_RACED, park->revision, raced);
	}
	return RS_DROP;
}

/* The first SYN of a connection: pick, track, forward; or hold. */
RS_INLINE int rs_begin(struct __sk_buff *skb, const struct rs_packet *packet, const struct rs_sender *sender)
{
	struct rs_frontend_key front = {
		.address = packet->tuple.destination,
		.port = packet->tuple.destination_port,
		.protocol = packet->tuple.protocol,
	};
	struct rs_pick pick = {
		.client_ifindex = sender->ifindex,
		.client_way = sender->way,
	};
	__builtin_memcpy(pick.client_mac, sender->mac, 6);

	struct rs_hold *hold = rs_hold_find(&packet->tuple);
	if (hold && hold->isn != packet->sequence) {
		/* The client gave up and began anew. */
		if (rs_hold_end(hold, RS_HOLD_EXPIRED)) {
			rs_count(hold_expired);
			rs_count(hold_superseded);
		}
		hold = NULL;
	}
	if (hold) {
		pick.park.route = hold->route;
		pick.park.revision = hold->revision;
		pick.park.weight_sequence = hold->weight_sequence;
	} else {
		if (sender->released) {
			rs_count(release_stale);
			return RS_DROP;
		}
		struct rs_frontend *frontend = bpf_map_lookup_elem(&frontends, &front);
		if (!frontend) {
			rs_count(no_service);
			return rs_reset_back(skb, packet);
		}
		pick.park.route = frontend->route;
		struct rs_route *route = bpf_map_lookup_elem(&routes, &pick.park.route);
		pick.park.revision = route ? rs_pick_revision(route, &pick.park.weight_sequence) : 0;
		if (!pick.park.revision) {
			rs_count(no_target);
			return rs_reset_back(skb, packet);
		}
	}

	__u32 revision_id = pick.park.revision;
	struct rs_revision *revision = bpf_map_lookup_elem(&revisions, &revision_id);
	if (!revision) {
		rs_count(no_target);
		return RS_DROP;
	}
	pick.instance_id = rs_pick_instance(revision, revision_id, sender->released);
	pick.instance = pick.instance_id ? rs_instance(pick.instance_id) : NULL;
	if (!pick.instance) {
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
	if (rs_address_equal(&pick.instance->address, &packet->tuple.source)) {
		__sync_fetch_and_add(&pick.instance->in_flight, -1);
		rs_count(hairpin);
		return RS_DROP;
	}
	if (!rs_flow_begin(packet, &pick)) {
		__sync_fetch_and_add(&pick.instance->in_flight, -1);
		rs_count(flow_table_full);
		return RS_DROP;
	}
	__u32 ifindex = pick.instance->ifindex;
	__u8 mac[6];
	__builtin_memcpy(mac, pick.instance->mac, 6);
	if (!rs_rewrite(skb, packet, RS_REWRITE_DESTINATION, rs_address_to_v4(&pick.instance->address),
			pick.instance->port, mac))
		return RS_DROP;
	rs_count(forwarded);
	return rs_send_to_instance(ifindex);
}

/* A TCP packet for a VIP, from whoever. */
RS_INLINE int rs_service(struct __sk_buff *skb, const struct rs_packet *packet, struct rs_sender *sender)
{
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, &packet->tuple);
	if (flow) {
		if (!rs_is_new_use(packet, flow))
			return rs_continue(skb, packet, flow);
		rs_flow_end(&packet->tuple, flow, bpf_ktime_get_coarse_ns());
	}
	if (!rs_packet_is_syn(packet)) {
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
	}
	return rs_begin(skb, packet, sender);
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
	bpf_skb_load_bytes(skb, 6, sender.mac, 6);
	return rs_service(skb, &packet, &sender);
}

/* The instance answered a SYN: it is ready, and what was held for this connection is released. */
RS_INLINE void rs_answered(const struct rs_tuple *key, const struct rs_flow *flow, struct rs_instance *instance)
{
	if (instance && __sync_val_compare_and_swap(&instance->state, RS_INSTANCE_PROBABLE, RS_INSTANCE_READY) ==
				RS_INSTANCE_PROBABLE) {
		instance->ready_ns = bpf_ktime_get_ns();
		rs_event_send(RS_EVENT_READY, flow->revision, flow->instance);
	}
	struct rs_hold *hold = rs_hold_find(key);
	if (hold && hold->isn == flow->isn && rs_hold_end(hold, RS_HOLD_RELEASED))
		rs_count(hold_released);
}

/* An RST to a SYN. While the SYN is held it must not reach the client: the agent will try again. */
RS_INLINE bool rs_refused(const struct rs_tuple *key, struct rs_flow *flow, struct rs_instance *instance)
{
	struct rs_hold *hold = rs_hold_find(key);
	rs_event_send(RS_EVENT_REFUSED, flow->revision, flow->instance);
	if (!hold || hold->isn != flow->isn)
		return false;
	rs_count(rst_held_back);
	rs_flow_end(key, flow, bpf_ktime_get_coarse_ns());
	return true;
}

/* A packet of an instance that belongs to a tracked connection. */
RS_INLINE int rs_reply(struct __sk_buff *skb, const struct rs_packet *packet, const struct rs_tuple *forward)
{
	struct rs_tuple key = *forward;
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, &key);
	if (!flow)
		return rs_pass_untouched();
	__u64 now = bpf_ktime_get_coarse_ns();
	__u32 state = flow->state;
	if (state == RS_TCP_SYN_SENT) {
		struct rs_instance *instance = rs_flow_instance(flow);
		if (rs_packet_is_syn_ack(packet))
			rs_answered(&key, flow, instance);
		else if (rs_packet_has(packet, RS_TCP_RST) && rs_refused(&key, flow, instance))
			return RS_DROP;
	}
	__u32 next = rs_tcp_next(state, RS_FROM_SERVER, packet->flags);
	if (next != state)
		flow->state = next;
	if (packet->payload_length || (packet->flags & (RS_TCP_SYN | RS_TCP_FIN))) {
		flow->server_ns = now;
		flow->bytes_out += packet->payload_length;
	}
	struct rs_revision_stats *stats = rs_stats(flow->revision);
	if (stats) {
		stats->bytes_out += packet->payload_length;
		if (packet->flags & RS_TCP_RST)
			stats->resets++;
	}
	if (next == RS_TCP_CLOSED || next == RS_TCP_FIN_BOTH)
		rs_flow_set_idle(flow, now);

	__u32 ifindex = flow->client_ifindex, way = flow->client_way;
	__u8 mac[6];
	__builtin_memcpy(mac, flow->client_mac, 6);
	if (!rs_rewrite(skb, packet, RS_REWRITE_SOURCE, rs_address_to_v4(&key.destination), key.destination_port, mac))
		return RS_DROP;
	rs_count(replied);
	return rs_send_to_client(ifindex, way);
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
	bpf_skb_load_bytes(skb, 6, sender.mac, 6);
	return rs_service(skb, &packet, &sender);
}

/* The agent gives a hold up: the frame is the RST for the client, from its VIP. */
RS_INLINE int rs_agent_reset(const struct rs_packet *packet)
{
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
	rs_count(hold_reset);
	return rs_send_to_client(ifindex, iface ? iface->way : RS_WAY_STACK);
}

/* rouse1: clients on this host, and the agent. */
RS_INLINE int rs_path_host(struct __sk_buff *skb)
{
	struct rs_packet packet = {};
	enum rs_parse parsed = rs_parse_skb(skb, &packet);
	if (parsed == RS_PARSE_TCP && skb->mark == RS_MARK_RESET)
		return rs_agent_reset(&packet);
	if (parsed == RS_PARSE_OTHER || !rs_is_vip(&packet))
		return rs_pass_untouched();
	if (parsed != RS_PARSE_TCP)
		return rs_refuse(parsed);

	struct rs_sender sender = {.ifindex = skb->ifindex};
	if (skb->mark == RS_MARK_RELEASE) {
		/* The client is where its SYN came from, not here. */
		struct rs_hold *hold = rs_hold_find(&packet.tuple);
		if (!hold) {
			rs_count(release_stale);
			return RS_DROP;
		}
		sender.released = true;
		sender.ifindex = hold->client_ifindex;
		__builtin_memcpy(sender.mac, &hold->frame[6], 6);
		struct rs_iface *iface = bpf_map_lookup_elem(&ifaces, &sender.ifindex);
		sender.way = iface ? iface->way : RS_WAY_STACK;
	} else {
		__builtin_memcpy(sender.mac, (const void *)config.rouse0_mac, 6);
	}
	return rs_service(skb, &packet, &sender);
}

#endif
