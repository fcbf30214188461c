/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli test/unit/cli/fake_agent.c */
#include "unit/cli/objects.h"

#include "cli/json.h"

static void test_get_prints_a_table(void **state)
{
	(void)state;
	teach("GET " SERVING "services", 200, "{\"items\":[" HELLO "]}");
	fake_run(&fake, "get", "ksvc");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.err, "");
	assert_string_equal(
		fake.out,
		"NAME    URL                          LATESTCREATED   LATESTREADY   READY   REASON\n"
		"hello   http://hello.default.rouse   hello-00002     hello-00001   False   ContainerMissing\n");
}

static void test_get_of_all_namespaces_and_of_one(void **state)
{
	(void)state;
	teach("GET /apis/serving.knative.dev/v1/services", 200, "{\"items\":[" HELLO "]}");
	fake_run(&fake, "get", "services", "-A", "--no-headers");
	assert_int_equal(fake.code, 0);
	assert_has(fake.out, "default     hello");
	assert_null(strstr(fake.out, "NAMESPACE"));
	teach("GET /apis/serving.knative.dev/v1/namespaces/shop/services", 200, EMPTY);
	fake_run(&fake, "-n", "shop", "get", "services");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.out, "");
	assert_string_equal(fake.err, "There is nothing of that kind in the namespace \"shop\".\n");
}

static void test_get_in_other_forms(void **state)
{
	(void)state;
	teach("GET " SERVING "services/hello", 200, HELLO);
	teach("GET " SERVING "services", 200, "{\"kind\":\"ServiceList\",\"items\":[" HELLO "]}");
	fake_run(&fake, "get", "service/hello", "-o", "json");
	assert_int_equal(fake.code, 0);
	assert_int_equal(fake.out[0], '{');
	assert_has(fake.out, "\"kind\":\t\"Service\"");
	fake_run(&fake, "get", "services", "-o", "json");
	assert_has(fake.out, "\"kind\":\t\"List\"");
	assert_has(fake.out, "\"name\":\t\"hello\"");
	fake_run(&fake, "get", "services", "-o", "yaml");
	assert_has(fake.out, "kind: List\n");
	assert_has(fake.out, "url: http://hello.default.rouse\n");
	fake_run(&fake, "get", "services", "-o", "name");
	assert_string_equal(fake.out, "service.serving.knative.dev/hello\n");
	teach("GET " ROUSE "instances", 200, "{\"items\":[" INSTANCE("rouse-17", "Ready") "]}");
	fake_run(&fake, "get", "services,instances", "-o", "name");
	assert_string_equal(fake.out, "service.serving.knative.dev/hello\ninstance.rouse.dev/rouse-17\n");
}

static void test_get_of_revisions_and_instances(void **state)
{
	(void)state;
	teach("GET " SERVING "revisions?service=hello", 200, REVISIONS);
	fake_run(&fake, "get", "rev", "--service", "hello", "-o", "wide");
	assert_int_equal(fake.code, 0);
	assert_has(fake.out, "panic: twice the load");
	teach("GET " ROUSE "instances", 200, "{\"items\":[" INSTANCE("rouse-17", "Ready") "]}");
	fake_run(&fake, "get", "inst");
	assert_has(fake.out,
		   "NAME       REVISION      STAGE   ADDRESS       PID    INFLIGHT   CONNECTIONS   READY-MS   "
		   "AGE\nrouse-17   hello-00001   Ready   198.19.0.17   4711   2          3             41.6");
}

static void test_get_of_what_is_not_there(void **state)
{
	(void)state;
	teach("GET " SERVING "services/nope", 404, STATUS(404, "NotFound", "services \\\"nope\\\" not found"));
	teach("GET " SERVING "services/hello", 200, HELLO);
	fake_run(&fake, "get", "service", "nope", "hello", "-o", "name");
	assert_int_equal(fake.code, 1);
	assert_string_equal(fake.err, "rouse: services \"nope\" not found\n");
	assert_string_equal(fake.out, "service.serving.knative.dev/hello\n");
	fake_run(&fake, "get", "service", "nope", "-o", "json");
	assert_int_equal(fake.code, 1);
	assert_string_equal(fake.out, "");
	/* Names cannot lead out of their place. */
	size_t asked = fake.request_count;
	fake_run(&fake, "get", "service", "../x");
	assert_int_equal(fake.code, 2);
	assert_int_equal(fake.request_count, asked);
	fake_run(&fake, "get", "service", "..?x=y");
	assert_int_equal(fake.code, 1);
}

