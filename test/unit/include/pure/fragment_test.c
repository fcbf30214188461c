/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base */
/* Which fragments may go on, and what they are known by. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pure/fragment.h"

#include <string.h>

struct frame {
	uint32_t length;
	uint8_t byte[256];
};

static long load(void *frame, __u32 offset, void *to, __u32 length)
{
	const struct frame *f = frame;
	if (offset + length > f->length)
		return -14;
	memcpy(to, f->byte + offset, length);
	return 0;
}

static void test_kinds(void **state)
{
	(void)state;
	const struct {
		uint32_t offset;
		uint32_t length;
		bool more;
		uint8_t protocol;
		enum rs_fragment_kind kind;
	} rows[] = {
		{0, 1480, true, RS_PROTOCOL_UDP, RS_FRAGMENT_FIRST},
		{0, 8, true, RS_PROTOCOL_UDP, RS_FRAGMENT_FIRST},
		{0, 24, true, RS_PROTOCOL_TCP, RS_FRAGMENT_FIRST},
		{0, 8, true, RS_PROTOCOL_ICMP, RS_FRAGMENT_FIRST},
		{1480, 20, false, RS_PROTOCOL_UDP, RS_FRAGMENT_LATER},
		{8, 1480, true, RS_PROTOCOL_UDP, RS_FRAGMENT_LATER},
		{24, 1, false, RS_PROTOCOL_TCP, RS_FRAGMENT_LATER},
		{65528, 7, false, RS_PROTOCOL_UDP, RS_FRAGMENT_LATER},
		/* RFC 1858: a header that is cut so that a filter does not see all of it; one that is overwritten. */
		{0, 8, true, RS_PROTOCOL_TCP, RS_FRAGMENT_BAD},
		{0, 16, true, RS_PROTOCOL_TCP, RS_FRAGMENT_BAD},
		{8, 1480, true, RS_PROTOCOL_TCP, RS_FRAGMENT_BAD},
		{16, 1480, true, RS_PROTOCOL_TCP, RS_FRAGMENT_BAD},
		/* The ping of death, and others that nobody sends in earnest. */
		{65528, 8, false, RS_PROTOCOL_UDP, RS_FRAGMENT_BAD},
		{65528, 1480, true, RS_PROTOCOL_UDP, RS_FRAGMENT_BAD},
		{0, 0, true, RS_PROTOCOL_UDP, RS_FRAGMENT_BAD},
		{1480, 0, false, RS_PROTOCOL_UDP, RS_FRAGMENT_BAD},
		{0, 1479, true, RS_PROTOCOL_UDP, RS_FRAGMENT_BAD},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct rs_fragment fragment = {
			.offset = rows[i].offset, .length = rows[i].length, .more = rows[i].more};
		if (rs_fragment_kind(&fragment, rows[i].protocol) != rows[i].kind)
			fail_msg("row %zu", i);
	}
}

static void test_ipv4(void **state)
{
	(void)state;
	const uint8_t bytes[] = {
		2,    0,    0,	  0,	0,  1,	2, 0, 0,  0, 0, 0x10, 0x08, 0x00, 0x46, 0, 0, 24 + 16,
		0xab, 0xcd, 0x20, 0xb9, 64, 17, 0, 0, 10, 0, 0, 1,    198,  18,	  0,	5, 1, 1,
		1,    1,    0,	  0,	0,  0,	0, 0, 0,  0, 0, 0,    0,    0,	  0,	0, 0, 0,
	};
	struct frame frame = {.length = sizeof(bytes)};
	memcpy(frame.byte, bytes, sizeof(bytes));
	struct rs_packet packet = {0};
	struct rs_fragment fragment;
	struct rs_icmp_scratch scratch;
	struct rs_fragment_key key;
	assert_int_equal(rs_packet_parse(frame.byte, frame.byte + frame.length, &packet), RS_PARSE_FRAGMENT);
	assert_true(rs_fragment_read(&frame, load, &packet, &fragment, &scratch));
	assert_int_equal(fragment.offset, 0xb9 * 8);
	assert_int_equal(fragment.length, 16);
	assert_true(fragment.more);
	rs_fragment_key(&packet, fragment.id, &key);
	assert_int_equal(key.id, rs_htons(0xabcd));
	assert_int_equal(key.protocol, RS_PROTOCOL_UDP);
	assert_int_equal(rs_address_to_v4(&key.destination), rs_htonl(0xc6120005));
}

