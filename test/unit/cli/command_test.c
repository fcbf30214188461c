/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli test/unit/cli/fake_agent.c */
#include "unit/cli/objects.h"

#include <stdbool.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
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

static void test_apply_keeps_the_order_of_the_files(void **state)
{
	(void)state;
	char path[3][64];
	/* More than are under way at a time: each file has one that is there, and fifty that are not. */
	for (int file = 0; file < 3; file++) {
		struct rs_buf manifest;
		char name[64];
		rs_buf_init(&manifest, 1 << 20);
		snprintf(name, sizeof(name), "PUT " SERVING "services/%c", 'a' + file);
		teach(name, 201, "{}");
		rs_buf_printf(&manifest, DOCUMENT("%c") "\n", 'a' + file);
		for (int i = 0; i < 50; i++)
			rs_buf_printf(&manifest, DOCUMENT("gone-%d") "\n", 50 * file + i);
		snprintf(path[file], sizeof(path[file]), "%s/%c.json", fake.directory, 'a' + file);
		write_file(path[file], manifest.data);
		rs_buf_done(&manifest);
	}
	fake_run(&fake, "apply", "-f", path[0], "-f", path[1], "-f", path[2]);
	assert_int_equal(fake.code, 1);
	assert_string_equal(fake.out, "service.serving.knative.dev/a created\n"
				      "service.serving.knative.dev/b created\n"
				      "service.serving.knative.dev/c created\n");
	const char *at = fake.err;
	for (int i = 0; i < 150; i++) {
		char line[sizeof(path[0]) + 64];
		snprintf(line, sizeof(line), "rouse: %s:%d: service gone-%d: not found\n", path[i / 50], i % 50 + 2, i);
		if (strncmp(at, line, strlen(line)) != 0)
			fail_msg("%.80s\n\tnot %s", at, line);
		at += strlen(line);
	}
	assert_string_equal(at, "");
	for (int file = 0; file < 3; file++)
		unlink(path[file]);
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
		   "rouse: -:9:1: kind: must be Service of serving.knative.dev/v1, is Deployment of \"apps/v1\"\n");
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
	      "{\"items\":[{\"type\":\"Normal\",\"reason\":\"Woken\",\"message\":\"by 10.0.0.1\",\"count\":3,\"id\":17,"
	      "\"involvedObject\":{\"kind\":\"Revision\",\"name\":\"hello-00001\"}}]}");
	teach("GET " EVENTS "?service=hello&after=17", 200, EMPTY);
	fake_run(&fake, "describe", "service", "hello");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake.code, 0);
	assert_has(fake.out, "URL:           http://hello.default.rouse\n");
	assert_has(fake.out, "there is no program \"x\"");
	assert_has(fake.out, "panic: twice the load");
	assert_has(fake.out, "rouse-17");
	assert_has(fake.out, "revision/hello-00001   3       by 10.0.0.1");
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
	assert_has(fake.err, "service, revision or instance \"nope\" not found in the namespace \"default\"");
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
	fake_run(&fake, "version", "-o", "jsonpath={.server.version}");
	assert_string_equal(fake.out, "v9");
	fake_agent_clear(&fake);
	teach("GET /version", 200, "{\"version\":\"v9\",\"abi\":3}");
	fake_run(&fake, "version");
	fake_run(&fake, "version", "--client", "-o", "json");
	assert_null(strstr(fake.out, "server"));
	assert_int_equal(fake.request_count, 1);
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
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "they add up to 90");
	/* Before anything was asked. */
	assert_int_equal(fake.request_count, 5);
	fake_run(&fake, "traffic", "hello", "--traffic", "v1=60,@latest=30", "--tag", "v1=old");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "they add up to 90");
	fake_run(&fake, "traffic", "hello", "--traffic", "v1=60,@latest=40", "--tag", "v1=old");
	assert_int_equal(fake.code, 0);
	assert_has(fake.requests[7], "{\"revisionName\":\"hello-00001\",\"percent\":60,\"tag\":\"old\"}");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_apply_says_what_it_did),
		TEST(test_apply_keeps_the_order_of_the_files),
		TEST(test_apply_of_yaml_documents_goes_on_after_a_broken_one),
		TEST(test_apply_checks_what_it_must_know),
		TEST(test_apply_of_lists_and_dry_runs),
		TEST(test_delete),
		TEST(test_describe_says_why),
		TEST(test_logs_of_one_and_of_several),
		TEST(test_logs_of_an_instance_and_of_nothing),
		TEST(test_status_fails_when_a_part_does),
		TEST(test_version),
		TEST(test_traffic_changes_and_tries_again_after_a_conflict),
		TEST(test_scale_writes_annotations),
		TEST(test_wrong_usage),
		TEST(test_no_agent),
		TEST(test_answers_that_make_no_sense),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
