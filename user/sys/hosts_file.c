// SPDX-License-Identifier: BSD-2-Clause
#include "sys/hosts_file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

int rs_hosts_open(const char *path, int flags)
{
	rs_auto_fd int fd = open(path, flags | O_CLOEXEC, 0644);
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return -errno;
	return rs_take_fd(fd);
}

int rs_hosts_read(int fd, struct rs_buf *out)
{
	char chunk[16384];
	for (ssize_t n; (n = read(fd, chunk, sizeof(chunk))) != 0;) {
		if (n < 0)
			return -errno;
		int r = rs_buf_append(out, chunk, (size_t)n);
		if (r < 0)
			return r;
	}
	return 0;
}

void rs_hosts_keep_others(const char *text, const char *mark, struct rs_buf *out)
{
	size_t mark_length = strlen(mark);
	while (*text) {
		const char *end = strchr(text, '\n');
		size_t length = end ? (size_t)(end - text) + 1 : strlen(text);
		if (length < mark_length || memcmp(text + length - mark_length, mark, mark_length) != 0) {
			rs_buf_append(out, text, length);
			if (!end)
				rs_buf_puts(out, "\n");
		}
		text += length;
	}
}

static int write_at(int fd, const char *data, size_t length, off_t at)
{
	while (length) {
		ssize_t n = pwrite(fd, data, length, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		data += n;
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

/* Room for `length` bytes, without a change that anybody sees. */
static int reserve(int fd, off_t length, off_t now)
{
	struct statvfs fs;
	if (length <= now || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, length) == 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != ENOSYS)
		return -errno;
	/* A file system that cannot promise it: then by what it says is free. */
	if (fstatvfs(fd, &fs) < 0)
		return -errno;
	return (unsigned long long)(length - now) <= (unsigned long long)fs.f_bavail * fs.f_frsize ? 0 : -ENOSPC;
}

static int cut(int fd, size_t length)
{
	return ftruncate(fd, (off_t)length) < 0 ? -errno : 0;
}

/* New content over the old, the cut afterwards: a reader never finds the file empty, and others' lines, which come
 * first, stand where they stood. */
static int replace(int fd, const struct rs_buf *old, const struct rs_buf *fresh)
{
	if (old->length == fresh->length && (!old->length || memcmp(old->data, fresh->data, old->length) == 0))
		return 0;
	int r = reserve(fd, (off_t)fresh->length, (off_t)old->length);
	if (r < 0) {
		cut(fd, old->length); /* gives back what was reserved of it */
		return r;
	}
	r = write_at(fd, fresh->data, fresh->length, 0);
	if (r == 0)
		return cut(fd, fresh->length);
	if (write_at(fd, old->data, old->length, 0) == 0)
		cut(fd, old->length);
	return r;
}

int rs_hosts_rewrite(const char *path, const char *mark, const struct rs_buf *lines)
{
	rs_auto_fd int fd = rs_hosts_open(path, O_RDWR | O_CREAT);
	struct rs_buf old, fresh;
	if (fd < 0)
		return fd;
	rs_buf_init(&old, RS_HOSTS_FILE_MAX);
	rs_buf_init(&fresh, RS_HOSTS_FILE_MAX);
	int r = rs_hosts_read(fd, &old);
	if (r == 0) {
		rs_hosts_keep_others(old.data ? old.data : "", mark, &fresh);
		rs_buf_append(&fresh, lines->data ? lines->data : "", lines->length);
		r = fresh.error ? fresh.error : replace(fd, &old, &fresh);
	}
	rs_buf_done(&old);
	rs_buf_done(&fresh);
	return r;
}

int rs_hosts_append(const char *path, const char *line)
{
	rs_auto_fd int fd = rs_hosts_open(path, O_WRONLY);
	struct stat status;
	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	int r = write_at(fd, line, strlen(line), status.st_size);
	if (r < 0)
		cut(fd, (size_t)status.st_size);
	return r;
}
