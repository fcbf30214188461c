/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Every maximum of the dataplane, with its reason. */
#ifndef RS_LIMITS_H
#define RS_LIMITS_H

/* A route's weights are whole percentages: 100 slots make them exact. */
#define RS_ROUTE_SLOTS 100
/* Traffic targets of one route: a canary needs 2, a long rollout a handful; 16 keep a route at 200 bytes. */
#define RS_ROUTE_TARGETS_MAX 16
/* Instances of one revision: the pick reads them all, some nanoseconds each. */
#define RS_REVISION_INSTANCES_MAX 64
/* Entries of a revision's consistent-hash table, a prime (Maglev's permutations need one). 1 KiB for each revision that
 * asks for it; the shares of ten instances are within 1 % of each other, those of 64 (15 or 16 entries) within 7 %. The
 * paper's 65537 make that 0.1 %, at a cost of 64 KiB a revision: requests differ by more. */
#define RS_MAGLEV_SIZE 1021
/* Entries that are tried, one after the other, until an instance can take the connection: with half of them full, one
 * walk in 256 finds none, and the least loaded takes it. */
#define RS_MAGLEV_TRIES 8
/* Ports of one service: a bit each in a byte. */
#define RS_PORTS_MAX 8
/* An Ethernet, an IPv4 and a TCP header, each at its longest, rounded up to 8 bytes. With IPv6 it leaves 22 bytes for
 * extension headers beside a TCP header at its longest: a SYN that has more is shed (hold_shed_long). */
#define RS_HOLD_FRAME_MAX 136

/* Defaults of the maps' sizes; `roused` changes them before the load. Rings and holds are powers of two. */
#define RS_FRONTENDS_MAX 98304 /* VIP:port pairs: two a service or tag, and that it is there */
#define RS_ROUTES_MAX	 32768 /* a service, and each of its tags */
#define RS_REVISIONS_MAX 16384 /* that routes lead to, or that have instances; some 500 bytes each */
#define RS_INSTANCES_MAX 4096
#define RS_HOLDS_MAX	 16384	/* holds on the node at once; 4.5 MiB */
#define RS_FLOWS_MAX	 131072 /* tracked connections */
#define RS_SOURCES_MAX	 16384	/* counters that clients' addresses are spread over; a power of two */
#define RS_IFACES_MAX	 8192
#define RS_ALLOWED_MAX	 65536 /* ranges of all rouse.dev/allow-from lists; each takes memory when it is used */
#define RS_EVENTS_BYTES	 (256 * 1024)

/* Admission: holds of one revision (Knative's documented queue depth), and of one client address. */
#define RS_HOLDS_PER_REVISION_MAX 10000
#define RS_HOLDS_PER_SOURCE_MAX	  8192

/* A producer takes its place in a ring before it writes; this many CPUs may do so at once near its end. */
#define RS_RING_MARGIN 512
/* Half-open connections are at most this part of all: a flood of SYNs evicts its own, never what is established. */
#define RS_FLOWS_OPEN_SHARE 4
/* A flood's SYN looks at so many of the oldest half-open connections for one of its own client. */
#define RS_EVICT_TRIES 4
/* How far ahead of what its receiver has acknowledged a sender may be: Linux's receive windows end at 6 MiB
 * (tcp_rmem), twice that and rounded up. */
#define RS_TCP_WINDOW_MAX (16U * 1024 * 1024)
/* A SYN with data of its own (RFC 7413) and the one number that it takes itself. */
#define RS_TCP_SYN_DATA_MAX 65536U
/* The agent hears of clients that a service keeps out once in so long, whatever they send. */
#define RS_DENIED_TELL_MS 60000
/* Smallest rings that leave something beside their margins. */
#define RS_HOLDS_MIN 2048
#define RS_FLOWS_MIN 4096
/* Packets that arrive in fragments at one time; 0.6 MiB. */
#define RS_FRAGMENTS_MAX 4096
/* The time that a receiver waits for the rest of one: Linux 30 s, RFC 8200 60 s. */
#define RS_FRAGMENT_MS 30000
/* ICMP errors that a CPU sends: one each millisecond, so many at once (Linux: 1000/s, 50 at once, all CPUs). */
#define RS_ICMP_REFILL_NS 1000000ULL
#define RS_ICMP_BURST	  100
/* A client's port that is taken at the instance: so many others are tried. */
#define RS_PORT_TRIES 8
/* Ring entries that one run of the sweeper may visit: bounds its softirq time to about 20 us. */
#define RS_SWEEP_STEPS 64

/* Hold expiry (RFC 6298 timers grow to 16 s and more; a client that is gone sends nothing): milliseconds. */
#define RS_HOLD_IDLE_MIN_MS 8000
#define RS_HOLD_TOTAL_MS    60000

/* Flow ageing in milliseconds. */
#define RS_FLOW_VISIT_FAST_MS  1000	/* busy, half-open and closing flows */
#define RS_FLOW_VISIT_SLOW_MS  30000	/* idle established flows */
#define RS_FLOW_HALF_OPEN_MS   75000	/* Linux gives a handshake about this long */
#define RS_FLOW_ESTABLISHED_MS 86400000 /* a day without a packet; RFC 5382 asks for at least 2 h 4 min */
#define RS_FLOW_CLOSED_MS      1000	/* time for a retransmitted FIN */
#define RS_FLOW_FIN_MS	       120000	/* one side closed, the other silent */
#define RS_FLOW_GONE_MS	       10000	/* its instance is gone: time for the last words of its sockets */
/* Of UDP: RFC 4787 (REQ-5) asks for 2 minutes at least; of what nobody has answered, Linux' conntrack keeps it so long.
 */
#define RS_UDP_UNREPLIED_MS 30000
#define RS_UDP_REPLIED_MS   180000
/* Without a view into the protocol: answered, and silent for this long, is idle. */
#define RS_BUSY_SILENCE_MS 1000
/* Much of UDP is never answered: a datagram is taken for done after the time that a resolver waits (5 s). */
#define RS_UDP_BUSY_UNANSWERED_MS 5000

/* Held datagrams. Of one flow: a QUIC client's first flight is 1 to 3, a game's or a VoIP call's first moments 8. */
#define RS_FLOW_DATAGRAMS_MAX	    8
#define RS_FLOW_DATAGRAMS_BYTES_MAX 8192
/* Of the node: places of 2 KiB, which take a whole Ethernet frame each. A power of two. */
#define RS_DATAGRAMS_MAX      1024
#define RS_DATAGRAM_FRAME_MAX 2032
/* Places that are tried for one datagram: with three of four taken, one in ten finds none. */
#define RS_DATAGRAM_TRIES 8
/* Whoever sends so many during the release of the first ones loses some: so that the release comes to an end. */
#define RS_FLOW_DATAGRAMS_RELEASED_MAX 64
/* An instance has been ready for so long, and the agent has not let go what is held for it: no agent is there. */
#define RS_RELEASE_PATIENCE_MS 1000
/* An instance has been ready for so long, and still nobody listens on one of its further ports: nobody will. */
#define RS_PORT_PATIENCE_MS 5000

#endif
