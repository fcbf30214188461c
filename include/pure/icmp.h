/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ICMP and ICMPv6 messages: echoes that are answered, and errors, which quote
 * the packet that they are about and are translated with it. RFC 792, RFC 4443,
 * RFC 5508 (what a NAT does with them).
 *
 * Of the quoted transport header 8 bytes are sure to be there: its ports, and
 * no checksum if it is TCP's. More is looked at only where there is more.
 *
 * The frame's bytes are reached by two functions, since a message may stand
 * anywhere in it: the kernel's helpers in BPF, memory on the host.
 */
#ifndef RS_PURE_ICMP_H
#define RS_PURE_ICMP_H

#include "pure/answer.h"
#include "pure/checksum.h"
#include "pure/packet.h"

/* Copies `length` bytes from, or to, `offset` of the frame. 0, or negative when they are not there. */
typedef long rs_frame_load(void *frame, __u32 offset, void *to, __u32 length);
typedef long rs_frame_store(void *frame, __u32 offset, const void *from, __u32 length);

struct rs_icmp {
	__u8 type;
	__u8 code;
	__u16 checksum;
	__be32 rest; /* echo: identifier and sequence; errors: the MTU, or nothing */
} __attribute__((packed, aligned(2)));

#define RS_ICMP_ECHO_REPLY	 0
#define RS_ICMP_UNREACHABLE	 3
#define RS_ICMP_ECHO_REQUEST	 8
#define RS_ICMP_TIME_EXCEEDED	 11
#define RS_ICMP_PARAMETER	 12
#define RS_ICMP_HOST_UNREACHABLE 1 /* codes of RS_ICMP_UNREACHABLE */
#define RS_ICMP_PORT_UNREACHABLE 3
#define RS_ICMP_FRAGMENT_NEEDED	 4

#define RS_ICMPV6_UNREACHABLE	      1
#define RS_ICMPV6_TOO_BIG	      2
#define RS_ICMPV6_TIME_EXCEEDED	      3
#define RS_ICMPV6_PARAMETER	      4
#define RS_ICMPV6_ECHO_REQUEST	      128
#define RS_ICMPV6_ECHO_REPLY	      129
#define RS_ICMPV6_ADDRESS_UNREACHABLE 3 /* codes of RS_ICMPV6_UNREACHABLE */
#define RS_ICMPV6_PORT_UNREACHABLE    4

enum rs_icmp_kind {
	RS_ICMP_ECHO,  /* a request */
	RS_ICMP_ERROR, /* quotes a packet */
	RS_ICMP_OTHER,
};

RS_INLINE enum rs_icmp_kind rs_icmp_kind(__u32 family, __u8 type)
{
	if (family == RS_V6) {
		if (type == RS_ICMPV6_ECHO_REQUEST)
			return RS_ICMP_ECHO;
		return type >= RS_ICMPV6_UNREACHABLE && type <= RS_ICMPV6_PARAMETER ? RS_ICMP_ERROR : RS_ICMP_OTHER;
	}
	if (type == RS_ICMP_ECHO_REQUEST)
		return RS_ICMP_ECHO;
	return type == RS_ICMP_UNREACHABLE || type == RS_ICMP_TIME_EXCEEDED || type == RS_ICMP_PARAMETER
		       ? RS_ICMP_ERROR
		       : RS_ICMP_OTHER;
}

/* --- errors: the quoted packet ------------------------------------------------------------------------------------ */

struct rs_icmp_quote {
	struct rs_tuple tuple; /* as the quoted packet carried it; TCP or UDP */
	__u32 l3_offset;       /* from the start of the frame, as the next */
	__u32 l4_offset;
	__u32 sequence;	   /* of TCP, host order */
	__u16 l3_checksum; /* IPv4's */
	__u16 l4_checksum;
	bool has_l4_checksum;
};

/* A place to read headers into: on the stack they would be many. */
struct rs_icmp_scratch {
	union {
		struct rs_ipv4 ipv4;
		struct rs_ipv6 ipv6;
		struct rs_ipv6_extension extension;
		struct rs_tcp tcp;
		struct rs_udp udp;
		__be32 word[2]; /* of the transport header */
		__u16 checksum;
	};
};

RS_INLINE bool rs_icmp_quote_ipv4(void *frame, rs_frame_load *load, struct rs_icmp_quote *quote,
				  struct rs_icmp_scratch *scratch)
{
	struct rs_ipv4 *ip = &scratch->ipv4;
	if (load(frame, quote->l3_offset, ip, sizeof(*ip)) != 0)
		return false;
	__u32 length = (ip->version_length & 0x0f) * 4U;
	/* Later fragments have no ports. */
	if ((ip->version_length >> 4) != 4 || length < sizeof(*ip) || (ip->fragment & rs_htons(0x1fff)))
		return false;
	rs_address_set_v4(&quote->tuple.source, ip->source);
	rs_address_set_v4(&quote->tuple.destination, ip->destination);
	quote->tuple.protocol = ip->protocol;
	quote->l3_checksum = ip->checksum;
	quote->l4_offset = quote->l3_offset + length;
	return true;
}

