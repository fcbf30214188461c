/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli test/unit/cli/fake_agent.c */
/* diff, delete in its many forms, describe of many, and kn's verbs. */
#include "unit/cli/objects.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define MANIFEST                                                                                                       \
	"apiVersion: serving.knative.dev/v1\n"                                                                         \
	"kind: Service\n"                                                                                              \
	"metadata: {name: a}\n"
#define LIVE(scale)                                                                                                    \
	"{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"7\",\"generation\":3},\"spec\":{\"scale\":" scale         \
	"},\"status\":{\"x\":1}}"

/* --- diff -----------------------------------------------------------------------------------------------------------
 */

static void test_diff(void **state)
{
	(void)state;
	teach("GET " SERVING "services/a", 200, LIVE("1"));
	teach_once("PUT " SERVING "services/a?dryRun=All", 200,
		   "{\"metadata\":{\"name\":\"a\",\"generation\":4},\"spec\":{\"scale\":1}}");
	teach("PUT " SERVING "services/a?dryRun=All", 200,
	      "{\"metadata\":{\"name\":\"a\",\"generation\":4},\"spec\":{\"scale\":2}}");
	fake_pipe(&fake, MANIFEST, "diff", "-f", "-");
	assert_string_equal(fake.err, "");
	assert_string_equal(fake.out, "");
	assert_int_equal(fake.code, 0);
	fake_pipe(&fake, MANIFEST, "diff", "-f", "-");
	assert_int_equal(fake.code, 1);
	assert_has(fake.out, "/LIVE/serving.knative.dev.v1.Service.default.a");
	assert_has(fake.out, "\n-  scale: 1\n+  scale: 2\n");
	assert_has_not(fake.out, "generation");
	/* Nothing stays behind. */
	rs_auto_free char *path = strdup(strstr(fake.out, "--- ") + 4);
	*strstr(path, "/LIVE/") = '\0';
	assert_int_equal(access(path, F_OK), -1);
}

static void test_diff_of_what_is_new(void **state)
{
	(void)state;
	teach("PUT " SERVING "services/a?dryRun=All", 201, LIVE("1"));
	fake_pipe(&fake, MANIFEST, "diff", "-f", "-");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake.code, 1);
	assert_has(fake.out, "\n+  scale: 1\n");
}

static void test_diff_that_fails(void **state)
{
	(void)state;
	teach("GET " SERVING "services/a", 200, LIVE("1"));
	teach("PUT " SERVING "services/a?dryRun=All", 422, STATUS(422, "Invalid", "spec: is wrong"));
	fake_pipe(&fake, MANIFEST, "diff", "-f", "-");
	assert_int_equal(fake.code, 2);
	assert_string_equal(fake.err, "rouse: -:1: service a: spec: is wrong\n");
	fake_run(&fake, "diff");
	assert_int_equal(fake.code, 2);
	fake_pipe(&fake, "kind: [", "diff", "-f", "-");
	assert_int_equal(fake.code, 2);
	fake_pipe(&fake, MANIFEST, "--socket", "/nonexistent/api.sock", "diff", "-f", "-");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "no agent answers");
}

static void test_diff_by_another_program(void **state)
{
	(void)state;
	teach("GET " SERVING "services/a", 200, LIVE("1"));
	teach("PUT " SERVING "services/a?dryRun=All", 200, LIVE("2"));
	setenv("ROUSE_DIFF", "grep -rh scale:", 1);
	fake_pipe(&fake, MANIFEST, "diff", "-f", "-");
	assert_string_equal(fake.out, "  scale: 1\n  scale: 2\n");
	assert_int_equal(fake.code, 0); /* as the program says */
	setenv("ROUSE_DIFF", "no-such-program", 1);
	fake_pipe(&fake, MANIFEST, "diff", "-f", "-");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "cannot run \"no-such-program\"; is it installed?");
	unsetenv("ROUSE_DIFF");
}

/* --- delete ---------------------------------------------------------------------------------------------------------
 */

