/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli test/unit/cli/fake_agent.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "unit/cli/fake_agent.h"

#define SERVING	  "/apis/serving.knative.dev/v1/namespaces/default/"
#define ROUSE	  "/apis/rouse.dev/v1/namespaces/default/"
#define EVENTS	  "/api/v1/namespaces/default/events"
#define EMPTY	  "{\"items\":[]}"
#define INSTANCES ROUSE "instances?service=hello"

#define HELLO                                                                                                          \
	"{\"apiVersion\":\"serving.knative.dev/v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"hello\","            \
	"\"namespace\":\"default\",\"generation\":2,\"resourceVersion\":\"7\"},\"spec\":{\"template\":{}},"            \
	"\"status\":{\"url\":\"http://hello.default.rouse\",\"latestCreatedRevisionName\":\"hello-00002\","            \
	"\"latestReadyRevisionName\":\"hello-00001\",\"observedGeneration\":2,\"conditions\":[{\"type\":\"Ready\","    \
	"\"status\":\"False\",\"reason\":\"ContainerMissing\",\"message\":\"there is no program \\\"x\\\"\"}]}}"

#define REVISIONS                                                                                                      \
	"{\"items\":[{\"metadata\":{\"name\":\"hello-00001\",\"labels\":{\"serving.knative.dev/service\":\"hello\","   \
	"\"serving.knative.dev/configurationGeneration\":\"1\"}},\"status\":{\"desiredReplicas\":3,"                   \
	"\"actualReplicas\":2,\"rouse\":{\"why\":\"panic: twice the load\",\"held\":4}}}]}"

#define INSTANCE(name, stage)                                                                                          \
	"{\"metadata\":{\"name\":\"" name                                                                              \
	"\",\"namespace\":\"default\",\"creationTimestamp\":\"2026-11-25T11:00:00Z\","                                 \
	"\"labels\":{\"serving.knative.dev/service\":\"hello\",\"serving.knative.dev/revision\":\"hello-00001\"}},"    \
	"\"status\":{\"stage\":\"" stage "\",\"address\":\"198.19.0.17\",\"pid\":4711,\"inFlight\":2,"                 \
	"\"connections\":3,\"readyMs\":41.63}}"

#define STATUS(code, reason, message)                                                                                  \
	"{\"kind\":\"Status\",\"code\":" #code ",\"reason\":\"" reason "\",\"message\":\"" message "\"}"

static struct fake_agent fake;

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void teach(const char *request, int status, const char *body)
{
	fake_agent_teach(&fake, request, status, body);
}

static int clear(void **state)
{
	(void)state;
	fake_agent_clear(&fake);
	return 0;
}

/* --- get ------------------------------------------------------------------------------------------------------------
 */

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
	fake_run(&fake, "get", "service", "../x?y");
	assert_int_equal(fake.code, 1);
}

/* --- apply and delete -----------------------------------------------------------------------------------------------
 */

#define DOCUMENT(name)                                                                                                 \
	"{\"apiVersion\":\"serving.knative.dev/v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"" name               \
	"\"},\"spec\":{}}"

static void test_apply_says_what_it_did(void **state)
{
	(void)state;
	teach("PUT " SERVING "services/a", 201, "{}");
	fake_agent_last(&fake)->applied = "created";
	teach("PUT " SERVING "services/b", 200, "{}");
	fake_agent_last(&fake)->applied = "unchanged";
	fake_pipe(&fake, DOCUMENT("a") "\n" DOCUMENT("b"), "apply", "-f", "-");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.out,
			    "service.serving.knative.dev/a created\nservice.serving.knative.dev/b unchanged\n");
	assert_int_equal(fake.request_count, 2);
	/* They are under way together, and may arrive in any order. */
	const bool is_first = fake.requests[0][strlen("PUT " SERVING "services/")] == 'a';
	assert_string_equal(fake.requests[!is_first], "PUT " SERVING "services/a " DOCUMENT("a"));
}

