/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ICMP for VIPs: echoes are answered, errors about an instance's packet go on
 * to it, and what cannot be delivered is told to its sender. include/pure/icmp.h
 * has the messages, this the connections that they belong to. RFC 792, RFC 4443,
 * RFC 5508, RFC 5927.
 *
 * All of it is the cold path: the packet is work->packet, its sender
 * work->sender.
 */
#ifndef RS_ICMP_BPF_H
#define RS_ICMP_BPF_H

#include "access.bpf.h"
#include "flow.bpf.h"
#include "instance.bpf.h"
#include "ours.bpf.h"
#include "work.bpf.h"
#include "pure/icmp.h"

/* Where messages are read, translated and made. */
struct rs_icmp_work {
	__u64 filled_ns; /* the bucket of errors that this CPU may send, by the tick clock */
	__u32 tokens;
	struct rs_icmp icmp;
	struct rs_tuple tuple;
	struct rs_icmp_quote quote;
	struct rs_icmp_ends ends;
	struct rs_icmp_scratch scratch;
	struct rs_icmp_head head;
	__u8 quoted[RS_ICMP_QUOTE_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rs_icmp_work);
} icmp_work SEC(".maps") __weak;

RS_INLINE struct rs_icmp_work *rs_icmp_work(void)
{
	__u32 zero = 0;
	return bpf_map_lookup_elem(&icmp_work, &zero);
}

/* The layer's functions as pure/icmp.h takes them. */
RS_INLINE long rs_frame_read(void *context, __u32 offset, void *to, __u32 length)
{
	return rs_load(context, offset, to, length);
}

RS_INLINE long rs_frame_write(void *context, __u32 offset, const void *from, __u32 length)
{
	return rs_store(context, offset, from, length);
}

/* --- errors of our own -------------------------------------------------------------------------------------------- */

enum rs_tell {
	RS_TELL_NO_HOST, /* the VIP is nobody's */
	RS_TELL_NO_PORT, /* nothing is served at this port of it */
	RS_TELL_TOO_BIG, /* send no more than so many bytes at once */
};

/* One error more, unless this CPU has sent too many: who forges addresses must not make us flood others. */
RS_INLINE bool rs_icmp_may_send(struct rs_icmp_work *space)
{
	__u64 now = rs_tick_ns(), passed = now - space->filled_ns;
	if (passed >= RS_ICMP_REFILL_NS) {
		__u64 more = passed / RS_ICMP_REFILL_NS;
		space->tokens = more + space->tokens < RS_ICMP_BURST ? (__u32)more + space->tokens : RS_ICMP_BURST;
		space->filled_ns = now;
	}
	if (!space->tokens)
		return false;
	space->tokens--;
	return true;
}

/* Of a host that may be told something: not everyone's, nobody's or many hosts' (RFC 1122 3.2.2). */
RS_INLINE bool rs_icmp_has_host(const struct rs_packet *packet)
{
	const struct rs_address *source = &packet->tuple.source;
	if (packet->family == RS_V6)
		return source->byte[0] != 0xff && !rs_address_is_none(source);
	return source->byte[12] != 0 && source->byte[12] != 127 && source->byte[12] < 224;
}

