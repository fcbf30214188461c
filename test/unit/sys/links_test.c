/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/sys/links.c user/sys/ranges.c */
/* What agents write on their front doors, and ranges that meet. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sys/links.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static struct rs_range range(const char *address, unsigned bits)
{
	return (struct rs_range){{inet_addr(address)}, bits};
}

static void test_a_tag_is_read_as_it_was_written(void **state)
{
	struct rs_agent_tag tag = {
		.ranges = {.vip = range("198.18.0.0", 16), .instances = range("10.0.0.0", 8)},
		.run_dir = "/run/a directory",
	};
	struct rs_agent_tag read;
	char text[RS_AGENT_TAG_MAX];
	(void)state;
	assert_int_equal(rs_agent_tag_print(&tag, text), 0);
	assert_string_equal(text, "rouse vip=198.18.0.0/16 instances=10.0.0.0/8 run-dir=/run/a directory");
	assert_int_equal(rs_agent_tag_parse(text, &read), 0);
	assert_string_equal(read.run_dir, tag.run_dir);
	assert_int_equal(read.ranges.vip.address.s_addr, tag.ranges.vip.address.s_addr);
	assert_int_equal(read.ranges.vip.bits, 16);
	assert_int_equal(read.ranges.instances.address.s_addr, tag.ranges.instances.address.s_addr);
	assert_int_equal(read.ranges.instances.bits, 8);
}

static void test_a_tag_that_does_not_fit_is_refused(void **state)
{
	struct rs_agent_tag tag = {.ranges = {.vip = range("198.18.0.0", 16)}};
	char text[RS_AGENT_TAG_MAX];
	(void)state;
	memset(tag.run_dir, 'x', sizeof(tag.run_dir) - 1);
	assert_int_equal(rs_agent_tag_print(&tag, text), -E2BIG);
}

static void test_other_aliases_are_no_tags(void **state)
{
	static const char *const others[] = {
		NULL,
		"",
		"rouse",
		"uplink to rack 7",
		"rouse vip=198.18.0.0/16 instances=198.19.0.0/16",
		"rouse vip=198.18.0.0/33 instances=198.19.0.0/16 run-dir=/run/x",
		"rouse vip=198.18.0/16 instances=198.19.0.0/16 run-dir=/run/x",
		"rouse vip=198.18.0.0/-1 instances=198.19.0.0/16 run-dir=/run/x",
	};
	struct rs_agent_tag tag;
	(void)state;
	for (size_t i = 0; i < rs_array_length(others); i++) {
		if (rs_agent_tag_parse(others[i], &tag) != -EINVAL)
			fail_msg("\"%s\" was taken for a tag", others[i]);
	}
}

static void test_ranges_overlap_or_not(void **state)
{
	static const struct {
		const char *a;
		unsigned a_bits;
		const char *b;
		unsigned b_bits;
		bool overlap;
	} rows[] = {
		{"198.18.0.0", 16, "198.18.0.0", 16, true},	 {"198.18.0.0", 16, "198.18.255.255", 32, true},
		{"198.18.0.0", 16, "198.19.0.0", 32, false},	 {"198.18.0.0", 15, "198.19.7.0", 24, true},
		{"198.18.0.0", 16, "198.17.255.255", 32, false}, {"0.0.0.0", 0, "198.18.0.0", 16, true},
		{"10.0.0.1", 32, "10.0.0.1", 32, true},		 {"10.0.0.1", 32, "10.0.0.0", 32, false},
	};
	(void)state;
	for (size_t i = 0; i < rs_array_length(rows); i++) {
		struct rs_range a = range(rows[i].a, rows[i].a_bits), b = range(rows[i].b, rows[i].b_bits);
		if (rs_range_overlaps(a, b) != rows[i].overlap || rs_range_overlaps(b, a) != rows[i].overlap)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_tag_is_read_as_it_was_written),
		cmocka_unit_test(test_a_tag_that_does_not_fit_is_refused),
		cmocka_unit_test(test_other_aliases_are_no_tags),
		cmocka_unit_test(test_ranges_overlap_or_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
