// SPDX-License-Identifier: BSD-2-Clause
#include "rt/sandbox/sandbox.h"

#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A killed process needs its time in the kernel (memory, namespaces); more than this is stuck in a device. */
#define EMPTY_WITHIN_NS (10 * RS_NS_PER_S)
#define PATH_MAX_BYTES	512

int rs_groups_join(const struct rs_sandbox_options *options, bool create, struct rs_err *err)
{
	for (size_t i = 0; i < options->group_count; i++) {
		char path[PATH_MAX_BYTES];
		snprintf(path, sizeof(path), "%s/%s", options->groups[i], options->name);
		if (create && mkdir(path, 0755) < 0 && errno != EEXIST)
			return rs_err_set(err, -errno, "cannot make the cgroup %s: %m", path);
		snprintf(path, sizeof(path), "%s/%s/cgroup.procs", options->groups[i], options->name);
		rs_auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, "0", 1) < 0)
			return rs_err_set(err, -errno, "cannot join the cgroup of %s: %m", path);
	}
	return 0;
}

/* Signals every process of a group. Returns how many there are. */
static int kill_each(const char *group)
{
	char path[PATH_MAX_BYTES + 16];
	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	int pid, count = 0;
	while (fscanf(file, "%d", &pid) == 1) {
		count++;
		if (pid > 0)
			kill(pid, SIGKILL);
	}
	fclose(file);
	return count;
}

static void kill_all(const char *group)
{
	char path[PATH_MAX_BYTES + 16];
	snprintf(path, sizeof(path), "%s/cgroup.kill", group);
	rs_auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) < 0)
		kill_each(group);
}

/* rmdir succeeds once the last process is gone: also from its zombie's point of view, unlike cgroup.procs. */
static int remove_when_empty(const char *group, struct rs_err *err)
{
	uint64_t until = rs_now_ns() + EMPTY_WITHIN_NS;
	useconds_t pause_us = 200;
	while (rmdir(group) < 0) {
		if (errno == ENOENT)
			return 0;
		if (errno != EBUSY || rs_now_ns() > until)
			return rs_err_set(err, -errno, "cannot remove the cgroup %s: %m", group);
		kill_each(group);
		usleep(pause_us);
		if (pause_us < 20000)
			pause_us *= 2;
	}
	return 0;
}

int rs_groups_remove(const struct rs_sandbox_options *options, const char *name, struct rs_err *err)
{
	int result = 0;
	for (size_t i = 0; i < options->group_count; i++) {
		char group[PATH_MAX_BYTES];
		snprintf(group, sizeof(group), "%s/%s", options->groups[i], name);
		if (i == 0 && access(group, F_OK) == 0)
			kill_all(group);
		int r = remove_when_empty(group, err);
		if (r < 0)
			result = r;
	}
	return result;
}
