/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets that are longer than the link behind us. Towards an instance: the
 * sender is told where it may not be fragmented, else the stack does it.
 * Towards a client: the stack does both, and its error comes back to the VIP,
 * from where icmp.bpf.h leads it to the instance. RFC 1191, RFC 8201.
 */
#ifndef RS_MTU_BPF_H
#define RS_MTU_BPF_H

#include "icmp.bpf.h"

/* Does the packet, or what it will be cut into, exceed `mtu` bytes of IP? 0 = any. */
RS_INLINE bool rs_exceeds(RS_CONTEXT *context, const struct rs_packet *packet, __u32 mtu)
{
	if (packet->end_offset <= RS_ETHERNET_LENGTH + mtu || !mtu)
		return false;
	__u32 segment = rs_segment_size(context);
	return !segment || packet->payload_offset + segment > RS_ETHERNET_LENGTH + mtu;
}

RS_INLINE bool rs_may_be_fragmented(RS_CONTEXT *context, const struct rs_packet *packet)
{
	__be16 fragment = 0;
	if (packet->family == RS_V6)
		return false;
	rs_load(context, RS_ETHERNET_LENGTH + __builtin_offsetof(struct rs_ipv4, fragment), &fragment,
		sizeof(fragment));
	return !(fragment & rs_htons(RS_IPV4_DONT_FRAGMENT));
}

/* These stand for verdicts until the stack of calls is short enough for rs_finish(): work->packet is too long for the
 * instance of its flow; nothing is served where it goes; it goes on to that instance. */
#define RS_LONG	   (-100)
#define RS_NO_PORT (-102)
#define RS_FORWARD (-103)

/* The packet, to be forwarded, is too long for the instance of its flow. */
RS_INLINE int rs_too_long(const struct rs_packet *packet)
{
	struct rs_work *work = rs_work();
	if (!work)
		return RS_DROP;
	if (packet != &work->packet)
		work->packet = *packet;
	return RS_LONG;
}

/* work->packet is. */
RS_GLOBAL int RS_LAYERED(rs_forward_long)(RS_CONTEXT *context)
{
	const struct rs_work *work = rs_work();
	if (!work)
		return RS_DROP;
	const struct rs_packet *packet = &work->packet;
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, &packet->tuple);
	if (!flow)
		return RS_DROP;
	if (!rs_may_be_fragmented(context, packet)) {
		rs_count(too_long);
		return RS_LAYERED(rs_icmp_tell)(context, RS_TELL_TOO_BIG, flow->instance_mtu);
	}
	struct rs_ends to;
	__u8 mac[6];
	rs_load(context, 0, mac, 6); /* the host's, whose stack it is for */
	rs_flow_forward_ends(packet, flow, &to);
	if (!rs_rewrite(context, packet, &to, mac))
		return RS_DROP;
	rs_count(forwarded);
	return rs_send_to_stack();
}

/* The smallest link that carries IPv6; the agent sees to it that clients behind smaller ones are the stack's. */
#define RS_MTU_ANY 1280

/* A reply that the client's interface does not take: the stack is to see to it. */
RS_INLINE bool rs_exceeds_interface(RS_CONTEXT *context, const struct rs_packet *packet, __u32 ifindex)
{
	if (packet->end_offset <= RS_ETHERNET_LENGTH + RS_MTU_ANY)
		return false;
	struct rs_iface *iface = bpf_map_lookup_elem(&ifaces, &ifindex);
	return iface && rs_exceeds(context, packet, iface->mtu);
}

#endif
