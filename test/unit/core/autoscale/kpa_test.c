/* SPDX-License-Identifier: BSD-2-Clause */
/* link: user/core/autoscale/kpa.c user/core/autoscale/max_window.c */
/* The tests are numbered like the rules of rs_kpa_decide(). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/time.h"
#include "core/autoscale/kpa.h"

#define S(seconds) ((uint64_t)(1000 + (seconds)) * RS_NS_PER_S)

static const struct rs_kpa_spec base = {
	.target = 70,
	.total = 100,
	.target_burst_capacity = 211,
	.panic_threshold = 2,
	.max_scale_up_rate = 1000,
	.max_scale_down_rate = 2,
	.stable_window_ns = 60 * RS_NS_PER_S,
	.reachable = true,
};

static struct rs_kpa start(const struct rs_kpa_spec *spec, int32_t ready)
{
	struct rs_kpa kpa;
	assert_int_equal(rs_kpa_init(&kpa, spec, ready, S(0), NULL, 0), 0);
	return kpa;
}

static struct rs_kpa_decision decide(struct rs_kpa *kpa, const struct rs_kpa_spec *spec, int32_t ready, double stable,
				     double panic, uint64_t now_ns)
{
	struct rs_kpa_observed observed = {.ready = ready, .measured = true, .stable = stable, .panic = panic};
	return rs_kpa_decide(kpa, spec, &observed, now_ns);
}

static uint32_t random_state;

static uint32_t random_below(uint32_t bound)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % bound;
}

static void test_1_without_data_nothing_is_decided_or_remembered(void **state)
{
	(void)state;
	struct rs_kpa kpa = start(&base, 1);
	const struct rs_kpa_observed without[] = {
		{.ready = 1, .measured = false, .stable = 9000, .panic = 9000},
		{.ready = -1, .measured = true, .stable = 9000, .panic = 9000},
		{.ready = 1, .measured = true, .stable = NAN, .panic = 9000},
		{.ready = 1, .measured = true, .stable = 9000, .panic = INFINITY},
	};
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		struct rs_kpa_decision decision = rs_kpa_decide(&kpa, &base, &without[i], S(1));
		assert_false(decision.valid);
		assert_int_equal(decision.desired, 0);
		assert_false(kpa.panicking);
		assert_int_equal(kpa.panic_max, 1);
	}
}

static void test_2_the_scale_stays_within_its_factors(void **state)
{
	(void)state;
	random_state = 1;
	for (int i = 0; i < 100000; i++) {
		struct rs_kpa_spec spec = base;
		spec.target = 1 + random_below(100);
		spec.max_scale_up_rate = 1.1 + random_below(50) / 10.0;
		spec.max_scale_down_rate = 1.1 + random_below(50) / 10.0;
		struct rs_kpa kpa = start(&spec, 1);
		int32_t ready = (int32_t)random_below(1000);
		double r = ready > 1 ? ready : 1;
		struct rs_kpa_decision decision =
			decide(&kpa, &spec, ready, random_below(200000), random_below(200000), S(1));
		assert_true(decision.valid);
		assert_true(decision.desired >= (int32_t)floor(r / spec.max_scale_down_rate));
		assert_true(decision.desired <= (int32_t)ceil(r * spec.max_scale_up_rate));
	}
}

static void test_2_a_small_factor_still_grows_by_one(void **state)
{
	(void)state;
	struct rs_kpa_spec spec = base;
	spec.max_scale_up_rate = 1.01;
	struct rs_kpa kpa = start(&spec, 1);
	for (int32_t ready = 1; ready < 20; ready++)
		assert_int_equal(decide(&kpa, &spec, ready, 1e6, 0, S(ready)).desired, ready + 1);
}

static void test_2_an_unreachable_revision_may_drop_at_once(void **state)
{
	(void)state;
	struct rs_kpa_spec spec = base;
	struct rs_kpa kpa = start(&spec, 1);
	assert_int_equal(decide(&kpa, &spec, 100, 0, 0, S(1)).desired, 50);
	spec.reachable = false;
	assert_int_equal(decide(&kpa, &spec, 100, 0, 0, S(2)).desired, 0);
}

static void test_3_more_load_never_asks_for_fewer(void **state)
{
	(void)state;
	random_state = 2;
	for (int i = 0; i < 20000; i++) {
		int32_t ready = (int32_t)random_below(50);
		struct rs_kpa less = start(&base, (int32_t)random_below(10)), more = less;
		double stable = random_below(10000), panic = random_below(10000);
		int32_t a = decide(&less, &base, ready, stable, panic, S(1)).desired;
		int32_t b = decide(&more, &base, ready, stable + random_below(1000), panic + random_below(1000), S(1))
				    .desired;
		assert_true(b >= a);
	}
}

static void test_3_constant_load_does_not_oscillate(void **state)
{
	(void)state;
	for (double load = 0; load < 5000; load += 37) {
		struct rs_kpa kpa = start(&base, 1);
		int32_t ready = 1, settled = -1;
		for (int tick = 0; tick < 200; tick++) {
			ready = decide(&kpa, &base, ready, load, load, S(2 * tick)).desired;
			if (tick == 100)
				settled = ready;
			if (tick > 100)
				assert_int_equal(ready, settled);
		}
		assert_int_equal(settled, (int32_t)ceil(load / base.target));
	}
}

static void test_3_huge_values_stay_in_range(void **state)
{
	(void)state;
	struct rs_kpa_spec spec = base;
	spec.target = 0.01;
	spec.max_scale_up_rate = 1e300;
	struct rs_kpa kpa = start(&spec, 1);
	struct rs_kpa_decision decision = decide(&kpa, &spec, INT32_MAX, 1e300, 1e300, S(1));
	assert_int_equal(decision.desired, INT32_MAX);
	assert_int_equal(decision.excess_burst_capacity, INT32_MIN);
}

static void test_4_activation_scale_is_for_load_only(void **state)
{
	(void)state;
	struct rs_kpa_spec spec = base;
	spec.activation_scale = 5;
	spec.max_scale_up_rate = 2;
	struct rs_kpa kpa = start(&spec, 0);
	assert_int_equal(decide(&kpa, &spec, 0, 0, 0, S(1)).desired, 0);
	assert_int_equal(decide(&kpa, &spec, 0, 1, 1, S(2)).desired, 5);
	spec.activation_scale = 1;
	assert_int_equal(decide(&kpa, &spec, 0, 1, 1, S(2)).desired, 1);
}

static void test_5_panic_ends_strictly_after_the_stable_window(void **state)
{
	(void)state;
	struct rs_kpa kpa = start(&base, 1);
	decide(&kpa, &base, 1, 70, 140, S(0));
	assert_true(kpa.panicking);
	decide(&kpa, &base, 2, 140, 140, S(60));
	assert_true(kpa.panicking);
	decide(&kpa, &base, 2, 140, 140, S(60) + 1);
	assert_false(kpa.panicking);
	assert_int_equal(kpa.panic_max, 0);
}

static void test_5_a_restart_cannot_shrink_for_a_stable_window(void **state)
{
	(void)state;
	struct rs_kpa kpa = start(&base, 8);
	assert_true(kpa.panicking);
	for (int t = 0; t <= 60; t += 2)
		assert_int_equal(decide(&kpa, &base, 8, 0, 0, S(t)).desired, 8);
	assert_int_equal(decide(&kpa, &base, 8, 0, 0, S(62)).desired, 4);
	assert_false(start(&base, 1).panicking);
	assert_false(start(&base, 0).panicking);
}

static void test_6_panic_never_shrinks(void **state)
{
	(void)state;
	random_state = 3;
	struct rs_kpa kpa = start(&base, 0);
	int32_t ready = 0, last = 0;
	int in_panic = 0;
	for (int i = 0; i < 100000; i++) {
		uint32_t shape = random_below(20);
		double stable = shape == 0 ? random_below(100000) : random_below(200);
		double panic = shape < 2 ? random_below(100000) : random_below(200);
		int32_t desired = decide(&kpa, &base, ready, stable, panic, S(i * 11)).desired;
		if (kpa.panicking) {
			in_panic++;
			assert_true(desired >= last);
			last = desired;
		} else {
			last = 0;
		}
		ready = desired;
	}
	assert_true(in_panic > 1000 && in_panic < 100000);
}

static void test_7_the_delay_holds_the_largest_decision(void **state)
{
	(void)state;
	struct rs_kpa_spec spec = base;
	struct rs_max_entry memory[5];
	struct rs_kpa kpa;
	spec.scale_down_delay_ns = 9 * RS_NS_PER_S; /* 5 slots of 2 s */
	spec.max_scale_down_rate = 100;
	spec.panic_threshold = 1000;
	assert_int_equal(rs_kpa_delay_slots(&spec), 5);
	assert_int_equal(rs_kpa_init(&kpa, &spec, 1, S(0), memory, 4), -28 /* ENOSPC */);
	assert_int_equal(rs_kpa_init(&kpa, &spec, 1, S(0), memory, 5), 0);
	assert_int_equal(decide(&kpa, &spec, 4, 280, 280, S(0)).desired, 4);
	assert_int_equal(decide(&kpa, &spec, 4, 70, 70, S(8)).desired, 4);
	/* A revision without a route does not wait. */
	spec.reachable = false;
	assert_int_equal(decide(&kpa, &spec, 4, 70, 70, S(8)).desired, 1);
	spec.reachable = true;
	assert_int_equal(decide(&kpa, &spec, 4, 70, 70, S(10)).desired, 1);
}

