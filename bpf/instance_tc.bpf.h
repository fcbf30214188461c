/* SPDX-License-Identifier: GPL-2.0-only */
/* What an instance sends to its clients beside whole packets: ICMP errors about theirs, and fragments. */
#ifndef RS_INSTANCE_TC_BPF_H
#define RS_INSTANCE_TC_BPF_H

#include "fragment.bpf.h"
#include "icmp.bpf.h"
#include "mtu.bpf.h"

/* What became of an instance's packet: a verdict, or that it is no reply. */
#define RS_NO_REPLY (-2)

/* The flow that `reply`, an instance's tuple, belongs to; *ret_key is its key. No instance speaks for another. */
RS_INLINE struct rs_flow *rs_flow_of_reply(RS_CONTEXT *context, const struct rs_tuple *reply, struct rs_tuple *ret_key)
{
	struct rs_reply *noted = bpf_map_lookup_elem(&replies, reply);
	if (!noted)
		return NULL;
	*ret_key = noted->key;
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, ret_key);
	if (!flow || (flow->instance_ifindex && flow->instance_ifindex != rs_context_ifindex(context)))
		return NULL;
	return flow;
}

/* work->packet is an ICMP message. An error about a client's packet goes to the client, in the VIP's name. */
RS_GLOBAL int rs_icmp_out(struct __sk_buff *skb)
{
	const struct rs_work *work = rs_work();
	struct rs_icmp_work *space = rs_icmp_work();
	if (!work || !space)
		return RS_DROP;
	const struct rs_packet *packet = &work->packet;
	if (rs_load(skb, packet->l4_offset, &space->icmp, sizeof(space->icmp)) != 0 ||
	    rs_icmp_kind(packet->family, space->icmp.type) != RS_ICMP_ERROR ||
	    !rs_icmp_quote_read(skb, rs_frame_read, packet, &space->quote, &space->scratch))
		return RS_NO_REPLY;
	struct rs_tuple *key = &space->ends.quoted;
	rs_tuple_reverse(&space->quote.tuple, &space->tuple);
	struct rs_flow *flow = rs_flow_of_reply(skb, &space->tuple, key);
	if (!flow || !rs_address_equal(&space->tuple.destination, &packet->tuple.destination))
		return RS_NO_REPLY;
	/* Whoever inside has sent it: the VIP is what clients know. */
	space->ends.source = key->destination;
	space->ends.destination = key->source;
	__u32 ifindex = flow->client_ifindex, way = flow->client_way;
	if (!rs_icmp_rewrite(skb, packet, space, flow->client_mac))
		return RS_DROP;
	rs_count(icmp_replied);
	return rs_send_to_client(skb, ifindex, way);
}

/* space->way is that of the flow's replies. */
RS_INLINE void rs_fragment_note_reply(struct __sk_buff *skb, struct rs_fragment_work *space, const struct rs_tuple *key,
				      const struct rs_flow *flow)
{
	struct rs_fragment_way *way = &space->way;
	way->source = key->destination;
	way->destination = key->source;
	way->ifindex = flow->client_ifindex;
	way->mtu = 0;
	way->to = RS_FRAGMENT_TO_CLIENT;
	way->way = flow->client_way;
	__builtin_memcpy(way->mac, flow->client_mac, 6);
	rs_fragment_note(skb, space);
}

/* work->packet is a fragment. A later one follows its first; the first is read as far as its ports, and noted: it is
 * a reply then as any (RS_FIRST_REPLY). */
#define RS_FIRST_REPLY (-3)

RS_GLOBAL int rs_fragment_out(struct __sk_buff *skb)
{
	struct rs_work *work = rs_work();
	struct rs_icmp_work *icmp = rs_icmp_work();
	struct rs_fragment_work *space = rs_fragment_work();
	if (!work || !icmp || !space)
		return RS_DROP;
	struct rs_packet *packet = &work->packet;
	if (!rs_fragment_read(skb, rs_frame_read, packet, &space->fragment, &icmp->scratch))
		return RS_NO_REPLY;
	rs_fragment_key(packet, space->fragment.id, &space->key);
	enum rs_fragment_kind kind = rs_fragment_kind(&space->fragment, packet->tuple.protocol);
	if (kind == RS_FRAGMENT_FIRST) {
		if (!rs_fragment_ports(skb, rs_frame_read, packet, &icmp->scratch))
			return RS_NO_REPLY;
		struct rs_flow *flow = rs_flow_of_reply(skb, &packet->tuple, &icmp->tuple);
		if (!flow)
			return RS_NO_REPLY;
		rs_fragment_note_reply(skb, space, &icmp->tuple, flow);
		return RS_FIRST_REPLY;
	}
	const struct rs_fragment_way *way = rs_fragment_way(skb, space);
	if (!way || way->to != RS_FRAGMENT_TO_CLIENT)
		return RS_NO_REPLY;
	if (kind == RS_FRAGMENT_BAD) {
		rs_count(fragment_bad);
		return RS_DROP;
	}
	__u32 ifindex = way->ifindex, by = way->way;
	if (!rs_fragment_rewrite(skb, packet, way) || rs_store(skb, 0, way->mac, 6) != 0)
		return RS_DROP;
	rs_count(fragment_followed);
	return rs_send_to_client(skb, ifindex, rs_exceeds_interface(skb, packet, ifindex) ? RS_WAY_STACK : by);
}

#endif
