// SPDX-License-Identifier: BSD-2-Clause
/* ICMP: echoes that a VIP answers, errors on their way to the end that they concern, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/row.h"

#include "dp/internal.h"

#include <bpf/bpf.h>

#define UNREACHABLE   .type = 3, .code = 3
#define FRAG_NEEDED   .type = 3, .code = 4, .rest = 1280
#define TIME_EXCEEDED .type = 11
#define ECHO	      .protocol = 1, .type = 8, .rest = 0x12340001, .payload = 56
#define REPLY	      .protocol = 1, .rest = 0x12340001, .payload = 56

#define ROUTER                                                                                                         \
	{                                                                                                              \
		{10, 0, 0, 254}, 1, 0x10                                                                               \
	}
#define NOBODYS                                                                                                        \
	{                                                                                                              \
		{198, 18, 0, 77}, 80, 1                                                                                \
	}

/* Of the connection that SYN_FORWARDED and SYN_ACK_REPLIED began: as each side has it. */
static const struct packet from_vip = {.from = VIP, .to = CLIENT, .flags = SYN | ACK, .seq = 900, .ack = 101};
static const struct packet from_one = {.from = ONE, .to = CLIENT, .flags = SYN | ACK, .seq = 900, .ack = 101};
static const struct packet to_vip = {.from = CLIENT, .to = VIP, .flags = ACK, .seq = 101, .ack = 901, .payload = 40};
static const struct packet to_one = {.from = CLIENT, .to = ONE, .flags = ACK, .seq = 101, .ack = 901, .payload = 40};
static const struct packet with_options = {
	.from = VIP, .to = CLIENT, .flags = SYN | ACK, .seq = 900, .ack = 101, .ip_options = 3};
static const struct packet with_options_from_one = {
	.from = ONE, .to = CLIENT, .flags = SYN | ACK, .seq = 900, .ack = 101, .ip_options = 3};
static const struct packet never_sent = {.from = VIP, .to = CLIENT, .flags = ACK, .seq = 90000, .ack = 101};
static const struct packet other_port = {.from = VIP_8080, .to = CLIENT, .flags = ACK, .seq = 900, .ack = 101};
static const struct packet of_icmp = {.from = VIP, .to = CLIENT, .protocol = 1, .payload = 30};
static const struct packet of_nobody = {.from = NOBODYS, .to = CLIENT, .flags = ACK, .seq = 900};
static const struct packet as_fragment = {
	.from = VIP, .to = CLIENT, .flags = ACK, .seq = 901, .ack = 101, .fragment = 0x2040};
static const struct packet to_no_port = {.from = CLIENT, .to = VIP, .protocol = 17, .payload = 20};
static const struct packet ping_nobody = {.from = CLIENT, .to = NOBODYS, ECHO};

static void list_without_the_client(struct world *world)
{
	const struct rs_address somebody = frame_address((const uint8_t[4]){10, 0, 0, 99});
	struct rs_route route;
	assert_int_equal(rs_dp_allowed_add(world->dp, 7, &somebody, 128), 0);
	assert_int_equal(rs_dp_route_get(world->dp, 1, &route), 0);
	route.allowed = 7;
	assert_int_equal(rs_dp_route_set(world->dp, 1, &route), 0);
}

static void given_one_with_a_list(struct world *world)
{
	given_one(world);
	list_without_the_client(world);
}

static void one_is_gone(struct world *world)
{
	rs_dp_instance_remove(world->dp, 1, 1001);
}

/* Within a millisecond or some: a CPU has so many errors, and no more. */
static void errors_are_limited(struct world *world)
{
	const struct packet ping = {.from = CLIENT, .to = NOBODYS, ECHO};
	unsigned told = 0, limited = 0;
	for (int i = 0; i < 4 * RS_ICMP_BURST && !limited; i++) {
		told += world_send_packet(world, RS_DP_CLIENT, world->client, &ping) == REDIRECT;
		limited = (unsigned)world_counter(world, RS_REASON_icmp_limited);
	}
	assert_true(told >= RS_ICMP_BURST);
	assert_true(limited);
}

