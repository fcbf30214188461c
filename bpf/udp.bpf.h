/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Datagrams: the way of a packet without a handshake. Any of them may be the
 * first of its flow, so whoever has lost its instance begins anew with another.
 */
#ifndef RS_UDP_BPF_H
#define RS_UDP_BPF_H

#include "path.bpf.h"

/* Rings the agent for the hold's revision, as a SYN's copy does. */
RS_INLINE void rs_udp_wake(__u64 place)
{
	const struct rs_hold *hold = rs_hold_at(place - 1, RS_HOLD_IS(HELD));
	__u32 id = hold ? hold->revision : 0;
	struct rs_revision *revision = bpf_map_lookup_elem(&revisions, &id);
	if (hold && revision)
		rs_wake(revision, id);
}

/* An instance could have taken what is held for some time, and nobody has let it go: no agent is there. Then this hold
 * ends, and its client goes on with what it sends now. (Where there is a limit, all may have been full until now.) */
RS_INLINE bool rs_udp_is_forgotten(const struct rs_work *work, __u64 place)
{
	const __u64 patience_ns = RS_RELEASE_PATIENCE_MS * 1000000ULL;
	struct rs_hold *hold = rs_hold_at(place - 1, RS_HOLD_IS(HELD));
	__u64 now = bpf_ktime_get_ns();
	if (!hold || now - hold->first_ns < patience_ns)
		return false;
	__u32 id = rs_pick_instance(hold->revision, work->packet.family, hold->port, false);
	struct rs_instance *instance = id ? rs_instance(id) : NULL;
	if (!instance)
		return false;
	__sync_fetch_and_add(&instance->in_flight, -1);
	__u64 ready_ns = rs_read(instance->ready_ns);
	if (instance->limit || !ready_ns || now - ready_ns < patience_ns || !rs_hold_end(hold, RS_HOLD_EXPIRED))
		return false;
	rs_count(hold_expired);
	rs_count(hold_expired_unserved);
	return true;
}

/* With IPv6 a datagram has a checksum; the kernel of an instance would drop one without. A local sender's may be still
 * to be computed, and then any value may stand there. */
RS_INLINE bool rs_udp_may_begin(RS_CONTEXT *context, const struct rs_packet *packet)
{
	__u16 checksum = 1;
	if (packet->family != RS_V6 || rs_is_checksum_open(context) ||
	    rs_load(context, packet->l4_offset + __builtin_offsetof(struct rs_udp, checksum), &checksum,
		    sizeof(checksum)) != 0 ||
	    checksum)
		return true;
	rs_count(checksum_missing);
	return false;
}

/* work->packet is a datagram of no flow, or of one that cannot go on. */
RS_GLOBAL int RS_LAYERED(rs_cold_udp)(RS_CONTEXT *context)
{
	struct rs_work *work = rs_work();
	if (!work)
		return RS_DROP;
	const struct rs_packet *packet = &work->packet;
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, &packet->tuple);
	work->park.revision = 0;
	if (flow && !rs_can_answer(rs_flow_instance(flow))) {
		rs_flow_end(&packet->tuple, flow);
		rs_count(instance_gone);
		flow = NULL;
	}
	__u64 place = work->sender.released ? 0 : rs_hold_current();
	if (place && !rs_udp_is_forgotten(work, place)) {
		int queued = RS_LAYERED(rs_datagram_queue)(context, place);
		if (queued != RS_QUEUED_END) {
			rs_udp_wake(place);
			return RS_DROP;
		}
	}
	if (flow) {
		if (!work->sender.released)
			flow->held = 0; /* nothing is in front of it any more */
		rs_note_datagram(packet, flow);
		return RS_FORWARD;
	}
	if (!work->sender.released) {
		if (rs_is_elsewhere())
			return rs_pass_untouched();
		if (!rs_udp_may_begin(context, packet))
			return RS_DROP;
	}
	return RS_LAYERED(rs_begin)(context);
}

/* A datagram for a VIP or an external port. */
RS_INLINE int rs_service_udp(RS_CONTEXT *context, const struct rs_packet *packet, bool has_sender)
{
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, &packet->tuple);
	if (flow && !flow->held && rs_can_answer(rs_flow_instance(flow)))
		return rs_continue_udp(context, packet, flow);
	return rs_work_of(context, packet, has_sender) ? RS_LAYERED(rs_cold_udp)(context) : RS_DROP;
}

#endif
