// SPDX-License-Identifier: BSD-2-Clause
/* Connections, few and many: what a SYN of a stranger may do, what goes when the tables are full, and what stays. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/many.h"
#include "packet/row.h"

#include "base/time.h"
#include "dp/internal.h"

#include <bpf/bpf.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>

#define OPEN_MAX  (RS_FLOWS_MIN / RS_FLOWS_OPEN_SHARE)
#define HALF_OPEN 50
#define OTHER	  16384 /* connections from here on are another address's */

/* Twice as many SYNs as there is room for connections, of one client. */
static void a_flood_of_syns(struct world *world)
{
	const unsigned friends = 100;
	for (unsigned i = 0; i < friends; i++) {
		assert_int_equal(many_syn(world, i, 1), REDIRECT);
		many_finish(world, i, 0);
	}
	for (unsigned i = 0; i < 2 * RS_FLOWS_MIN; i++)
		assert_int_equal(many_syn(world, friends + i, 1), REDIRECT);
	struct many_states states = many_states(world);
	assert_int_equal(states.established, friends);
	assert_true(states.half_open <= OPEN_MAX);
	assert_true(states.half_open > 0);
	assert_int_equal(world_counter(world, RS_REASON_flow_table_full), 0);
	assert_true(world_counter(world, RS_REASON_flow_evicted) >= 2 * RS_FLOWS_MIN - OPEN_MAX);
	/* The newest are those that are left: somebody real gets through. */
	assert_int_equal(many_syn(world, 4 * OTHER, 1), REDIRECT);
	many_finish(world, 4 * OTHER, 0);
	states = many_states(world);
	assert_int_equal(states.established, friends + 1);
	many_check_halves(world);
	many_wait_in_flight(world, states.half_open);
}

/* A handshake over a long way is under way while another client floods: the flood pushes out its own. */
static void a_distant_handshake(struct world *world)
{
	const unsigned distant = 0, friends = 20;
	for (unsigned i = 0; i < friends; i++)
		assert_int_equal(many_syn(world, distant + i, 1), REDIRECT);
	for (unsigned i = 0; i < 4 * OPEN_MAX; i++)
		many_syn(world, OTHER + i, 1);
	/* Where the flood meets them it waits, and goes on. */
	assert_true(world_counter(world, RS_REASON_flow_table_full) < 200);
	assert_true(world_counter(world, RS_REASON_flow_evicted) > 3 * OPEN_MAX - 200);
	for (unsigned i = 0; i < friends; i++)
		many_finish(world, distant + i, 1);
	assert_int_equal(many_states(world).established, friends);
}

/* A flood has ended, and what it began is half-open for long. Who opens one connection after another is no flood, and
 * gets in with each of them, though nobody else comes. */
static void after_a_flood(struct world *world)
{
	const unsigned friends = 200;
	for (unsigned i = 0; i < 2 * OPEN_MAX; i++)
		many_syn(world, OTHER + i, 1);
	uint64_t full = world_counter(world, RS_REASON_flow_table_full);
	for (unsigned i = 0; i < friends; i++) {
		assert_int_equal(many_syn(world, i, 1), REDIRECT);
		many_finish(world, i, 0);
	}
	assert_int_equal(world_counter(world, RS_REASON_flow_table_full), full);
	assert_int_equal(many_states(world).established, friends);
}

/* Everybody connects at once, many more than there is room for. Who is let in stays in, whoever comes later. */
static void more_than_there_is_room_for(struct world *world)
{
	enum { CROWD = 2 * RS_FLOWS_MIN };
	static bool is_in[CROWD];
	unsigned in = 0, out = 0;
	for (unsigned i = 0; i < CROWD; i++) {
		is_in[i] = many_syn(world, i, 1) == REDIRECT;
		in += is_in[i];
		out += !is_in[i];
		if (is_in[i])
			many_finish(world, i, 1);
	}
	assert_int_equal(world_counter(world, RS_REASON_flow_evicted), 0);
	assert_int_equal(world_counter(world, RS_REASON_flow_table_full), out);
	assert_true(in > RS_FLOWS_MIN / 2 && in <= RS_FLOWS_MIN);
	struct many_states states = many_states(world);
	assert_int_equal(states.established, in);
	assert_int_equal(states.half_open, 0);
	many_check_halves(world);
	for (unsigned i = 0; i < CROWD; i++) {
		if (is_in[i])
			assert_int_equal(
				many_send(world, i, (struct packet){.flags = ACK, .seq = 3, .ack = 901, .payload = 1}),
				REDIRECT);
	}
	assert_int_equal(world_counter(world, RS_REASON_no_flow), 0);
	many_wait_in_flight(world, in); /* not answered */
}

