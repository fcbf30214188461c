/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base */
/* Against the definition: RFC 1071, byte by byte and slowly. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pure/checksum.h"
#include "pure/frame.h"

#include <string.h>

static uint32_t random_state = 1;

static uint32_t random_word(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	return random_state ^= random_state << 5;
}

/* The Internet checksum of bytes in network order, as a number. */
static uint16_t slow(const uint8_t *bytes, size_t length)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < length; i += 2)
		sum += (uint64_t)(bytes[i] << 8 | (i + 1 < length ? bytes[i + 1] : 0));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Equal as checksums: all zeros and all ones are the same number in one's complement. */
static void assert_same(uint16_t a, uint16_t b)
{
	if (a != b && !((a == 0 && b == 0xffff) || (a == 0xffff && b == 0)))
		fail_msg("the checksum is %04x, not %04x", a, b);
}

static void test_add_and_fold(void **state)
{
	(void)state;
	uint8_t bytes[67];
	for (int round = 0; round < 2000; round++) {
		size_t length = random_word() % sizeof(bytes);
		for (size_t i = 0; i < length; i++)
			bytes[i] = round % 3 ? (uint8_t)random_word() : round % 2 ? 0xff : 0;
		uint16_t got = (uint16_t)~rs_checksum_fold(rs_checksum_add(bytes, (uint32_t)length));
		assert_same(rs_ntohs(got), slow(bytes, length));
	}
}

static void test_fold_of_the_largest_sums(void **state)
{
	(void)state;
	assert_int_equal(rs_checksum_fold(0), 0);
	assert_int_equal(rs_checksum_fold(0xffff), 0xffff);
	assert_int_equal(rs_checksum_fold(0x10000), 1);
	assert_int_equal(rs_checksum_fold(~0ULL), 0xffff);
	assert_int_equal(rs_checksum_fold(0xffffffff00000000ULL), 0xffff);
	assert_int_equal(rs_checksum_fold(0x1ffff), 1);
}

static void test_a_header_and_its_replaced_address(void **state)
{
	(void)state;
	const __be32 edges[] = {0, ~0U, 1, 0xffff, 0xffff0000, 0x0100007f};
	for (int round = 0; round < 5000; round++) {
		struct rs_ipv4 ip = {.version_length = 0x45,
				     .ttl = (uint8_t)random_word(),
				     .protocol = 6,
				     .id = (__be16)random_word(),
				     .total_length = (__be16)random_word(),
				     .source = random_word(),
				     .destination = random_word()};
		ip.checksum = rs_checksum_ipv4(&ip);
		assert_same(slow((const uint8_t *)&ip, sizeof(ip)), 0);
		__be32 old = ip.destination;
		ip.destination = round % 2 ? random_word() : edges[(unsigned)round / 2 % 6];
		ip.checksum = rs_checksum_replace(ip.checksum, old, ip.destination);
		assert_same(slow((const uint8_t *)&ip, sizeof(ip)), 0);
	}
}

static void random_bytes(void *out, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((uint8_t *)out)[i] = (uint8_t)random_word();
}

static struct rs_address random_address(enum rs_family family)
{
	struct rs_address out;
	random_bytes(&out, sizeof(out));
	return family == RS_V4 ? rs_address_v4(random_word()) : out;
}

/* The pseudo header as bytes, without what is mapped of IPv4; returns its length. */
static size_t pseudo_bytes(uint8_t *out, const struct rs_tuple *tuple, enum rs_family family, uint8_t protocol,
			   uint32_t length)
{
	size_t skip = family == RS_V4 ? 12 : 0, size = 16 - skip;
	const uint8_t tail[] = {(uint8_t)(length >> 24),
				(uint8_t)(length >> 16),
				(uint8_t)(length >> 8),
				(uint8_t)length,
				0,
				0,
				0,
				protocol};
	memcpy(out, &tuple->source.byte[skip], size);
	memcpy(out + size, &tuple->destination.byte[skip], size);
	memcpy(out + 2 * size, tail, sizeof(tail));
	return 2 * size + sizeof(tail);
}

static void test_a_bare_tcp_header(void **state)
{
	(void)state;
	for (int round = 0; round < 2000; round++) {
		enum rs_family family = round % 2 ? RS_V6 : RS_V4;
		struct rs_tuple tuple = {.source = random_address(family), .destination = random_address(family)};
		struct rs_tcp tcp = {.source = (__be16)random_word(),
				     .sequence = random_word(),
				     .offset = 0x50,
				     .flags = RS_TCP_RST};
		uint8_t whole[64];
		tcp.checksum = rs_checksum_tcp_bare(&tuple, &tcp);
		size_t length = pseudo_bytes(whole, &tuple, family, 6, sizeof(tcp));
		memcpy(whole + length, &tcp, sizeof(tcp));
		assert_same(slow(whole, length + sizeof(tcp)), 0);
	}
}

/* Other ends, and the checksum computed anew over everything: the same as what the difference makes of it. */
static void check_new_ends(enum rs_family family, unsigned round)
{
	uint8_t whole[256], payload[80];
	struct rs_tuple old = {.source = random_address(family),
			       .destination = random_address(family),
			       .source_port = (__be16)random_word(),
			       .destination_port = (__be16)random_word()};
	struct rs_tuple now = old;
	uint32_t length = 4 + random_word() % 60;
	now.destination = random_address(family);
	now.destination_port = (__be16)random_word();
	if (round % 3 == 0) {
		now.source = random_address(family);
		now.source_port = (__be16)random_word();
	}
	random_bytes(payload, length);
	memcpy(payload, &old.source_port, 2);
	memcpy(payload + 2, &old.destination_port, 2);
	size_t head = pseudo_bytes(whole, &old, family, 6, length);
	uint16_t bare = (uint16_t)~slow(whole, head);
	memcpy(whole + head, payload, length);
	uint16_t full = slow(whole, head + length);

	uint64_t addresses = rs_checksum_diff_address(&old.source, &now.source, family) +
			     rs_checksum_diff_address(&old.destination, &now.destination, family);
	uint64_t ports = rs_checksum_diff_port(old.source_port, now.source_port) +
			 rs_checksum_diff_port(old.destination_port, now.destination_port);
	memcpy(payload, &now.source_port, 2);
	memcpy(payload + 2, &now.destination_port, 2);
	head = pseudo_bytes(whole, &now, family, 6, length);
	uint16_t bare_now = (uint16_t)~slow(whole, head);
	memcpy(whole + head, payload, length);
	assert_same(rs_ntohs(rs_checksum_apply(rs_htons(full), addresses + ports)), slow(whole, head + length));
	assert_same(rs_ntohs(rs_checksum_apply_partial(rs_htons(bare), addresses)), bare_now);
	/* As the kernel's helper is given it: the same number in 32 bits. */
	assert_same(rs_ntohs(rs_checksum_apply(rs_htons(full), (uint64_t)rs_checksum_fold32(addresses) + ports)),
		    slow(whole, head + length));
}

static void test_other_ends_against_the_whole_sum(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20000; round++)
		check_new_ends(round % 2 ? RS_V6 : RS_V4, round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add_and_fold),
		cmocka_unit_test(test_fold_of_the_largest_sums),
		cmocka_unit_test(test_a_header_and_its_replaced_address),
		cmocka_unit_test(test_a_bare_tcp_header),
		cmocka_unit_test(test_other_ends_against_the_whole_sum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
