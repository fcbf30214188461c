/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/rt/log_retention.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "rt/log_retention.h"

#define NOW 1000000

/* Which of the entries are doomed, as bits by their index. */
static unsigned plan(const struct rs_log_entry *given, size_t count, struct rs_log_limits limits)
{
	struct rs_log_entry entries[8];
	unsigned doomed = 0, seen = 0;
	for (size_t i = 0; i < count; i++) {
		entries[i] = given[i];
		entries[i].index = (uint32_t)i;
	}
	size_t n = rs_log_retention_plan(entries, count, &limits, NOW);
	for (size_t i = 0; i < count; i++) {
		doomed |= entries[i].is_doomed ? 1U << entries[i].index : 0;
		seen += entries[i].is_doomed;
	}
	assert_int_equal(n, seen);
	return doomed;
}

static const struct rs_log_entry entries[] = {
	{.service = 1, .changed_ms = 100, .bytes = 10},
	{.service = 1, .changed_ms = 300, .bytes = 10},
	{.service = 1, .changed_ms = 200, .bytes = 10},
	{.service = 2, .changed_ms = 50, .bytes = 10},
	{.service = 1, .changed_ms = 10, .bytes = 10, .is_written = true},
};
#define COUNT (sizeof(entries) / sizeof(entries[0]))

static void test_everything_may_stay(void **state)
{
	(void)state;
	assert_int_equal(plan(entries, COUNT, (struct rs_log_limits){.per_service = 3}), 0);
	assert_int_equal(plan(entries, 0, (struct rs_log_limits){.per_service = 0}), 0);
}

static void test_the_youngest_of_each_service_stay(void **state)
{
	(void)state;
	assert_int_equal(plan(entries, COUNT, (struct rs_log_limits){.per_service = 2}), 1U << 0);
	assert_int_equal(plan(entries, COUNT, (struct rs_log_limits){.per_service = 1}), 1U << 0 | 1U << 2);
	/* Those that run stay in any case. */
	assert_int_equal(plan(entries, COUNT, (struct rs_log_limits){.per_service = 0}), 0xf);
}

static void test_old_ones_go(void **state)
{
	(void)state;
	struct rs_log_limits limits = {.per_service = 9, .age_ms = NOW - 150};
	assert_int_equal(plan(entries, COUNT, limits), 1U << 0 | 1U << 3);
}

static void test_the_oldest_go_when_there_are_too_many_bytes(void **state)
{
	(void)state;
	struct rs_log_limits limits = {.per_service = 9, .bytes = 50};
	assert_int_equal(plan(entries, COUNT, limits), 0);
	limits.bytes = 49;
	assert_int_equal(plan(entries, COUNT, limits), 1U << 3);
	limits.bytes = 25;
	assert_int_equal(plan(entries, COUNT, limits), 1U << 3 | 1U << 0 | 1U << 2);
	limits.bytes = 1; /* not to be had */
	assert_int_equal(plan(entries, COUNT, limits), 0xf);
}

static void test_a_full_disk_takes_the_oldest(void **state)
{
	(void)state;
	struct rs_log_limits limits = {.per_service = 9, .wanted_bytes = 11};
	assert_int_equal(plan(entries, COUNT, limits), 1U << 3 | 1U << 0);
	/* What goes for other reasons counts. */
	limits.per_service = 1;
	assert_int_equal(plan(entries, COUNT, limits), 1U << 0 | 1U << 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_may_stay),
		cmocka_unit_test(test_the_youngest_of_each_service_stay),
		cmocka_unit_test(test_old_ones_go),
		cmocka_unit_test(test_the_oldest_go_when_there_are_too_many_bytes),
		cmocka_unit_test(test_a_full_disk_takes_the_oldest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
