/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli */
/* The manual pages say what the tables say, and the help says the same. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/man/man.h"
#include "cli/man/roff.h"

static char *text;
static size_t size;
static FILE *out;

static void begin(void)
{
	free(text);
	text = NULL;
	out = open_memstream(&text, &size);
	assert_non_null(out);
}

static void end(void)
{
	assert_int_equal(fclose(out), 0);
}

static void assert_has(const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void test_text_is_no_request(void **state)
{
	(void)state;
	begin();
	struct rs_roff page = {.out = out};
	rs_roff_section(&page, "A");
	rs_roff_paragraph(&page, ".SH x\n'y \\fB -z `~^");
	rs_roff_paragraph(&page, "b");
	rs_roff_term(&page, "-a", "N", "c");
	end();
	assert_string_equal(
		text,
		".SH A\n\\&.SH x\n\\&\\(aqy \\efB \\-z \\(ga\\(ti\\(ha\n.PP\nb\n.TP\n\\fB\\-a\\fR \\fIN\\fR\nc\n");
}

/* How a user finds the way in: each command has an example, in its help and in its page. */
static void test_every_command_has_an_example(void **state)
{
	(void)state;
	for (const struct rs_command *command = NULL; (command = rs_command_next(command));) {
		char name[RS_MAN_NAME_MAX], example[128];
		if (rs_command_is_hidden(command))
			continue;
		snprintf(example, sizeof(example), "rouse %s", command->name);
		begin();
		rs_help_command(command, out);
		end();
		const char *usage = strstr(text, "usage: ");
		assert_non_null(usage);
		if (!strstr(usage + strlen("usage: rouse "), example))
			fail_msg("the help of %s has no example", command->name);
		begin();
		rs_man_command(command, out);
		end();
		rs_man_name(command, name);
		assert_has("\n.SH EXAMPLES\n.nf\n");
		assert_has("\n.SH SYNOPSIS\n.B rouse ");
		assert_null(strchr(name, ' '));
	}
}

static void test_a_page_of_a_command(void **state)
{
	(void)state;
	begin();
	rs_man_command(rs_command_find("top"), out);
	end();
	assert_has(".TH \"ROUSE-TOP\" 1 ");
	assert_has("\n.SH NAME\nrouse\\-top \\- what all revisions do, live\n");
	assert_has("\n.TP\n\\fB\\-s, \\-\\-seconds\\fR \\fISECONDS\\fR\n");
	assert_has("\nrouse top \\-A\n");
}

static void test_the_overview_names_every_command(void **state)
{
	(void)state;
	begin();
	rs_man_overview(out);
	end();
	for (const struct rs_command *command = NULL; (command = rs_command_next(command));) {
		char term[128];
		snprintf(term, sizeof(term), "\n.TP\n\\fB%s\\fR", command->name);
		if (rs_command_is_hidden(command))
			assert_null(strstr(text, term));
		else
			assert_has(term);
	}
	assert_has("ROUSE_SOCKET");
}

static void test_the_agent_and_its_configuration(void **state)
{
	(void)state;
	cJSON *options = cJSON_Parse(
		"{\"options\":[{\"key\":\"pool\",\"argument\":\"N\",\"range\":\"1..512\",\"default\":\"8\",\"applies\":"
		"\"reload\",\"help\":\"sandboxes kept ready\"},{\"key\":\"purge\",\"applies\":\"command "
		"line\",\"help\":"
		"\"with --cleanup\"}],\"sections\":[{\"name\":\"autoscaler\",\"configMap\":\"config-autoscaler\","
		"\"keys\":[{\"key\":\"stable-window\",\"default\":\"60s\",\"applies\":\"reload\",\"help\":\"the "
		"window\"},{\"key\":\"pod-autoscaler-class\",\"refused\":\"there is one\"}]}],\"refused\":[{"
		"\"configMap\":\"config-leader-election\",\"reason\":\"one node\"}]}");
	assert_non_null(options);
	begin();
	rs_man_agent(options, out);
	end();
	assert_has("\n.TP\n\\fB\\-\\-pool\\fR \\fIN\\fR\nsandboxes kept ready. Values: 1..512. Without it: 8. Takes "
		   "effect on a reload (SIGHUP).\n");
	assert_has("\n.TP\n\\fB\\-\\-purge\\fR\nwith \\-\\-cleanup.\n");
	begin();
	rs_man_configuration(options, out);
	end();
	assert_has(".TH \"ROUSE.YAML\" 5 ");
	assert_has("\n.TP\n\\fBpool\\fR\n");
	assert_null(strstr(text, "purge"));
	assert_has("\n.SS autoscaler\n");
	assert_has("\n.TP\n\\fBstable\\-window\\fR\nthe window. Without it: 60s.");
	assert_has("\n.TP\n\\fBpod\\-autoscaler\\-class\\fR\nRefused: there is one.\n");
	assert_has("\n.TP\n\\fBconfig\\-leader\\-election\\fR\none node\n");
	cJSON_Delete(options);
}

static int free_text(void **state)
{
	(void)state;
	free(text);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_no_request),
		cmocka_unit_test(test_every_command_has_an_example),
		cmocka_unit_test(test_a_page_of_a_command),
		cmocka_unit_test(test_the_overview_names_every_command),
		cmocka_unit_test(test_the_agent_and_its_configuration),
	};
	return cmocka_run_group_tests(tests, NULL, free_text);
}
