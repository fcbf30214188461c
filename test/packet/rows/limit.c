// SPDX-License-Identifier: BSD-2-Clause
/* Everything is bounded: what happens at each bound, and that nothing is lost there. */
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
#include <string.h>

static void given_one_place(struct world *world)
{
	given_one(world);
	rs_dp_instance(world->dp, 1)->limit = 1;
}

static void given_one_hold(struct world *world)
{
	given_nothing(world);
	rs_dp_revision(world->dp, 1)->hold_max = 1;
}

static void park_until(struct world *world, enum rs_reason reason, unsigned limit)
{
	for (unsigned i = 0; i < limit; i++) {
		many_syn(world, i, 1);
		if (i % 64 == 0 && world_counter(world, reason))
			return;
	}
	assert_true(world_counter(world, reason) > 0);
}

static void the_node_is_full(struct world *world)
{
	park_until(world, RS_REASON_hold_shed_node, 2 * RS_HOLDS_MIN);
	assert_int_equal(world->dp->rings->held, RS_HOLDS_MIN - RS_RING_MARGIN);
}

static void given_small_source_cap(struct world *world)
{
	given_nothing(world);
	uint32_t none = RS_HOLDS_PER_SOURCE_MAX;
	for (uint32_t i = 0; i < RS_SOURCES_MAX; i++)
		assert_int_equal(bpf_map_update_elem(world_map(world, "sources"), &i, &none, BPF_ANY), 0);
}

static void no_number_is_lost(struct world *world)
{
	assert_int_equal(world_next_number(world), 0);
}

/* The one that is held has its own. */
static void one_number_is_taken(struct world *world)
{
	assert_int_equal(world_next_number(world), 1);
}

static void sources_are_empty(struct world *world)
{
	no_number_is_lost(world);
	uint32_t none = 0;
	for (uint32_t i = 0; i < RS_SOURCES_MAX; i++)
		assert_int_equal(bpf_map_update_elem(world_map(world, "sources"), &i, &none, BPF_ANY), 0);
}

static void given_full_index(struct world *world)
{
	given_nothing(world);
	struct rs_tuple key = {0};
	uint64_t value = 0;
	for (uint32_t i = 1; i <= RS_HOLDS_MIN; i++) {
		memcpy(&key.source, &i, 4);
		assert_int_equal(bpf_map_update_elem(world_map(world, "hold_index"), &key, &value, BPF_ANY), 0);
	}
	world->junk = true;
}

/* An index entry that leads to a hold that has ended must not shut its client out. */
static void given_stale_index(struct world *world)
{
	given_nothing(world);
	struct packet syn = {.from = CLIENT, .to = VIP, .flags = SYN, .seq = 100};
	world_send_packet(world, RS_DP_CLIENT, world->client, &syn);
	struct rs_hold hold = world_hold(world);
	struct rs_tuple key = hold.key;
	hold.total_ms = 1;
	world_set_hold(world, &hold);
	world_wait(world, RS_REASON_hold_expired);
	uint64_t sequence = hold.sequence - 1;
	assert_int_equal(bpf_map_update_elem(world_map(world, "hold_index"), &key, &sequence, BPF_ANY), 0);
}

/* One long hold, and so many short ones behind it that the ring has to go on without it. */
static void a_long_hold_moves(struct world *world)
{
	many_syn(world, 0, 1);
	uint64_t first = world->dp->rings->hold.tail - 1, deadline = rs_now_ns() + 10 * RS_NS_PER_S;
	for (uint32_t seq = 1; !world_counter(world, RS_REASON_hold_moved); seq++) {
		assert_true(rs_now_ns() < deadline);
		if (world->dp->rings->hold.tail - world->dp->rings->hold.head < RS_HOLDS_MIN / 2 + 64)
			many_syn(world, 1, seq); /* ends the one before */
		else
			poll(NULL, 0, 1);
	}
	assert_int_equal(world->dp->rings->held, 2);
	assert_int_equal(rs_dp_hold_state(world->dp, first), RS_HOLD_MOVED);
	/* It is the same hold: a copy of its SYN refreshes it, and the agent finds it again. */
	uint64_t refreshed = world_counter(world, RS_REASON_hold_refreshed);
	many_syn(world, 0, 1);
	assert_int_equal(world_counter(world, RS_REASON_hold_refreshed), refreshed + 1);
}

