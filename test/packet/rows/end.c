// SPDX-License-Identifier: BSD-2-Clause
/* What ends by the kernel alone: holds that expire, connections that age, requests that are answered. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/row.h"

#include "base/time.h"
#include "dp/internal.h"

#include <poll.h>

static void given_short_holds(struct world *world)
{
	given_nothing(world);
	rs_dp_revision(world->dp, 1)->hold_total_ms = 30;
}

static void hold_ends_by_total(struct world *world)
{
	world_wait(world, RS_REASON_hold_expired_total);
	assert_int_equal(rs_dp_revision(world->dp, 1)->held, 0);
}

static void hold_ends_by_silence(struct world *world)
{
	struct rs_hold hold = world_hold(world);
	hold.last_ns -= (RS_HOLD_IDLE_MIN_MS + 1) * RS_NS_PER_MS;
	hold.first_ns = hold.last_ns;
	world_set_hold(world, &hold);
	world_wait(world, RS_REASON_hold_expired_idle);
}

static void one_listens(struct world *world)
{
	world_instance(world, 1, RS_INSTANCE_PROBABLE);
}

static void everything_ends(struct world *world)
{
	world_wait(world, RS_REASON_hold_expired_total);
	world_wait(world, RS_REASON_flow_ended);
	assert_int_equal(world_count(world, "flows"), 0);
}

/* Shifts the flow's times into the past. */
static void age(struct world *world, uint64_t ms)
{
	struct rs_tuple key;
	struct rs_flow flow = world_flow(world, &key);
	if (flow.client_ns < ms * RS_NS_PER_MS)
		world_skip(world, "the machine has not been up for as long");
	flow.client_ns -= ms * RS_NS_PER_MS;
	flow.request_ns -= ms * RS_NS_PER_MS;
	flow.server_ns -= flow.server_ns ? ms * RS_NS_PER_MS : 0;
	world_set_flow(world, &key, &flow);
	struct rs_reply reply = world_reply(world, &key, &flow);
	reply.server_ns = flow.server_ns;
	world_set_reply(world, &key, &flow, &reply);
}

static void ages_half_open(struct world *world)
{
	age(world, RS_FLOW_HALF_OPEN_MS);
	world_wait(world, RS_REASON_flow_idle);
	assert_int_equal(world_count(world, "flows"), 0);
}

static void ages_half_closed(struct world *world)
{
	age(world, RS_FLOW_FIN_MS);
	world_wait(world, RS_REASON_flow_idle);
}

static void is_removed_after_a_second(struct world *world)
{
	world_wait(world, RS_REASON_flow_ended);
	assert_int_equal(world_count(world, "flows"), 0);
	assert_int_equal(world_count(world, "replies"), 0);
}

static void wait_idle(struct world *world)
{
	uint64_t deadline = rs_now_ns() + 10 * RS_NS_PER_S;
	struct rs_tuple key;
	while (world_flow(world, &key).busy) {
		assert_true(rs_now_ns() < deadline);
		poll(NULL, 0, 5);
	}
	assert_int_equal(rs_dp_instance(world->dp, 1)->in_flight, 0);
	struct rs_revision_stats stats;
	assert_int_equal(rs_dp_stats(world->dp, 1, &stats), 0);
	assert_int_equal(stats.started, stats.ended);
	assert_true(stats.sum_end_ns > stats.sum_start_ns);
}

static void one_dies(struct world *world)
{
	rs_dp_instance_remove(world->dp, 1, 1001);
}

static void entry_used_anew(struct world *world)
{
	one_dies(world);
	world_instance(world, 1, RS_INSTANCE_READY);
}

static void is_busy_again(struct world *world)
{
	struct rs_tuple key;
	assert_int_equal(world_flow(world, &key).busy, 1);
	assert_int_equal(rs_dp_instance(world->dp, 1)->in_flight, 1);
}

/* All within one tick of the coarse clock, as on one node. */
static void is_not_answered_by_the_handshake(struct world *world)
{
	struct rs_tuple key;
	struct rs_flow flow = world_flow(world, &key);
	assert_true(flow.server_ns > 0);
	assert_true(flow.request_ns > flow.server_ns);
}

#define DATA_FORWARDED                                                                                                 \
	{                                                                                                              \
		FROM_CLIENT, TO_VIP(.flags = ACK | PSH, .seq = 101, .ack = 901, .payload = 20),                        \
			.verdict = REDIRECT, OUT_TO_ONE(.flags = ACK | PSH, .seq = 101, .ack = 901, .payload = 20),    \
			.counts = "forwarded", .act = is_busy_again                                                    \
	}
#define RELEASED_SYN                                                                                                   \
	RELEASE, TO_VIP(.flags = SYN, .seq = 100), .verdict = REDIRECT, OUT_TO_ONE(.flags = SYN, .seq = 100)

// clang-format off
const struct row rows_end[] = {
	{"a hold expires after its total time", given_short_holds,
	 {SYN_PARKED,
	  {ACT, .act = hold_ends_by_total, .counts = "?"}}},
	{"a hold expires when its client has gone silent", given_nothing,
	 {SYN_PARKED,
	  {ACT, .act = hold_ends_by_silence, .counts = "hold_expired hold_expired_idle"}}},
	{"with a hold ends the connection of its unanswered release", given_short_holds,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP, .counts = "?"},
	  {ACT, .act = one_listens, .counts = "?"},
	  {RELEASED_SYN, .counts = "?", .act = everything_ends}}},
	{"a half-open connection is removed", given_one,
	 {SYN_FORWARDED,
	  {ACT, .act = ages_half_open, .counts = "flow_ended flow_idle"}}},
	{"a half-closed connection is removed", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  ACK_FORWARDED,
	  {FROM_CLIENT, TO_VIP(.flags = FIN | ACK, .seq = 101, .ack = 901), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = FIN | ACK, .seq = 101, .ack = 901), .counts = "forwarded"},
	  {ACT, .act = ages_half_closed, .counts = "flow_ended flow_idle"}}},
	{"a closed connection is removed after a second", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  {FROM_CLIENT, TO_VIP(.flags = RST, .seq = 101), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = RST, .seq = 101), .counts = "forwarded"},
	  {ACT, .act = is_removed_after_a_second, .counts = "flow_ended"}}},
	{"a connection without a request is idle after a second", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  ACK_FORWARDED,
	  {ACT, .act = wait_idle}}},
	{"a handshake that the client does not finish is idle after a second", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  {ACT, .act = wait_idle}}},
	{"idle, then busy with the next request", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  ACK_FORWARDED,
	  {ACT, .act = wait_idle},
	  DATA_FORWARDED,
	  {ACT, .act = is_busy_again}}},
	{"a request that follows its handshake at once waits for its answer", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  ACK_FORWARDED,
	  DATA_FORWARDED,
	  {ACT, .act = is_not_answered_by_the_handshake}}},
	{"a dead instance has no request open", given_one,
	 {SYN_FORWARDED,
	  {ACT, .act = one_dies},
	  {ACT, .act = wait_idle}}},
	{"when its entry is used anew, the connections of the last one are removed", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  ACK_FORWARDED,
	  {ACT, .act = entry_used_anew},
	  {ACT, .act = is_removed_after_a_second, .counts = "flow_ended flow_idle"}}},
	{0},
};
// clang-format on