RS_INLINE bool rs_icmp_quote_ipv6(void *frame, rs_frame_load *load, struct rs_icmp_quote *quote,
				  struct rs_icmp_scratch *scratch)
{
	struct rs_ipv6 *ip = &scratch->ipv6;
	if (load(frame, quote->l3_offset, ip, sizeof(*ip)) != 0 || (ip->version_class >> 4) != 6)
		return false;
	rs_address_load(&quote->tuple.source, ip->source);
	rs_address_load(&quote->tuple.destination, ip->destination);
	__u32 next = ip->next;
	quote->l3_checksum = 0;
	quote->l4_offset = quote->l3_offset + (__u32)sizeof(*ip);
	for (int i = 0; i < RS_IPV6_EXTENSIONS_MAX; i++) {
		if (next != RS_IPV6_HOP_BY_HOP && next != RS_IPV6_ROUTING && next != RS_IPV6_OPTIONS &&
		    next != RS_IPV6_FRAGMENT)
			break;
		struct rs_ipv6_extension *header = &scratch->extension;
		if (load(frame, quote->l4_offset, header, sizeof(*header)) != 0)
			return false;
		if (next == RS_IPV6_FRAGMENT && (header->offset & rs_htons(0xfff8)))
			return false;
		quote->l4_offset += next == RS_IPV6_FRAGMENT ? sizeof(*header) : (header->length + 1U) * 8;
		next = header->next;
	}
	quote->tuple.protocol = (__u8)next;
	return true;
}

/* Reads the packet that an error quotes (packet: the error, parsed as RS_PARSE_ICMP). False when it is not of TCP or
 * UDP, or not enough of it is there. */
RS_INLINE bool rs_icmp_quote_read(void *frame, rs_frame_load *load, const struct rs_packet *packet,
				  struct rs_icmp_quote *quote, struct rs_icmp_scratch *scratch)
{
	quote->l3_offset = packet->payload_offset;
	quote->tuple.pad[0] = quote->tuple.pad[1] = quote->tuple.pad[2] = 0;
	if (!(packet->family == RS_V4 ? rs_icmp_quote_ipv4(frame, load, quote, scratch)
				      : rs_icmp_quote_ipv6(frame, load, quote, scratch)))
		return false;
	__u8 protocol = quote->tuple.protocol;
	if ((protocol != RS_PROTOCOL_TCP && protocol != RS_PROTOCOL_UDP) || packet->end_offset < quote->l4_offset + 8 ||
	    load(frame, quote->l4_offset, scratch->word, 8) != 0)
		return false;
	const __u8 *l4 = (const __u8 *)scratch->word;
	__builtin_memcpy(&quote->tuple.source_port, l4, 2);
	__builtin_memcpy(&quote->tuple.destination_port, l4 + 2, 2);
	if (protocol == RS_PROTOCOL_UDP) {
		__builtin_memcpy(&quote->l4_checksum, l4 + 6, 2);
		quote->sequence = 0;
		quote->has_l4_checksum = quote->l4_checksum != 0;
		return true;
	}
	quote->sequence = rs_ntohl(scratch->word[1]);
	__u32 at = quote->l4_offset + (__u32) __builtin_offsetof(struct rs_tcp, checksum);
	quote->has_l4_checksum =
		packet->end_offset >= at + 2 && load(frame, at, &scratch->checksum, sizeof(scratch->checksum)) == 0;
	quote->l4_checksum = quote->has_l4_checksum ? scratch->checksum : 0;
	return true;
}

/* Where in a frame the addresses of an IP header at `l3_offset` stand, one after the other. */
RS_INLINE __u32 rs_icmp_addresses_at(__u32 family, __u32 l3_offset)
{
	return l3_offset + (__u32)(family == RS_V4 ? __builtin_offsetof(struct rs_ipv4, source)
						   : __builtin_offsetof(struct rs_ipv6, source));
}

RS_INLINE long rs_icmp_store_addresses(void *frame, rs_frame_store *store, __u32 family, __u32 l3_offset,
				       const struct rs_address *source, const struct rs_address *destination)
{
	__u32 at = rs_icmp_addresses_at(family, l3_offset);
	if (family == RS_V4)
		return store(frame, at, &source->byte[12], 4) ?: store(frame, at + 4, &destination->byte[12], 4);
	return store(frame, at, source, sizeof(*source)) ?: store(frame, at + 16, destination, sizeof(*destination));
}

