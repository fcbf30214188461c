/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the dataplane tells the agent through the ring buffer `events`. All are hints: the truth is in the maps. */
#ifndef RS_ABI_EVENT_H
#define RS_ABI_EVENT_H

#include "abi/address.h"

#define RS_EVENTS(X)                                                                                                   \
	X(WAKE, "a revision has holds and has not rung since the agent last answered")                                 \
	X(RACED, "a SYN was parked while an instance became ready: release again")                                     \
	X(SLOT, "a place became free in a revision that has holds")                                                    \
	X(LISTEN, "an instance's namespace has a new listening socket, or a bound one of UDP")                         \
	X(READY, "an instance answered its first SYN")                                                                 \
	X(REFUSED, "an instance answered a SYN with RST")                                                              \
	X(DENIED, "a service kept a client out; told once a minute")

enum rs_event_type {
#define X(name, text) RS_EVENT_##name,
	RS_EVENTS(X)
#undef X
		RS_EVENT_COUNT,
};

struct rs_event {
	__u32 type; /* enum rs_event_type */
	__u32 revision;
	__u64 time_ns;
	__u32 instance;
	__u32 backlog; /* LISTEN */
	__u16 port;    /* LISTEN, host order; 0 = not bound before listen() */
	__u8 loopback; /* LISTEN: bound to 127.0.0.0/8 or ::1 */
	__u8 serves; /* LISTEN: 1 + the index of the instance's port that it serves; 0 = its port or address is none */
	__u32 route; /* DENIED, as the rest */
	struct rs_address source;
	__u32 denied; /* clients' SYNs so far, this one included */
	__u32 reason; /* enum rs_reason */
};

_Static_assert(sizeof(struct rs_event) == 56, "ABI");
_Static_assert(__builtin_offsetof(struct rs_event, instance) == 16, "ABI");
_Static_assert(__builtin_offsetof(struct rs_event, port) == 24, "ABI");
_Static_assert(__builtin_offsetof(struct rs_event, source) == 32, "ABI");

#endif
