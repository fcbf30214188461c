/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli test/unit/cli/fake_agent.c */
/* What completion offers, for each kind of place in a command line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/cli.h"
#include "unit/cli/fixture.h"

#define SERVING "/apis/serving.knative.dev/v1/"
#define OBJECT(namespace, name)                                                                                        \
	"{\"metadata\":{\"namespace\":\"" namespace "\",\"name\":\"" name                                              \
						    "\",\"labels\":{\"serving.knative.dev/service\":\"hello\"}}}"

#define offered(...) fake_run(&fake, "__complete", "--", __VA_ARGS__)

/* `names`: the candidates without their descriptions, each followed by a space. */
static void assert_offered(const char *names)
{
	char got[4096] = "";
	assert_int_equal(fake.code, 0);
	assert_string_equal(fake.err, "");
	for (const char *at = fake.out; *at;) {
		strncat(got, at, strcspn(at, "\t\n"));
		strcat(got, " ");
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	assert_string_equal(got, names);
}

static void test_commands(void **state)
{
	(void)state;
	offered("ap");
	assert_string_equal(fake.out, "apply\tcreate or change services from manifests\n");
	offered("__");
	assert_offered("");
	offered("help", "appl");
	assert_offered("apply ");
	offered("-n", "shop", "appl");
	assert_offered("apply ");
	offered("service", "desc");
	assert_offered("describe ");
	offered("ksvc", "exp");
	assert_offered("export ");
	offered("servi");
	assert_offered("service ");
	/* All of them, and what programs use stays theirs. */
	offered("");
	for (const struct rs_command *command = rs_commands; command->name; command++) {
		char first[64], line[80];
		snprintf(first, sizeof(first), "%.*s", (int)strcspn(command->name, " "), command->name);
		snprintf(line, sizeof(line), "%s\t", first);
		if (strchr(command->name, ' '))
			continue;
		if (rs_command_is_hidden(command))
			assert_null(strstr(fake.out, line));
		else
			assert_non_null(strstr(fake.out, line));
	}
}

static void test_options(void **state)
{
	(void)state;
	offered("top", "--on");
	assert_string_equal(fake.out, "--once\tprint one table and end\n");
	offered("apply", "--on");
	assert_offered("");
	offered("--vers");
	assert_offered("--version ");
}

static void test_values_of_options(void **state)
{
	(void)state;
	fake_agent_teach(&fake, "GET " SERVING "services", 200,
			 "{\"items\":[" OBJECT("default", "a") "," OBJECT("shop", "b") "," OBJECT("shop", "c") "]}");
	offered("get", "services", "-o", "y");
	assert_offered("yaml ");
	offered("get", "services", "--output=j");
	assert_offered("--output=json --output=jsonpath= ");
	offered("get", "services", "-n", "");
	assert_offered("default shop ");
	offered("get", "services", "--namespace", "s");
	assert_offered("shop ");
	offered("apply", "-f", "x");
	assert_offered(":files ");
	offered("wait", "hello", "--for", "z");
	assert_offered("zero ");
}

static void test_nouns_and_names(void **state)
{
	(void)state;
	fake_agent_teach(&fake, "GET " SERVING "namespaces/default/services", 200,
			 "{\"items\":[" OBJECT("default", "hello") "," OBJECT("default", "help") "]}");
	fake_agent_teach(&fake, "GET " SERVING "namespaces/shop/revisions", 200,
			 "{\"items\":[" OBJECT("shop", "hello-00001") "]}");
	offered("get", "ser");
	assert_string_equal(fake.out, "services\twhat sleeps, wakes and scales\n");
	offered("get", "services,re");
	assert_offered("services,revisions ");
	offered("describe", "svc", "hel");
	assert_offered("hello help ");
	offered("describe", "svc", "hello", "help");
	assert_offered("help ");
	offered("-n", "shop", "describe", "rev", "");
	assert_offered("hello-00001 ");
	offered("why", "hell");
	assert_offered("hello ");
	offered("why", "rev");
	assert_offered("revision/ ");
	offered("why", "-n", "shop", "revision/h");
	assert_offered("revision/hello-00001 ");
	offered("delete", "service", "hello", "hel");
	assert_offered("hello help ");
	offered("svc", "describe", "hello", "hel");
	assert_offered("hello help ");
	offered("revision", "delete", "-n", "shop", "");
	assert_offered("hello-00001 ");
	offered("wait", "hel"); /* [NOUN] NAME: either */
	assert_offered("hello help ");
}

static void test_targets_of_traffic(void **state)
{
	(void)state;
	fake_agent_teach(&fake, "GET " SERVING "namespaces/default/revisions", 200,
			 "{\"items\":[" OBJECT("default", "hello-00001") "]}");
	offered("traffic", "hello", "");
	assert_offered("@latest= hello-00001= ");
	offered("traffic", "other", "");
	assert_offered("@latest= ");
}

static void test_words_that_are_written_out(void **state)
{
	(void)state;
	offered("completion", "");
	assert_offered("bash zsh fish ");
	offered("completion", "bash", "");
	assert_offered("");
	offered("cleanup", "--", "");
	assert_offered(":files ");
}

static void test_without_an_agent_there_are_no_names(void **state)
{
	(void)state;
	offered("--socket", "/nonexistent", "get", "services", "");
	assert_offered("");
	offered("--socket", "/nonexistent", "get", "ser");
	assert_offered("services ");
}

static void test_scripts(void **state)
{
	(void)state;
	fake_run(&fake, "completion", "bash");
	assert_non_null(strstr(fake.out, "complete -F _rouse rouse\n"));
	fake_run(&fake, "completion", "zsh");
	assert_true(rs_str_starts_with(fake.out, "#compdef rouse\n"));
	fake_run(&fake, "completion", "fish");
	assert_non_null(strstr(fake.out, "complete -c rouse"));
	fake_run(&fake, "completion", "tcsh");
	assert_int_equal(fake.code, 2);
	assert_non_null(strstr(fake.err, "bash, zsh and fish"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_commands, clear),
		cmocka_unit_test_setup(test_options, clear),
		cmocka_unit_test_setup(test_values_of_options, clear),
		cmocka_unit_test_setup(test_nouns_and_names, clear),
		cmocka_unit_test_setup(test_targets_of_traffic, clear),
		cmocka_unit_test_setup(test_words_that_are_written_out, clear),
		cmocka_unit_test_setup(test_without_an_agent_there_are_no_names, clear),
		cmocka_unit_test_setup(test_scripts, clear),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
