// SPDX-License-Identifier: BSD-2-Clause
/* Datagrams: flows without a handshake, and ports beside the first. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/row.h"

#include "abi/datagram.h"
#include "base/mem.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>

#define UDP 17
#define DNS                                                                                                            \
	{                                                                                                              \
		{198, 18, 0, 5}, 53, 1                                                                                 \
	}
#define DNS_BY_ONE                                                                                                     \
	{                                                                                                              \
		{198, 18, 0, 5}, 53, 0x21                                                                              \
	}
#define ONE_DNS                                                                                                        \
	{                                                                                                              \
		{198, 19, 0, 1}, 5353, 0x21                                                                            \
	}
#define TWO_DNS                                                                                                        \
	{                                                                                                              \
		{198, 19, 0, 2}, 5353, 0x22                                                                            \
	}
#define ADMIN                                                                                                          \
	{                                                                                                              \
		{198, 18, 0, 5}, 9000, 1                                                                               \
	}
#define ONE_ADMIN                                                                                                      \
	{                                                                                                              \
		{198, 19, 0, 1}, 9000, 0x21                                                                            \
	}

#define QUERY(...)                                                                                                     \
	FROM_CLIENT, .in = {.from = CLIENT, .to = DNS, .protocol = UDP, .payload = 30, __VA_ARGS__},                   \
		     .verdict = REDIRECT,                                                                              \
		     .out = {.from = CLIENT, .to = ONE_DNS, .protocol = UDP, .payload = 30, __VA_ARGS__}
#define QUERY_HELD FROM_CLIENT, .in = {.from = CLIENT, .to = DNS, .protocol = UDP, .payload = 30}, .verdict = DROP
#define ANSWER(...)                                                                                                    \
	FROM_ONE, .in = {.from = ONE_DNS, .to = CLIENT_BY_GATEWAY, .protocol = UDP, .payload = 90, __VA_ARGS__},       \
		  .verdict = REDIRECT,                                                                                 \
		  .out = {.from = DNS_BY_ONE, .to = CLIENT, .protocol = UDP, .payload = 90, __VA_ARGS__}
#define FIRST_QUERY                                                                                                    \
	{                                                                                                              \
		QUERY(), .counts = "connection_new forwarded"                                                          \
	}

/* --- what is given ------------------------------------------------------------------------------------------------ */

/* The service's second port is UDP 53, its third TCP 9000. */
static void serve(struct world *world)
{
	const struct rs_address vip = frame_address((const uint8_t[4]){198, 18, 0, 5});
	const struct rs_frontend_key dns = rs_dp_frontend(&vip, 53, RS_PROTOCOL_UDP);
	const struct rs_frontend_key admin = rs_dp_frontend(&vip, 9000, RS_PROTOCOL_TCP);
	rs_dp_revision_set_ports(world->dp, 1, 7, 2);
	assert_int_equal(rs_dp_frontend_set(world->dp, &dns, 1, 1), 0);
	assert_int_equal(rs_dp_frontend_set(world->dp, &admin, 1, 2), 0);
}

static struct rs_instance *instance(struct world *world, unsigned id)
{
	struct rs_instance *entry = world_instance(world, id, RS_INSTANCE_READY);
	entry->port[1] = htons(5353);
	entry->port[2] = htons(9000);
	entry->udp = 1 << 1;
	entry->listening[frame_family] = 6;
	return entry;
}

static void given_dns(struct world *world)
{
	serve(world);
	instance(world, 1);
}

static void given_two_dns(struct world *world)
{
	given_dns(world);
	instance(world, 2)->in_flight = 0;
	rs_dp_instance(world->dp, 1)->limit = 0;
}

static void given_deaf(struct world *world)
{
	given_dns(world);
	rs_dp_instance(world->dp, 1)->listening[frame_family] = 0;
}

/* Ready for ten seconds, and nobody has bound the further ports. */
static void given_deaf_for_long(struct world *world)
{
	given_deaf(world);
	rs_dp_instance(world->dp, 1)->ready_ns = rs_now_ns() - 10 * RS_NS_PER_S;
}

