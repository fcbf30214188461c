/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/core/model/quantity.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "base/mem.h"
#include "core/model/quantity.h"

static void test_quantities(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int result;
		uint64_t millis, units;
	} rows[] = {
		{"0", 0, 0, 0},
		{"1", 0, 1000, 1},
		{"+2", 0, 2000, 2},
		{"0.5", 0, 500, 1},
		{".5", 0, 500, 1},
		{"5.", 0, 5000, 5},
		{"500m", 0, 500, 1},
		{"1500m", 0, 1500, 2},
		{"0.1", 0, 100, 1},
		{"0.7", 0, 700, 1},
		{"1n", 0, 1, 1},
		{"100u", 0, 1, 1},
		{"1k", 0, 1000000, 1000},
		{"1Ki", 0, 1024000, 1024},
		{"350Mi", 0, 367001600000, 367001600},
		{"1.5Gi", 0, 1610612736000, 1610612736},
		{"1e3", 0, 1000000, 1000},
		{"1E3", 0, 1000000, 1000},
		{"12e-1", 0, 1200, 2},
		{"1Pi", 0, 1125899906842624000, 1125899906842624},
		{"", -EINVAL, 0, 0},
		{"-1", -EINVAL, 0, 0},
		{"m", -EINVAL, 0, 0},
		{".", -EINVAL, 0, 0},
		{"1.2.3", -EINVAL, 0, 0},
		{"1 k", -EINVAL, 0, 0},
		{"1K", -EINVAL, 0, 0},
		{"1mi", -EINVAL, 0, 0},
		{"1e", -EINVAL, 0, 0},
		{"1e1.5", -EINVAL, 0, 0},
		{"1e1000", -EINVAL, 0, 0},
		{"0x10", -EINVAL, 0, 0},
		{"inf", -EINVAL, 0, 0},
		{"1e300", -ERANGE, 0, 0},
		{"1000000000000000000000000000000000000000000000000000000000000000000", -EINVAL, 0, 0},
	};

	for (size_t i = 0; i < rs_array_length(rows); i++) {
		uint64_t millis = 77, units = 77;
		const int r = rs_quantity_millis(rows[i].text, &millis);

		if (r != rows[i].result || (r == 0 && millis != rows[i].millis))
			fail_msg("\"%s\": %d, %llu thousandths", rows[i].text, r, (unsigned long long)millis);
		if (rs_quantity_units(rows[i].text, &units) != rows[i].result || (r == 0 && units != rows[i].units))
			fail_msg("\"%s\": %llu units", rows[i].text, (unsigned long long)units);
		if (r < 0)
			assert_true(millis == 77 && units == 77);
	}
}

/* What is no more in thousandths may be one in units. */
static void test_the_largest(void **state)
{
	(void)state;
	uint64_t value = 0;

	assert_int_equal(rs_quantity_millis("8Ei", &value), -ERANGE);
	assert_int_equal(rs_quantity_units("8Ei", &value), -ERANGE);
	assert_int_equal(rs_quantity_units("7Ei", &value), 0);
	assert_true(value == 7ULL << 60);
}

static void test_durations(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int result;
		int64_t ns;
	} rows[] = {
		{"0", 0, 0},
		{"-0", 0, 0},
		{"0s", 0, 0},
		{"1ns", 0, 1},
		{"1us", 0, 1000},
		{"1\xc2\xb5s", 0, 1000},
		{"1\xce\xbcs", 0, 1000},
		{"1ms", 0, 1000000},
		{"30s", 0, 30000000000},
		{"1m30s", 0, 90000000000},
		{"1.5h", 0, 5400000000000},
		{"0.1s", 0, 100000000},
		{"-1.5s", 0, -1500000000},
		{"+2s", 0, 2000000000},
		{"1s1h", 0, 3601000000000},
		{"", -EINVAL, 0},
		{"+", -EINVAL, 0},
		{"30", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{".s", -EINVAL, 0},
		{"1d", -EINVAL, 0},
		{"1 s", -EINVAL, 0},
		{"1S", -EINVAL, 0},
		{"1s ", -EINVAL, 0},
		{"3000000h", -ERANGE, 0},
	};

	for (size_t i = 0; i < rs_array_length(rows); i++) {
		int64_t ns = 77;
		const int r = rs_duration_parse(rows[i].text, &ns);

		if (r != rows[i].result || ns != (r == 0 ? rows[i].ns : 77))
			fail_msg("\"%s\": %d, %lld ns", rows[i].text, r, (long long)ns);
	}
}

static void test_numbers(void **state)
{
	(void)state;
	static const char *const bad[] = {"", " 1", "1 ", "0x10", "inf", "nan", "1e999", "1,5", "--1", "1e", "abc"};
	double value = 0;

	assert_int_equal(rs_number_parse("-1", &value), 0);
	assert_true(value == -1);
	assert_int_equal(rs_number_parse("1.5e2", &value), 0);
	assert_true(value == 150);
	for (size_t i = 0; i < rs_array_length(bad); i++)
		if (rs_number_parse(bad[i], &value) != -EINVAL || value != 150)
			fail_msg("\"%s\" was accepted", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantities),
		cmocka_unit_test(test_the_largest),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
