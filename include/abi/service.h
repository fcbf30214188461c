/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the agent tells the dataplane: frontends (VIP:port) lead to a route,
 * a route's slots to a revision, a revision to its instances.
 *
 *	frontends  hash   rs_frontend_key -> rs_frontend
 *	external   array  u32 word        -> u64          bits: ports of the node's own addresses that lead to services
 *	routes     hash   u32 route       -> rs_route      replaced whole: an update is atomic
 *	allowed    trie   rs_allowed_key  -> u32           who may use the routes that name a list
 *	revisions  array  u32 revision    -> rs_revision   memory-mapped by the agent
 *	instances  array  u32 instance    -> rs_instance   memory-mapped by the agent
 *	maglev     hash   u32 revision    -> rs_maglev     of those that pick by hash
 *
 * Entry 0 of both arrays is never used, so that 0 means none.
 */
#ifndef RS_ABI_SERVICE_H
#define RS_ABI_SERVICE_H

#include "abi/address.h"
#include "abi/limits.h"

struct rs_frontend_key {
	struct rs_address address;
	__be16 port;
	__u8 protocol;
	__u8 pad;
};

struct rs_frontend {
	__u32 route;
	__u8 port; /* index into rs_instance.port of whoever is picked */
	__u8 pad[3];
};

/* The map `external`: a bit for each port of each protocol, TCP's first, that may lead from the node's own addresses to
 * a service. It keeps packets that are nobody's business from being looked up. */
#define RS_EXTERNAL_WORDS 2048

RS_INLINE __u32 rs_external_word(__u16 port, __u8 protocol)
{
	return (protocol == RS_PROTOCOL_UDP ? RS_EXTERNAL_WORDS / 2 : 0) + port / 64;
}

RS_INLINE __u64 rs_external_bit(__u16 port)
{
	return 1ULL << (port % 64);
}

struct rs_route {
	__u64 sequence;	 /* connections so far; the next one takes slot[sequence % 100]. Restarts on change */
	__u64 denied_ns; /* when the agent was last told of a client that was kept out */
	__u32 denied;	 /* SYNs that were kept out by the next two */
	__u32 allowed;	 /* the list in `allowed` that a client must be in; 0 = anyone may */
	__u32 flags;	 /* RS_ROUTE_* */
	__u32 generation;
	__u32 seed;			    /* RS_ROUTE_STICKY: of the hash that gives a client its slot */
	__u32 target[RS_ROUTE_TARGETS_MAX]; /* revisions; 0 = its share is refused */
	__u8 slot[RS_ROUTE_SLOTS];	    /* index into target */
};

/* Not for clients behind an uplink (networking.knative.dev/visibility: cluster-local). */
#define RS_ROUTE_LOCAL 1
/* A client keeps its revision: the slot is the one of its address, not the next (rouse.dev/sticky). */
#define RS_ROUTE_STICKY 2

/* One address range of a list. The value says nothing: being there is what counts. */
struct rs_allowed_key {
	__u32 prefix_bits; /* that must match: 32 of the list's number, and those of the range */
	__u32 list;
	struct rs_address address;
};

#define RS_ALLOWED_LIST_BITS	32
#define RS_ALLOWED_ADDRESS_BITS 128

/* Which instance of a revision takes the next connection. */
enum rs_pick_policy {
	RS_PICK_LEAST_LOADED, /* the fewest requests in flight */
	RS_PICK_HASH,	      /* by the client's address, from the table in `maglev` */
	RS_PICK_FIRST,	      /* the first in the list that has room: fills one before it opens the next */
	RS_PICK_POLICY_COUNT,
};

struct rs_revision {
	__u32 wake; /* 1 = has rung the agent and got no answer yet */
	__u32 held; /* SYNs held for it now */
	__u32 hold_max;
	__u32 hold_total_ms;  /* rouse.dev/hold-timeout */
	__u32 instance_count; /* places of instance[] that may be in use */
	__u32 slot_rung;      /* 1 = a SLOT event is on its way to the agent */
	__u64 uid;    /* first half of the revision's UUID: a restarted agent knows its entries by it; 0 = free */
	__u32 policy; /* enum rs_pick_policy */
	__u8 ports;   /* bit n: its instances have a port[n]; a frontend of another index finds no target */
	__u8 udp;     /* bit n: that one is UDP's, else TCP's */
	__u8 pad[2];
	__u32 instance[RS_REVISION_INSTANCES_MAX]; /* 0 = empty place; each is written atomically */
};

