/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/rt/expand.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "rt/expand.h"

static char *const entries[] = {"EMPTY=", "NAME=one", "OTHER=two", "NAMES=three", "NAME=last", "NESTED=$(NAME)"};

static void expands_to(const char *text, const char *expected)
{
	struct rs_buf out;
	rs_buf_init(&out, 1024);
	assert_int_equal(rs_expand(&out, text, entries, sizeof(entries) / sizeof(*entries)), 0);
	char *result = rs_buf_take(&out);
	assert_non_null(result);
	assert_string_equal(result, expected);
	free(result);
}

static void test_references_become_values(void **state)
{
	(void)state;
	expands_to("", "");
	expands_to("plain", "plain");
	expands_to("$(NAME)", "last");
	expands_to("<$(OTHER)$(NAME)>", "<twolast>");
	expands_to("$(EMPTY)", "");
	expands_to("$(NAMES)", "three");
}

static void test_what_is_inserted_is_not_expanded_again(void **state)
{
	(void)state;
	expands_to("$(NESTED)", "$(NAME)");
}

static void test_unknown_references_stay(void **state)
{
	(void)state;
	expands_to("$(UNKNOWN)", "$(UNKNOWN)");
	expands_to("$()", "$()");
	expands_to("$(NAM)", "$(NAM)");
	expands_to("$(NAME=last)", "$(NAME=last)");
}

/* The cases of Kubernetes' own tests of its expansion. */
static void test_dollars_by_kubernetes_rules(void **state)
{
	(void)state;
	expands_to("$$", "$");
	expands_to("$$(NAME)", "$(NAME)");
	expands_to("$$$(NAME)", "$last");
	expands_to("$$$$(NAME)", "$$(NAME)");
	expands_to("$NAME", "$NAME");
	expands_to("${NAME}", "${NAME}");
	expands_to("a$", "a$");
	expands_to("$(NAME", "$(NAME");
	expands_to("$(NAME$(OTHER)", "$(NAME$(OTHER)");
	expands_to("$$($(NAME))", "$(last)");
	expands_to("\\$(NAME)", "\\last");
}

static void test_too_long_a_result_is_an_error(void **state)
{
	(void)state;
	struct rs_buf out;
	rs_buf_init(&out, 4);
	assert_int_equal(rs_expand(&out, "$(NAMES)", entries, 4), -E2BIG);
	rs_buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_references_become_values),
		cmocka_unit_test(test_what_is_inserted_is_not_expanded_again),
		cmocka_unit_test(test_unknown_references_stay),
		cmocka_unit_test(test_dollars_by_kubernetes_rules),
		cmocka_unit_test(test_too_long_a_result_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
