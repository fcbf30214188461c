/* SPDX-License-Identifier: BSD-2-Clause */
/* link: test/packet/frame.c */
/* The parser on whole packets, on packets of every length, and on packets that lie. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/frame.h"
#include "pure/packet.h"

#include <stdlib.h>
#include <string.h>

static const struct packet plain = {
	.from = {{10, 0, 0, 1}, 40000, 0x10},
	.to = {{198, 18, 0, 5}, 80, 1},
	.flags = SYN,
	.seq = 0x01020304,
	.ack = 0x05060708,
	.payload = 11,
	.trailer = 5,
};

/* Parses the first `length` bytes out of memory of exactly that size, so that ASan sees a byte too far. */
static enum rs_parse parse(const struct frame *frame, size_t length, struct rs_packet *ret_packet)
{
	uint8_t *exact = malloc(length ? length : 1);
	assert_non_null(exact);
	memcpy(exact, frame->bytes, length);
	memset(ret_packet, 0, sizeof(*ret_packet));
	enum rs_parse result = rs_packet_parse(exact, exact + length, ret_packet);
	assert_memory_equal(exact, frame->bytes, length);
	free(exact);
	return result;
}

static enum rs_parse parse_packet(struct packet packet, struct rs_packet *ret_packet)
{
	struct frame frame;
	frame_build(&frame, &packet);
	return parse(&frame, frame.length, ret_packet);
}

static void test_a_packet_is_read(void **state)
{
	(void)state;
	struct rs_packet p;
	assert_int_equal(parse_packet(plain, &p), RS_PARSE_TCP);
	assert_memory_equal(&p.source_v4, plain.from.ip, 4);
	assert_memory_equal(&p.destination_v4, plain.to.ip, 4);
	assert_int_equal(rs_address_to_v4(&p.tuple.source), p.source_v4);
	assert_int_equal(rs_address_to_v4(&p.tuple.destination), p.destination_v4);
	assert_int_equal(rs_ntohs(p.tuple.source_port), 40000);
	assert_int_equal(rs_ntohs(p.tuple.destination_port), 80);
	assert_int_equal(p.tuple.protocol, RS_PROTOCOL_TCP);
	assert_int_equal(p.l4_offset, 34);
	assert_int_equal(p.payload_offset, 54);
	assert_int_equal(p.payload_length, 11); /* the trailer does not count */
	assert_int_equal(p.sequence, 0x01020304);
	assert_int_equal(p.acknowledgement, 0x05060708);
	assert_int_equal(p.flags, SYN);
}

static void test_options_of_every_length(void **state)
{
	(void)state;
	for (unsigned ip = 0; ip <= 10; ip++) {
		for (unsigned tcp = 0; tcp <= 10; tcp++) {
			struct packet packet = plain;
			struct rs_packet p;
			packet.ip_options = ip;
			packet.tcp_options = tcp;
			assert_int_equal(parse_packet(packet, &p), RS_PARSE_TCP);
			assert_int_equal(p.l4_offset, 34 + 4 * ip);
			assert_int_equal(p.payload_offset, 54 + 4 * ip + 4 * tcp);
			assert_int_equal(p.payload_length, 11);
		}
	}
}

static void test_every_length_of_a_frame(void **state)
{
	(void)state;
	for (unsigned ip = 0; ip <= 10; ip += 5) {
		struct packet packet = plain;
		struct frame frame;
		struct rs_packet p;
		packet.ip_options = ip;
		packet.tcp_options = 10;
		frame_build(&frame, &packet);
		for (size_t length = 0; length <= frame.length; length++) {
			enum rs_parse wanted = length < 34 + 4 * ip + 20 ? RS_PARSE_SHORT : RS_PARSE_TCP;
			assert_int_equal(parse(&frame, length, &p), wanted);
			/* Too short for the addresses: none is set, so it is nobody's. */
			if (length < 34)
				assert_int_equal(p.destination_v4, 0);
		}
	}
}

static void test_what_is_not_ipv4_tcp(void **state)
{
	(void)state;
	struct rs_packet p;
	struct packet packet = plain;
	packet.ethertype = 0x86dd;
	assert_int_equal(parse_packet(packet, &p), RS_PARSE_OTHER);
	packet.ethertype = 0x0806;
	assert_int_equal(parse_packet(packet, &p), RS_PARSE_OTHER);
	packet = plain;
	packet.protocol = RS_PROTOCOL_UDP;
	assert_int_equal(parse_packet(packet, &p), RS_PARSE_UNSUPPORTED);
	assert_int_not_equal(p.destination_v4, 0);
}

static void test_fragments(void **state)
{
	(void)state;
	const struct {
		uint16_t field;
		enum rs_parse wanted;
	} rows[] = {{0x4000, RS_PARSE_TCP},	 {0x8000, RS_PARSE_TCP},      {0x2000, RS_PARSE_FRAGMENT},
		    {0x2001, RS_PARSE_FRAGMENT}, {0x0001, RS_PARSE_FRAGMENT}, {0x1fff, RS_PARSE_FRAGMENT}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet packet = plain;
		struct rs_packet p;
		packet.fragment = rows[i].field;
		assert_int_equal(parse_packet(packet, &p), rows[i].wanted);
	}
}

static void test_lengths_that_contradict_each_other(void **state)
{
	(void)state;
	struct rs_packet p;
	for (unsigned words = 0; words < 5; words++) {
		struct packet packet = plain;
		struct frame frame;
		frame_build(&frame, &packet);
		frame.bytes[14] = (uint8_t)(0x40 | words);
		assert_int_equal(parse(&frame, frame.length, &p), RS_PARSE_MALFORMED);
		frame.bytes[14] = 0x65; /* version 6 under IPv4's type */
		assert_int_equal(parse(&frame, frame.length, &p), RS_PARSE_MALFORMED);
		packet.tcp_words = (uint8_t)words;
		if (words)
			assert_int_equal(parse_packet(packet, &p), RS_PARSE_MALFORMED);
	}
	for (uint16_t total = 1; total < 100; total++) {
		struct packet packet = plain;
		packet.total_length = total;
		enum rs_parse wanted = total < 40 ? RS_PARSE_MALFORMED : RS_PARSE_TCP;
		assert_int_equal(parse_packet(packet, &p), wanted);
		if (wanted == RS_PARSE_TCP)
			assert_int_equal(p.payload_length, total - 40);
	}
}

static void test_what_is_a_syn(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 256; flags++) {
		struct rs_packet p = {.flags = flags};
		unsigned main_flags = flags & (FIN | SYN | RST | ACK);
		assert_int_equal(rs_packet_is_syn(&p), main_flags == SYN);
		assert_int_equal(rs_packet_is_syn_ack(&p), main_flags == (SYN | ACK));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_packet_is_read),
		cmocka_unit_test(test_options_of_every_length),
		cmocka_unit_test(test_every_length_of_a_frame),
		cmocka_unit_test(test_what_is_not_ipv4_tcp),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_lengths_that_contradict_each_other),
		cmocka_unit_test(test_what_is_a_syn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
