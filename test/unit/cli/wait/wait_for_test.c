/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/cli/wait/wait_for.c user/cli/json.c user/cli/print/json_path.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "base/mem.h"
#include "cli/wait/wait_for.h"

static bool is_met(const char *what, const char *object_text, const char *instances_text, const char *revision)
{
	struct rs_wait_for wait;
	struct rs_err err = {0};
	assert_int_equal(rs_wait_for_parse(what, &wait, &err), 0);
	rs_auto_json cJSON *object = object_text ? cJSON_Parse(object_text) : NULL;
	rs_auto_json cJSON *instances = instances_text ? cJSON_Parse(instances_text) : NULL;
	assert_true(rs_wait_for_needs_instances(&wait) == (instances_text != NULL));
	return rs_wait_for_is_met(&wait, object, instances, revision);
}

#define OBJECT(generation, observed, ready)                                                                            \
	"{\"metadata\":{\"generation\":" #generation "},\"status\":{\"observedGeneration\":" #observed                 \
	",\"conditions\":[{\"type\":\"Ready\",\"status\":\"" ready "\"}]}}"
#define INSTANCE(revision, stage)                                                                                      \
	"{\"metadata\":{\"labels\":{\"serving.knative.dev/revision\":\"" revision                                      \
	"\"}},\"status\":{\"stage\":\"" stage "\"}}"

static void test_conditions(void **state)
{
	(void)state;
	assert_true(is_met("ready", OBJECT(2, 2, "True"), NULL, NULL));
	assert_true(is_met("condition=Ready", OBJECT(2, 2, "True"), NULL, NULL));
	assert_false(is_met("ready", OBJECT(2, 2, "Unknown"), NULL, NULL));
	assert_true(is_met("condition=Ready=False", OBJECT(2, 2, "False"), NULL, NULL));
	assert_true(is_met("condition=Ready=unknown", OBJECT(2, 2, "Unknown"), NULL, NULL));
	assert_false(is_met("condition=Active", OBJECT(2, 2, "True"), NULL, NULL));
	assert_false(is_met("ready", NULL, NULL, NULL));
	assert_false(is_met("ready", "{}", NULL, NULL));
}

static void test_a_status_of_an_older_spec_does_not_count(void **state)
{
	(void)state;
	assert_false(is_met("ready", OBJECT(3, 2, "True"), NULL, NULL));
	assert_true(is_met("ready", "{\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}", NULL,
			   NULL));
}

static void test_the_stage_of_an_instance(void **state)
{
	(void)state;
	assert_true(is_met("ready", INSTANCE("r", "Ready"), NULL, NULL));
	assert_false(is_met("ready", INSTANCE("r", "Starting"), NULL, NULL));
	assert_true(is_met("condition=Draining", INSTANCE("r", "Draining"), NULL, NULL));
}

static void test_instances_are_counted(void **state)
{
	(void)state;
	static const char two[] = "{\"items\":[" INSTANCE("a", "Ready") "," INSTANCE("b", "Draining") "]}";
	assert_true(is_met("instances=1", "{}", two, NULL));
	assert_false(is_met("instances=2", "{}", two, NULL));
	assert_true(is_met("instances=1", "{}", two, "a"));
	assert_false(is_met("instances=1", "{}", two, "b"));
	assert_true(is_met("instances=0", "{}", two, "b"));
	assert_false(is_met("zero", "{}", two, NULL));
	assert_false(is_met("zero", "{}", two, "b"));
	assert_true(is_met("zero", "{}", two, "c"));
	assert_true(is_met("zero", "{}", "{\"items\":[]}", NULL));
	assert_true(is_met("zero", "{}", "{\"items\":[" INSTANCE("a", "Exited") "]}", NULL));
	/* What a deleted service leaves behind. */
	assert_true(is_met("zero", NULL, "{\"items\":[]}", NULL));
}

static void test_deletion(void **state)
{
	(void)state;
	assert_true(is_met("delete", NULL, NULL, NULL));
	assert_false(is_met("delete", "{}", NULL, NULL));
}

static void test_values(void **state)
{
	(void)state;
	static const char object[] = "{\"status\":{\"url\":\"http://x\",\"ready\":true,\"conditions\":[{\"type\":"
				     "\"Ready\",\"status\":\"True\"}]}}";
	assert_true(is_met("jsonpath=.status.url=http://x", object, NULL, NULL));
	assert_true(is_met("jsonpath={.status.ready}=true", object, NULL, NULL));
	assert_true(is_met("jsonpath={.status.url}", object, NULL, NULL));
	assert_true(is_met("jsonpath={.status.conditions[?(@.type==\"Ready\")].status}=True", object, NULL, NULL));
	assert_false(is_met("jsonpath=.status.url=http://y", object, NULL, NULL));
	assert_false(is_met("jsonpath=.status.nothing", object, NULL, NULL));
	assert_false(is_met("jsonpath=.status.url", NULL, NULL, NULL));
}

static void test_what_cannot_be_waited_for(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",	     "Ready", "condition=", "condition==True", "instances=", "instances=-1", "instances=x",
		"jsonpath=", "zero=1"};
	for (size_t i = 0; i < rs_array_length(wrong); i++) {
		struct rs_wait_for wait = {.count = 77};
		struct rs_err err = {0};
		assert_int_equal(rs_wait_for_parse(wrong[i], &wait, &err), -EINVAL);
		assert_int_equal(err.code, -EINVAL);
		assert_int_equal(wait.count, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_a_status_of_an_older_spec_does_not_count),
		cmocka_unit_test(test_the_stage_of_an_instance),
		cmocka_unit_test(test_instances_are_counted),
		cmocka_unit_test(test_deletion),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_what_cannot_be_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
