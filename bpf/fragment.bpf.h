/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fragments of packets for a VIP, or from an instance to its client. The first
 * one has ports and goes the way of a whole packet; where it went is noted, and
 * the others follow. None is held, and one that comes before its first is
 * dropped: its sender, which saw no answer, sends all of them again.
 */
#ifndef RS_FRAGMENT_BPF_H
#define RS_FRAGMENT_BPF_H

#include "icmp.bpf.h"
#include "pure/fragment.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, RS_FRAGMENTS_MAX);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct rs_fragment_key);
	__type(value, struct rs_fragment_way);
} fragments SEC(".maps") __weak;

struct rs_fragment_work {
	struct rs_fragment fragment;
	struct rs_fragment_key key;
	struct rs_fragment_way way;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rs_fragment_work);
} fragment_work SEC(".maps") __weak;

RS_INLINE struct rs_fragment_work *rs_fragment_work(void)
{
	__u32 zero = 0;
	return bpf_map_lookup_elem(&fragment_work, &zero);
}

/* Notes where the fragments of space->key go; space->way is filled in, but for its time. */
RS_INLINE void rs_fragment_note(RS_CONTEXT *context, struct rs_fragment_work *space)
{
	space->way.until_ns = rs_tick_ns() + RS_FRAGMENT_MS * 1000000ULL;
	space->way.from_ifindex = rs_context_ifindex(context);
	rs_map_update(&fragments, &space->key, &space->way, BPF_ANY); /* full: the least recently used one goes */
}

RS_INLINE void rs_fragment_note_forward(RS_CONTEXT *context, struct rs_fragment_work *space,
					const struct rs_packet *packet, const struct rs_flow *flow)
{
	struct rs_fragment_way *way = &space->way;
	struct rs_ends to;
	rs_flow_forward_ends(packet, flow, &to);
	way->source = *to.source;
	way->destination = *to.destination;
	way->ifindex = flow->instance_ifindex;
	way->mtu = flow->instance_mtu;
	way->to = RS_FRAGMENT_TO_INSTANCE;
	way->way = 0;
	__builtin_memcpy(way->mac, flow->instance_mac, 6);
	rs_fragment_note(context, space);
}

/* Where the first fragment went; NULL when none has come, or too long ago. Those from an instance come by its link. */
RS_INLINE const struct rs_fragment_way *rs_fragment_way(RS_CONTEXT *context, const struct rs_fragment_work *space)
{
	const struct rs_fragment_way *way = bpf_map_lookup_elem(&fragments, &space->key);
	if (!way || way->until_ns < rs_tick_ns() ||
	    (way->to == RS_FRAGMENT_TO_CLIENT && way->from_ifindex != rs_context_ifindex(context)))
		return NULL;
	return way;
}

/* Puts the addresses of `way` into a fragment that has no ports. */
RS_INLINE bool rs_fragment_rewrite(RS_CONTEXT *context, const struct rs_packet *packet,
				   const struct rs_fragment_way *way)
{
	const __u32 family = packet->family;
	__u64 diff = rs_checksum_diff_address(&packet->tuple.source, &way->source, family) +
		     rs_checksum_diff_address(&packet->tuple.destination, &way->destination, family);
	long r = rs_icmp_store_addresses(context, rs_frame_write, family, RS_ETHERNET_LENGTH, &way->source,
					 &way->destination);
	if (family == RS_V4) {
		const __u32 at = RS_ETHERNET_LENGTH + __builtin_offsetof(struct rs_ipv4, checksum);
		__u16 checksum = 0;
		r = r ?: rs_load(context, at, &checksum, sizeof(checksum));
		checksum = rs_checksum_apply(checksum, diff);
		r = r ?: rs_store(context, at, &checksum, sizeof(checksum));
	} else {
		rs_sum_changed(context, diff);
	}
	if (r == 0)
		return true;
	rs_count(rewrite_failed);
	return false;
}

/* Sends a later fragment of a client's packet after its first. */
RS_INLINE int rs_fragment_follow(RS_CONTEXT *context, const struct rs_packet *packet, struct rs_icmp_work *icmp,
				 const struct rs_fragment_way *way)
{
	if (way->to == RS_FRAGMENT_ECHO) {
		if (rs_icmp_turn(context, rs_frame_read, rs_frame_write, packet) != 0 ||
		    rs_turn_macs(context, icmp) != 0) {
			rs_count(rewrite_failed);
			return RS_DROP;
		}
		rs_count(fragment_followed);
		return rs_send_back(context);
	}
	__u32 ifindex = way->ifindex;
	bool is_long = way->mtu && packet->end_offset > RS_ETHERNET_LENGTH + way->mtu;
	if (!rs_fragment_rewrite(context, packet, way))
		return RS_DROP;
	rs_count(fragment_followed);
	if (is_long && packet->family == RS_V4)
		return rs_send_to_stack();
	if (rs_store(context, 0, way->mac, 6) != 0)
		return RS_DROP;
	return rs_send_to_instance(context, packet, ifindex);
}

#endif
