/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base core */
/* Numbered like the rules of traffic.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/route/traffic.h"

static bool exists(void *user, const char *revision)
{
	const char *const *names = user;

	for (; *names; names++)
		if (strcmp(*names, revision) == 0)
			return true;
	return false;
}

static const char *const revisions[] = {"a-1", "a-2", "a-3", NULL};

#define TRAFFIC(...)                                                                                                   \
	{                                                                                                              \
		.targets = (struct rs_traffic_target[]){__VA_ARGS__},                                                  \
		.count = rs_array_length(((struct rs_traffic_target[]){__VA_ARGS__})),                                 \
	}

static struct rs_traffic_input input_of(const struct rs_traffic *traffic, const char *ready, const char *created)
{
	return (struct rs_traffic_input){
		.traffic = traffic,
		.configuration = "a",
		.latest_ready = ready,
		.latest_created = created,
		.exists = exists,
		.user = (void *)revisions,
	};
}

static void test_1_latest_is_ready_or_created(void **state)
{
	(void)state;
	const struct rs_traffic traffic = TRAFFIC({"", "", 100});
	struct rs_traffic_input input = input_of(&traffic, "a-1", "a-2");
	struct rs_traffic_plan plan;
	struct rs_fact fact = {0};

	assert_int_equal(rs_traffic_plan_make(&input, &plan, &fact), 0);
	assert_string_equal(plan.legs[0].shares[0].revision, "a-1");
	assert_true(plan.legs[0].shares[0].is_latest);
	assert_false(plan.is_provisional);
	assert_int_equal(fact.truth, RS_TRUE);

	input = input_of(&traffic, "", "a-2");
	assert_int_equal(rs_traffic_plan_make(&input, &plan, &fact), 0);
	assert_string_equal(plan.legs[0].shares[0].revision, "a-2");
	assert_true(plan.is_provisional);
	assert_int_equal(fact.truth, RS_UNKNOWN);
	assert_string_equal(rs_fact_reason(&fact), "RevisionMissing");
	assert_string_equal(rs_fact_message(&fact), "Configuration \"a\" is waiting for a Revision to become ready.");
	/* Not when nothing follows the latest. */
	const struct rs_traffic pinned = TRAFFIC({"a-2", "", 100});
	input = input_of(&pinned, "", "a-2");
	assert_int_equal(rs_traffic_plan_make(&input, &plan, &fact), 0);
	assert_false(plan.is_provisional);
	assert_false(plan.legs[0].shares[0].is_latest);
	assert_int_equal(fact.truth, RS_TRUE);
	rs_fact_done(&fact);
}

static void test_2_missing_leaves_the_plan(void **state)
{
	(void)state;
	const struct rs_traffic gone = TRAFFIC({"a-1", "", 50}, {"a-9", "", 50}), latest = TRAFFIC({"", "", 100});
	struct rs_traffic_input input = input_of(&gone, "a-1", "a-1");
	struct rs_traffic_plan plan;
	struct rs_fact fact = {0};

	memset(&plan, 0x5a, sizeof(plan));
	assert_int_equal(rs_traffic_plan_make(&input, &plan, &fact), -ENOENT);
	for (size_t i = 0; i < sizeof(plan); i++)
		assert_int_equal(((unsigned char *)&plan)[i], 0x5a);
	assert_int_equal(fact.truth, RS_FALSE);
	assert_string_equal(rs_fact_reason(&fact), "RevisionMissing");
	assert_string_equal(rs_fact_message(&fact), "Revision \"a-9\" referenced in traffic not found.");
	input = input_of(&latest, "", "");
	assert_int_equal(rs_traffic_plan_make(&input, &plan, &fact), -ENOENT);
	assert_int_equal(fact.truth, RS_UNKNOWN);
	assert_string_equal(rs_fact_message(&fact), "Configuration \"a\" does not have any Revision.");
	rs_fact_done(&fact);
}

static void test_3_the_main_leg_merges(void **state)
{
	(void)state;
	const struct rs_traffic traffic = TRAFFIC({"a-1", "", 30}, {"a-2", "", 50}, {"a-1", "", 20}, {"a-3", "", 0});
	const struct rs_traffic_input input = input_of(&traffic, "a-3", "a-3");
	struct rs_traffic_plan plan;
	struct rs_fact fact = {0};
	unsigned counts[2] = {0};

	assert_int_equal(rs_traffic_plan_make(&input, &plan, &fact), 0);
	assert_int_equal(plan.count, 1);
	assert_int_equal(plan.legs[0].count, 2);
	assert_string_equal(plan.legs[0].shares[0].revision, "a-1");
	assert_int_equal(plan.legs[0].shares[0].percent, 50);
	assert_string_equal(plan.legs[0].shares[1].revision, "a-2");
	for (size_t i = 0; i < RS_ROUTE_SLOTS; i++)
		counts[plan.legs[0].slots[i]]++;
	assert_int_equal(counts[0], 50);
	assert_int_equal(counts[1], 50);
	rs_fact_done(&fact);
}