static void test_apply_keeps_the_order_of_the_file(void **state)
{
	(void)state;
	struct rs_buf manifest, wanted;
	rs_buf_init(&manifest, 1 << 20);
	rs_buf_init(&wanted, 1 << 20);
	/* More than are under way at a time, and one object again and again. */
	teach("PUT " SERVING "services/a", 201, "{}");
	fake_agent_last(&fake)->times = 1;
	teach("PUT " SERVING "services/a", 200, "{}");
	fake_agent_last(&fake)->applied = "unchanged";
	for (int i = 0; i < 50; i++) {
		rs_buf_printf(&manifest, DOCUMENT("a") "\n" DOCUMENT("gone-%d") "\n", i);
		rs_buf_printf(&wanted, "service.serving.knative.dev/a %s\n", i ? "unchanged" : "created");
	}
	fake_pipe(&fake, manifest.data, "apply", "-f", "-");
	assert_int_equal(fake.code, 1);
	assert_string_equal(fake.out, wanted.data);
	const char *at = fake.err;
	for (int i = 0; i < 50; i++) {
		char line[128];
		snprintf(line, sizeof(line), "rouse: -:%d: service gone-%d: not found\n", 2 * i + 2, i);
		if (strncmp(at, line, strlen(line)) != 0)
			fail_msg("%.80s\n\tnot %s", at, line);
		at += strlen(line);
	}
	assert_string_equal(at, "");
	rs_buf_done(&manifest);
	rs_buf_done(&wanted);
}

static void test_apply_of_yaml_documents_goes_on_after_a_broken_one(void **state)
{
	(void)state;
	static const char manifest[] = "# first\n"
				       "apiVersion: serving.knative.dev/v1\n"
				       "kind: Service\n"
				       "metadata: {name: a}\n"
				       "---\n"
				       "kind: [broken\n"
				       "---\n"
				       "apiVersion: apps/v1\n"
				       "kind: Deployment\n"
				       "metadata: {name: b}\n"
				       "---\n"
				       "---\n"
				       "apiVersion: serving.knative.dev/v1\n"
				       "kind: Service\n"
				       "metadata: {name: c, namespace: shop}\n";
	teach("PUT " SERVING "services/a", 422, STATUS(422, "Invalid", "spec.template: must have a container"));
	teach("PUT /apis/serving.knative.dev/v1/namespaces/shop/services/c", 201, "{}");
	fake_pipe(&fake, manifest, "apply", "-f", "-");
	assert_int_equal(fake.code, 1);
	assert_string_equal(fake.out, "service.serving.knative.dev/c created\n");
	assert_has(fake.err, "rouse: -:2: service a: spec.template: must have a container\n");
	assert_has(fake.err, "rouse: -:7:1: "); /* the document's end is where the bracket is missed */
	assert_has(fake.err,
		   "rouse: -:8: kind: must be Service of serving.knative.dev/v1, is Deployment of \"apps/v1\"\n");
}

static void test_apply_checks_what_it_must_know(void **state)
{
	(void)state;
	fake_pipe(&fake, "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"a\"}}", "apply", "-f",
		  "-");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "v1 is Kubernetes' Service");
	fake_pipe(&fake, "{\"apiVersion\":\"serving.knative.dev/v1\",\"kind\":\"Service\"}", "apply", "-f", "-");
	assert_has(fake.err, "metadata.name: is missing");
	fake_pipe(&fake, "kind: Service\napiVersion: serving.knative.dev/v1\nmetadata: {name: a, namespace: x}\n",
		  "apply", "-f", "-", "-n", "y");
	assert_has(fake.err, "metadata.namespace: is \"x\", but --namespace says \"y\"");
	fake_pipe(&fake, "- a\n- b\n", "apply", "-f", "-");
	assert_has(fake.err, "is no object");
	fake_run(&fake, "apply", "-f", "/nonexistent/file.yaml");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "/nonexistent/file.yaml: cannot be opened: No such file or directory");
	fake_pipe(&fake, "# nothing\n", "apply", "-f", "-");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "no object");
	assert_int_equal(fake.request_count, 0);
	fake_run(&fake, "apply");
	assert_int_equal(fake.code, 2);
}

