/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/cli/print/wrap.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/print/wrap.h"

static void expect_lines(const char *text, size_t columns, const char *want)
{
	char *got = NULL;
	size_t length;
	FILE *out = open_memstream(&got, &length);
	assert_non_null(out);
	rs_wrap_lines(text, columns, out);
	fclose(out);
	assert_string_equal(got, want);
	free(got);
}

static void test_lines_hang_below_their_indent(void **state)
{
	(void)state;
	expect_lines("  one two three four five six seven\nnext\n", 30,
		     "  one two three four five six\n    seven\nnext\n");
	/* What fills a line exactly stays on it. */
	expect_lines("  one two three four five sixx\n", 30, "  one two three four five sixx\n");
	expect_lines("one two three four five six seven eight nine ten\n", 26,
		     "one two three four five\n  six seven eight nine ten\n");
}

static void test_lines_without_a_bound_stay_whole(void **state)
{
	(void)state;
	expect_lines("one two three four five six seven\n\n", 0, "one two three four five six seven\n\n");
	/* Too little room for prose. */
	expect_lines("one two three four five six seven\n", 10, "one two three four five six seven\n");
}

static void test_a_word_is_never_broken(void **state)
{
	(void)state;
	expect_lines("see http://a-very-long-name.of-a-namespace.rouse/ then\n", 26,
		     "see\n  http://a-very-long-name.of-a-namespace.rouse/\n  then\n");
}

static void test_width_is_of_characters(void **state)
{
	(void)state;
	assert_int_equal(rs_wrap_width("äöü", strlen("äöü")), 3);
	expect_lines("äääää ööööö üüüüü ßßßßß ab\n", 26, "äääää ööööö üüüüü ßßßßß ab\n");
}

static void test_columns(void **state)
{
	(void)state;
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), ends[2];
	struct winsize size = {.ws_col = 91, .ws_row = 20};
	assert_true(terminal >= 0);
	assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	unsetenv("COLUMNS");
	assert_int_equal(rs_wrap_columns(terminal), 91);
	assert_int_equal(rs_wrap_columns(ends[1]), 0);
	setenv("COLUMNS", "70", 1);
	assert_int_equal(rs_wrap_columns(terminal), 70);
	assert_int_equal(rs_wrap_columns(ends[1]), 70);
	setenv("COLUMNS", "wide", 1);
	assert_int_equal(rs_wrap_columns(ends[1]), 0);
	unsetenv("COLUMNS");
	close(terminal);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_hang_below_their_indent),
		cmocka_unit_test(test_lines_without_a_bound_stay_whole),
		cmocka_unit_test(test_a_word_is_never_broken),
		cmocka_unit_test(test_width_is_of_characters),
		cmocka_unit_test(test_columns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
