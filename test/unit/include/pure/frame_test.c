/* SPDX-License-Identifier: BSD-2-Clause */
/* link: test/packet/frame.c */
/* What the agent makes of a held SYN. The builder of test/packet computes each packet anew. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/frame.h"
#include "pure/frame.h"

#include <string.h>

static const uint8_t gateway[6] = {2, 0, 0, 0, 0, 0xf1}, rouse0[6] = {2, 0, 0, 0, 0, 0xf0};

static const struct packet held = {
	.from = {{10, 0, 0, 1}, 40000, 0x10},
	.to = {{198, 18, 0, 5}, 80, 1},
	.flags = SYN,
	.seq = 0xfffffffe,
	.tcp_options = 5,
	.ttl = 63,
	.id = 7,
};

/* The held copy of a packet: its headers alone, and a checksum that its sender left to the hardware. */
static uint32_t keep(const struct packet *packet, struct frame *ret_frame)
{
	frame_build(ret_frame, packet);
	uint32_t ip_length = frame_family == RS_V4 ? 20 + 4 * packet->ip_options : 40 + 8 * packet->ip_options;
	uint32_t length = 14 + ip_length + 20 + 4 * packet->tcp_options;
	ret_frame->bytes[length - 4 * packet->tcp_options - 4] ^= 0x5a;
	memset(ret_frame->bytes + length, 0, FRAME_MAX - length);
	return length;
}

static void check_release(struct packet packet)
{
	struct frame frame, wanted;
	uint32_t length = keep(&packet, &frame);
	int r = rs_frame_release(frame.bytes, length, rouse0, gateway);
	packet.payload = 0;
	packet.from.mac = 0xf0;
	packet.to.mac = 0xf1;
	frame_build(&wanted, &packet);
	assert_int_equal(r, wanted.length);
	assert_memory_equal(frame.bytes, wanted.bytes, wanted.length);
}

static void test_a_released_frame_is_whole_again(void **state)
{
	(void)state;
	for (unsigned ip = 0; ip <= (frame_family == RS_V4 ? 10 : RS_IPV6_EXTENSIONS_MAX); ip++) {
		for (unsigned tcp = 0; tcp <= 10; tcp++) {
			struct packet packet = held;
			packet.ip_options = ip;
			packet.tcp_options = tcp;
			check_release(packet);
		}
	}
}

static void test_data_on_the_syn_is_left_to_the_retransmit(void **state)
{
	(void)state;
	struct packet packet = held;
	packet.payload = 500; /* TCP Fast Open */
	check_release(packet);
}

static void test_the_reset_answers_the_syn(void **state)
{
	(void)state;
	struct frame frame, wanted;
	uint8_t reset[RS_ANSWER_RESET_MAX];
	struct packet asked = held;
	asked.payload = 9; /* that was never seen */
	uint32_t length = keep(&asked, &frame);
	const struct packet packet = {.from = held.to, .to = held.from, .flags = RST | ACK, .ack = 0xffffffff};
	frame_build(&wanted, &packet);
	assert_int_equal(rs_frame_reset(frame.bytes, length, reset), wanted.length);
	assert_memory_equal(reset, wanted.bytes, wanted.length);
}

static void test_a_frame_that_is_cut_is_refused(void **state)
{
	(void)state;
	struct frame frame;
	uint8_t reset[RS_ANSWER_RESET_MAX];
	uint32_t whole = keep(&held, &frame);
	for (uint32_t length = 0; length < whole; length++) {
		struct frame copy = frame;
		assert_int_equal(rs_frame_release(copy.bytes, length, rouse0, gateway), RS_FRAME_EINVAL);
		if (length < (frame_family == RS_V4 ? 54 : 74))
			assert_int_equal(rs_frame_reset(frame.bytes, length, reset), RS_FRAME_EINVAL);
	}
}

static int as_ipv6(void **state)
{
	(void)state;
	frame_family = RS_V6;
	return 0;
}

static int as_ipv4(void **state)
{
	(void)state;
	frame_family = RS_V4;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_released_frame_is_whole_again),
		cmocka_unit_test(test_data_on_the_syn_is_left_to_the_retransmit),
		cmocka_unit_test(test_the_reset_answers_the_syn),
		cmocka_unit_test(test_a_frame_that_is_cut_is_refused),
	};
	return cmocka_run_group_tests_name("IPv4", tests, as_ipv4, NULL) +
	       cmocka_run_group_tests_name("IPv6", tests, as_ipv6, NULL);
}
