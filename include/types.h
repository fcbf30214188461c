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

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define rs_htons(x) ((__be16)__builtin_bswap16(x))
#define rs_htonl(x) ((__be32)__builtin_bswap32(x))
#else
#define rs_htons(x) ((__be16)(x))
#define rs_htonl(x) ((__be32)(x))
#endif
#define rs_ntohs(x) ((__u16)rs_htons(x))
#define rs_ntohl(x) ((__u32)rs_htonl(x))

#endif
