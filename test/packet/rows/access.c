// SPDX-License-Identifier: BSD-2-Clause
/* Who may begin a connection, and what of a connection is believed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/row.h"

#include "dp/internal.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <string.h>

/* --- lists -------------------------------------------------------------------------------------------------------- */

#define LIST  7
#define OTHER 8

static struct rs_address address_of(const char *text)
{
	in_addr_t address = inet_addr(text);
	return frame_address((const uint8_t *)&address);
}

static void allow(struct world *world, unsigned list, const char *address, unsigned bits)
{
	struct rs_address range = address_of(address);
	assert_int_equal(rs_dp_allowed_add(world->dp, list, &range, 96 + bits), 0);
}

static void set_route(struct world *world, unsigned list, unsigned flags)
{
	struct rs_route route;
	assert_int_equal(rs_dp_route_get(world->dp, 1, &route), 0);
	route.allowed = list;
	route.flags = flags;
	assert_int_equal(rs_dp_route_set(world->dp, 1, &route), 0);
}

static void given_allowed(struct world *world)
{
	given_one(world);
	allow(world, LIST, "192.0.2.0", 24);
	allow(world, LIST, "10.0.0.1", 32);
	set_route(world, LIST, 0);
}

static void given_everyone(struct world *world)
{
	given_one(world);
	allow(world, LIST, "0.0.0.0", 0);
	set_route(world, LIST, 0);
}

/* Asleep, and the client is on the list of somebody else. */
static void given_not_allowed(struct world *world)
{
	given_nothing(world);
	allow(world, LIST, "192.0.2.0", 24);
	allow(world, LIST, "10.0.0.0", 32);
	allow(world, OTHER, "10.0.0.0", 8);
	set_route(world, LIST, 0);
}

static void given_empty_list(struct world *world)
{
	given_one(world);
	set_route(world, LIST, 0);
}

static void shut_out(struct world *world)
{
	set_route(world, OTHER, 0);
}

struct heard {
	unsigned count;
	struct rs_event last;
};

static void hear(void *user, const struct rs_event *event)
{
	struct heard *heard = user;
	if (event->type != RS_EVENT_DENIED)
		return;
	heard->count++;
	heard->last = *event;
}

static struct heard listen_for_denied(struct world *world)
{
	struct heard heard = {0};
	assert_true(rs_dp_events_consume(world->dp, hear, &heard) >= 0);
	return heard;
}

static void is_told_and_left_no_trace(struct world *world)
{
	struct heard heard = listen_for_denied(world);
	struct rs_address source = address_of("10.0.0.1");
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.last.route, 1);
	assert_int_equal(heard.last.reason, RS_REASON_not_allowed);
	assert_int_equal(heard.last.denied, 1);
	assert_memory_equal(&heard.last.source, &source, sizeof(source));
	assert_int_equal(world_count(world, "flows") + world_count(world, "hold_index"), 0);
	assert_int_equal(rs_dp_revision(world->dp, 1)->wake, 0);
	struct rs_route route;
	assert_int_equal(rs_dp_route_get(world->dp, 1, &route), 0);
	assert_int_equal(route.sequence, 0); /* no share of the weights is used up */
}

static void is_not_told_again(struct world *world)
{
	struct rs_route route;
	assert_int_equal(listen_for_denied(world).count, 0);
	assert_int_equal(rs_dp_route_get(world->dp, 1, &route), 0);
	assert_int_equal(route.denied, 2);
	/* A minute later it is. */
	route.denied_ns -= RS_DENIED_TELL_MS * 1000000ULL;
	assert_int_equal(rs_dp_route_set(world->dp, 1, &route), 0);
}

static void is_told_again(struct world *world)
{
	struct heard heard = listen_for_denied(world);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.last.denied, 3);
}

