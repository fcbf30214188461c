// SPDX-License-Identifier: BSD-2-Clause
/* From the frontend to an instance: routes, picks, and both ends of what is sent on. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/row.h"

#include "pure/hash.h"
#include "dp/internal.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <string.h>

#define OTHER_CLIENT                                                                                                   \
	{                                                                                                              \
		{10, 0, 0, 1}, 40001, 0x10                                                                             \
	}
#define HOST                                                                                                           \
	{                                                                                                              \
		{198, 18, 255, 254}, 40000, 0xf0                                                                       \
	}
#define HOST_BY_GATEWAY                                                                                                \
	{                                                                                                              \
		{198, 18, 255, 254}, 40000, 1                                                                          \
	}

static void given_no_frontend(struct world *world)
{
	const struct rs_address vip = frame_address((const uint8_t[4]){198, 18, 0, 5});
	const struct rs_frontend_key http = rs_dp_frontend(&vip, 80, RS_PROTOCOL_TCP);
	given_one(world);
	assert_int_equal(rs_dp_frontend_delete(world->dp, &http), 0);
}

static void given_no_route(struct world *world)
{
	given_one(world);
	assert_int_equal(rs_dp_route_delete(world->dp, 1), 0);
}

static void given_refused_share(struct world *world)
{
	given_one(world);
	world_route(world, 0, 100);
}

static void given_revision_out_of_range(struct world *world)
{
	given_one(world);
	world_route(world, RS_REVISIONS_MAX + 5, 100);
}

static void given_routed_instance(struct world *world)
{
	world_instance(world, 1, RS_INSTANCE_READY)->ifindex = 0;
}

static void one_is_busier(struct world *world)
{
	rs_dp_instance(world->dp, 1)->in_flight++;
	world->junk = true;
}

static void given_two_idler(struct world *world)
{
	given_both(world);
	one_is_busier(world);
}

static void given_draining(struct world *world)
{
	given_both(world);
	rs_dp_instance_set_state(world->dp, 1, RS_INSTANCE_DRAINING);
}

static void drain_one(struct world *world)
{
	world_instance(world, 2, RS_INSTANCE_READY);
	rs_dp_instance_set_state(world->dp, 1, RS_INSTANCE_DRAINING);
}

/* The instance answers the port that it sees; the client hears from VIP:8080 at its own. */
static void the_second_gets_its_reply(struct world *world)
{
	struct rs_tuple key = {
		.source = frame_address((const uint8_t[4]){10, 0, 0, 1}),
		.destination = frame_address((const uint8_t[4]){198, 18, 0, 5}),
		.source_port = htons(40000),
		.destination_port = htons(8080),
		.protocol = RS_PROTOCOL_TCP,
	};
	struct rs_flow flow;
	assert_int_equal(bpf_map_lookup_elem(world_map(world, "flows"), &key, &flow), 0);
	assert_int_not_equal(flow.seen_port, htons(40000));
	struct packet reply = {
		.from = ONE, .to = {{10, 0, 0, 1}, ntohs(flow.seen_port), 1}, .flags = SYN | ACK, .ack = 501};
	struct packet wanted = {.from = {{198, 18, 0, 5}, 8080, 0x21}, .to = CLIENT, .flags = SYN | ACK, .ack = 501};
	struct frame in, out, want;
	frame_build(&in, &reply);
	frame_build(&want, &wanted);
	assert_int_equal(world_send(world, RS_DP_INSTANCE, world->one, &in, 0, &out), REDIRECT);
	assert_int_equal(out.length, want.length);
	assert_memory_equal(out.bytes, want.bytes, want.length);
}

/* Every port that a second connection could be given is in use. */
static void given_no_port(struct world *world)
{
	given_one(world);
	struct rs_tuple key = {
		.source = frame_address((const uint8_t[4]){10, 0, 0, 1}),
		.destination = frame_address((const uint8_t[4]){198, 18, 0, 5}),
		.source_port = htons(40000),
		.destination_port = htons(80),
		.protocol = RS_PROTOCOL_TCP,
	};
	for (uint32_t n = 0; n < RS_PORT_TRIES; n++) {
		struct rs_tuple reply = {
			.source = frame_address((const uint8_t[4]){198, 19, 0, 1}),
			.destination = key.source,
			.source_port = htons(8080),
			.destination_port = rs_hash_port(&key, world->dp->seed, n),
			.protocol = RS_PROTOCOL_TCP,
		};
		const struct rs_reply noted = {.key = key};
		assert_int_equal(bpf_map_update_elem(world_map(world, "replies"), &reply, &noted, BPF_NOEXIST), 0);
	}
	world->junk = true;
}