static void test_apply_of_lists_and_dry_runs(void **state)
{
	(void)state;
	teach("PUT " SERVING "services/a?dryRun=All", 200, "{}");
	fake_agent_last(&fake)->applied = "configured";
	fake_pipe(&fake, "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[" DOCUMENT("a") "]}", "apply",
		  "--dry-run", "-f", "-");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.out, "service.serving.knative.dev/a configured (dry run)\n");
}

static void test_delete(void **state)
{
	(void)state;
	teach("DELETE " SERVING "services/hello", 200, "{}");
	fake_agent_last(&fake)->times = 1;
	teach("DELETE " SERVING "services/hello", 404, STATUS(404, "NotFound", "services \\\"hello\\\" not found"));
	fake_run(&fake, "delete", "service", "hello");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.out, "service.serving.knative.dev/hello deleted\n");
	fake_run(&fake, "delete", "service/hello");
	assert_int_equal(fake.code, 1);
	fake_run(&fake, "delete", "service/hello", "--ignore-not-found");
	assert_int_equal(fake.code, 0);
	fake_pipe(&fake, DOCUMENT("hello"), "delete", "-f", "-");
	assert_int_equal(fake.code, 1);
	fake_run(&fake, "delete", "instance", "rouse-17");
	assert_int_equal(fake.code, 2);
	fake_run(&fake, "delete", "services");
	assert_int_equal(fake.code, 2);
	assert_int_equal(fake.request_count, 4);
}

/* --- the others -----------------------------------------------------------------------------------------------------
 */

static void test_describe_says_why(void **state)
{
	(void)state;
	teach("GET " SERVING "services/hello", 200, HELLO);
	teach("GET " SERVING "revisions?service=hello", 200, REVISIONS);
	teach("GET " INSTANCES, 200, "{\"items\":[" INSTANCE("rouse-17", "Ready") "]}");
	teach("GET " EVENTS "?service=hello", 200,
	      "{\"items\":[{\"type\":\"Normal\",\"reason\":\"Woken\",\"message\":\"by 10.0.0.1\",\"id\":17,"
	      "\"involvedObject\":{\"kind\":\"Revision\",\"name\":\"hello-00001\"}}]}");
	teach("GET " EVENTS "?service=hello&after=17", 200, EMPTY);
	fake_run(&fake, "describe", "service", "hello");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake.code, 0);
	assert_has(fake.out, "URL:           http://hello.default.rouse\n");
	assert_has(fake.out, "there is no program \"x\"");
	assert_has(fake.out, "panic: twice the load");
	assert_has(fake.out, "rouse-17");
	assert_has(fake.out, "revision/hello-00001   by 10.0.0.1");
}

#define LOGS ROUSE "logs"
#define LOG(name, running)                                                                                             \
	"{\"metadata\":{\"name\":\"" name "-T\",\"namespace\":\"default\"},"                                           \
	"\"status\":{\"instance\":\"" name "\",\"running\":" running "}}"

static void test_logs_of_one_and_of_several(void **state)
{
	(void)state;
	teach("GET " SERVING "services/hello", 200, HELLO);
	/* Once to know what "hello" is, once to read it. */
	teach("GET " LOGS "?service=hello", 200, "{\"items\":[" LOG("rouse-1", "true") "]}");
	fake_agent_last(&fake)->times = 2;
	teach("GET " LOGS "?service=hello", 200,
	      "{\"items\":[" LOG("rouse-1", "false") "," LOG("rouse-2", "true") "]}");
	fake_agent_last(&fake)->times = 4;
	teach("GET " LOGS "?service=hello", 200, EMPTY);
	teach("GET " LOGS "?revision=hello", 200, EMPTY);
	teach("GET " LOGS "?instance=hello", 200, EMPTY);
	teach("GET " LOGS "/rouse-1-T/log", 200, "one\ntwo");
	teach("GET " LOGS "/rouse-2-T/log", 200, "three\n");
	fake_run(&fake, "logs", "hello");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.out, "one\ntwo\n");
	fake_run(&fake, "logs", "hello");
	assert_string_equal(fake.out, "rouse-1 | one\nrouse-1 | two\nrouse-2 | three\n");
	fake_run(&fake, "logs", "hello", "--previous");
	assert_string_equal(fake.out, "one\ntwo\n");
	fake_run(&fake, "logs", "hello");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "hello has no output yet");
}

