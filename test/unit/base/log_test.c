/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* Runs `log` with standard error in a file, and reads what it wrote. */
static void capture(void (*log)(void), char *out, size_t size)
{
	FILE *file = tmpfile();
	assert_non_null(file);
	int saved = dup(STDERR_FILENO);
	fflush(stderr);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	log();
	fflush(stderr);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	rewind(file);
	size_t n = fread(out, 1, size - 1, file);
	out[n] = '\0';
	fclose(file);
}

static void test_values_are_quoted_where_they_must_be(void **state)
{
	(void)state;
	static const struct {
		const char *value, *want;
	} rows[] = {
		{"plain", "plain"},
		{"default/hello-00001", "default/hello-00001"},
		{"10.0.0.0/8", "10.0.0.0/8"},
		{"", "\"\""},
		{"two words", "\"two words\""},
		{"say \"no\"", "\"say \\\"no\\\"\""},
		{"a=b", "\"a=b\""},
		{"back\\slash", "\"back\\\\slash\""},
		{"a\nb", "\"a b\""},
		{"gr\xc3\xb6\xc3\x9f"
		 "e",
		 "gr\xc3\xb6\xc3\x9f"
		 "e"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(rs_log_value(rows[i].value), rows[i].want);
}

static void test_long_values_are_cut_and_still_end(void **state)
{
	(void)state;
	char value[2 * RS_LOG_VALUE_MAX];
	memset(value, '"', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	const char *out = rs_log_value(value);
	size_t length = strlen(out);
	assert_true(length < RS_LOG_VALUE_MAX);
	assert_int_equal(out[length - 1], '"');
	assert_int_not_equal(length % 2, 1); /* no escape was cut in half */
}

static void log_one(void)
{
	rs_warn("something happened\nagain what=%s", rs_log_value("a b"));
}

static void log_errno(void)
{
	rs_log_errno(-2, "cannot open it file=%s", "x");
}

static void test_the_journal_gets_priorities_and_no_time(void **state)
{
	(void)state;
	char line[512];
	rs_log_set_format(RS_LOG_FORMAT_JOURNAL);
	capture(log_one, line, sizeof(line));
	assert_string_equal(line, "<4>something happened again what=\"a b\"\n");
	capture(log_errno, line, sizeof(line));
	assert_string_equal(line, "<3>cannot open it file=x error=\"No such file or directory\"\n");
	rs_log_set_format(RS_LOG_FORMAT_TEXT);
	capture(log_one, line, sizeof(line));
	assert_true(line[0] == '2' && line[10] == 'T');
	assert_non_null(strstr(line, "Z warn  something happened again what=\"a b\"\n"));
}

static void test_auto_is_for_the_journal_when_that_reads_standard_error(void **state)
{
	(void)state;
	char stream[64], line[512];
	struct stat status;
	assert_int_equal(fstat(STDERR_FILENO, &status), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)status.st_dev,
		 (unsigned long long)status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	rs_log_set_format(RS_LOG_FORMAT_AUTO);
	capture(log_one, line, sizeof(line));
	assert_int_equal(line[0], '<');
	/* The variable is inherited by those whose standard error goes elsewhere. */
	setenv("JOURNAL_STREAM", "1:1", 1);
	rs_log_set_format(RS_LOG_FORMAT_AUTO);
	capture(log_one, line, sizeof(line));
	assert_int_equal(line[0], '2');
	unsetenv("JOURNAL_STREAM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_are_quoted_where_they_must_be),
		cmocka_unit_test(test_long_values_are_cut_and_still_end),
		cmocka_unit_test(test_the_journal_gets_priorities_and_no_time),
		cmocka_unit_test(test_auto_is_for_the_journal_when_that_reads_standard_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