/* No share of the weights is used up by what never began, either. */
static void no_place_is_kept(struct world *world)
{
	assert_int_equal(rs_dp_instance(world->dp, 1)->in_flight, 0);
	assert_int_equal(world_next_number(world), 0);
}

static void fill_table(struct world *world, const char *name)
{
	struct rs_tuple key = {0}, value = {0};
	int map = world_map(world, name);
	for (uint32_t i = 0; i < RS_FLOWS_MIN; i++) {
		memcpy(&key.source, &i, 4);
		assert_int_equal(bpf_map_update_elem(map, &key, &value, BPF_ANY), 0);
	}
	world->junk = true;
}

static void given_full_replies(struct world *world)
{
	given_one(world);
	fill_table(world, "replies");
}

/* 25 of 100: any four in a row have one, a hundred have 25. */
static void given_quarter(struct world *world)
{
	given_one(world);
	struct rs_instance *two = world_instance(world, 2, RS_INSTANCE_FREE);
	struct rs_instance value = *two;
	rs_dp_instance_remove(world->dp, 2, 1002);
	value.revision = 2;
	assert_int_equal(rs_dp_instance_add(world->dp, 2, &value, 1002), 0);
	rs_dp_instance_set_state(world->dp, 2, RS_INSTANCE_READY);
	struct rs_route route = {.target = {1, 2}};
	for (unsigned i = 0; i < 100; i += 4)
		route.slot[i] = 1;
	assert_int_equal(rs_dp_route_set(world->dp, 1, &route), 0);
}

static void the_split_is_exact(struct world *world)
{
	for (unsigned i = 0; i < 200; i++) {
		struct packet syn = {.from = CLIENT, .to = VIP, .flags = SYN, .seq = i};
		syn.from.port = (uint16_t)(1000 + i);
		assert_int_equal(world_send_packet(world, RS_DP_CLIENT, world->client, &syn), REDIRECT);
	}
	assert_int_equal(rs_dp_instance(world->dp, 1)->flows, 150);
	assert_int_equal(rs_dp_instance(world->dp, 2)->flows, 50);
	struct rs_revision_stats stats;
	assert_int_equal(rs_dp_stats(world->dp, 2, &stats), 0);
	assert_int_equal(stats.connections, 50);
}

