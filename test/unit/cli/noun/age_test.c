/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/cli/noun/age.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "base/mem.h"
#include "base/time.h"
#include "cli/noun/age.h"

static void test_ages_read_as_kubectl_writes_them(void **state)
{
	(void)state;
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {
		{-5, "0s"},
		{0, "0s"},
		{5, "5s"},
		{119, "119s"},
		{120, "2m"},
		{192, "3m12s"},
		{599, "9m59s"},
		{600, "10m"},
		{3 * 3600 - 1, "179m"},
		{3 * 3600, "3h"},
		{7 * 3600 + 180, "7h3m"},
		{8 * 3600, "8h"},
		{48 * 3600 - 1, "47h"},
		{48 * 3600, "2d"},
		{3 * 86400 + 4 * 3600, "3d4h"},
		{8 * 86400 + 4 * 3600, "8d"},
		{INT64_C(2) * 365 * 86400, "2y"},
		{INT64_C(2) * 365 * 86400 + 86400, "2y1d"},
		{INT64_C(9) * 365 * 86400, "9y"},
	};
	for (size_t i = 0; i < rs_array_length(rows); i++) {
		char text[RS_AGE_TEXT_MAX];
		rs_age_format(rows[i].seconds, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void test_times_with_and_without_fractions(void **state)
{
	(void)state;
	uint64_t ns = 7;
	assert_int_equal(rs_age_parse_time("1970-01-01T00:01:40Z", &ns), 0);
	assert_int_equal(ns, 100 * RS_NS_PER_S);
	assert_int_equal(rs_age_parse_time("1970-01-01T00:01:40.25Z", &ns), 0);
	assert_int_equal(ns, 100 * RS_NS_PER_S + 250 * RS_NS_PER_MS);
	assert_int_equal(rs_age_parse_time("1970-01-01T00:01:40.1234567891Z", &ns), 0);
	assert_int_equal(ns, 100 * RS_NS_PER_S + 123456789);
	/* What cannot be read leaves the result alone. */
	assert_int_equal(rs_age_parse_time("", &ns), -EINVAL);
	assert_int_equal(rs_age_parse_time("1970-01-01", &ns), -EINVAL);
	assert_int_equal(rs_age_parse_time("1970-01-01T00:01:40", &ns), -EINVAL);
	assert_int_equal(rs_age_parse_time("1970-01-01T00:01:40+02:00", &ns), -EINVAL);
	assert_int_equal(ns, 100 * RS_NS_PER_S + 123456789);
}

static void test_the_age_of_a_time(void **state)
{
	(void)state;
	char text[RS_AGE_TEXT_MAX];
	rs_age_since("1970-01-01T00:01:40Z", 105 * RS_NS_PER_S, text);
	assert_string_equal(text, "5s");
	/* The agent's clock may be ahead of ours. */
	rs_age_since("1970-01-01T00:01:40Z", 90 * RS_NS_PER_S, text);
	assert_string_equal(text, "0s");
	rs_age_since("", 90 * RS_NS_PER_S, text);
	assert_string_equal(text, "<unknown>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ages_read_as_kubectl_writes_them),
		cmocka_unit_test(test_times_with_and_without_fractions),
		cmocka_unit_test(test_the_age_of_a_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
