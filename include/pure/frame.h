/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The frames that the agent sends for a held SYN: the SYN itself, made whole
 * again, or an RST in its name. Host code; the kernel's programs do not need it.
 */
#ifndef RS_PURE_FRAME_H
#define RS_PURE_FRAME_H

#include "pure/answer.h"
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
	struct rs_packet packet = {.family = RS_V4};
	if (rs_packet_parse(frame, frame + length, &packet) != RS_PARSE_TCP || packet.payload_offset > length)
		return RS_FRAME_EINVAL;
	struct rs_ethernet *ethernet = (struct rs_ethernet *)frame;
	struct rs_tcp *tcp = (struct rs_tcp *)(frame + packet.l4_offset);
	__builtin_memcpy(ethernet->source, source_mac, 6);
	__builtin_memcpy(ethernet->destination, destination_mac, 6);

	__u32 ip_length = packet.l4_offset - RS_ETHERNET_LENGTH;
	__u32 tcp_length = packet.payload_offset - packet.l4_offset;
	if (packet.family == RS_V4) {
		struct rs_ipv4 *ip = (struct rs_ipv4 *)(ethernet + 1);
		ip->total_length = rs_htons((__u16)(ip_length + tcp_length));
		ip->checksum = 0;
		ip->checksum = (__u16)~rs_checksum_fold(rs_checksum_add(ip, ip_length));
	} else {
		struct rs_ipv6 *ip = (struct rs_ipv6 *)(ethernet + 1);
		ip->payload_length = rs_htons((__u16)(ip_length - sizeof(*ip) + tcp_length));
	}
	tcp->checksum = 0;
	tcp->checksum = (__u16)~rs_checksum_fold(rs_checksum_pseudo(&packet.tuple, RS_PROTOCOL_TCP, tcp_length) +
						 rs_checksum_add(tcp, tcp_length));
	return (int)packet.payload_offset;
}

/* Makes a held datagram (a whole frame) ready to be sent on: MAC addresses, and a full checksum, unless IPv4's sender
 * has left it away. Returns the length without Ethernet's padding or -EINVAL. */
RS_INLINE int rs_frame_datagram(__u8 *frame, __u32 length, const __u8 *source_mac, const __u8 *destination_mac)
{
	struct rs_packet packet = {.family = RS_V4};
	if (rs_packet_parse(frame, frame + length, &packet) != RS_PARSE_UDP || packet.end_offset > length)
		return RS_FRAME_EINVAL;
	struct rs_ethernet *ethernet = (struct rs_ethernet *)frame;
	struct rs_udp *udp = (struct rs_udp *)(frame + packet.l4_offset);
	__builtin_memcpy(ethernet->source, source_mac, 6);
	__builtin_memcpy(ethernet->destination, destination_mac, 6);
	__u32 udp_length = rs_ntohs(udp->length);
	if (packet.l4_offset + udp_length > packet.end_offset)
		return RS_FRAME_EINVAL;
	if (packet.family == RS_V4 && udp->checksum == 0)
		return (int)packet.end_offset;
	udp->checksum = 0;
	__u16 sum = rs_checksum_fold(rs_checksum_pseudo(&packet.tuple, RS_PROTOCOL_UDP, udp_length) +
				     rs_checksum_add(udp, udp_length));
	udp->checksum = sum == 0xffff ? sum : (__u16)~sum; /* 0 says that there is none */
	return (int)packet.end_offset;
}

/* Makes the headers alone of a held datagram a frame, which says whose queue is meant. Returns the length or -EINVAL.
 */
RS_INLINE int rs_frame_headers(__u8 *frame, __u32 length, const __u8 *source_mac, const __u8 *destination_mac)
{
	struct rs_packet packet = {.family = RS_V4};
	if (rs_packet_parse(frame, frame + length, &packet) != RS_PARSE_UDP || packet.payload_offset > length)
		return RS_FRAME_EINVAL;
	struct rs_ethernet *ethernet = (struct rs_ethernet *)frame;
	struct rs_udp *udp = (struct rs_udp *)(frame + packet.l4_offset);
	if (packet.family == RS_V4) {
		struct rs_ipv4 *ip = (struct rs_ipv4 *)(ethernet + 1);
		ip->total_length = rs_htons((__u16)(packet.payload_offset - RS_ETHERNET_LENGTH));
	} else {
		struct rs_ipv6 *ip = (struct rs_ipv6 *)(ethernet + 1);
		ip->payload_length = rs_htons((__u16)(packet.payload_offset - RS_ETHERNET_LENGTH - (__u32)sizeof(*ip)));
	}
	udp->length = rs_htons((__u16)sizeof(*udp));
	return rs_frame_datagram(frame, packet.payload_offset, source_mac, destination_mac);
}

/* Builds the RST that answers the held SYN, from its VIP to its client, in `out`, which has room for
 * RS_ANSWER_RESET_MAX bytes. Returns its length or -EINVAL. */
RS_INLINE int rs_frame_reset(const __u8 *frame, __u32 length, __u8 *out)
{
	struct rs_packet packet = {.family = RS_V4};
	if (rs_packet_parse(frame, frame + length, &packet) != RS_PARSE_TCP)
		return RS_FRAME_EINVAL;
	const struct rs_ethernet *from = (const struct rs_ethernet *)frame;
	struct rs_ethernet *ethernet = (struct rs_ethernet *)out;
	__builtin_memcpy(ethernet->destination, from->source, 6);
	__builtin_memcpy(ethernet->source, from->destination, 6);
	struct rs_tuple tuple;
	rs_tuple_reverse(&packet.tuple, &tuple);
	if (packet.family == RS_V4)
		rs_answer_ipv4(ethernet, &tuple, RS_PROTOCOL_TCP, sizeof(struct rs_tcp));
	else
		rs_answer_ipv6(ethernet, &tuple, RS_PROTOCOL_TCP, sizeof(struct rs_tcp));
	packet.payload_length = 0; /* of a SYN that carried data the SYN alone is answered: the rest was never seen */
	rs_answer_reset_tcp((struct rs_tcp *)(out + rs_answer_l4_offset(packet.family)), &packet, &tuple);
	return (int)rs_answer_reset_length(packet.family);
}

#endif
