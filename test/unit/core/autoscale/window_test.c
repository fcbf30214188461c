/* SPDX-License-Identifier: BSD-2-Clause */
/* link: user/core/autoscale/window.c user/core/autoscale/max_window.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/time.h"
#include "core/autoscale/max_window.h"
#include "core/autoscale/window.h"

#define assert_close(got, want, tolerance) assert_true(fabs((got) - (want)) <= (tolerance))

#define S(seconds) ((uint64_t)((seconds)*1e9))
#define CAPACITY   64

static double memory[CAPACITY];

static struct rs_window window_of(enum rs_window_kind kind, uint64_t seconds)
{
	struct rs_window window;
	assert_int_equal(rs_window_init(&window, kind, S(seconds), RS_NS_PER_S, memory, CAPACITY), 0);
	return window;
}

static uint32_t random_state;

static uint32_t random_below(uint32_t bound)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % bound;
}

static void test_a_window_that_does_not_fit_is_refused(void **state)
{
	(void)state;
	struct rs_window window;
	assert_int_equal(rs_window_init(&window, RS_WINDOW_LINEAR, S(65), RS_NS_PER_S, memory, CAPACITY), -ENOSPC);
	assert_int_equal(rs_window_init(&window, RS_WINDOW_LINEAR, 0, RS_NS_PER_S, memory, CAPACITY), -EINVAL);
	assert_int_equal(rs_window_init(&window, RS_WINDOW_LINEAR, S(5), 0, memory, CAPACITY), -EINVAL);
	window = window_of(RS_WINDOW_LINEAR, 5);
	assert_int_equal(rs_window_resize(&window, S(65), S(100)), -ENOSPC);
	assert_int_equal(window.count, 5);
}

static void test_before_the_first_write_everything_is_zero(void **state)
{
	(void)state;
	struct rs_window window = window_of(RS_WINDOW_LINEAR, 5);
	assert_true(rs_window_is_empty(&window, 0));
	assert_close(rs_window_average(&window, S(3)), 0, 0);
	assert_close(rs_window_sum(&window, S(3)), 0, 0);
	assert_int_equal(rs_window_resize(&window, S(10), S(3)), 0);
	rs_window_record(&window, S(4), 7);
	assert_close(rs_window_average(&window, S(4)), 7, 0);
}

static void test_a_young_clock_does_not_wrap(void **state)
{
	(void)state;
	struct rs_window window = window_of(RS_WINDOW_EXPONENTIAL, 60);
	rs_window_record(&window, S(0), 3);
	rs_window_record(&window, S(2), 5);
	assert_close(rs_window_sum(&window, S(2)), 8, 0);
	assert_close(rs_window_average(&window, S(2)), 5 * 0.2 + 3 * 0.2 * 0.64, 1e-12);
	assert_int_equal(rs_window_resize(&window, S(30), S(2)), 0);
	assert_close(rs_window_sum(&window, S(2)), 8, 0);
}

static void test_silence_shrinks_the_divisor_a_gap_does_not(void **state)
{
	(void)state;
	struct rs_window window = window_of(RS_WINDOW_LINEAR, 10);
	for (int t = 100; t < 110; t++)
		rs_window_record(&window, S(t), 10);
	for (int t = 109; t < 119; t++)
		assert_close(rs_window_average(&window, S(t)), 10, 1e-9);
	assert_close(rs_window_average(&window, S(119)), 0, 0);
	assert_false(rs_window_is_empty(&window, S(119))); /* empty is one bucket later */
	assert_true(rs_window_is_empty(&window, S(120)));
	rs_window_record(&window, S(114), 10);
	assert_close(rs_window_average(&window, S(114)), 6, 1e-9);
}

static void test_values_that_are_not_finite_are_ignored(void **state)
{
	(void)state;
	struct rs_window window = window_of(RS_WINDOW_LINEAR, 10);
	rs_window_record(&window, S(1), 4);
	rs_window_record(&window, S(1), NAN);
	rs_window_record(&window, S(1), INFINITY);
	assert_close(rs_window_average(&window, S(1)), 4, 0);
}