static void given_revision_with_one_port(struct world *world)
{
	given_dns(world);
	rs_dp_revision_set_ports(world->dp, 1, 1, 0);
}

/* The second port of this revision is TCP's. */
static void given_revision_without_udp(struct world *world)
{
	given_dns(world);
	rs_dp_revision_set_ports(world->dp, 1, 7, 0);
}

/* --- what is done and looked at ----------------------------------------------------------------------------------- */

static struct rs_flow flow(const struct world *world)
{
	struct rs_tuple key;
	struct rs_flow found = world_flow(world, &key);
	assert_int_equal(key.protocol, RS_PROTOCOL_UDP);
	return found;
}

static void is_unreplied(struct world *world)
{
	struct rs_flow found = flow(world);
	assert_int_equal(found.state, RS_UDP_UNREPLIED);
	assert_int_equal(found.in_fast_ring, 0);
	assert_int_equal(found.bytes_in % 30, 0);
	assert_int_equal(rs_dp_instance(world->dp, 1)->in_flight, 1);
}

static void is_replied(struct world *world)
{
	struct rs_flow found = flow(world);
	assert_int_equal(found.state, RS_UDP_REPLIED);
	assert_int_equal(found.in_fast_ring, 0); /* who forges a client is answered too */
	assert_int_equal(found.bytes_out, 90);
}

static void is_stream(struct world *world)
{
	struct rs_flow found = flow(world);
	assert_int_equal(found.state, RS_UDP_STREAM);
	assert_int_equal(found.bytes_in, 60);
	assert_int_equal(found.in_fast_ring, 1);
	assert_int_equal(rs_dp_instance(world->dp, 1)->in_flight, 1);
}

static void one_dies(struct world *world)
{
	rs_dp_instance_remove(world->dp, 1, 1001);
}

static void no_flow(struct world *world)
{
	assert_int_equal(world_count(world, "flows"), 0);
	assert_int_equal(world_count(world, "replies"), 0);
}

static void flow_of_port_2(struct world *world)
{
	struct rs_tuple key;
	struct rs_flow found = world_flow(world, &key);
	assert_int_equal(found.port, 2);
	assert_int_equal(key.protocol, RS_PROTOCOL_TCP);
}

static void given_cold(struct world *world)
{
	serve(world);
}

/* Every place for a datagram is somebody's. */
static void given_no_place(struct world *world)
{
	static struct rs_datagram taken = {.used = 1};
	serve(world);
	for (unsigned i = 0; i < RS_DATAGRAMS_MAX; i++)
		assert_int_equal(bpf_map_update_elem(world_map(world, "datagrams"), &i, &taken, BPF_ANY), 0);
}

static void becomes_ready(struct world *world)
{
	instance(world, 1);
}

/* Three seconds ago, and the agent has died. */
static void was_ready_before(struct world *world)
{
	const uint64_t ago = 3 * RS_NS_PER_S;
	struct rs_hold hold = world_hold(world);
	instance(world, 1)->ready_ns = rs_now_ns() - ago;
	hold.first_ns -= ago;
	world_set_hold(world, &hold);
}

static void holds_one(struct world *world)
{
	struct rs_hold hold = world_hold(world);
	assert_int_equal(hold.queued, 1);
	assert_int_equal(hold.released, 0);
	assert_int_equal(hold.port, 1);
}

static void one_is_released(struct world *world)
{
	struct rs_hold hold = world_hold(world);
	assert_int_equal(hold.released, 1);
	assert_int_equal(hold.datagram[0], 0);
	assert_int_equal(flow(world).held, 1);
}

static void nothing_is_held(struct world *world)
{
	assert_int_equal(world_count(world, "hold_index"), 0);
	assert_int_equal(flow(world).held, 0);
}

static void no_hold(struct world *world)
{
	assert_int_equal(world_count(world, "hold_index"), 0);
}

/* One datagram from each of many addresses, all of them answered, twice as many as there is room for: they push out one
 * another, and neither who has gone on after a reply, nor who comes then. */
