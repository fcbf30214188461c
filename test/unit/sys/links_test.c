/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/sys/links.c */
/* What agents write on their front doors. */
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
	return rs_range_v4((struct in_addr){inet_addr(address)}, bits);
}

static struct rs_range range6(const char *text)
{
	struct rs_range range;
	assert_int_equal(rs_range_parse(text, &range), 0);
	return range;
}

static void test_a_tag_is_read_as_it_was_written(void **state)
{
	struct rs_agent_tag tag = {
		.ranges = {.vip = {range("198.18.0.0", 16)}, .instances = {range("10.0.0.0", 8)}},
		.run_dir = "/run/a directory",
	};
	struct rs_agent_tag read;
	char text[RS_AGENT_TAG_MAX];
	(void)state;
	assert_int_equal(rs_agent_tag_print(&tag, text), 0);
	assert_string_equal(text, "rouse vip=198.18.0.0/16 instances=10.0.0.0/8 run-dir=/run/a directory");
	assert_int_equal(rs_agent_tag_parse(text, &read), 0);
	assert_string_equal(read.run_dir, tag.run_dir);
	assert_memory_equal(&read.ranges, &tag.ranges, sizeof(tag.ranges));
	tag.ranges.vip[RS_V6] = range6("fd72:6f75:7365::c612:0/112");
	tag.ranges.instances[RS_V6] = range6("fd00::/64");
	assert_int_equal(rs_agent_tag_print(&tag, text), 0);
	assert_string_equal(text, "rouse vip=198.18.0.0/16 instances=10.0.0.0/8 vip6=fd72:6f75:7365::c612:0/112 "
				  "instances6=fd00::/64 run-dir=/run/a directory");
	assert_int_equal(rs_agent_tag_parse(text, &read), 0);
	assert_string_equal(read.run_dir, tag.run_dir);
	assert_memory_equal(&read.ranges, &tag.ranges, sizeof(tag.ranges));
}

static void test_a_tag_that_does_not_fit_is_refused(void **state)
{
	struct rs_agent_tag tag = {.ranges = {.vip = {range("198.18.0.0", 16)}}};
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
		"rouse vip=fd00::/64 instances=198.19.0.0/16 run-dir=/run/x",
		"rouse vip=198.18.0.0/16 instances=198.19.0.0/16 vip6=fd00::/64 run-dir=/run/x",
		"rouse vip=198.18.0.0/16 instances=198.19.0.0/16 vip6=fd00::/64 instances6=10.0.0.0/8 run-dir=/run/x",
	};
	struct rs_agent_tag tag;
	(void)state;
	for (size_t i = 0; i < rs_array_length(others); i++) {
		if (rs_agent_tag_parse(others[i], &tag) != -EINVAL)
			fail_msg("\"%s\" was taken for a tag", others[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_tag_is_read_as_it_was_written),
		cmocka_unit_test(test_a_tag_that_does_not_fit_is_refused),
		cmocka_unit_test(test_other_aliases_are_no_tags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
