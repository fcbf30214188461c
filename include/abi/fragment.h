/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets in fragments: where the first went, so that the others follow. The
 * map `fragments` forgets the least recently used; an entry also ends by its
 * time, after which a receiver does not wait for more either.
 */
#ifndef RS_ABI_FRAGMENT_H
#define RS_ABI_FRAGMENT_H

#include "abi/address.h"

struct rs_fragment_key {
	struct rs_address source;
	struct rs_address destination;
	__u32 id; /* as the packet carries it: 16 bits of IPv4, 32 of IPv6 */
	__u8 protocol;
	__u8 pad[3];
};

enum rs_fragment_to {
	RS_FRAGMENT_TO_INSTANCE,
	RS_FRAGMENT_TO_CLIENT,
	RS_FRAGMENT_ECHO, /* back to where it comes from */
};

struct rs_fragment_way {
	__u64 until_ns;		  /* by the tick clock (jiffies) */
	struct rs_address source; /* what the addresses become */
	struct rs_address destination;
	__u32 ifindex;
	__u32 from_ifindex; /* where the first came in */
	__u8 mac[6];
	__u16 mtu; /* of an instance's link; 0 = any */
	__u8 to;   /* enum rs_fragment_to */
	__u8 way;  /* enum rs_way, to a client */
	__u8 pad[6];
};

_Static_assert(sizeof(struct rs_fragment_key) == 40, "ABI");
_Static_assert(sizeof(struct rs_fragment_way) == 64, "ABI");

#endif