// clang-format off
const struct row rows_icmp[] = {
	{"an echo request to a VIP is answered", given_nothing,
	 {{FROM_CLIENT, TO_VIP(ECHO), .verdict = REDIRECT, OUT_RESET(REPLY), .counts = "icmp_echoed"},
	  {FROM_CLIENT, TO_VIP(ECHO, .ip_options = 2, .trailer = 5), .verdict = REDIRECT,
	   OUT_RESET(REPLY, .ip_options = 2, .trailer = 5), .counts = "icmp_echoed"},
	  {FROM_CLIENT, TO_VIP(ECHO, .ttl = 1, .id = 77), .verdict = REDIRECT, OUT_RESET(REPLY, .id = 77),
	   .counts = "icmp_echoed"}}},
	{"a long one as well", given_nothing,
	 {{FROM_CLIENT, TO_VIP(.protocol = 1, .type = 8, .payload = 1472), .verdict = REDIRECT,
	   OUT_RESET(.protocol = 1, .payload = 1472), .counts = "icmp_echoed"}}},
	{"from the host, and from an instance", given_one,
	 {{FROM_HOST, TO_VIP(ECHO), .verdict = REDIRECT, OUT_RESET(REPLY), .counts = "icmp_echoed"},
	  {FROM_ONE, .in = {.from = ONE, .to = VIP, ECHO}, .verdict = REDIRECT, .out = {.from = VIP, .to = ONE, REPLY},
	   .counts = "icmp_echoed"}}},
	{"an echo request to nobody's VIP is unreachable", given_nothing,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = NOBODYS, ECHO}, .verdict = REDIRECT,
	   .out = {.from = NOBODYS, .to = CLIENT, .protocol = 1, .type = 3, .code = 1, .about = &ping_nobody,
		   .quoted = 84}, .counts = "no_service"}}, .families = IPV4_ONLY},
	{"an echo request to nobody's VIP is unreachable", given_nothing,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = NOBODYS, ECHO}, .verdict = REDIRECT,
	   .out = {.from = NOBODYS, .to = CLIENT, .protocol = 1, .type = 3, .code = 1, .about = &ping_nobody,
		   .quoted = 104}, .counts = "no_service"}}, .families = IPV6_ONLY},
	{"who may not reach a service does not hear of it", given_one_with_a_list,
	 {{FROM_CLIENT, TO_VIP(ECHO), .verdict = DROP, .counts = "not_allowed"}}},
	{"whoever has no address of its own is told nothing", given_nothing,
	 {{FROM_CLIENT, .in = {.from = {{0, 0, 0, 0}, 1, 0x10}, .to = NOBODYS, ECHO}, .verdict = DROP,
	   .counts = "no_service"},
	  {FROM_CLIENT, .in = {.from = {{224, 0, 0, 1}, 1, 0x10}, .to = NOBODYS, ECHO}, .verdict = DROP,
	   .counts = "no_service"}}, .families = IPV4_ONLY},
	{"a datagram to a port that is not served is unreachable", given_one,
	 {{FROM_CLIENT, TO_VIP(.protocol = 17, .payload = 20), .verdict = REDIRECT,
	   OUT_RESET(.protocol = 1, UNREACHABLE, .about = &to_no_port, .quoted = 48), .counts = "no_service"}},
	 .families = IPV4_ONLY},
	{"a datagram to a port that is not served is unreachable", given_one,
	 {{FROM_CLIENT, TO_VIP(.protocol = 17, .payload = 20), .verdict = REDIRECT,
	   OUT_RESET(.protocol = 1, UNREACHABLE, .about = &to_no_port, .quoted = 68), .counts = "no_service"}},
	 .families = IPV6_ONLY},
	{"our errors are limited", given_nothing, {{ACT, .act = errors_are_limited, .counts = "?"}}},
	{"an echo to another address passes", given_nothing,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = ROUTER, ECHO}, .verdict = PASS, .counts = "not_ours"},
	  {FROM_ONE, .in = {.from = ONE, .to = ROUTER, ECHO}, .verdict = PASS, .counts = "not_ours"},
	  {FROM_HOST, .in = {.from = CLIENT, .to = ROUTER, ECHO}, .verdict = PASS, .counts = "not_ours"}}},

	{"katran#159: ICMP with 8 bytes of TCP reaches the instance", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED,
	  {FROM_CLIENT, .in = {.from = ROUTER, .to = VIP, .protocol = 1, FRAG_NEEDED, .about = &from_vip},
	   .verdict = REDIRECT,
	   .out = {.from = ROUTER, .to = ONE, .protocol = 1, FRAG_NEEDED, .about = &from_one},
	   .counts = "icmp_forwarded"}}},
	{"with the whole header, its checksum follows too", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED,
	  {FROM_UPLINK, .in = {.from = ROUTER, .to = VIP, .protocol = 1, FRAG_NEEDED, .about = &from_vip, .quoted = 40},
	   .verdict = REDIRECT,
	   .out = {.from = ROUTER, .to = ONE, .protocol = 1, FRAG_NEEDED, .about = &from_one, .quoted = 40},
	   .counts = "icmp_forwarded"}}, .families = IPV4_ONLY},
	{"with the whole header, its checksum follows too", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED,
	  {FROM_UPLINK, .in = {.from = ROUTER, .to = VIP, .protocol = 1, FRAG_NEEDED, .about = &from_vip, .quoted = 60},
	   .verdict = REDIRECT,
	   .out = {.from = ROUTER, .to = ONE, .protocol = 1, FRAG_NEEDED, .about = &from_one, .quoted = 60},
	   .counts = "icmp_forwarded"}}, .families = IPV6_ONLY},
	{"options in front of it, and in the quoted packet", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED,
	  {FROM_HOST, .in = {.from = ROUTER, .to = VIP, .protocol = 1, TIME_EXCEEDED, .about = &with_options,
			     .ip_options = 2},
	   .verdict = REDIRECT,
	   .out = {.from = ROUTER, .to = ONE, .protocol = 1, TIME_EXCEEDED, .about = &with_options_from_one,
		   .ip_options = 2},
	   .counts = "icmp_forwarded"}}},
	{"an error of the client's own", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED,
	  {FROM_CLIENT, TO_VIP(.protocol = 1, UNREACHABLE, .about = &from_vip), .verdict = REDIRECT,
	   OUT_TO_ONE(.protocol = 1, UNREACHABLE, .about = &from_one), .counts = "icmp_forwarded"}}},
	{"an error about bytes that were never sent is dropped", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED,
	  {FROM_CLIENT, TO_VIP(.protocol = 1, FRAG_NEEDED, .about = &never_sent), .verdict = DROP,
	   .counts = "icmp_implausible"}}},
	{"so is one before the instance has sent any", given_one,
	 {SYN_FORWARDED,
	  {FROM_CLIENT, TO_VIP(.protocol = 1, FRAG_NEEDED, .about = &from_vip), .verdict = DROP,
	   .counts = "icmp_implausible"}}},
	{"an error about no known connection is dropped", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED,
	  {FROM_CLIENT, TO_VIP(.protocol = 1, UNREACHABLE, .about = &other_port), .verdict = DROP,
	   .counts = "icmp_no_flow"},
	  {FROM_CLIENT, TO_VIP(.protocol = 1, UNREACHABLE, .about = &of_nobody), .verdict = DROP,
	   .counts = "icmp_no_flow"},
	  {FROM_CLIENT, .in = {.from = CLIENT, .to = NOBODYS, .protocol = 1, UNREACHABLE, .about = &from_vip},
	   .verdict = DROP, .counts = "icmp_no_flow"}}},
	{"and about one whose instance is gone", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, {ACT, .act = one_is_gone},
	  {FROM_CLIENT, TO_VIP(.protocol = 1, UNREACHABLE, .about = &from_vip), .verdict = DROP,
	   .counts = "icmp_no_flow"}}},
	{"an error that quotes no connection is dropped", given_one,
	 {{FROM_CLIENT, TO_VIP(.protocol = 1, UNREACHABLE, .about = &of_icmp), .verdict = DROP,
	   .counts = "icmp_unread"},
	  {FROM_CLIENT, TO_VIP(.protocol = 1, UNREACHABLE, .payload = 12), .verdict = DROP, .counts = "icmp_unread"},
	  {FROM_CLIENT, TO_VIP(.protocol = 1, UNREACHABLE), .verdict = DROP, .counts = "icmp_unread"},
	  {FROM_CLIENT, TO_VIP(.protocol = 1, UNREACHABLE, .about = &as_fragment), .verdict = DROP,
	   .counts = "icmp_unread"},
	  {FROM_CLIENT, TO_VIP(.protocol = 1, UNREACHABLE, .about = &from_vip, .quoted = 27), .verdict = DROP,
	   .counts = "icmp_unread"}}},
	{"redirects and what else there is are dropped", given_one,
	 {SYN_FORWARDED,
	  {FROM_CLIENT, TO_VIP(.protocol = 1, .type = 5, .about = &from_vip), .verdict = DROP,
	   .counts = "icmp_ignored"},
	  {FROM_CLIENT, TO_VIP(.protocol = 1, .type = 0, .payload = 8), .verdict = DROP, .counts = "icmp_ignored"},
	  {FROM_CLIENT, TO_VIP(.protocol = 1, .type = 13, .payload = 12), .verdict = DROP, .counts = "icmp_ignored"}}},

	{"an instance's error goes to its client, in the VIP's name", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED,
	  {FROM_ONE, FROM_INSTANCE(.protocol = 1, UNREACHABLE, .about = &to_one), .verdict = REDIRECT,
	   OUT_TO_CLIENT(.protocol = 1, UNREACHABLE, .about = &to_vip), .counts = "icmp_replied"},
	  {FROM_ONE, FROM_INSTANCE(.protocol = 1, FRAG_NEEDED, .about = &to_one, .quoted = 80), .verdict = REDIRECT,
	   OUT_TO_CLIENT(.protocol = 1, FRAG_NEEDED, .about = &to_vip, .quoted = 80), .counts = "icmp_replied"}}},
	{"one of a router inside, too", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED,
	  {FROM_ONE, .in = {.from = {{198, 19, 0, 99}, 1, 0x21}, .to = CLIENT_BY_GATEWAY, .protocol = 1, FRAG_NEEDED,
			    .about = &to_one},
	   .verdict = REDIRECT, OUT_TO_CLIENT(.protocol = 1, FRAG_NEEDED, .about = &to_vip),
	   .counts = "icmp_replied"}}},
	{"no instance tells of another's connection", given_both,
	 {SYN_FORWARDED, SYN_ACK_REPLIED,
	  {FROM_TWO, FROM_INSTANCE(.protocol = 1, UNREACHABLE, .about = &to_one), .verdict = PASS,
	   .counts = "not_ours"}}},
	{"an instance's other messages pass", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED,
	  {FROM_ONE, FROM_INSTANCE(.protocol = 1, UNREACHABLE, .about = &to_vip), .verdict = PASS,
	   .counts = "not_ours"},
	  {FROM_ONE, FROM_INSTANCE(.protocol = 1, .type = 0, .payload = 8), .verdict = PASS, .counts = "not_ours"}}},
	{"a header that is cut off is malformed", given_nothing,
	 {{FROM_CLIENT, TO_VIP(.protocol = 1, .type = 8, .cut = 4), .verdict = DROP, .counts = "malformed"}}},
	{0},
};
// clang-format on
