/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/rt/names.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "rt/names.h"

static void test_links_have_names_of_at_most_15_characters(void **state)
{
	(void)state;
	char link[RS_SANDBOX_NAME_MAX + 1], other[RS_SANDBOX_NAME_MAX + 1];
	rs_rt_link_name("rouse", 17, link);
	assert_string_equal(link, "rouse-17");
	rs_rt_link_name("ten-long-x", 4096, link);
	assert_string_equal(link, "ten-long-x-4096");
	/* Long names differ in their hash, and keep the id. */
	rs_rt_link_name("a-very-long-name-one", 4096, link);
	rs_rt_link_name("a-very-long-name-two", 4096, other);
	assert_true(strlen(link) <= RS_SANDBOX_NAME_MAX);
	assert_string_not_equal(link, other);
	assert_string_equal(link + strlen(link) - 5, "-4096");
	char prefix[RS_SANDBOX_NAME_MAX + 1];
	rs_rt_link_prefix("a-very-long-name-one", prefix);
	assert_int_equal(rs_rt_id_of(link, prefix), 4096);
}

static void test_ids_come_back_from_names(void **state)
{
	(void)state;
	assert_int_equal(rs_rt_id_of("rouse-17", "rouse-"), 17);
	assert_int_equal(rs_rt_id_of("17", ""), 17);
	assert_int_equal(rs_rt_id_of("rouse-", "rouse-"), 0);
	assert_int_equal(rs_rt_id_of("rouse-0", "rouse-"), 0);
	assert_int_equal(rs_rt_id_of("rouse-017", "rouse-"), 0);
	assert_int_equal(rs_rt_id_of("rouse-17x", "rouse-"), 0);
	assert_int_equal(rs_rt_id_of("rouse--17", "rouse-"), 0);
	assert_int_equal(rs_rt_id_of("rouse-99999999999", "rouse-"), 0);
	/* Another agent's, whose name begins alike. */
	assert_int_equal(rs_rt_id_of("rouse-2-17", "rouse-"), 0);
	assert_int_equal(rs_rt_id_of("other-17", "rouse-"), 0);
	assert_int_equal(rs_rt_id_of(".17", ""), 0);
}

static void test_addresses_stay_in_their_range(void **state)
{
	(void)state;
	struct in_addr range = {.s_addr = htonl(0xc6130000)};
	assert_int_equal(ntohl(rs_rt_address(range, 16, 1).s_addr), 0xc6130001);
	assert_int_equal(ntohl(rs_rt_address(range, 16, 300).s_addr), 0xc613012c);
	assert_int_equal(ntohl(rs_rt_address(range, 28, 14).s_addr), 0xc613000e);
	assert_int_equal(rs_rt_address(range, 28, 15).s_addr, 0);
	assert_int_equal(rs_rt_address(range, 28, 0).s_addr, 0);
	assert_int_equal(rs_rt_address(range, 32, 1).s_addr, 0);
}

static void test_the_two_sides_have_different_macs(void **state)
{
	(void)state;
	uint8_t inner[6], outer[6], next[6];
	struct in_addr range = {.s_addr = htonl(0xc6130000)};
	rs_rt_mac(rs_rt_address(range, 16, 1), true, inner);
	rs_rt_mac(rs_rt_address(range, 16, 1), false, outer);
	rs_rt_mac(rs_rt_address(range, 16, 2), true, next);
	assert_memory_not_equal(inner, outer, 6);
	assert_memory_not_equal(inner, next, 6);
	assert_int_equal(inner[0] & 3, 2); /* locally administered, unicast */
	assert_int_equal(outer[0] & 3, 2);
}

static void test_path_parts(void **state)
{
	(void)state;
	assert_true(rs_rt_is_path_part("hello-00001"));
	assert_false(rs_rt_is_path_part(NULL));
	assert_false(rs_rt_is_path_part(""));
	assert_false(rs_rt_is_path_part("."));
	assert_false(rs_rt_is_path_part(".."));
	assert_false(rs_rt_is_path_part("a/b"));
	assert_false(rs_rt_is_path_part(".waiting"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links_have_names_of_at_most_15_characters),
		cmocka_unit_test(test_ids_come_back_from_names),
		cmocka_unit_test(test_addresses_stay_in_their_range),
		cmocka_unit_test(test_the_two_sides_have_different_macs),
		cmocka_unit_test(test_path_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
