// SPDX-License-Identifier: BSD-2-Clause
#include "rt/log_times.h"

#include "base/mem.h"
#include "base/str.h"
#include "rt/log_name.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

static char *path_of(const char *log_path)
{
	return rs_str_format("%s" RS_LOG_TIMES_SUFFIX, log_path);
}

/* The whole file as text. It may grow while it is read: what comes later is read later. */
static int read_text(int fd, const struct stat *status, char **ret_text)
{
	size_t size = (size_t)status->st_size, length = 0;
	rs_auto_free char *text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	for (ssize_t n; length < size && (n = pread(fd, text + length, size - length, (off_t)length)) != 0;) {
		if (n < 0)
			return -errno;
		length += (size_t)n;
	}
	text[length] = '\0';
	*ret_text = rs_take_ptr(text);
	return 0;
}

/* Lines that are neither are left out: a crash may have left half of one. */
static int parse(struct rs_log_times *times, char *text)
{
	size_t lines = 0;
	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	struct rs_log_time *items = calloc(lines + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	free(times->items);
	*times = (struct rs_log_times){.fd = times->fd, .items = items, .seen = times->seen};
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n")) && rest;) {
		struct rs_log_time item;
		uint64_t cut;
		if (sscanf(line, "cut %" SCNu64, &cut) == 1)
			times->cut += cut;
		else if (sscanf(line, "%" SCNu64 " %" SCNu64, &item.wall_ms, &item.length) == 2)
			times->items[times->count++] = item;
	}
	return 0;
}

int rs_log_times_read(struct rs_log_times *times, const char *log_path)
{
	struct stat status;
	if (times->fd < 0) {
		rs_auto_free char *path = path_of(log_path);
		if (!path)
			return -ENOMEM;
		times->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (times->fd < 0)
			return errno == ENOENT ? 0 : -errno;
	}
	if (fstat(times->fd, &status) < 0)
		return -errno;
	if (status.st_size == times->seen.st_size && status.st_mtim.tv_sec == times->seen.st_mtim.tv_sec &&
	    status.st_mtim.tv_nsec == times->seen.st_mtim.tv_nsec)
		return 0;
	char *text = NULL;
	int r = read_text(times->fd, &status, &text);
	if (r == 0)
		r = parse(times, text);
	free(text);
	if (r == 0)
		times->seen = status;
	return r;
}

void rs_log_times_done(struct rs_log_times *times)
{
	if (times->fd >= 0)
		close(times->fd);
	free(times->items);
	*times = RS_LOG_TIMES_NONE;
}

bool rs_log_times_lock(const struct rs_log_times *times)
{
	return times->fd < 0 || flock(times->fd, LOCK_SH | LOCK_NB) == 0;
}

void rs_log_times_unlock(const struct rs_log_times *times)
{
	if (times->fd >= 0)
		flock(times->fd, LOCK_UN);
}

uint64_t rs_log_times_length_at(const struct rs_log_times *times, uint64_t wall_ms)
{
	uint64_t length = 0;
	for (size_t i = 0; i < times->count && times->items[i].wall_ms <= wall_ms; i++)
		length = times->items[i].length;
	return length;
}

uint64_t rs_log_times_of(const struct rs_log_times *times, uint64_t length)
{
	size_t low = 0, high = times->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (times->items[middle].length >= length)
			high = middle;
		else
			low = middle + 1;
	}
	return low < times->count ? times->items[low].wall_ms : 0;
}

static int append(int fd, const char *line)
{
	size_t length = strlen(line);
	ssize_t n = write(fd, line, length);
	return n == (ssize_t)length ? 0 : n < 0 ? -errno : -ENOSPC;
}

/* In place, under the lock: what is thrown away is every second time, of which the younger says more. */
static void thin(int fd)
{
	struct rs_log_times times = {.fd = fd};
	struct rs_buf out;
	char *text = NULL;
	if (fstat(fd, &times.seen) < 0 || read_text(fd, &times.seen, &text) < 0 || parse(&times, text) < 0) {
		free(text);
		return;
	}
	rs_buf_init(&out, RS_LOG_TIMES_BYTES_MAX + 4096);
	rs_buf_printf(&out, "cut %" PRIu64 "\n", times.cut);
	for (size_t i = 1; i < times.count; i += 2)
		rs_buf_printf(&out, "%" PRIu64 " %" PRIu64 "\n", times.items[i].wall_ms, times.items[i].length);
	if (!out.error && ftruncate(fd, 0) == 0 && append(fd, out.data) < 0)
		errno = 0; /* a full disk: offsets go wrong, nothing else does */
	rs_buf_done(&out);
	free(times.items);
	free(text);
}

int rs_log_times_open_locked(const char *log_path)
{
	rs_auto_free char *path = path_of(log_path);
	rs_auto_fd int fd = path ? open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640) : -1;
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return path ? -errno : -ENOMEM;
	return rs_take_fd(fd);
}

int rs_log_times_note_cut(int fd, uint64_t bytes)
{
	char line[48];
	snprintf(line, sizeof(line), "cut %" PRIu64 "\n", bytes);
	return append(fd, line);
}

int rs_log_times_note(const char *log_path, uint64_t wall_ms, uint64_t length)
{
	rs_auto_free char *path = path_of(log_path);
	char line[64];
	struct stat status;
	rs_auto_fd int fd = path ? open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640) : -1;
	if (fd < 0 || fstat(fd, &status) < 0)
		return path ? -errno : -ENOMEM;
	snprintf(line, sizeof(line), "%" PRIu64 " %" PRIu64 "\n", wall_ms, length);
	int r = append(fd, line);
	/* Not now, when somebody reads or rotates: there will be another time. */
	if (status.st_size > RS_LOG_TIMES_BYTES_MAX && flock(fd, LOCK_EX | LOCK_NB) == 0)
		thin(fd);
	return r;
}
