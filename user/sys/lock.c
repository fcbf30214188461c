// SPDX-License-Identifier: BSD-2-Clause
#include "sys/lock.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define DYING_MAX_MS	10000
#define NAMELESS_MAX_MS 100

/* Lines of /proc/locks: "1: FLOCK  ADVISORY  WRITE 1234 00:2d:5678 0 EOF". Processes of other PID namespaces are 0. */
static pid_t find_holder(const struct stat *status)
{
	FILE *file = fopen("/proc/locks", "re");
	if (!file)
		return 0;
	char line[256];
	int pid = 0;
	while (!pid && fgets(line, sizeof(line), file)) {
		unsigned major, minor;
		unsigned long inode;
		int holder;
		if (strstr(line, "FLOCK") &&
		    sscanf(line, "%*s FLOCK %*s WRITE %d %x:%x:%lu", &holder, &major, &minor, &inode) == 4 &&
		    inode == status->st_ino && makedev(major, minor) == status->st_dev)
			pid = holder;
	}
	fclose(file);
	return pid;
}

/* A process with SIGKILL pending may still be in the kernel, loading a program; then it gives back its memory. */
static bool is_dying(pid_t pid)
{
	char path[48], line[128];
	unsigned long long pending;
	char state;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return true;
	bool dying = false;
	while (!dying && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "State: %c", &state) == 1)
			dying = state == 'Z' || state == 'X';
		else if (sscanf(line, "SigPnd: %llx", &pending) == 1 || sscanf(line, "ShdPnd: %llx", &pending) == 1)
			dying = pending >> (SIGKILL - 1) & 1;
	}
	fclose(file);
	return dying;
}

int rs_lock_take(int fd, pid_t *ret_holder)
{
	struct stat status;
	*ret_holder = 0;
	for (int waited_ms = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited_ms++) {
		if (errno != EWOULDBLOCK)
			return -errno;
		*ret_holder = fstat(fd, &status) == 0 ? find_holder(&status) : 0;
		if (waited_ms == DYING_MAX_MS || (*ret_holder && !is_dying(*ret_holder)))
			return -EBUSY;
		/* One that cannot be named may just have gone. */
		if (!*ret_holder && waited_ms >= NAMELESS_MAX_MS)
			return -EBUSY;
		usleep(1000);
	}
	return 0;
}

pid_t rs_lock_holder(const char *path)
{
	struct stat status;
	rs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	pid_t holder = find_holder(&status);
	if (holder > 0)
		return holder;
	/* Other PID namespaces' do not stand in our /proc/locks. A shared lock is given back at once, and rs_lock_take
	 * tries longer than that. */
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		return 0;
	holder = find_holder(&status);
	return holder > 0 ? holder : -EBUSY;
}

int rs_lock_directory(const char *path, int *ret_fd, pid_t *ret_holder)
{
	*ret_holder = 0;
	for (;;) {
		struct stat locked, now;
		rs_auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &locked) < 0)
			return -errno;
		int r = rs_lock_take(fd, ret_holder);
		if (r < 0)
			return r;
		/* Whoever had it may have removed it, and another one is there now. */
		if (stat(path, &now) < 0)
			return -errno;
		if (now.st_ino == locked.st_ino && now.st_dev == locked.st_dev) {
			*ret_fd = rs_take_fd(fd);
			return 0;
		}
	}
}
