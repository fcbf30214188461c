/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The layer under the path, for XDP: the counterpart of layer_tc.bpf.h, which
 * says what a layer has. There is no way back to a client here: replies come in
 * by an instance's veth, which carries TC.
 *
 * What TC has and XDP has not is the kernel's word on who computed a checksum.
 * On a wire every packet's is complete. What a local sender has left to others
 * (CHECKSUM_PARTIAL) reaches XDP behind a veth or a virtual network card, and
 * is told from a complete one by what stands in the field.
 */
#ifndef RS_LAYER_XDP_BPF_H
#define RS_LAYER_XDP_BPF_H

#include "account.bpf.h"
#include "rewrite.bpf.h"
#include "work.bpf.h"

#define RS_CONTEXT	 struct xdp_md
#define RS_LAYERED(name) name##_xdp

#define RS_NEXT XDP_PASS
#define RS_DROP XDP_DROP

/* What a link with jumbo frames carries at most. Longer is only what a sender on this host has left to be cut. */
#define RS_WIRE_FRAME_MAX 9234
/* What every instance's link takes. */
#define RS_LINK_FRAME_MAX 1514

RS_INLINE __u32 rs_context_ifindex(const RS_CONTEXT *xdp)
{
	return xdp->ingress_ifindex;
}

/* The tag is in the frame still, which is no IP packet then. (A network card that takes it off by itself hides it from
 * XDP: ethtool -K DEVICE rxvlan off.) */
RS_INLINE bool rs_is_tagged(const RS_CONTEXT *xdp)
{
	(void)xdp;
	return false;
}

RS_INLINE void *rs_context_data(const RS_CONTEXT *xdp)
{
	return (void *)(long)xdp->data;
}

RS_INLINE void *rs_context_end(const RS_CONTEXT *xdp)
{
	return (void *)(long)xdp->data_end;
}

RS_INLINE long rs_load(RS_CONTEXT *xdp, __u32 offset, void *to, __u32 length)
{
	return bpf_xdp_load_bytes(xdp, offset, to, length);
}

RS_INLINE long rs_store(RS_CONTEXT *xdp, __u32 offset, const void *from, __u32 length)
{
	return bpf_xdp_store_bytes(xdp, offset, (void *)from, length);
}

RS_INLINE __u32 rs_frame_length(RS_CONTEXT *xdp)
{
	return config.xdp_has_frags ? (__u32)bpf_xdp_get_buff_len(xdp) : xdp->data_end - xdp->data;
}

/* Drivers put the headers into the first buffer, which is all that can be read. False when there is more. */
RS_INLINE bool rs_make_linear(RS_CONTEXT *xdp)
{
	return rs_frame_length(xdp) <= xdp->data_end - xdp->data;
}

/* What comes off a wire is one datagram, with its checksum. */
RS_INLINE bool rs_is_segmented(RS_CONTEXT *xdp)
{
	(void)xdp;
	return false;
}

RS_INLINE bool rs_is_checksum_open(RS_CONTEXT *xdp)
{
	(void)xdp;
	return false;
}

RS_INLINE __u32 rs_interface_flags(const RS_CONTEXT *xdp)
{
	__u32 ifindex = xdp->ingress_ifindex;
	const struct rs_iface *iface = bpf_map_lookup_elem(&ifaces, &ifindex);
	return iface ? iface->flags : 0;
}

RS_INLINE bool rs_is_generic(const RS_CONTEXT *xdp)
{
	return rs_interface_flags(xdp) & RS_IFACE_XDP_GENERIC;
}

/* A sender on this host has left it to the stack to cut this one into pieces, which nothing does behind a redirect. */
RS_INLINE bool rs_is_uncut(RS_CONTEXT *xdp)
{
	return rs_frame_length(xdp) > RS_LINK_FRAME_MAX && rs_is_generic(xdp);
}

