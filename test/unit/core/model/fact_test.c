/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base core */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/model/conditions.h"

static void test_empty_has_no_words(void **state)
{
	(void)state;
	struct rs_fact fact = {0};

	assert_string_equal(rs_fact_reason(&fact), "");
	assert_string_equal(rs_fact_message(&fact), "");
	assert_true(rs_fact_set_true(&fact));
	assert_false(rs_fact_set_true(&fact));
	assert_null(fact.why);
	rs_fact_done(&fact);
	rs_fact_done(&fact);
	assert_int_equal(fact.truth, RS_UNKNOWN);
}

static void test_set_tells_changes(void **state)
{
	(void)state;
	struct rs_fact fact = {0};

	assert_true(rs_fact_set(&fact, RS_FALSE, "ExitCode1", "it ended %d times", 3));
	assert_string_equal(rs_fact_reason(&fact), "ExitCode1");
	assert_string_equal(rs_fact_message(&fact), "it ended 3 times");
	assert_false(rs_fact_set(&fact, RS_FALSE, "ExitCode1", "it ended 3 times"));
	assert_true(rs_fact_set(&fact, RS_FALSE, "ExitCode2", "it ended 3 times"));
	assert_true(rs_fact_set(&fact, RS_UNKNOWN, "ExitCode2", "it ended 3 times"));
	/* Its own words as an argument. */
	assert_true(rs_fact_set(&fact, RS_UNKNOWN, rs_fact_reason(&fact), "%s, again", rs_fact_message(&fact)));
	assert_string_equal(rs_fact_reason(&fact), "ExitCode2");
	assert_string_equal(rs_fact_message(&fact), "it ended 3 times, again");
	/* A message alone, a reason alone. */
	assert_true(rs_fact_set(&fact, RS_FALSE, NULL, "only this"));
	assert_string_equal(rs_fact_reason(&fact), "");
	assert_string_equal(rs_fact_message(&fact), "only this");
	assert_true(rs_fact_set(&fact, RS_FALSE, "OnlyThis", "%s", ""));
	assert_string_equal(rs_fact_reason(&fact), "OnlyThis");
	assert_string_equal(rs_fact_message(&fact), "");
	rs_fact_done(&fact);
}

static void test_what_is_too_long_is_cut(void **state)
{
	(void)state;
	struct rs_fact fact = {0};
	char longest[1000];

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_true(rs_fact_set(&fact, RS_FALSE, longest, "%s", longest));
	assert_int_equal(strlen(rs_fact_reason(&fact)), RS_REASON_SIZE - 1);
	assert_int_equal(strlen(rs_fact_message(&fact)), RS_CONDITION_MESSAGE_SIZE - 1);
	assert_false(rs_fact_set(&fact, RS_FALSE, longest, "%s", longest));
	rs_fact_done(&fact);
}

static void test_copies_outlive_the_original(void **state)
{
	(void)state;
	struct rs_fact fact = {0}, copy;

	rs_fact_set(&fact, RS_FALSE, "Reason", "message");
	rs_fact_copy(&copy, &fact);
	assert_true(rs_fact_equal(&copy, &fact));
	assert_ptr_equal(copy.why, fact.why);
	rs_fact_set(&fact, RS_FALSE, "Other", "words");
	assert_string_equal(rs_fact_reason(&copy), "Reason");
	rs_fact_done(&fact);
	assert_string_equal(rs_fact_message(&copy), "message");
	rs_fact_done(&copy);
}

static void test_conditions_share_words_and_keep_times(void **state)
{
	(void)state;
	struct rs_model_revision *revision = calloc(1, sizeof(*revision));

	assert_non_null(revision);
	struct rs_revision_status *status = &revision->status;
	rs_fact_set_true(&status->resources_available);
	rs_fact_set(&status->container_healthy, RS_FALSE, "ExitCode1", "it ended");
	assert_true(rs_conditions_revision(revision, 10));
	assert_false(rs_conditions_revision(revision, 20));
	const struct rs_condition *ready = rs_conditions_find(&status->conditions, "Ready");
	assert_ptr_equal(ready->fact.why, status->container_healthy.why);
	/* Other words for the same truth are a change, but not of its time. */
	rs_fact_set(&status->container_healthy, RS_FALSE, "ExitCode2", "it ended");
	assert_true(rs_conditions_revision(revision, 30));
	assert_string_equal(rs_fact_reason(&ready->fact), "ExitCode2");
	assert_true(ready->since_wall_ns == 10);
	rs_model_revision_free(revision);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_has_no_words),
		cmocka_unit_test(test_set_tells_changes),
		cmocka_unit_test(test_what_is_too_long_is_cut),
		cmocka_unit_test(test_copies_outlive_the_original),
		cmocka_unit_test(test_conditions_share_words_and_keep_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
