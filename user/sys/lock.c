// SPDX-License-Identifier: BSD-2-Clause
#include "sys/lock.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

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

int rs_lock_directory(const char *path, int *ret_fd, pid_t *ret_holder)
{
	*ret_holder = 0;
	for (;;) {
		struct stat locked, now;
		rs_auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &locked) < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			int r = errno == EWOULDBLOCK ? -EBUSY : -errno;
			*ret_holder = r == -EBUSY ? find_holder(&locked) : 0;
			return r;
		}
		/* Whoever had it may have removed it, and another one is there now. */
		if (stat(path, &now) < 0)
			return -errno;
		if (now.st_ino == locked.st_ino && now.st_dev == locked.st_dev) {
			*ret_fd = rs_take_fd(fd);
			return 0;
		}
	}
}
