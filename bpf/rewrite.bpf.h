/* SPDX-License-Identifier: GPL-2.0-only */
/* What both layers write into a frame whose bytes they have made sure of. */
#ifndef RS_REWRITE_BPF_H
#define RS_REWRITE_BPF_H

#include "maps.bpf.h"
#include "pure/answer.h"
#include "pure/checksum.h"
#include "pure/packet.h"

/* Other addresses, whose difference from those that stand there is known. False when the frame is too short, which the
 * parser has made sure of, but the verifier does not know. */
RS_INLINE bool rs_put_addresses(void *data, void *end, enum rs_family family, const struct rs_ends *to, __u64 addresses)
{
	if (family == RS_V4) {
		struct rs_ipv4 *ip = data + RS_ETHERNET_LENGTH;
		if ((void *)(ip + 1) > end)
			return false;
		ip->checksum = rs_checksum_apply(ip->checksum, addresses);
		rs_store_word(&ip->source, ((const rs_word *)to->source)[3]);
		rs_store_word(&ip->destination, ((const rs_word *)to->destination)[3]);
	} else {
		struct rs_ipv6 *ip = data + RS_ETHERNET_LENGTH;
		if ((void *)(ip + 1) > end)
			return false;
		rs_address_store(ip->source, to->source);
		rs_address_store(ip->destination, to->destination);
	}
	return true;
}

/* A complete checksum after the change. UDP's 0 says that there is none, and a computed 0 is written as all ones. */
RS_INLINE __u16 rs_put_checksum(__u16 checksum, __u64 diff, bool is_udp)
{
	if (is_udp && checksum == 0)
		return 0;
	checksum = rs_checksum_apply(checksum, diff);
	return is_udp && checksum == 0 ? 0xffff : checksum;
}

/* An RST that answers `packet` in place of it. False when the frame is too short. */
RS_INLINE bool rs_put_reset(void *data, void *end, const struct rs_packet *packet)
{
	struct rs_ethernet *ethernet = data;
	struct rs_tuple tuple;
	rs_tuple_reverse(&packet->tuple, &tuple);
	struct rs_tcp *tcp;
	if (packet->family == RS_V4) {
		tcp = data + RS_ETHERNET_LENGTH + sizeof(struct rs_ipv4);
		if ((void *)(tcp + 1) > end)
			return false;
		rs_answer_ipv4(ethernet, &tuple, RS_PROTOCOL_TCP, sizeof(*tcp));
	} else {
		tcp = data + RS_ETHERNET_LENGTH + sizeof(struct rs_ipv6);
		if ((void *)(tcp + 1) > end)
			return false;
		rs_answer_ipv6(ethernet, &tuple, RS_PROTOCOL_TCP, sizeof(*tcp));
	}
	rs_answer_reset_tcp(tcp, packet, &tuple);
	__u8 mac[6];
	__builtin_memcpy(mac, ethernet->destination, 6);
	__builtin_memcpy(ethernet->destination, ethernet->source, 6);
	__builtin_memcpy(ethernet->source, mac, 6);
	return true;
}

#endif