/* Opens connections until the map is full, of which it has `n` so far. The sweeper has to find those that are idle. */
static void fill(struct world *world, unsigned n)
{
	uint64_t deadline = rs_now_ns() + 20 * RS_NS_PER_S;
	for (unsigned i = 0; n < RS_FLOWS_MIN;) {
		assert_true(rs_now_ns() < deadline);
		uint64_t evicted = world_counter(world, RS_REASON_flow_evicted);
		if (many_syn(world, i, 1) != REDIRECT) {
			poll(NULL, 0, 20);
			continue;
		}
		many_finish(world, i++, 0);
		n += 1 - (unsigned)(world_counter(world, RS_REASON_flow_evicted) - evicted);
	}
	assert_int_equal(world_count(world, "flows"), RS_FLOWS_MIN);
}

/* The map is full of connections that are open. A new one is dropped, by its reason, until one of them ends. */
static void full_of_open_ones(struct world *world)
{
	fill(world, 0);
	uint64_t full = world_counter(world, RS_REASON_flow_table_full), number = world_next_number(world);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(many_syn(world, OTHER + i, 1), DROP);
	assert_int_equal(world_next_number(world), number); /* the weights are of what is admitted */
	assert_int_equal(world_counter(world, RS_REASON_flow_table_full), full + 100);
	assert_int_equal(world_counter(world, RS_REASON_flow_evicted), 0);
	assert_int_equal(many_states(world).established, RS_FLOWS_MIN);
	for (unsigned i = 0; i < RS_FLOWS_MIN; i++)
		assert_int_equal(many_send(world, i, (struct packet){.flags = ACK, .seq = 2, .ack = 901, .payload = 1}),
				 REDIRECT);
	many_check_halves(world);
	assert_int_equal(many_send(world, 7, (struct packet){.flags = RST, .seq = 3}), REDIRECT);
	uint64_t deadline = rs_now_ns() + 10 * RS_NS_PER_S;
	while (many_syn(world, OTHER, 1) != REDIRECT) { /* a second later its place is free */
		assert_true(rs_now_ns() < deadline);
		poll(NULL, 0, 20);
	}
	many_finish(world, OTHER, 0);
	assert_int_equal(many_states(world).established, RS_FLOWS_MIN);
}

/* The map is full, and some of it are handshakes that nobody goes on with: they give way. */
static void full_of_both(struct world *world)
{
	for (unsigned i = 0; i < HALF_OPEN; i++)
		assert_int_equal(many_syn(world, OTHER + i, 1), REDIRECT);
	fill(world, HALF_OPEN);
	struct many_states states = many_states(world);
	uint64_t evicted = world_counter(world, RS_REASON_flow_evicted);
	assert_true(states.half_open > 0);
	assert_int_equal(states.half_open + states.established, RS_FLOWS_MIN);
	uint64_t deadline = rs_now_ns() + 10 * RS_NS_PER_S;
	for (unsigned i = 0; i < states.half_open; i++) {
		/* Each looks at a few only; those that have gone on leave the ring in a second. */
		while (many_syn(world, (2 + i) * OTHER, 1) != REDIRECT) {
			assert_true(rs_now_ns() < deadline);
			poll(NULL, 0, 5);
		}
		many_finish(world, (2 + i) * OTHER, 0);
	}
	assert_int_equal(world_counter(world, RS_REASON_flow_evicted), evicted + states.half_open);
	assert_int_equal(many_states(world).established, RS_FLOWS_MIN);
	uint64_t full = world_counter(world, RS_REASON_flow_table_full);
	assert_int_equal(many_syn(world, OTHER, 1), DROP);
	assert_int_equal(world_counter(world, RS_REASON_flow_table_full), full + 1);
	many_check_halves(world);
}

/* --- both halves -------------------------------------------------------------------------------------------------- */

#define THREADS 4

struct walker {
	pthread_t thread;
	struct world *world;
	unsigned first;
};

/* Begins connections, and ends some of them while others begin them anew: the same tuples on every CPU. */
static void *begin_and_end(void *user)
{
	const struct walker *walker = user;
	for (unsigned i = 0; i < 3 * RS_FLOWS_MIN / 2; i++) {
		unsigned n = (walker->first + i * 7) % (2 * RS_FLOWS_MIN);
		many_syn(walker->world, n, i);
		if (i % 3 == 0)
			many_send(walker->world, n, (struct packet){.flags = RST, .seq = i + 1});
		if (i % 3 == 1)
			many_syn(walker->world, n, i + 1); /* ends the one before */
	}
	return NULL;
}

