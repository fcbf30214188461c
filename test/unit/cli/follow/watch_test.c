/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli test/unit/cli/fake_agent.c */
/*
 * get -w, events -f and wait. A stream here ends at its last line, as when the
 * agent is stopped: the command lists again, which is how these tests end it (a
 * list that fails for good) or go on.
 */
#include "unit/cli/objects.h"

#include "base/time.h"

#define SERVICE(name, ready)                                                                                           \
	"{\"metadata\":{\"name\":\"" name                                                                              \
	"\",\"namespace\":\"default\"},\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"" ready            \
	"\",\"message\":\"why " name "\"}]}}"
#define LIST(version, items) "{\"metadata\":{\"resourceVersion\":\"" version "\"},\"items\":[" items "]}"
#define CHANGE(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"
#define WATCH(version)	     "GET " SERVING "services?watch=true&resourceVersion=" version
#define OVER		     STATUS(500, "InternalError", "over")

/* --- get -w ---------------------------------------------------------------------------------------------------------
 */

static void test_rows_are_added(void **state)
{
	(void)state;
	teach_once("GET " SERVING "services", 200, LIST("5", SERVICE("a", "False")));
	teach(WATCH("5"), 200,
	      CHANGE("MODIFIED", SERVICE("a", "True")) CHANGE("BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"7\"}}")
		      CHANGE("ADDED", SERVICE("longer", "Unknown")) CHANGE("DELETED", SERVICE("a", "True")));
	teach("GET " SERVING "services", 500, OVER);
	fake_run(&fake, "get", "services", "-w");
	assert_int_equal(fake.code, 1);
	assert_string_equal(fake.err, "rouse: over\n");
	/* The headers stand once; a wider cell moves what comes behind it. */
	const char *row = strstr(fake.out, "\n") + 1;
	assert_true(strncmp(fake.out, "NAME   URL ", 11) == 0);
	assert_null(strstr(row, "NAME"));
	assert_has(row,
		   "a      <none>   <none>          <none>        False\na      <none>   <none>          <none>     "
		   "   True\nlonger   <none> ");
}

static void test_changes_say_what_they_are(void **state)
{
	(void)state;
	teach_once("GET " SERVING "services", 200, LIST("5", SERVICE("a", "False")));
	teach(WATCH("5"), 200, CHANGE("DELETED", SERVICE("a", "True")));
	teach("GET " SERVING "services", 500, OVER);
	fake_run(&fake, "get", "services", "-w", "--output-watch-events", "-o", "json");
	assert_string_equal(fake.out,
			    "{\"type\":\"ADDED\",\"object\":" SERVICE(
				    "a", "False") "}\n"
						  "{\"type\":\"DELETED\",\"object\":" SERVICE("a", "True") "}\n");
	fake_agent_clear(&fake);
	teach_once("GET " SERVING "services", 200, LIST("5", SERVICE("a", "False")));
	teach(WATCH("5"), 200, CHANGE("MODIFIED", SERVICE("a", "True")));
	teach("GET " SERVING "services", 500, OVER);
	fake_run(&fake, "get", "services", "--watch-only", "-o", "name");
	assert_string_equal(fake.out, "service.serving.knative.dev/a\n");
	assert_int_equal(fake.request_count, 3);
}

/* The agent tells the metadata alone: the row is as it was last. */
static void test_what_is_gone_is_shown_as_it_was(void **state)
{
	(void)state;
	teach_once("GET " SERVING "services", 200, LIST("5", SERVICE("a", "False")));
	teach(WATCH("5"), 200,
	      CHANGE("MODIFIED", SERVICE("a", "True"))
		      CHANGE("DELETED", "{\"metadata\":{\"name\":\"a\",\"namespace\":\"default\"}}")
			      CHANGE("DELETED", "{\"metadata\":{\"name\":\"b\",\"namespace\":\"default\"}}"));
	teach("GET " SERVING "services", 500, OVER);
	fake_run(&fake, "get", "services", "-w", "--output-watch-events", "--no-headers");
	assert_string_equal(fake.out, "ADDED   a      <none>   <none>          <none>        False\n"
				      "MODIFIED   a      <none>   <none>          <none>        True\n"
				      "DELETED    a      <none>   <none>          <none>        True\n"
				      "DELETED    b      <none>   <none>          <none>        Unknown\n");
}

