/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The layer under the path, for TC: what a packet is here, how it is read,
 * rewritten, answered and sent. layer_xdp.bpf.h is the same for XDP; a program
 * includes one of both, and then the path.
 *
 *	RS_CONTEXT          the program's context
 *	RS_LAYERED(name)    the name of a global function that is given one
 *	RS_NEXT, RS_DROP    verdicts
 *	rs_context_ifindex  where the packet came in
 *	rs_is_tagged        does it belong to a VLAN's interface above that one?
 *	rs_load, rs_store   copy bytes of the frame, and into it
 *	rs_set_length       cuts or lengthens the frame; what it loses of its offloads is no loss to what we make
 *	rs_segment_size     payload of what the frame will be cut into; 0 = it stays as it is
 *	rs_sum_changed      tells of a change that no checksum of the packet makes up for
 *	rs_make_linear      makes headers readable that lie elsewhere
 *	rs_is_segmented     several datagrams in one, to be taken apart by the card
 *	rs_rewrite          puts other ends into the packet
 *	rs_reset_back       answers with RST
 *	rs_send_back        to where it came from; the MAC addresses are the caller's
 *	rs_send_to_stack    the kernel's routing goes on with it
 *	rs_send_to_instance, rs_send_to_client
 */
#ifndef RS_LAYER_TC_BPF_H
#define RS_LAYER_TC_BPF_H

#include "account.bpf.h"
#include "rewrite.bpf.h"
#include "pure/answer.h"
#include "pure/checksum.h"
#include "pure/packet.h"

#include <bpf/bpf_core_read.h>

#define RS_CONTEXT	 struct __sk_buff
#define RS_LAYERED(name) name##_tc

#define RS_NEXT (-1) /* TCX_NEXT, TC_ACT_UNSPEC: programs behind ours still run. TC_ACT_OK would hide them */
#define RS_DROP 2    /* TC_ACT_SHOT. TC_ACT_STOLEN would leak the packet under TCX */

#ifndef BPF_F_PSEUDO_HDR
#define BPF_F_PSEUDO_HDR (1ULL << 4)
#endif
#ifndef BPF_F_MARK_MANGLED_0
#define BPF_F_MARK_MANGLED_0 (1ULL << 5)
#endif

RS_INLINE __u32 rs_context_ifindex(const RS_CONTEXT *skb)
{
	return skb->ifindex;
}

/* The kernel takes the outer tag off before TC sees the packet. VLAN 0 is a priority, and no VLAN (802.1Q 6.9). */
RS_INLINE bool rs_is_tagged(const RS_CONTEXT *skb)
{
	return skb->vlan_present && (skb->vlan_tci & 0xfff);
}

RS_INLINE void *rs_context_data(const RS_CONTEXT *skb)
{
	return (void *)(long)skb->data;
}

RS_INLINE void *rs_context_end(const RS_CONTEXT *skb)
{
	return (void *)(long)skb->data_end;
}

RS_INLINE long rs_load(RS_CONTEXT *skb, __u32 offset, void *to, __u32 length)
{
	return bpf_skb_load_bytes(skb, offset, to, length);
}

RS_INLINE long rs_store(RS_CONTEXT *skb, __u32 offset, const void *from, __u32 length)
{
	return bpf_skb_store_bytes(skb, offset, from, length, 0);
}

/* A checksum that the hardware was still to compute (CHECKSUM_PARTIAL) stays marked so. Veths never do; the sender of
 * such a frame sits behind one, or behind a bridge. */
RS_INLINE long rs_set_length(RS_CONTEXT *skb, __u32 length)
{
	return bpf_skb_change_tail(skb, length, 0);
}

RS_INLINE __u32 rs_segment_size(const RS_CONTEXT *skb)
{
	return skb->gso_size;
}

RS_INLINE void rs_sum_changed(RS_CONTEXT *skb, __u64 diff)
{
	bpf_csum_update(skb, rs_checksum_fold32(diff));
}

