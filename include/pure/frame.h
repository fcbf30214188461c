/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The frames that the agent sends for a held SYN: the SYN itself, made whole
 * again, or an RST in its name. Host code; the kernel's programs do not need it.
 */
#ifndef RS_PURE_FRAME_H
#define RS_PURE_FRAME_H

#include "pure/checksum.h"
#include "pure/packet.h"

#define RS_FRAME_EINVAL (-22)

/* Sum of `length` bytes as 16-bit words in memory order; an odd last byte counts as followed by zero. */
RS_INLINE __u64 rs_checksum_add(const void *data, __u32 length)
{
	const __u8 *byte = data;
	__u64 sum = 0;
	__u32 i;
	for (i = 0; i + 1 < length; i += 2) {
		__u16 word;
		__builtin_memcpy(&word, byte + i, 2);
		sum += word;
	}
	if (i < length) {
		__u16 word = 0;
		__builtin_memcpy(&word, byte + i, 1);
		sum += word;
	}
	return sum;
}

/* Makes a held frame (headers only) ready to be sent on: MAC addresses, an IP length without the payload
 * that was cut off, and full checksums, for a local sender's is only partial. Returns the length or -EINVAL. */
RS_INLINE int rs_frame_release(__u8 *frame, __u32 length, const __u8 *source_mac, const __u8 *destination_mac)
{
	struct rs_packet packet = {0};
	if (rs_packet_parse(frame, frame + length, &packet) != RS_PARSE_TCP || packet.payload_offset > length)
		return RS_FRAME_EINVAL;
	struct rs_ethernet *ethernet = (struct rs_ethernet *)frame;
	struct rs_ipv4 *ip = (struct rs_ipv4 *)(ethernet + 1);
	struct rs_tcp *tcp = (struct rs_tcp *)(frame + packet.l4_offset);
	__builtin_memcpy(ethernet->source, source_mac, 6);
	__builtin_memcpy(ethernet->destination, destination_mac, 6);

	__u32 ip_length = packet.l4_offset - RS_ETHERNET_LENGTH;
	__u32 tcp_length = packet.payload_offset - packet.l4_offset;
	ip->total_length = rs_htons((__u16)(ip_length + tcp_length));
	ip->checksum = 0;
	ip->checksum = (__u16)~rs_checksum_fold(rs_checksum_add(ip, ip_length));
	tcp->checksum = 0;
	__u64 sum = (__u64)ip->source + ip->destination + rs_htons(RS_PROTOCOL_TCP) + rs_htons((__u16)tcp_length);
	tcp->checksum = (__u16)~rs_checksum_fold(sum + rs_checksum_add(tcp, tcp_length));
	return (int)packet.payload_offset;
}

struct rs_frame_reset {
	struct rs_ethernet ethernet;
	struct rs_ipv4 ip;
	struct rs_tcp tcp;
} __attribute__((packed, aligned(2)));

/* Builds the RST that answers the held SYN (RFC 9293 3.10.7.1), from its VIP to its client. */
RS_INLINE int rs_frame_reset(const __u8 *frame, __u32 length, struct rs_frame_reset *out)
{
	struct rs_packet packet = {0};
	if (rs_packet_parse(frame, frame + length, &packet) != RS_PARSE_TCP)
		return RS_FRAME_EINVAL;
	const struct rs_ethernet *ethernet = (const struct rs_ethernet *)frame;
	*out = (struct rs_frame_reset){
		.ethernet = {.type = rs_htons(RS_ETHERTYPE_IPV4)},
		.ip = {.version_length = 0x45,
		       .total_length = rs_htons(sizeof(struct rs_ipv4) + sizeof(struct rs_tcp)),
		       .fragment = rs_htons(0x4000),
		       .ttl = 64,
		       .protocol = RS_PROTOCOL_TCP,
		       .source = packet.destination_v4,
		       .destination = packet.source_v4},
		.tcp = {.source = packet.tuple.destination_port,
			.destination = packet.tuple.source_port,
			.acknowledgement = rs_htonl(packet.sequence + 1),
			.offset = 5 << 4,
			.flags = RS_TCP_RST | RS_TCP_ACK},
	};
	__builtin_memcpy(out->ethernet.destination, ethernet->source, 6);
	__builtin_memcpy(out->ethernet.source, ethernet->destination, 6);
	out->ip.checksum = (__u16)~rs_checksum_fold(rs_checksum_add(&out->ip, sizeof(out->ip)));
	__u64 sum = (__u64)out->ip.source + out->ip.destination + rs_htons(RS_PROTOCOL_TCP) +
		    rs_htons(sizeof(struct rs_tcp));
	out->tcp.checksum = (__u16)~rs_checksum_fold(sum + rs_checksum_add(&out->tcp, sizeof(out->tcp)));
	return (int)sizeof(*out);
}

#endif