struct heard {
	unsigned holds;
	unsigned slots;
};

static void hear_hold(void *user, unsigned long long sequence, unsigned revision)
{
	struct heard *heard = user;
	(void)sequence;
	assert_int_equal(revision, 1);
	heard->holds++;
}

static void hear_event(void *user, const struct rs_event *event)
{
	struct heard *heard = user;
	heard->slots += event->type == RS_EVENT_SLOT;
}

/* Two requests end while a SYN waits for their place: the agent hears of it once, and again once it has heard. */
static void slots_ring_once(struct world *world)
{
	struct heard heard = {0};
	rs_dp_holds_new(world->dp, hear_hold, &heard);
	assert_int_equal(heard.holds, 1);
	rs_dp_events_consume(world->dp, hear_event, &heard);
	assert_int_equal(heard.slots, 1);
	assert_int_equal(rs_dp_revision(world->dp, 1)->slot_rung, 0);
}

#define SYN_BY(n, ...) FROM_CLIENT, .in = {.from = {{10, 0, 0, 1}, n, 0x10}, .to = VIP, .flags = SYN, .seq = 100}
#define RST_BY(n)                                                                                                      \
	{                                                                                                              \
		FROM_CLIENT, .in = {.from = {{10, 0, 0, 1}, n, 0x10}, .to = VIP, .flags = RST, .seq = 101},            \
			     .verdict = REDIRECT, .counts = "forwarded"                                                \
	}

static void given_two_places(struct world *world)
{
	given_one(world);
	rs_dp_instance(world->dp, 1)->limit = 2;
}

// clang-format off
const struct row rows_limit[] = {
	{"a SYN whose headers are longer than a hold keeps is shed", given_nothing,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100, .ip_options = 6, .tcp_options = 10), .verdict = DROP,
	   .counts = "hold_begun hold_shed hold_shed_long"}}, IPV6_ONLY},
	{"a SYN with all the options there are is held", given_nothing,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100, .ip_options = 10, .tcp_options = 10), .verdict = DROP,
	   .counts = "hold_begun hold_parked hold_wake"}}, IPV4_ONLY},
	{"a full instance takes no more: the SYN is parked", given_one_place,
	 {SYN_FORWARDED,
	  {SYN_BY(41000), .verdict = DROP, .counts = "hold_begun hold_parked hold_wake"}}},
	{"places that become free ring once", given_two_places,
	 {SYN_FORWARDED,
	  {SYN_BY(41000), .verdict = REDIRECT, .counts = "connection_new forwarded"},
	  {SYN_BY(41001), .verdict = DROP, .counts = "hold_begun hold_parked hold_wake"},
	  RST_BY(40000),
	  RST_BY(41000),
	  {ACT, .act = slots_ring_once}}},
	{"a revision holds its maximum", given_one_hold,
	 {SYN_PARKED,
	  {SYN_BY(41000), .verdict = DROP, .counts = "hold_begun hold_shed hold_shed_revision",
	   .act = one_number_is_taken}}},
	{"a client holds its maximum", given_small_source_cap,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN), .verdict = DROP,
	   .counts = "hold_begun hold_shed hold_shed_source", .act = sources_are_empty}}},
	{"the node holds its maximum", given_nothing,
	 {{ACT, .act = the_node_is_full, .counts = "?"}}},
	{"the index of holds is full", given_full_index,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN), .verdict = DROP,
	   .counts = "hold_begun hold_shed hold_shed_map hold_wake", .act = no_number_is_lost}}},
	{"a stale index entry shuts nobody out", given_stale_index,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 9), .verdict = DROP,
	   .counts = "hold_begun hold_parked"}}},
	{"a long hold moves on when the ring is clogged", given_nothing,
	 {{ACT, .act = a_long_hold_moves, .counts = "?"}}},
	{0},
};
// clang-format on
