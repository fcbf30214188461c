/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/sys/undo.c */
/* What is to be undone: once, in the right order, also after a kill in the middle of a line, and by an heir. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sys/undo.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char directory[64], heir[80];
static char undone[1024];
static int answer;

static int set_up(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/rouse-undo-XXXXXX");
	undone[0] = '\0';
	answer = 0;
	if (!mkdtemp(directory))
		return -1;
	snprintf(heir, sizeof(heir), "%s-heir", directory);
	return rename(directory, heir) == 0 && mkdtemp(strcpy(directory, "/tmp/rouse-undo-XXXXXX")) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	const char *const directories[] = {directory, heir};
	for (size_t i = 0; i < rs_array_length(directories); i++) {
		rs_auto_free char *notes = rs_str_format("%s/undo", directories[i]);
		unlink(notes);
		if (rmdir(directories[i]) < 0)
			return -1;
	}
	return 0;
}

static int undo(const char *key, const char *value, struct rs_err *err)
{
	size_t length = strlen(undone);
	snprintf(undone + length, sizeof(undone) - length, "%s=%s;", key, value);
	return answer < 0 ? rs_err_set(err, answer, "no") : 0;
}

static void append(const char *text)
{
	rs_auto_free char *path = rs_str_format("%s/undo", directory);
	FILE *file = fopen(path, "ae");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_the_latest_is_undone_first(void **state)
{
	struct rs_err err;
	(void)state;
	assert_int_equal(rs_undo_note(directory, "a 1", "0"), 0);
	assert_int_equal(rs_undo_note(directory, "b /x y", ""), 0);
	assert_int_equal(rs_undo_run(directory, undo, &err), 0);
	assert_string_equal(undone, "b /x y=;a 1=0;");
	/* And only once. */
	assert_int_equal(rs_undo_run(directory, undo, &err), 0);
	assert_string_equal(undone, "b /x y=;a 1=0;");
}

static void test_the_first_note_of_a_key_stays(void **state)
{
	struct rs_err err;
	(void)state;
	assert_int_equal(rs_undo_note(directory, "a 1", "old"), 0);
	assert_int_equal(rs_undo_note(directory, "a 12", "other"), 0);
	assert_int_equal(rs_undo_note(directory, "a 1", "ours"), 0);
	assert_int_equal(rs_undo_run(directory, undo, &err), 0);
	assert_string_equal(undone, "a 12=other;a 1=old;");
}

static void test_what_failed_is_tried_again(void **state)
{
	struct rs_err err = {0};
	(void)state;
	assert_int_equal(rs_undo_note(directory, "a", "1"), 0);
	assert_int_equal(rs_undo_note(directory, "b", "2"), 0);
	answer = -EBUSY;
	assert_int_equal(rs_undo_run(directory, undo, &err), -EBUSY);
	assert_string_equal(err.message, "no");
	assert_string_equal(undone, "b=2;a=1;"); /* the others were tried all the same */
	answer = 0;
	undone[0] = '\0';
	assert_int_equal(rs_undo_run(directory, undo, &err), 0);
	assert_string_equal(undone, "b=2;a=1;");
}

static void test_half_a_line_is_none(void **state)
{
	struct rs_err err;
	(void)state;
	assert_int_equal(rs_undo_note(directory, "a", "1"), 0);
	append("no tab\nb\t2");
	assert_int_equal(rs_undo_run(directory, undo, &err), 0);
	assert_string_equal(undone, "a=1;");
}

static bool is_stale(const char *key)
{
	return rs_str_starts_with(key, "gone");
}

static void test_void_notes_are_dropped(void **state)
{
	struct rs_err err;
	(void)state;
	assert_int_equal(rs_undo_note(directory, "gone 1", "1"), 0);
	assert_int_equal(rs_undo_note(directory, "here", "2"), 0);
	assert_int_equal(rs_undo_note(directory, "gone 2", "3"), 0);
	assert_int_equal(rs_undo_compact(directory, is_stale), 0);
	assert_int_equal(rs_undo_run(directory, undo, &err), 0);
	assert_string_equal(undone, "here=2;");
}

static void test_an_heir_knows_how_it_was(void **state)
{
	struct rs_err err;
	(void)state;
	assert_int_equal(rs_undo_note(heir, "mine", "1"), 0);
	assert_int_equal(rs_undo_note(heir, "both", "known"), 0);
	assert_int_equal(rs_undo_note(directory, "both", "2"), 0);
	assert_int_equal(rs_undo_note(directory, "yours", "3"), 0);
	assert_int_equal(rs_undo_hand_over(directory, heir, &err), 0);
	assert_int_equal(rs_undo_run(directory, undo, &err), 0);
	assert_string_equal(undone, "");
	assert_int_equal(rs_undo_run(heir, undo, &err), 0);
	assert_string_equal(undone, "yours=3;both=known;mine=1;");
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		test(test_the_latest_is_undone_first), test(test_the_first_note_of_a_key_stays),
		test(test_what_failed_is_tried_again), test(test_half_a_line_is_none),
		test(test_void_notes_are_dropped),     test(test_an_heir_knows_how_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
