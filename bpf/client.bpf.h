/* SPDX-License-Identifier: GPL-2.0-only */
/* The beginning of the way of a client's packet, over either layer: by protocol. */
#ifndef RS_CLIENT_BPF_H
#define RS_CLIENT_BPF_H

#include "fragment.bpf.h"
#include "icmp.bpf.h"
#include "mtu.bpf.h"
#include "path.bpf.h"
#include "udp.bpf.h"

/* Stands for a verdict: work->packet is the first fragment of a datagram, for rs_serve_fragment() to send on. */
#define RS_FIRST_DATAGRAM (-101)

/* The first fragment of a packet: an echo is answered, any other goes its flow's way, and the others will follow. */
RS_INLINE int rs_fragment_first(RS_CONTEXT *context, struct rs_work *work, struct rs_icmp_work *icmp,
				struct rs_fragment_work *space)
{
	struct rs_packet *packet = &work->packet;
	if (packet->tuple.protocol == RS_PROTOCOL_ICMP || packet->tuple.protocol == RS_PROTOCOL_ICMPV6) {
		if (!rs_is_vip(packet))
			return rs_pass_untouched();
		if (rs_load(context, packet->l4_offset, &icmp->icmp, sizeof(icmp->icmp)) != 0 ||
		    rs_icmp_kind(packet->family, icmp->icmp.type) != RS_ICMP_ECHO) {
			rs_count(icmp_ignored);
			return RS_DROP;
		}
		enum rs_reason admitted = rs_icmp_admit(work);
		if (admitted == RS_REASON_forwarded) {
			space->way.to = RS_FRAGMENT_ECHO;
			rs_fragment_note(context, space);
		}
		return rs_icmp_answer(context, work, icmp, admitted);
	}
	if (!rs_fragment_ports(context, rs_frame_read, packet, &icmp->scratch))
		return rs_leave(packet, malformed);
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, &packet->tuple);
	if (packet->tuple.protocol == RS_PROTOCOL_UDP && !(flow && flow->held))
		return RS_FIRST_DATAGRAM;
	/* It cannot be held, nor overtake what is. */
	if (!flow)
		return rs_leave(packet, fragment_cold);
	if (flow->held || rs_packet_is_syn(packet) || !rs_can_answer(rs_flow_instance(flow))) {
		rs_count(fragment_cold);
		return RS_DROP;
	}
	rs_fragment_note_forward(context, space, packet, flow);
	return rs_continue(context, packet, flow);
}

/* work->packet is a fragment, for a VIP or not: datagrams for an external port come in fragments, too. */
RS_GLOBAL int RS_LAYERED(rs_fragment_in)(RS_CONTEXT *context)
{
	struct rs_work *work = rs_work();
	struct rs_icmp_work *icmp = rs_icmp_work();
	struct rs_fragment_work *space = rs_fragment_work();
	if (!work || !icmp || !space)
		return RS_DROP;
	struct rs_packet *packet = &work->packet;
	if (!rs_fragment_read(context, rs_frame_read, packet, &space->fragment, &icmp->scratch))
		return rs_leave(packet, malformed);
	rs_fragment_key(packet, space->fragment.id, &space->key);
	switch (rs_fragment_kind(&space->fragment, packet->tuple.protocol)) {
	case RS_FRAGMENT_FIRST:
		work->is_fragment = true;
		return rs_fragment_first(context, work, icmp, space);
	case RS_FRAGMENT_LATER:
		break;
	default:
		return rs_leave(packet, fragment_bad);
	}
	const struct rs_fragment_way *way = rs_fragment_way(context, space);
	if (!way || way->to == RS_FRAGMENT_TO_CLIENT)
		return rs_leave(packet, fragment_lost);
	return rs_fragment_follow(context, packet, icmp, way);
}

/* The first fragment of work->packet has gone its flow's way: the others are to follow. */
RS_GLOBAL int RS_LAYERED(rs_fragment_gone)(RS_CONTEXT *context)
{
	const struct rs_work *work = rs_work();
	struct rs_fragment_work *space = rs_fragment_work();
	struct rs_flow *flow = work ? bpf_map_lookup_elem(&flows, &work->packet.tuple) : NULL;
	if (flow && space)
		rs_fragment_note_forward(context, space, &work->packet, flow);
	return 0;
}

/* work->packet is a fragment. A datagram's first may begin a flow, for which the stack of calls has to be short. */
RS_INLINE int rs_serve_fragment(RS_CONTEXT *context)
{
	int verdict = RS_LAYERED(rs_fragment_in)(context);
	if (verdict != RS_FIRST_DATAGRAM)
		return verdict;
	verdict = RS_LAYERED(rs_cold_udp)(context);
	if (verdict != RS_DROP)
		RS_LAYERED(rs_fragment_gone)(context);
	return verdict;
}

/* A packet that may concern us, parsed. `has_sender`: as of rs_work_of(). */
RS_INLINE int rs_serve(RS_CONTEXT *context, enum rs_parse parsed, const struct rs_packet *packet, bool has_sender)
{
	if (parsed == RS_PARSE_TCP)
		return rs_service(context, packet, has_sender);
	if (parsed == RS_PARSE_UDP)
		return rs_service_udp(context, packet, has_sender);
	if (parsed != RS_PARSE_ICMP && parsed != RS_PARSE_FRAGMENT)
		return rs_refuse(parsed);
	if (!rs_work_of(context, packet, has_sender))
		return RS_DROP;
	return parsed == RS_PARSE_ICMP ? RS_LAYERED(rs_icmp_in)(context) : rs_serve_fragment(context);
}

RS_INLINE int rs_path_client(RS_CONTEXT *context)
{
	struct rs_packet packet = {};
	enum rs_parse parsed = rs_parse(context, &packet, true);
	if (parsed == RS_PARSE_OTHER || parsed == RS_PARSE_UNKNOWN)
		return rs_pass_untouched();
	return rs_finish(context, rs_serve(context, parsed, &packet, false));
}

#endif
