// SPDX-License-Identifier: BSD-2-Clause
#include "cli/dump/dump.h"

#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMPLAINT_MAX 96

/* In a group of its own, so that what it starts can be ended with it. */
static pid_t start(const char *command, int *ret_output)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = fork();
	if (pid == 0) {
		int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
		setpgid(0, 0);
		dup2(nothing, STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		setenv("LC_ALL", "C", 1);
		/* bpftool, nft and sysctl, also for who is not root. */
		const char *path = getenv("PATH");
		char longer[4096];
		snprintf(longer, sizeof(longer), "%s:/usr/local/sbin:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
		setenv("PATH", longer, 1);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	int r = -errno;
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return r;
	}
	setpgid(pid, pid);
	*ret_output = ends[0];
	return pid;
}

/* Copies until the end of the output, or of what an item may take. Returns what was reached. */
static const char *copy(const struct rs_dump *dump, int output, FILE *out)
{
	char buffer[65536];
	size_t left = dump->item_bytes;
	uint64_t end_ns = rs_now_ns() + dump->item_ns;
	for (;;) {
		uint64_t now_ns = rs_now_ns();
		struct pollfd readable = {.fd = output, .events = POLLIN};
		if (now_ns >= end_ns || (dump->stop && *dump->stop))
			return "cut: it took too long";
		int n = poll(&readable, 1, (int)((end_ns - now_ns) / RS_NS_PER_MS) + 1);
		if (n == 0 || (n < 0 && errno == EINTR))
			continue;
		ssize_t got = read(output, buffer, left < sizeof(buffer) ? left : sizeof(buffer));
		if (got <= 0)
			return NULL;
		fwrite(buffer, 1, (size_t)got, out);
		left -= (size_t)got;
		if (!left)
			return "cut: it is too large";
	}
}

void rs_dump_run(struct rs_dump *dump, const char *item, const char *command)
{
	if (!rs_dump_may(dump, item))
		return;
	rs_auto_fd int output = -1;
	FILE *out = rs_dump_open(dump, item);
	if (!out)
		return;
	fprintf(out, "# %s\n", command);
	pid_t pid = start(command, &output);
	if (pid < 0) {
		rs_dump_close(dump, item, out, strerror(-pid));
		return;
	}
	int status = 0;
	char failed[COMPLAINT_MAX];
	const char *complaint = copy(dump, output, out);
	if (complaint)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!complaint && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
		snprintf(failed, sizeof(failed), "%s %d: see its output",
			 WIFEXITED(status) ? "exit code" : "ended by signal",
			 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		complaint = failed;
	}
	rs_dump_close(dump, item, out, complaint);
}