#define TWO "{\"items\":[{\"metadata\":{\"name\":\"a\",\"namespace\":\"shop\"}},{\"metadata\":{\"name\":\"b\"}}]}"

static void test_delete_by_labels_or_all(void **state)
{
	(void)state;
	teach("GET " SERVING "services?labelSelector=app=x", 200, TWO);
	teach("GET " SERVING "services", 200, TWO);
	teach("DELETE /apis/serving.knative.dev/v1/namespaces/shop/services/a", 200, "{}");
	teach("DELETE " SERVING "services/b", 200, "{}");
	fake_run(&fake, "delete", "svc", "-l", "app=x");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.out, "service.serving.knative.dev/a deleted\nservice.serving.knative.dev/b deleted\n");
	fake_run(&fake, "delete", "svc", "--all");
	assert_int_equal(fake.code, 0);
	teach("GET " SERVING "revisions", 200, EMPTY);
	fake_run(&fake, "delete", "revisions", "--all");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.err, "There was nothing to delete.\n");
	size_t asked = fake.request_count;
	fake_run(&fake, "delete", "svc", "a", "--all");
	assert_int_equal(fake.code, 2);
	fake_run(&fake, "delete", "svc", "-l", "app=x", "--all");
	assert_int_equal(fake.code, 2);
	fake_run(&fake, "delete", "svc");
	assert_int_equal(fake.code, 2);
	fake_run(&fake, "delete", "svc", "a", "-A");
	assert_int_equal(fake.code, 2);
	assert_int_equal(fake.request_count, asked);
}

static void test_delete_waits(void **state)
{
	(void)state;
	teach("DELETE " SERVING "services/hello", 200, "{}");
	teach("GET " SERVING "services?fieldSelector=metadata.name=hello", 200, EMPTY);
	teach("GET " INSTANCES, 200,
	      "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[" INSTANCE("rouse-1", "Draining") "]}");
	teach_once("GET " INSTANCES "&watch=true&resourceVersion=5", 200,
		   "{\"type\":\"DELETED\",\"object\":" INSTANCE("rouse-1", "Exited") "}\n");
	teach("GET " INSTANCES "&watch=true&resourceVersion=5", 200, "");
	fake_run(&fake, "delete", "service", "hello", "--wait");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake.code, 0);
	fake_run(&fake, "delete", "service", "hello", "--wait", "--timeout", "100ms");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "Service \"hello\": is not gone after 0.1 s (of 1 instances)");
}

/* --- describe -------------------------------------------------------------------------------------------------------
 */

#define PORTS                                                                                                          \
	"\"ports\":[{\"port\":80,\"protocol\":\"TCP\"},{\"port\":5353,\"protocol\":\"UDP\"}],"                         \
	"\"externalPorts\":[{\"port\":30053,\"protocol\":\"UDP\"}]"
#define DNS                                                                                                            \
	"{\"metadata\":{\"name\":\"dns\",\"namespace\":\"default\",\"annotations\":{\"rouse.dev/"                      \
	"sticky\":\"client\"}},"                                                                                       \
	"\"status\":{\"rouse\":{\"address\":\"198.18.0.5\",\"addresses\":[\"198.18.0.5\"]," PORTS "}}}"

static void test_ports_are_shown(void **state)
{
	(void)state;
	teach("GET " SERVING "services/dns", 200, DNS);
	teach("GET " SERVING "revisions?service=dns", 200, EMPTY);
	teach("GET " ROUSE "instances?service=dns", 200, EMPTY);
	teach("GET " EVENTS "?service=dns", 200, EMPTY);
	fake_run(&fake, "describe", "service", "dns");
	assert_has(fake.out, "Ports:         80/TCP, 5353/UDP\n"
			     "External:      30053/UDP\n"
			     "Sticky:        client\n");
	fake_run(&fake, "get", "service", "dns", "-o", "wide");
	assert_has(fake.out, "80/TCP,5353/UDP   30053/UDP   client");
}

