/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/rt/record.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rt/record.h"

static struct rs_record example(void)
{
	return (struct rs_record){
		.instance = {.id = 17,
			     .name = "rouse-17",
			     .owner = "default/hello-00001",
			     .address.s_addr = htonl(0xc6130011),
			     .ifindex = 42,
			     .netns_inode = 4026532177,
			     .netns_cookie = 4711,
			     .pid = 12345,
			     .port = 8080,
			     .is_udp = true,
			     .started_ns = 9123456789012345678,
			     .log_path = "/var/lib/rouse/logs/default/hello-00001/rouse-17.log"},
		.pid_start = 998877,
	};
}

static void test_what_is_printed_is_parsed(void **state)
{
	(void)state;
	struct rs_record in = example(), out;
	rs_auto_free char *text = rs_record_print(&in);
	assert_non_null(text);
	assert_true(strlen(text) < RS_RECORD_BYTES_MAX);
	assert_int_equal(rs_record_parse(text, &out), 0);
	assert_int_equal(out.instance.id, 17);
	assert_string_equal(out.instance.name, in.instance.name);
	assert_string_equal(out.instance.owner, in.instance.owner);
	assert_string_equal(out.instance.log_path, in.instance.log_path);
	assert_int_equal(out.instance.address.s_addr, in.instance.address.s_addr);
	assert_true(rs_address_is_none(&out.instance.address6));
	assert_int_equal(out.instance.ifindex, 42);
	assert_int_equal(out.instance.pid, 12345);
	assert_int_equal(out.instance.port, 8080);
	assert_true(out.instance.is_udp);
	/* More than a double holds. */
	assert_true(out.instance.started_ns == in.instance.started_ns);
	assert_true(out.instance.netns_inode == in.instance.netns_inode);
	assert_true(out.instance.netns_cookie == in.instance.netns_cookie);
	assert_true(out.pid_start == in.pid_start);
}

static void test_an_ipv6_address(void **state)
{
	(void)state;
	struct rs_record in = example(), out;
	assert_int_equal(rs_address_parse("fd72:6f75:7365::c613:11", &in.instance.address6), 0);
	rs_auto_free char *text = rs_record_print(&in);
	assert_non_null(strstr(text, "\"address6\":\"fd72:6f75:7365::c613:11\""));
	assert_int_equal(rs_record_parse(text, &out), 0);
	assert_true(rs_address_equal(&out.instance.address6, &in.instance.address6));
	*strstr(text, "fd72") = 'x';
	assert_int_equal(rs_record_parse(text, &out), -EINVAL);
}

/* The example with one part replaced. */
static void refuses(const char *part, const char *with)
{
	struct rs_record in = example(), out = {.pid_start = 5};
	rs_auto_free char *text = rs_record_print(&in);
	char *at = strstr(text, part);
	assert_non_null(at);
	rs_auto_free char *changed = NULL;
	assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - text), text, with, at + strlen(part)) > 0);
	assert_int_equal(rs_record_parse(changed, &out), -EINVAL);
	assert_int_equal(out.pid_start, 5);
}

static void test_damaged_records_are_refused(void **state)
{
	(void)state;
	struct rs_record out;
	assert_int_equal(rs_record_parse("", &out), -EINVAL);
	assert_int_equal(rs_record_parse("{", &out), -EINVAL);
	assert_int_equal(rs_record_parse("{}", &out), -EINVAL);
	assert_int_equal(rs_record_parse("[]", &out), -EINVAL);
	refuses("\"version\":1", "\"version\":2");
	refuses("\"id\":17", "\"id\":0");
	refuses("\"id\":17", "\"id\":-1");
	refuses("\"id\":17", "\"id\":1.5");
	refuses("\"id\":17", "\"id\":\"17\"");
	refuses("\"pid\":12345", "\"pid\":1");
	refuses("\"port\":8080", "\"port\":65536");
	refuses("198.19.0.17", "198.19.0");
	refuses("\"998877\"", "998877");
	refuses("\"998877\"", "\"-1\"");
	refuses("rouse-17\"", "a-name-that-is-much-longer-than-any-namespace\"");
	refuses("default/hello-00001\"", "\"");
}

static void test_the_start_time_of_a_process(void **state)
{
	(void)state;
#define STAT(name)                                                                                                     \
	"12 (" name ") S 1 12 12 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 424242 1000 100 18446744073709551615"
	assert_true(rs_record_pid_start(STAT("sh")) == 424242);
	assert_true(rs_record_pid_start(STAT("a b) S 1 (c")) == 424242);
	assert_true(rs_record_pid_start(STAT("")) == 424242);
	assert_true(rs_record_pid_start("") == 0);
	assert_true(rs_record_pid_start("12 (sh) S 1 12") == 0);
	assert_true(rs_record_pid_start("no parenthesis") == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_printed_is_parsed),
		cmocka_unit_test(test_an_ipv6_address),
		cmocka_unit_test(test_damaged_records_are_refused),
		cmocka_unit_test(test_the_start_time_of_a_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
