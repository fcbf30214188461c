/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets that are made, not rewritten: what a VIP says of itself. The frame's
 * bytes are given and known to be there; the MAC addresses are the caller's.
 */
#ifndef RS_PURE_ANSWER_H
#define RS_PURE_ANSWER_H

#include "pure/checksum.h"
#include "pure/packet.h"

RS_INLINE void rs_address_store(void *to, const struct rs_address *address)
{
	const rs_word *word = (const rs_word *)address;
	rs_store_word(to, word[0]);
	rs_store_word((__u8 *)to + 4, word[1]);
	rs_store_word((__u8 *)to + 8, word[2]);
	rs_store_word((__u8 *)to + 12, word[3]);
}

/* Ethernet type and IPv4 header for `length` bytes of `protocol`, from tuple->source to tuple->destination. */
RS_INLINE void rs_answer_ipv4(struct rs_ethernet *ethernet, const struct rs_tuple *tuple, __u8 protocol, __u32 length)
{
	struct rs_ipv4 *ip = (struct rs_ipv4 *)(ethernet + 1);
	ethernet->type = rs_htons(RS_ETHERTYPE_IPV4);
	*ip = (struct rs_ipv4){
		.version_length = 0x45,
		.total_length = rs_htons((__u16)(sizeof(*ip) + length)),
		.fragment = rs_htons(0x4000),
		.ttl = 64,
		.protocol = protocol,
		.source = rs_address_to_v4(&tuple->source),
		.destination = rs_address_to_v4(&tuple->destination),
	};
	ip->checksum = rs_checksum_ipv4(ip);
}

RS_INLINE void rs_answer_ipv6(struct rs_ethernet *ethernet, const struct rs_tuple *tuple, __u8 protocol, __u32 length)
{
	struct rs_ipv6 *ip = (struct rs_ipv6 *)(ethernet + 1);
	ethernet->type = rs_htons(RS_ETHERTYPE_IPV6);
	ip->version_class = 0x60;
	ip->class_flow[0] = ip->class_flow[1] = ip->class_flow[2] = 0;
	ip->payload_length = rs_htons((__u16)length);
	ip->next = protocol;
	ip->hop_limit = 64;
	rs_address_store(ip->source, &tuple->source);
	rs_address_store(ip->destination, &tuple->destination);
}

/* Where the transport header of an answer begins, and how long a bare RST is. */
RS_INLINE __u32 rs_answer_l4_offset(__u32 family)
{
	return RS_ETHERNET_LENGTH + (__u32)(family == RS_V4 ? sizeof(struct rs_ipv4) : sizeof(struct rs_ipv6));
}

RS_INLINE __u32 rs_answer_reset_length(__u32 family)
{
	return rs_answer_l4_offset(family) + (__u32)sizeof(struct rs_tcp);
}

#define RS_ANSWER_RESET_MAX (RS_ETHERNET_LENGTH + sizeof(struct rs_ipv6) + sizeof(struct rs_tcp))

/* The TCP header of the RST that answers `packet` (RFC 9293 3.10.7.1); `tuple` is the answer's. */
RS_INLINE void rs_answer_reset_tcp(struct rs_tcp *tcp, const struct rs_packet *packet, const struct rs_tuple *tuple)
{
	bool acknowledges = packet->flags & RS_TCP_ACK;
	__u32 occupied = packet->payload_length + ((packet->flags & RS_TCP_SYN) ? 1 : 0) +
			 ((packet->flags & RS_TCP_FIN) ? 1 : 0);
	*tcp = (struct rs_tcp){
		.source = tuple->source_port,
		.destination = tuple->destination_port,
		.sequence = acknowledges ? rs_htonl(packet->acknowledgement) : 0,
		.acknowledgement = acknowledges ? 0 : rs_htonl(packet->sequence + occupied),
		.offset = 5 << 4,
		.flags = acknowledges ? RS_TCP_RST : (RS_TCP_RST | RS_TCP_ACK),
	};
	tcp->checksum = rs_checksum_tcp_bare(tuple, tcp);
}

#endif