/* What an error becomes. */
struct rs_icmp_ends {
	struct rs_address source;
	struct rs_address destination;
	struct rs_tuple quoted;
};

/* Puts `to` in place of the error's own addresses and of the quoted packet's ends, with all checksums that cover them:
 * both IPv4 headers', the quoted transport header's if it is there, ICMP's. `l3_checksum` is the outer IPv4 header's,
 * `checksum` ICMP's. 0, or what `store` returned; the frame is spoilt then. */
RS_INLINE long rs_icmp_translate(void *frame, rs_frame_store *store, const struct rs_packet *packet,
				 const struct rs_icmp_quote *quote, __u16 l3_checksum, __u16 checksum,
				 const struct rs_icmp_ends *to)
{
	const __u32 family = packet->family;
	const struct rs_tuple *old = &quote->tuple, *now = &to->quoted;
	__u64 outer = rs_checksum_diff_address(&packet->tuple.source, &to->source, family) +
		      rs_checksum_diff_address(&packet->tuple.destination, &to->destination, family);
	__u64 addresses = rs_checksum_diff_address(&old->source, &now->source, family) +
			  rs_checksum_diff_address(&old->destination, &now->destination, family);
	__u64 ports = rs_checksum_diff_port(old->source_port, now->source_port) +
		      rs_checksum_diff_port(old->destination_port, now->destination_port);
	__u64 message = addresses + ports; /* what the bytes of the ICMP message grow by */
	long r = rs_icmp_store_addresses(frame, store, family, RS_ETHERNET_LENGTH, &to->source, &to->destination);
	r = r ?: rs_icmp_store_addresses(frame, store, family, quote->l3_offset, &now->source, &now->destination);
	r = r ?: store(frame, quote->l4_offset, &now->source_port, 2);
	r = r ?: store(frame, quote->l4_offset + 2, &now->destination_port, 2);
	if (family == RS_V4) {
		const __u32 at = (__u32) __builtin_offsetof(struct rs_ipv4, checksum);
		__u16 field = rs_checksum_apply(l3_checksum, outer);
		r = r ?: store(frame, RS_ETHERNET_LENGTH + at, &field, 2);
		field = rs_checksum_apply(quote->l3_checksum, addresses);
		message += rs_checksum_diff_port(quote->l3_checksum, field);
		r = r ?: store(frame, quote->l3_offset + at, &field, 2);
	} else {
		message += outer; /* its pseudo header */
	}
	if (quote->has_l4_checksum) {
		bool is_udp = old->protocol == RS_PROTOCOL_UDP;
		__u32 at = quote->l4_offset + (__u32)(is_udp ? __builtin_offsetof(struct rs_udp, checksum)
							     : __builtin_offsetof(struct rs_tcp, checksum));
		__u16 field = rs_checksum_apply(quote->l4_checksum, addresses + ports);
		if (is_udp && !field)
			field = 0xffff; /* zero would say that there is none */
		message += rs_checksum_diff_port(quote->l4_checksum, field);
		r = r ?: store(frame, at, &field, 2);
	}
	checksum = rs_checksum_apply(checksum, message);
	return r
		       ?: store(frame, packet->l4_offset + (__u32) __builtin_offsetof(struct rs_icmp, checksum),
				&checksum, 2);
}

/* --- echo ----------------------------------------------------------------------------------------------------------
 */

#define RS_ICMP_TTL 64

/* Sends the packet back: its addresses change places, and it lives as long as a new one. */
RS_INLINE long rs_icmp_turn(void *frame, rs_frame_load *load, rs_frame_store *store, const struct rs_packet *packet)
{
	const struct rs_tuple *tuple = &packet->tuple;
	long r = rs_icmp_store_addresses(frame, store, packet->family, RS_ETHERNET_LENGTH, &tuple->destination,
					 &tuple->source);
	const __u8 ttl = RS_ICMP_TTL;
	if (packet->family == RS_V6)
		return r
			       ?: store(frame,
					RS_ETHERNET_LENGTH + (__u32) __builtin_offsetof(struct rs_ipv6, hop_limit),
					&ttl, 1);
	/* TTL and protocol are one word of the sum, and the checksum follows them. */
	__u16 word[2];
	const __u32 at = RS_ETHERNET_LENGTH + (__u32) __builtin_offsetof(struct rs_ipv4, ttl);
	r = r ?: load(frame, at, word, 4);
	__u16 old = word[0];
	*(__u8 *)word = ttl;
	word[1] = rs_checksum_apply(word[1], rs_checksum_diff_port(old, word[0]));
	return r ?: store(frame, at, word, 4);
}