static void given_local(struct world *world)
{
	struct rs_iface uplink = {.way = RS_WAY_NEIGH, .flags = RS_IFACE_UPLINK};
	given_one(world);
	assert_int_equal(bpf_map_update_elem(world_map(world, "ifaces"), &world->uplink, &uplink, BPF_ANY), 0);
	set_route(world, 0, RS_ROUTE_LOCAL);
}

static void given_unknown_interface(struct world *world)
{
	given_local(world);
	assert_int_equal(bpf_map_delete_elem(world_map(world, "ifaces"), &world->client), 0);
}

static void is_told_why(struct world *world)
{
	struct heard heard = listen_for_denied(world);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.last.reason, RS_REASON_not_visible);
}

/* --- what is believed ------------------------------------------------------------------------------------------------
 */

static unsigned state_of(struct world *world)
{
	struct rs_tuple key;
	return world_flow(world, &key).state;
}

static void is_established(struct world *world)
{
	assert_int_equal(state_of(world), RS_TCP_ESTABLISHED);
}

static void is_closed(struct world *world)
{
	assert_int_equal(state_of(world), RS_TCP_CLOSED);
}

static void is_half_open(struct world *world)
{
	assert_int_equal(state_of(world), RS_TCP_SYN_RECEIVED);
}

#define OPEN SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED
#define SENT(flags_, seq_, payload_, counts_, ...)                                                                     \
	{                                                                                                              \
		FROM_CLIENT, TO_VIP(.flags = flags_, .seq = seq_, .ack = 901, .payload = payload_),                    \
			.verdict = REDIRECT,                                                                           \
			OUT_TO_ONE(.flags = flags_, .seq = seq_, .ack = 901, .payload = payload_), .counts = counts_,  \
			##__VA_ARGS__                                                                                  \
	}
#define ACKNOWLEDGED(ack_)                                                                                             \
	{                                                                                                              \
		FROM_ONE, FROM_INSTANCE(.flags = ACK, .seq = 901, .ack = ack_),                                        \
			.verdict = REDIRECT, OUT_TO_CLIENT(.flags = ACK, .seq = 901, .ack = ack_), .counts = "replied" \
	}

