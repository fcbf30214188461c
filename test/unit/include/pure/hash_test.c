/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "abi/limits.h"
#include "pure/hash.h"

/* 1600 clients of a network next to each other, spread over 16 places: none has much more than its share of 100. */
static void test_neighbours_are_spread(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < 8; seed++) {
		unsigned count[16] = {0};
		for (uint32_t i = 0; i < 1600; i++) {
			struct rs_address address = rs_address_v4(rs_htonl(0x0a000000 + i));
			count[rs_hash_address(&address, seed) % 16]++;
		}
		for (int i = 0; i < 16; i++)
			assert_in_range(count[i], 60, 140);
	}
}

static void test_another_seed_is_another_order(void **state)
{
	(void)state;
	unsigned together[2] = {0};
	struct rs_address first = rs_address_v4(rs_htonl(0x0a000000));
	for (uint32_t i = 1; i < 4096; i++) {
		struct rs_address address = rs_address_v4(rs_htonl(0x0a000000 + i));
		bool both[2];
		for (uint32_t seed = 0; seed < 2; seed++)
			both[seed] = rs_hash_address(&address, seed) % 64 == rs_hash_address(&first, seed) % 64;
		together[0] += both[0];
		together[1] += both[0] && both[1];
	}
	assert_in_range(together[0], 32, 128);
	assert_in_range(together[1], 0, 8); /* who shares a place under one seed does not under the next */
}

static void test_ports(void **state)
{
	(void)state;
	for (uint16_t port = 1; port < 20000; port += 7) {
		struct rs_tuple tuple = {.source = rs_address_v4(1),
					 .destination = rs_address_v4(2),
					 .source_port = rs_htons(port),
					 .destination_port = rs_htons(80),
					 .protocol = 6};
		assert_int_equal(rs_hash_port(&tuple, 5, 0), tuple.source_port);
		unsigned same = 0;
		for (uint32_t n = 1; n < RS_PORT_TRIES; n++) {
			assert_true(rs_ntohs(rs_hash_port(&tuple, 5, n)) >= 1024);
			same += rs_hash_port(&tuple, 5, n) == rs_hash_port(&tuple, 5, n - 1);
		}
		assert_true(same <= 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_neighbours_are_spread),
		cmocka_unit_test(test_another_seed_is_another_order),
		cmocka_unit_test(test_ports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
