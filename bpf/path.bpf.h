/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way of a client's packet, over either layer (client.bpf.h has its beginning):
 *
 *	rs_service       flow? -> rewrite, forward
 *	                 else frontend -> revision -> instance -> track -> rewrite, forward
 *	                 no instance: park
 *
 * A packet of an established connection goes through rs_path_client and
 * rs_continue, and nothing else. All others come to rs_cold, which hands them
 * on in the work area.
 */
#ifndef RS_PATH_BPF_H
#define RS_PATH_BPF_H

#include "access.bpf.h"
#include "flow.bpf.h"
#include "hold.bpf.h"
#include "mtu.bpf.h"
#include "ours.bpf.h"
#include "park.bpf.h"
#include "pick.bpf.h"
#include "work.bpf.h"
#include "pure/udp_state.h"

/* May it be for an external port? Of a packet that was read no further than rs_packet_parse_l3(). True as well when its
 * ports lie outside of what can be read, and for what has none: ICMP and fragments. */
RS_INLINE bool rs_may_be_external(const void *data, const void *end, enum rs_parse parsed,
				  const struct rs_packet *packet)
{
	__u8 protocol = packet->tuple.protocol;
	__u32 offset = packet->l4_offset;
	if (protocol != RS_PROTOCOL_TCP && protocol != RS_PROTOCOL_UDP)
		return parsed == RS_PARSE_TCP &&
		       (packet->family == RS_V4 ? protocol == RS_PROTOCOL_ICMP
						: protocol == RS_PROTOCOL_ICMPV6 || protocol == RS_IPV6_FRAGMENT);
	if (parsed != RS_PARSE_TCP)
		return parsed == RS_PARSE_FRAGMENT;
	rs_hide(offset);
	if (offset > RS_L4_OFFSET_MAX)
		return false;
	/* TCP has them at the same place. */
	const struct rs_udp *ports = data + offset;
	return (const void *)(ports + 1) > end || rs_is_external(ports->destination, protocol);
}

/* A packet for a VIP, a whole one for an external port, or one that its flow has to be known for. */
RS_INLINE bool rs_is_for_service(enum rs_parse parsed, const struct rs_packet *packet)
{
	if (rs_is_vip(packet) || parsed == RS_PARSE_ICMP || parsed == RS_PARSE_FRAGMENT)
		return true;
	return (parsed == RS_PARSE_TCP || parsed == RS_PARSE_UDP) &&
	       rs_is_external(packet->tuple.destination_port, packet->tuple.protocol);
}

/* Reads the headers once more, perhaps after those that lie outside of what can be read were brought there. A function
 * of its own: it is rarely needed, and its copy of the parser would slow down the other one. */
static __attribute__((noinline)) enum rs_parse rs_parse_again(RS_CONTEXT *context, struct rs_packet *packet,
							      bool make_linear)
{
	if (make_linear && !rs_make_linear(context))
		return RS_PARSE_OTHER;
	void *data = rs_context_data(context), *end = rs_context_end(context);
	enum rs_parse result = rs_packet_parse_l3(data, end, packet);
	if (result == RS_PARSE_SHORT)
		return RS_PARSE_OTHER; /* no addresses: not ours */
	if (result == RS_PARSE_TCP)
		result = rs_packet_parse_l4(data, end, packet);
	/* Shorter than its headers say, and nothing more to come. */
	return result == RS_PARSE_SHORT && make_linear ? RS_PARSE_MALFORMED : result;
}

/* Parses; with `ours_only`, no further than it takes to see that the packet is neither for a VIP nor for an external
 * port. */
RS_INLINE enum rs_parse rs_parse(RS_CONTEXT *context, struct rs_packet *packet, bool ours_only)
{
	if (rs_is_tagged(context))
		return RS_PARSE_OTHER; /* the interface of its VLAN has a program of its own */
	void *data = rs_context_data(context), *end = rs_context_end(context);
	enum rs_parse result = rs_packet_parse_l3(data, end, packet);
	if (result == RS_PARSE_OTHER)
		return result;
	if (result != RS_PARSE_SHORT && ours_only && !rs_is_vip(packet)) {
		if (!rs_may_be_external(data, end, result, packet))
			return RS_PARSE_OTHER;
		result = rs_parse_again(context, packet, false);
	} else if (result == RS_PARSE_TCP) {
		result = rs_packet_parse_l4(data, end, packet);
		if (result != RS_PARSE_SHORT)
			return result;
	} else if (result != RS_PARSE_SHORT) {
		return result;
	}
	if (result == RS_PARSE_SHORT)
		result = rs_parse_again(context, packet, true);
	return result != RS_PARSE_OTHER && ours_only && !rs_is_for_service(result, packet) ? RS_PARSE_OTHER : result;
}