static void test_describe_of_many(void **state)
{
	(void)state;
	teach("GET " SERVING "services", 200, TWO);
	fake_run(&fake, "describe", "services");
	assert_int_equal(fake.code, 1); /* what belongs to them is not there */
	fake_agent_clear(&fake);
	teach("GET " SERVING "revisions", 200, REVISIONS);
	teach("GET " SERVING "revisions?service=hello", 200, REVISIONS);
	teach("GET " INSTANCES, 200, EMPTY);
	teach("GET " EVENTS "?service=hello", 200, EMPTY);
	fake_run(&fake, "describe", "revisions");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake.code, 0);
	assert_has(fake.out, "Name:          hello-00001\n");
	assert_has(fake.out, "why: panic: twice the load");
	fake_run(&fake, "describe");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "describe: what? For example: rouse describe service hello");
	fake_run(&fake, "describe", "holds");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "holds have nothing more to tell than \"rouse get holds -o wide\"");
}

/* --- kn's verbs -----------------------------------------------------------------------------------------------------
 */

#define POST "POST " SERVING "services"

static void test_service_create(void **state)
{
	(void)state;
	teach_once(POST, 201, HELLO);
	teach(POST, 409, STATUS(409, "AlreadyExists", "it is there"));
	teach("PUT " SERVING "services/hello", 200, HELLO);
	fake_run(&fake, "service", "create", "hello", "--no-wait", "--env", "A=1", "-e", "B=x=y", "--port", "h2c:9000",
		 "--scale-max", "5", "--", "python3", "-m");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.out, "service.serving.knative.dev/hello created\n");
	assert_string_equal(
		fake.requests[0], POST
		" {\"apiVersion\":\"serving.knative.dev/v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"hello\","
		"\"namespace\":\"default\"},\"spec\":{\"template\":{\"metadata\":{\"annotations\":{"
		"\"autoscaling.knative.dev/max-scale\":\"5\"}},\"spec\":{\"containers\":[{\"env\":[{\"name\":\"A\","
		"\"value\":\"1\"},{\"name\":\"B\",\"value\":\"x=y\"}],\"command\":[\"python3\",\"-m\"],\"ports\":["
		"{\"name\":\"h2c\",\"containerPort\":9000}]}]}}}}");
	fake_run(&fake, "ksvc", "create", "hello", "--no-wait", "--cmd", "x");
	assert_int_equal(fake.code, 1);
	assert_string_equal(fake.err, "rouse: it is there; \"rouse service update hello\" changes it, --force replaces "
				      "it\n");
	fake_run(&fake, "service", "create", "hello", "--no-wait", "--force", "--cmd", "x", "--arg", "-v", "--label",
		 "team=x", "--annotation", "rouse.dev/allow-from=10.0.0.0/8", "--annotation",
		 "rouse.dev/stop-signal=SIGINT", "--concurrency-limit", "9", "--limit", "memory=64Mi,cpu=500m",
		 "--limit", "cpu-");
	assert_int_equal(fake.code, 0);
	const char *sent = fake.requests[2];
	assert_has(sent, "\"labels\":{\"team\":\"x\"},\"annotations\":{\"rouse.dev/allow-from\":\"10.0.0.0/8\"}},");
	assert_has(sent,
		   "\"template\":{\"metadata\":{\"labels\":{\"team\":\"x\"},\"annotations\":{\"rouse.dev/stop-signal\":"
		   "\"SIGINT\"}}");
	assert_has(sent, "\"resources\":{\"limits\":{\"memory\":\"64Mi\"}}");
	assert_has(sent, "\"command\":[\"x\"],\"args\":[\"-v\"]");
	assert_has(sent, "\"containerConcurrency\":9");
}

