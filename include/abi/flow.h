/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One tracked connection. `flows` has it under the client's tuple (client to
 * VIP); `replies` has under the instance's tuple (instance to client) what its
 * packets need. Both are made and removed together.
 *
 * A look-up costs more than all the rest of a packet's way, so the replies of
 * an open connection do with one: what they change is noted in the reply, and
 * the flow catches up when somebody asks (pure/reply.h).
 */
#ifndef RS_ABI_FLOW_H
#define RS_ABI_FLOW_H

#include "abi/address.h"

enum rs_flow_state {
	RS_TCP_SYN_SENT,     /* the client's SYN was sent on */
	RS_TCP_SYN_RECEIVED, /* the instance's SYN-ACK was sent back */
	RS_TCP_ESTABLISHED,
	RS_TCP_FIN_CLIENT, /* the client has closed its half */
	RS_TCP_FIN_SERVER,
	RS_TCP_FIN_BOTH,
	RS_TCP_CLOSED, /* RST, or both FINs and the last ACK */
	RS_TCP_STATE_COUNT,
	RS_UDP_UNREPLIED = RS_TCP_STATE_COUNT, /* the client's datagram was sent on */
	RS_UDP_REPLIED,			       /* the instance has sent one back */
	RS_UDP_STREAM, /* the client has sent again after that: most who forge an address cannot know when to */
	RS_FLOW_STATE_COUNT,
};

/* How a packet reaches the interface that a client sits behind. */
enum rs_way {
	RS_WAY_STACK, /* the kernel routes it, as what comes in by rouse0 */
	RS_WAY_PEER,  /* into the peer of a veth, past the host's stack */
	RS_WAY_NEIGH, /* out of an interface, next hop from the neighbour table */
	RS_WAY_HOST,  /* to a client on this host, by the ingress of rouse0 */
	RS_WAY_COUNT,
};

struct rs_flow {
	__u64 born_ns;	  /* of the SYN; also tells apart connections that reuse a tuple */
	__u64 client_ns;  /* last packet from the client; this and the next two by the tick clock (jiffies) */
	__u64 server_ns;  /* last SYN-ACK or payload from the instance */
	__u64 request_ns; /* last payload from the client */
	__u64 bytes_in;
	__u64 bytes_out;
	struct rs_address instance_address;
	__be16 instance_port;
	__u8 instance_mac[6];
	__u32 instance; /* entry and generation in `instances` */
	__u32 instance_generation;
	__u32 instance_ifindex;
	__u32 revision;
	__u32 route;
	__u32 weight_sequence; /* the route's sequence number that picked the revision */
	__u32 isn;	       /* of the client's SYN, host order */
	__u32 client_ifindex;
	__u32 state;	    /* enum rs_flow_state */
	__u32 busy;	    /* 1 = counted as in flight; changed by compare-and-swap */
	__u32 ended;	    /* 1 = removed; changed by compare-and-swap: whoever wins accounts for it */
	__u32 in_fast_ring; /* 1 = an entry of flow_ring_fast exists; changed by compare-and-swap */
	__be16 seen_port;   /* the client's port as the instance sees it: another one when its own is taken there */
	__u8 client_mac[6];
	__u8 client_way;   /* enum rs_way */
	__u8 in_slow_ring; /* 1 = an entry of flow_ring_slow exists; the sweeper's own */
	__u8 hairpin;	   /* 1 = the client is the instance itself, which sees the VIP in its place */
	__u8 refused;	   /* 1 = the instance answered the SYN with RST: its next copy begins anew, or is held */
	__u32 server_isn;  /* of the instance's SYN-ACK, host order as the next two */
	__u32 server_ack;  /* what the instance last acknowledged, and */
	__u32 client_next; /* what the client has sent: between them is whatever of it may end the connection */
	__u16 port;	   /* rs_frontend.port */
	__u16 instance_mtu;
	__u32 held; /* UDP: 1 = datagrams of it are held: what comes queues behind them */
};

struct rs_reply {
	struct rs_tuple key; /* of the flow */
	__u64 server_ns;     /* this and the next two are those of the flow, and newer */
	__u64 bytes_out;
	__u32 server_ack;
	__u32 answered; /* what the last of its packets acknowledged that carried something */
	__u32 settled;	/* 1 = open: only SYN, FIN and RST still change the flow's state */
	__u32 revision; /* from here on what the flow says, for its replies */
	__u32 instance_ifindex;
	__u32 client_ifindex;
	__u8 client_mac[6];
	__u8 client_way;
	__u8 pad;
};

/* Ageing: a flow stands in the open ring until its handshake is over, then in the fast ring (both are visited each
 * second) while it is busy or closing, and in the slow ring while it is idle. The sweeper pops the head and puts back
 * what lives. The open ring is the smallest, and who finds it full pops its head: the oldest half-open flow goes. */
struct rs_flow_ring_entry {
	__u64 sequence; /* position + 1 once written */
	__u64 due_ns;
	__u64 born_ns;
	struct rs_tuple key;
};

_Static_assert(sizeof(struct rs_flow) == 152, "ABI");
_Static_assert(sizeof(struct rs_reply) == 88, "ABI");
_Static_assert(sizeof(struct rs_flow_ring_entry) == 64, "ABI");

/* Entries of the map `ifaces`: interfaces that clients or instances sit behind. */
struct rs_iface {
	__u32 way;   /* enum rs_way for packets towards it */
	__u32 flags; /* RS_IFACE_* */
	__u32 mtu;   /* 0 = not known */
};

#define RS_IFACE_CLSACT	      1	 /* our program is a clsact filter there */
#define RS_IFACE_CLSACT_QDISC 2	 /* and we made the qdisc: it goes with the last filter */
#define RS_IFACE_UPLINK	      4	 /* leads out of this node */
#define RS_IFACE_XDP_GENERIC  8	 /* our XDP program runs in the stack there, not in the driver */
#define RS_IFACE_XDP_VETH     16 /* it is a veth, which sends XDP frames back only by redirection */

#endif