/* Places of rs_revision.instance[], spread so that each instance has its share and few entries change when one comes or
 * goes. A client's entry is the hash of its address. */
struct rs_maglev {
	__u8 place[RS_MAGLEV_SIZE];
	__u8 pad[3];
};

enum rs_instance_state {
	RS_INSTANCE_FREE,
	RS_INSTANCE_STARTING, /* not to be picked */
	RS_INSTANCE_PROBABLE, /* listens; only released SYNs may try it */
	RS_INSTANCE_READY,
	RS_INSTANCE_DRAINING, /* keeps its connections, gets no new ones */
	RS_INSTANCE_DEAD,     /* its connections are answered with RST */
	RS_INSTANCE_STATE_COUNT,
};

/* The agent decides readiness by probes: the kernel must not set PROBABLE or READY by itself. */
#define RS_INSTANCE_PROBED 1
/* The agent has seen that its main port is served in the other family alone: its RST to a SYN of this one is for the
 * client to hear. Cleared when a socket of the family begins to listen. */
#define RS_INSTANCE_DEAF(family) (2U << (family))

struct rs_instance {
	__u32 state;
	__u32 generation; /* changes each time the entry is used anew */
	__u32 revision;
	__u32 in_flight; /* connections with a request open; the pick reserves by compare-and-swap */
	__u32 limit;	 /* containerConcurrency, 0 = none */
	__u32 ifindex;	 /* host side of its veth; 0 = reach it by the kernel's routing */
	__u32 flows;	 /* connections, open or lingering */
	__u32 flags;
	__u32 backlog;				/* of the listener, as seen at listen() */
	__u16 mtu;				/* of its veth */
	__u8 listening[RS_FAMILIES];		/* bit n: port[n] has a socket that takes this family */
	struct rs_address address[RS_FAMILIES]; /* all zero = it has none */
	__be16 port[RS_PORTS_MAX];		/* 0 = none; readiness is that of port[0] */
	__u8 mac[6];				/* of the interface inside */
	__u8 udp;				/* bit n: port[n] is UDP's */
	__u8 pad;
	__u64 ready_ns; /* when the first SYN-ACK passed */
};

/* Per CPU, summed by the reader. With them the time-weighted concurrency is exact at any time T:
 * integral = sum_end - sum_start + (started - ended) * T  (modulo 2^64).
 *
 * A reader that sees `started` without its `sum_start_ns` would be wrong by the whole of T, so the first four change
 * together: `begun` is raised before and `settled` after. A copy, which the kernel makes in the order of the fields, is
 * whole when both are equal. */
struct rs_revision_stats {
	__u64 settled;
	__u64 started; /* times a connection became busy (docs: requests without a view into the protocol) */
	__u64 ended;
	__u64 sum_start_ns;
	__u64 sum_end_ns;
	__u64 connections;
	__u64 bytes_in;	 /* TCP payload from clients */
	__u64 bytes_out; /* TCP payload to clients */
	__u64 resets;	 /* RSTs by instances */
	__u64 begun;
};

_Static_assert(sizeof(struct rs_frontend_key) == 20, "ABI");
_Static_assert(sizeof(struct rs_frontend) == 8, "ABI");
_Static_assert(sizeof(struct rs_route) == 200, "ABI");
_Static_assert(sizeof(struct rs_allowed_key) == 24, "ABI");
_Static_assert(sizeof(struct rs_revision) == 296, "ABI");
_Static_assert(sizeof(struct rs_maglev) == 1024, "ABI");
_Static_assert(sizeof(struct rs_instance) == 104, "ABI");
_Static_assert(sizeof(struct rs_revision_stats) == 80, "ABI");

#endif
