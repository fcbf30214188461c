/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "base/suggest.h"

static const char *nearest(const char *typed)
{
	static const char *const words[] = {"apply", "delete", "describe", "get", "logs", "status", "version"};
	struct rs_suggestion suggestion = {0};
	for (size_t i = 0; i < rs_array_length(words); i++)
		rs_suggest_offer(&suggestion, typed, words[i]);
	return suggestion.word;
}

static void test_distance(void **state)
{
	(void)state;
	assert_int_equal(rs_suggest_distance("", ""), 0);
	assert_int_equal(rs_suggest_distance("", "abc"), 3);
	assert_int_equal(rs_suggest_distance("abc", ""), 3);
	assert_int_equal(rs_suggest_distance("get", "get"), 0);
	assert_int_equal(rs_suggest_distance("gte", "get"), 1);
	assert_int_equal(rs_suggest_distance("kitten", "sitting"), 3);
	assert_int_equal(rs_suggest_distance("ca", "abc"), 3);
}

static void test_distance_is_symmetric_and_bounded(void **state)
{
	(void)state;
	static const char *const words[] = {"", "a", "ab", "ba", "status", "sattus", "statuses"};
	for (size_t i = 0; i < rs_array_length(words); i++) {
		for (size_t j = 0; j < rs_array_length(words); j++) {
			size_t distance = rs_suggest_distance(words[i], words[j]);
			size_t a = strlen(words[i]), b = strlen(words[j]);
			assert_int_equal(distance, rs_suggest_distance(words[j], words[i]));
			assert_true(distance <= (a > b ? a : b));
			assert_true(distance >= (a > b ? a - b : b - a));
		}
	}
}

static void test_the_nearest_word_is_suggested(void **state)
{
	(void)state;
	assert_string_equal(nearest("gte"), "get");
	assert_string_equal(nearest("aply"), "apply");
	assert_string_equal(nearest("lgos"), "logs");
	assert_string_equal(nearest("desc"), "describe");
	assert_string_equal(nearest("statsu"), "status");
}

static void test_nothing_near_is_nothing(void **state)
{
	(void)state;
	char endless[200];
	memset(endless, 'a', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	assert_null(nearest("frobnicate"));
	assert_null(nearest("x"));
	assert_null(nearest(""));
	assert_null(nearest(endless));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_distance_is_symmetric_and_bounded),
		cmocka_unit_test(test_the_nearest_word_is_suggested),
		cmocka_unit_test(test_nothing_near_is_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
