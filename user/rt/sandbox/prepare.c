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
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

static int detach(struct rs_err *err)
{
	/* The agent may end; the instance goes on: no terminal, no session, no directory of its. */
	setsid();
	umask(022);
	if (chdir("/") < 0)
		return rs_err_set(err, -errno, "cannot change to /: %m");
	rs_auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
		return rs_err_set(err, -errno, "cannot open /dev/null: %m");
	/* An agent that the kernel shall spare has instances that it need not. */
	rs_auto_fd int oom = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (oom >= 0 && write(oom, "0", 1) < 0)
		errno = 0;
	return 0;
}

static int build(const struct rs_sandbox_options *options, struct rs_report *report, struct rs_err *err)
{
	struct rs_network network = {0};
	int r = detach(err);
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
	return r;
}

int rs_sandbox_prepare(const struct rs_sandbox_options *options, struct rs_err *err)
{
	if (!options->name || !options->link || !options->group_count || !options->address.s_addr ||
	    !options->gateway.s_addr)
		return rs_err_set(err, -EINVAL, "prepare needs name, link, cgroup, address and gateway");
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