/* The same, at once for what is short by its IP header. */
RS_INLINE bool rs_is_uncut_packet(RS_CONTEXT *xdp, const struct rs_packet *packet)
{
	return packet->end_offset > RS_LINK_FRAME_MAX && rs_is_uncut(xdp);
}

/* How small the pieces will be nobody says: small enough, then. */
RS_INLINE __u32 rs_segment_size(RS_CONTEXT *xdp)
{
	return rs_is_uncut(xdp) ? 1 : 0;
}

RS_INLINE long rs_set_length(RS_CONTEXT *xdp, __u32 length)
{
	return bpf_xdp_adjust_tail(xdp, (int)length - (int)rs_frame_length(xdp));
}

RS_INLINE void rs_sum_changed(RS_CONTEXT *xdp, __u64 diff)
{
	(void)xdp;
	(void)diff;
}

/* --- checksums ---------------------------------------------------------------------------------------------------- */

struct rs_summing {
	RS_CONTEXT *xdp;
	__u32 offset;
	__u32 end;
	__u64 sum;
};

/* bpf_loop(): one piece. What lies behind the end counts as zeros. */
static long rs_sum_piece(__u32 index, struct rs_summing *summing)
{
	struct rs_work *work = rs_work();
	if (!work || summing->offset >= summing->end)
		return 1;
	__u32 last = summing->end - summing->offset - 1; /* byte of the piece */
	if (last > RS_PIECE - 1)
		last = RS_PIECE - 1;
	__builtin_memset(work->piece, 0, RS_PIECE);
	rs_hide(last); /* 6.1 does not learn from a comparison with 0 that a length is none */
	last &= RS_PIECE - 1;
	if (rs_load(summing->xdp, summing->offset, work->piece, last + 1) != 0) {
		summing->sum = 0;
		return 1;
	}
	summing->sum = (__u32)bpf_csum_diff(NULL, 0, work->piece, RS_PIECE, (__u32)summing->sum);
	summing->offset += RS_PIECE;
	return 0;
}

/* The sum of the transport header and its payload as they stand in the frame; 0 when it cannot be had. */
RS_INLINE __u64 rs_segment_sum(RS_CONTEXT *xdp, __u32 offset, __u32 end)
{
	struct rs_summing summing = {.xdp = xdp, .offset = offset, .end = end};
	if (end > RS_WIRE_FRAME_MAX)
		return 0;
	bpf_loop(RS_WIRE_FRAME_MAX / RS_PIECE + 1, rs_sum_piece, &summing, 0);
	return summing.sum;
}

/* What stands in the field may be the pseudo header's sum; or a complete checksum of the same value, as one of 65536
 * is. Then the packet itself has to tell. In the driver nobody computes the rest once the frame has been redirected, so
 * it is done here; in the stack whoever sends it further does. The packet has its new ends already, but for this field:
 * `addresses` and `ports` are what its sum has grown by, folded. `where`: offset and end of the segment. */
RS_GLOBAL __u32 RS_LAYERED(rs_checksum_partial)(RS_CONTEXT *xdp, __u64 where, __u32 field, __u32 grown, __u32 is_udp)
{
	const __u16 addresses = (__u16)(grown >> 16), ports = (__u16)grown, old = (__u16)field;
	__u64 rest = rs_segment_sum(xdp, (__u32)(where >> 32), (__u32)where);
	/* Before the change: pseudo header, which is `field`, and rest, without what the ports have changed. */
	__u64 before = (__u64)old + rest + (__u16)~ports;
	if (rest && rs_checksum_fold(before) == 0xffff)
		return rs_put_checksum(old, (__u64)addresses + ports, is_udp);
	__u16 partial = rs_checksum_apply_partial(old, addresses);
	if (!rest || rs_is_generic(xdp))
		return partial;
	__u16 sum = (__u16)~rs_checksum_fold((__u64)partial + rest + (__u16)~old);
	return is_udp && sum == 0 ? 0xffff : sum;
}

