/* SPDX-License-Identifier: BSD-2-Clause */
/* link: user/core/autoscale/burst.c user/core/autoscale/target.c user/core/autoscale/request_stats.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/time.h"
#include "core/autoscale/burst.h"
#include "core/autoscale/request_stats.h"
#include "core/autoscale/target.h"

#define assert_close(got, want, tolerance) assert_true(fabs((got) - (want)) <= (tolerance))

static void test_1_holds_are_demand_at_once(void **state)
{
	(void)state;
	assert_int_equal(rs_burst_want(500, 0, 100, -1, 0, 0), 5);
	assert_int_equal(rs_burst_want(501, 0, 100, 0, 0, 0), 6);
	assert_int_equal(rs_burst_want(400, 101, 100, 0, 0, 0), 6);
	assert_int_equal(rs_burst_want(1, 0, 100, 0, 0, 0), 1);
	assert_int_equal(rs_burst_want(UINT64_MAX, UINT64_MAX, 0, 0, 0, 0), INT32_MAX);
}

static void test_2_a_start_from_holds_is_an_activation(void **state)
{
	(void)state;
	assert_int_equal(rs_burst_want(1, 0, 100, 0, 0, 5), 5);
	assert_int_equal(rs_burst_want(0, 0, 100, 0, 0, 5), 0);
}

static void test_3_it_never_lowers_the_decision_and_4_max_has_the_last_word(void **state)
{
	(void)state;
	for (uint64_t holds = 0; holds < 200; holds += 7)
		for (uint64_t in_flight = 0; in_flight < 200; in_flight += 13)
			for (int32_t current = -1; current < 20; current++) {
				int32_t want = rs_burst_want(holds, in_flight, 10, current, 0, 2);
				assert_true(want >= current);
				assert_true(holds == 0 ? want == current : want >= 2);
				assert_true(rs_burst_want(holds + 1, in_flight, 10, current, 0, 2) >= want);
				assert_true(rs_burst_want(holds, in_flight, 10, current, 6, 2) <= 6);
			}
}

static void test_target_is_never_below_its_minimum(void **state)
{
	(void)state;
	struct rs_target_input input = {
		.target = 0.01,
		.utilization_percent = 1,
		.concurrency_fraction = 0.7,
		.concurrency_default = 100,
	};
	assert_close(rs_target_resolve(&input).target, RS_TARGET_MIN, 0);
	input.target = 50;
	input.container_concurrency = 10;
	input.utilization_percent = RS_UNSET;
	assert_close(rs_target_resolve(&input).total, 10, 0);
	assert_close(rs_target_resolve(&input).target, 7, 1e-12);
	/* The limit on concurrency says nothing about requests per second. */
	input.metric = RS_METRIC_RPS;
	input.rps_utilization = RS_RPS_UTILIZATION;
	assert_close(rs_target_resolve(&input).total, 50, 0);
}

static void test_the_panic_window_has_whole_seconds(void **state)
{
	(void)state;
	assert_int_equal(rs_panic_window_ns(60 * RS_NS_PER_S, 10), 6 * RS_NS_PER_S);
	assert_int_equal(rs_panic_window_ns(6 * RS_NS_PER_S, 1), RS_NS_PER_S);
	assert_int_equal(rs_panic_window_ns(15 * RS_NS_PER_S, 10), 2 * RS_NS_PER_S);
	assert_int_equal(rs_panic_window_ns(0, 10), RS_NS_PER_S);
}

static void test_request_stats_keep_the_level_over_reports(void **state)
{
	(void)state;
	struct rs_request_stats stats;
	rs_request_stats_init(&stats, RS_NS_PER_S);
	rs_request_stats_event(&stats, RS_REQUEST_PROXIED_IN, RS_NS_PER_S);
	for (uint64_t t = 2; t < 10; t++) {
		struct rs_request_report report = rs_request_stats_report(&stats, t * RS_NS_PER_S);
		assert_close(report.average_concurrency, 1, 1e-12);
		assert_close(report.average_proxied_concurrency, 1, 1e-12);
		assert_int_equal(report.requests, t == 2);
	}
	/* A second report at the same instant has observed nothing. */
	assert_close(rs_request_stats_report(&stats, 9 * RS_NS_PER_S).average_concurrency, 0, 0);
}

static void test_request_stats_ignore_time_that_goes_back(void **state)
{
	(void)state;
	struct rs_request_stats stats;
	rs_request_stats_init(&stats, 5 * RS_NS_PER_S);
	rs_request_stats_event(&stats, RS_REQUEST_IN, 4 * RS_NS_PER_S);
	rs_request_stats_event(&stats, RS_REQUEST_IN, 6 * RS_NS_PER_S);
	rs_request_stats_event(&stats, RS_REQUEST_OUT, 5 * RS_NS_PER_S);
	struct rs_request_report report = rs_request_stats_report(&stats, 7 * RS_NS_PER_S);
	assert_close(report.average_concurrency, 1, 1e-12);
	assert_int_equal(report.requests, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_holds_are_demand_at_once),
		cmocka_unit_test(test_2_a_start_from_holds_is_an_activation),
		cmocka_unit_test(test_3_it_never_lowers_the_decision_and_4_max_has_the_last_word),
		cmocka_unit_test(test_target_is_never_below_its_minimum),
		cmocka_unit_test(test_the_panic_window_has_whole_seconds),
		cmocka_unit_test(test_request_stats_keep_the_level_over_reports),
		cmocka_unit_test(test_request_stats_ignore_time_that_goes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
