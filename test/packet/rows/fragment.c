// SPDX-License-Identifier: BSD-2-Clause
/* Fragments follow the first of their packet, to an instance, to a client, or back; none is held. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/row.h"

#include "abi/fragment.h"

#include <bpf/bpf.h>

#define MORE		  0x2000 /* and the offset in units of 8 bytes */
#define FIRST(...)	  .flags = ACK, .seq = 101, .ack = 901, .payload = 28, .fragment = MORE, __VA_ARGS__
#define LATER(at, ...)	  .raw = true, .payload = 48, .fragment = MORE | (at), __VA_ARGS__
#define LAST(at, ...)	  .raw = true, .payload = 5, .fragment = (at), __VA_ARGS__
#define ANSWER_FIRST(...) .flags = ACK, .seq = 901, .ack = 141, .payload = 28, .fragment = MORE, __VA_ARGS__
#define ECHO		  .protocol = 1, .type = 8, .rest = 0x12340001, .payload = 40, .fragment = MORE
#define REPLY		  .protocol = 1, .rest = 0x12340001, .payload = 40, .fragment = MORE
#define NOBODYS                                                                                                        \
	{                                                                                                              \
		{198, 18, 0, 77}, 80, 1                                                                                \
	}
#define ELSEWHERE                                                                                                      \
	{                                                                                                              \
		{192, 0, 2, 7}, 80, 1                                                                                  \
	}

/* The time of everything that was noted is over. */
static void time_passes(struct world *world)
{
	int map = world_map(world, "fragments");
	struct rs_fragment_key key;
	struct rs_fragment_way way;
	assert_int_equal(bpf_map_get_next_key(map, NULL, &key), 0);
	assert_int_equal(bpf_map_lookup_elem(map, &key, &way), 0);
	assert_true(way.until_ns > 0);
	way.until_ns = 0;
	assert_int_equal(bpf_map_update_elem(map, &key, &way, BPF_EXIST), 0);
}

static void one_is_noted(struct world *world)
{
	assert_int_equal(world_count(world, "fragments"), 1);
}

