/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of the packet at hand, on its way through the cold path: a
 * per-CPU place instead of the stack, of which one chain of calls has 512
 * bytes. The programs of one CPU run one after the other (softirq), and each
 * fills in what it hands on, so nothing of an earlier packet is ever read (but begun).
 *
 * Established connections never come here: their packet stays on the stack.
 */
#ifndef RS_WORK_BPF_H
#define RS_WORK_BPF_H

#include "maps.bpf.h"
#include "pure/packet.h"

#define RS_PIECE 64

/* Who sends, and how to reach them. */
struct rs_sender {
	__u32 ifindex;
	__u32 way; /* enum rs_way */
	__u8 mac[6];
	bool released; /* the agent, letting a held SYN go on */
	bool outside;  /* not on this node */
};

/* What a connection was given: its route's revision, and which port of an instance. */
struct rs_park {
	__u32 route;
	__u32 revision;
	__u32 weight_sequence;
	__u32 port;	/* rs_frontend.port */
	__u32 numbered; /* 1 = weight_sequence was taken for this very packet, from the route's */
};

struct rs_work {
	struct rs_packet packet;
	struct rs_sender sender;
	struct rs_park park; /* revision 0: nothing was given yet */
	__u32 instance;	     /* picked, with its place reserved */
	__u32 is_fragment;   /* 1 = the packet is the first of its fragments: not to be held */
	struct rs_frontend_key front;
	/* A new flow is put together here. */
	struct rs_tuple key;
	struct rs_tuple reply;
	struct rs_flow flow;
	struct rs_reply noted;
	struct rs_tuple begun; /* the last flow that has begun on this CPU */
	/* Of a flow that ends: may be another than the packet's. */
	struct rs_tuple ended_key;
	struct rs_tuple ended_reply;
	struct rs_tuple unheld_key;	       /* of a hold that ends */
	__u32 piece[RS_PIECE / sizeof(__u32)]; /* of a frame whose sum is computed (layer_xdp.bpf.h) */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct rs_work);
} work SEC(".maps") __weak;

RS_INLINE struct rs_work *rs_work(void)
{
	__u32 zero = 0;
	return bpf_map_lookup_elem(&work, &zero);
}

#endif