/* Tells the sender of work->packet, in the name of its VIP, and sends the error back where the packet came from. */
RS_GLOBAL int RS_LAYERED(rs_icmp_tell)(RS_CONTEXT *context, enum rs_tell what, __u32 mtu)
{
	const struct rs_work *work = rs_work();
	struct rs_icmp_work *space = rs_icmp_work();
	if (!work || !space)
		return RS_DROP;
	const struct rs_packet *packet = &work->packet;
	if (!rs_icmp_has_host(packet))
		return RS_DROP;
	if (!rs_icmp_may_send(space)) {
		rs_count(icmp_limited);
		return RS_DROP;
	}
	__u32 length = rs_icmp_quote_length(packet);
	if (length > RS_ICMP_QUOTE_MAX)
		return RS_DROP;
	rs_hide(length);
	if (length < sizeof(struct rs_ipv4))
		return RS_DROP;
	if (rs_load(context, RS_ETHERNET_LENGTH, space->quoted, length) != 0 ||
	    rs_load(context, 6, space->head.byte, 6) != 0 || rs_load(context, 0, space->head.byte + 6, 6) != 0)
		return RS_DROP;
	__u64 quoted = (__u32)bpf_csum_diff(NULL, 0, (__be32 *)space->quoted, length, 0);

	const bool is_v4 = packet->family == RS_V4;
	__u8 type = is_v4 ? RS_ICMP_UNREACHABLE : RS_ICMPV6_UNREACHABLE, code;
	if (what == RS_TELL_TOO_BIG) {
		type = is_v4 ? RS_ICMP_UNREACHABLE : RS_ICMPV6_TOO_BIG;
		code = is_v4 ? RS_ICMP_FRAGMENT_NEEDED : 0;
	} else if (what == RS_TELL_NO_PORT) {
		code = is_v4 ? RS_ICMP_PORT_UNREACHABLE : RS_ICMPV6_PORT_UNREACHABLE;
	} else {
		code = is_v4 ? RS_ICMP_HOST_UNREACHABLE : RS_ICMPV6_ADDRESS_UNREACHABLE;
	}
	rs_icmp_error_head(&space->head, packet, type, code, mtu, length, quoted, &space->tuple);
	const __u32 head = is_v4 ? RS_ICMP_HEAD_V4 : RS_ICMP_HEAD_V6;
	if (rs_set_length(context, head + length) != 0)
		return RS_DROP;
	long r = is_v4 ? rs_store(context, 0, space->head.byte, RS_ICMP_HEAD_V4)
		       : rs_store(context, 0, space->head.byte, RS_ICMP_HEAD_V6);
	if (r != 0 || rs_store(context, head, space->quoted, length) != 0)
		return RS_DROP;
	return rs_send_back(context);
}

/* --- echo ----------------------------------------------------------------------------------------------------------
 */

/* The MAC addresses change places. */
RS_INLINE long rs_turn_macs(RS_CONTEXT *context, struct rs_icmp_work *space)
{
	long r = rs_load(context, 6, space->head.byte, 6);
	r = r ?: rs_load(context, 0, space->head.byte + 6, 6);
	return r ?: rs_store(context, 0, space->head.byte, 12);
}

/* May this client hear from the VIP that it is there? As for a connection to it. RS_REASON_forwarded, or why not. */
RS_INLINE enum rs_reason rs_icmp_admit(const struct rs_work *work)
{
	struct rs_frontend_key front = {.address = work->packet.tuple.destination,
					.protocol = work->packet.tuple.protocol};
	struct rs_frontend *frontend = bpf_map_lookup_elem(&frontends, &front);
	if (!frontend)
		return RS_REASON_no_service;
	__u32 id = frontend->route;
	struct rs_route *route = bpf_map_lookup_elem(&routes, &id);
	return route && (route->allowed | route->flags) ? (enum rs_reason)rs_access(id) : RS_REASON_forwarded;
}

/* Answers the echo request work->packet, or the first fragment of one, in its place. */
RS_INLINE int rs_icmp_answer(RS_CONTEXT *context, const struct rs_work *work, struct rs_icmp_work *space,
			     enum rs_reason admitted)
{
	if (admitted == RS_REASON_no_service) {
		rs_count(no_service);
		return RS_LAYERED(rs_icmp_tell)(context, RS_TELL_NO_HOST, 0);
	}
	if (admitted != RS_REASON_forwarded)
		return RS_DROP; /* counted: it may not */
	if (rs_icmp_echo(context, rs_frame_read, rs_frame_write, &work->packet, &space->icmp) != 0 ||
	    rs_turn_macs(context, space) != 0) {
		rs_count(rewrite_failed);
		return RS_DROP;
	}
	rs_count(icmp_echoed);
	return rs_send_back(context);
}

