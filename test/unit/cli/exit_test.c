/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli test/unit/cli/fake_agent.c */
/* The exit codes, and that what is wrong is said on standard error alone. */
#include "unit/cli/objects.h"

#include "base/mem.h"
#include "cli/cli.h"

#define WELL   "{\"status\":{\"parts\":[{\"name\":\"a\",\"ok\":true,\"message\":\"\"}]}}"
#define UNWELL "{\"status\":{\"parts\":[{\"name\":\"a\",\"ok\":false,\"message\":\"\"}]}}"
#define SERVICE                                                                                                        \
	"{\"apiVersion\":\"serving.knative.dev/v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"a\"},\"spec\":{}}"
#define DRY_RUN "PUT " SERVING "services/a?dryRun=All"
#define ANOTHER                                                                                                        \
	"{\"kind\":\"Service\",\"metadata\":{\"name\":\"a\",\"namespace\":\"default\",\"labels\":{\"b\":\"c\"}}}"

static const struct {
	int code;
	const char *words[6];
	const char *input;
} rows[] = {
	{0, {"help"}, ""},
	{0, {"--help"}, ""},
	{0, {"get", "-h"}, ""},
	{0, {"--version"}, ""},
	{0, {"get", "services"}, ""},
	{0, {"get", "service", "gone", "--ignore-not-found"}, ""},
	{1, {"get", "service", "gone"}, ""},
	{1, {"describe", "service", "gone"}, ""},
	{1, {"why", "gone"}, ""},
	{1, {"logs", "gone"}, ""},
	{1, {"delete", "service", "gone"}, ""},
	{0, {"delete", "service", "gone", "--ignore-not-found"}, ""},
	{1, {"traffic", "gone", "@latest=100"}, ""},
	{1, {"scale", "gone", "--min", "1"}, ""},
	{1, {"wait", "gone", "--for=ready", "--timeout=1s"}, ""},
	{1, {"apply", "-f", "/nonexistent"}, ""},
	{1, {"apply", "-f", "-"}, "{"},
	{1, {"apply", "-f", "-"}, "{\"kind\":\"Pod\"}"},
	/* Differences are no failure: as with diff(1), trouble is 2. */
	{0, {"diff", "-f", "-"}, SERVICE},
	{2, {"diff", "-f", "/nonexistent"}, ""},
	{2, {"diff", "-f", "-"}, "{"},
	{2, {"diff"}, ""},
	{2, {"get"}, ""},
	{2, {"get", "pigs"}, ""},
	{2, {"get", "services", "-o", "xml"}, ""},
	{2, {"get", "services", "--nonsense"}, ""},
	{2, {"apply"}, ""},
	{2, {"delete", "service"}, ""},
	{2, {"wait", "gone"}, ""},
	{2, {"scale", "gone"}, ""},
	{2, {"scale", "gone", "--replicas=3"}, ""},
	{2, {"service", "nonsense"}, ""},
	{2, {"help", "nonsense"}, ""},
	{2, {"nonsense"}, ""},
	{2, {"edit", "service", "a"}, ""},
	{2, {"cleanup"}, ""}, /* with a --socket, as all of these */
	{2, {NULL}, ""},
};

static void test_each_has_its_code(void **state)
{
	(void)state;
	teach("GET " SERVING "services", 200, EMPTY);
	teach(DRY_RUN, 200, ANOTHER);
	teach("GET " SERVING "services/a", 200, ANOTHER);
	for (size_t i = 0; i < rs_array_length(rows); i++) {
		const char *first = rows[i].words[0] ? rows[i].words[0] : "(nothing)";
		const char *second = rows[i].words[0] && rows[i].words[1] ? rows[i].words[1] : "";
		fake_agent_run(&fake, rows[i].input, rows[i].words);
		if (fake.code != rows[i].code || (fake.code && !*fake.err))
			fail_msg("%s %s: code %d, not %d; said \"%s\"", first, second, fake.code, rows[i].code,
				 fake.err);
		/* What the agent was not asked for is not printed where results are. */
		assert_true(fake.code == 0 || *fake.out == '\0');
	}
}

/* One deadline for all that are there; none is a mistake. */
static void test_waiting_for_all(void **state)
{
	(void)state;
	teach("GET " SERVING "services", 200, EMPTY);
	fake_run(&fake, "wait", "services", "--all", "--for=ready", "--timeout=1s");
	assert_int_equal(fake.code, 1);
	assert_has(fake.err, "none of the services in the namespace \"default\" is meant");
	fake_run(&fake, "wait", "services", "hello", "--all", "--for=ready");
	assert_int_equal(fake.code, 2);
	assert_has(fake.err, "give names, or -l LABELS, or --all");
	fake_run(&fake, "wait", "services", "-l", "=", "--for=ready");
	assert_int_equal(fake.code, 1);
}

static void test_differences_are_one(void **state)
{
	(void)state;
	teach(DRY_RUN, 200, ANOTHER);
	fake_pipe(&fake, SERVICE, "diff", "-f", "-");
	assert_int_equal(fake.code, 1);
	assert_string_equal(fake.err, "");
}

static void test_status_is_that_of_the_node(void **state)
{
	(void)state;
	teach("GET /apis/rouse.dev/v1/status", 200, WELL);
	fake_run(&fake, "status");
	assert_int_equal(fake.code, 0);
	fake_agent_clear(&fake);
	teach("GET /apis/rouse.dev/v1/status", 200, UNWELL);
	fake_run(&fake, "status");
	assert_int_equal(fake.code, 1);
}

/* Words of other tools are no dead end. */
static void test_foreign_words_are_answered(void **state)
{
	(void)state;
	fake_run(&fake, "edit", "service", "hello");
	assert_has(fake.err, "there is no command \"edit\": \"rouse service update NAME\" changes");
	fake_run(&fake, "help", "rollout");
	assert_has(fake.err, "each change of the template rolls out by itself");
	fake_run(&fake, "get", "services", "--context", "prod");
	assert_has(fake.err, "there is no option --context here: there are no clusters");
	fake_run(&fake, "get");
	assert_has(fake.err, "get: NOUN is missing");
	fake_run(&fake, "cleanup");
	assert_has(fake.err, "name the agent with --name");
}

/* They stand in one place; the manual pages and the help take them from there. */
static void test_each_command_tells_its_codes(void **state)
{
	(void)state;
	for (const struct rs_command *command = rs_commands; command->name; command++) {
		assert_true(strncmp(rs_help_exit(command), "0: ", 3) == 0);
		assert_non_null(strstr(rs_help_exit(command), "1: "));
		assert_non_null(strstr(rs_help_exit(command), "2: "));
	}
	fake_run(&fake, "help", "diff");
	assert_has(fake.out, "Exit codes\n  0: nothing would change. 1: something would. 2: it cannot be told");
	fake_run(&fake, "help", "get");
	assert_has(fake.out, "Exit codes\n  0: well. 1: failed, in whole or in part. 2: wrong usage.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_has_its_code),	       TEST(test_waiting_for_all),
		TEST(test_differences_are_one),	       TEST(test_status_is_that_of_the_node),
		TEST(test_foreign_words_are_answered), TEST(test_each_command_tells_its_codes),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
