/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli test/unit/cli/fake_agent.c */
/* why and top --once as commands: what they ask the agent, and what they print of its answers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "unit/cli/fixture.h"

#define SERVING "/apis/serving.knative.dev/v1/"
#define ROUSE	"/apis/rouse.dev/v1/"
#define EMPTY	"{\"items\":[]}"

#define REVISION                                                                                                       \
	"{\"kind\":\"Revision\",\"metadata\":{\"name\":\"hello-00001\",\"namespace\":\"shop\",\"labels\":{"            \
	"\"serving.knative.dev/service\":\"hello\"}},\"status\":{\"desiredReplicas\":1,\"rouse\":{"                    \
	"\"failedStarts\":1,\"held\":0}}}"

static void teach(const char *request, const char *body)
{
	fake_agent_teach(&fake, request, 200, body);
}

static void teach_hello(void)
{
	teach("GET " SERVING "namespaces/shop/services/hello",
	      "{\"metadata\":{\"name\":\"hello\"},\"status\":{\"traffic\":[{\"revisionName\":\"hello-00001\","
	      "\"percent\":100}]}}");
	teach("GET " SERVING "namespaces/shop/revisions/hello-00001", REVISION);
	teach("GET " SERVING "namespaces/shop/revisions?service=hello", "{\"items\":[" REVISION "]}");
	teach("GET " ROUSE "namespaces/shop/instances?service=hello", EMPTY);
	teach("GET " ROUSE "namespaces/shop/holds?service=hello", EMPTY);
	teach("GET /api/v1/namespaces/shop/events?service=hello",
	      "{\"items\":[{\"type\":\"Warning\",\"reason\":\"StartFailed\",\"message\":\"its last output: "
	      "\\u001b[2J\\u0007\",\"eventTime\":\"2026-11-25T11:00:00Z\",\"involvedObject\":{\"name\":"
	      "\"hello-00001\"}}]}");
	teach("GET /api/v1/events?kind=Node&limit=5", EMPTY);
	teach("GET " ROUSE "status", "{\"status\":{\"uptimeSeconds\":5,\"services\":1,\"parts\":[]}}");
}

static void test_why_of_a_service_and_of_a_revision(void **state)
{
	(void)state;
	teach_hello();
	fake_run(&fake, "why", "-n", "shop", "hello");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake.code, 0);
	assert_has(fake.out, "hello is failing: 0 instances ready, 0 connections held.\n");
	assert_has(fake.out, "rouse logs revision/hello-00001 --tail 20 -n shop\n");
	/* What programs wrote does not reach the terminal as it is. */
	assert_null(strchr(fake.out, '\033'));
	assert_null(strchr(fake.out, '\a'));
	fake_run(&fake, "why", "-n", "shop", "revision/hello-00001", "svc/hello");
	assert_int_equal(fake.code, 0);
	assert_has(fake.out, "hello-00001 is failing");
	assert_has(fake.out, "\n\nhello is failing");
}

static void test_why_of_what_is_not_there(void **state)
{
	(void)state;
	fake_agent_teach(&fake, "GET " SERVING "namespaces/default/services/nope", 404,
			 "{\"kind\":\"Status\",\"message\":\"services \\\"nope\\\" not found\"}");
	fake_run(&fake, "why", "nope");
	assert_int_equal(fake.code, 1);
	assert_string_equal(fake.err, "rouse: services \"nope\" not found\n");
	assert_string_equal(fake.out, "");
	fake_run(&fake, "why");
	assert_int_equal(fake.code, 2);
	fake_run(&fake, "why", "instance/rouse-1");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "name a service or a revision");
}

static void test_top_once(void **state)
{
	(void)state;
	teach_hello();
	teach("GET " SERVING "revisions", "{\"items\":[" REVISION "]}");
	teach("GET " ROUSE "instances", EMPTY);
	fake_run(&fake, "top", "-A", "--once", "-s", "0");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.out,
			    "agent up 5s, 1 service, 0 instances, 0 connections tracked, 0 held\n\n"
			    "NAMESPACE   REVISION      STATE     READY   STARTING   WANTED   INFLIGHT   CONCURRENCY   "
			    "CONN/S   HELD   WHY\n"
			    "shop        hello-00001   failing   0       0          1        0          0.00          "
			    "-        0\n");
	teach("GET " SERVING "revisions?labelSelector=app=shop,tier!=web", EMPTY);
	fake_run(&fake, "top", "-A", "--once", "-s", "0", "-l", "app=shop,tier!=web");
	assert_int_equal(fake.code, 0);
	assert_null(strstr(fake.out, "hello-00001"));
	fake_run(&fake, "top", "--once", "-s", "often");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "--seconds: must be a number from 0 to 3600, is \"often\"");
	fake_run(&fake, "--socket", "/nonexistent", "top", "--once", "-s", "0");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "no agent answers at /nonexistent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_why_of_a_service_and_of_a_revision, clear),
		cmocka_unit_test_setup(test_why_of_what_is_not_there, clear),
		cmocka_unit_test_setup(test_top_once, clear),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
