/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/cli/print/table.c user/cli/print/wrap.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "cli/print/table.h"

struct fixture {
	struct rs_table table;
	char *text;
	size_t length;
	FILE *out;
};

static void begin(struct fixture *fixture, bool is_coloured)
{
	*fixture = (struct fixture){0};
	fixture->out = open_memstream(&fixture->text, &fixture->length);
	assert_non_null(fixture->out);
	rs_table_init(&fixture->table, is_coloured);
	rs_table_column(&fixture->table, "NAME");
	rs_table_column(&fixture->table, "READY");
}

static void row(struct fixture *fixture, const char *name, enum rs_colour colour, const char *ready)
{
	rs_table_cell(&fixture->table, RS_COLOUR_NONE, name);
	rs_table_cell(&fixture->table, colour, ready);
}

static void print_and_expect(struct fixture *fixture, const char *want)
{
	assert_int_equal(rs_table_print(&fixture->table, fixture->out), 0);
	assert_int_equal(fflush(fixture->out), 0);
	assert_string_equal(fixture->text, want);
}

static void end(struct fixture *fixture)
{
	fclose(fixture->out);
	free(fixture->text);
	rs_table_done(&fixture->table);
}

static void test_columns_are_as_wide_as_their_widest_cell(void **state)
{
	(void)state;
	struct fixture fixture;
	begin(&fixture, false);
	row(&fixture, "hello", RS_COLOUR_GOOD, "True");
	row(&fixture, "a-longer-name", RS_COLOUR_BAD, "False");
	print_and_expect(&fixture, "NAME            READY\n"
				   "hello           True\n"
				   "a-longer-name   False\n");
	end(&fixture);
}

static void test_a_followed_table_keeps_its_shape(void **state)
{
	(void)state;
	struct fixture fixture;
	begin(&fixture, false);
	row(&fixture, "a-longer-name", RS_COLOUR_NONE, "True");
	assert_int_equal(rs_table_print(&fixture.table, fixture.out), 0);
	row(&fixture, "b", RS_COLOUR_NONE, "True");
	print_and_expect(&fixture, "NAME            READY\n"
				   "a-longer-name   True\n"
				   "b               True\n");
	end(&fixture);
}

static void test_the_last_column_is_wrapped(void **state)
{
	(void)state;
	struct fixture fixture;
	begin(&fixture, false);
	fixture.table.columns = 34;
	fixture.table.indent = 2;
	row(&fixture, "hello", RS_COLOUR_NONE, "it has to say more than one line takes");
	row(&fixture, "b", RS_COLOUR_NONE, "True");
	print_and_expect(&fixture, "  NAME    READY\n"
				   "  hello   it has to say more than\n"
				   "          one line takes\n"
				   "  b       True\n");
	end(&fixture);
}

static void test_colour_surrounds_the_text_alone(void **state)
{
	(void)state;
	struct fixture fixture;
	begin(&fixture, true);
	row(&fixture, "hello", RS_COLOUR_GOOD, "True");
	print_and_expect(&fixture, "NAME    READY\n"
				   "hello   \033[32mTrue\033[0m\n");
	end(&fixture);
}

static void test_foreign_text_cannot_drive_the_terminal(void **state)
{
	(void)state;
	struct fixture fixture;
	begin(&fixture, false);
	row(&fixture, "a\033[2Jb", RS_COLOUR_NONE, "line\nbreak\177");
	print_and_expect(&fixture, "NAME     READY\n"
				   "a [2Jb   line break \n");
	end(&fixture);
}

static void test_width_counts_characters_not_bytes(void **state)
{
	(void)state;
	struct fixture fixture;
	begin(&fixture, false);
	row(&fixture, "h\303\251llo", RS_COLOUR_NONE, "True");
	row(&fixture, "hello", RS_COLOUR_NONE, "True");
	print_and_expect(&fixture, "NAME    READY\n"
				   "h\303\251llo   True\n"
				   "hello   True\n");
	end(&fixture);
}

static void test_empty_cells_at_the_end_leave_no_spaces(void **state)
{
	(void)state;
	struct fixture fixture;
	begin(&fixture, false);
	row(&fixture, "hello", RS_COLOUR_NONE, "");
	row(&fixture, "", RS_COLOUR_NONE, "True");
	print_and_expect(&fixture, "NAME    READY\n"
				   "hello\n"
				   "        True\n");
	end(&fixture);
}

static void test_indent_and_suppressed_headers(void **state)
{
	(void)state;
	struct fixture fixture;
	begin(&fixture, false);
	fixture.table.indent = 2;
	fixture.table.has_printed_headers = true;
	row(&fixture, "hello", RS_COLOUR_NONE, "True");
	print_and_expect(&fixture, "  hello   True\n");
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(test_a_followed_table_keeps_its_shape),
		cmocka_unit_test(test_the_last_column_is_wrapped),
		cmocka_unit_test(test_colour_surrounds_the_text_alone),
		cmocka_unit_test(test_foreign_text_cannot_drive_the_terminal),
		cmocka_unit_test(test_width_counts_characters_not_bytes),
		cmocka_unit_test(test_empty_cells_at_the_end_leave_no_spaces),
		cmocka_unit_test(test_indent_and_suppressed_headers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
