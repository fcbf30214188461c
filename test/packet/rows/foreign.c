// SPDX-License-Identifier: BSD-2-Clause
/* What is not ours passes, bit by bit as it came; what is ours and cannot be served is counted by its reason. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/row.h"

#define ELSEWHERE                                                                                                      \
	{                                                                                                              \
		{192, 0, 2, 7}, 80, 1                                                                                  \
	}

static void no_length_is_forwarded(struct world *world)
{
	struct packet syn = {.from = CLIENT, .to = VIP, .flags = SYN, .ip_options = 6, .tcp_options = 10};
	struct frame frame;
	frame_build(&frame, &syn);
	size_t whole = frame.length, tcp_header = whole - 40, ip_header = frame_family == RS_V4 ? 14 + 20 : 14 + 40;
	for (frame.length = ip_header; frame.length < whole; frame.length++) {
		int verdict = world_send(world, RS_DP_CLIENT, world->client, &frame, 0, NULL);
		/* The kernel takes no shorter ones here; test/unit/include does. Options are the instance's matter. */
		int wanted = frame.length < tcp_header ? DROP : REDIRECT;
		if (verdict != wanted)
			fail_msg("of %zu bytes, %zu: the verdict is %d, not %d", whole, frame.length, verdict, wanted);
	}
}

// clang-format off
const struct row rows_foreign[] = {
	{"TCP to another address passes", given_one,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = ELSEWHERE, .flags = SYN}, .verdict = PASS,
	   .counts = "not_ours"}}},
	{"data to another address passes", given_one,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = ELSEWHERE, .flags = ACK, .payload = 900},
	   .verdict = PASS, .counts = "not_ours"}}},
	{"TCP from the host to another address passes", given_one,
	 {{FROM_HOST, .in = {.from = CLIENT, .to = ELSEWHERE, .flags = SYN}, .verdict = PASS,
	   .counts = "not_ours"}}},
	{"an instance's connection to elsewhere passes", given_one,
	 {{FROM_ONE, .in = {.from = ONE, .to = ELSEWHERE, .flags = SYN}, .verdict = PASS,
	   .counts = "not_ours"}}},
	{"an instance's packet of no tracked connection passes", given_one,
	 {{FROM_ONE, FROM_INSTANCE(.flags = ACK, .payload = 3), .verdict = PASS, .counts = "not_ours"}}},
	{"UDP to another address passes", given_one,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = ELSEWHERE, .protocol = 17}, .verdict = PASS,
	   .counts = "not_ours"}}},
	{"a fragment to another address passes", given_one,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = ELSEWHERE, .fragment = 0x2000}, .verdict = PASS,
	   .counts = "not_ours"}}},
	{"ARP passes", given_one,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = VIP, .ethertype = 0x0806}, .verdict = PASS,
	   .counts = "not_ours"}}},
	{"IPv6 passes where only IPv4 is served", given_one,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = VIP, .ethertype = 0x86dd}, .verdict = PASS,
	   .counts = "not_ours"}}, IPV4_ONLY},
	{"a truncated header to another address passes", given_one,
	 {{FROM_CLIENT, .in = {.from = CLIENT, .to = ELSEWHERE, .flags = SYN, .cut = 4},
	   .verdict = PASS, .counts = "not_ours"}}},

	{"another protocol to a VIP is dropped", given_one,
	 {{FROM_CLIENT, TO_VIP(.protocol = 47), .verdict = DROP, .counts = "unsupported"},
	  {FROM_ONE, .in = {.from = ONE, .to = VIP, .protocol = 47}, .verdict = DROP, .counts = "unsupported"},
	  {FROM_HOST, TO_VIP(.protocol = 47), .verdict = DROP, .counts = "unsupported"}}},
	{"a TCP header longer than its packet is malformed", given_one,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .tcp_words = 15), .verdict = DROP, .counts = "malformed"}}},
	{"a TCP header of four words is malformed", given_one,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .tcp_words = 4), .verdict = DROP, .counts = "malformed"}}},
	{"an IP length below its header is malformed", given_one,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .total_length = 19), .verdict = DROP,
	   .counts = "malformed"}}},
	{"a header that the frame does not contain is malformed", given_one,
	 {{FROM_CLIENT, TO_VIP(.flags = SYN, .cut = 6), .verdict = DROP, .counts = "malformed"}}},
	{"of a frame that was cut, at any length, no half header is forwarded", given_one,
	 {{ACT, .act = no_length_is_forwarded, .counts = "?"}}},
	{0},
};
// clang-format on
