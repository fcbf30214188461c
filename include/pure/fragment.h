/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Fragments. Only the first of a packet has ports; the others follow it by what
 * all of them carry: addresses, protocol, identification. RFC 791, RFC 8200 4.5;
 * what is refused: RFC 1858, RFC 3128, RFC 5722.
 */
#ifndef RS_PURE_FRAGMENT_H
#define RS_PURE_FRAGMENT_H

#include "abi/fragment.h"
#include "pure/icmp.h"
#include "pure/packet.h"

struct rs_fragment {
	__u32 id;     /* as the packet carries it */
	__u32 offset; /* of its data in the packet's, in bytes */
	__u32 length; /* of its data */
	bool more;
};

/* Reads it from a packet parsed as RS_PARSE_FRAGMENT. False when its header is not there. */
RS_INLINE bool rs_fragment_read(void *frame, rs_frame_load *load, const struct rs_packet *packet,
				struct rs_fragment *fragment, struct rs_icmp_scratch *scratch)
{
	__u32 bits;
	if (packet->family == RS_V4) {
		struct rs_ipv4 *ip = &scratch->ipv4;
		if (load(frame, RS_ETHERNET_LENGTH, ip, sizeof(*ip)) != 0)
			return false;
		bits = rs_ntohs(ip->fragment);
		fragment->id = ip->id;
		fragment->offset = (bits & 0x1fff) * 8;
		fragment->more = (bits & 0x2000) != 0;
	} else {
		struct rs_ipv6_extension *header = &scratch->extension;
		if (load(frame, packet->l4_offset - (__u32)sizeof(*header), header, sizeof(*header)) != 0)
			return false;
		bits = rs_ntohs(header->offset);
		fragment->id = header->id;
		fragment->offset = bits & 0xfff8;
		fragment->more = (bits & 1) != 0;
	}
	if (packet->end_offset < packet->l4_offset)
		return false;
	fragment->length = packet->end_offset - packet->l4_offset;
	return true;
}

enum rs_fragment_kind {
	RS_FRAGMENT_FIRST, /* has the whole transport header */
	RS_FRAGMENT_LATER,
	RS_FRAGMENT_BAD, /* would hide or overwrite the header that decides, or reach behind the largest packet */
};

/* The shortest transport header of the protocol. */
RS_INLINE __u32 rs_fragment_header(__u8 protocol)
{
	return protocol == RS_PROTOCOL_TCP ? (__u32)sizeof(struct rs_tcp) : 8;
}

RS_INLINE enum rs_fragment_kind rs_fragment_kind(const struct rs_fragment *fragment, __u8 protocol)
{
	const __u32 header = rs_fragment_header(protocol);
	/* All but the last are whole units of 8 bytes. */
	if (!fragment->length || (fragment->more && (fragment->length & 7)) ||
	    fragment->offset + fragment->length > 0xffff)
		return RS_FRAGMENT_BAD;
	if (!fragment->offset)
		return fragment->length < header ? RS_FRAGMENT_BAD : RS_FRAGMENT_FIRST;
	return fragment->offset < header ? RS_FRAGMENT_BAD : RS_FRAGMENT_LATER;
}

/* Reads the transport header of a first fragment, which has all of it, into *packet: as of a whole packet, but for the
 * payload, of which only this fragment's part counts. False when it contradicts itself. */
RS_INLINE bool rs_fragment_ports(void *frame, rs_frame_load *load, struct rs_packet *packet,
				 struct rs_icmp_scratch *scratch)
{
	const bool is_tcp = packet->tuple.protocol == RS_PROTOCOL_TCP;
	packet->sequence = packet->acknowledgement = packet->flags = 0;
	if (is_tcp) {
		struct rs_tcp *tcp = &scratch->tcp;
		if (load(frame, packet->l4_offset, tcp, sizeof(*tcp)) != 0)
			return false;
		packet->payload_offset = packet->l4_offset + (tcp->offset >> 4) * 4U;
		if ((tcp->offset >> 4) < 5 || packet->payload_offset > packet->end_offset)
			return false;
		packet->tuple.source_port = tcp->source;
		packet->tuple.destination_port = tcp->destination;
		packet->sequence = rs_ntohl(tcp->sequence);
		packet->acknowledgement = rs_ntohl(tcp->acknowledgement);
		packet->flags = tcp->flags;
	} else {
		struct rs_udp *udp = &scratch->udp;
		if (packet->tuple.protocol != RS_PROTOCOL_UDP ||
		    load(frame, packet->l4_offset, udp, sizeof(*udp)) != 0 || rs_ntohs(udp->length) < sizeof(*udp))
			return false;
		packet->payload_offset = packet->l4_offset + (__u32)sizeof(*udp);
		packet->tuple.source_port = udp->source;
		packet->tuple.destination_port = udp->destination;
	}
	packet->payload_length = packet->end_offset - packet->payload_offset;
	packet->tuple.pad[0] = packet->tuple.pad[1] = packet->tuple.pad[2] = 0;
	return true;
}

RS_INLINE void rs_fragment_key(const struct rs_packet *packet, __u32 id, struct rs_fragment_key *key)
{
	key->source = packet->tuple.source;
	key->destination = packet->tuple.destination;
	key->id = id;
	key->protocol = packet->tuple.protocol;
	key->pad[0] = key->pad[1] = key->pad[2] = 0;
}

#endif
