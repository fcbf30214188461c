/* SPDX-License-Identifier: BSD-2-Clause */
/* link: user/core/autoscale/scale.c user/core/autoscale/phase.c */
/* The tests are numbered like the rules of rs_scale_apply(). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/time.h"
#include "core/autoscale/phase.h"
#include "core/autoscale/scale.h"

#define S(seconds) ((uint64_t)(10000 + (seconds)) * RS_NS_PER_S)
#define SECONDS(n) ((uint64_t)(n)*RS_NS_PER_S)

static const struct rs_scale_config base = {
	.enable_scale_to_zero = true,
	.stable_window_ns = SECONDS(60),
	.grace_ns = SECONDS(30),
	.progress_deadline_ns = SECONDS(600),
	.activation_buffer_ns = RS_SCALE_ACTIVATION_BUFFER_NS,
	.initial_scale = 1,
	.target_burst_capacity = 211,
	.reachability = RS_REACHABILITY_REACHABLE,
};

static struct rs_scale_state in(enum rs_phase phase, int32_t replicas)
{
	return (struct rs_scale_state){
		.phase = phase,
		.phase_since_ns = S(0),
		.initialized = true,
		.replicas = replicas,
		.probe_ok = true,
	};
}

static void test_1_unknown_changes_nothing_unless_a_start_waits(void **state)
{
	(void)state;
	struct rs_scale_state inactive = in(RS_PHASE_INACTIVE, 0), activating = in(RS_PHASE_ACTIVATING, 0);
	struct rs_scale_config config = base;
	struct rs_scale_result result = rs_scale_apply(&config, &inactive, RS_SCALE_UNKNOWN, S(1));
	assert_int_equal(result.scale, RS_SCALE_UNKNOWN);
	assert_false(result.patched || result.requeue || result.async_probe);
	config.min_scale = 2;
	result = rs_scale_apply(&config, &activating, RS_SCALE_UNKNOWN, S(1));
	assert_int_equal(result.scale, 2);
	assert_true(result.patched);
}

static void test_2_bounds(void **state)
{
	(void)state;
	struct rs_scale_config config = base;
	struct rs_scale_state active = in(RS_PHASE_ACTIVE, 3);
	config.min_scale = 2;
	config.max_scale = 5;
	for (int32_t desired = 0; desired < 10; desired++) {
		int32_t scale = rs_scale_apply(&config, &active, desired, S(1)).scale;
		assert_true(scale >= 2 && scale <= 5);
	}
	/* Without a route min-scale and initial-scale do not count, max-scale does. */
	config.reachability = RS_REACHABILITY_UNREACHABLE;
	config.initial_scale = 4;
	active.initialized = false;
	assert_int_equal(rs_scale_apply(&config, &active, 1, S(1)).scale, 1);
	assert_int_equal(rs_scale_apply(&config, &active, 9, S(1)).scale, 5);
	/* Initial scale counts until it was reached once. */
	config.reachability = RS_REACHABILITY_UNKNOWN;
	assert_int_equal(rs_scale_apply(&config, &active, 1, S(1)).scale, 4);
	active.initialized = true;
	assert_int_equal(rs_scale_apply(&config, &active, 1, S(1)).scale, 2);
	/* max-scale has the last word, also over initial-scale. */
	active.initialized = false;
	config.initial_scale = 9;
	assert_int_equal(rs_scale_apply(&config, &active, 1, S(1)).scale, 5);
}

static void test_3_zero_disabled_keeps_one(void **state)
{
	(void)state;
	struct rs_scale_config config = base;
	config.enable_scale_to_zero = false;
	for (int phase = RS_PHASE_ACTIVATING; phase <= RS_PHASE_INACTIVE; phase++) {
		struct rs_scale_state at = in((enum rs_phase)phase, 3);
		struct rs_scale_result result = rs_scale_apply(&config, &at, 0, S(9999));
		assert_int_equal(result.scale, 1);
		assert_true(result.patched);
	}
}

static void test_4_a_start_may_take_its_deadline(void **state)
{
	(void)state;
	struct rs_scale_state activating = in(RS_PHASE_ACTIVATING, 1);
	struct rs_scale_result result = rs_scale_apply(&base, &activating, 0, S(630));
	assert_int_equal(result.scale, RS_SCALE_UNKNOWN);
	assert_true(result.requeue && !result.patched);
	result = rs_scale_apply(&base, &activating, 0, S(630) + 1);
	assert_int_equal(result.scale, 0);
	assert_true(result.patched);
	assert_int_equal(result.why, RS_SCALE_START_TIMEOUT);
}

static void test_5_active_waits_the_stable_window_with_one(void **state)
{
	(void)state;
	struct rs_scale_state active = in(RS_PHASE_ACTIVE, 4);
	struct rs_scale_result result = rs_scale_apply(&base, &active, 0, S(59));
	assert_int_equal(result.scale, 1);
	assert_true(result.patched && result.requeue);
	assert_int_equal(result.requeue_after_ns, SECONDS(1));
	result = rs_scale_apply(&base, &active, 0, S(60));
	assert_int_equal(result.scale, 0);
	assert_false(result.patched || result.requeue);
	active.proxy_mode = true;
	result = rs_scale_apply(&base, &active, 0, S(60));
	assert_true(result.requeue);
	assert_int_equal(result.requeue_after_ns, RS_SCALE_RECHECK_NS);
	/* A clock that is behind the phase counts as no time. */
	assert_int_equal(rs_scale_apply(&base, &active, 0, S(0) - 5).requeue_after_ns, SECONDS(60));
}