static void test_logs_of_an_instance_and_of_nothing(void **state)
{
	(void)state;
	teach("GET " LOGS "?service=rouse-2", 200, EMPTY);
	teach("GET " LOGS "?revision=rouse-2", 200, EMPTY);
	/* Its name had another one before. */
	teach("GET " LOGS "?instance=rouse-2", 200,
	      "{\"items\":[{\"metadata\":{\"name\":\"rouse-2-S\",\"namespace\":\"default\"},"
	      "\"status\":{\"instance\":\"rouse-2\"}}," LOG("rouse-2", "true") "]}");
	teach("GET " LOGS "/rouse-2-T/log?tailLines=5&sinceSeconds=300&timestamps=true", 200, "three\n");
	fake_run(&fake, "logs", "rouse-2", "--tail", "5", "--since", "5m", "--timestamps");
	assert_string_equal(fake.err, "");
	assert_string_equal(fake.out, "three\n");
	/* With -f it ends when the instance's output does. */
	teach("GET " LOGS "/rouse-2-T/log?follow=true", 200, "three\nfour\n");
	fake_run(&fake, "logs", "instance/rouse-2", "-f");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.out, "three\nfour\n");
	teach("GET " LOGS "?service=nope", 200, EMPTY);
	teach("GET " LOGS "?revision=nope", 200, EMPTY);
	teach("GET " LOGS "?instance=nope", 200, EMPTY);
	fake_run(&fake, "logs", "nope");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "there is no service, revision or instance \"nope\"");
}

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
	assert_null(strstr(fake.out, "   B "));
	/* Followed: it ends here because the agent fails at some time. */
	fake_agent_clear(&fake);
	teach("GET " EVENTS "?service=hello", 200, "{\"items\":[{\"id\":1,\"reason\":\"A\"}]}");
	teach("GET " EVENTS "?service=hello&after=1", 200, EMPTY);
	fake_agent_last(&fake)->times = 2;
	teach("GET " EVENTS "?service=hello&after=1", 200, "{\"items\":[{\"id\":9,\"reason\":\"Z\"}]}");
	teach("GET " EVENTS "?service=hello&after=9", 200, EMPTY);
	fake_agent_last(&fake)->times = 1;
	teach("GET " EVENTS "?service=hello&after=9", 503, STATUS(503, "Unavailable", "going down"));
	fake_run(&fake, "events", "-f", "--service", "hello", "-o", "json");
	assert_int_equal(fake.code, 1);
	assert_string_equal(fake.out, "{\"id\":1,\"reason\":\"A\"}\n{\"id\":9,\"reason\":\"Z\"}\n");
	assert_string_equal(fake.err, "rouse: going down\n");
}