static void a_flood_of_datagrams(struct world *world)
{
	const struct end dns = DNS, one = ONE_DNS;
	for (unsigned i = 0; i < 2 * RS_FLOWS_MIN; i++) {
		struct packet query = {.from = {{10, (uint8_t)(1 + (i >> 8)), (uint8_t)i, 1}, 40000, 0x10},
				       .to = dns,
				       .protocol = UDP,
				       .payload = 1};
		struct packet answer = {.from = one, .to = query.from, .protocol = UDP, .payload = 1};
		answer.to.mac = 1;
		if (world_send_packet(world, RS_DP_CLIENT, world->client, &query) == REDIRECT)
			assert_int_equal(world_send_packet(world, RS_DP_INSTANCE, world->one, &answer), REDIRECT);
	}
	assert_true(world_count(world, "flows") <= RS_FLOWS_MIN / RS_FLOWS_OPEN_SHARE + 1);
	assert_true(world_counter(world, RS_REASON_flow_evicted) > RS_FLOWS_MIN);
	/* Where it meets the sweep it waits. */
	assert_true(world_counter(world, RS_REASON_flow_table_full) < 100);
}

/* As on a CPU that has begun none so far. */
static void no_cpu_has_begun_any(struct world *world)
{
	struct bpf_map_info info = {0};
	uint32_t length = sizeof(info), zero = 0;
	int map = world_map(world, "work");
	assert_int_equal(bpf_obj_get_info_by_fd(map, &info, &length), 0);
	rs_auto_free void *empty = calloc((size_t)libbpf_num_possible_cpus(), (info.value_size + 7) & ~7U);
	assert_non_null(empty);
	assert_int_equal(bpf_map_update_elem(map, &zero, empty, BPF_ANY), 0);
}

/* What the agent sends when it gives up, as its own links have it, and what its client hears. */
static const struct packet given_up = {.from = {{10, 0, 0, 1}, 40000, 0x77}, .to = DNS, .protocol = UDP};
#define TOLD(length)                                                                                                   \
	.verdict = REDIRECT, .out = {.from = DNS,                                                                      \
				     .to = CLIENT,                                                                     \
				     .protocol = 1,                                                                    \
				     .type = 3,                                                                        \
				     .code = 3,                                                                        \
				     .about = &given_up,                                                               \
				     .quoted = (length)}

/* --- rows --------------------------------------------------------------------------------------------------------- */