static void test_a_resize_keeps_the_newest(void **state)
{
	(void)state;
	struct rs_window window = window_of(RS_WINDOW_LINEAR, 5);
	for (int i = 0; i < 6; i++)
		rs_window_record(&window, S(50 + i), i + 1);
	assert_close(rs_window_average(&window, S(55)), 4, 0);
	assert_int_equal(rs_window_resize(&window, S(10), S(55)), 0);
	assert_close(rs_window_average(&window, S(55)), 4, 0);
	rs_window_record(&window, S(56), 7);
	assert_close(rs_window_average(&window, S(56)), 4.5, 0);
	assert_int_equal(rs_window_resize(&window, S(4), S(56)), 0);
	assert_close(rs_window_average(&window, S(56)), 5.5, 0);
	/* What was cut off does not come back. */
	assert_int_equal(rs_window_resize(&window, S(10), S(56)), 0);
	assert_close(rs_window_sum(&window, S(56)), 22, 0);
	/* Nothing written for the old window: all is forgotten. */
	assert_int_equal(rs_window_resize(&window, S(20), S(67)), 0);
	assert_false(window.first_known);
	assert_close(rs_window_sum(&window, S(67)), 0, 0);
	assert_close(rs_window_average(&window, S(67)), 0, 0);
}

/* Into other memory: as if there had always been room enough. */
static void test_a_resize_into_other_memory_is_a_resize(void **state)
{
	(void)state;
	random_state = 11;
	for (int round = 0; round < 200; round++) {
		static double other[CAPACITY], fitting[CAPACITY];
		uint32_t before = 1 + random_below(30), after = 1 + random_below(30);
		uint64_t now = 1000 + random_below(100);
		struct rs_window expected = window_of(round % 2 ? RS_WINDOW_EXPONENTIAL : RS_WINDOW_LINEAR, before);
		struct rs_window window = expected;
		assert_int_equal(rs_window_init(&window, expected.kind, S(before), RS_NS_PER_S, other, before), 0);
		for (uint32_t i = 0; i < 40; i++, now += random_below(3)) {
			double value = random_below(50);
			rs_window_record(&expected, S(now), value);
			rs_window_record(&window, S(now), value);
		}
		now += random_below(2 * before);
		assert_int_equal(rs_window_resize(&expected, S(after), S(now)), 0);
		assert_int_equal(rs_window_resize_into(&window, S(after), S(now), fitting, after - 1), -ENOSPC);
		assert_int_equal(rs_window_resize_into(&window, S(after), S(now), fitting, after), 0);
		memset(other, 0x55, sizeof(other));
		for (int i = 0; i < 20; i++, now += random_below(3)) {
			assert_close(rs_window_average(&window, S(now)), rs_window_average(&expected, S(now)), 1e-9);
			assert_close(rs_window_sum(&window, S(now)), rs_window_sum(&expected, S(now)), 1e-9);
			rs_window_record(&expected, S(now), i);
			rs_window_record(&window, S(now), i);
		}
	}
}

/* The running total, the ring and a plain list of all values agree, whatever the order of writes. */
static void test_random_writes_agree_with_a_plain_sum(void **state)
{
	(void)state;
	static double plain[4000];
	random_state = 4;
	for (int round = 0; round < 50; round++) {
		uint32_t length = 1 + random_below(CAPACITY);
		struct rs_window window = window_of(RS_WINDOW_LINEAR, length);
		memset(plain, 0, sizeof(plain));
		int64_t now = 100, newest = -1;
		for (int i = 0; i < 1000 && now < 3900; i++) {
			now += random_below(4) == 0 ? random_below(2 * length) : random_below(2);
			int64_t late = random_below(5) == 0 ? random_below(2 * length) : 0;
			int64_t t = now - late < 0 ? 0 : now - late;
			if (t >= 4000)
				break;
			double value = random_below(100);
			if (newest >= 0 && t > newest && t - newest >= length)
				memset(plain, 0, sizeof(plain));
			if (newest < 0 || t > newest - length)
				plain[t] += value;
			if (t > newest)
				newest = t;
			rs_window_record(&window, S(t), value);
			double sum = 0;
			for (int64_t k = newest; k >= 0 && k > newest - length; k--)
				sum += plain[k];
			assert_close(rs_window_sum(&window, S(newest)), sum, 1e-6);
			assert_close(window.total, sum, 1e-6);
			double average = rs_window_average(&window, S(newest));
			assert_true(average >= sum / length - 1e-6 && average <= sum + 1e-6);
		}
	}
}

