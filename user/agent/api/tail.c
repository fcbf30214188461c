// SPDX-License-Identifier: BSD-2-Clause
#include "agent/api/tail.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "rt/log_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCK 65536
/* How long an opening waits for a rotation that is just about to end. */
#define LOCK_TRIES    20
#define LOCK_PAUSE_US 1000
/* How far lines are looked for. The loop waits meanwhile, and how long a file is its writer decides: ftruncate() makes
 * it terabytes. */
#define LINES_LOOK_MAX (64ULL << 20)
#define LINE_LOOK_MAX  (1ULL << 20)

/* --- one text of two files -------------------------------------------------------------------------------------- */

static void close_old(struct rs_tail *tail)
{
	if (tail->old_fd >= 0)
		close(tail->old_fd);
	tail->old_fd = -1;
	tail->old_length = 0;
}

/* Under the lock: what is known of the cuts, and the file that holds the last one. */
static int refresh(struct rs_tail *tail)
{
	uint64_t cut = tail->times.cut;
	int r = rs_log_times_read(&tail->times, tail->path);
	if (r < 0 || (tail->times.cut == cut && (tail->old_fd >= 0 || cut == 0)))
		return r;
	close_old(tail);
	rs_auto_free char *path = rs_str_format("%s" RS_LOG_OLD_SUFFIX, tail->path);
	struct stat status;
	tail->old_fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	if (tail->old_fd < 0 || fstat(tail->old_fd, &status) < 0 || (uint64_t)status.st_size > tail->times.cut)
		close_old(tail);
	else
		tail->old_length = (uint64_t)status.st_size;
	return 0;
}

static uint64_t first_offset(const struct rs_tail *tail)
{
	return tail->times.cut - tail->old_length;
}

static int end_offset(const struct rs_tail *tail, uint64_t *ret_end)
{
	struct stat status;
	if (fstat(tail->fd, &status) < 0)
		return -errno;
	*ret_end = tail->times.cut + (uint64_t)status.st_size;
	return 0;
}

/* Bytes at an offset that is not gone, fewer than wanted where the files meet. */
static ssize_t read_at(const struct rs_tail *tail, uint64_t offset, char *out, size_t size)
{
	uint64_t cut = tail->times.cut;
	bool is_old = offset < cut;
	if (is_old && size > cut - offset)
		size = (size_t)(cut - offset);
	ssize_t n = pread(is_old ? tail->old_fd : tail->fd, out, size,
			  (off_t)(is_old ? offset - first_offset(tail) : offset - cut));
	return n < 0 ? (errno == EAGAIN || errno == EINTR ? 0 : -errno) : n;
}

/* --- where to begin --------------------------------------------------------------------------------------------- */

/* Where the last `lines` lines begin, LINES_LOOK_MAX before the end at most. A last line without its newline counts. */
static int find_lines(const struct rs_tail *tail, uint64_t end, int64_t lines, uint64_t *ret_offset)
{
	rs_auto_free char *block = malloc(BLOCK);
	uint64_t first = first_offset(tail), cut = tail->times.cut, position = end;
	int64_t seen = 0;
	if (end - first > LINES_LOOK_MAX)
		first = end - LINES_LOOK_MAX;
	if (!block)
		return -ENOMEM;
	*ret_offset = end;
	if (lines == 0)
		return 0;
	while (position > first) {
		/* Not over the place where the files meet. */
		uint64_t floor = position > cut && cut > first ? cut : first;
		size_t length = position - floor < BLOCK ? (size_t)(position - floor) : BLOCK;
		ssize_t n = read_at(tail, position - length, block, length);
		if (n < 0)
			return (int)n;
		if ((size_t)n < length)
			break; /* truncated in this moment: from the start */
		for (size_t i = length; i-- > 0;) {
			uint64_t at = position - length + i;
			if (block[i] != '\n' || at + 1 == end)
				continue;
			if (++seen == lines) {
				*ret_offset = at + 1;
				return 0;
			}
		}
		position -= length;
	}
	*ret_offset = first;
	return 0;
}

/* The next beginning of a line at `offset` or behind it; `offset` itself inside of a very long one. */
static uint64_t next_line(const struct rs_tail *tail, uint64_t offset, uint64_t end)
{
	char block[4096];
	if (offset <= first_offset(tail))
		return first_offset(tail);
	for (uint64_t at = offset - 1; at < end;) {
		if (at - (offset - 1) >= LINE_LOOK_MAX)
			return offset;
		ssize_t n = read_at(tail, at, block, sizeof(block));
		if (n <= 0)
			break;
		const char *newline = memchr(block, '\n', (size_t)n);
		if (newline)
			return at + (uint64_t)(newline - block) + 1;
		at += (uint64_t)n;
	}
	return end;
}

