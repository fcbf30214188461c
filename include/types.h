/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Fixed-width types for both sides: the kernel's own UAPI header, and nothing that pulls in <linux/in.h>. */
#ifndef RS_TYPES_H
#define RS_TYPES_H

#include <linux/types.h>

#ifndef __bpf__
#include <stdbool.h>
#else
#ifndef bool
#define bool _Bool
#define true 1
#define false 0
#endif
#endif

#define RS_INLINE static inline __attribute__((always_inline, unused))

/* Four bytes of whatever type. BPF loads and stores them at once wherever they stand; the host's compiler minds
 * alignment. */
typedef __u32 __attribute__((may_alias)) rs_word;
/* Two bytes of whatever type, as checksums add them up: what was stored as something else just before is seen. */
typedef __u16 __attribute__((may_alias)) rs_half;

RS_INLINE __u32 rs_load_word(const void *from)
{
#ifdef __bpf__
	return *(const rs_word *)from;
#else
	__u32 word;
	__builtin_memcpy(&word, from, sizeof(word));
	return word;
#endif
}

RS_INLINE void rs_store_word(void *to, __u32 word)
{
#ifdef __bpf__
	*(rs_word *)to = word;
#else
	__builtin_memcpy(to, &word, sizeof(word));
#endif
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define rs_htons(x) ((__be16)__builtin_bswap16(x))
#define rs_htonl(x) ((__be32)__builtin_bswap32(x))
#else
#define rs_htons(x) ((__be16)(x))
#define rs_htonl(x) ((__be32)(x))
#endif
#define rs_ntohs(x) ((__u16)rs_htons(x))
#define rs_ntohl(x) ((__u32)rs_htonl(x))

/* Makes the compiler forget what it knows of a value, so that it keeps a check that the verifier needs. */
#define rs_hide(x) asm volatile("" : "+r"(x))

#endif