static void halves_go_together(struct world *world)
{
	struct walker walkers[THREADS];
	for (unsigned i = 0; i < THREADS; i++) {
		walkers[i] = (struct walker){.world = world, .first = i * 50};
		assert_int_equal(pthread_create(&walkers[i].thread, NULL, begin_and_end, &walkers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(walkers[i].thread, NULL);
	assert_true(world_counter(world, RS_REASON_flow_ended) > 1000);
	assert_true(world_counter(world, RS_REASON_flow_evicted) > 0);
	/* Those that were reset go on going; each goes whole. */
	rs_dp_instance_remove(world->dp, 1, 1001);
	world_instance(world, 1, RS_INSTANCE_READY);
	uint64_t deadline = rs_now_ns() + 20 * RS_NS_PER_S;
	while (world_count(world, "flows") || world_count(world, "replies")) {
		if (rs_now_ns() > deadline)
			fail_msg("%u flows and %u replies are left", world_count(world, "flows"),
				 world_count(world, "replies"));
		poll(NULL, 0, 50);
	}
}

/* One of both maps is full, of halves of nobody's: what cannot be tracked whole is not tracked. */
static void one_map_is_full(struct world *world, const char *name, size_t value_size)
{
	struct rs_tuple key = {0};
	char value[sizeof(struct rs_flow)] = {0};
	assert_true(value_size <= sizeof(value));
	int map = world_map(world, name);
	for (uint32_t i = 1; i <= RS_FLOWS_MIN; i++) {
		memcpy(&key.source, &i, 4);
		if (bpf_map_update_elem(map, &key, value, BPF_ANY) < 0)
			break;
	}
	const char *other = strcmp(name, "flows") == 0 ? "replies" : "flows";
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(many_syn(world, i, 1), DROP);
	assert_int_equal(world_counter(world, RS_REASON_flow_table_full), 10);
	assert_int_equal(world_count(world, other), 0);
	assert_int_equal(rs_dp_instance(world->dp, 1)->in_flight, 0);
	world->junk = true;
}

static void flows_are_full(struct world *world)
{
	one_map_is_full(world, "flows", sizeof(struct rs_flow));
}

static void replies_are_full(struct world *world)
{
	one_map_is_full(world, "replies", sizeof(struct rs_tuple));
}

/* --- few ---------------------------------------------------------------------------------------------------------- */

static void nothing_is_tracked(struct world *world)
{
	assert_int_equal(world_count(world, "flows"), 0);
	assert_int_equal(world_count(world, "replies"), 0);
}

static void one_wakes(struct world *world)
{
	nothing_is_tracked(world);
	world_instance(world, 1, RS_INSTANCE_READY);
}

static void its_state(struct world *world, uint32_t state)
{
	struct rs_tuple key;
	assert_int_equal(world_flow(world, &key).state, state);
}

static void is_half_open(struct world *world)
{
	its_state(world, RS_TCP_SYN_RECEIVED);
}

static void is_established(struct world *world)
{
	its_state(world, RS_TCP_ESTABLISHED);
}

static void is_half_closed(struct world *world)
{
	its_state(world, RS_TCP_FIN_CLIENT);
}

static void is_closed(struct world *world)
{
	its_state(world, RS_TCP_CLOSED);
}

/* Its instance dies, and it has been silent for as long as last words take. */
static void its_instance_dies(struct world *world)
{
	struct rs_tuple key;
	rs_dp_instance_remove(world->dp, 1, 1001);
	struct rs_flow flow = world_flow(world, &key);
	flow.client_ns -= RS_FLOW_GONE_MS * RS_NS_PER_MS;
	flow.server_ns -= RS_FLOW_GONE_MS * RS_NS_PER_MS;
	world_set_flow(world, &key, &flow);
	world_wait(world, RS_REASON_flow_ended);
	nothing_is_tracked(world);
}

#define STRANGER_SYN(...)                                                                                              \
	{                                                                                                              \
		FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 5000), .verdict = REDIRECT,                                   \
								OUT_TO_ONE(.flags = SYN, .seq = 5000),                 \
								.counts = "syn_retransmitted forwarded", __VA_ARGS__   \
	}
#define CHALLENGE                                                                                                      \
	{                                                                                                              \
		FROM_ONE, FROM_INSTANCE(.flags = ACK, .seq = 901, .ack = 101),                                         \
			.verdict = REDIRECT, OUT_TO_CLIENT(.flags = ACK, .seq = 901, .ack = 101), .counts = "replied"  \
	}
#define FIN_FORWARDED                                                                                                  \
	{                                                                                                              \
		FROM_CLIENT, TO_VIP(.flags = FIN | ACK, .seq = 101, .ack = 901),                                       \
			.verdict = REDIRECT, OUT_TO_ONE(.flags = FIN | ACK, .seq = 101, .ack = 901),                   \
			.counts = "forwarded"                                                                          \
	}

// clang-format off
const struct row rows_flow[] = {
	{"kubernetes#48719: a cold service leaves no flow behind that its wake would follow", given_nothing,
	 {SYN_PARKED,
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP, .counts = "hold_refreshed"},
	  {ACT, .act = one_wakes},
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = REDIRECT, OUT_TO_ONE(.flags = SYN, .seq = 100),
	   .counts = "connection_new forwarded"},
	  {FROM_ONE, FROM_INSTANCE(.flags = SYN | ACK, .seq = 900, .ack = 101), .verdict = REDIRECT,
	   OUT_TO_CLIENT(.flags = SYN | ACK, .seq = 900, .ack = 101), .counts = "replied hold_released"},
	  ACK_FORWARDED}},
	{"cilium#34833: both halves of a flow go together, whoever ends it", given_one,
	 {{ACT, .act = halves_go_together, .counts = "?"}}},
	{"cilium#34833: the map of flows is full: no reply is left alone", given_one,
	 {{ACT, .act = flows_are_full, .counts = "?"}}},
	{"cilium#34833: the map of replies is full: no flow is left alone", given_one,
	 {{ACT, .act = replies_are_full, .counts = "?"}}},
	{"a stranger's SYN does not end a half-open connection", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED,
	  STRANGER_SYN(.act = is_half_open),
	  CHALLENGE,
	  ACK_FORWARDED,
	  {ACT, .act = is_established}}},
	{"a stranger's SYN does not end a half-closed connection", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED, FIN_FORWARDED,
	  STRANGER_SYN(.act = is_half_closed)}},
	{"a client that begins anew says so to the challenge, and is served", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  STRANGER_SYN(.act = is_established),
	  CHALLENGE,
	  {FROM_CLIENT, TO_VIP(.flags = RST, .seq = 101), .verdict = REDIRECT, OUT_TO_ONE(.flags = RST, .seq = 101),
	   .counts = "forwarded", .act = is_closed},
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 5000), .verdict = REDIRECT, OUT_TO_ONE(.flags = SYN, .seq = 5000),
	   .counts = "flow_ended connection_new forwarded"}}},
	{"both ends begin anew: the instance's SYN-ACK says so", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED, FIN_FORWARDED,
	  STRANGER_SYN(.act = is_half_closed),
	  {FROM_ONE, FROM_INSTANCE(.flags = SYN | ACK, .seq = 70000, .ack = 5001), .verdict = REDIRECT,
	   OUT_TO_CLIENT(.flags = SYN | ACK, .seq = 70000, .ack = 5001), .counts = "replied", .act = is_half_open},
	  {FROM_CLIENT, TO_VIP(.flags = ACK, .seq = 5001, .ack = 70001), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = ACK, .seq = 5001, .ack = 70001), .counts = "forwarded", .act = is_established}}},
	{"an instance dies: its silent connections are forgotten soon", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  {ACT, .act = its_instance_dies, .counts = "flow_ended flow_idle"}}},
	{"a flood of SYNs pushes out its own, and nobody else", given_one,
	 {{ACT, .act = a_flood_of_syns, .counts = "?"}}},
	{"a flood does not push out a handshake over a long way", given_one,
	 {{ACT, .act = a_distant_handshake, .counts = "?"}}, .families = IPV4_ONLY}, // of one /64 all are one client
	{"after a flood who connects again and again gets in", given_one,
	 {{ACT, .act = after_a_flood, .counts = "?"}}},
	{"more connections at once than there is room for: none that is open is lost", given_one,
	 {{ACT, .act = more_than_there_is_room_for, .counts = "?"}}, .families = IPV4_ONLY}, // these three take seconds
	{"full of open connections: a new one is dropped", given_one,
	 {{ACT, .act = full_of_open_ones, .counts = "?"}}, .families = IPV4_ONLY},
	{"full of open and half-open connections: the half-open give way", given_one,
	 {{ACT, .act = full_of_both, .counts = "?"}}, .families = IPV4_ONLY},
	{0},
};
// clang-format on
