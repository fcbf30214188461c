/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Spreads addresses and tuples over tables. Seeded, so that nobody can choose who shares a place with whom. */
#ifndef RS_PURE_HASH_H
#define RS_PURE_HASH_H

#include "abi/address.h"

/* MurmurHash3's finalizer: every input bit reaches every output bit. */
RS_INLINE __u32 rs_hash_mix(__u32 hash)
{
	hash ^= hash >> 16;
	hash *= 0x85ebca6b;
	hash ^= hash >> 13;
	hash *= 0xc2b2ae35;
	return hash ^ hash >> 16;
}

RS_INLINE __u32 rs_hash_address(const struct rs_address *address, __u32 seed)
{
	const rs_word *word = (const rs_word *)address;
	__u32 hash = seed;
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++)
		hash = rs_hash_mix(hash ^ word[i]);
	return hash;
}

RS_INLINE __u32 rs_hash_tuple(const struct rs_tuple *tuple, __u32 seed)
{
	__u32 hash = rs_hash_address(&tuple->source, seed);
	hash = rs_hash_address(&tuple->destination, hash);
	return rs_hash_mix(hash ^ ((__u32)tuple->source_port << 16 | tuple->destination_port));
}

/* Which source port the instance is to see at the n-th try: the client's own first, then others from 1024 on. */
RS_INLINE __be16 rs_hash_port(const struct rs_tuple *tuple, __u32 seed, __u32 n)
{
	if (n == 0)
		return tuple->source_port;
	return rs_htons((__u16)(1024 + rs_hash_mix(rs_hash_tuple(tuple, seed) + n) % (65536 - 1024)));
}

#endif
