/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The Internet checksum (RFC 1071) and its incremental update (RFC 1624,
 * equation 3): what a change adds to a sum is computed once, as a difference,
 * and applied to each field that covers it.
 *
 * IPv4-mapped addresses differ in their last word alone, and their prefix is
 * zero in one's complement, so that one function serves both families.
 */
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

/* What a sum grows by when a 32-bit or 16-bit word changes from `old` to `now`. In network order, as all here. */
RS_INLINE __u64 rs_checksum_diff(__u32 old, __u32 now)
{
	return (__u64)(__u32)~old + now;
}

RS_INLINE __u64 rs_checksum_diff_port(__be16 old, __be16 now)
{
	return (__u64)(__u16)~old + now;
}

RS_INLINE __u64 rs_checksum_diff_address(const struct rs_address *old, const struct rs_address *now,
					 enum rs_family family)
{
	const rs_word *a = (const rs_word *)old, *b = (const rs_word *)now;
	__u64 diff = rs_checksum_diff(a[3], b[3]);
	if (family == RS_V6)
		diff += rs_checksum_diff(a[0], b[0]) + rs_checksum_diff(a[1], b[1]) + rs_checksum_diff(a[2], b[2]);
	return diff;
}

/* A sum of 32 bits that is the same number in one's complement: what the kernel's helpers take as a difference. */
RS_INLINE __u32 rs_checksum_fold32(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (__u32)((sum & 0xffffffff) + (sum >> 32));
}

/* The checksum field after a change of what it covers. */
RS_INLINE __u16 rs_checksum_apply(__u16 checksum, __u64 diff)
{
	return (__u16)~rs_checksum_fold((__u64)(__u16)~checksum + diff);
}

/* The same for a field that holds the bare sum of the pseudo header, to which the hardware or the receiver adds the
 * rest (CHECKSUM_PARTIAL): `diff` is that of the addresses alone. */
RS_INLINE __u16 rs_checksum_apply_partial(__u16 sum, __u64 diff)
{
	return rs_checksum_fold((__u64)sum + diff);
}

/* The checksum field after one 32-bit word changed from `old` to `now`. */
RS_INLINE __u16 rs_checksum_replace(__u16 checksum, __be32 old, __be32 now)
{
	return rs_checksum_apply(checksum, rs_checksum_diff(old, now));
}

/* The sum of a pseudo header (RFC 9293 3.1, RFC 8200 8.1). `length` of the transport header and its payload. */
RS_INLINE __u64 rs_checksum_pseudo(const struct rs_tuple *tuple, __u8 protocol, __u32 length)
{
	const rs_word *s = (const rs_word *)&tuple->source, *d = (const rs_word *)&tuple->destination;
	__u64 sum = (__u64)rs_htons(protocol) + rs_htonl(length);
	sum += (__u64)s[0] + s[1] + s[2] + s[3];
	return sum + d[0] + d[1] + d[2] + d[3];
}

/* Checksum of an IPv4 header without options whose checksum field is zero. */
RS_INLINE __u16 rs_checksum_ipv4(const struct rs_ipv4 *ip)
{
	const rs_half *word = (const rs_half *)(const void *)ip;
	__u64 sum = 0;
#pragma GCC unroll 10
	for (int i = 0; i < 10; i++)
		sum += word[i];
	return (__u16)~rs_checksum_fold(sum);
}

/* Checksum of a TCP header without options or payload whose checksum field is zero, on its way as `tuple` says. */
RS_INLINE __u16 rs_checksum_tcp_bare(const struct rs_tuple *tuple, const struct rs_tcp *tcp)
{
	const rs_half *word = (const rs_half *)(const void *)tcp;
	__u64 sum = rs_checksum_pseudo(tuple, RS_PROTOCOL_TCP, sizeof(*tcp));
#pragma GCC unroll 10
	for (int i = 0; i < 10; i++)
		sum += word[i];
	return (__u16)~rs_checksum_fold(sum);
}

#endif
