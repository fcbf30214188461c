/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Datagrams: the way of a packet without a handshake. Any of them may be the
 * first of its flow, so whoever has lost its instance begins anew with another.
 */
#ifndef RS_UDP_BPF_H
#define RS_UDP_BPF_H

#include "path.bpf.h"

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
	if (flow)
		return rs_continue_udp(context, packet, flow);
	if (rs_is_elsewhere())
		return rs_pass_untouched();
	return RS_LAYERED(rs_begin)(context);
}

/* A datagram for a VIP or an external port. */
RS_INLINE int rs_service_udp(RS_CONTEXT *context, const struct rs_packet *packet, const struct rs_sender *known)
{
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, &packet->tuple);
	if (flow && !flow->held && rs_can_answer(rs_flow_instance(flow)))
		return rs_continue_udp(context, packet, flow);
	return rs_work_of(context, packet, known) ? RS_LAYERED(rs_cold_udp)(context) : RS_DROP;
}

#endif
