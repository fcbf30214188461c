// SPDX-License-Identifier: BSD-2-Clause
/* External ports: some addresses of the node lead to a service at some ports. What is not there is left alone. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/row.h"

#include "dp/internal.h"

static const uint8_t node[4] = {192, 0, 2, 9};

static struct rs_frontend_key frontend(uint16_t port)
{
	const struct rs_address address = frame_address(node);
	return rs_dp_frontend(&address, port, RS_PROTOCOL_TCP);
}

/* 192.0.2.9:30080 leads to route 1. */
static void is_external(struct world *world)
{
	const struct rs_frontend_key key = frontend(30080);
	assert_int_equal(rs_dp_frontend_set(world->dp, &key, 1, 0), 0);
	assert_int_equal(rs_dp_external_set(world->dp, 30080, RS_PROTOCOL_TCP, true), 0);
}

static void given_external(struct world *world)
{
	given_one(world);
	is_external(world);
}

/* The same for UDP, to the second port of the instance. */
static void given_external_udp(struct world *world)
{
	given_external(world);
	struct rs_instance *one = rs_dp_instance(world->dp, 1);
	one->port[1] = htons(53);
	one->udp = 1 << 1;
	one->listening[frame_family] = 1 << 1;
	rs_dp_revision_set_ports(world->dp, 1, 3, 2);
	const struct rs_address address = frame_address(node);
	const struct rs_frontend_key key = rs_dp_frontend(&address, 30053, RS_PROTOCOL_UDP);
	assert_int_equal(rs_dp_frontend_set(world->dp, &key, 1, 1), 0);
	assert_int_equal(rs_dp_external_set(world->dp, 30053, RS_PROTOCOL_UDP, true), 0);
}

static void given_external_asleep(struct world *world)
{
	given_nothing(world);
	is_external(world);
}

/* The mark alone: another address of the node has it, or the node had it once. */
static void given_mark(struct world *world)
{
	given_one(world);
	assert_int_equal(rs_dp_external_set(world->dp, 30080, RS_PROTOCOL_TCP, true), 0);
}

/* Nobody looks at what is not marked. */
static void given_unmarked(struct world *world)
{
	given_external(world);
	assert_int_equal(rs_dp_external_set(world->dp, 30080, RS_PROTOCOL_TCP, false), 0);
	assert_int_equal(rs_dp_external_set(world->dp, 30080, RS_PROTOCOL_UDP, true), 0);
	assert_int_equal(rs_dp_external_set(world->dp, 30081, RS_PROTOCOL_TCP, true), 0);
}

static void given_external_for_some(struct world *world)
{
	given_external(world);
	struct rs_route route;
	assert_int_equal(rs_dp_route_get(world->dp, 1, &route), 0);
	route.allowed = 7; /* a list with nobody in it */
	assert_int_equal(rs_dp_route_set(world->dp, 1, &route), 0);
}

static void is_withdrawn(struct world *world)
{
	const struct rs_frontend_key key = frontend(30080);
	assert_int_equal(rs_dp_frontend_delete(world->dp, &key), 0);
}

static bool nobody_claims(void *user, unsigned short port, unsigned char protocol)
{
	(void)user;
	assert_int_equal(port, 30080);
	assert_int_equal(protocol, RS_PROTOCOL_TCP);
	return false;
}

/* A restart of the agent. */
static void is_swept(struct world *world)
{
	rs_dp_external_sweep(world->dp, nobody_claims, NULL);
}

static void one_comes(struct world *world)
{
	world_instance(world, 1, RS_INSTANCE_READY);
}

// clang-format off
#define PORT          {{192, 0, 2, 9}, 30080, 1}
#define PORT_BY_ONE   {{192, 0, 2, 9}, 30080, 0x21}
#define OTHER_ADDRESS {{203, 0, 113, 1}, 30080, 1}
#define OTHER_PORT    {{192, 0, 2, 9}, 30081, 1}
#define UDP_PORT      {{192, 0, 2, 9}, 30053, 1}
#define UDP_PORT_BY_ONE    {{192, 0, 2, 9}, 30053, 0x21}
#define UDP_PORT_ELSEWHERE {{203, 0, 113, 1}, 30053, 1}
#define ONE_DNS       {{198, 19, 0, 1}, 53, 0x21}
#define ROUTER        {{10, 0, 0, 254}, 1, 0x10}
#define FRAG_NEEDED   .protocol = 1, .type = 3, .code = 4, .rest = 1280
#define MORE          0x2000
#define LATER(at, ...) .raw = true, .protocol = RS_PROTOCOL_UDP, .payload = 48, .fragment = MORE | (at), __VA_ARGS__
#define TO(whom, ...) .in = {.from = CLIENT, .to = whom, __VA_ARGS__}
#define UNTOUCHED     .verdict = PASS, .counts = "not_ours"

#define SYN_IN {FROM_CLIENT, TO(PORT, .flags = SYN, .seq = 100), .verdict = REDIRECT, \
	OUT_TO_ONE(.flags = SYN, .seq = 100), .counts = "connection_new forwarded"}
