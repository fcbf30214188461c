/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Held SYNs. `holds` is a ring of slots in order of arrival; `hold_index`
 * leads from a connection's tuple to its slot. The kernel alone changes a
 * slot; the agent maps the ring, reads new slots from `tail` on, and makes
 * things happen only by sending packets.
 *
 * A slot's life: FREE while it is filled, HELD, FREE again while whoever won
 * the compare-and-swap accounts for its end, then the outcome. `sequence` is
 * written last, after HELD: a reader that finds its sequence finds a whole
 * hold, and never takes the state of the slot's last user for its own.
 *
 * begun = released + expired + shed + reset + held now, always.
 */
#ifndef RS_ABI_HOLD_H
#define RS_ABI_HOLD_H

#include "abi/address.h"
#include "abi/limits.h"

enum rs_hold_state {
	RS_HOLD_FREE, /* not in use, or in transition */
	RS_HOLD_HELD,
	RS_HOLD_RELEASED,
	RS_HOLD_EXPIRED,
	RS_HOLD_SHED,
	RS_HOLD_RESET,
	RS_HOLD_MOVED, /* goes on in a later slot */
	RS_HOLD_STATE_COUNT,
};

struct rs_hold {
	__u64 sequence; /* position in the ring + 1: tells a slot's users apart */
	__u32 state;	/* enum rs_hold_state, changed by compare-and-swap */
	__u32 version;	/* odd while the frame is being replaced */
	struct rs_tuple key;
	__u64 first_ns; /* of the first copy */
	__u64 last_ns;	/* of the newest copy */
	__u32 gap_ms;	/* between the two newest copies */
	__u32 isn;
	__u32 revision;
	__u32 route;
	__u32 weight_sequence;
	__u32 client_ifindex;
	__u32 total_ms; /* hold-timeout */
	__u32 port;	/* rs_frontend.port */
	__u32 queued;	/* UDP: see abi/datagram.h, as the next three */
	__u32 released;
	__u32 queued_bytes;
	__u32 datagram[RS_FLOW_DATAGRAMS_MAX];
	__u16 frame_length;
	__u16 retransmits;
	__u8 frame[RS_HOLD_FRAME_MAX]; /* Ethernet, IP and TCP (or UDP) headers of the newest copy, as received:
					* the TCP checksum may be partial, the sender's payload is cut off */
};

/* Heads and tails of the four rings: the only entry of the map `rings`. */
struct rs_ring {
	__u64 head;
	__u64 tail;
};

struct rs_rings {
	struct rs_ring hold;
	struct rs_ring flow_fast;
	struct rs_ring flow_slow;
	struct rs_ring flow_open;
	__u64 hold_cursor; /* where the sweeper goes on */
	__u64 sweeps;
	__u64 held;	       /* SYNs held now: slots in state HELD */
	__u64 datagram_cursor; /* where the next place is looked for */
	__u64 events_lost; /* the ring buffer was full; the agent compares, and looks at everything when it has grown */
};

_Static_assert(sizeof(struct rs_hold) == 288, "ABI");
_Static_assert(sizeof(struct rs_rings) == 104, "ABI");

#endif
