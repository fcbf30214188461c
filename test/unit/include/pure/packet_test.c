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

static size_t ip_header(void)
{
	return frame_family == RS_V4 ? 20 : 40;
}

/* Of an IPv4 option, and of an IPv6 extension header. */
static size_t option(void)
{
	return frame_family == RS_V4 ? 4 : 8;
}

static unsigned options_max(void)
{
	return frame_family == RS_V4 ? 10 : RS_IPV6_EXTENSIONS_MAX;
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
	const struct rs_address source = frame_address(plain.from.ip), destination = frame_address(plain.to.ip);
	assert_memory_equal(&p.tuple.source, &source, 16);
	assert_memory_equal(&p.tuple.destination, &destination, 16);
	assert_int_equal(p.family, frame_family);
	assert_int_equal(rs_ntohs(p.tuple.source_port), 40000);
	assert_int_equal(rs_ntohs(p.tuple.destination_port), 80);
	assert_int_equal(p.tuple.protocol, RS_PROTOCOL_TCP);
	assert_int_equal(p.l4_offset, 14 + ip_header());
	assert_int_equal(p.payload_offset, 14 + ip_header() + 20);
	assert_int_equal(p.payload_length, 11); /* the trailer does not count */
	assert_int_equal(p.sequence, 0x01020304);
	assert_int_equal(p.acknowledgement, 0x05060708);
	assert_int_equal(p.flags, SYN);
}

static void test_options_of_every_length(void **state)
{
	(void)state;
	for (unsigned ip = 0; ip <= options_max(); ip++) {
		for (unsigned tcp = 0; tcp <= 10; tcp++) {
			struct packet packet = plain;
			struct rs_packet p;
			packet.ip_options = ip;
			packet.tcp_options = tcp;
			assert_int_equal(parse_packet(packet, &p), RS_PARSE_TCP);
			assert_int_equal(p.l4_offset, 14 + ip_header() + option() * ip);
			assert_int_equal(p.payload_offset, 14 + ip_header() + option() * ip + 20 + 4 * tcp);
			assert_int_equal(p.payload_length, 11);
		}
	}
}

static void test_every_length_of_a_frame(void **state)
{
	(void)state;
	for (unsigned ip = 0; ip <= options_max(); ip += 3) {
		struct packet packet = plain;
		struct frame frame;
		struct rs_packet p;
		packet.ip_options = ip;
		packet.tcp_options = 10;
		frame_build(&frame, &packet);
		for (size_t length = 0; length <= frame.length; length++) {
			enum rs_parse wanted =
				length < 14 + ip_header() + option() * ip + 20 ? RS_PARSE_SHORT : RS_PARSE_TCP;
			assert_int_equal(parse(&frame, length, &p), wanted);
			/* Too short for the addresses: none is set, so it is nobody's. */
			if (length < 14 + ip_header())
				assert_true(rs_address_is_none(&p.tuple.destination));
		}
	}
}

static void test_other_protocols(void **state)
{
	(void)state;
	struct rs_packet p;
	struct packet packet = plain;
	packet.ethertype = 0x0806;
	assert_int_equal(parse_packet(packet, &p), RS_PARSE_OTHER);
	packet = plain;
	packet.protocol = RS_PROTOCOL_UDP;
	assert_int_equal(parse_packet(packet, &p), RS_PARSE_UDP);
	assert_int_equal(rs_ntohs(p.tuple.source_port), 40000);
	assert_int_equal(p.tuple.protocol, RS_PROTOCOL_UDP);
	assert_int_equal(p.payload_offset, 14 + ip_header() + 8);
	assert_int_equal(p.payload_length, 11);
	assert_int_equal(p.flags, 0);
	packet.protocol = frame_family == RS_V4 ? RS_PROTOCOL_ICMP : RS_PROTOCOL_ICMPV6;
	assert_int_equal(parse_packet(packet, &p), RS_PARSE_ICMP);
	assert_int_equal(p.tuple.source_port, 0);
	/* The other family's, and one that nobody reads. */
	struct frame frame;
	frame_build(&frame, &packet);
	frame.bytes[RS_ETHERNET_LENGTH + (frame_family == RS_V4 ? 9 : 6)] =
		frame_family == RS_V4 ? RS_PROTOCOL_ICMPV6 : RS_PROTOCOL_ICMP;
	assert_int_equal(rs_packet_parse(frame.bytes, frame.bytes + frame.length, &p), RS_PARSE_UNSUPPORTED);
	packet.protocol = 132;
	assert_int_equal(parse_packet(packet, &p), RS_PARSE_UNSUPPORTED);
	assert_false(rs_address_is_none(&p.tuple.destination));
}

static void test_a_udp_header_that_lies(void **state)
{
	(void)state;
	struct rs_packet p;
	struct packet packet = plain;
	struct frame frame;
	packet.protocol = RS_PROTOCOL_UDP;
	frame_build(&frame, &packet);
	frame.bytes[14 + ip_header() + 4] = 0;
	frame.bytes[14 + ip_header() + 5] = 7;
	assert_int_equal(parse(&frame, frame.length, &p), RS_PARSE_MALFORMED);
	packet.total_length = (uint16_t)(frame_family == RS_V4 ? 27 : 7);
	assert_int_equal(parse_packet(packet, &p), RS_PARSE_MALFORMED);
}

