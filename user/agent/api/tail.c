// SPDX-License-Identifier: BSD-2-Clause
#include "agent/api/tail.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCK 65536

/* Where the last `lines` lines begin. A last line without its newline counts. */
static int find_start(int fd, uint64_t size, int64_t lines, uint64_t *ret_offset)
{
	rs_auto_free char *block = malloc(BLOCK);
	uint64_t position = size;
	int64_t seen = 0;
	if (!block)
		return -ENOMEM;
	while (position > 0) {
		size_t length = position < BLOCK ? (size_t)position : BLOCK;
		ssize_t n = pread(fd, block, length, (off_t)(position - length));
		if (n < 0)
			return -errno;
		if ((size_t)n < length)
			break; /* truncated in this moment: from the start */
		for (size_t i = length; i-- > 0;) {
			uint64_t at = position - length + i;
			if (block[i] != '\n' || at + 1 == size)
				continue;
			if (++seen == lines) {
				*ret_offset = at + 1;
				return 0;
			}
		}
		position -= length;
	}
	*ret_offset = 0;
	return 0;
}

int rs_tail_open(const char *path, int64_t lines, bool follow, struct rs_tail **ret_tail)
{
	struct stat status;
	rs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint64_t offset = 0;
	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	uint64_t size = (uint64_t)status.st_size;
	int r = 0;
	if (lines == 0)
		offset = size;
	else if (lines > 0)
		r = find_start(fd, size, lines, &offset);
	if (r < 0)
		return r;
	rs_auto_free char *copy = strdup(path);
	struct rs_tail *tail = copy ? malloc(sizeof(*tail)) : NULL;
	if (!tail)
		return -ENOMEM;
	*tail = (struct rs_tail){
		.path = rs_take_ptr(copy), .fd = rs_take_fd(fd), .offset = offset, .end = size, .follow = follow};
	*ret_tail = tail;
	return 0;
}

struct rs_tail *rs_tail_free(struct rs_tail *tail)
{
	if (!tail)
		return NULL;
	close(tail->fd);
	free(tail->path);
	free(tail);
	return NULL;
}

/* The path names another file than the one that is open. */
static bool is_rotated(const struct rs_tail *tail)
{
	struct stat here, there;
	if (fstat(tail->fd, &here) < 0 || stat(tail->path, &there) < 0)
		return false;
	return here.st_ino != there.st_ino || here.st_dev != there.st_dev;
}

static ssize_t read_on(struct rs_tail *tail, char *out, size_t size)
{
	ssize_t n = pread(tail->fd, out, size, (off_t)tail->offset);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	tail->offset += (uint64_t)n;
	return n;
}

ssize_t rs_tail_read(struct rs_tail *tail, char *out, size_t size)
{
	struct stat status;
	if (!tail->follow) {
		if (tail->offset >= tail->end)
			return -ENODATA;
		if (size > tail->end - tail->offset)
			size = (size_t)(tail->end - tail->offset);
		ssize_t n = read_on(tail, out, size);
		return n ? n : -ENODATA;
	}
	/* Looked at before the read: what is written to the old file until its rotation is read from it. */
	bool rotated = is_rotated(tail);
	if (fstat(tail->fd, &status) == 0 && (uint64_t)status.st_size < tail->offset)
		tail->offset = 0; /* truncated */
	ssize_t n = read_on(tail, out, size);
	if (n != 0)
		return n;
	if (!rotated)
		return tail->ended ? -ENODATA : 0;
	int fd = open(tail->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return tail->ended ? -ENODATA : 0;
	close(tail->fd);
	tail->fd = fd;
	tail->offset = 0;
	n = read_on(tail, out, size);
	return n == 0 && tail->ended ? -ENODATA : n;
}

bool rs_tail_has_news(const struct rs_tail *tail)
{
	struct stat status;
	if (tail->ended || !tail->follow || fstat(tail->fd, &status) < 0)
		return true;
	return (uint64_t)status.st_size != tail->offset || is_rotated(tail);
}