static void test_smoothing_is_bounded_and_sums_to_one(void **state)
{
	(void)state;
	for (uint32_t n = 1; n < 4000; n++) {
		double k = rs_smoothing_coefficient(n);
		assert_true(k >= 0.2 && k <= 1);
		if (k > 0.2)
			assert_close(1 - pow(1 - k, n), 0.9999, 1e-9);
	}
}

static void test_the_maximum_agrees_with_a_plain_search(void **state)
{
	(void)state;
	static int32_t plain[20000];
	struct rs_max_entry entries[16];
	random_state = 5;
	for (uint32_t slots = 1; slots <= 16; slots++) {
		struct rs_max_window window;
		assert_int_equal(rs_max_window_init(&window, entries, slots), 0);
		assert_int_equal(rs_max_window_current(&window), 0);
		for (int i = 0; i < 20000; i++)
			plain[i] = -1;
		for (uint32_t slot = 0; slot < 18000; slot += random_below(3) ? random_below(2) : random_below(20)) {
			int32_t value = (int32_t)random_below(30);
			rs_max_window_record(&window, slot, value);
			if (value > plain[slot])
				plain[slot] = value;
			int32_t most = -1;
			for (uint32_t k = 0; k < slots && k <= slot; k++)
				if (plain[slot - k] > most)
					most = plain[slot - k];
			assert_int_equal(rs_max_window_current(&window), most);
			assert_true(window.length <= slots);
		}
	}
	assert_int_equal(rs_max_window_init(&(struct rs_max_window){0}, entries, 0), -EINVAL);
}

static void test_a_slot_that_goes_back_counts_as_the_newest(void **state)
{
	(void)state;
	struct rs_max_entry entries[3];
	struct rs_max_window window;
	assert_int_equal(rs_max_window_init(&window, entries, 3), 0);
	rs_max_window_record(&window, 10, 4);
	rs_max_window_record(&window, 2, 6);
	assert_int_equal(rs_max_window_current(&window), 6);
	rs_max_window_record(&window, 12, 1);
	assert_int_equal(rs_max_window_current(&window), 6);
	rs_max_window_record(&window, 13, 1);
	assert_int_equal(rs_max_window_current(&window), 1);
}

static void test_a_rounded_rest_is_a_positive_zero(void **state)
{
	(void)state;
	assert_false(signbit(rs_round_digits(-1e-12, 6)));
	assert_true(rs_round_digits(-1e-12, 6) == 0);
	assert_true(rs_round_digits(-0.25, 6) == -0.25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_rounded_rest_is_a_positive_zero),
		cmocka_unit_test(test_a_window_that_does_not_fit_is_refused),
		cmocka_unit_test(test_before_the_first_write_everything_is_zero),
		cmocka_unit_test(test_a_young_clock_does_not_wrap),
		cmocka_unit_test(test_silence_shrinks_the_divisor_a_gap_does_not),
		cmocka_unit_test(test_values_that_are_not_finite_are_ignored),
		cmocka_unit_test(test_a_resize_keeps_the_newest),
		cmocka_unit_test(test_a_resize_into_other_memory_is_a_resize),
		cmocka_unit_test(test_random_writes_agree_with_a_plain_sum),
		cmocka_unit_test(test_smoothing_is_bounded_and_sums_to_one),
		cmocka_unit_test(test_the_maximum_agrees_with_a_plain_search),
		cmocka_unit_test(test_a_slot_that_goes_back_counts_as_the_newest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
