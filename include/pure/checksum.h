/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The Internet checksum (RFC 1071) and its incremental update (RFC 1624, equation 3). */
#ifndef RS_PURE_CHECKSUM_H
#define RS_PURE_CHECKSUM_H

#include "pure/packet.h"

/* Folds a sum of 16-bit words to 16 bits. */
RS_INLINE __u16 rs_checksum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)sum;
}

/* The header checksum after one 32-bit word changed from `old` to `now`. All in network order. */
RS_INLINE __u16 rs_checksum_replace(__u16 checksum, __be32 old, __be32 now)
{
	return (__u16)~rs_checksum_fold((__u64)(__u16)~checksum + (__u32)~old + (__u64)now);
}

/* Checksum of an IPv4 header without options whose checksum field is zero. */
RS_INLINE __u16 rs_checksum_ipv4(const struct rs_ipv4 *ip)
{
	const __u16 *word = (const __u16 *)(const void *)ip;
	__u64 sum = 0;
#pragma GCC unroll 10
	for (int i = 0; i < 10; i++)
		sum += word[i];
	return (__u16)~rs_checksum_fold(sum);
}

/* Checksum of a TCP header without options or payload whose checksum field is zero. */
RS_INLINE __u16 rs_checksum_tcp_bare(__be32 source, __be32 destination, const struct rs_tcp *tcp)
{
	const __u16 *word = (const __u16 *)(const void *)tcp;
	__u64 sum = (__u64)source + destination + rs_htons(RS_PROTOCOL_TCP) + rs_htons(sizeof(*tcp));
#pragma GCC unroll 10
	for (int i = 0; i < 10; i++)
		sum += word[i];
	return (__u16)~rs_checksum_fold(sum);
}

#endif