static void test_6a_never_to_zero_before_the_hold_path_is_armed(void **state)
{
	(void)state;
	struct rs_scale_state inactive = in(RS_PHASE_INACTIVE, 1);
	struct rs_scale_config config = base;
	inactive.probe_ok = false;
	for (int t = 0; t < 1000; t++) {
		struct rs_scale_result result = rs_scale_apply(&config, &inactive, 0, S(t));
		assert_true(result.async_probe && !result.patched && result.probe_used);
	}
	config.target_burst_capacity = -1;
	struct rs_scale_result result = rs_scale_apply(&config, &inactive, 0, S(30));
	assert_true(result.patched && !result.probe_used);
}

static void test_6b_grace_and_6c_retention(void **state)
{
	(void)state;
	struct rs_scale_state inactive = in(RS_PHASE_INACTIVE, 1);
	struct rs_scale_config config = base;
	assert_false(rs_scale_apply(&config, &inactive, 0, S(30) - 1).patched);
	assert_true(rs_scale_apply(&config, &inactive, 0, S(30)).patched);
	config.retention_ns = SECONDS(100);
	struct rs_scale_result result = rs_scale_apply(&config, &inactive, 0, S(40));
	assert_false(result.patched);
	assert_int_equal(result.requeue_after_ns, SECONDS(60));
	assert_int_equal(result.why, RS_SCALE_RETENTION);
	/* The fast path does not shorten the retention. */
	inactive.proxy_since_ns = 1;
	assert_false(rs_scale_apply(&config, &inactive, 0, S(99)).patched);
	assert_true(rs_scale_apply(&config, &inactive, 0, S(100)).patched);
	config.reachability = RS_REACHABILITY_UNREACHABLE;
	inactive.proxy_since_ns = 0;
	assert_true(rs_scale_apply(&config, &inactive, 0, S(30)).patched);
}

static void test_6d_time_in_the_hold_path_counts_as_grace(void **state)
{
	(void)state;
	struct rs_scale_state inactive = in(RS_PHASE_INACTIVE, 1);
	inactive.proxy_since_ns = S(-20);
	struct rs_scale_result result = rs_scale_apply(&base, &inactive, 0, S(4));
	assert_int_equal(result.requeue_after_ns, SECONDS(6));
	assert_int_equal(result.why, RS_SCALE_GRACE);
	assert_true(rs_scale_apply(&base, &inactive, 0, S(10)).patched);
}

/* From one idle instance to zero by following the results alone: window, then grace, and no step is lost. */
static void test_7_the_way_to_zero_comes_to_an_end(void **state)
{
	(void)state;
	struct rs_scale_state at = in(RS_PHASE_ACTIVE, 4);
	uint64_t now_ns = S(0);
	int steps = 0;
	while (at.replicas > 0) {
		struct rs_scale_result result = rs_scale_apply(&base, &at, 0, now_ns);
		if (result.patched)
			at.replicas = result.scale;
		struct rs_phase_next next =
			rs_phase_next(at.phase, result.scale, at.replicas, rs_phase_threshold(0, 1, true));
		if (next.phase != at.phase)
			at.phase_since_ns = now_ns;
		at.phase = next.phase;
		if (result.requeue)
			now_ns += result.requeue_after_ns;
		assert_true(++steps < 20);
	}
	assert_int_equal(now_ns, S(90));
	assert_int_equal(at.phase, RS_PHASE_INACTIVE);
}

static void test_phase_reasons(void **state)
{
	(void)state;
	assert_string_equal(rs_phase_next(RS_PHASE_ACTIVATING, 0, 0, 1).reason, "TimedOut");
	assert_string_equal(rs_phase_next(RS_PHASE_ACTIVE, 0, 1, 1).reason, "NoTraffic");
	assert_string_equal(rs_phase_next(RS_PHASE_INACTIVE, 1, 0, 1).reason, "Queued");
	assert_string_equal(rs_phase_next(RS_PHASE_ACTIVATING, 1, 1, 1).reason, "");
	assert_string_equal(rs_phase_next(RS_PHASE_ACTIVATING, -1, 0, 0).reason, "NoTraffic");
	assert_int_equal(rs_phase_threshold(0, 0, false), 0);
	assert_int_equal(rs_phase_threshold(0, 0, true), 1);
	assert_int_equal(rs_phase_threshold(2, 5, false), 5);
	assert_int_equal(rs_phase_threshold(2, 5, true), 2);
	for (int why = 0; why < RS_SCALE_WHY_COUNT; why++) {
		assert_non_null(rs_scale_why_text((enum rs_scale_why)why));
		assert_non_null(rs_scale_why_name((enum rs_scale_why)why));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_unknown_changes_nothing_unless_a_start_waits),
		cmocka_unit_test(test_2_bounds),
		cmocka_unit_test(test_3_zero_disabled_keeps_one),
		cmocka_unit_test(test_4_a_start_may_take_its_deadline),
		cmocka_unit_test(test_5_active_waits_the_stable_window_with_one),
		cmocka_unit_test(test_6a_never_to_zero_before_the_hold_path_is_armed),
		cmocka_unit_test(test_6b_grace_and_6c_retention),
		cmocka_unit_test(test_6d_time_in_the_hold_path_counts_as_grace),
		cmocka_unit_test(test_7_the_way_to_zero_comes_to_an_end),
		cmocka_unit_test(test_phase_reasons),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
