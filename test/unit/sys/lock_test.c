/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/sys/lock.c */
/* A directory belongs to one process: its pid is told, and one that is about to be gone is waited for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sys/lock.h"

#include "base/mem.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64];

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(strcpy(directory, "/tmp/rouse-lock-XXXXXX")) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	rmdir(directory);
	return 0;
}

/* A process that has the lock, and waits to be killed. */
static pid_t hold(void)
{
	int ends[2];
	char byte;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		int fd;
		pid_t holder;
		if (rs_lock_directory(directory, &fd, &holder) < 0 || write(ends[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_true(child > 0);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	close(ends[1]);
	return child;
}

static void test_the_holder_is_told(void **state)
{
	pid_t child = hold(), holder = 0;
	int fd = -1;
	(void)state;
	assert_int_equal(rs_lock_directory(directory, &fd, &holder), -EBUSY);
	assert_int_equal(holder, child);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(rs_lock_directory(directory, &fd, &holder), 0);
	close(fd);
}

static void test_one_that_was_killed_is_waited_for(void **state)
{
	pid_t child = hold(), holder;
	int fd = -1;
	(void)state;
	kill(child, SIGKILL);
	/* Nobody has reaped it; it may not even be dead yet. */
	assert_int_equal(rs_lock_directory(directory, &fd, &holder), 0);
	close(fd);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void test_a_directory_that_is_not_there(void **state)
{
	pid_t holder;
	int fd = -1;
	(void)state;
	assert_int_equal(rmdir(directory), 0);
	assert_int_equal(rs_lock_directory(directory, &fd, &holder), -ENOENT);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		test(test_the_holder_is_told),
		test(test_one_that_was_killed_is_waited_for),
		test(test_a_directory_that_is_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
