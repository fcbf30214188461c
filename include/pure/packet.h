/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Ethernet, IPv4 and TCP headers: the structures, and one parser for TC, XDP
 * and the host. It reads [data, end) only and changes nothing.
 * RFC 791, RFC 9293.
 */
#ifndef RS_PURE_PACKET_H
#define RS_PURE_PACKET_H

#include "abi/address.h"

#define RS_ETHERTYPE_IPV4 0x0800
#define RS_ETHERTYPE_IPV6 0x86dd

#define RS_TCP_FIN 0x01
#define RS_TCP_SYN 0x02
#define RS_TCP_RST 0x04
#define RS_TCP_ACK 0x10

struct rs_ethernet {
	__u8 destination[6];
	__u8 source[6];
	__be16 type;
} __attribute__((packed));

struct rs_ipv4 {
	__u8 version_length; /* version 4 in the high half, header words in the low */
	__u8 tos;
	__be16 total_length;
	__be16 id;
	__be16 fragment; /* flags and offset */
	__u8 ttl;
	__u8 protocol;
	__u16 checksum;
	__be32 source;
	__be32 destination;
} __attribute__((packed, aligned(2)));

struct rs_tcp {
	__be16 source;
	__be16 destination;
	__be32 sequence;
	__be32 acknowledgement;
	__u8 offset; /* header words in the high half */
	__u8 flags;
	__be16 window;
	__u16 checksum;
	__be16 urgent;
} __attribute__((packed, aligned(2)));

#define RS_IPV4_FRAGMENT_MASK 0x3fff /* more-fragments flag and offset */
#define RS_ETHERNET_LENGTH    ((__u32)sizeof(struct rs_ethernet))
#define RS_HEADERS_MAX	      (RS_ETHERNET_LENGTH + 60 + 60)

enum rs_parse {
	RS_PARSE_TCP,	      /* tuple and TCP fields are set */
	RS_PARSE_OTHER,	      /* not IPv4: nothing is set */
	RS_PARSE_UNSUPPORTED, /* IPv4 with another protocol than TCP: addresses are set */
	RS_PARSE_FRAGMENT,    /* any fragment but a whole packet: addresses are set */
	RS_PARSE_SHORT,	      /* the headers go on behind `end` */
	RS_PARSE_MALFORMED,   /* lengths that contradict each other: addresses are set */
	RS_PARSE_COUNT,
};

struct rs_packet {
	struct rs_tuple tuple;
	__be32 source_v4;
	__be32 destination_v4;
	__u32 l4_offset;      /* from the start of the frame */
	__u32 payload_offset; /* from the start of the frame */
	__u32 payload_length; /* by the IP header: Ethernet padding does not count */
	__u32 sequence;	      /* host order, as the next */
	__u32 acknowledgement;
	__u32 flags; /* RS_TCP_* */
};

/* Both ends of a packet as it goes on. What stays the same costs nothing. */
struct rs_ends {
	__be32 source;
	__be32 destination;
	__be16 source_port;
	__be16 destination_port;
};

RS_INLINE bool rs_packet_has(const struct rs_packet *packet, __u32 flags)
{
	return (packet->flags & flags) == flags;
}

/* The first SYN of a handshake, or a copy of it. */
RS_INLINE bool rs_packet_is_syn(const struct rs_packet *packet)
{
	return (packet->flags & (RS_TCP_SYN | RS_TCP_ACK | RS_TCP_RST | RS_TCP_FIN)) == RS_TCP_SYN;
}

RS_INLINE bool rs_packet_is_syn_ack(const struct rs_packet *packet)
{
	return (packet->flags & (RS_TCP_SYN | RS_TCP_ACK | RS_TCP_RST | RS_TCP_FIN)) == (RS_TCP_SYN | RS_TCP_ACK);
}

/* Reads the frame's headers into *packet. */
RS_INLINE enum rs_parse rs_packet_parse(const void *data, const void *end, struct rs_packet *packet)
{
	const struct rs_ethernet *ethernet = data;
	if ((const void *)(ethernet + 1) > end)
		return RS_PARSE_SHORT;
	if (ethernet->type != rs_htons(RS_ETHERTYPE_IPV4))
		return RS_PARSE_OTHER;

	const struct rs_ipv4 *ip = (const void *)(ethernet + 1);
	if ((const void *)(ip + 1) > end)
		return RS_PARSE_SHORT;
	packet->source_v4 = ip->source;
	packet->destination_v4 = ip->destination;
	__u32 ip_length = (ip->version_length & 0x0f) * 4U;
	__u32 total_length = rs_ntohs(ip->total_length);
	if ((ip->version_length >> 4) != 4 || ip_length < sizeof(*ip) || total_length < ip_length)
		return RS_PARSE_MALFORMED;
	if (ip->fragment & rs_htons(RS_IPV4_FRAGMENT_MASK))
		return RS_PARSE_FRAGMENT;
	if (ip->protocol != RS_PROTOCOL_TCP)
		return RS_PARSE_UNSUPPORTED;

	const struct rs_tcp *tcp = (const void *)ip + ip_length;
	if ((const void *)(tcp + 1) > end)
		return total_length < ip_length + sizeof(*tcp) ? RS_PARSE_MALFORMED : RS_PARSE_SHORT;
	__u32 tcp_length = (tcp->offset >> 4) * 4U;
	if (tcp_length < sizeof(*tcp) || total_length < ip_length + tcp_length)
		return RS_PARSE_MALFORMED;

	packet->tuple.source = rs_address_v4(ip->source);
	packet->tuple.destination = rs_address_v4(ip->destination);
	packet->tuple.source_port = tcp->source;
	packet->tuple.destination_port = tcp->destination;
	packet->tuple.protocol = RS_PROTOCOL_TCP;
	packet->tuple.pad[0] = packet->tuple.pad[1] = packet->tuple.pad[2] = 0;
	packet->l4_offset = RS_ETHERNET_LENGTH + ip_length;
	packet->payload_offset = packet->l4_offset + tcp_length;
	packet->payload_length = total_length - ip_length - tcp_length;
	packet->sequence = rs_ntohl(tcp->sequence);
	packet->acknowledgement = rs_ntohl(tcp->acknowledgement);
	packet->flags = tcp->flags;
	return RS_PARSE_TCP;
}

#endif
