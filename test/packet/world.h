/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world of a packet test: a network namespace of its own with
 *
 *	client  a veth that clients sit behind        (reached by redirect_peer)
 *	uplink  another one                           (reached by redirect_neigh)
 *	one, two  host sides of two instances' veths
 *	rouse0 - rouse1
 *
 * and a freshly loaded dataplane with one service: VIP:80 and VIP:8080 lead to
 * route 1, that to revision 1, that to the instances 1 and 2, which do not
 * exist until a row asks for them.
 */
#ifndef RS_TEST_WORLD_H
#define RS_TEST_WORLD_H

#include "dp/dp.h"
#include "packet/frame.h"

#define PASS	 (-1)
#define DROP	 2
#define REDIRECT 7

/* The last number is the MAC's last byte: 1 the gateway's, ours. */
#define CLIENT                                                                                                         \
	{                                                                                                              \
		{10, 0, 0, 1}, 40000, 0x10                                                                             \
	}
#define VIP                                                                                                            \
	{                                                                                                              \
		{198, 18, 0, 5}, 80, 1                                                                                 \
	}
#define VIP_8080                                                                                                       \
	{                                                                                                              \
		{198, 18, 0, 5}, 8080, 1                                                                               \
	}
#define ONE                                                                                                            \
	{                                                                                                              \
		{198, 19, 0, 1}, 8080, 0x21                                                                            \
	}
#define TWO                                                                                                            \
	{                                                                                                              \
		{198, 19, 0, 2}, 8080, 0x22                                                                            \
	}

struct world {
	struct rs_dp *dp;
	unsigned client;
	unsigned uplink;
	unsigned one;
	unsigned two;
	unsigned rouse0;
	unsigned rouse1;
	struct rs_counters before; /* of the current step */
	bool junk;		   /* the row has put entries of its own into the maps */
	char *bpf_dir;
};

/* The namespace and its interfaces, once for the program. False (with a reason) where it cannot be had. */
bool world_prepare(const char **ret_why);
/* A freshly loaded dataplane. */
void world_open(struct world *world);
/* What must hold whenever nothing is under way. */
void world_check(const struct world *world);
/* Removes everything. */
void world_close(struct world *world);

int world_map(const struct world *world, const char *name);
const struct bpf_object *world_object(const struct world *world);
/* Makes instance 1 or 2 of revision 1, in that state. */
struct rs_instance *world_instance(struct world *world, unsigned id, enum rs_instance_state state);
/* What several tables are given. */
void given_nothing(struct world *world);
void given_one(struct world *world);	  /* instance 1 is ready */
void given_both(struct world *world);	  /* 1 and 2 are */
void given_probable(struct world *world); /* 1 listens, and has not answered yet */
/* Route 1: so many of 100 slots go to `revision`, the others to revision 1. */
void world_route(struct world *world, unsigned revision, unsigned slots);
/* The number that the route's next connection will have. */
uint64_t world_next_number(const struct world *world);

/* Clients' frames go through the XDP program, not through TC's. The verdict is told in TC's numbers. */
extern bool world_by_xdp;
/* Sends a frame through `side`'s program as if it had come in by `ifindex`. Returns the verdict. */
int world_send(struct world *world, enum rs_dp_side side, unsigned ifindex, const struct frame *in, unsigned mark,
	       struct frame *ret_out);
int world_send_packet(struct world *world, enum rs_dp_side side, unsigned ifindex, const struct packet *packet);

/* The only hold (or flow, as its replies have it) there is; fails the test when there is none. */
struct rs_hold world_hold(const struct world *world);
struct rs_flow world_flow(const struct world *world, struct rs_tuple *ret_key);
struct rs_reply world_reply(const struct world *world, const struct rs_tuple *key, const struct rs_flow *flow);
void world_set_reply(const struct world *world, const struct rs_tuple *key, const struct rs_flow *flow,
		     const struct rs_reply *reply);
void world_set_hold(const struct world *world, const struct rs_hold *hold);
void world_set_flow(const struct world *world, const struct rs_tuple *key, const struct rs_flow *flow);
/* Ends the test as skipped. */
void world_skip(struct world *world, const char *why);
unsigned world_count(const struct world *world, const char *map);

uint64_t world_counter(const struct world *world, enum rs_reason reason);
/* Waits until the counter has risen by one at least since the row began its step. */
void world_wait(const struct world *world, enum rs_reason reason);

extern const char *const reason_names[RS_REASON_COUNT];
/* What was counted in all rows so far. */
extern uint64_t world_reached[RS_REASON_COUNT];

#endif