static void test_7_a_delay_that_comes_later_does_not_count(void **state)
{
	(void)state;
	struct rs_kpa_spec spec = base;
	struct rs_kpa kpa = start(&spec, 1);
	spec.scale_down_delay_ns = 600 * RS_NS_PER_S;
	assert_int_equal(decide(&kpa, &spec, 1, 70, 70, S(0)).desired, 1);
	assert_int_equal(decide(&kpa, &spec, 1, 0, 0, S(2)).desired, 0);
}

static void test_8_excess_burst_capacity(void **state)
{
	(void)state;
	struct rs_kpa_spec spec = base;
	struct rs_kpa kpa = start(&spec, 1);
	assert_int_equal(decide(&kpa, &spec, 0, 0, 0, S(1)).excess_burst_capacity, -211);
	assert_int_equal(decide(&kpa, &spec, 3, 0, 89, S(1)).excess_burst_capacity, 0);
	assert_int_equal(decide(&kpa, &spec, 3, 0, 89.5, S(1)).excess_burst_capacity, -1);
	spec.target_burst_capacity = 0;
	assert_int_equal(decide(&kpa, &spec, 0, 0, 900, S(1)).excess_burst_capacity, 0);
	spec.target_burst_capacity = RS_KPA_BURST_UNLIMITED;
	assert_int_equal(decide(&kpa, &spec, 900, 0, 0, S(1)).excess_burst_capacity, -1);
}

