/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/sys/hosts_file.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/hosts_file.h"

#define MARK " # rouse\n"

static char path[64];

static void write_file(const char *text)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void assert_file(const char *wanted)
{
	rs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct rs_buf text;
	rs_buf_init(&text, 1 << 20);
	assert_true(fd >= 0);
	assert_int_equal(rs_hosts_read(fd, &text), 0);
	assert_string_equal(text.data ? text.data : "", wanted);
	rs_buf_done(&text);
}

static int rewrite(const char *lines)
{
	struct rs_buf text;
	rs_buf_init(&text, 1 << 20);
	rs_buf_puts(&text, lines);
	int r = rs_hosts_rewrite(path, MARK, &text);
	rs_buf_done(&text);
	return r;
}

static void test_our_lines_change_and_others_stay(void **state)
{
	(void)state;
	struct stat before, after;
	write_file("127.0.0.1 localhost\n198.18.0.1 old" MARK "10.0.0.1 db # rouse2\n::1 localhost");
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(rewrite("198.18.0.2 a" MARK "198.18.0.3 b" MARK), 0);
	assert_file("127.0.0.1 localhost\n10.0.0.1 db # rouse2\n::1 localhost\n198.18.0.2 a" MARK "198.18.0.3 b" MARK);
	assert_int_equal(rs_hosts_append(path, "198.18.0.4 c" MARK), 0);
	assert_int_equal(rewrite("198.18.0.4 c" MARK), 0);
	assert_file("127.0.0.1 localhost\n10.0.0.1 db # rouse2\n::1 localhost\n198.18.0.4 c" MARK);
	assert_int_equal(rewrite(""), 0);
	assert_file("127.0.0.1 localhost\n10.0.0.1 db # rouse2\n::1 localhost\n");
	/* Whoever has it bind-mounted sees the same file. */
	assert_int_equal(stat(path, &after), 0);
	assert_true(before.st_ino == after.st_ino && before.st_mode == after.st_mode && after.st_nlink == 1);
}

static void test_a_full_disk_leaves_it_as_it_was(void **state)
{
	(void)state;
	static const char text[] = "127.0.0.1 localhost\n198.18.0.1 old" MARK "::1 localhost\n";
	struct rlimit before, full;
	write_file(text);
	/* No byte more than there is: what a full disk, or a quota, says. */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	full = before;
	full.rlim_cur = sizeof(text) - 1 + 5;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	int longer = rewrite("198.18.0.1 a-much-longer-name" MARK);
	int appended = rs_hosts_append(path, "198.18.0.2 another" MARK);
	int shorter = rewrite("198.18.0.1 o" MARK);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(longer < 0);
	assert_true(appended < 0);
	assert_int_equal(shorter, 0);
	assert_file("127.0.0.1 localhost\n::1 localhost\n198.18.0.1 o" MARK);
}

static void test_what_is_not_there_is_made(void **state)
{
	(void)state;
	unlink(path);
	assert_int_equal(rs_hosts_append(path, "x" MARK), -ENOENT);
	assert_int_equal(rewrite("198.18.0.1 a" MARK), 0);
	assert_file("198.18.0.1 a" MARK);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(path, "/tmp/rouse-hosts-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_our_lines_change_and_others_stay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_full_disk_leaves_it_as_it_was, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_not_there_is_made, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
