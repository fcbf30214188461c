/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Addresses and tuples as map keys. IPv4 stands as an IPv4-mapped IPv6 address
 * (RFC 4291 2.5.5.2), so that one map serves both families; bytes, so that
 * `bpftool map dump` shows 198, 18, 0, 5.
 */
#ifndef RS_ABI_ADDRESS_H
#define RS_ABI_ADDRESS_H

#include "types.h"

struct rs_address {
	__u8 byte[16];
} __attribute__((aligned(4)));

/* Index of what there is once for each family. */
enum rs_family {
	RS_V4,
	RS_V6,
	RS_FAMILIES,
};

/* One direction of a connection, as a packet carries it. */
struct rs_tuple {
	struct rs_address source;
	struct rs_address destination;
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol; /* IPPROTO_TCP, IPPROTO_UDP */
	__u8 pad[3];   /* zero: keys are compared byte by byte */
};

_Static_assert(sizeof(struct rs_address) == 16, "ABI");
_Static_assert(sizeof(struct rs_tuple) == 40, "ABI");

#define RS_PROTOCOL_ICMP   1
#define RS_PROTOCOL_TCP	   6
#define RS_PROTOCOL_UDP	   17
#define RS_PROTOCOL_ICMPV6 58

RS_INLINE struct rs_address rs_address_v4(__be32 address)
{
	struct rs_address out = {.byte = {[10] = 0xff, [11] = 0xff}};
	__builtin_memcpy(&out.byte[12], &address, 4);
	return out;
}

RS_INLINE __be32 rs_address_to_v4(const struct rs_address *address)
{
	__be32 out;
	__builtin_memcpy(&out, &address->byte[12], 4);
	return out;
}

/* Of an address that stands for one; "::" counts as IPv6's. */
RS_INLINE enum rs_family rs_address_family(const struct rs_address *address)
{
	const rs_word *word = (const rs_word *)address;
	return (word[0] | word[1]) == 0 && word[2] == rs_htonl(0xffff) ? RS_V4 : RS_V6;
}

RS_INLINE bool rs_address_is_none(const struct rs_address *address)
{
	const rs_word *word = (const rs_word *)address;
	return !(word[0] | word[1] | word[2] | word[3]);
}

/* A copy of the 16 bytes that stand somewhere in a packet. */
RS_INLINE void rs_address_load(struct rs_address *out, const void *from)
{
	rs_word *word = (rs_word *)out;
	word[0] = rs_load_word(from);
	word[1] = rs_load_word((const __u8 *)from + 4);
	word[2] = rs_load_word((const __u8 *)from + 8);
	word[3] = rs_load_word((const __u8 *)from + 12);
}

/* As rs_address_v4(), without a copy on the stack. */
RS_INLINE void rs_address_set_v4(struct rs_address *out, __be32 address)
{
	rs_word *word = (rs_word *)out;
	word[0] = word[1] = 0;
	word[2] = rs_htonl(0xffff);
	word[3] = address;
}

/* Word by word: clang for BPF has no memcmp to call. */
RS_INLINE bool rs_address_equal(const struct rs_address *a, const struct rs_address *b)
{
	const rs_word *x = (const rs_word *)a, *y = (const rs_word *)b;
	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]));
}

RS_INLINE void rs_tuple_reverse(const struct rs_tuple *tuple, struct rs_tuple *out)
{
	out->source = tuple->destination;
	out->destination = tuple->source;
	out->source_port = tuple->destination_port;
	out->destination_port = tuple->source_port;
	out->protocol = tuple->protocol;
	out->pad[0] = out->pad[1] = out->pad[2] = 0;
}

#endif