static void test_9_what_has_to_be_applied(void **state)
{
	(void)state;
	struct rs_kpa_decision before = {.valid = true, .desired = 3, .excess_burst_capacity = 0};
	struct rs_kpa_decision after = before;
	assert_false(rs_kpa_changed(&before, &after));
	after.excess_burst_capacity = 500;
	assert_false(rs_kpa_changed(&before, &after));
	after.excess_burst_capacity = -1;
	assert_true(rs_kpa_changed(&before, &after));
	after = (struct rs_kpa_decision){.valid = true, .desired = 2};
	assert_true(rs_kpa_changed(&before, &after));
	after.valid = false;
	assert_false(rs_kpa_changed(&before, &after));
	assert_int_equal(rs_kpa_before_first(&base, 3).desired, RS_KPA_UNKNOWN);
	assert_int_equal(rs_kpa_before_first(&base, 3).excess_burst_capacity, 89);
}

static void test_10_a_burst_from_holds_is_not_undone_by_an_average_that_has_not_seen_it(void **state)
{
	(void)state;
	struct rs_kpa kpa;
	struct rs_kpa_spec spec = {
		.target = 100,
		.total = 100,
		.target_burst_capacity = 200,
		.panic_threshold = 2,
		.max_scale_up_rate = 1000,
		.max_scale_down_rate = 2,
		.stable_window_ns = 60 * RS_NS_PER_S,
		.reachable = true,
	};
	struct rs_kpa_observed little = {.ready = 5, .measured = true, .stable = 10, .panic = 10};
	uint64_t now = 1000 * RS_NS_PER_S;

	assert_int_equal(rs_kpa_init(&kpa, &spec, 0, now, NULL, 0), 0);
	rs_kpa_note_burst(&kpa, &spec, 1, 0, now);
	assert_false(kpa.panicking);
	rs_kpa_note_burst(&kpa, &spec, 5, 1, now);
	assert_true(kpa.panicking);
	assert_int_equal(rs_kpa_decide(&kpa, &spec, &little, now + 2 * RS_NS_PER_S).desired, 5);
	/* A stable window later the averages decide again. */
	assert_int_equal(rs_kpa_decide(&kpa, &spec, &little, now + 61 * RS_NS_PER_S).desired, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_without_data_nothing_is_decided_or_remembered),
		cmocka_unit_test(test_2_the_scale_stays_within_its_factors),
		cmocka_unit_test(test_2_a_small_factor_still_grows_by_one),
		cmocka_unit_test(test_2_an_unreachable_revision_may_drop_at_once),
		cmocka_unit_test(test_3_more_load_never_asks_for_fewer),
		cmocka_unit_test(test_3_constant_load_does_not_oscillate),
		cmocka_unit_test(test_3_huge_values_stay_in_range),
		cmocka_unit_test(test_4_activation_scale_is_for_load_only),
		cmocka_unit_test(test_5_panic_ends_strictly_after_the_stable_window),
		cmocka_unit_test(test_5_a_restart_cannot_shrink_for_a_stable_window),
		cmocka_unit_test(test_6_panic_never_shrinks),
		cmocka_unit_test(test_7_the_delay_holds_the_largest_decision),
		cmocka_unit_test(test_7_a_delay_that_comes_later_does_not_count),
		cmocka_unit_test(test_8_excess_burst_capacity),
		cmocka_unit_test(test_9_what_has_to_be_applied),
		cmocka_unit_test(test_10_a_burst_from_holds_is_not_undone_by_an_average_that_has_not_seen_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