/* --- errors of others ----------------------------------------------------------------------------------------------
 */

/* Puts space->ends into the error work->packet, and `mac` in front of it. */
RS_INLINE bool rs_icmp_rewrite(RS_CONTEXT *context, const struct rs_packet *packet, struct rs_icmp_work *space,
			       const __u8 *mac)
{
	__u16 l3_checksum = 0;
	long r = rs_load(context, RS_ETHERNET_LENGTH + __builtin_offsetof(struct rs_ipv4, checksum), &l3_checksum,
			 sizeof(l3_checksum));
	r = r
		    ?: rs_icmp_translate(context, rs_frame_write, packet, &space->quote, l3_checksum,
					 space->icmp.checksum, &space->ends);
	r = r ?: rs_store(context, 0, mac, 6);
	if (r == 0)
		return true;
	rs_count(rewrite_failed);
	return false;
}

/* An error for a VIP, or an address with external ports, about a packet that an instance has sent in its name: the
 * instance gets it. */
RS_INLINE int rs_icmp_to_instance(RS_CONTEXT *context, const struct rs_work *work, struct rs_icmp_work *space)
{
	const struct rs_packet *packet = &work->packet;
	if (!rs_icmp_quote_read(context, rs_frame_read, packet, &space->quote, &space->scratch))
		return rs_leave(packet, icmp_unread);
	struct rs_tuple *key = &space->tuple;
	rs_tuple_reverse(&space->quote.tuple, key);
	struct rs_flow *flow = bpf_map_lookup_elem(&flows, key);
	if (!flow || !rs_address_equal(&key->destination, &packet->tuple.destination) ||
	    !rs_can_answer(rs_flow_instance(flow)))
		return rs_leave(packet, icmp_no_flow);
	rs_flow_sync(key, flow);
	if (key->protocol == RS_PROTOCOL_TCP &&
	    (flow->state == RS_TCP_SYN_SENT ||
	     !rs_icmp_is_plausible(space->quote.sequence, flow->server_isn, flow->bytes_out))) {
		rs_count(icmp_implausible);
		return RS_DROP;
	}
	rs_flow_reply_tuple(key, flow, &space->ends.quoted);
	space->ends.destination = flow->instance_address;
	/* A router's own address stays; the client's becomes what the instance knows it by. */
	space->ends.source = rs_address_equal(&packet->tuple.source, &key->source) ? space->ends.quoted.destination
										   : packet->tuple.source;
	__u32 ifindex = flow->instance_ifindex;
	if (!rs_icmp_rewrite(context, packet, space, flow->instance_mac))
		return RS_DROP;
	rs_count(icmp_forwarded);
	return rs_send_to_instance(context, packet, ifindex);
}

/* work->packet is an ICMP message, for a VIP or not: a connection to an external port has its errors, too. */
RS_GLOBAL int RS_LAYERED(rs_icmp_in)(RS_CONTEXT *context)
{
	const struct rs_work *work = rs_work();
	struct rs_icmp_work *space = rs_icmp_work();
	if (!work || !space)
		return RS_DROP;
	if (rs_load(context, work->packet.l4_offset, &space->icmp, sizeof(space->icmp)) != 0)
		return rs_leave(&work->packet, malformed);
	switch (rs_icmp_kind(work->packet.family, space->icmp.type)) {
	case RS_ICMP_ECHO:
		if (!rs_is_vip(&work->packet))
			return rs_pass_untouched();
		return rs_icmp_answer(context, work, space, rs_icmp_admit(work));
	case RS_ICMP_ERROR:
		return rs_icmp_to_instance(context, work, space);
	default:
		return rs_leave(&work->packet, icmp_ignored);
	}
}

#endif