/* Drivers and senders leave headers outside of the linear part. False when there is nothing to be gained. */
RS_INLINE bool rs_make_linear(RS_CONTEXT *skb)
{
	return bpf_skb_pull_data(skb, skb->len < RS_HEADERS_MAX ? skb->len : RS_HEADERS_MAX) == 0;
}

RS_INLINE bool rs_is_segmented(RS_CONTEXT *skb)
{
	return skb->gso_size != 0;
}

/* --- rewriting ---------------------------------------------------------------------------------------------------- */

/* skb->ip_summed: who has computed the transport checksum, or is still to. */
enum rs_summed {
	RS_SUMMED_NONE,
	RS_SUMMED_UNNECESSARY,
	RS_SUMMED_COMPLETE, /* skb->csum is the sum of the whole packet, and must stay so */
	RS_SUMMED_PARTIAL,  /* the field holds the pseudo header's sum, as on every packet of a local sender */
	RS_SUMMED_HIDDEN,   /* the kernel does not tell */
};

struct sk_buff___rs {
	__u8 ip_summed : 2;
} __attribute__((preserve_access_index));

/* A cast, no call; since 6.2. */
extern void *bpf_cast_to_kern_ctx(void *context) __ksym __weak;

RS_INLINE enum rs_summed rs_summed(RS_CONTEXT *skb)
{
	if (!config.has_kernel_context)
		return RS_SUMMED_HIDDEN;
	const struct sk_buff___rs *kernel = bpf_cast_to_kern_ctx(skb);
	return (enum rs_summed)BPF_CORE_READ_BITFIELD(kernel, ip_summed);
}

/* May the transport checksum be still to be computed? */
RS_INLINE bool rs_is_checksum_open(RS_CONTEXT *skb)
{
	enum rs_summed summed = rs_summed(skb);
	return summed == RS_SUMMED_PARTIAL || summed == RS_SUMMED_HIDDEN;
}

/* The transport checksum by the kernel's helper, which knows what the field holds. Each call costs as much as all the
 * rest of a rewrite. (With IPv6 it spoils a sum that the network card has computed, and the receiver computes it
 * anew: kernels that need this have no better one.) */
RS_INLINE bool rs_replace_by_helper(RS_CONTEXT *skb, __u32 offset, __u64 addresses, __u64 ports, bool is_udp)
{
	__u64 flags = is_udp ? BPF_F_MARK_MANGLED_0 : 0;
	long r = bpf_l4_csum_replace(skb, offset, 0, rs_checksum_fold32(addresses), BPF_F_PSEUDO_HDR | flags);
	return (r ?: bpf_l4_csum_replace(skb, offset, 0, rs_checksum_fold32(ports), flags)) == 0;
}

/* Puts `to` in place of the packet's ends, and `mac` in place of its destination MAC. False when the kernel refuses.
 * Packet pointers are invalid afterwards. */