// clang-format off
const struct row rows_fragment[] = {
	{"fragments follow their first to its instance", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  {FROM_CLIENT, TO_VIP(FIRST(.id = 9)), .verdict = REDIRECT, OUT_TO_ONE(FIRST(.id = 9)),
	   .counts = "forwarded", .act = one_is_noted},
	  {FROM_CLIENT, TO_VIP(LATER(6, .id = 9)), .verdict = REDIRECT, OUT_TO_ONE(LATER(6, .id = 9)),
	   .counts = "fragment_followed"},
	  {FROM_CLIENT, TO_VIP(LAST(12, .id = 9)), .verdict = REDIRECT, OUT_TO_ONE(LAST(12, .id = 9)),
	   .counts = "fragment_followed"},
	  /* The first once more, and options in front. */
	  {FROM_CLIENT, TO_VIP(FIRST(.id = 9, .ip_options = 2)), .verdict = REDIRECT,
	   OUT_TO_ONE(FIRST(.id = 9, .ip_options = 2)), .counts = "forwarded", .act = one_is_noted},
	  {FROM_CLIENT, TO_VIP(LATER(6, .id = 9, .ip_options = 2)), .verdict = REDIRECT,
	   OUT_TO_ONE(LATER(6, .id = 9, .ip_options = 2)), .counts = "fragment_followed"}}},
	{"one without its first is dropped", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  {FROM_CLIENT, TO_VIP(LATER(6, .id = 9)), .verdict = DROP, .counts = "fragment_lost"},
	  {FROM_CLIENT, TO_VIP(FIRST(.id = 9)), .verdict = REDIRECT, OUT_TO_ONE(FIRST(.id = 9)),
	   .counts = "forwarded"},
	  {FROM_CLIENT, TO_VIP(LATER(6, .id = 10)), .verdict = DROP, .counts = "fragment_lost"},
	  {FROM_CLIENT, TO_VIP(LATER(6, .id = 9, .protocol = 17)), .verdict = DROP, .counts = "fragment_lost"},
	  {FROM_CLIENT, .in = {.from = {{10, 0, 0, 2}, 1, 0x10}, .to = VIP, LATER(6, .id = 9)}, .verdict = DROP,
	   .counts = "fragment_lost", .act = time_passes},
	  {FROM_CLIENT, TO_VIP(LATER(6, .id = 9)), .verdict = DROP, .counts = "fragment_lost"}}},
	{"what hides or overwrites a header is dropped (RFC 1858)", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  {FROM_CLIENT, TO_VIP(FIRST(.id = 9)), .verdict = REDIRECT, OUT_TO_ONE(FIRST(.id = 9)),
	   .counts = "forwarded"},
	  {FROM_CLIENT, TO_VIP(.raw = true, .payload = 16, .fragment = MORE, .id = 10), .verdict = DROP,
	   .counts = "fragment_bad"},
	  {FROM_CLIENT, TO_VIP(LATER(1, .id = 9)), .verdict = DROP, .counts = "fragment_bad"},
	  {FROM_CLIENT, TO_VIP(LATER(2, .id = 9)), .verdict = DROP, .counts = "fragment_bad"},
	  {FROM_CLIENT, TO_VIP(LAST(0x1fff, .id = 9)), .verdict = REDIRECT, OUT_TO_ONE(LAST(0x1fff, .id = 9)),
	   .counts = "fragment_followed"},
	  {FROM_CLIENT, TO_VIP(LATER(0x1fff, .id = 9)), .verdict = DROP, .counts = "fragment_bad"},
	  {FROM_CLIENT, TO_VIP(.raw = true, .payload = 13, .fragment = MORE | 6, .id = 9), .verdict = DROP,
	   .counts = "fragment_bad"}}},
	{"a first fragment that contradicts itself is malformed", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED,
	  {FROM_CLIENT, TO_VIP(FIRST(.id = 9, .tcp_words = 15)), .verdict = DROP, .counts = "malformed"},
	  {FROM_CLIENT, TO_VIP(FIRST(.id = 9, .tcp_words = 4)), .verdict = DROP, .counts = "malformed"},
	  {FROM_CLIENT, TO_VIP(.raw = true, .protocol = 47, .payload = 16, .fragment = MORE), .verdict = DROP,
	   .counts = "malformed"}}},
	{"no connection begins with a fragment of TCP", given_one,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .seq = 100, .payload = 28, .fragment = MORE), .verdict = DROP,
	   .counts = "fragment_cold"},
	  {FROM_CLIENT, TO_VIP(FIRST(.id = 9)), .verdict = DROP, .counts = "fragment_cold"}}},

	{"replies in fragments", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  {FROM_ONE, FROM_INSTANCE(ANSWER_FIRST(.id = 5)), .verdict = REDIRECT, OUT_TO_CLIENT(ANSWER_FIRST(.id = 5)),
	   .counts = "replied"},
	  {FROM_ONE, FROM_INSTANCE(LATER(6, .id = 5)), .verdict = REDIRECT, OUT_TO_CLIENT(LATER(6, .id = 5)),
	   .counts = "fragment_followed"},
	  {FROM_ONE, FROM_INSTANCE(LAST(12, .id = 5)), .verdict = REDIRECT, OUT_TO_CLIENT(LAST(12, .id = 5)),
	   .counts = "fragment_followed"},
	  {FROM_ONE, FROM_INSTANCE(LATER(1, .id = 5)), .verdict = DROP, .counts = "fragment_bad"}}},
	{"whose first was not a reply pass", given_one,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  {FROM_ONE, FROM_INSTANCE(LATER(6, .id = 5)), .verdict = PASS, .counts = "not_ours"},
	  {FROM_ONE, .in = {.from = ONE, .to = ELSEWHERE, ANSWER_FIRST(.id = 6)}, .verdict = PASS,
	   .counts = "not_ours"},
	  {FROM_ONE, .in = {.from = ONE, .to = ELSEWHERE, LATER(6, .id = 6)}, .verdict = PASS, .counts = "not_ours"},
	  {FROM_ONE, .in = {.from = ONE, .to = ELSEWHERE, LATER(1, .id = 6)}, .verdict = PASS,
	   .counts = "not_ours"}}},
	{"no instance adds to another's", given_both,
	 {SYN_FORWARDED, SYN_ACK_REPLIED, ACK_FORWARDED,
	  {FROM_ONE, FROM_INSTANCE(ANSWER_FIRST(.id = 5)), .verdict = REDIRECT, OUT_TO_CLIENT(ANSWER_FIRST(.id = 5)),
	   .counts = "replied"},
	  {FROM_TWO, FROM_INSTANCE(LATER(6, .id = 5)), .verdict = PASS, .counts = "not_ours"},
	  /* Nor does whoever sends in its name from elsewhere. */
	  {FROM_CLIENT, FROM_INSTANCE(LATER(6, .id = 5)), .verdict = PASS, .counts = "not_ours"}}},

	{"an echo request in fragments is answered in fragments", given_nothing,
	 {{FROM_CLIENT, TO_VIP(ECHO, .id = 3), .verdict = REDIRECT, OUT_RESET(REPLY, .id = 3), .counts = "icmp_echoed"},
	  {FROM_CLIENT, TO_VIP(LATER(6, .protocol = 1, .id = 3, .ttl = 7)), .verdict = REDIRECT,
	   OUT_RESET(LATER(6, .protocol = 1, .id = 3)), .counts = "fragment_followed"},
	  {FROM_CLIENT, TO_VIP(LAST(12, .protocol = 1, .id = 3)), .verdict = REDIRECT,
	   OUT_RESET(LAST(12, .protocol = 1, .id = 3)), .counts = "fragment_followed"}}},
	{"to nobody's VIP its first is", given_nothing,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = NOBODYS, ECHO, .id = 3}, .verdict = REDIRECT,
	   .counts = "no_service"},
	  {FROM_CLIENT, .in = {.from = CLIENT, .to = NOBODYS, LATER(6, .protocol = 1, .id = 3)}, .verdict = DROP,
	   .counts = "fragment_lost"}}},
	{"other ICMP in fragments is dropped", given_nothing,
	 {{FROM_CLIENT, TO_VIP(.protocol = 1, .type = 13, .payload = 40, .fragment = MORE), .verdict = DROP,
	   .counts = "icmp_ignored"}}},
	{0},
};
// clang-format on
