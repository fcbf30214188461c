/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli test/unit/cli/fake_agent.c */
/* rouse top on a terminal: what it draws, its keys, and that the terminal is as before on every way out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#include "cli/cli.h"
#include "unit/cli/fixture.h"

#define DEADLINE_MS 20000

static struct {
	int terminal; /* our end */
	pid_t pid;
	struct termios before;
	char seen[1 << 20]; /* all that was written to it */
	size_t length;
	size_t mark; /* looked at up to here */
} top;

static long now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* This program again, as rouse: a fork of a process with threads (the fake agent's) that goes on without exec may find
 * a lock of the allocator taken for ever. */
#define AS_ROUSE "--as-rouse"

static int as_rouse(int argc, char **argv)
{
	struct rs_cli cli = {.in = stdin, .out = stdout, .err = stderr};
	argv[1] = (char *)"rouse";
	return rs_cli_run(&cli, argc - 1, argv + 1);
}

static void begin(const char *socket)
{
	struct winsize size = {.ws_row = 24, .ws_col = 120};
	int theirs;
	memset(&top, 0, sizeof(top));
	assert_int_equal(openpty(&top.terminal, &theirs, NULL, NULL, &size), 0);
	assert_int_equal(tcgetattr(theirs, &top.before), 0);
	top.pid = fork();
	assert_true(top.pid >= 0);
	if (top.pid == 0) {
		close(top.terminal);
		login_tty(theirs);
		execl("/proc/self/exe", "top_screen", AS_ROUSE, "--socket", socket, "top", "-s", "0.1", (char *)NULL);
		_exit(127);
	}
	close(theirs);
}

/* Reads until `text` appears behind the mark, and sets the mark behind it. */
static void await(const char *text)
{
	for (long end = now_ms() + DEADLINE_MS; now_ms() < end;) {
		struct pollfd readable = {.fd = top.terminal, .events = POLLIN};
		char *at = memmem(top.seen + top.mark, top.length - top.mark, text, strlen(text));
		if (at) {
			top.mark = (size_t)(at - top.seen) + strlen(text);
			return;
		}
		if (poll(&readable, 1, 100) <= 0)
			continue;
		ssize_t n = read(top.terminal, top.seen + top.length, sizeof(top.seen) - top.length);
		if (n <= 0)
			break; /* it has ended */
		top.length += (size_t)n;
	}
	fail_msg("\"%s\" did not appear in:\n%.*s", text, (int)top.length, top.seen);
}

/* The way out: the alternate screen is left, the exit code is good, and lines are lines again. */
static void assert_restored(void)
{
	int status;
	struct termios after;
	await("\033[?1049l");
	assert_int_equal(waitpid(top.pid, &status, 0), top.pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(tcgetattr(top.terminal, &after), 0);
	assert_int_equal(after.c_lflag, top.before.c_lflag);
	assert_int_equal(after.c_iflag, top.before.c_iflag);
	assert_int_equal(after.c_oflag, top.before.c_oflag);
	close(top.terminal);
}

static void press(const char *keys)
{
	assert_int_equal(write(top.terminal, keys, strlen(keys)), (ssize_t)strlen(keys));
}

static int teach(void **state)
{
	(void)state;
	fake_agent_clear(&fake);
	fake_agent_teach(&fake, "GET /apis/rouse.dev/v1/status", 200,
			 "{\"status\":{\"uptimeSeconds\":90,\"services\":3,\"parts\":[]}}");
	fake_agent_teach(&fake, "GET /apis/rouse.dev/v1/namespaces/default/instances", 200, "{\"items\":[]}");
	fake_agent_teach(&fake, "GET /apis/serving.knative.dev/v1/namespaces/default/revisions", 200,
			 "{\"items\":[{\"metadata\":{\"namespace\":\"default\",\"name\":\"hello-00001\"},\"status\":{"
			 "\"actualReplicas\":2,\"desiredReplicas\":2,\"rouse\":{\"why\":\"as decided\"}}}]}");
	return 0;
}

static void test_keys_and_quit(void **state)
{
	(void)state;
	begin(fake.socket);
	await("agent up 90s, 3 services");
	await("by concurrency");
	await("REVISION");
	await("hello-00001");
	await("as decided");
	press("s");
	await("name");	 /* only what changes is written */
	press("\033OD"); /* left, in the application mode that ncurses asks for */
	await("concurrency");
	press("q");
	assert_restored();
}

static void test_resize(void **state)
{
	(void)state;
	begin(fake.socket);
	await("as decided");
	size_t from = top.mark;
	struct winsize size = {.ws_row = 8, .ws_col = 40};
	assert_int_equal(ioctl(top.terminal, TIOCSWINSZ, &size), 0);
	/* All of it is drawn anew, as wide as there is room. */
	await("hello-00001");
	press("q");
	assert_restored();
	assert_null(memmem(top.seen + from, top.length - from, "as decided", 10));
}

static void test_signals_restore_the_terminal(void **state)
{
	(void)state;
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		begin(fake.socket);
		await("hello-00001");
		assert_int_equal(kill(top.pid, signals[i]), 0);
		assert_restored();
	}
}

static void test_an_agent_that_is_gone(void **state)
{
	(void)state;
	begin("/nonexistent/api.sock");
	await("no answer: no agent answers at /nonexistent/api.sock");
	press("q");
	assert_restored();
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], AS_ROUSE) == 0)
		return as_rouse(argc, argv);
	setenv("TERM", "xterm", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_keys_and_quit, teach),
		cmocka_unit_test_setup(test_resize, teach),
		cmocka_unit_test_setup(test_signals_restore_the_terminal, teach),
		cmocka_unit_test_setup(test_an_agent_that_is_gone, teach),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
