/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base */
/* No structure of the ABI has padding that nobody wrote: an error here already at compile time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"
#include "abi/address.h"
#include "abi/config.h"
#include "abi/counters.h"
#include "abi/event.h"
#include "abi/flow.h"
#include "abi/fragment.h"
#include "abi/hold.h"
#include "abi/limits.h"
#include "abi/service.h"
#include "abi/version.h"
#pragma GCC diagnostic pop

#include <arpa/inet.h>
#include <string.h>

static void test_an_ipv4_address_is_mapped(void **state)
{
	(void)state;
	const uint8_t wanted[16] = {[10] = 0xff, 0xff, 198, 18, 0, 5};
	struct rs_address address = rs_address_v4(inet_addr("198.18.0.5"));
	assert_memory_equal(address.byte, wanted, 16);
	assert_int_equal(rs_address_to_v4(&address), inet_addr("198.18.0.5"));
}

static void test_addresses_differ_in_any_byte(void **state)
{
	(void)state;
	struct rs_address a = rs_address_v4(inet_addr("10.1.2.3"));
	assert_true(rs_address_equal(&a, &a));
	for (int i = 0; i < 16; i++) {
		struct rs_address b = a;
		b.byte[i] ^= 0x10;
		assert_false(rs_address_equal(&a, &b));
	}
}

static void test_a_tuple_reversed_twice_is_itself(void **state)
{
	(void)state;
	struct rs_tuple tuple = {.source = rs_address_v4(1),
				 .destination = rs_address_v4(2),
				 .source_port = 3,
				 .destination_port = 4,
				 .protocol = 6};
	struct rs_tuple back, again;
	memset(&back, 0xff, sizeof(back));
	rs_tuple_reverse(&tuple, &back);
	assert_int_equal(back.source_port, 4);
	assert_int_equal(back.destination_port, 3);
	assert_true(rs_address_equal(&back.source, &tuple.destination));
	rs_tuple_reverse(&back, &again);
	assert_memory_equal(&again, &tuple, sizeof(tuple)); /* the padding too: it is part of a key */
}

static void test_sizes_fit_the_rings(void **state)
{
	(void)state;
	assert_int_equal(RS_HOLDS_MAX & (RS_HOLDS_MAX - 1), 0);
	assert_int_equal(RS_FLOWS_MAX & (RS_FLOWS_MAX - 1), 0);
	assert_int_equal(RS_SOURCES_MAX & (RS_SOURCES_MAX - 1), 0);
	assert_true(RS_HOLDS_MIN / 2 > RS_RING_MARGIN); /* else no ring is ever seen half full */
	assert_true(RS_FLOWS_MIN > 2 * RS_RING_MARGIN);
	assert_true(RS_HOLDS_PER_SOURCE_MAX < RS_HOLDS_MAX - RS_RING_MARGIN); /* one client cannot fill the node */
	assert_true(RS_HOLD_FRAME_MAX >= 14 + 60 + 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_ipv4_address_is_mapped),
		cmocka_unit_test(test_addresses_differ_in_any_byte),
		cmocka_unit_test(test_a_tuple_reversed_twice_is_itself),
		cmocka_unit_test(test_sizes_fit_the_rings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