static void test_service_create_of_udp(void **state)
{
	(void)state;
	teach(POST, 201, HELLO);
	fake_run(&fake, "service", "create", "hello", "--no-wait", "--cmd", "x", "--port", "53/udp", "--annotation",
		 "rouse.dev/ip-families=IPv6", "--annotation", "rouse.dev/pick=hash");
	assert_string_equal(fake.err, "");
	assert_has(fake.requests[0], "\"annotations\":{\"rouse.dev/ip-families\":\"IPv6\"}},");
	assert_has(fake.requests[0], "\"template\":{\"metadata\":{\"annotations\":{\"rouse.dev/pick\":\"hash\"}}");
	assert_has(fake.requests[0], "\"ports\":[{\"containerPort\":53,\"protocol\":\"UDP\"}]");
}

static void test_service_create_that_is_wrong(void **state)
{
	(void)state;
	fake_run(&fake, "service", "create", "hello", "--image", "nginx");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "--image: instances are processes of this node");
	fake_run(&fake, "service", "create", "hello", "--env", "A");
	assert_has(fake.err, "--env: \"A\" is neither KEY=VALUE nor KEY-");
	fake_run(&fake, "service", "create", "hello", "--limit", "memory=1Gi,cpu");
	assert_has(fake.err, "--limit: \"cpu\" is neither KEY=VALUE nor KEY-");
	fake_run(&fake, "service", "create", "hello", "--port", "http");
	assert_has(fake.err, "--port: must be a port");
	fake_run(&fake, "service", "create", "hello", "--port", "53/sctp");
	assert_has(fake.err, "NAME:PORT or PORT/udp, is \"53/sctp\"");
	fake_run(&fake, "service", "create", "hello", "--scale-min", "5", "--scale-max", "1");
	assert_int_equal(fake.code, 1);
	fake_run(&fake, "service", "create", "hello", "--cmd", "x", "y");
	assert_has(fake.err, "unexpected argument \"y\" beside --cmd");
	fake_run(&fake, "service", "create");
	assert_int_equal(fake.code, 2);
	fake_run(&fake, "service", "craete", "x");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "service has no verb \"craete\"; did you mean \"create\"?");
	fake_run(&fake, "revision");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "revision needs a verb: list, describe, delete");
	assert_int_equal(fake.request_count, 0);
	fake_run(&fake, "help", "service");
	assert_has(fake.out, "service export");
	fake_run(&fake, "route", "--help");
	assert_has(fake.out, "route list");
	fake_run(&fake, "help", "svc", "update");
	assert_has(fake.out, "usage: rouse service update NAME");
}

#define OLD                                                                                                            \
	"{\"metadata\":{\"name\":\"hello\",\"resourceVersion\":\"7\",\"labels\":{\"team\":\"x\"}},\"spec\":{"          \
	"\"template\":{\"metadata\":{\"name\":\"hello-named\"},\"spec\":{\"containers\":[{\"command\":[\"x\"],"        \
	"\"env\":[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"B\",\"value\":\"2\"}]}]}}},\"status\":{\"x\":1}}"

static void test_service_update(void **state)
{
	(void)state;
	teach("GET " SERVING "services/hello", 200, OLD);
	teach("GET " SERVING "revisions?service=hello", 200, REVISIONS);
	teach("PUT " SERVING "services/hello", 200, HELLO);
	fake_agent_last(&fake)->applied = "configured";
	fake_run(&fake, "service", "update", "hello", "--no-wait", "--env", "A=9", "--env", "B-", "--label", "team-");
	assert_string_equal(fake.err, "");
	assert_string_equal(fake.out, "service.serving.knative.dev/hello configured\n");
	assert_string_equal(
		fake.requests[1],
		"PUT " SERVING "services/hello {\"metadata\":{\"name\":\"hello\",\"resourceVersion\":"
		"\"7\"},\"spec\":{\"template\":{\"metadata\":{},\"spec\":{\"containers\":[{\"command\":[\"x\"]"
		",\"env\":[{\"name\":\"A\",\"value\":\"9\"}]}]}}},\"status\":{\"x\":1}}");
	/* Traffic alone makes no new revision, and keeps the template's name. */
	fake_run(&fake, "service", "update", "hello", "--no-wait", "--traffic", "v1=30,@latest=70");
	assert_int_equal(fake.code, 0);
	assert_has(fake.requests[4], "\"name\":\"hello-named\"");
	assert_has(fake.requests[4], "{\"revisionName\":\"hello-00001\",\"percent\":30}");
	fake_run(&fake, "service", "update", "hello", "--traffic", "v1=30");
	assert_int_equal(fake.code, 2);
	fake_run(&fake, "service", "update", "hello");
	assert_int_equal(fake.code, 2);
}