RS_INLINE bool rs_rewrite(RS_CONTEXT *skb, const struct rs_packet *packet, const struct rs_ends *to, const __u8 *mac)
{
	const enum rs_family family = packet->family;
	const bool is_udp = packet->tuple.protocol == RS_PROTOCOL_UDP;
	const __u32 l4_offset = rs_packet_l4_offset(packet);
	void *data = rs_context_data(skb), *end = rs_context_end(skb);
	if (data + RS_ETHERNET_LENGTH > end)
		return false; /* the parser has seen to it, but the verifier does not know */
	void *l4 = data + l4_offset;
	rs_hide(l4); /* not to be computed anew below: 6.1 knows only this one to be checked */
	if (l4 + (is_udp ? sizeof(struct rs_udp) : sizeof(struct rs_tcp)) > end)
		return false;

	__u64 addresses = rs_checksum_diff_address(&packet->tuple.source, to->source, family) +
			  rs_checksum_diff_address(&packet->tuple.destination, to->destination, family);
	__u64 ports = rs_checksum_diff_port(packet->tuple.source_port, to->source_port) +
		      rs_checksum_diff_port(packet->tuple.destination_port, to->destination_port);
	if (!rs_put_addresses(data, end, family, to, addresses))
		return false;
	__builtin_memcpy(((struct rs_ethernet *)data)->destination, mac, 6);
	struct rs_udp *udp = l4; /* the ports stand where TCP has them */
	udp->source = to->source_port;
	udp->destination = to->destination_port;

	__u16 *field = is_udp ? &udp->checksum : &((struct rs_tcp *)l4)->checksum;
	enum rs_summed summed = rs_summed(skb);
	if (summed == RS_SUMMED_PARTIAL) {
		*field = rs_checksum_apply_partial(*field, addresses);
		return true;
	}
	if (summed <= RS_SUMMED_UNNECESSARY || (summed == RS_SUMMED_COMPLETE && family == RS_V6)) {
		*field = rs_put_checksum(*field, addresses + ports, is_udp);
		return true;
	}
	__u32 offset = l4_offset + (is_udp ? __builtin_offsetof(struct rs_udp, checksum)
					   : __builtin_offsetof(struct rs_tcp, checksum));
	if (rs_replace_by_helper(skb, offset, addresses, ports, is_udp))
		return true;
	rs_count(rewrite_failed);
	return false;
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

/* Turns the frame into an RST to its sender and sends it back where it came from. */
RS_INLINE int rs_reset_back(RS_CONTEXT *skb, const struct rs_packet *packet)
{
	const __u32 length = rs_answer_reset_length(packet->family);
	if (bpf_skb_change_tail(skb, length, 0) != 0)
		return RS_DROP;
	if (!rs_put_reset(rs_context_data(skb), rs_context_end(skb), packet))
		return RS_DROP;
	return (int)bpf_redirect(skb->ifindex, 0);
}

RS_INLINE void rs_config_rouse0_mac(__u8 *mac)
{
	/* Read as volatile: a cast that drops it lets clang take the zeros of the definition for good. */
	__u32 head = *(const volatile __u32 *)&config.rouse0_mac[0];
	__u16 tail = *(const volatile __u16 *)&config.rouse0_mac[4];
	__builtin_memcpy(mac, &head, sizeof(head));
	__builtin_memcpy(mac + 4, &tail, sizeof(tail));
}

/* Sends a frame that is already rewritten towards a client. */
RS_INLINE int rs_send_to_client(RS_CONTEXT *skb, __u32 ifindex, __u32 way)
{
	switch (way) {
	case RS_WAY_PEER:
		return (int)bpf_redirect_peer(ifindex, 0);
	case RS_WAY_NEIGH:
		return (int)bpf_redirect_neigh(ifindex, NULL, 0, 0);
	case RS_WAY_HOST:
		return (int)bpf_redirect(config.rouse0_ifindex, BPF_F_INGRESS);
	default:
		break;
	}
	/* As what comes in by rouse0, where the VIPs are at home: by the instance's interface it would be dropped under
	 * a strict reverse-path filter. */
	__u8 mac[6];
	rs_config_rouse0_mac(mac);
	rs_count(to_stack);
	if (bpf_skb_store_bytes(skb, 0, mac, sizeof(mac), 0) != 0)
		return RS_DROP;
	return (int)bpf_redirect(config.rouse0_ifindex, BPF_F_INGRESS);
}

RS_INLINE int rs_send_back(RS_CONTEXT *skb)
{
	return (int)bpf_redirect(skb->ifindex, 0);
}

RS_INLINE int rs_send_to_stack(void)
{
	rs_count(to_stack);
	return RS_NEXT;
}

/* Sends a frame that is already rewritten to an instance. */
RS_INLINE int rs_send_to_instance(RS_CONTEXT *skb, const struct rs_packet *packet, __u32 ifindex)
{
	(void)packet;
	if (ifindex)
		return (int)bpf_redirect_peer(ifindex, 0);
	rs_count(to_stack);
	return RS_NEXT;
}

#endif