static int place(struct rs_tail *tail)
{
	const struct rs_tail_options *options = &tail->options;
	uint64_t end = 0, start;
	int r = end_offset(tail, &end);
	if (r < 0)
		return r;
	tail->end = end;
	tail->offset = first_offset(tail);
	if (options->lines >= 0 && (r = find_lines(tail, end, options->lines, &tail->offset)) < 0)
		return r;
	if (options->since_ms) {
		start = next_line(tail, rs_log_times_length_at(&tail->times, options->since_ms), end);
		if (start > tail->offset)
			tail->offset = start;
	}
	if (options->offset > 0 && (uint64_t)options->offset > tail->offset)
		tail->offset = (uint64_t)options->offset < end ? (uint64_t)options->offset : end;
	return 0;
}

int rs_tail_open(const char *path, const struct rs_tail_options *options, struct rs_tail **ret_tail)
{
	struct stat status;
	rs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	rs_auto_free char *copy = strdup(path);
	struct rs_tail *tail = copy ? malloc(sizeof(*tail)) : NULL;
	if (!tail)
		return -ENOMEM;
	*tail = (struct rs_tail){.path = rs_take_ptr(copy),
				 .fd = rs_take_fd(fd),
				 .old_fd = -1,
				 .options = *options,
				 .times = RS_LOG_TIMES_NONE};
	/* Opens the times, so that there is something to lock; then again, for what has changed until then. */
	int r = rs_log_times_read(&tail->times, tail->path);
	bool is_locked = false;
	for (int i = 0; r == 0 && i < LOCK_TRIES && !(is_locked = rs_log_times_lock(&tail->times)); i++)
		usleep(LOCK_PAUSE_US);
	tail->times.cut = 0; /* of which refresh() has seen no file yet */
	tail->times.seen = (struct stat){0};
	if (r == 0)
		r = refresh(tail);
	if (r == 0)
		r = place(tail);
	if (is_locked)
		rs_log_times_unlock(&tail->times);
	if (r < 0) {
		rs_tail_free(tail);
		return r;
	}
	*ret_tail = tail;
	return 0;
}

struct rs_tail *rs_tail_free(struct rs_tail *tail)
{
	if (!tail)
		return NULL;
	close(tail->fd);
	close_old(tail);
	rs_log_times_done(&tail->times);
	free(tail->path);
	free(tail);
	return NULL;
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

/* Each line with the time before it: at most twenty-two bytes for one. */
static size_t put_times(struct rs_tail *tail, const char *raw, size_t length, char *out)
{
	size_t put = 0;
	for (size_t i = 0; i < length; i++) {
		if (!tail->in_line) {
			const char *newline = memchr(raw + i, '\n', length - i);
			uint64_t end = tail->offset + (newline ? (uint64_t)(newline - raw) : (uint64_t)i) + 1;
			uint64_t wall_ms = rs_log_times_of(&tail->times, end);
			char text[RS_TIME_TEXT_MAX];
			rs_time_rfc3339(wall_ms ? wall_ms * RS_NS_PER_MS : rs_wall_ns(), text);
			put += (size_t)snprintf(out + put, RS_TIME_TEXT_MAX, "%s ", text);
		}
		out[put++] = raw[i];
		tail->in_line = raw[i] != '\n';
	}
	return put;
}

static ssize_t read_on(struct rs_tail *tail, char *out, size_t size)
{
	uint64_t end = 0;
	int r = refresh(tail);
	if (r == 0)
		r = end_offset(tail, &end);
	if (r < 0)
		return r;
	if (end < tail->offset)
		tail->offset = tail->times.cut; /* somebody else truncated it */
	if (tail->offset < first_offset(tail))
		tail->offset = first_offset(tail); /* too slow: what was between is gone */
	if (!tail->options.follow && end > tail->end)
		end = tail->end;
	if (tail->offset >= end)
		return 0;
	if (size > end - tail->offset)
		size = (size_t)(end - tail->offset);
	if (!tail->options.timestamps) {
		ssize_t n = read_at(tail, tail->offset, out, size);
		tail->offset += n > 0 ? (uint64_t)n : 0;
		return n;
	}
	char raw[512];
	size_t room = size < sizeof(raw) ? size : sizeof(raw);
	ssize_t n = read_at(tail, tail->offset, raw, room);
	if (n <= 0)
		return n;
	size_t put = put_times(tail, raw, (size_t)n, out);
	tail->offset += (uint64_t)n;
	return (ssize_t)put;
}

ssize_t rs_tail_read(struct rs_tail *tail, char *out, size_t size)
{
	if (tail->options.timestamps && size < (RS_TAIL_TIME_LENGTH + 1) * 512 + RS_TIME_TEXT_MAX)
		return -EINVAL;
	bool is_last = tail->ended || !tail->options.follow;
	if (!rs_log_times_lock(&tail->times))
		return 0; /* it is rotated at this moment */
	ssize_t n = read_on(tail, out, size);
	rs_log_times_unlock(&tail->times);
	return n == 0 && is_last ? -ENODATA : n;
}

bool rs_tail_has_news(const struct rs_tail *tail)
{
	struct stat status;
	if (tail->ended || !tail->options.follow || fstat(tail->fd, &status) < 0)
		return true;
	/* Also after a rotation: the sum is another then. */
	return tail->times.cut + (uint64_t)status.st_size != tail->offset;
}
