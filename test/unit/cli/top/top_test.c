/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli */
/* A sample's rows: what is counted, how rates come of two samples, and the orders. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/top/top.h"

#define SECOND 1000000000ULL

#define REVISION(name, ready, desired, rest)                                                                           \
	"{\"metadata\":{\"namespace\":\"default\",\"name\":\"" name "\"},\"status\":{\"actualReplicas\":" #ready       \
	",\"desiredReplicas\":" #desired ",\"rouse\":{\"why\":\"because\"," rest "}}}"
#define ASLEEP(name) REVISION(name, 0, 0, "\"held\":0")
#define RETIRED(name)                                                                                                  \
	"{\"metadata\":{\"namespace\":\"default\",\"name\":\"" name "\"},\"status\":{\"actualReplicas\":0}}"
#define STARTING(revision)                                                                                             \
	"{\"metadata\":{\"namespace\":\"default\",\"name\":\"i\",\"labels\":{\"serving.knative.dev/"                   \
	"revision\":\"" revision "\"}},\"status\":{\"stage\":\"Starting\"}}"

static struct rs_top_sample sample(const char *revisions, const char *instances, uint64_t at_ns,
				   const struct rs_top_sample *before)
{
	char list[8192];
	struct rs_top_sample made = {.at_ns = at_ns};
	snprintf(list, sizeof(list), "{\"items\":[%s]}", revisions);
	made.revisions = cJSON_Parse(list);
	snprintf(list, sizeof(list), "{\"items\":[%s]}", instances);
	made.instances = cJSON_Parse(list);
	made.node = cJSON_Parse("{\"status\":{\"uptimeSeconds\":90,\"services\":3,\"instances\":2,\"flows\":7,"
				"\"held\":1}}");
	assert_non_null(made.revisions);
	assert_non_null(made.instances);
	assert_int_equal(rs_top_read(&made, before), 0);
	return made;
}

static const struct rs_top_row *row(const struct rs_top_sample *from, const char *name)
{
	for (size_t i = 0; i < from->count; i++) {
		if (strcmp(from->rows[i].name, name) == 0)
			return &from->rows[i];
	}
	fail_msg("there is no row of %s", name);
	return NULL;
}

static void test_states_and_counts(void **state)
{
	(void)state;
	struct rs_top_sample s =
		sample(REVISION("b", 2, 3, "\"inFlight\":5,\"stableConcurrency\":4.5") "," ASLEEP("a") "," REVISION(
			       "c", 0, 1, "\"failedStarts\":2") "," REVISION("d", 0, 1, "\"held\":4") "," RETIRED("e"),
		       STARTING("b") "," STARTING("b") "," STARTING("gone"), SECOND, NULL);
	assert_int_equal(s.count, 4);
	assert_string_equal(row(&s, "a")->state, "asleep");
	assert_string_equal(row(&s, "b")->state, "serving");
	assert_string_equal(row(&s, "c")->state, "failing");
	assert_string_equal(row(&s, "d")->state, "waking");
	assert_int_equal(row(&s, "b")->starting, 2);
	assert_int_equal(row(&s, "b")->ready, 2);
	assert_int_equal(row(&s, "b")->wanted, 3);
	assert_float_equal(row(&s, "b")->in_flight, 5, 0);
	assert_float_equal(row(&s, "d")->held, 4, 0);
	assert_true(row(&s, "b")->connections_per_second < 0);
	rs_top_sample_done(&s);
}

static void test_rates_between_two_samples(void **state)
{
	(void)state;
	struct rs_top_sample first = sample(REVISION("a", 1, 1, "\"connectionsTotal\":100") "," ASLEEP(
						    "b") "," REVISION("c", 1, 1, "\"connectionsTotal\":50"),
					    "", SECOND, NULL);
	struct rs_top_sample second =
		sample(REVISION("a", 1, 1, "\"connectionsTotal\":125") "," REVISION(
			       "b", 1, 1, "\"connectionsTotal\":3") "," REVISION("c", 1, 1, "\"connectionsTotal\":1"),
		       "", SECOND + 2 * SECOND + SECOND / 2, &first);
	assert_float_equal(row(&second, "a")->connections_per_second, 10, 0.0001);
	/* Nothing was known of it before; and counters that went back tell nothing. */
	assert_true(row(&second, "b")->connections_per_second < 0);
	assert_true(row(&second, "c")->connections_per_second < 0);
	rs_top_sample_done(&first);
	rs_top_sample_done(&second);
}

static void assert_order(const struct rs_top_sample *s, enum rs_top_order order, const char *names)
{
	char got[64] = "";
	const struct rs_top_row **rows = rs_top_sort(s, order);
	assert_non_null(rows);
	for (size_t i = 0; i < s->count; i++)
		strncat(got, rows[i]->name, sizeof(got) - strlen(got) - 1);
	free(rows);
	assert_string_equal(got, names);
}

static void test_orders(void **state)
{
	(void)state;
	struct rs_top_sample s =
		sample(ASLEEP("a") "," REVISION("b", 1, 1, "\"stableConcurrency\":1,\"inFlight\":9") "," REVISION(
			       "c", 3, 3,
			       "\"stableConcurrency\":2") "," REVISION("d", 0, 1,
								       "\"held\":2") "," REVISION("e", 0, 1,
												  "\"failedStarts\":1"),
		       "", SECOND, NULL);
	assert_order(&s, RS_TOP_BY_LOAD, "cbeda");
	assert_order(&s, RS_TOP_BY_NAME, "abcde");
	assert_order(&s, RS_TOP_BY_STATE, "edbca");
	assert_order(&s, RS_TOP_BY_INSTANCES, "cbeda");
	assert_order(&s, RS_TOP_BY_IN_FLIGHT, "bedca");
	assert_order(&s, RS_TOP_BY_HELD, "debca");
	rs_top_sample_done(&s);
}

static void test_the_table(void **state)
{
	(void)state;
	char *text = NULL, summary[128];
	size_t size = 0;
	struct rs_top_sample s = sample(REVISION("b", 1, 1, "\"inFlight\":2,\"stableConcurrency\":0.5") "," ASLEEP("a"),
					"", SECOND, NULL);
	const struct rs_top_row **rows = rs_top_sort(&s, RS_TOP_BY_LOAD);
	FILE *out = open_memstream(&text, &size);
	assert_int_equal(rs_top_print(rows, s.count, false, out), 0);
	fclose(out);
	assert_string_equal(text,
			    "REVISION   STATE     READY   STARTING   WANTED   INFLIGHT   CONCURRENCY   CONN/S   "
			    "HELD   WHY\n"
			    "b          serving   1       0          1        2          0.50          -        "
			    "0      because\n"
			    "a          asleep    0       0          0        0          0.00          -        0\n");
	rs_top_summary(&s, summary, sizeof(summary));
	assert_string_equal(summary, "agent up 90s, 3 services, 2 instances, 7 connections tracked, 1 held");
	free(text);
	free(rows);
	rs_top_sample_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states_and_counts),
		cmocka_unit_test(test_rates_between_two_samples),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