static void test_status_fails_when_a_part_does(void **state)
{
	(void)state;
	static const char well[] = "{\"status\":{\"version\":\"v1\",\"parts\":[{\"name\":\"dataplane\",\"ok\":true,"
				   "\"message\":\"tcx\"}]}}";
	static const char sick[] =
		"{\"status\":{\"version\":\"v1\",\"parts\":[{\"name\":\"dataplane\",\"ok\":true,"
		"\"message\":\"tcx\"},{\"name\":\"rp_filter\",\"ok\":false,\"message\":\"set it\"}]}}";
	teach("GET /apis/rouse.dev/v1/status", 200, well);
	fake_agent_last(&fake)->times = 1;
	teach("GET /apis/rouse.dev/v1/status", 200, sick);
	fake_run(&fake, "status");
	assert_int_equal(fake.code, 0);
	assert_has(fake.out, "dataplane   yes    tcx\n");
	fake_run(&fake, "status");
	assert_int_equal(fake.code, 1);
	assert_has(fake.out, "rp_filter   NO     set it\n");
	assert_string_equal(fake.err, "rouse: 1 part of this node is not well\n");
	fake_run(&fake, "status", "-o", "json");
	assert_int_equal(fake.code, 1);
}

static void test_version(void **state)
{
	(void)state;
	teach("GET /version", 200, "{\"version\":\"v9\",\"abi\":3}");
	fake_run(&fake, "version");
	assert_int_equal(fake.code, 0);
	assert_has(fake.out, "client: ");
	assert_has(fake.out, "server: v9 (ABI 3)\n");
	fake_run(&fake, "version", "--client", "-o", "json");
	assert_null(strstr(fake.out, "server"));
	assert_int_equal(fake.request_count, 1);
}

static void test_wait_polls_until_it_is_so(void **state)
{
	(void)state;
	teach("GET " SERVING "services/hello", 200, HELLO);
	teach("GET " INSTANCES, 200, "{\"items\":[" INSTANCE("rouse-1", "Draining") "]}");
	fake_agent_last(&fake)->times = 2;
	teach("GET " INSTANCES, 200, EMPTY);
	fake_run(&fake, "wait", "hello", "--for=zero", "--timeout", "20s");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.out, "services/hello: zero\n");
	fake_run(&fake, "wait", "service/hello", "--for=condition=Ready", "--timeout", "60ms");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "gave up waiting for \"condition=Ready\" after 0.1 s (there is no program \"x\")");
	fake_run(&fake, "wait", "service", "gone", "--for=delete");
	assert_int_equal(fake.code, 0);
	fake_run(&fake, "wait", "hello");
	assert_int_equal(fake.code, 2);
}

static void test_traffic_changes_and_tries_again_after_a_conflict(void **state)
{
	(void)state;
	teach("GET " SERVING "revisions?service=hello", 200, REVISIONS);
	teach("GET " SERVING "services/hello", 200, HELLO);
	teach("PUT " SERVING "services/hello", 409, STATUS(409, "Conflict", "someone was faster"));
	fake_agent_last(&fake)->times = 1;
	teach("PUT " SERVING "services/hello", 200,
	      "{\"spec\":{\"traffic\":[{\"revisionName\":\"hello-00001\",\"percent\":90},{\"latestRevision\":true,"
	      "\"percent\":10}]}}");
	fake_agent_last(&fake)->applied = "configured";
	fake_run(&fake, "traffic", "hello", "v1=90", "@latest=10");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.out, "service.serving.knative.dev/hello configured\n"
				      "   90 %  hello-00001\n   10 %  @latest\n");
	assert_int_equal(fake.request_count, 5);
	assert_has(fake.requests[4], "\"resourceVersion\":\"7\"");
	assert_has(fake.requests[4],
		   "{\"latestRevision\":true,\"percent\":10},{\"revisionName\":\"hello-00001\",\"percent\":90}");
	fake_run(&fake, "traffic", "hello", "v1=90");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "they add up to 90");
}

static void test_scale_writes_annotations(void **state)
{
	(void)state;
	teach("GET " SERVING "services/hello", 200, HELLO);
	teach("PUT " SERVING "services/hello", 200, "{}");
	fake_run(&fake, "scale", "hello", "--min", "1", "--max", "5");
	assert_int_equal(fake.code, 0);
	assert_has(fake.requests[1],
		   "\"autoscaling.knative.dev/min-scale\":\"1\",\"autoscaling.knative.dev/max-scale\":\"5\"");
	fake_run(&fake, "scale", "hello");
	assert_int_equal(fake.code, 2);
	fake_run(&fake, "scale", "hello", "--min", "5", "--max", "1");
	assert_int_equal(fake.code, 2);
}

