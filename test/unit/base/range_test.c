/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/range.h"

#include "base/mem.h"

#include <errno.h>

static struct rs_range range(const char *text)
{
	struct rs_range range;
	assert_int_equal(rs_range_parse(text, &range), 0);
	return range;
}

static struct rs_address address(const char *text)
{
	struct rs_address address;
	assert_int_equal(rs_address_parse(text, &address), 0);
	return address;
}

static void test_overlap(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} rows[] = {
		{"198.18.0.0/16", "198.18.0.0/16", true},
		{"198.18.0.0/16", "198.18.255.255", true},
		{"198.18.0.0/16", "198.19.0.0", false},
		{"198.18.0.0/15", "198.19.7.0/24", true},
		{"198.18.0.0/16", "198.17.255.255", false},
		{"0.0.0.0/0", "198.18.0.0/16", true},
		{"10.0.0.1", "10.0.0.1", true},
		{"10.0.0.1", "10.0.0.0", false},
		{"fd00::/8", "fd72:6f75:7365::c612:0/112", true},
		{"fd72:6f75:7365::c612:0/112", "fd72:6f75:7365::c613:0/112", false},
		{"fd72:6f75:7365::c612:0/111", "fd72:6f75:7365::c613:0/112", true},
		{"::ffff:198.18.0.0/112", "198.18.4.0/24", true},
		{"0.0.0.0/0", "fd00::/8", false},
		{"fd00::1", "fd00::1", true},
	};
	(void)state;
	for (size_t i = 0; i < rs_array_length(rows); i++) {
		struct rs_range a = range(rows[i].a), b = range(rows[i].b);
		if (rs_range_overlaps(a, b) != rows[i].overlap || rs_range_overlaps(b, a) != rows[i].overlap)
			fail_msg("row %zu", i);
	}
	struct rs_range none = {.bits = 0};
	assert_false(rs_range_overlaps(none, range("fd00::/8")));
	assert_false(rs_range_overlaps(range("0.0.0.0/0"), none));
}

static void test_what_is_read_is_printed_again(void **state)
{
	static const char *const texts[] = {"198.18.0.0/16", "0.0.0.0/0", "10.1.2.3/32",
					    "fd00::/64",     "::/0",	  "::1/128"};
	char out[RS_RANGE_TEXT_MAX];
	(void)state;
	for (size_t i = 0; i < rs_array_length(texts); i++)
		assert_string_equal(rs_range_print(range(texts[i]), out), texts[i]);
	assert_string_equal(rs_range_print(range("10.1.2.3"), out), "10.1.2.3/32");
	assert_string_equal(rs_range_print(range("fd00::1"), out), "fd00::1/128");
	assert_string_equal(rs_range_print(range("::ffff:10.0.0.0/104"), out), "10.0.0.0/8");
}

static void test_what_is_refused(void **state)
{
	struct rs_range range;
	(void)state;
	assert_int_equal(rs_range_parse("", &range), -EINVAL);
	assert_int_equal(rs_range_parse("10.0.0/8", &range), -EINVAL);
	assert_int_equal(rs_range_parse("fd00:::/8", &range), -EINVAL);
	assert_int_equal(rs_range_parse("10.0.0.0/33", &range), -ERANGE);
	assert_int_equal(rs_range_parse("10.0.0.0/", &range), -ERANGE);
	assert_int_equal(rs_range_parse("fd00::/129", &range), -ERANGE);
}

static void test_mask(void **state)
{
	struct rs_range some = range("fd00::ff01/121"), whole = range("10.0.0.1");
	char out[RS_RANGE_TEXT_MAX];
	(void)state;
	assert_true(rs_range_mask(&some));
	assert_string_equal(rs_range_print(some, out), "fd00::ff00/121");
	assert_false(rs_range_mask(&some));
	assert_false(rs_range_mask(&whole));
}

static void test_places_in_a_range(void **state)
{
	struct rs_address v4 = address("198.18.255.254"), v6 = address("fd00::ffff:ffff");
	struct rs_address next = rs_address_plus(&v4, 3), far = rs_address_plus(&v6, 2), same = rs_address_plus(&v6, 0);
	char out[RS_ADDRESS_TEXT_MAX];
	(void)state;
	assert_string_equal(rs_address_print(&next, out), "198.19.0.1");
	assert_string_equal(rs_address_print(&far, out), "fd00::1:0:1");
	assert_true(rs_address_equal(&same, &v6));
	assert_int_equal(rs_address_minus(&next, &v4), 3);
	assert_int_equal(rs_address_minus(&far, &v6), 2);
	assert_int_equal(rs_address_minus(&v4, &v4), 0);
	assert_int_equal(rs_address_minus(&v4, &next), UINT32_MAX);
	assert_int_equal(rs_address_minus(&v6, &v4), UINT32_MAX);
	/* An IPv4 address stays one, whatever is added. */
	v4 = address("255.255.255.255");
	next = rs_address_plus(&v4, 1);
	assert_string_equal(rs_address_print(&next, out), "0.0.0.0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overlap),		  cmocka_unit_test(test_what_is_read_is_printed_again),
		cmocka_unit_test(test_what_is_refused),	  cmocka_unit_test(test_mask),
		cmocka_unit_test(test_places_in_a_range),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