/* Makes the reply of an echo request, whole or the first of its fragments, in its place. `icmp` is its header. */
RS_INLINE long rs_icmp_echo(void *frame, rs_frame_load *load, rs_frame_store *store, const struct rs_packet *packet,
			    struct rs_icmp *icmp)
{
	__u16 old, now;
	__builtin_memcpy(&old, icmp, 2);
	icmp->type = packet->family == RS_V4 ? RS_ICMP_ECHO_REPLY : RS_ICMPV6_ECHO_REPLY;
	icmp->code = 0;
	__builtin_memcpy(&now, icmp, 2);
	icmp->checksum = rs_checksum_apply(icmp->checksum, rs_checksum_diff_port(old, now));
	return rs_icmp_turn(frame, load, store, packet) ?: store(frame, packet->l4_offset, icmp, 4);
}

/* --- errors of our own -----------------------------------------------------------------------------------------------
 */

/* Of the packet that an error is about, so much is quoted. RFC 1812 4.3.2.3: the error has at most 576 bytes; RFC 4443
 * 2.4 allows 1280, but nobody needs more than the headers. As far as the kernel adds up at once. */
#define RS_ICMP_QUOTE_MAX 512
/* Quoted in whole words; what is left of the last one is of no interest. */
#define RS_ICMP_QUOTE_MASK (~3U)

/* Ethernet, IP and ICMP headers of an error. */
#define RS_ICMP_HEAD_V4 (RS_ETHERNET_LENGTH + (__u32)sizeof(struct rs_ipv4) + (__u32)sizeof(struct rs_icmp))
#define RS_ICMP_HEAD_V6 (RS_ETHERNET_LENGTH + (__u32)sizeof(struct rs_ipv6) + (__u32)sizeof(struct rs_icmp))

struct rs_icmp_head {
	__u8 byte[RS_ICMP_HEAD_V6 + 2]; /* the MAC addresses are the caller's */
} __attribute__((aligned(8)));

/* Builds the headers of the error that tells packet's sender of it, in the name of its destination. `rest`: the MTU of
 * RS_ICMP_FRAGMENT_NEEDED and RS_ICMPV6_TOO_BIG, host order. The quoted bytes follow it, `length` of them, whose sum is
 * `quoted`. Returns the headers' length. */
RS_INLINE __u32 rs_icmp_error_head(struct rs_icmp_head *head, const struct rs_packet *packet, __u8 type, __u8 code,
				   __u32 rest, __u32 length, __u64 quoted, struct rs_tuple *scratch)
{
	const __u32 l4_length = (__u32)sizeof(struct rs_icmp) + length;
	struct rs_ethernet *ethernet = (struct rs_ethernet *)(void *)head->byte;
	struct rs_icmp *icmp;
	__u64 sum = quoted;
	rs_tuple_reverse(&packet->tuple, scratch);
	if (packet->family == RS_V4) {
		icmp = (struct rs_icmp *)((__u8 *)(ethernet + 1) + sizeof(struct rs_ipv4));
		rs_answer_ipv4(ethernet, scratch, RS_PROTOCOL_ICMP, l4_length);
	} else {
		icmp = (struct rs_icmp *)((__u8 *)(ethernet + 1) + sizeof(struct rs_ipv6));
		rs_answer_ipv6(ethernet, scratch, RS_PROTOCOL_ICMPV6, l4_length);
		sum += rs_checksum_pseudo(scratch, RS_PROTOCOL_ICMPV6, l4_length);
	}
	icmp->type = type;
	icmp->code = code;
	icmp->checksum = 0;
	icmp->rest = rs_htonl(rest);
	const rs_half *word = (const rs_half *)(const void *)icmp;
	sum += (__u64)word[0] + word[2] + word[3];
	icmp->checksum = (__u16)~rs_checksum_fold(sum);
	return rs_answer_l4_offset(packet->family) + (__u32)sizeof(*icmp);
}

/* How much of the packet its error quotes. */
RS_INLINE __u32 rs_icmp_quote_length(const struct rs_packet *packet)
{
	__u32 length = packet->end_offset - RS_ETHERNET_LENGTH;
	return (length < RS_ICMP_QUOTE_MAX ? length : RS_ICMP_QUOTE_MAX) & RS_ICMP_QUOTE_MASK;
}

/* Does the quoted sequence number stand for something that the instance has sent on the connection (RFC 5927 4.1)? The
 * count of its bytes has retransmits in it, so it ends not before what was sent: an honest error is never refused. */
RS_INLINE bool rs_icmp_is_plausible(__u32 sequence, __u32 server_isn, __u64 bytes_out)
{
	const __u64 sent = bytes_out + 2; /* SYN and FIN */
	return sent > 0x7fffffff || sequence - server_isn <= (__u32)sent;
}

#endif