static void test_wrong_usage(void **state)
{
	(void)state;
	fake_run(&fake, "gte", "services");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "did you mean \"get\"?");
	fake_run(&fake, "get");
	assert_int_equal(fake.code, 2);
	fake_run(&fake, "get", "servcies");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "did you mean services?");
	fake_run(&fake, "get", "services", "--folow");
	assert_int_equal(fake.code, 2);
	fake_run(&fake, "status", "now");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "unexpected argument \"now\"");
	fake_run(&fake, "help", "traffic");
	assert_int_equal(fake.code, 0);
	assert_has(fake.out, "usage: rouse traffic SERVICE");
	fake_run(&fake, "apply", "--help");
	assert_int_equal(fake.code, 0);
	assert_has(fake.out, "--dry-run");
	assert_int_equal(fake.request_count, 0);
}

static void test_no_agent(void **state)
{
	(void)state;
	fake_run(&fake, "--socket", "/nonexistent/api.sock", "get", "services");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "rouse: no agent answers at /nonexistent/api.sock: it is not running. Start it with");
	assert_string_equal(fake.out, "");
	/* Said once, not for each document. */
	fake_pipe(&fake, DOCUMENT("a") DOCUMENT("b"), "--socket", "/nonexistent/api.sock", "apply", "-f", "-");
	assert_int_equal(fake.code, 1);
	assert_null(strstr(strstr(fake.err, "no agent answers") + 1, "no agent answers"));
	char endless[300];
	memset(endless, 'x', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	fake_run(&fake, "--socket", endless, "status");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "longer than a socket's can be");
}

static void test_answers_that_make_no_sense(void **state)
{
	(void)state;
	teach("GET " SERVING "services", 200, "<html>");
	fake_run(&fake, "get", "services");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "is not JSON");
	teach("GET " SERVING "routes", 500, "");
	fake_run(&fake, "get", "routes");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "HTTP status 500");
	teach("GET " SERVING "revisions", 200, "[1,{\"items\":7},null]");
	fake_run(&fake, "get", "revisions");
	assert_int_equal(fake.code, 0);
	teach("GET " SERVING "configurations", 200, "{\"items\":[1,null,{\"metadata\":7,\"status\":[]}]}");
	fake_run(&fake, "get", "configurations", "-o", "wide");
	assert_int_equal(fake.code, 0);
	assert_has(fake.out, "<none>");
}

static int start(void **state)
{
	(void)state;
	fake_agent_start(&fake);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fake_agent_stop(&fake);
	return 0;
}

#define TEST(function) cmocka_unit_test_teardown(function, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_get_prints_a_table),
		TEST(test_get_of_all_namespaces_and_of_one),
		TEST(test_get_in_other_forms),
		TEST(test_get_of_revisions_and_instances),
		TEST(test_get_of_what_is_not_there),
		TEST(test_apply_says_what_it_did),
		TEST(test_apply_keeps_the_order_of_the_file),
		TEST(test_apply_of_yaml_documents_goes_on_after_a_broken_one),
		TEST(test_apply_checks_what_it_must_know),
		TEST(test_apply_of_lists_and_dry_runs),
		TEST(test_delete),
		TEST(test_describe_says_why),
		TEST(test_logs_of_one_and_of_several),
		TEST(test_logs_of_an_instance_and_of_nothing),
		TEST(test_events_come_page_by_page),
		TEST(test_status_fails_when_a_part_does),
		TEST(test_version),
		TEST(test_wait_polls_until_it_is_so),
		TEST(test_traffic_changes_and_tries_again_after_a_conflict),
		TEST(test_scale_writes_annotations),
		TEST(test_wrong_usage),
		TEST(test_no_agent),
		TEST(test_answers_that_make_no_sense),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
