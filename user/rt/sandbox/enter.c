// SPDX-License-Identifier: BSD-2-Clause
/* Runs a command as the instance would: its namespaces, cgroups, user, environment and directory. */
#include "rt/sandbox/sandbox.h"

#include "base/mem.h"
#include "base/str.h"
#include "rt/message.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char environment[RS_START_BYTES_MAX];
static char *entries[RS_START_STRINGS_MAX];

static int open_of(pid_t pid, const char *file, int flags)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return open(path, flags | O_CLOEXEC);
}

/* The environment that the instance was started with. Programs may write their title over it: what is not
 * NAME=value is left out. */
static int read_environment(pid_t pid)
{
	rs_auto_fd int fd = open_of(pid, "environ", O_RDONLY);
	if (fd < 0)
		return -errno;
	size_t length = 0;
	for (ssize_t n; (n = read(fd, environment + length, sizeof(environment) - 1 - length)) > 0;)
		length += (size_t)n;
	size_t count = 0;
	for (char *at = environment; at < environment + length; at += strlen(at) + 1) {
		if (count < RS_START_STRINGS_MAX - 1 && *at != '=' && strchr(at, '='))
			entries[count++] = at;
	}
	return 0;
}

static int read_identity(pid_t pid, uid_t *ret_uid, gid_t *ret_gid)
{
	char path[64], line[256];
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return -errno;
	int found = 0;
	while (fgets(line, sizeof(line), file)) {
		found += sscanf(line, "Uid: %u", ret_uid) == 1;
		found += sscanf(line, "Gid: %u", ret_gid) == 1;
	}
	fclose(file);
	return found == 2 ? 0 : -ESRCH;
}

int rs_sandbox_enter(const struct rs_sandbox_options *options, struct rs_err *err)
{
	if (!options->name || !options->pid || !options->group_count || !options->command || !*options->command)
		return rs_err_set(err, -EINVAL, "enter needs name, pid, cgroup and -- COMMAND");
	rs_auto_fd int netns = open_of(options->pid, "ns/net", O_RDONLY);
	rs_auto_fd int mounts = open_of(options->pid, "ns/mnt", O_RDONLY);
	rs_auto_fd int directory = open_of(options->pid, "cwd", O_PATH | O_DIRECTORY);
	uid_t uid;
	gid_t gid;
	int r = read_identity(options->pid, &uid, &gid);
	if (r == 0)
		r = read_environment(options->pid);
	if (r < 0 || netns < 0 || mounts < 0 || directory < 0)
		return rs_err_set(err, -ESRCH, "the instance is not there any more");
	r = rs_groups_join(options, false, err);
	if (r < 0)
		return r;
	if (setns(netns, CLONE_NEWNET) < 0 || setns(mounts, CLONE_NEWNS) < 0 || fchdir(directory) < 0)
		return rs_err_set(err, -errno, "cannot enter the instance: %m");
	r = rs_identity_bound(err);
	if (r == 0)
		r = rs_identity_become(uid, gid, err);
	if (r < 0)
		return r;
	/* What a probe prints is nobody's; only our own complaint is read. */
	rs_auto_fd int complaints = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	rs_auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
		return rs_err_set(err, -errno, "cannot open /dev/null: %m");
	environ = entries;
	execvp(options->command[0], options->command);
	r = -errno;
	dup2(complaints, STDERR_FILENO);
	return rs_err_set(err, r, "cannot run \"%s\": %s", options->command[0], strerror(-r));
}