static void test_service_waits_until_it_is_ready(void **state)
{
	(void)state;
	static const char ready[] =
		"{\"metadata\":{\"name\":\"hello\"},\"status\":{\"url\":\"http://h\",\"latestReadyRevisionName\":"
		"\"hello-00001\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}";
	rs_auto_free char *list = rs_str_format("{\"items\":[%s]}", ready);
	teach(POST, 201, HELLO);
	teach("GET " SERVING "services/hello", 200, ready);
	teach_once("GET " SERVING "services?fieldSelector=metadata.name=hello", 200, list);
	teach("GET " SERVING "services?fieldSelector=metadata.name=hello", 200, "{\"items\":[" HELLO "]}");
	teach("GET " SERVING "services?fieldSelector=metadata.name=hello&watch=true&resourceVersion=", 200, "");
	fake_run(&fake, "service", "create", "hello", "--", "x");
	assert_string_equal(fake.err, "");
	assert_string_equal(fake.out, "service.serving.knative.dev/hello created\nhello-00001 is ready at http://h\n");
	fake_run(&fake, "service", "create", "hello", "--timeout", "60ms", "--", "x");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "service hello is not ready after 0.1 s (there is no program \"x\"); \"rouse why hello\"");
}

static void test_verbs_that_rouse_has(void **state)
{
	(void)state;
	teach("GET " SERVING "services", 200, "{\"items\":[" HELLO "]}");
	teach("GET " SERVING "services/hello", 200, HELLO);
	teach("GET " SERVING "revisions?service=hello", 200, REVISIONS);
	teach("GET " SERVING "routes", 200, EMPTY);
	teach("DELETE " SERVING "revisions/hello-00001", 200, "{}");
	fake_run(&fake, "service", "list", "-o", "name");
	assert_string_equal(fake.out, "service.serving.knative.dev/hello\n");
	fake_run(&fake, "services", "list", "hello", "-o", "name");
	assert_string_equal(fake.out, "service.serving.knative.dev/hello\n");
	fake_run(&fake, "revision", "list", "-s", "hello", "-o", "name");
	assert_string_equal(fake.out, "revision.serving.knative.dev/hello-00001\n");
	fake_run(&fake, "revision", "delete", "hello-00001");
	assert_string_equal(fake.out, "revision.serving.knative.dev/hello-00001 deleted\n");
	fake_run(&fake, "route", "list");
	assert_int_equal(fake.code, 0);
	fake_run(&fake, "service", "export", "hello");
	assert_int_equal(fake.code, 0);
	assert_has(fake.out, "kind: Service\n");
	assert_has_not(fake.out, "status");
	assert_has_not(fake.out, "resourceVersion");
	teach("PUT " SERVING "services/a", 201, "{}");
	fake_pipe(&fake, MANIFEST, "service", "apply", "-f", "-");
	assert_string_equal(fake.out, "service.serving.knative.dev/a created\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_diff),
		TEST(test_diff_of_what_is_new),
		TEST(test_diff_that_fails),
		TEST(test_diff_by_another_program),
		TEST(test_delete_by_labels_or_all),
		TEST(test_delete_waits),
		TEST(test_ports_are_shown),
		TEST(test_describe_of_many),
		TEST(test_service_create),
		TEST(test_service_create_of_udp),
		TEST(test_service_create_that_is_wrong),
		TEST(test_service_update),
		TEST(test_service_waits_until_it_is_ready),
		TEST(test_verbs_that_rouse_has),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