#define HELLO_N(name, namespace, age, concurrency)                                                                     \
	"{\"metadata\":{\"name\":\"" name                                                                              \
	"\",\"namespace\":\"" namespace "\",\"creationTimestamp\":\"2026-11-25T11:00:0" age                            \
					"Z\",\"generation\":" concurrency "}}"

static void test_pages_are_printed_as_they_come(void **state)
{
	(void)state;
	teach("GET " SERVING "services", 200,
	      "{\"metadata\":{\"continue\":\"a/b\"},\"items\":[" HELLO_N("a", "default", "1", "1") "]}");
	teach("GET " SERVING "services?continue=a/b", 200,
	      "{\"metadata\":{},\"items\":[" HELLO_N("b", "default", "2", "1") "]}");
	fake_run(&fake, "get", "services", "-o", "name");
	assert_string_equal(fake.err, "");
	assert_string_equal(fake.out, "service.serving.knative.dev/a\nservice.serving.knative.dev/b\n");
	fake_run(&fake, "get", "services", "--no-headers");
	assert_int_equal(fake.code, 0);
	assert_has(fake.out, "a   ");
	assert_has(fake.out, "\nb   ");
	fake_run(&fake, "get", "services", "-o", "json");
	rs_auto_json cJSON *list = cJSON_Parse(fake.out);
	assert_int_equal(cJSON_GetArraySize(rs_json_get(list, "items")), 2);
	fake_run(&fake, "get", "services", "-o", "yaml");
	assert_has(fake.out, "\nitems:\n- metadata:\n    name: a\n");
	assert_has(fake.out, "\n- metadata:\n    name: b\n");
	/* A limit ends it early; the last page that is asked for is as small as what is left. */
	teach("GET " SERVING "services?limit=1", 200,
	      "{\"metadata\":{\"continue\":\"a/b\"},\"items\":[" HELLO_N("a", "default", "1", "1") "]}");
	fake_run(&fake, "get", "services", "-o", "name", "--limit", "1");
	assert_string_equal(fake.out, "service.serving.knative.dev/a\n");
	/* What went wrong on the second page does not take back the first. */
	fake_agent_clear(&fake);
	teach("GET " SERVING "services", 200,
	      "{\"metadata\":{\"continue\":\"x\"},\"items\":[" HELLO_N("a", "default", "1", "1") "]}");
	teach("GET " SERVING "services?continue=x", 500, STATUS(500, "InternalError", "broken"));
	fake_run(&fake, "get", "services", "-o", "name");
	assert_int_equal(fake.code, 1);
	assert_string_equal(fake.out, "service.serving.knative.dev/a\n");
	assert_string_equal(fake.err, "rouse: broken\n");
}

static void test_labels_select(void **state)
{
	(void)state;
	teach("GET " SERVING "services?labelSelector=app=shop,tier!=web", 200,
	      "{\"items\":[" HELLO_N("a", "default", "1", "1") "]}");
	fake_run(&fake, "get", "services", "-l", "app=shop,tier!=web", "-o", "name");
	assert_string_equal(fake.err, "");
	assert_string_equal(fake.out, "service.serving.knative.dev/a\n");
	fake_run(&fake, "get", "service", "a", "-l", "app=shop");
	assert_int_equal(fake.code, 2);
	fake_run(&fake, "get", "service", "a", "-A");
	assert_int_equal(fake.code, 2);
}

