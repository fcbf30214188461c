/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli test/unit/cli/fake_agent.c */
/* sysdump's items: bounded, never the end of the others, and without secrets. The whole runs in test/e2e/explain.sh. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/str.h"
#include "base/time.h"
#include "cli/dump/dump.h"
#include "cli/json.h"
#include "unit/cli/fixture.h"

#define SERVING "/apis/serving.knative.dev/v1/"
#define SERVICE                                                                                                        \
	"{\"items\":[{\"metadata\":{\"name\":\"hello\",\"annotations\":{"                                              \
	"\"kubectl.kubernetes.io/last-applied-configuration\":\"tiger\"}},\"spec\":{\"template\":{\"spec\":{"          \
	"\"containers\":[{\"env\":[{\"name\":\"PASSWORD\",\"value\":\"tiger\"},{\"name\":\"EMPTY\"}],"                 \
	"\"command\":[\"run\"],\"livenessProbe\":{\"httpGet\":{\"httpHeaders\":[{\"name\":\"Authorization\","          \
	"\"value\":\"tiger\"}]}}}]}}}}]}"

static struct rs_dump dump;
static char text[65536];

static void begin(void)
{
	struct rs_err err = {0};
	dump = (struct rs_dump){0};
	assert_int_equal(rs_dump_begin(&dump, "here", &err), 0);
}

static const char *contents(const char *item)
{
	char path[1024];
	snprintf(path, sizeof(path), "%s/%s", dump.directory, item);
	ssize_t n = rs_read_small(path, text, sizeof(text));
	if (n < 0)
		fail_msg("%s cannot be read", path);
	return text;
}

static void test_secrets_are_left_out(void **state)
{
	(void)state;
	cJSON *json = cJSON_Parse(SERVICE);
	assert_non_null(json);
	assert_int_equal(rs_dump_redact(json), 3);
	char *printed = cJSON_PrintUnformatted(json);
	assert_null(strstr(printed, "tiger"));
	assert_has(printed, "PASSWORD");
	assert_has(printed, "\"command\":[\"run\"]");
	free(printed);
	cJSON_Delete(json);
}

static void test_a_command_that_is_well_and_ones_that_are_not(void **state)
{
	(void)state;
	begin();
	rs_dump_run(&dump, "a/well.txt", "echo one; echo two >&2");
	rs_dump_run(&dump, "bad.txt", "echo three; exit 3");
	rs_dump_run(&dump, "missing.txt", "no-such-program-anywhere");
	assert_string_equal(contents("a/well.txt"), "# echo one; echo two >&2\none\ntwo\n");
	assert_has(contents("bad.txt"), "three\n");
	assert_has(contents("index.txt"), "\nok     a/well.txt\nFAILED bad.txt: exit code 3: see its output\n"
					  "FAILED missing.txt: exit code 127");
	assert_int_equal(dump.items, 3);
	assert_int_equal(dump.failures, 2);
	rs_dump_end(&dump);
}

static void test_limits_of_an_item(void **state)
{
	(void)state;
	begin();
	dump.item_bytes = 1000;
	rs_dump_run(&dump, "endless.txt", "yes");
	dump.item_ns = 100 * RS_NS_PER_MS;
	uint64_t before_ns = rs_now_ns();
	rs_dump_run(&dump, "slow.txt", "echo begun; sleep 1000 & sleep 1000");
	assert_true(rs_now_ns() - before_ns < 20 * RS_NS_PER_S);
	assert_has(contents("slow.txt"), "begun\n");
	assert_true(strlen(contents("endless.txt")) < 1100);
	assert_has(contents("index.txt"), "cut    endless.txt: it is too large\ncut    slow.txt: it took too long\n");
	assert_int_equal(dump.failures, 0);
	rs_dump_end(&dump);
}

static void test_limits_of_all(void **state)
{
	(void)state;
	begin();
	dump.end_ns = 1;
	rs_dump_run(&dump, "late.txt", "echo no");
	dump.end_ns = UINT64_MAX;
	dump.bytes = RS_DUMP_TOTAL_BYTES;
	rs_dump_copy(&dump, "more.txt", "/proc/self/status", 1000);
	assert_has(contents("index.txt"),
		   "FAILED late.txt: left out: the time is over\nFAILED more.txt: left out: it is "
		   "large enough\n");
	rs_dump_end(&dump);
}

static volatile sig_atomic_t stop_flag;

static void test_ctrl_c_ends_what_runs_and_what_would(void **state)
{
	(void)state;
	begin();
	dump.stop = &stop_flag;
	stop_flag = 1;
	rs_dump_run(&dump, "never.txt", "sleep 1000");
	assert_null(strstr(contents("index.txt"), "never"));
	stop_flag = 0;
	rs_dump_run(&dump, "now.txt", "echo now");
	assert_has(contents("index.txt"), "ok     now.txt\n");
	rs_dump_end(&dump);
}

static void test_the_end_of_a_file(void **state)
{
	(void)state;
	begin();
	rs_dump_run(&dump, "long.txt", "seq 1 1000");
	char path[1024];
	snprintf(path, sizeof(path), "%s/long.txt", dump.directory);
	rs_dump_copy(&dump, "end.txt", path, 9);
	rs_dump_copy(&dump, "proc.txt", "/proc/self/status", 1000);
	rs_dump_copy(&dump, "none.txt", "/nonexistent", 1000);
	assert_string_equal(contents("end.txt"), "999\n1000\n");
	assert_has(contents("proc.txt"), "Name:");
	assert_has(contents("index.txt"),
		   "cut    end.txt: only its end\nok     proc.txt\nFAILED none.txt: No such file");
	rs_dump_end(&dump);
	assert_int_not_equal(access(path, F_OK), 0);
}

static void test_what_the_agent_says(void **state)
{
	(void)state;
	struct rs_client client;
	fake_agent_teach(&fake, "GET " SERVING "services", 200, SERVICE);
	fake_agent_teach(&fake, "GET /apis/rouse.dev/v1/status", 200, "{\"status\":{\"pid\":4711,\"parts\":[]}}");
	fake_agent_teach(&fake, "GET /metrics", 200, "rouse_services 1\n");
	fake_agent_teach(
		&fake, "GET /apis/rouse.dev/v1/instances", 200,
		"{\"kind\":\"InstanceList\",\"items\":[{\"status\":{\"logPath\":\"/nonexistent/logs/default/x/1.log\"}"
		"},{\"status\":{\"logPath\":\"/nonexistent/logs/../../etc/shadow\"}}]}");
	rs_client_init(&client, fake.socket);
	begin();
	rs_outside_places(fake.socket, &dump.places);
	rs_dump_agent(&dump, &client);
	assert_has(contents("api/services.json"), "(left out)");
	assert_null(strstr(text, "tiger"));
	assert_string_equal(contents("api/metrics.txt"), "rouse_services 1\n");
	assert_int_equal(dump.agent_pid, 4711);
	assert_has(contents("index.txt"), "ok     api/services.json\nFAILED api/configurations.json: ");
	assert_has(text, "ok     api/metrics.txt\n");
	assert_has(text, "FAILED instances/logs/default/x/1.log: No such file");
	assert_null(strstr(text, "shadow"));
	rs_dump_end(&dump);

	begin();
	dump.with_env = true;
	rs_dump_agent(&dump, &client);
	assert_has(contents("api/services.json"), "tiger");
	rs_dump_end(&dump);
	rs_client_done(&client);
}

static void test_an_agent_that_is_dead(void **state)
{
	(void)state;
	struct rs_client client;
	rs_client_init(&client, "/nonexistent/api.sock");
	begin();
	rs_outside_places("/nonexistent/api.sock", &dump.places);
	rs_dump_agent(&dump, &client);
	assert_has(contents("index.txt"), "FAILED api/version.json: no agent answers at /nonexistent/api.sock");
	assert_has(text, "FAILED api/metrics.txt: the agent does not answer\nok     outside.json\n");
	assert_has(contents("outside.json"), "\"answers\":\tfalse");
	assert_int_equal(dump.agent_pid, 0);
	rs_dump_end(&dump);
	rs_client_done(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_secrets_are_left_out, clear),
		cmocka_unit_test_setup(test_a_command_that_is_well_and_ones_that_are_not, clear),
		cmocka_unit_test_setup(test_limits_of_an_item, clear),
		cmocka_unit_test_setup(test_limits_of_all, clear),
		cmocka_unit_test_setup(test_ctrl_c_ends_what_runs_and_what_would, clear),
		cmocka_unit_test_setup(test_the_end_of_a_file, clear),
		cmocka_unit_test_setup(test_what_the_agent_says, clear),
		cmocka_unit_test_setup(test_an_agent_that_is_dead, clear),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
