/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Read-only data of the programs, set by the agent before the load: branches on it cost nothing. */
#ifndef RS_ABI_CONFIG_H
#define RS_ABI_CONFIG_H

#include "abi/address.h"

/* skb marks on rouse1, where only the agent sends with them: a held SYN that may go on; an RST that ends a hold. */
#define RS_MARK_RELEASE 0x526f7501
#define RS_MARK_RESET	0x526f7502
/* A held datagram that may go on, its position's low byte in the mark's; no more are held. */
#define RS_MARK_DATAGRAM      0x526f7600
#define RS_MARK_DATAGRAM_MASK 0xffffff00
#define RS_MARK_CLOSE	      0x526f7503

struct rs_config {
	__be32 vip_v4;
	__be32 vip_v4_mask;
	__be32 vip_v6[4]; /* as the mask of a range that does not exist: matches nothing */
	__be32 vip_v6_mask[4];
	__u32 rouse0_ifindex;
	__u32 rouse1_ifindex;
	__u8 rouse0_mac[6];
	__u8 pad[2];
	__u32 holds_mask; /* slots - 1 */
	__u32 flows_mask; /* entries of a flow ring - 1 */
	__u32 open_mask;  /* entries of the ring of half-open flows - 1 */
	__u32 holds_per_source;
	__u32 seed;		  /* as in struct rs_abi */
	__u32 jiffy_ns;		  /* the kernel's tick */
	__u32 has_kernel_context; /* bpf_cast_to_kern_ctx() is there */
	__u32 udp_unreplied_ms;	  /* how long flows of UDP may be silent */
	__u32 udp_replied_ms;
	__u32 xdp_has_frags; /* frames that XDP sees may lie in several buffers */
};

_Static_assert(sizeof(struct rs_config) == 96, "ABI");

#endif
