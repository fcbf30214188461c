// SPDX-License-Identifier: BSD-2-Clause
/* Packets that are longer than the link to their instance, or to their client. The links have 1280 bytes here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/row.h"

#include <bpf/bpf.h>

#define SMALL 1280
/* Payload of a segment that just fits. */
#define FITS_V4 (SMALL - 20 - 20)
#define FITS_V6 (SMALL - 40 - 20)
#define DATA	.flags = ACK, .seq = 101, .ack = 901
#define ANSWER	.flags = ACK, .seq = 901, .ack = 101
#define TOO_BIG .protocol = 1, .type = 3, .code = 4, .rest = SMALL
/* As the stack gets it, by rouse0. */
#define CLIENT_BY_STACK                                                                                                \
	{                                                                                                              \
		{10, 0, 0, 1}, 40000, 0xf0                                                                             \
	}
/* And as it gets what is for an instance: as it came in. */
#define ONE_BY_STACK                                                                                                   \
	{                                                                                                              \
		{198, 19, 0, 1}, 8080, 1                                                                               \
	}

static const struct packet long_data = {.from = CLIENT, .to = VIP, DATA, .payload = 1400};
static const struct packet over_by_one = {.from = CLIENT, .to = VIP, DATA, .payload = FITS_V4 + 1};

static void given_small_instance(struct world *world)
{
	struct rs_instance *one = world_instance(world, 1, RS_INSTANCE_READY);
	one->mtu = SMALL;
}

static void given_small_client(struct world *world)
{
	struct rs_iface iface;
	int map = world_map(world, "ifaces");
	given_one(world);
	assert_int_equal(bpf_map_lookup_elem(map, &world->client, &iface), 0);
	iface.mtu = SMALL;
	assert_int_equal(bpf_map_update_elem(map, &world->client, &iface, BPF_EXIST), 0);
}

// clang-format off
const struct row rows_mtu[] = {
	{"too long for the instance's link: the client is told", given_small_instance,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  {FROM_CLIENT, TO_VIP(DATA, .payload = 1400), .verdict = REDIRECT,
	   OUT_RESET(TOO_BIG, .about = &long_data, .quoted = 512), .counts = "too_long"},
	  {FROM_HOST, TO_VIP(DATA, .payload = 1400), .verdict = REDIRECT,
	   OUT_RESET(TOO_BIG, .about = &long_data, .quoted = 512), .counts = "too_long"}}},
	{"what just fits goes on", given_small_instance,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  {FROM_CLIENT, TO_VIP(DATA, .payload = FITS_V4), .verdict = REDIRECT, OUT_TO_ONE(DATA, .payload = FITS_V4),
	   .counts = "forwarded"},
	  {FROM_CLIENT, TO_VIP(DATA, .payload = FITS_V4 + 1), .verdict = REDIRECT,
	   OUT_RESET(TOO_BIG, .about = &over_by_one, .quoted = 512), .counts = "too_long"}}, .families = IPV4_ONLY},
	{"what just fits goes on", given_small_instance,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  {FROM_CLIENT, TO_VIP(DATA, .payload = FITS_V6), .verdict = REDIRECT, OUT_TO_ONE(DATA, .payload = FITS_V6),
	   .counts = "forwarded"},
	  {FROM_CLIENT, TO_VIP(DATA, .payload = FITS_V6 + 1), .verdict = REDIRECT, .counts = "too_long"}},
	 .families = IPV6_ONLY},
	{"a packet that may be fragmented is the stack's", given_small_instance,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  {FROM_CLIENT, TO_VIP(DATA, .payload = 1400, .no_df = true), .verdict = PASS,
	   .out = {.from = CLIENT, .to = ONE_BY_STACK, DATA, .payload = 1400, .no_df = true},
	   .counts = "forwarded to_stack"}}, .families = IPV4_ONLY},
	{"so are fragments that are longer still", given_small_instance,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  {FROM_CLIENT, TO_VIP(DATA, .payload = 1404, .fragment = 0x2000, .id = 4), .verdict = PASS,
	   .out = {.from = CLIENT, .to = ONE_BY_STACK, DATA, .payload = 1404, .fragment = 0x2000, .id = 4},
	   .counts = "forwarded to_stack"},
	  {FROM_CLIENT, TO_VIP(.raw = true, .payload = 1400, .fragment = 178, .id = 4), .verdict = PASS,
	   .out = {.from = CLIENT, .to = ONE_BY_STACK, .raw = true, .payload = 1400, .fragment = 178, .id = 4},
	   .counts = "fragment_followed to_stack"},
	  {FROM_CLIENT, TO_VIP(.raw = true, .payload = 40, .fragment = 353, .id = 4), .verdict = REDIRECT,
	   OUT_TO_ONE(.raw = true, .payload = 40, .fragment = 353, .id = 4), .counts = "fragment_followed"}},
	 .families = IPV4_ONLY},
	{"of a packet that the kernel will cut, the pieces count", given_small_instance,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  {FROM_CLIENT, TO_VIP(DATA, .payload = 1800, .gso = 1200), .verdict = REDIRECT,
	   OUT_TO_ONE(DATA, .payload = 1800), .counts = "forwarded"},
	  {FROM_CLIENT, TO_VIP(DATA, .payload = 1800, .gso = 1400), .verdict = REDIRECT, .counts = "too_long"}}},
	{"without a known MTU everything goes on", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  {FROM_CLIENT, TO_VIP(DATA, .payload = 1900), .verdict = REDIRECT, OUT_TO_ONE(DATA, .payload = 1900),
	   .counts = "forwarded"}}},

	{"too long for the client's link: the stack sees to it", given_small_client,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  {FROM_ONE, FROM_INSTANCE(ANSWER, .payload = 1400), .verdict = REDIRECT,
	   .out = {.from = VIP_BY_ONE, .to = CLIENT_BY_STACK, ANSWER, .payload = 1400},
	   .counts = "replied to_stack"},
	  {FROM_ONE, FROM_INSTANCE(ANSWER, .payload = 900), .verdict = REDIRECT,
	   OUT_TO_CLIENT(ANSWER, .payload = 900), .counts = "replied"},
	  {FROM_ONE, FROM_INSTANCE(ANSWER, .payload = 1800, .gso = 1200), .verdict = REDIRECT,
	   OUT_TO_CLIENT(ANSWER, .payload = 1800), .counts = "replied"},
	  {FROM_ONE, FROM_INSTANCE(ANSWER, .payload = 1800, .gso = 1400), .verdict = REDIRECT,
	   .out = {.from = VIP_BY_ONE, .to = CLIENT_BY_STACK, ANSWER, .payload = 1800},
	   .counts = "replied to_stack"}}},
	{"so it does with fragments", given_small_client,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  {FROM_ONE, FROM_INSTANCE(ANSWER, .payload = 28, .fragment = 0x2000, .id = 4), .verdict = REDIRECT,
	   OUT_TO_CLIENT(ANSWER, .payload = 28, .fragment = 0x2000, .id = 4), .counts = "replied"},
	  {FROM_ONE, FROM_INSTANCE(.raw = true, .payload = 1400, .fragment = 6, .id = 4), .verdict = REDIRECT,
	   .out = {.from = VIP_BY_ONE, .to = CLIENT_BY_STACK, .raw = true, .payload = 1400, .fragment = 6, .id = 4},
	   .counts = "fragment_followed to_stack"}}},
	{0},
};
// clang-format on
