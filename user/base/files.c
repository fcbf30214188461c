// SPDX-License-Identifier: BSD-2-Clause
#include "base/files.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static int make(const char *path, bool whole)
{
	char part[PATH_MAX];
	/* The usual case needs one call. */
	if (whole && mkdir(path, 0755) == 0)
		return 0;
	for (const char *at = strchr(path + 1, '/'); at || whole; at = strchr(at + 1, '/')) {
		size_t length = at ? (size_t)(at - path) : strlen(path);
		if (length >= sizeof(part))
			return -ENAMETOOLONG;
		memcpy(part, path, length);
		part[length] = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
		if (!at)
			break;
	}
	return 0;
}

int rs_make_directories(const char *path)
{
	return make(path, true);
}

int rs_make_directories_of(const char *path)
{
	return make(path, false);
}

static ssize_t read_at(int fd, off_t offset, char *out, size_t size)
{
	ssize_t n = fd < 0 ? -1 : pread(fd, out, size - 1, offset);
	if (n < 0)
		return -errno;
	out[n] = '\0';
	return n;
}

ssize_t rs_read_small(const char *path, char *out, size_t size)
{
	rs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	return read_at(fd, 0, out, size);
}

ssize_t rs_read_last(const char *path, char *out, size_t size)
{
	rs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	off_t length = (off_t)size - 1;
	return read_at(fd, status.st_size > length ? status.st_size - length : 0, out, size);
}
