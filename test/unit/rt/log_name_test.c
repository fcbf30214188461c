/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/rt/log_name.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "rt/log_name.h"

#include <errno.h>

static void test_name_and_back(void **state)
{
	char file[RS_LOG_NAME_MAX], instance[32];
	uint64_t wall_ms = 0;
	(void)state;
	assert_int_equal(rs_log_name(file, sizeof(file), "rouse-17", 1764082662007), 0);
	assert_string_equal(file, "rouse-17-20251125T145742.007Z.log");
	assert_int_equal(rs_log_name_parse(file, instance, sizeof(instance), &wall_ms), 0);
	assert_string_equal(instance, "rouse-17");
	assert_int_equal(wall_ms, 1764082662007);
}

static void test_too_long(void **state)
{
	char file[24];
	(void)state;
	assert_int_equal(rs_log_name(file, sizeof(file), "rouse-17", 0), -ENAMETOOLONG);
}

static void test_names_of_others(void **state)
{
	static const char *const others[] = {
		"",
		".log",
		"rouse-17.log",
		"-20251125T145742.007Z.log",
		"rouse-17-20251125T145742.007Z.log.1",
		"rouse-17-20251325T145742.007Z.log",
		"rouse-17-20251125T145742.7Z.log",
		"rouse-17-20251125T145742.0070.log",
		"rouse-17_20251125T145742.007Z.log",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char instance[32];
		uint64_t wall_ms;
		assert_int_equal(rs_log_name_parse(others[i], instance, sizeof(instance), &wall_ms), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_and_back),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_names_of_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
