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

/* A TCP checksum field is complete, or (CHECKSUM_PARTIAL) the sum of the pseudo header alone, to which the hardware or
 * the receiver adds the rest. Only the kernel knows which; but once it has replaced an address in the field, what the
 * field became tells: it falls by the difference if complete, and rises by it if partial. */
enum rs_checksum_kind {
	RS_CHECKSUM_COMPLETE,
	RS_CHECKSUM_PARTIAL,
	RS_CHECKSUM_UNKNOWN, /* the difference is zero in one's complement */
};

/* Equal as one's complement numbers, which have two zeros. */
RS_INLINE bool rs_checksum_equal(__u16 a, __u16 b)
{
	return a == b || (__u16)(a + 1) + (__u16)(b + 1) == 1;
}

RS_INLINE enum rs_checksum_kind rs_checksum_kind(__u16 before, __u16 after, __be32 old, __be32 now)
{
	__u16 complete = rs_checksum_replace(before, old, now);
	__u16 partial = (__u16)~rs_checksum_replace((__u16)~before, old, now);
	if (rs_checksum_equal(complete, partial))
		return RS_CHECKSUM_UNKNOWN;
	if (rs_checksum_equal(after, complete))
		return RS_CHECKSUM_COMPLETE;
	return rs_checksum_equal(after, partial) ? RS_CHECKSUM_PARTIAL : RS_CHECKSUM_UNKNOWN;
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