static void test_after_an_interruption_only_what_is_different(void **state)
{
	(void)state;
	teach_once("GET " SERVING "services", 200,
		   LIST("5", SERVICE("a", "False") "," SERVICE("b", "True") "," SERVICE("c", "True")));
	teach_once(WATCH("5"), 200, "");
	teach_once("GET " SERVING "services", 503, STATUS(503, "Unavailable", "starting"));
	teach_once("GET " SERVING "services", 200,
		   LIST("1", SERVICE("a", "True") "," SERVICE("b", "True") "," SERVICE("d", "True")));
	/* Too old: from before the restart. */
	teach_once(WATCH("1"), 200, CHANGE("ERROR", STATUS(410, "Expired", "too old")));
	teach_once("GET " SERVING "services", 200,
		   LIST("9", SERVICE("a", "True") "," SERVICE("b", "True") "," SERVICE("d", "True")));
	teach_once(WATCH("9"), 410, STATUS(410, "Expired", "too old"));
	teach("GET " SERVING "services", 500, OVER);
	fake_run(&fake, "get", "services", "-w", "-o", "json", "--output-watch-events");
	assert_string_equal(
		fake.out,
		"{\"type\":\"ADDED\",\"object\":" SERVICE(
			"a",
			"False") "}\n"
				 "{\"type\":\"ADDED\",\"object\":" SERVICE(
					 "b",
					 "True") "}\n"
						 "{\"type\":\"ADDED\",\"object\":" SERVICE(
							 "c",
							 "True") "}\n"
								 "{\"type\":\"MODIFIED\",\"object\":" SERVICE(
									 "a",
									 "True") "}\n"
										 "{\"type\":\"ADDED\","
										 "\"object\":" SERVICE(
											 "d",
											 "True") "}\n"
												 "{\"type\":"
												 "\"DELETED\","
												 "\"object\":" SERVICE(
													 "c",
													 "True") "}\n");
	assert_has(fake.err, "went away; waiting for it.\n");
	assert_has(fake.err, "is back.\n");
	assert_has(fake.err, "rouse: over\n");
}

static void test_one_object_is_watched(void **state)
{
	(void)state;
	teach("GET " SERVING "services/a", 200, SERVICE("a", "False"));
	teach_once("GET " SERVING "services?fieldSelector=metadata.name=a", 200, LIST("5", SERVICE("a", "False")));
	teach("GET " SERVING "services?fieldSelector=metadata.name=a&watch=true&resourceVersion=5", 200,
	      CHANGE("MODIFIED", SERVICE("a", "True")));
	teach("GET " SERVING "services?fieldSelector=metadata.name=a", 500, OVER);
	fake_run(&fake, "get", "service/a", "-w", "--no-headers");
	assert_has(fake.out, "False\n");
	assert_has(fake.out, "True\n");
	fake_run(&fake, "get", "service", "b", "-w");
	assert_int_equal(fake.code, 1);
	assert_string_equal(fake.err, "rouse: not found\n");
}

static void test_what_cannot_be_watched(void **state)
{
	(void)state;
	fake_run(&fake, "get", "services,routes", "-w");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "--watch is for one kind of objects");
	fake_run(&fake, "get", "holds", "-w");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "holds cannot be watched");
	fake_run(&fake, "get", "services", "-w", "--sort-by", "name");
	assert_int_equal(fake.code, 2);
	assert_int_equal(fake.request_count, 0);
	/* The first list must succeed. */
	fake_run(&fake, "--socket", "/nonexistent/api.sock", "get", "services", "-w");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "no agent answers at /nonexistent/api.sock");
}

/* --- events ---------------------------------------------------------------------------------------------------------
 */

#define EVENT(id, kind, name, time)                                                                                    \
	"{\"id\":" id ",\"reason\":\"R" id "\",\"eventTime\":\"" time "\",\"involvedObject\":{\"kind\":\"" kind        \
	"\",\"name\":\"" name "\"}}"
#define OLD(id) EVENT(id, "Service", "hello", "2020-01-01T00:00:00Z")