#define SYN_ACK_OUT {FROM_ONE, FROM_INSTANCE(.flags = SYN | ACK, .seq = 900, .ack = 101), .verdict = REDIRECT, \
	.out = {.from = PORT_BY_ONE, .to = CLIENT, .flags = SYN | ACK, .seq = 900, .ack = 101}, .counts = "replied"}
#define DATA_IN {FROM_CLIENT, TO(PORT, .flags = ACK, .seq = 101, .ack = 901, .payload = 10), .verdict = REDIRECT, \
	OUT_TO_ONE(.flags = ACK, .seq = 101, .ack = 901, .payload = 10), .counts = "forwarded"}

/* As each side has the connection that SYN_IN and SYN_ACK_OUT began; and what is not of it. */
static const struct packet from_port = {.from = PORT, .to = CLIENT, .flags = SYN | ACK, .seq = 900, .ack = 101};
static const struct packet from_one = {.from = ONE, .to = CLIENT, .flags = SYN | ACK, .seq = 900, .ack = 101};
static const struct packet never_sent = {.from = PORT, .to = CLIENT, .flags = ACK, .seq = 90000, .ack = 101};
static const struct packet of_the_node = {.from = OTHER_PORT, .to = CLIENT, .flags = ACK, .seq = 900, .ack = 101};
static const struct packet of_icmp = {.from = PORT, .to = CLIENT, .protocol = 1, .payload = 30};