/* Puts `to` in place of the packet's ends, and `mac` in place of its destination MAC. False when the frame is too
 * short, which the parser has made sure of. */
RS_INLINE bool rs_rewrite(RS_CONTEXT *xdp, const struct rs_packet *packet, const struct rs_ends *to, const __u8 *mac)
{
	const enum rs_family family = packet->family;
	const bool is_udp = packet->tuple.protocol == RS_PROTOCOL_UDP;
	const __u32 l4_offset = rs_packet_l4_offset(packet);
	void *data = rs_context_data(xdp), *end = rs_context_end(xdp);
	if (data + RS_ETHERNET_LENGTH > end)
		return false;
	void *l4 = data + l4_offset;
	rs_hide(l4); /* not to be computed anew below: 6.1 knows only this one to be checked */
	__u16 *field = l4 + (is_udp ? __builtin_offsetof(struct rs_udp, checksum)
				    : __builtin_offsetof(struct rs_tcp, checksum));
	rs_hide(field); /* and what was checked by protocol it forgets where that is read again */
	if (l4 + sizeof(struct rs_udp) > end || (void *)(field + 1) > end)
		return false;

	__u64 addresses = rs_checksum_diff_address(&packet->tuple.source, to->source, family) +
			  rs_checksum_diff_address(&packet->tuple.destination, to->destination, family);
	__u64 ports = rs_checksum_diff_port(packet->tuple.source_port, to->source_port) +
		      rs_checksum_diff_port(packet->tuple.destination_port, to->destination_port);
	if (!rs_put_addresses(data, end, family, to, addresses))
		return false;
	if (!rs_is_uncut_packet(xdp, packet)) /* the stack takes what is addressed to its own interface */
		__builtin_memcpy(((struct rs_ethernet *)data)->destination, mac, 6);
	struct rs_udp *udp = l4; /* the ports stand where TCP has them */
	udp->source = to->source_port;
	udp->destination = to->destination_port;

	__u64 pseudo = rs_checksum_pseudo(&packet->tuple, packet->tuple.protocol, packet->end_offset - l4_offset);
	if (*field != rs_checksum_fold(pseudo))
		*field = rs_put_checksum(*field, addresses + ports, is_udp);
	else
		*field = (__u16)RS_LAYERED(rs_checksum_partial)(
			xdp, (__u64)l4_offset << 32 | packet->end_offset, *field,
			(__u32)rs_checksum_fold(addresses) << 16 | rs_checksum_fold(ports), is_udp);
	return true;
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

RS_INLINE int rs_send_back(RS_CONTEXT *xdp)
{
	/* A veth leaves XDP_TX in its peer's ring until another packet comes, unless that peer has an XDP program. */
	return rs_interface_flags(xdp) & RS_IFACE_XDP_VETH ? (int)bpf_redirect(xdp->ingress_ifindex, 0) : XDP_TX;
}

RS_INLINE int rs_send_to_stack(void)
{
	rs_count(to_stack);
	return RS_NEXT;
}

/* Turns the frame into an RST to its sender and sends it back where it came from. */
RS_INLINE int rs_reset_back(RS_CONTEXT *xdp, const struct rs_packet *packet)
{
	if (rs_set_length(xdp, rs_answer_reset_length(packet->family)) != 0)
		return RS_DROP;
	if (!rs_put_reset(rs_context_data(xdp), rs_context_end(xdp), packet))
		return RS_DROP;
	return rs_send_back(xdp);
}

/* Sends a frame that is already rewritten to an instance. */
RS_INLINE int rs_send_to_instance(RS_CONTEXT *xdp, const struct rs_packet *packet, __u32 ifindex)
{
	if (ifindex && !rs_is_uncut_packet(xdp, packet))
		return (int)bpf_redirect(ifindex, 0);
	rs_count(to_stack);
	return RS_NEXT;
}

#endif