// clang-format off
const struct row rows_access[] = {
	{"who is on the list is served", given_allowed,
	 {OPEN}},
	{"a list of everyone", given_everyone,
	 {SYN_FORWARDED}},
	{"a list that nobody is on", given_empty_list,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP, .counts = "not_allowed"}}},
	{"who is not on the list wakes nothing, and is told once a minute", given_not_allowed,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP, .counts = "not_allowed",
	   .act = is_told_and_left_no_trace},
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP, .counts = "not_allowed",
	   .act = is_not_told_again},
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP, .counts = "not_allowed",
	   .act = is_told_again}}},
	{"a list goes for every way in", given_not_allowed,
	 {{FROM_HOST, .in = {.from = {{198, 18, 255, 254}, 50000, 0xf0}, .to = VIP, .flags = SYN, .seq = 5},
	   .verdict = DROP, .counts = "not_allowed"},
	  {FROM_TWO, .in = {.from = {{198, 19, 0, 2}, 50000, 0x22}, .to = VIP, .flags = SYN, .seq = 5},
	   .verdict = DROP, .counts = "not_allowed"},
	  {FROM_UPLINK, TO_VIP(.flags = SYN, .seq = 5), .verdict = DROP, .counts = "not_allowed"}}},
	{"a new list is not for connections that are open", given_allowed,
	 {OPEN,
	  {ACT, .act = shut_out},
	  SENT(ACK | PSH, 101, 20, "forwarded"),
	  {FROM_CLIENT, .in = {.from = {{10, 0, 0, 1}, 41000, 0x10}, .to = VIP, .flags = SYN, .seq = 1},
	   .verdict = DROP, .counts = "not_allowed"}}},
	{"nor for those that are held", given_nothing,
	 {SYN_PARKED,
	  {ACT, .act = shut_out},
	  {FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP, .counts = "hold_refreshed"}}},
	{"a cluster-local service does not know who comes by an uplink", given_local,
	 {{FROM_UPLINK, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP, .counts = "not_visible", .act = is_told_why}}},
	{"and serves who is on this node: behind a veth", given_local,
	 {SYN_FORWARDED}},
	{"the host itself", given_local,
	 {{FROM_HOST, .in = {.from = {{198, 18, 255, 254}, 50000, 0xf0}, .to = VIP, .flags = SYN, .seq = 100},
	   .verdict = REDIRECT, .counts = "connection_new forwarded"}}},
	{"an instance", given_local,
	 {{FROM_TWO, .in = {.from = {{198, 19, 0, 2}, 50000, 0x22}, .to = VIP, .flags = SYN, .seq = 100},
	   .verdict = REDIRECT, .counts = "connection_new forwarded"}}},
	{"an interface that nobody knows counts as outside", given_unknown_interface,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100), .verdict = DROP, .counts = "not_visible"}}},

	{"an RST with any number ends nothing", given_one,
	 {OPEN,
	  SENT(RST, 5000, 0, "forwarded end_implausible"),
	  SENT(RST, 100, 0, "forwarded end_implausible"),
	  SENT(RST, 102, 0, "forwarded end_implausible"),
	  SENT(RST | ACK, 0, 0, "forwarded end_implausible"),
	  SENT(FIN | ACK, 102, 0, "forwarded end_implausible", .act = is_established),
	  SENT(RST, 101, 0, "forwarded", .act = is_closed)}},
	{"one within what is in flight does", given_one,
	 {OPEN,
	  SENT(ACK | PSH, 101, 100, "forwarded"),
	  SENT(RST, 202, 0, "forwarded end_implausible", .act = is_established),
	  SENT(RST, 150, 0, "forwarded", .act = is_closed)}},
	{"but not within what has arrived", given_one,
	 {OPEN,
	  SENT(ACK | PSH, 101, 100, "forwarded"),
	  ACKNOWLEDGED(201),
	  SENT(RST, 150, 0, "forwarded end_implausible", .act = is_established),
	  SENT(RST, 201, 0, "forwarded", .act = is_closed)}},
	{"data with any number makes no RST plausible", given_one,
	 {OPEN,
	  SENT(ACK | PSH, 0x40000000, 100, "forwarded"),
	  SENT(RST, 0x40000000, 0, "forwarded end_implausible", .act = is_established)}},
	{"numbers wrap", given_one,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 0xfffffff0), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = SYN, .seq = 0xfffffff0), .counts = "connection_new forwarded"},
	  {FROM_ONE, FROM_INSTANCE(.flags = SYN | ACK, .seq = 900, .ack = 0xfffffff1), .verdict = REDIRECT,
	   OUT_TO_CLIENT(.flags = SYN | ACK, .seq = 900, .ack = 0xfffffff1), .counts = "replied"},
	  SENT(ACK | PSH, 0xfffffff1, 100, "forwarded"),
	  SENT(RST, 0xffffffef, 0, "forwarded end_implausible"),
	  SENT(RST, 0x40, 0, "forwarded", .act = is_closed)}},
	{"a handshake ends with the number that only its client got", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED,
	  {FROM_CLIENT, TO_VIP(.flags = ACK, .seq = 101, .ack = 5), .verdict = REDIRECT,
	   OUT_TO_ONE(.flags = ACK, .seq = 101, .ack = 5), .counts = "forwarded ack_implausible", .act = is_half_open},
	  ACK_FORWARDED,
	  {ACT, .act = is_established}}},
	{"no instance speaks for another", given_both,
	 {SYN_FORWARDED,
	  {FROM_TWO, FROM_INSTANCE(.flags = SYN | ACK, .seq = 900, .ack = 101), .verdict = PASS, .counts = "not_ours"},
	  SYN_ACK_REPLIED}},
	{0},
};
// clang-format on