static void test_events_come_page_by_page(void **state)
{
	(void)state;
	teach("GET " EVENTS, 200, "{\"items\":[{\"id\":1,\"reason\":\"A\"},{\"id\":2,\"reason\":\"B\"}]}");
	teach("GET " EVENTS "?after=2", 200, "{\"items\":[{\"id\":3,\"reason\":\"C\"}]}");
	teach("GET " EVENTS "?after=3", 200, EMPTY);
	fake_run(&fake, "events", "--no-headers");
	assert_int_equal(fake.code, 0);
	const char *b = strstr(fake.out, "   B ");
	assert_non_null(b);
	assert_non_null(strstr(b, "   C "));
	fake_run(&fake, "events", "--limit", "1");
	assert_has(fake.out, "   C ");
	assert_has_not(fake.out, "   B ");
}

static void test_events_are_followed_over_an_interruption(void **state)
{
	(void)state;
	teach("GET " EVENTS "?service=hello", 200, "{\"items\":[" OLD("1") "]}");
	teach_once("GET " EVENTS "?service=hello&after=1", 200, EMPTY);
	teach_once("GET " EVENTS "?service=hello&after=1&watch=true", 200, CHANGE("ADDED", OLD("2")));
	/* The agent comes back: what happened meanwhile, and nothing twice. */
	teach_once("GET " EVENTS "?service=hello&after=2", 200, "{\"items\":[" OLD("7") "]}");
	teach_once("GET " EVENTS "?service=hello&after=7", 200, EMPTY);
	teach_once("GET " EVENTS "?service=hello&after=7&watch=true", 200, CHANGE("ADDED", OLD("9")));
	teach("GET " EVENTS "?service=hello&after=9", 500, OVER);
	fake_run(&fake, "events", "hello", "-f", "-o", "json", "--limit", "5");
	assert_int_equal(fake.code, 1);
	assert_string_equal(fake.out, OLD("1") "\n" OLD("2") "\n" OLD("7") "\n" OLD("9") "\n");
	assert_string_equal(fake.err, "rouse: over\n");
}

static void test_events_of_an_object_and_of_late(void **state)
{
	(void)state;
	char now[RS_TIME_TEXT_MAX], list[1024];
	rs_time_rfc3339(rs_wall_ns(), now);
	snprintf(list, sizeof(list),
		 "{\"items\":[%s,%s,{\"id\":3,\"reason\":\"R3\",\"eventTime\":\"%s\",\"involvedObject\":{\"kind\":"
		 "\"Service\",\"name\":\"hello\"}}]}",
		 OLD("1"), EVENT("2", "Revision", "hello-00001", "2020-01-01T00:00:00Z"), now);
	teach("GET " EVENTS, 200, list);
	teach("GET " EVENTS "?after=3", 200, EMPTY);
	fake_run(&fake, "events", "--since", "5m", "--no-headers");
	assert_int_equal(fake.code, 0);
	assert_has(fake.out, "R3 ");
	assert_has_not(fake.out, "R1 ");
	fake_run(&fake, "events", "--for", "rev/hello-00001", "--no-headers");
	assert_has(fake.out, "R2 ");
	assert_has_not(fake.out, "R1 ");
	assert_has_not(fake.out, "R3 ");
	fake_run(&fake, "events", "--for", "hello");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "--for: must be NOUN/NAME");
}

/* --- wait -----------------------------------------------------------------------------------------------------------
 */

#define NAMED_LIST  "GET " SERVING "services?fieldSelector=metadata.name=a"
#define NAMED_WATCH NAMED_LIST "&watch=true&resourceVersion=5"

static void test_wait_for_a_condition(void **state)
{
	(void)state;
	teach(NAMED_LIST, 200, LIST("5", SERVICE("a", "False")));
	teach(NAMED_WATCH, 200,
	      CHANGE("MODIFIED", SERVICE("a", "Unknown")) CHANGE("MODIFIED", SERVICE("other", "True"))
		      CHANGE("MODIFIED", SERVICE("a", "True")));
	fake_run(&fake, "wait", "service/a", "--for=condition=Ready", "--timeout", "20s");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.out, "service.serving.knative.dev/a condition met\n");
	assert_int_equal(fake.request_count, 2);
	fake_run(&fake, "wait", "a", "--for=condition=Ready=False");
	assert_int_equal(fake.code, 0);
	fake_run(&fake, "wait", "a", "--for=jsonpath={.status.conditions[0].message}=why a");
	assert_int_equal(fake.code, 0);
	fake_run(&fake, "wait", "a");
	assert_int_equal(fake.code, 2);
}