/* Behind the fixed header stands `first`, then whatever the bytes say. */
static enum rs_parse parse_extensions(uint8_t first, const uint8_t *bytes, size_t length, struct rs_packet *ret_packet)
{
	struct packet packet = plain;
	struct frame frame;
	frame_build(&frame, &packet);
	frame.bytes[14 + 6] = first;
	memmove(frame.bytes + 54 + length, frame.bytes + 54, frame.length - 54);
	memcpy(frame.bytes + 54, bytes, length);
	frame.length += length;
	const __be16 payload = rs_htons((uint16_t)(31 + length));
	memcpy(frame.bytes + 14 + 4, &payload, 2);
	return parse(&frame, frame.length, ret_packet);
}

static void test_extension_headers(void **state)
{
	(void)state;
	struct rs_packet p;
	if (frame_family == RS_V4)
		return;
	const uint8_t hop[] = {6, 0, 1, 4, 0, 0, 0, 0}, edge[256] = {6, 31}, over[264] = {6, 32};
	assert_int_equal(parse_extensions(0, hop, sizeof(hop), &p), RS_PARSE_TCP);
	assert_int_equal(p.l4_offset, 62);
	assert_int_equal(parse_extensions(60, edge, sizeof(edge), &p), RS_PARSE_TCP);
	assert_int_equal(p.l4_offset, 54 + 256);
	assert_int_equal(parse_extensions(60, over, sizeof(over), &p), RS_PARSE_UNKNOWN);
	/* A routing header that is done with, and one that is not. */
	const uint8_t routed[] = {6, 0, 4, 0, 0, 0, 0, 0}, routing[] = {6, 0, 4, 1, 0, 0, 0, 0};
	assert_int_equal(parse_extensions(43, routed, sizeof(routed), &p), RS_PARSE_TCP);
	assert_int_equal(parse_extensions(43, routing, sizeof(routing), &p), RS_PARSE_UNKNOWN);
	assert_false(rs_address_is_none(&p.tuple.destination));
	/* An atomic fragment is a whole packet (RFC 6946). */
	const uint8_t atomic[] = {6, 0, 0, 0, 1, 2, 3, 4}, first[] = {6, 0, 0, 1, 1, 2, 3, 4},
		      later[] = {6, 0, 0, 8, 1, 2, 3, 4};
	assert_int_equal(parse_extensions(44, atomic, sizeof(atomic), &p), RS_PARSE_TCP);
	assert_int_equal(parse_extensions(44, first, sizeof(first), &p), RS_PARSE_FRAGMENT);
	assert_int_equal(p.l4_offset, 62);
	assert_int_equal(p.tuple.protocol, RS_PROTOCOL_TCP);
	assert_int_equal(parse_extensions(44, later, sizeof(later), &p), RS_PARSE_FRAGMENT);
	/* Encrypted, authenticated, and no next header. */
	for (unsigned next = 50; next <= 59; next += next == 51 ? 8 : 1)
		assert_int_equal(parse_extensions((uint8_t)next, hop, sizeof(hop), &p), RS_PARSE_UNSUPPORTED);
	/* One header more than are walked over. */
	uint8_t many[8 * (RS_IPV6_EXTENSIONS_MAX + 1)] = {0};
	for (unsigned i = 0; i <= RS_IPV6_EXTENSIONS_MAX; i++)
		many[8 * i] = i < RS_IPV6_EXTENSIONS_MAX ? RS_IPV6_OPTIONS : RS_PROTOCOL_TCP;
	assert_int_equal(parse_extensions(60, many, sizeof(many), &p), RS_PARSE_UNSUPPORTED);
	/* A header that goes on behind what the packet says it has. */
	const uint8_t beyond[] = {6, 9, 0, 0, 0, 0, 0, 0};
	assert_int_equal(parse_extensions(60, beyond, sizeof(beyond), &p), RS_PARSE_MALFORMED);
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
		/* Of a fragment the rest of the length is not looked at. */
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
		if (frame_family == RS_V4) {
			frame.bytes[14] = (uint8_t)(0x40 | words);
			assert_int_equal(parse(&frame, frame.length, &p), RS_PARSE_MALFORMED);
		}
		/* The other one's version under this family's type. */
		frame.bytes[14] = frame_family == RS_V4 ? 0x65 : 0x45;
		assert_int_equal(parse(&frame, frame.length, &p), RS_PARSE_MALFORMED);
		packet.tcp_words = (uint8_t)words;
		if (words)
			assert_int_equal(parse_packet(packet, &p), RS_PARSE_MALFORMED);
	}
	const uint16_t headers = frame_family == RS_V4 ? 40 : 20;
	for (uint16_t total = 1; total < 100; total++) {
		struct packet packet = plain;
		packet.total_length = total;
		enum rs_parse wanted = total < headers ? RS_PARSE_MALFORMED : RS_PARSE_TCP;
		assert_int_equal(parse_packet(packet, &p), wanted);
		if (wanted == RS_PARSE_TCP)
			assert_int_equal(p.payload_length, total - headers);
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
		cmocka_unit_test(test_a_packet_is_read),
		cmocka_unit_test(test_options_of_every_length),
		cmocka_unit_test(test_every_length_of_a_frame),
		cmocka_unit_test(test_other_protocols),
		cmocka_unit_test(test_a_udp_header_that_lies),
		cmocka_unit_test(test_extension_headers),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_lengths_that_contradict_each_other),
		cmocka_unit_test(test_what_is_a_syn),
	};
	return cmocka_run_group_tests_name("IPv4", tests, as_ipv4, NULL) +
	       cmocka_run_group_tests_name("IPv6", tests, as_ipv6, NULL);
}
