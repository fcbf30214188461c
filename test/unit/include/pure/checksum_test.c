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

static void test_a_bare_tcp_header(void **state)
{
	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct {
			__be32 source;
			__be32 destination;
			uint8_t zero;
			uint8_t protocol;
			__be16 length;
			struct rs_tcp tcp;
		} __attribute__((packed, aligned(4))) whole = {.source = random_word(),
							       .destination = random_word(),
							       .protocol = 6,
							       .length = rs_htons(20),
							       .tcp = {.source = (__be16)random_word(),
								       .sequence = random_word(),
								       .offset = 0x50,
								       .flags = RS_TCP_RST}};
		struct rs_tcp tcp = whole.tcp;
		whole.tcp.checksum = rs_checksum_tcp_bare(whole.source, whole.destination, &tcp);
		assert_same(slow((const uint8_t *)&whole, sizeof(whole)), 0);
	}
}

/* What the kernel does to the field (lib: inet_proto_csum_replace4), for both kinds. */
static uint16_t kernel_replaces(uint16_t field, bool partial, __be32 old, __be32 now)
{
	return partial ? (uint16_t)~rs_checksum_replace((uint16_t)~field, old, now)
		       : rs_checksum_replace(field, old, now);
}

static void test_the_kind_is_told_by_what_an_address_did(void **state)
{
	(void)state;
	unsigned told[3] = {0};
	for (int round = 0; round < 200000; round++) {
		__be32 old = random_word(), now = round % 100 ? random_word() : old + (round % 3) * 0xffff;
		uint16_t before = round % 7 ? (uint16_t)random_word() : round % 2 ? 0 : 0xffff;
		bool partial = round & 1;
		enum rs_checksum_kind kind =
			rs_checksum_kind(before, kernel_replaces(before, partial, old, now), old, now);
		told[kind]++;
		if (kind != RS_CHECKSUM_UNKNOWN)
			assert_int_equal(kind, partial ? RS_CHECKSUM_PARTIAL : RS_CHECKSUM_COMPLETE);
	}
	assert_true(told[RS_CHECKSUM_COMPLETE] > 90000 && told[RS_CHECKSUM_PARTIAL] > 90000);
	assert_in_range(told[RS_CHECKSUM_UNKNOWN], 1, 3000); /* the two addresses have the same sum */
}

static void test_both_zeros_are_equal(void **state)
{
	(void)state;
	for (unsigned a = 0; a < 65536; a += 5) {
		for (unsigned b = 0; b < 65536; b += 257) {
			bool zeros = (a == 0 || a == 0xffff) && (b == 0 || b == 0xffff);
			assert_int_equal(rs_checksum_equal((uint16_t)a, (uint16_t)b), a == b || zeros);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add_and_fold),
		cmocka_unit_test(test_fold_of_the_largest_sums),
		cmocka_unit_test(test_a_header_and_its_replaced_address),
		cmocka_unit_test(test_a_bare_tcp_header),
		cmocka_unit_test(test_the_kind_is_told_by_what_an_address_did),
		cmocka_unit_test(test_both_zeros_are_equal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