static void test_4_each_tag_is_a_leg(void **state)
{
	(void)state;
	const struct rs_traffic traffic = TRAFFIC({"a-1", "old", 0}, {"", "", 100}, {"", "next", 0});
	const struct rs_traffic_input input = input_of(&traffic, "a-2", "a-3");
	struct rs_traffic_plan plan;
	struct rs_fact fact = {0};

	assert_int_equal(rs_traffic_plan_make(&input, &plan, &fact), 0);
	assert_int_equal(plan.count, 3);
	assert_string_equal(plan.legs[1].tag, "old");
	assert_int_equal(plan.legs[1].target, 0);
	assert_int_equal(plan.legs[1].count, 1);
	assert_string_equal(plan.legs[1].shares[0].revision, "a-1");
	assert_int_equal(plan.legs[1].shares[0].percent, 100);
	assert_string_equal(plan.legs[2].tag, "next");
	assert_int_equal(plan.legs[2].target, 2);
	assert_string_equal(plan.legs[2].shares[0].revision, "a-2");
	for (size_t i = 0; i < RS_ROUTE_SLOTS; i++)
		assert_int_equal(plan.legs[2].slots[i], 0);
	rs_fact_done(&fact);
}

static void test_resolved(void **state)
{
	(void)state;
	const struct rs_traffic traffic = TRAFFIC({"a-1", "old", 10}, {"", "", 90});
	const struct rs_traffic_input input = input_of(&traffic, "a-2", "a-3");
	struct rs_traffic resolved = {0};
	bool latest[RS_ROUTE_TARGETS_MAX] = {0};

	/* Twice: the second takes the first's place. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(rs_traffic_resolve(&input, &resolved, latest), 0);
	assert_int_equal(resolved.count, 2);
	assert_string_equal(resolved.targets[0].revision, "a-1");
	assert_string_equal(resolved.targets[0].tag, "old");
	assert_string_equal(resolved.targets[1].revision, "a-2");
	assert_int_equal(resolved.targets[1].percent, 90);
	assert_false(latest[0]);
	assert_true(latest[1]);
	rs_traffic_done(&resolved);
}

/* The slots repeat for ever. Any prefix is off by less than a connection, and so is any run of 100, which has each
 * share exactly; any other run is off by less than two. */
static void check_slots(const uint8_t *percents, size_t count)
{
	uint8_t slots[RS_ROUTE_SLOTS];
	int given[RS_ROUTE_TARGETS_MAX];

	rs_traffic_slots(percents, count, slots);
	for (size_t first = 0; first < RS_ROUTE_SLOTS; first++) {
		memset(given, 0, sizeof(given));
		for (int length = 1; length <= RS_ROUTE_SLOTS; length++) {
			const uint8_t slot = slots[(first + (size_t)length - 1) % RS_ROUTE_SLOTS];

			assert_true(slot < count);
			given[slot]++;
			for (size_t i = 0; i < count; i++) {
				const int off = abs(100 * given[i] - length * percents[i]);

				assert_true(off < (first == 0 ? 100 : 200));
			}
		}
		for (size_t i = 0; i < count; i++)
			assert_int_equal(given[i], percents[i]);
	}
}

static void test_slots_of_two(void **state)
{
	(void)state;
	for (uint8_t share = 0; share <= 100; share++) {
		const uint8_t percents[] = {share, (uint8_t)(100 - share)};

		check_slots(percents, 2);
	}
}

static void test_slots_of_three(void **state)
{
	(void)state;
	for (int a = 0; a <= 100; a += 3)
		for (int b = 0; a + b <= 100; b += 5) {
			const uint8_t percents[] = {(uint8_t)a, (uint8_t)b, (uint8_t)(100 - a - b)};

			check_slots(percents, 3);
		}
}

static void test_slots_of_any_split(void **state)
{
	(void)state;
	uint32_t random = 12345;

	for (int round = 0; round < 300; round++) {
		uint8_t percents[RS_ROUTE_TARGETS_MAX] = {0};
		const size_t count = 1 + (size_t)round % RS_ROUTE_TARGETS_MAX;

		for (int left = 100; left > 0; left--) {
			random = random * 1664525 + 1013904223;
			percents[(random >> 16) % count]++;
		}
		check_slots(percents, count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_latest_is_ready_or_created),
		cmocka_unit_test(test_2_missing_leaves_the_plan),
		cmocka_unit_test(test_3_the_main_leg_merges),
		cmocka_unit_test(test_4_each_tag_is_a_leg),
		cmocka_unit_test(test_resolved),
		cmocka_unit_test(test_slots_of_two),
		cmocka_unit_test(test_slots_of_three),
		cmocka_unit_test(test_slots_of_any_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