/* A packet for a VIP that nothing can be made of. */
RS_INLINE int rs_refuse(enum rs_parse why)
{
	if (why == RS_PARSE_MALFORMED)
		rs_count(malformed);
	else
		rs_count(unsupported);
	return RS_DROP;
}

/* Towards the instance. */
RS_INLINE int rs_forward(RS_CONTEXT *context, const struct rs_packet *packet, const struct rs_flow *flow)
{
	if (rs_exceeds(context, packet, flow->instance_mtu))
		return rs_too_long(packet);
	struct rs_ends to;
	__u8 mac[6];
	__u32 ifindex = flow->instance_ifindex;
	rs_flow_forward_ends(packet, flow, &to);
	__builtin_memcpy(mac, flow->instance_mac, 6);
	if (!rs_rewrite(context, packet, &to, mac))
		return RS_DROP;
	rs_count(forwarded);
	return rs_send_to_instance(context, packet, ifindex);
}

/* The same for work->packet, of which the cold path has made a packet of a flow. */
RS_GLOBAL int RS_LAYERED(rs_forward_cold)(RS_CONTEXT *context)
{
	const struct rs_work *work = rs_work();
	struct rs_flow *flow = work ? bpf_map_lookup_elem(&flows, &work->packet.tuple) : NULL;
	return flow ? rs_forward(context, &work->packet, flow) : RS_DROP;
}

/* What stands for a verdict becomes one. */
RS_INLINE int rs_finish(RS_CONTEXT *context, int verdict)
{
	if (verdict == RS_FORWARD)
		verdict = RS_LAYERED(rs_forward_cold)(context);
	if (verdict == RS_LONG)
		return RS_LAYERED(rs_forward_long)(context);
	return verdict == RS_NO_PORT ? RS_LAYERED(rs_icmp_tell)(context, RS_TELL_NO_PORT, 0) : verdict;
}

/* The connection comes into its next state. A request is over when its connection is, or the server's half. */
RS_INLINE void rs_flow_step(const struct rs_tuple *key, struct rs_flow *flow, __u32 next)
{
	if (next == flow->state)
		return;
	flow->state = next;
	if (rs_flow_is_half_open(next))
		return;
	/* It is not one of the half-open any more, of which the oldest may have to go. When the ring has no room it
	 * keeps its place among them for a while, and new connections have to wait for one. */
	bool is_watched = rs_flow_watch(key, flow, RS_RING_RESERVE_BUSY);
	if (next == RS_TCP_ESTABLISHED && !is_watched)
		rs_count(flow_unwatched);
	if (next > RS_TCP_FIN_CLIENT && next < RS_TCP_STATE_COUNT)
		rs_flow_set_idle(flow);
}

/* What a datagram of a known flow, from its client, changes. */
RS_INLINE void rs_note_datagram(const struct rs_packet *packet, struct rs_flow *flow)
{
	__u64 now = rs_tick_ns();
	flow->client_ns = now;
	flow->request_ns = now > flow->server_ns ? now : flow->server_ns + 1;
	flow->bytes_in += packet->payload_length;
	struct rs_revision_stats *stats = rs_stats(flow->revision);
	if (stats)
		stats->bytes_in += packet->payload_length;
	rs_flow_step(&packet->tuple, flow, rs_udp_next(flow->state, RS_FROM_CLIENT));
	if (!rs_read(flow->busy))
		rs_flow_set_busy(&packet->tuple, flow);
}

RS_INLINE int rs_continue_udp(RS_CONTEXT *context, const struct rs_packet *packet, struct rs_flow *flow)
{
	rs_note_datagram(packet, flow);
	return rs_forward(context, packet, flow);
}

