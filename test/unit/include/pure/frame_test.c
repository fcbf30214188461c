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
	uint32_t length = 14 + 20 + 4 * packet->ip_options + 20 + 4 * packet->tcp_options;
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
	for (unsigned ip = 0; ip <= 10; ip++) {
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
	struct rs_frame_reset reset;
	uint32_t length = keep(&held, &frame);
	assert_int_equal(rs_frame_reset(frame.bytes, length, &reset), sizeof(reset));
	const struct packet packet = {.from = held.to, .to = held.from, .flags = RST | ACK, .ack = 0xffffffff};
	frame_build(&wanted, &packet);
	assert_int_equal(sizeof(reset), wanted.length);
	assert_memory_equal(&reset, wanted.bytes, wanted.length);
}

static void test_a_frame_that_is_cut_is_refused(void **state)
{
	(void)state;
	struct frame frame;
	struct rs_frame_reset reset;
	uint32_t whole = keep(&held, &frame);
	for (uint32_t length = 0; length < whole; length++) {
		struct frame copy = frame;
		assert_int_equal(rs_frame_release(copy.bytes, length, rouse0, gateway), RS_FRAME_EINVAL);
		if (length < 54)
			assert_int_equal(rs_frame_reset(frame.bytes, length, &reset), RS_FRAME_EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_released_frame_is_whole_again),
		cmocka_unit_test(test_data_on_the_syn_is_left_to_the_retransmit),
		cmocka_unit_test(test_the_reset_answers_the_syn),
		cmocka_unit_test(test_a_frame_that_is_cut_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
