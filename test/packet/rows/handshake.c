// SPDX-License-Identifier: BSD-2-Clause
/* Connections that are known: retransmits, new uses of a tuple, instances that go, and the way to the end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/row.h"

#include "dp/internal.h"

static void one_dies(struct world *world)
{
	rs_dp_instance_remove(world->dp, 1, 1001);
}

static void one_dies_two_comes(struct world *world)
{
	one_dies(world);
	world_instance(world, 2, RS_INSTANCE_READY);
}

static void entry_used_anew(struct world *world)
{
	one_dies(world);
	world_instance(world, 1, RS_INSTANCE_READY);
}

static void expect_state(struct world *world, enum rs_flow_state state, unsigned busy)
{
	struct rs_tuple key;
	struct rs_flow flow = world_flow(world, &key);
	assert_int_equal(flow.state, state);
	assert_int_equal(flow.busy, busy);
}

static void is_established_and_busy(struct world *world)
{
	expect_state(world, RS_TCP_ESTABLISHED, 1);
}

static void is_closed_and_idle(struct world *world)
{
	expect_state(world, RS_TCP_CLOSED, 0);
}

static void server_has_closed(struct world *world)
{
	expect_state(world, RS_TCP_FIN_SERVER, 0);
}

static void client_has_closed(struct world *world)
{
	expect_state(world, RS_TCP_FIN_CLIENT, 1);
}

static void bytes_are_counted(struct world *world)
{
	struct rs_tuple key;
	struct rs_flow flow = world_flow(world, &key);
	struct rs_revision_stats stats;
	assert_int_equal(flow.bytes_in, 120);
	assert_int_equal(flow.bytes_out, 700);
	assert_int_equal(rs_dp_stats(world->dp, 1, &stats), 0);
	assert_int_equal(stats.bytes_in, 120);
	assert_int_equal(stats.bytes_out, 700);
	assert_int_equal(stats.connections, 1);
	assert_int_equal(stats.started, 1);
}

static void one_reset_is_counted(struct world *world)
{
	struct rs_revision_stats stats;
	assert_int_equal(rs_dp_stats(world->dp, 1, &stats), 0);
	assert_int_equal(stats.resets, 1);
}

#define DATA_FORWARDED                                                                                                 \
	{                                                                                                              \
		FROM_CLIENT, TO_VIP(.flags = ACK | PSH, .seq = 101, .ack = 901, .payload = 120),                       \
			.verdict = REDIRECT, OUT_TO_ONE(.flags = ACK | PSH, .seq = 101, .ack = 901, .payload = 120),   \
			.counts = "forwarded"                                                                          \
	}
#define DATA_REPLIED                                                                                                   \
	{                                                                                                              \
		FROM_ONE, FROM_INSTANCE(.flags = ACK | PSH, .seq = 901, .ack = 221, .payload = 700),                   \
			.verdict = REDIRECT,                                                                           \
			OUT_TO_CLIENT(.flags = ACK | PSH, .seq = 901, .ack = 221, .payload = 700), .counts = "replied" \
	}
#define RST_BY_CLIENT                                                                                                  \
	{                                                                                                              \
		FROM_CLIENT, TO_VIP(.flags = RST, .seq = 101),                                                         \
			.verdict = REDIRECT, OUT_TO_ONE(.flags = RST, .seq = 101), .counts = "forwarded",              \
			.act = is_closed_and_idle                                                                      \
	}

// clang-format off
const struct row rows_handshake[] = {
	{"handshake, request, answer", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  ACK_FORWARDED,
	  DATA_FORWARDED,
	  DATA_REPLIED,
	  {ACT, .act = bytes_are_counted},
	  {ACT, .act = is_established_and_busy}}},
	{"a repeated SYN follows its connection", given_both,
	 {SYN_FORWARDED,
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = SYN, .seq = 100), .counts = "syn_retransmitted forwarded"}}},
	{"a SYN with another number begins anew", given_both,
	 {SYN_FORWARDED,
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 7000), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = SYN, .seq = 7000), .counts = "flow_ended connection_new forwarded"}}},
	{"a SYN on an established connection goes to its instance, which challenges it", given_both,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  ACK_FORWARDED,
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 7000), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = SYN, .seq = 7000), .counts = "syn_retransmitted forwarded"}}},
	{"a tuple is used anew after RST", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  RST_BY_CLIENT,
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 7000), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = SYN, .seq = 7000), .counts = "flow_ended connection_new forwarded"}}},

	{"data without a connection draws RST", given_one,
	 {{FROM_CLIENT, TO_VIP(.flags = ACK | PSH, .seq = 5, .ack = 77, .payload = 40),
	   .verdict = REDIRECT, OUT_RESET(.flags = RST, .seq = 77), .counts = "no_flow"}}},
	{"FIN without ACK draws RST with ACK", given_one,
	 {{FROM_CLIENT, TO_VIP(.flags = FIN, .seq = 5), .verdict = REDIRECT,
	   OUT_RESET(.flags = RST | ACK, .ack = 6), .counts = "no_flow"}}},
	{"a SYN-ACK from a client draws RST", given_one,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN | ACK, .seq = 5, .ack = 9), .verdict = REDIRECT,
	   OUT_RESET(.flags = RST, .seq = 9), .counts = "no_flow"}}},
	{"RST without a connection is dropped", given_one,
	 {{FROM_CLIENT, TO_VIP(.flags = RST, .seq = 5), .verdict = DROP, .counts = "no_flow_reset"}}},

	{"the instance is gone: data draws RST", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  ACK_FORWARDED,
	  {ACT, .act = one_dies},
	  {FROM_CLIENT, TO_VIP(.flags = ACK, .seq = 101, .ack = 901, .payload = 5),
	   .verdict = REDIRECT, OUT_RESET(.flags = RST, .seq = 901),
	   .counts = "instance_gone flow_ended"}}},
	{"the instance is gone: RST is dropped", given_one,
	 {SYN_FORWARDED,
	  {ACT, .act = one_dies},
	  {FROM_CLIENT, TO_VIP(.flags = RST, .seq = 101), .verdict = DROP,
	   .counts = "instance_gone flow_ended"}}},
	{"its entry is used anew: the connection is not the new instance's", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  ACK_FORWARDED,
	  {ACT, .act = entry_used_anew},
	  {FROM_CLIENT, TO_VIP(.flags = ACK, .seq = 101, .ack = 901, .payload = 5),
	   .verdict = REDIRECT, OUT_RESET(.flags = RST, .seq = 901),
	   .counts = "instance_gone flow_ended"}}},
	{"it went before it answered: the repeated SYN begins again", given_one,
	 {SYN_FORWARDED,
	  {ACT, .act = one_dies_two_comes},
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = REDIRECT,
	   OUT_TO_TWO(.flags = SYN, .seq = 100), .counts = "flow_ended connection_new forwarded"}}},
	{"it went before it answered, and there is no other: the repeated SYN is parked", given_one,
	 {SYN_FORWARDED,
	  {ACT, .act = one_dies},
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP,
	   .counts = "flow_ended hold_begun hold_parked hold_wake"}}},

	{"the server's FIN ends the request", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  ACK_FORWARDED,
	  DATA_FORWARDED,
	  {FROM_ONE, FROM_INSTANCE(.flags = FIN | ACK, .seq = 901, .ack = 221), .verdict = REDIRECT,
	   OUT_TO_CLIENT(.flags = FIN | ACK, .seq = 901, .ack = 221), .counts = "replied",
	   .act = server_has_closed}}},
	{"the client's FIN does not", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  ACK_FORWARDED,
	  DATA_FORWARDED,
	  {FROM_CLIENT, TO_VIP(.flags = FIN | ACK, .seq = 221, .ack = 901), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = FIN | ACK, .seq = 221, .ack = 901), .counts = "forwarded",
	   .act = client_has_closed},
	  DATA_REPLIED}},
	{"both FINs and the last ACK close it", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  ACK_FORWARDED,
	  {FROM_CLIENT, TO_VIP(.flags = FIN | ACK, .seq = 101, .ack = 901), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = FIN | ACK, .seq = 101, .ack = 901), .counts = "forwarded"},
	  {FROM_ONE, FROM_INSTANCE(.flags = FIN | ACK, .seq = 901, .ack = 102), .verdict = REDIRECT,
	   OUT_TO_CLIENT(.flags = FIN | ACK, .seq = 901, .ack = 102), .counts = "replied"},
	  {FROM_CLIENT, TO_VIP(.flags = ACK, .seq = 102, .ack = 902), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = ACK, .seq = 102, .ack = 902), .counts = "forwarded",
	   .act = is_closed_and_idle}}},
	{"data after a reset does not make it busy", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  RST_BY_CLIENT,
	  {FROM_CLIENT, TO_VIP(.flags = ACK, .seq = 101, .payload = 9), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = ACK, .seq = 101, .payload = 9), .counts = "forwarded",
	   .act = is_closed_and_idle}}},
	{"an RST of an open connection reaches the client", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  ACK_FORWARDED,
	  {FROM_ONE, FROM_INSTANCE(.flags = RST, .seq = 901), .verdict = REDIRECT,
	   OUT_TO_CLIENT(.flags = RST, .seq = 901), .counts = "replied",
	   .act = one_reset_is_counted}}},
	{"a SYN-ACK to an earlier SYN of the tuple answers nothing", given_one,
	 {SYN_FORWARDED,
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 70000), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = SYN, .seq = 70000), .counts = "flow_ended connection_new forwarded"},
	  {FROM_ONE, FROM_INSTANCE(.flags = RST | ACK, .ack = 101), .verdict = REDIRECT,
	   OUT_TO_CLIENT(.flags = RST | ACK, .ack = 101), .counts = "replied"}}},
	{0},
};
// clang-format on