static void test_wait_gives_up(void **state)
{
	(void)state;
	teach(NAMED_LIST, 200, LIST("5", SERVICE("a", "False")));
	teach(NAMED_WATCH, 200, "");
	fake_run(&fake, "wait", "service/a", "--for=condition=Ready", "--timeout", "120ms");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err,
		   "service.serving.knative.dev/a: gave up waiting for \"condition=Ready\" after 0.1 s (why a)");
}

static void test_wait_for_the_end(void **state)
{
	(void)state;
	teach(NAMED_LIST, 200, LIST("5", SERVICE("a", "False")));
	teach(NAMED_WATCH, 200, CHANGE("DELETED", "{\"metadata\":{\"name\":\"a\"}}"));
	fake_run(&fake, "wait", "service", "a", "--for=delete");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.out, "service.serving.knative.dev/a deleted\n");
	teach("GET " SERVING "services?fieldSelector=metadata.name=gone", 200, LIST("5", ""));
	fake_run(&fake, "wait", "service", "gone", "--for=delete");
	assert_int_equal(fake.code, 0);
	/* What is not there cannot become ready; nor what goes while it is waited for. */
	fake_run(&fake, "wait", "service", "gone", "--for=ready");
	assert_int_equal(fake.code, 1);
	assert_string_equal(fake.err, "rouse: Service \"gone\" not found in the namespace \"default\"\n");
	fake_run(&fake, "wait", "a", "--for=ready");
	assert_int_equal(fake.code, 1);
	assert_string_equal(fake.err, "rouse: Service \"a\" not found in the namespace \"default\"\n");
}

#define INSTANCE_CHANGE(type, name, stage) CHANGE(type, INSTANCE(name, stage))

static void test_wait_for_instances(void **state)
{
	(void)state;
	teach("GET " SERVING "services/hello", 200, HELLO);
	teach("GET " INSTANCES, 200, LIST("5", INSTANCE("rouse-1", "Draining")));
	teach("GET " INSTANCES "&watch=true&resourceVersion=5", 200,
	      INSTANCE_CHANGE("ADDED", "rouse-2", "Starting") INSTANCE_CHANGE("MODIFIED", "rouse-2", "Ready")
		      INSTANCE_CHANGE("DELETED", "rouse-1", "Exited") INSTANCE_CHANGE("DELETED", "rouse-2", "Exited"));
	fake_run(&fake, "wait", "hello", "--for=instances=1");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake.code, 0);
	fake_run(&fake, "wait", "hello", "--for=zero");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.out, "service.serving.knative.dev/hello condition met\n");
	fake_run(&fake, "wait", "nope", "--for=zero");
	assert_int_equal(fake.code, 1);
}

static void test_a_list_that_breaks_off_counts_nothing_twice(void **state)
{
	(void)state;
	teach("GET " SERVING "services/hello", 200, HELLO);
	teach_once("GET " INSTANCES, 200, LIST("5", ""));
	teach_once("GET " INSTANCES "&watch=true&resourceVersion=5", 200, "");
	teach("GET " INSTANCES, 200,
	      "{\"metadata\":{\"resourceVersion\":\"6\",\"continue\":\"x\"},\"items\":[" INSTANCE("rouse-1",
												  "Ready") "]}");
	teach_once("GET " INSTANCES "&continue=x", 503, STATUS(503, "Unavailable", "starting"));
	teach("GET " INSTANCES "&continue=x", 200, EMPTY);
	teach("GET " INSTANCES "&watch=true&resourceVersion=6", 200, "");
	fake_run(&fake, "wait", "hello", "--for=instances=2", "--timeout", "600ms");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "(of 1 instances)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rows_are_added),
		TEST(test_changes_say_what_they_are),
		TEST(test_what_is_gone_is_shown_as_it_was),
		TEST(test_after_an_interruption_only_what_is_different),
		TEST(test_one_object_is_watched),
		TEST(test_what_cannot_be_watched),
		TEST(test_events_come_page_by_page),
		TEST(test_events_are_followed_over_an_interruption),
		TEST(test_events_of_an_object_and_of_late),
		TEST(test_wait_for_a_condition),
		TEST(test_wait_gives_up),
		TEST(test_wait_for_the_end),
		TEST(test_wait_for_instances),
		TEST(test_a_list_that_breaks_off_counts_nothing_twice),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