const struct row rows_udp[] = {
	{"a datagram, its answer, and the next",
	 given_dns,
	 {{QUERY(), .counts = "connection_new forwarded", .act = is_unreplied},
	  {ANSWER(), .counts = "replied", .act = is_replied},
	  {QUERY(), .counts = "forwarded", .act = is_stream},
	  {ANSWER(), .counts = "replied", .act = is_stream}}},
	{"a flood of datagrams pushes out its own, and nobody else",
	 given_dns,
	 {FIRST_QUERY,
	  {ANSWER(), .counts = "replied"},
	  {QUERY(), .counts = "forwarded"},
	  {ACT, .act = a_flood_of_datagrams, .counts = "?"},
	  {ACT, .act = no_cpu_has_begun_any},
	  {QUERY(), .counts = "forwarded"},
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = REDIRECT, OUT_TO_ONE(.flags = SYN, .seq = 100),
	   .counts = "flow_evicted flow_ended connection_new forwarded"}}},
	{"one that nobody answers stays half-open, however often it is sent",
	 given_dns,
	 {FIRST_QUERY, {QUERY(), .counts = "forwarded"}, {QUERY(), .counts = "forwarded", .act = is_unreplied}}},
	{"a checksum that is not there stays away",
	 given_dns,
	 {{QUERY(.no_checksum = true), .counts = "connection_new forwarded"},
	  {ANSWER(.no_checksum = true), .counts = "replied"}},
	 IPV4_ONLY},
	{"a datagram without payload is one",
	 given_dns,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = DNS, .protocol = UDP}, .verdict = REDIRECT,
	   .out = {.from = CLIENT, .to = ONE_DNS, .protocol = UDP}, .counts = "connection_new forwarded"}}},
	{"options and extension headers",
	 given_dns,
	 {{QUERY(.ip_options = 3), .counts = "connection_new forwarded"}, {ANSWER(), .counts = "replied"}}},
	{"a flow whose instance is gone goes to another",
	 given_two_dns,
	 {{QUERY(), .counts = "connection_new forwarded", .act = one_dies},
	  {FROM_CLIENT, .in = {.from = CLIENT, .to = DNS, .protocol = UDP, .payload = 30}, .verdict = REDIRECT,
	   .out = {.from = CLIENT, .to = TWO_DNS, .protocol = UDP, .payload = 30},
	   .counts = "instance_gone flow_ended connection_new forwarded"}}},
	{"no instance speaks for another",
	 given_two_dns,
	 {FIRST_QUERY,
	  {FROM_TWO, .in = {.from = ONE_DNS, .to = CLIENT_BY_GATEWAY, .protocol = UDP, .payload = 90}, .verdict = PASS,
	   .counts = "not_ours"}}},
	{"a port that has no service",
	 given_dns,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = VIP, .protocol = UDP}, .verdict = REDIRECT, .counts = "no_service",
	   .act = no_flow}}},
	{"a revision that lacks the port",
	 given_revision_with_one_port,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = DNS, .protocol = UDP}, .verdict = REDIRECT, .counts = "no_target"},
	  {FROM_CLIENT, .in = {.from = CLIENT, .to = ADMIN, .flags = SYN, .seq = 100}, .verdict = REDIRECT,
	   .out = {.from = ADMIN, .to = CLIENT, .flags = RST | ACK, .ack = 101}, .counts = "no_target"},
	  SYN_FORWARDED}},
	{"a revision whose port is of the other protocol",
	 given_revision_without_udp,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = DNS, .protocol = UDP}, .verdict = REDIRECT,
	   .counts = "no_target"}}},
	{"held, released, and closed",
	 given_cold,
	 {{QUERY_HELD, .counts = "hold_begun hold_parked hold_wake datagram_parked", .act = holds_one},
	  {QUERY_HELD, .counts = "datagram_parked", .act = becomes_ready},
	  {DATAGRAM, .in = {.from = CLIENT, .to = DNS, .protocol = UDP, .payload = 30}, .verdict = REDIRECT,
	   .out = {.from = CLIENT, .to = ONE_DNS, .protocol = UDP, .payload = 30},
	   .counts = "connection_new forwarded datagram_released", .act = one_is_released},
	  {QUERY_HELD, .counts = "datagram_parked"}, /* behind them, though there is a flow */
	  {DATAGRAM, .in = {.from = CLIENT, .to = DNS, .protocol = UDP, .payload = 30}, .verdict = DROP,
	   .counts = "release_stale"},							/* that one has gone */
	  {CLOSE, .in = {.from = CLIENT, .to = DNS, .protocol = UDP}, .verdict = DROP}, /* there are two */
	  {RESET, .in = {.from = CLIENT, .to = DNS, .protocol = UDP}, .verdict = REDIRECT,
	   .counts = "hold_reset datagram_lost*2"},
	  {QUERY(), .counts = "forwarded", .act = nothing_is_held}}},
	{"a hold whose queue is empty ends",
	 given_cold,
	 {{QUERY_HELD, .counts = "hold_begun hold_parked hold_wake datagram_parked"},
	  {DATAGRAM, .in = {.from = CLIENT, .to = DNS, .protocol = UDP, .payload = 30}, .verdict = DROP,
	   .counts = "release_early", .act = becomes_ready},
	  {DATAGRAM, .in = {.from = CLIENT, .to = DNS, .protocol = UDP, .payload = 30}, .verdict = REDIRECT,
	   .counts = "connection_new forwarded datagram_released"},
	  {CLOSE, .in = {.from = CLIENT, .to = DNS, .protocol = UDP}, .verdict = DROP, .counts = "hold_released",
	   .act = nothing_is_held},
	  {RESET, .in = {.from = CLIENT, .to = DNS, .protocol = UDP}, .verdict = DROP, .counts = "release_stale"}}},
	{"given up: its client is told, by the MAC address that it has",
	 given_cold,
	 {{QUERY_HELD, .counts = "hold_begun hold_parked hold_wake datagram_parked"},
	  {RESET, .in = {.from = {{10, 0, 0, 1}, 40000, 0x77}, .to = DNS, .protocol = UDP}, TOLD(28),
	   .counts = "hold_reset datagram_lost", .act = no_hold},
	  {RESET, .in = {.from = {{10, 0, 0, 1}, 40000, 0x77}, .to = DNS, .protocol = UDP}, .verdict = DROP,
	   .counts = "release_stale"}},
	 IPV4_ONLY},
	{"given up: its client is told, by the MAC address that it has",
	 given_cold,
	 {{QUERY_HELD, .counts = "hold_begun hold_parked hold_wake datagram_parked"},
	  {RESET, .in = {.from = {{10, 0, 0, 1}, 40000, 0x77}, .to = DNS, .protocol = UDP}, TOLD(48),
	   .counts = "hold_reset datagram_lost", .act = no_hold}},
	 IPV6_ONLY},
	{"no more than eight of a flow",
	 given_cold,
	 {{QUERY_HELD, .counts = "hold_begun hold_parked hold_wake datagram_parked"},
	  {QUERY_HELD, .counts = "datagram_parked"},
	  {QUERY_HELD, .counts = "datagram_parked"},
	  {QUERY_HELD, .counts = "datagram_parked"},
	  {QUERY_HELD, .counts = "datagram_parked"},
	  {QUERY_HELD, .counts = "datagram_parked"},
	  {QUERY_HELD, .counts = "datagram_parked"},
	  {QUERY_HELD, .counts = "datagram_parked"},
	  {QUERY_HELD, .counts = "datagram_shed_flow"}}},
	{"no place on the node",
	 given_no_place,
	 {{QUERY_HELD, .counts = "hold_begun hold_shed hold_shed_datagram datagram_shed_node"}}},
	{"larger than a place",
	 given_cold,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = DNS, .protocol = UDP, .payload = 1995}, .verdict = DROP,
	   .counts = "hold_begun hold_shed hold_shed_datagram datagram_shed_size"}},
	 IPV4_ONLY},
	{"without an agent a hold does not stand in the way of its client",
	 given_cold,
	 {{QUERY_HELD, .counts = "hold_begun hold_parked hold_wake datagram_parked", .act = was_ready_before},
	  {QUERY(), .counts = "hold_expired hold_expired_unserved datagram_lost connection_new forwarded",
	   .act = nothing_is_held}}},
	{"IPv6 without a checksum begins nothing",
	 given_cold,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = DNS, .protocol = UDP, .payload = 30, .no_checksum = true},
	   .verdict = DROP, .counts = "checksum_missing"}},
	 IPV6_ONLY},
	{"a further port of TCP",
	 given_dns,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = ADMIN, .flags = SYN, .seq = 100}, .verdict = REDIRECT,
	   .out = {.from = CLIENT, .to = ONE_ADMIN, .flags = SYN, .seq = 100}, .counts = "connection_new forwarded",
	   .act = flow_of_port_2}}},
	{"a further port on which nobody listens yet holds",
	 given_deaf,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = ADMIN, .flags = SYN, .seq = 100}, .verdict = DROP,
	   .counts = "hold_begun hold_parked hold_wake"},
	  SYN_FORWARDED}},
	{"one on which nobody will is left to the instance's own RST",
	 given_deaf_for_long,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = ADMIN, .flags = SYN, .seq = 100}, .verdict = REDIRECT,
	   .out = {.from = CLIENT, .to = ONE_ADMIN, .flags = SYN, .seq = 100}, .counts = "connection_new forwarded"},
	  {FROM_ONE, .in = {.from = ONE_ADMIN, .to = CLIENT_BY_GATEWAY, .flags = RST | ACK, .ack = 101},
	   .verdict = REDIRECT,
	   .out = {.from = {{198, 18, 0, 5}, 9000, 0x21}, .to = CLIENT, .flags = RST | ACK, .ack = 101},
	   .counts = "replied"},
	  SYN_FORWARDED}},
	{NULL},
};