/* Another CPU has begun this flow a moment ago, with another datagram of the client. */
RS_INLINE int rs_udp_twin(const struct rs_packet *packet)
{
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, &packet->tuple);
	if (!flow)
		return RS_DROP;
	rs_note_datagram(packet, flow);
	return RS_FORWARD;
}

/* What a packet of a known connection, from its client, changes. */
RS_INLINE void rs_note_packet(const struct rs_packet *packet, struct rs_flow *flow)
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
	/* What may end it is judged by what the instance has acknowledged. */
	if (packet->flags & (RS_TCP_RST | RS_TCP_FIN))
		rs_flow_sync(&packet->tuple, flow);
	/* What is not believed goes on too: the instance answers for itself. */
	enum rs_reason believed = rs_tcp_believes(flow, packet);
	if (believed == RS_REASON_forwarded)
		rs_flow_step(&packet->tuple, flow, rs_tcp_hear_client(flow, packet));
	else if (believed == RS_REASON_end_implausible)
		rs_count(end_implausible);
	else
		rs_count(ack_implausible);
}

RS_INLINE int rs_continue(RS_CONTEXT *context, const struct rs_packet *packet, struct rs_flow *flow)
{
	rs_note_packet(packet, flow);
	return rs_forward(context, packet, flow);
}

/* Nothing can take it: park. Then look again: an instance may have become ready in between. */
RS_INLINE int rs_hold(RS_CONTEXT *context, struct rs_work *work, struct rs_revision *revision)
{
	if (work->is_fragment) {
		rs_count(fragment_cold);
		rs_pick_undo();
		return RS_DROP;
	}
	if (!RS_LAYERED(rs_hold_park)(context)) {
		rs_pick_undo();
		return RS_DROP;
	}
	__u32 id = work->park.revision;
	rs_wake(revision, id);
	__u32 raced = rs_pick_instance(id, work->packet.family, work->park.port, false);
	if (raced) {
		struct rs_instance *instance = rs_instance(raced);
		if (instance)
			__sync_fetch_and_add(&instance->in_flight, -1);
		rs_count(hold_raced);
		rs_event_send(RS_EVENT_RACED, id, raced);
	}
	return RS_DROP;
}

/* Fills in work->park: what the SYN's connection was given before, or else the route's next revision.
 * RS_REASON_forwarded, or the answer to the packet. */
RS_INLINE enum rs_reason rs_choose(struct rs_work *work, const struct rs_hold *hold)
{
	struct rs_park *park = &work->park;
	park->numbered = false;
	if (hold) {
		park->route = hold->route;
		park->revision = hold->revision;
		park->weight_sequence = hold->weight_sequence;
		park->port = hold->port;
		return RS_REASON_forwarded;
	}
	if (park->revision)
		return RS_REASON_forwarded;
	struct rs_frontend_key *front = &work->front;
	front->address = work->packet.tuple.destination;
	front->port = work->packet.tuple.destination_port;
	front->protocol = work->packet.tuple.protocol;
	front->pad = 0;
	struct rs_frontend *frontend = bpf_map_lookup_elem(&frontends, front);
	if (!frontend)
		return RS_REASON_no_service;
	park->route = frontend->route;
	park->port = frontend->port;
	__u32 id = park->route;
	struct rs_route *route = bpf_map_lookup_elem(&routes, &id);
	if (route && (route->allowed | (route->flags & RS_ROUTE_LOCAL))) {
		enum rs_reason access = rs_access(id);
		if (access != RS_REASON_forwarded)
			return access;
	}
	park->revision = route ? rs_pick_revision(route, &work->packet.tuple.source, park) : 0;
	return park->revision ? RS_REASON_forwarded : RS_REASON_no_target;
}

/* The place of the connection's hold in the ring + 1; 0 when it has none, or the client gave it up and began anew with
 * another sequence number. */
RS_GLOBAL __u64 rs_hold_current(void)
{
	const struct rs_work *work = rs_work();
	struct rs_hold *hold = work ? rs_hold_find(&work->packet.tuple) : NULL;
	if (!hold)
		return 0;
	if (hold->isn == work->packet.sequence)
		return hold->sequence;
	if (rs_hold_end(hold, RS_HOLD_EXPIRED)) {
		rs_count(hold_expired);
		rs_count(hold_superseded);
	}
	return 0;
}

