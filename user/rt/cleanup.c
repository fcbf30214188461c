// SPDX-License-Identifier: BSD-2-Clause
#include "rt/internal.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* Runs the helper and waits for it: there is no event loop when traces are removed. */
static int run(const char *helper, struct rs_job_args *args, struct rs_err *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return rs_err_set(err, -errno, "cannot make a pipe: %m");
	rs_auto_fd int read_end = ends[0];
	pid_t pid;
	int pidfd;
	int r = rs_job_spawn(helper, args, -1, ends[1], &pid, &pidfd);
	close(ends[1]);
	if (r < 0)
		return rs_err_set(err, r, "cannot run %s: %s", helper, strerror(-r));
	char text[RS_JOB_TEXT_MAX] = "";
	ssize_t n = read(read_end, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	siginfo_t info = {.si_pid = 0};
	waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED);
	close(pidfd);
	if (info.si_code != CLD_EXITED || info.si_status != 0)
		return rs_err_set(err, -EIO, "%s", *text ? text : "the sandbox helper failed");
	return 0;
}

int rs_rt_cleanup(const struct rs_rt_config *config, struct rs_err *err)
{
	struct rs_cgroups cgroups;
	int r = rs_cgroups_find(&cgroups, config->cgroup_root, err);
	if (r < 0)
		return r;
	char prefix[RS_SANDBOX_NAME_MAX + 1];
	struct rs_job_args args = {.count = 0};
	rs_rt_link_prefix(config->name, prefix);
	rs_job_arg(&args, "rouse-sandbox");
	rs_job_arg(&args, "cleanup");
	rs_job_arg(&args, "name=%s", config->name);
	rs_job_arg(&args, "link=%s", prefix);
	rs_job_arg(&args, "records=%s/instances", config->run_dir);
	rs_job_arg(&args, "logs=%s/logs", config->state_dir);
	rs_job_args_cgroups(&args, &cgroups);
	r = run(config->sandbox_helper, &args, err);
	rs_job_args_done(&args);
	return r;
}
