// SPDX-License-Identifier: BSD-2-Clause
/*
 * Builds a sandbox around this very process, then waits in it for the program
 * to become. Everything that takes time happens here, before anyone waits.
 */
#include "rt/sandbox/sandbox.h"

#include "base/mem.h"
#include "base/str.h"
#include "rt/message.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* posix_spawn() leaves the C library's own two signals ignored, and sigaction() does not touch them. */
static void reset_internal_signals(void)
{
	static const unsigned long by_default[8]; /* the kernel's struct sigaction, SIG_DFL, on any architecture */
	for (int signal = 32; signal < SIGRTMIN; signal++)
		syscall(SYS_rt_sigaction, signal, by_default, NULL, _NSIG / 8);
}

/* Made now, since making a file on a disk takes longer than all that is left to do at the start. The agent gives
 * it its final name afterwards. */
static int open_log(const char *path, struct rs_err *err)
{
	rs_auto_fd int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	/* Locked for as long as anybody has it open for writing: so everybody can see whose instance still runs. */
	if (fd >= 0)
		(void)flock(fd, LOCK_EX | LOCK_NB);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		return rs_err_set(err, -errno, "cannot open the log %s: %m", path);
	return 0;
}

static int detach(const char *log, struct rs_err *err)
{
	/* The agent may end; the instance goes on: no terminal, no session, no directory of its. */
	setsid();
	reset_internal_signals();
	umask(022);
	if (chdir("/") < 0)
		return rs_err_set(err, -errno, "cannot change to /: %m");
	rs_auto_fd int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		return rs_err_set(err, -errno, "cannot open /dev/null: %m");
	return open_log(log, err);
}

static int build(const struct rs_sandbox_options *options, struct rs_report *report, struct rs_err *err)
{
	struct rs_network network = {0};
	int r = detach(options->log, err);
	if (r == 0)
		r = rs_groups_join(options, true, err);
	if (r == 0)
		r = rs_network_build(options, &network, err);
	/* The name is for the host to see, so it comes before the mount namespace. */
	if (r == 0)
		r = rs_mounts_name_netns(options->name, err);
	if (r == 0)
		r = rs_mounts_build(options, err);
	if (r == 0)
		r = rs_identity_bound(err);
	report->ifindex = network.ifindex;
	report->netns_inode = network.netns_inode;
	report->netns_cookie = network.netns_cookie;
	return r;
}

int rs_sandbox_prepare(const struct rs_sandbox_options *options, struct rs_err *err)
{
	if (!options->name || !options->link || !options->log || !options->group_count ||
	    rs_address_is_none(&options->address[RS_V4]) || rs_address_is_none(&options->gateway[RS_V4]))
		return rs_err_set(err, -EINVAL, "prepare needs name, link, log, cgroup, address and gateway");
	if (fcntl(RS_SANDBOX_FD, F_SETFD, FD_CLOEXEC) < 0)
		return rs_err_set(err, -errno, "no control socket at descriptor %d", RS_SANDBOX_FD);
	struct rs_report report = {.kind = RS_REPORT_READY};
	int r = build(options, &report, err);
	if (r == 0 && send(RS_SANDBOX_FD, &report, sizeof(report), MSG_NOSIGNAL) < 0)
		return -errno; /* the agent is gone; the next one clears up */
	if (r == 0)
		r = rs_become(err);
	if (r < 0) {
		report = (struct rs_report){.kind = RS_REPORT_FAILED, .error = -r};
		rs_str_copy(report.text, sizeof(report.text), err->message);
		(void)send(RS_SANDBOX_FD, &report, sizeof(report), MSG_NOSIGNAL);
	}
	return r;
}