/* Answers work->packet with RST. */
RS_GLOBAL int RS_LAYERED(rs_reset_cold)(RS_CONTEXT *context)
{
	const struct rs_work *work = rs_work();
	return work ? rs_reset_back(context, &work->packet) : RS_DROP;
}

/* Nobody is there: says so to who has sent work->packet. */
RS_INLINE int rs_answer_refused(RS_CONTEXT *context, const struct rs_work *work)
{
	if (work->packet.tuple.protocol == RS_PROTOCOL_UDP)
		return RS_NO_PORT;
	return RS_LAYERED(rs_reset_cold)(context);
}

/* Do its instances have that port, and of that protocol? */
RS_INLINE bool rs_revision_has(const struct rs_revision *revision, __u32 port, __u8 protocol)
{
	return port < RS_PORTS_MAX && (revision->ports >> port & 1) &&
	       (revision->udp >> port & 1) == (protocol == RS_PROTOCOL_UDP);
}

RS_INLINE int rs_answer_no_target(RS_CONTEXT *context, const struct rs_work *work)
{
	rs_count(no_target);
	return work->sender.released ? RS_DROP : rs_answer_refused(context, work);
}

/* The first SYN of a connection: pick, track, forward; or hold. With work->park from an earlier try of the same SYN, or
 * without. */
RS_GLOBAL int RS_LAYERED(rs_begin)(RS_CONTEXT *context)
{
	struct rs_work *work = rs_work();
	if (!work)
		return RS_DROP;
	const struct rs_packet *packet = &work->packet;
	const bool released = work->sender.released;
	__u64 place = rs_hold_current();
	struct rs_hold *hold = place ? rs_hold_at(place - 1, RS_HOLD_IS(HELD)) : NULL;
	if (!hold && released) {
		rs_count(release_stale);
		return RS_DROP;
	}
	enum rs_reason chosen = rs_choose(work, hold);
	if (chosen == RS_REASON_no_service) {
		rs_count(no_service);
		return rs_answer_refused(context, work);
	}
	if (chosen == RS_REASON_no_target)
		return rs_answer_no_target(context, work);
	if (chosen != RS_REASON_forwarded)
		return RS_DROP; /* counted: it may not */

	struct rs_revision *revision = bpf_map_lookup_elem(&revisions, &work->park.revision);
	if (!revision || !rs_revision_has(revision, work->park.port, packet->tuple.protocol))
		return rs_answer_no_target(context, work);
	work->instance = rs_pick_instance(work->park.revision, packet->family, work->park.port, released);
	struct rs_instance *instance = work->instance ? rs_instance(work->instance) : NULL;
	if (!instance) {
		if (released) {
			rs_count(release_early);
			return RS_DROP;
		}
		if (hold) {
			rs_hold_refresh(context, hold, packet);
			rs_wake(revision, work->park.revision);
			return RS_DROP;
		}
		return rs_hold(context, work, revision);
	}
	int begun = rs_flow_make_room(work, false) ? rs_flow_begin() : RS_BEGUN_FULL;
	if (begun == RS_BEGUN_FULL && rs_flow_make_room(work, true))
		begun = rs_flow_begin();
	if (begun == RS_BEGUN)
		return RS_FORWARD;
	__sync_fetch_and_add(&instance->in_flight, -1);
	rs_pick_undo();
	if (begun == RS_BEGUN_FULL)
		rs_count(flow_table_full);
	else if (begun == RS_BEGUN_CLASH)
		rs_count(port_clash);
	else if (packet->tuple.protocol == RS_PROTOCOL_UDP)
		return rs_udp_twin(packet);
	else /* its twin is on its way */
		rs_count(syn_retransmitted);
	return RS_DROP;
}

/* A SYN whose tuple is tracked. True: it goes on with its connection's instance. False: it begins, with work->park if
 * an instance was picked for it before. */
