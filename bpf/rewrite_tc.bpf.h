/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rewriting and sending, for TC. The kernel's helper updates TCP checksums,
 * because only it knows whether the field is complete or still partial
 * (CHECKSUM_PARTIAL, as on every packet of a local sender).
 */
#ifndef RS_REWRITE_TC_BPF_H
#define RS_REWRITE_TC_BPF_H

#include "account.bpf.h"
#include "pure/checksum.h"
#include "pure/packet.h"

#define RS_NEXT (-1) /* TCX_NEXT, TC_ACT_UNSPEC: programs behind ours still run. TC_ACT_OK would hide them */
#define RS_DROP 2    /* TC_ACT_SHOT. TC_ACT_STOLEN would leak the packet under TCX */

#ifndef BPF_F_PSEUDO_HDR
#define BPF_F_PSEUDO_HDR (1ULL << 4)
#endif

RS_INLINE long rs_replace_address(struct __sk_buff *skb, __u32 offset, __be32 old, __be32 now)
{
	return old == now ? 0 : bpf_l4_csum_replace(skb, offset, old, now, BPF_F_PSEUDO_HDR | 4);
}

RS_INLINE long rs_replace_port(struct __sk_buff *skb, __u32 offset, __be16 old, __be16 now)
{
	return old == now ? 0 : bpf_l4_csum_replace(skb, offset, old, now, 2);
}

/* The ports' share of the checksum, whose field was `before` the kernel put one address in it. A helper's call costs as
 * much as all the rest of a rewrite, so it is saved where what the first one did tells what the second would do. */
RS_INLINE long rs_replace_ports(struct __sk_buff *skb, const struct rs_packet *packet, const struct rs_ends *to,
				__u16 before)
{
	__be16 old = packet->tuple.destination_port, now = to->destination_port;
	__be32 old_address = packet->destination_v4, now_address = to->destination;
	__u32 offset = packet->l4_offset + __builtin_offsetof(struct rs_tcp, checksum);
	if (packet->tuple.source_port != to->source_port) {
		if (old != now || old_address != now_address)
			return rs_replace_port(skb, offset, packet->tuple.source_port, to->source_port)
				       ?: rs_replace_port(skb, offset, old, now);
		old = packet->tuple.source_port, now = to->source_port;
		old_address = packet->source_v4, now_address = to->source;
	} else if (old == now) {
		return 0;
	} else if (packet->source_v4 != to->source) {
		return rs_replace_port(skb, offset, old, now);
	}

	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	struct rs_tcp *tcp = data + packet->l4_offset;
	if (packet->l4_offset > RS_HEADERS_MAX)
		return -1;
	rs_hide(tcp);
	if ((void *)(tcp + 1) > end)
		return -1;
	switch (rs_checksum_kind(before, tcp->checksum, old_address, now_address)) {
	case RS_CHECKSUM_COMPLETE:
		tcp->checksum = rs_checksum_replace(tcp->checksum, old, now);
		return 0;
	case RS_CHECKSUM_PARTIAL:
		return 0; /* the ports are in the rest */
	default:
		return rs_replace_port(skb, offset, old, now);
	}
}

/* Puts `to` in place of the packet's ends, and `mac` in place of its destination MAC. False when the kernel refuses.
 * Packet pointers are invalid afterwards. */
RS_INLINE bool rs_rewrite(struct __sk_buff *skb, const struct rs_packet *packet, const struct rs_ends *to,
			  const __u8 *mac)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	__u32 l4_offset = packet->l4_offset;
	struct rs_ethernet *ethernet = data;
	struct rs_ipv4 *ip = (void *)(ethernet + 1);
	if ((void *)(ip + 1) > end || l4_offset > RS_HEADERS_MAX)
		return false; /* the parser has seen to it, but the verifier does not know */
	struct rs_tcp *tcp = data + l4_offset;
	rs_hide(tcp); /* not to be computed anew below: 6.1 knows only this one to be checked */
	if ((void *)(tcp + 1) > end)
		return false;

	__u16 before = tcp->checksum;
	__builtin_memcpy(ethernet->destination, mac, 6);
	__u16 checksum = rs_checksum_replace(ip->checksum, packet->source_v4, to->source);
	ip->checksum = rs_checksum_replace(checksum, packet->destination_v4, to->destination);
	ip->source = to->source;
	ip->destination = to->destination;
	tcp->source = to->source_port;
	tcp->destination = to->destination_port;
	__u32 offset = l4_offset + __builtin_offsetof(struct rs_tcp, checksum);
	long r = rs_replace_address(skb, offset, packet->source_v4, to->source);
	r = r ?: rs_replace_address(skb, offset, packet->destination_v4, to->destination);
	r = r ?: rs_replace_ports(skb, packet, to, before);
	if (r == 0)
		return true;
	rs_count(rewrite_failed);
	return false;
}

/* Turns the frame into an RST to its sender (RFC 9293 3.10.7.1) and sends it back where it came from. */
RS_INLINE int rs_reset_back(struct __sk_buff *skb, const struct rs_packet *packet)
{
	const __u32 length = RS_ETHERNET_LENGTH + sizeof(struct rs_ipv4) + sizeof(struct rs_tcp);
	if (bpf_skb_change_tail(skb, length, 0) != 0)
		return RS_DROP;
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	if (data + length > end)
		return RS_DROP;
	struct rs_ethernet *ethernet = data;
	struct rs_ipv4 *ip = (void *)(ethernet + 1);
	struct rs_tcp *tcp = (void *)(ip + 1);

	__u8 mac[6];
	__builtin_memcpy(mac, ethernet->destination, 6);
	__builtin_memcpy(ethernet->destination, ethernet->source, 6);
	__builtin_memcpy(ethernet->source, mac, 6);
	*ip = (struct rs_ipv4){
		.version_length = 0x45,
		.total_length = rs_htons(sizeof(*ip) + sizeof(*tcp)),
		.fragment = rs_htons(0x4000),
		.ttl = 64,
		.protocol = RS_PROTOCOL_TCP,
		.source = packet->destination_v4,
		.destination = packet->source_v4,
	};
	ip->checksum = rs_checksum_ipv4(ip);
	bool acknowledges = packet->flags & RS_TCP_ACK;
	__u32 occupied = packet->payload_length + ((packet->flags & RS_TCP_SYN) ? 1 : 0) +
			 ((packet->flags & RS_TCP_FIN) ? 1 : 0);
	*tcp = (struct rs_tcp){
		.source = packet->tuple.destination_port,
		.destination = packet->tuple.source_port,
		.sequence = acknowledges ? rs_htonl(packet->acknowledgement) : 0,
		.acknowledgement = acknowledges ? 0 : rs_htonl(packet->sequence + occupied),
		.offset = 5 << 4,
		.flags = acknowledges ? RS_TCP_RST : (RS_TCP_RST | RS_TCP_ACK),
	};
	tcp->checksum = rs_checksum_tcp_bare(ip->source, ip->destination, tcp);
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
RS_INLINE int rs_send_to_client(struct __sk_buff *skb, __u32 ifindex, __u32 way)
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

/* Sends a frame that is already rewritten to an instance. */
RS_INLINE int rs_send_to_instance(__u32 ifindex)
{
	if (ifindex)
		return (int)bpf_redirect_peer(ifindex, 0);
	rs_count(to_stack);
	return RS_NEXT;
}

#endif