// clang-format off
const struct row rows_service[] = {
	{"a VIP's port without a service draws RST", given_no_frontend,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 7), .verdict = REDIRECT,
	   OUT_RESET(.flags = RST | ACK, .ack = 8), .counts = "no_service"}}},
	{"a frontend without a route draws RST", given_no_route,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 7), .verdict = REDIRECT,
	   OUT_RESET(.flags = RST | ACK, .ack = 8), .counts = "no_target"}}},
	{"a refused share draws RST", given_refused_share,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 7), .verdict = REDIRECT,
	   OUT_RESET(.flags = RST | ACK, .ack = 8), .counts = "no_target"}}},
	{"a revision out of range draws RST", given_revision_out_of_range,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 7), .verdict = REDIRECT,
	   OUT_RESET(.flags = RST | ACK, .ack = 8), .counts = "no_target"}}},
	{"the RST acknowledges a SYN's data", given_no_frontend,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 7, .payload = 10), .verdict = REDIRECT,
	   OUT_RESET(.flags = RST | ACK, .ack = 18), .counts = "no_service"}}},

	{"a SYN goes to the ready instance", given_one,
	 {SYN_FORWARDED}},
	{"options, padding and data go with it", given_one,
	 {{FROM_CLIENT,
	   TO_VIP(.flags = SYN, .seq = 100, .ip_options = 3, .tcp_options = 10, .payload = 33, .trailer = 7, .ttl = 3, .id = 99),
	   .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = SYN, .seq = 100, .ip_options = 3, .tcp_options = 10, .payload = 33, .trailer = 7, .ttl = 3, .id = 99),
	   .counts = "connection_new forwarded"}}},
	{"an odd length keeps its checksum right", given_one,
	 {SYN_FORWARDED,
	  {FROM_CLIENT, TO_VIP(.flags = ACK | PSH, .seq = 101, .payload = 1459), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = ACK | PSH, .seq = 101, .payload = 1459), .counts = "forwarded"}}},
	{"the reply comes back from the VIP", given_one,
	 {SYN_FORWARDED,
	  SYN_ACK_REPLIED,
	  ACK_FORWARDED}},
	{"a client behind an uplink is served too", given_one,
	 {{FROM_UPLINK, TO_VIP(.flags = SYN, .seq = 100), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = SYN, .seq = 100), .counts = "connection_new forwarded"},
	  SYN_ACK_REPLIED}},
	{"a client on the host gets the reply at rouse0's MAC", given_one,
	 {{FROM_HOST, .in = {.from = HOST, .to = VIP, .flags = SYN, .seq = 100}, .verdict = REDIRECT,
	   .out = {.from = HOST, .to = ONE, .flags = SYN, .seq = 100},
	   .counts = "connection_new forwarded"},
	  {FROM_ONE,
	   .in = {.from = ONE, .to = HOST_BY_GATEWAY, .flags = SYN | ACK, .seq = 900, .ack = 101},
	   .verdict = REDIRECT,
	   .out = {.from = VIP_BY_ONE, .to = HOST, .flags = SYN | ACK, .seq = 900, .ack = 101},
	   .counts = "replied"}}},
	{"an instance without an interface is left to the stack", given_routed_instance,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = PASS,
	   OUT_TO_ONE(.flags = SYN, .seq = 100), .counts = "connection_new forwarded to_stack"}}},

	{"equal loads go to the first instance", given_both,
	 {SYN_FORWARDED}},
	{"the less loaded instance is picked", given_two_idler,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = REDIRECT,
	   OUT_TO_TWO(.flags = SYN, .seq = 100), .counts = "connection_new forwarded"}}},
	{"the second connection goes to the second instance", given_both,
	 {SYN_FORWARDED,
	  {FROM_CLIENT, .in = {.from = OTHER_CLIENT, .to = VIP, .flags = SYN, .seq = 5},
	   .verdict = REDIRECT, .out = {.from = OTHER_CLIENT, .to = TWO, .flags = SYN, .seq = 5},
	   .counts = "connection_new forwarded"}}},
	{"a draining instance gets no new connection", given_draining,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = REDIRECT,
	   OUT_TO_TWO(.flags = SYN, .seq = 100), .counts = "connection_new forwarded"}}},
	{"a draining instance keeps its connections, and SYNs on their way", given_one,
	 {SYN_FORWARDED,
	  {ACT, .act = drain_one},
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = SYN, .seq = 100), .counts = "syn_retransmitted forwarded"},
	  SYN_ACK_REPLIED,
	  ACK_FORWARDED}},
	{"of 200 connections a quarter of the weight gets 50", given_quarter,
	 {{ACT, .act = the_split_is_exact, .counts = "connection_new*200 forwarded*200"}}},

	{"one client port at two VIP ports: the second gets another port", given_one,
	 {SYN_FORWARDED,
	  {FROM_CLIENT, .in = {.from = CLIENT, .to = VIP_8080, .flags = SYN, .seq = 500},
	   .verdict = REDIRECT, .counts = "port_changed connection_new forwarded"},
	  {ACT, .act = the_second_gets_its_reply, .counts = "replied"},
	  SYN_ACK_REPLIED,
	  ACK_FORWARDED}},
	{"no port is free at the instance: the SYN is dropped, nobody else's replies are touched", given_no_port,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP, .counts = "port_clash",
	   .act = no_place_is_kept}}},
	{"the replies' map is full: the SYN is dropped, its place given back", given_full_replies,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP,
	   .counts = "flow_table_full", .act = no_place_is_kept}}},
	{"an instance that calls its own service sees the VIP as its client", given_one,
	 {{FROM_ONE,
	   .in = {.from = {{198, 19, 0, 1}, 50000, 0x21}, .to = VIP, .flags = SYN, .seq = 100},
	   .verdict = REDIRECT,
	   .out = {.from = {{198, 18, 0, 5}, 50000, 0x21}, .to = ONE, .flags = SYN, .seq = 100},
	   .counts = "hairpin connection_new forwarded"},
	  {FROM_ONE,
	   .in = {.from = ONE, .to = {{198, 18, 0, 5}, 50000, 1}, .flags = SYN | ACK, .seq = 1, .ack = 101},
	   .verdict = REDIRECT,
	   .out = {.from = VIP_BY_ONE, .to = {{198, 19, 0, 1}, 50000, 0x21}, .flags = SYN | ACK, .seq = 1, .ack = 101},
	   .counts = "replied"},
	  {FROM_ONE,
	   .in = {.from = {{198, 19, 0, 1}, 50000, 0x21}, .to = VIP, .flags = ACK, .seq = 101, .ack = 2, .payload = 5},
	   .verdict = REDIRECT,
	   .out = {.from = {{198, 18, 0, 5}, 50000, 0x21}, .to = ONE, .flags = ACK, .seq = 101, .ack = 2, .payload = 5},
	   .counts = "forwarded"}}},
	{"an instance may call a service of another", given_one,
	 {{FROM_TWO,
	   .in = {.from = {{198, 19, 0, 2}, 50000, 0x22}, .to = VIP, .flags = SYN, .seq = 100},
	   .verdict = REDIRECT,
	   .out = {.from = {{198, 19, 0, 2}, 50000, 0x22}, .to = ONE, .flags = SYN, .seq = 100},
	   .counts = "connection_new forwarded"}}},
	{0},
};
// clang-format on
