/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Ethernet, IPv4, IPv6, TCP and UDP headers: the structures, and one parser
 * for TC, XDP and the host. It reads [data, end) only and changes nothing.
 * RFC 791, RFC 8200, RFC 9293, RFC 768.
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

struct rs_ipv6 {
	__u8 version_class; /* version 6 in the high half */
	__u8 class_flow[3];
	__be16 payload_length;
	__u8 next;
	__u8 hop_limit;
	__u8 source[16];
	__u8 destination[16];
} __attribute__((packed, aligned(2)));

/* What the extension headers that we walk over have in common (RFC 8200 4). */
struct rs_ipv6_extension {
	__u8 next;
	__u8 length;   /* in 8 bytes, the first not counted; of a fragment header: reserved */
	__be16 offset; /* of a fragment header: offset and flags */
	__be32 id;
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

struct rs_udp {
	__be16 source;
	__be16 destination;
	__be16 length;
	__u16 checksum; /* 0 = none, with IPv4 */
} __attribute__((packed, aligned(2)));

#define RS_IPV4_DONT_FRAGMENT 0x4000
#define RS_IPV4_FRAGMENT_MASK 0x3fff /* more-fragments flag and offset */
#define RS_IPV6_FRAGMENT_MASK 0xfff9 /* offset and more-fragments flag */
#define RS_IPV6_HOP_BY_HOP    0
#define RS_IPV6_ROUTING	      43
#define RS_IPV6_FRAGMENT      44
#define RS_IPV6_OPTIONS	      60

/* Extension headers that are walked over, and their bytes together. */
#define RS_IPV6_EXTENSIONS_MAX	     6
#define RS_IPV6_EXTENSIONS_BYTES_MAX 256

#define RS_ETHERNET_LENGTH ((__u32)sizeof(struct rs_ethernet))
/* No transport header begins behind this, and none ends behind the next. */
#define RS_L4_OFFSET_MAX (RS_ETHERNET_LENGTH + (__u32)sizeof(struct rs_ipv6) + RS_IPV6_EXTENSIONS_BYTES_MAX)
/* All bits that it can have. */
#define RS_L4_OFFSET_MASK 511U
#define RS_HEADERS_MAX	  (RS_L4_OFFSET_MAX + 60)

enum rs_parse {
	RS_PARSE_TCP,	      /* everything is set */
	RS_PARSE_UDP,	      /* everything but the fields of TCP, which are zero */
	RS_PARSE_ICMP,	      /* as for UDP, and the ports are zero; the payload begins behind the first 8 bytes */
	RS_PARSE_OTHER,	      /* neither IPv4 nor IPv6: nothing is set */
	RS_PARSE_UNKNOWN,     /* IPv6 with an extension header that we do not walk over: addresses are set */
	RS_PARSE_UNSUPPORTED, /* another protocol: addresses are set, and tuple.protocol */
	RS_PARSE_FRAGMENT,    /* any fragment but a whole packet: addresses are set, tuple.protocol and l4_offset, which
			       * is where the fragment's data begins */
	RS_PARSE_SHORT,	      /* the headers go on behind `end` */
	RS_PARSE_MALFORMED,   /* lengths that contradict each other: addresses are set */
	RS_PARSE_COUNT,
};

struct rs_packet {
	struct rs_tuple tuple; /* IPv4 addresses mapped */
	__u32 family;	       /* enum rs_family */
	__u32 l4_offset;       /* from the start of the frame, as the next two */
	__u32 payload_offset;
	__u32 end_offset;     /* by the IP header: Ethernet padding does not count */
	__u32 payload_length; /* of TCP or UDP */
	__u32 sequence;	      /* host order, as the next */
	__u32 acknowledgement;
	__u32 flags; /* RS_TCP_* */
};

/* Both ends of a packet as it goes on. */
struct rs_ends {
	const struct rs_address *source;
	const struct rs_address *destination;
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

RS_INLINE enum rs_parse rs_parse_ipv4(const void *data, const void *end, struct rs_packet *packet)
{
	const struct rs_ipv4 *ip = data + RS_ETHERNET_LENGTH;
	if ((const void *)(ip + 1) > end)
		return RS_PARSE_SHORT;
	packet->family = RS_V4;
	rs_address_set_v4(&packet->tuple.source, rs_load_word(&ip->source));
	rs_address_set_v4(&packet->tuple.destination, rs_load_word(&ip->destination));
	packet->tuple.protocol = ip->protocol;
	__u32 ip_length = (ip->version_length & 0x0f) * 4U;
	__u32 total_length = rs_ntohs(ip->total_length);
	if ((ip->version_length >> 4) != 4 || ip_length < sizeof(*ip) || total_length < ip_length)
		return RS_PARSE_MALFORMED;
	packet->l4_offset = RS_ETHERNET_LENGTH + ip_length;
	packet->end_offset = RS_ETHERNET_LENGTH + total_length;
	return ip->fragment & rs_htons(RS_IPV4_FRAGMENT_MASK) ? RS_PARSE_FRAGMENT : RS_PARSE_TCP;
}

/* Goes behind the extension headers from packet->l4_offset on. */
RS_INLINE enum rs_parse rs_parse_ipv6_extensions(const void *data, const void *end, struct rs_packet *packet)
{
	const __u32 first = packet->l4_offset;
	__u32 offset = first, next = packet->tuple.protocol;
	for (int i = 0; i < RS_IPV6_EXTENSIONS_MAX; i++) {
		if (next != RS_IPV6_HOP_BY_HOP && next != RS_IPV6_ROUTING && next != RS_IPV6_OPTIONS &&
		    next != RS_IPV6_FRAGMENT)
			break;
		const struct rs_ipv6_extension *header = data + offset;
		if ((const void *)(header + 1) > end)
			return packet->end_offset < offset + sizeof(*header) ? RS_PARSE_MALFORMED : RS_PARSE_SHORT;
		/* A packet that has not come to its last destination, or in several pieces, is none of ours to read. An
		 * offset of zero and no further pieces is a whole packet (RFC 6946). */
		if (next == RS_IPV6_ROUTING && (header->offset & rs_htons(0x00ff)))
			return RS_PARSE_UNKNOWN;
		bool is_fragment = next == RS_IPV6_FRAGMENT && (header->offset & rs_htons(RS_IPV6_FRAGMENT_MASK));
		offset += next == RS_IPV6_FRAGMENT ? sizeof(*header) : (header->length + 1U) * 8;
		next = header->next;
		packet->tuple.protocol = (__u8)next;
		packet->l4_offset = offset;
		if (is_fragment)
			return RS_PARSE_FRAGMENT;
		if (offset > first + RS_IPV6_EXTENSIONS_BYTES_MAX)
			return RS_PARSE_UNKNOWN;
	}
	/* Not as a comparison of both: where 6.1 takes one of them for known, it believes both outcomes. */
	__s64 left = (__s64)packet->end_offset - offset;
	rs_hide(left);
	return left < 0 ? RS_PARSE_MALFORMED : RS_PARSE_TCP;
}

RS_INLINE enum rs_parse rs_parse_ipv6(const void *data, const void *end, struct rs_packet *packet)
{
	const struct rs_ipv6 *ip = data + RS_ETHERNET_LENGTH;
	if ((const void *)(ip + 1) > end)
		return RS_PARSE_SHORT;
	packet->family = RS_V6;
	rs_address_load(&packet->tuple.source, ip->source);
	rs_address_load(&packet->tuple.destination, ip->destination);
	packet->tuple.protocol = ip->next;
	if ((ip->version_class >> 4) != 6)
		return RS_PARSE_MALFORMED;
	packet->l4_offset = RS_ETHERNET_LENGTH + sizeof(*ip);
	packet->end_offset = packet->l4_offset + rs_ntohs(ip->payload_length);
	return RS_PARSE_TCP;
}

/* Ethernet and IP: the addresses, the protocol and where its header begins. RS_PARSE_TCP says only that the packet can
 * be read on. */
RS_INLINE enum rs_parse rs_packet_parse_l3(const void *data, const void *end, struct rs_packet *packet)
{
	const struct rs_ethernet *ethernet = data;
	if ((const void *)(ethernet + 1) > end)
		return RS_PARSE_SHORT;
	if (ethernet->type == rs_htons(RS_ETHERTYPE_IPV4))
		return rs_parse_ipv4(data, end, packet);
	if (ethernet->type == rs_htons(RS_ETHERTYPE_IPV6))
		return rs_parse_ipv6(data, end, packet);
	return RS_PARSE_OTHER;
}

/* Where the transport header begins, in a form that shows the verifier how small it is: what it knows of a field it has
 * forgotten when the field is read again. */
RS_INLINE __u32 rs_packet_l4_offset(const struct rs_packet *packet)
{
	__u32 offset = packet->l4_offset;
	rs_hide(offset);
	return offset & RS_L4_OFFSET_MASK;
}

RS_INLINE enum rs_parse rs_parse_tcp(const void *data, const void *end, struct rs_packet *packet)
{
	const __u32 l4_offset = rs_packet_l4_offset(packet);
	const struct rs_tcp *tcp = data + l4_offset;
	if ((const void *)(tcp + 1) > end)
		return packet->end_offset < l4_offset + sizeof(*tcp) ? RS_PARSE_MALFORMED : RS_PARSE_SHORT;
	__u32 payload_offset = l4_offset + (tcp->offset >> 4) * 4U;
	if (payload_offset < l4_offset + sizeof(*tcp) || packet->end_offset < payload_offset)
		return RS_PARSE_MALFORMED;
	packet->tuple.source_port = tcp->source;
	packet->tuple.destination_port = tcp->destination;
	packet->payload_offset = payload_offset;
	packet->payload_length = packet->end_offset - payload_offset;
	packet->sequence = rs_ntohl(rs_load_word(&tcp->sequence));
	packet->acknowledgement = rs_ntohl(rs_load_word(&tcp->acknowledgement));
	packet->flags = tcp->flags;
	return RS_PARSE_TCP;
}

RS_INLINE enum rs_parse rs_parse_udp(const void *data, const void *end, struct rs_packet *packet)
{
	const __u32 l4_offset = rs_packet_l4_offset(packet);
	const struct rs_udp *udp = data + l4_offset;
	if ((const void *)(udp + 1) > end)
		return packet->end_offset < l4_offset + sizeof(*udp) ? RS_PARSE_MALFORMED : RS_PARSE_SHORT;
	if (packet->end_offset < l4_offset + sizeof(*udp) || rs_ntohs(udp->length) < sizeof(*udp))
		return RS_PARSE_MALFORMED;
	packet->tuple.source_port = udp->source;
	packet->tuple.destination_port = udp->destination;
	packet->payload_offset = l4_offset + sizeof(*udp);
	packet->payload_length = packet->end_offset - packet->payload_offset;
	packet->sequence = packet->acknowledgement = packet->flags = 0;
	return RS_PARSE_UDP;
}

RS_INLINE enum rs_parse rs_parse_icmp(const void *data, const void *end, struct rs_packet *packet)
{
	const __u32 l4_offset = rs_packet_l4_offset(packet);
	if (data + l4_offset + 8 > end)
		return packet->end_offset < l4_offset + 8 ? RS_PARSE_MALFORMED : RS_PARSE_SHORT;
	if (packet->end_offset < l4_offset + 8)
		return RS_PARSE_MALFORMED;
	packet->tuple.source_port = packet->tuple.destination_port = 0;
	packet->payload_offset = l4_offset + 8;
	packet->payload_length = packet->end_offset - packet->payload_offset;
	packet->sequence = packet->acknowledgement = packet->flags = 0;
	return RS_PARSE_ICMP;
}

/* The rest, behind rs_packet_parse_l3() that returned RS_PARSE_TCP. */
RS_INLINE enum rs_parse rs_packet_parse_l4(const void *data, const void *end, struct rs_packet *packet)
{
	packet->tuple.pad[0] = packet->tuple.pad[1] = packet->tuple.pad[2] = 0;
	if (packet->tuple.protocol == RS_PROTOCOL_TCP)
		return rs_parse_tcp(data, end, packet);
	if (packet->family == RS_V6) {
		enum rs_parse walked = rs_parse_ipv6_extensions(data, end, packet);
		if (walked != RS_PARSE_TCP)
			return walked;
		if (packet->tuple.protocol == RS_PROTOCOL_TCP)
			return rs_parse_tcp(data, end, packet);
	}
	if (packet->tuple.protocol == RS_PROTOCOL_UDP)
		return rs_parse_udp(data, end, packet);
	if (packet->tuple.protocol == (packet->family == RS_V4 ? RS_PROTOCOL_ICMP : RS_PROTOCOL_ICMPV6))
		return rs_parse_icmp(data, end, packet);
	return RS_PARSE_UNSUPPORTED;
}

/* Reads the frame's headers into *packet. */
RS_INLINE enum rs_parse rs_packet_parse(const void *data, const void *end, struct rs_packet *packet)
{
	enum rs_parse result = rs_packet_parse_l3(data, end, packet);
	return result == RS_PARSE_TCP ? rs_packet_parse_l4(data, end, packet) : result;
}

#endif