const struct row rows_external[] = {
	{"an external port leads to the service, and back", given_external,
	 {SYN_IN, SYN_ACK_OUT, DATA_IN,
	  {FROM_CLIENT, TO(PORT, .flags = ACK, .seq = 500, .ack = 1), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = ACK, .seq = 500, .ack = 1), .counts = "forwarded"}}},
	{"the same port of another address is not ours", given_external,
	 {{FROM_CLIENT, TO(OTHER_ADDRESS, .flags = SYN, .seq = 100), UNTOUCHED},
	  {FROM_CLIENT, TO(OTHER_ADDRESS, .flags = ACK, .seq = 100, .ack = 1, .payload = 10), UNTOUCHED},
	  {FROM_CLIENT, TO(OTHER_ADDRESS, .flags = RST, .seq = 100), UNTOUCHED}}},
	{"another port of the same address is not ours", given_external,
	 {{FROM_CLIENT, TO(OTHER_PORT, .flags = SYN, .seq = 100), UNTOUCHED}}},
	{"a mark without a frontend does nothing", given_mark,
	 {{FROM_CLIENT, TO(PORT, .flags = SYN, .seq = 100), UNTOUCHED},
	  {FROM_CLIENT, TO(PORT, .flags = ACK, .seq = 100, .ack = 1), UNTOUCHED}}},
	{"without a mark nobody looks", given_unmarked,
	 {{FROM_CLIENT, TO(PORT, .flags = SYN, .seq = 100), UNTOUCHED}}},
	{"who has no connection there is told so", given_external,
	 {{FROM_CLIENT, TO(PORT, .flags = ACK, .seq = 100, .ack = 300), .verdict = REDIRECT,
	   .out = {.from = PORT, .to = CLIENT, .flags = RST, .seq = 300}, .counts = "no_flow"}}},
	{"a packet that contradicts itself is the stack's to judge", given_external,
	 {{FROM_CLIENT, TO(PORT, .flags = SYN, .seq = 100, .tcp_words = 3), UNTOUCHED}}},
	{"a SYN in fragments goes to the stack", given_external,
	 {{FROM_CLIENT, TO(PORT, .flags = SYN, .seq = 100, .payload = 28, .fragment = MORE), UNTOUCHED},
	  {FROM_CLIENT, TO(PORT, LATER(6)), UNTOUCHED}}},
	{"datagrams in fragments reach it, and those for others the stack", given_external_udp,
	 {{FROM_CLIENT, TO(UDP_PORT, .protocol = RS_PROTOCOL_UDP, .payload = 40, .fragment = MORE), .verdict = REDIRECT,
	   .out = {.from = CLIENT, .to = ONE_DNS, .protocol = RS_PROTOCOL_UDP, .payload = 40, .fragment = MORE},
	   .counts = "connection_new forwarded"},
	  {FROM_CLIENT, TO(UDP_PORT, LATER(6)), .verdict = REDIRECT, .out = {.from = CLIENT, .to = ONE_DNS, LATER(6)},
	   .counts = "fragment_followed"},
	  {FROM_CLIENT, TO(UDP_PORT, LATER(6, .id = 77)), UNTOUCHED},
	  {FROM_CLIENT, TO(UDP_PORT, LATER(0)), UNTOUCHED},
	  {FROM_CLIENT, TO(UDP_PORT, LATER(0x1fff)), UNTOUCHED},
	  {FROM_CLIENT, TO(UDP_PORT, .raw = true, .protocol = 1, .payload = 48, .fragment = MORE), UNTOUCHED},
	  {FROM_CLIENT, TO(UDP_PORT_ELSEWHERE, .protocol = RS_PROTOCOL_UDP, .payload = 40, .fragment = MORE), UNTOUCHED},
	  {FROM_CLIENT, TO(UDP_PORT_ELSEWHERE, LATER(6)), UNTOUCHED}}},
	{"an error about its connection reaches the instance, and others the stack", given_external,
	 {SYN_IN, SYN_ACK_OUT,
	  {FROM_CLIENT, .in = {.from = ROUTER, .to = PORT, FRAG_NEEDED, .about = &from_port}, .verdict = REDIRECT,
	   .out = {.from = ROUTER, .to = ONE, FRAG_NEEDED, .about = &from_one}, .counts = "icmp_forwarded"},
	  {FROM_CLIENT, .in = {.from = ROUTER, .to = PORT, FRAG_NEEDED, .about = &never_sent}, .verdict = DROP,
	   .counts = "icmp_implausible"},
	  {FROM_CLIENT, .in = {.from = ROUTER, .to = PORT, FRAG_NEEDED, .about = &of_the_node}, UNTOUCHED},
	  {FROM_CLIENT, .in = {.from = ROUTER, .to = OTHER_ADDRESS, FRAG_NEEDED, .about = &from_port}, UNTOUCHED},
	  {FROM_CLIENT, .in = {.from = ROUTER, .to = PORT, FRAG_NEEDED, .about = &of_icmp}, UNTOUCHED},
	  {FROM_CLIENT, TO(PORT, .protocol = 1, .type = 8, .rest = 0x12340001, .payload = 56), UNTOUCHED},
	  {FROM_CLIENT, TO(PORT, .protocol = 1, .type = 5, .rest = 0x12340001, .payload = 56), UNTOUCHED}}},
	{"a short packet too", given_external,
	 {{FROM_CLIENT, TO(PORT, .flags = SYN, .seq = 100, .cut = 4), UNTOUCHED}}},
	{"from an instance or the node itself it is not ours: they have the VIP", given_external,
	 {{FROM_ONE, .in = {.from = ONE, .to = PORT, .flags = SYN, .seq = 100}, UNTOUCHED},
	  {FROM_HOST, TO(PORT, .flags = SYN, .seq = 100), UNTOUCHED}}},
	{"datagrams have external ports of their own", given_external_udp,
	 {{FROM_CLIENT, TO(UDP_PORT, .protocol = RS_PROTOCOL_UDP, .payload = 30), .verdict = REDIRECT,
	   .out = {.from = CLIENT, .to = ONE_DNS, .protocol = RS_PROTOCOL_UDP, .payload = 30},
	   .counts = "connection_new forwarded"},
	  {FROM_ONE, .in = {.from = ONE_DNS, .to = CLIENT_BY_GATEWAY, .protocol = RS_PROTOCOL_UDP, .payload = 90},
	   .verdict = REDIRECT, .counts = "replied",
	   .out = {.from = UDP_PORT_BY_ONE, .to = CLIENT, .protocol = RS_PROTOCOL_UDP, .payload = 90}},
	  {FROM_CLIENT, TO(PORT, .protocol = RS_PROTOCOL_UDP, .payload = 30), UNTOUCHED},
	  {FROM_CLIENT, TO(UDP_PORT, .flags = SYN, .seq = 100), UNTOUCHED},
	  {FROM_CLIENT, TO(UDP_PORT_ELSEWHERE, .protocol = RS_PROTOCOL_UDP, .payload = 30), UNTOUCHED}}},
	{"a sleeping service is woken through it", given_external_asleep,
	 {{FROM_CLIENT, TO(PORT, .flags = SYN, .seq = 100), .verdict = DROP, .counts = "hold_begun hold_parked hold_wake"},
	  {ACT, .act = one_comes},
	  {RELEASE, TO(PORT, .flags = SYN, .seq = 100), .verdict = REDIRECT, OUT_TO_ONE(.flags = SYN, .seq = 100),
	   .counts = "connection_new forwarded"},
	  {FROM_ONE, FROM_INSTANCE(.flags = SYN | ACK, .seq = 900, .ack = 101), .verdict = REDIRECT,
	   .out = {.from = PORT_BY_ONE, .to = CLIENT, .flags = SYN | ACK, .seq = 900, .ack = 101},
	   .counts = "replied hold_released"}}},
	{"who may not reach the service may not by this way either", given_external_for_some,
	 {{FROM_CLIENT, TO(PORT, .flags = SYN, .seq = 100), .verdict = DROP, .counts = "not_allowed"}}},
	{"once withdrawn, what is open goes on and nothing begins", given_external,
	 {SYN_IN, SYN_ACK_OUT,
	  {ACT, .act = is_withdrawn},
	  DATA_IN,
	  {FROM_CLIENT, .in = {.from = {{10, 0, 0, 1}, 40001, 0x10}, .to = PORT, .flags = SYN, .seq = 100}, UNTOUCHED},
	  {ACT, .act = is_swept},
	  {FROM_CLIENT, TO(PORT, .flags = ACK, .seq = 111, .ack = 901), UNTOUCHED}}},
	{0},
};
// clang-format on