static void test_ipv6(void **state)
{
	(void)state;
	struct frame frame = {.length = 14 + 40 + 8 + 16};
	struct rs_ethernet *ethernet = (struct rs_ethernet *)frame.byte;
	struct rs_ipv6 ip = {.version_class = 0x60,
			     .payload_length = rs_htons(8 + 16),
			     .next = RS_IPV6_FRAGMENT,
			     .hop_limit = 64,
			     .source = {0xfd, [15] = 1},
			     .destination = {0xfd, [15] = 2}};
	struct rs_ipv6_extension extension = {
		.next = RS_PROTOCOL_UDP, .offset = rs_htons(1448 | 1), .id = rs_htonl(0xdeadbeef)};
	ethernet->type = rs_htons(RS_ETHERTYPE_IPV6);
	memcpy(frame.byte + 14, &ip, sizeof(ip));
	memcpy(frame.byte + 54, &extension, sizeof(extension));
	struct rs_packet packet = {0};
	struct rs_fragment fragment;
	struct rs_icmp_scratch scratch;
	assert_int_equal(rs_packet_parse(frame.byte, frame.byte + frame.length, &packet), RS_PARSE_FRAGMENT);
	assert_true(rs_fragment_read(&frame, load, &packet, &fragment, &scratch));
	assert_int_equal(fragment.offset, 1448);
	assert_int_equal(fragment.length, 16);
	assert_int_equal(fragment.id, rs_htonl(0xdeadbeef));
	assert_true(fragment.more);
	/* Shorter than its own header: its length is not to be a huge number. */
	packet.end_offset = packet.l4_offset - 1;
	assert_false(rs_fragment_read(&frame, load, &packet, &fragment, &scratch));
}

/* What a first fragment tells is what its packet would, as far as it goes. */
static void test_the_ports_of_a_first_fragment(void **state)
{
	(void)state;
	for (int is_tcp = 0; is_tcp < 2; is_tcp++) {
		struct frame frame = {.length = 14 + 20 + 32};
		struct rs_ipv4 ip = {.version_length = 0x45,
				     .total_length = rs_htons(20 + 32),
				     .fragment = rs_htons(0x2000),
				     .protocol = is_tcp ? RS_PROTOCOL_TCP : RS_PROTOCOL_UDP};
		struct rs_tcp tcp = {.source = rs_htons(4000),
				     .destination = rs_htons(80),
				     .sequence = rs_htonl(7),
				     .offset = 6 << 4,
				     .flags = RS_TCP_ACK};
		struct rs_udp udp = {.source = rs_htons(4000), .destination = rs_htons(80), .length = rs_htons(3000)};
		((struct rs_ethernet *)frame.byte)->type = rs_htons(RS_ETHERTYPE_IPV4);
		memcpy(frame.byte + 14, &ip, sizeof(ip));
		memcpy(frame.byte + 34, is_tcp ? (void *)&tcp : (void *)&udp, is_tcp ? sizeof(tcp) : sizeof(udp));
		struct rs_packet packet = {0};
		struct rs_icmp_scratch scratch;
		assert_int_equal(rs_packet_parse(frame.byte, frame.byte + frame.length, &packet), RS_PARSE_FRAGMENT);
		assert_true(rs_fragment_ports(&frame, load, &packet, &scratch));
		assert_int_equal(packet.tuple.source_port, rs_htons(4000));
		assert_int_equal(packet.tuple.destination_port, rs_htons(80));
		assert_int_equal(packet.sequence, is_tcp ? 7 : 0);
		assert_int_equal(packet.payload_length, is_tcp ? 8 : 24);
		/* Headers that contradict themselves. */
		frame.byte[34 + (is_tcp ? 12 : 4)] = is_tcp ? 4 << 4 : 0;
		frame.byte[34 + (is_tcp ? 13 : 5)] = 7;
		assert_false(rs_fragment_ports(&frame, load, &packet, &scratch));
		frame.byte[34 + 12] = 15 << 4;
		assert_false(rs_fragment_ports(&frame, load, &packet, &scratch));
		packet.tuple.protocol = 47;
		assert_false(rs_fragment_ports(&frame, load, &packet, &scratch));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_the_ports_of_a_first_fragment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