static void test_lists_are_sorted(void **state)
{
	(void)state;
	teach("GET " SERVING "services", 200,
	      "{\"items\":[" HELLO_N("c-10", "default", "1", "3") "," HELLO_N("c-9", "default", "3", "1") "," HELLO_N(
		      "a", "default", "2", "20") "]}");
	fake_run(&fake, "get", "services", "-o", "name", "--sort-by", ".metadata.name");
	assert_string_equal(fake.out, "service.serving.knative.dev/a\nservice.serving.knative.dev/c-9\n"
				      "service.serving.knative.dev/c-10\n");
	fake_run(&fake, "get", "services", "-o", "name", "--sort-by", "age");
	assert_string_equal(fake.out, "service.serving.knative.dev/c-10\nservice.serving.knative.dev/a\n"
				      "service.serving.knative.dev/c-9\n");
	fake_run(&fake, "get", "services", "-o", "name", "--sort-by", "{.metadata.generation}", "--limit", "2");
	assert_string_equal(fake.out, "service.serving.knative.dev/c-9\nservice.serving.knative.dev/c-10\n");
	fake_run(&fake, "get", "services", "--sort-by", "colour");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "--sort-by: services have no column \"colour\"");
	fake_run(&fake, "get", "services", "--sort-by", ".metadata[");
	assert_int_equal(fake.code, 2);
}

static void test_jsonpath(void **state)
{
	(void)state;
	teach("GET " SERVING "services", 200,
	      "{\"items\":[" HELLO_N("a", "default", "1", "1") "," HELLO_N("b", "shop", "1", "1") "]}");
	teach("GET " SERVING "services/hello", 200, HELLO);
	fake_run(&fake, "get", "service", "hello", "-o", "jsonpath={.status.url}");
	assert_string_equal(fake.out, "http://hello.default.rouse");
	fake_run(&fake, "get", "services", "-o",
		 "jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}{\"\\n\"}{end}");
	assert_string_equal(fake.out, "default/a\nshop/b\n");
	fake_run(&fake, "get", "services", "-o", "jsonpath={.items[*].metadata.name}");
	assert_string_equal(fake.out, "a b");
	fake_run(&fake, "get", "services", "-o", "jsonpath={range .items[*]}x");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "has no {end}");
}

static void test_all_has_kinds_in_front(void **state)
{
	(void)state;
	teach("GET " SERVING "services", 200, "{\"items\":[" HELLO_N("a", "default", "1", "1") "]}");
	teach("GET " SERVING "configurations", 200, EMPTY);
	teach("GET " SERVING "revisions", 200, REVISIONS);
	teach("GET " SERVING "routes", 200, EMPTY);
	teach("GET " ROUSE "instances", 200, "{\"items\":[" INSTANCE("rouse-17", "Ready") "]}");
	fake_run(&fake, "get", "all");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake.code, 0);
	assert_has(fake.out, "\nservice.serving.knative.dev/a ");
	assert_has(fake.out, "\n\nNAME ");
	assert_has(fake.out, "\nrevision.serving.knative.dev/hello-00001 ");
	assert_has(fake.out, "\ninstance.rouse.dev/rouse-17 ");
}

static void test_what_is_missing_may_be_ignored(void **state)
{
	(void)state;
	fake_run(&fake, "get", "service", "nope", "--ignore-not-found");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.out, "");
	assert_string_equal(fake.err, "");
}

static void test_short_names(void **state)
{
	(void)state;
	static const char *const names[] = {"svc", "ksvc", "service", "Services", "services.serving.knative.dev"};
	teach("GET " SERVING "services", 200, "{\"items\":[" HELLO "]}");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fake_run(&fake, "get", names[i], "-o", "name");
		assert_string_equal(fake.out, "service.serving.knative.dev/hello\n");
	}
	fake_run(&fake, "get", "servce");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "did you mean Service?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_get_prints_a_table),
		TEST(test_get_of_all_namespaces_and_of_one),
		TEST(test_get_in_other_forms),
		TEST(test_get_of_revisions_and_instances),
		TEST(test_get_of_what_is_not_there),
		TEST(test_pages_are_printed_as_they_come),
		TEST(test_labels_select),
		TEST(test_lists_are_sorted),
		TEST(test_jsonpath),
		TEST(test_all_has_kinds_in_front),
		TEST(test_what_is_missing_may_be_ignored),
		TEST(test_short_names),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