RS_INLINE bool rs_syn_continues(RS_CONTEXT *context, struct rs_work *work, struct rs_flow *flow)
{
	const struct rs_packet *packet = &work->packet;
	bool is_new = rs_tcp_is_new_use(flow, packet->sequence);
	if (is_new || flow->refused || !rs_can_answer(rs_flow_instance(flow))) {
		/* An instance that went before it answered, or refused: nobody has to hear of it. */
		if (!is_new && flow->state == RS_TCP_SYN_SENT) {
			work->park.route = flow->route;
			work->park.revision = flow->revision;
			work->park.weight_sequence = flow->weight_sequence;
			work->park.port = flow->port;
		}
		rs_flow_end(&packet->tuple, flow);
		return false;
	}
	/* Let go on, and not answered so far: the client is still there, and the hold keeps its newest copy. */
	struct rs_hold *hold =
		work->sender.released || flow->state != RS_TCP_SYN_SENT ? NULL : rs_hold_find(&packet->tuple);
	if (hold && hold->isn == packet->sequence)
		rs_hold_refresh(context, hold, packet);
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

/* work->packet is no SYN, and not of a connection that can go on. */
RS_INLINE int rs_reject(RS_CONTEXT *context, const struct rs_packet *packet, struct rs_flow *flow)
{
	bool is_reset = rs_packet_has(packet, RS_TCP_RST);
	if (flow) {
		rs_flow_end(&packet->tuple, flow);
		rs_count(instance_gone);
	} else if (is_reset) {
		rs_count(no_flow_reset);
	} else {
		rs_count(no_flow);
	}
	return is_reset ? RS_DROP : RS_LAYERED(rs_reset_cold)(context);
}

/* What begins here is for an external port, which leads to a service from addresses of this node alone: at all others
 * it is not ours. */
RS_GLOBAL int rs_is_elsewhere(void)
{
	const struct rs_work *work = rs_work();
	if (!work || work->sender.released || rs_is_vip(&work->packet))
		return false;
	struct rs_frontend_key front = {
		.address = work->packet.tuple.destination,
		.port = work->packet.tuple.destination_port,
		.protocol = work->packet.tuple.protocol,
	};
	return !bpf_map_lookup_elem(&frontends, &front);
}

/* work->packet is a SYN, or cannot go on. */
RS_GLOBAL int RS_LAYERED(rs_cold)(RS_CONTEXT *context)
{
	struct rs_work *work = rs_work();
	if (!work)
		return RS_DROP;
	const struct rs_packet *packet = &work->packet;
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, &packet->tuple);
	if (!flow && rs_is_elsewhere())
		return rs_pass_untouched();
	if (!rs_packet_is_syn(packet))
		return rs_reject(context, packet, flow);
	work->park.revision = 0;
	if (flow) {
		if (work->sender.released && rs_is_answered(packet, flow))
			return RS_DROP;
		if (rs_syn_continues(context, work, flow)) {
			rs_count(syn_retransmitted);
			rs_note_packet(packet, flow);
			return RS_FORWARD;
		}
	}
	return RS_LAYERED(rs_begin)(context);
}

/* Who is behind the interface, for the work area. */
RS_INLINE void rs_sender_by(struct rs_sender *sender, __u32 ifindex)
{
	struct rs_iface *iface = bpf_map_lookup_elem(&ifaces, &ifindex);
	sender->ifindex = ifindex;
	sender->way = iface ? iface->way : RS_WAY_STACK;
	sender->outside = !iface || (iface->flags & RS_IFACE_UPLINK);
}

/* The work area with the packet. `has_sender`: who sends it stands there already, as that is not who sent the frame. */
RS_INLINE struct rs_work *rs_work_of(RS_CONTEXT *context, const struct rs_packet *packet, bool has_sender)
{
	struct rs_work *work = rs_work();
	if (!work)
		return NULL;
	work->packet = *packet;
	work->is_fragment = false;
	if (!has_sender) {
		rs_sender_by(&work->sender, rs_context_ifindex(context));
		work->sender.released = false;
		rs_load(context, 6, work->sender.mac, 6);
	}
	return work;
}

/* A TCP packet for a VIP or an external port. */
RS_INLINE int rs_service(RS_CONTEXT *context, const struct rs_packet *packet, bool has_sender)
{
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, &packet->tuple);
	if (flow && !rs_packet_is_syn(packet) && rs_can_answer(rs_flow_instance(flow)))
		return rs_continue(context, packet, flow);
	return rs_work_of(context, packet, has_sender) ? RS_LAYERED(rs_cold)(context) : RS_DROP;
}

#endif
