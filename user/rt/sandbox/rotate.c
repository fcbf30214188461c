// SPDX-License-Identifier: BSD-2-Clause
/*
 * Takes the head off a log that its writer holds open with O_APPEND.
 *
 * What has been written never changes, so the head is copied to LOG.1 without
 * haste and then cut off with FALLOC_FL_COLLAPSE_RANGE: appends that come in
 * between go behind it, nothing is lost and nothing repeated (ext4, xfs).
 *
 * Where a file system cannot cut (tmpfs, btrfs), everything is copied and the
 * file truncated: only what is written between the last read and the truncate,
 * some microseconds, is lost.
 *
 * All of it is bounded. Of a head larger than `keep` the last `keep` bytes are
 * kept; and a writer that is faster than the copy is not run after.
 */
#include "rt/sandbox/sandbox.h"

#include "base/mem.h"
#include "base/str.h"
#include "rt/log_times.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Copies at most `limit` bytes from the current position. Returns how many, fewer at the end of the file. */
static off_t copy(int from, int to, off_t limit)
{
	static char block[64 * 1024];
	off_t done = 0;
	while (done < limit) {
		size_t want = limit - done < (off_t)sizeof(block) ? (size_t)(limit - done) : sizeof(block);
		ssize_t n = read(from, block, want);
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		for (ssize_t at = 0; at < n;) {
			ssize_t written = write(to, block + at, (size_t)(n - at));
			if (written < 0)
				return -errno;
			at += written;
		}
		done += n;
	}
	return done;
}

static int note_cut(const char *path, int times, off_t bytes, struct rs_err *err)
{
	int r = rs_log_times_note_cut(times, (uint64_t)bytes);
	return r < 0 ? rs_err_set(err, r, "cannot write down what was cut from %s: %s", path, strerror(-r)) : 0;
}

int rs_sandbox_rotate(const struct rs_sandbox_options *options, struct rs_err *err)
{
	if (!options->path)
		return rs_err_set(err, -EINVAL, "rotate needs path");
	rs_auto_free char *old = rs_str_format("%s.1", options->path);
	rs_auto_free char *partial = rs_str_format("%s.1.partial", options->path);
	if (!old || !partial)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rs_auto_fd int log = open(options->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	rs_auto_fd int out = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	struct stat status;
	if (log < 0 || out < 0 || fstat(log, &status) < 0)
		return rs_err_set(err, -errno, "cannot open the log %s: %m", options->path);
	/* Whole blocks, and at least a byte stays: collapsing a range that reaches the end is refused. */
	off_t head = status.st_size > 0 ? (status.st_size - 1) / status.st_blksize * status.st_blksize : 0;
	off_t keep = options->keep ? options->keep : INT64_MAX;
	off_t from = lseek(log, head > keep ? head - keep : 0, SEEK_SET);
	off_t r = from < 0 ? -errno : copy(log, out, head - from);
	/* A full disk has no room for the old head, and more need for its own. */
	bool is_full = r == -ENOSPC;
	if (is_full) {
		r = 0;
		unlink(partial);
	}
	/* From here on readers wait: the log, its old head and what is known of both change together. */
	rs_auto_fd int times = r < 0 ? -1 : rs_log_times_open_locked(options->path);
	if (r < 0 || times < 0 || (is_full ? unlink(old) < 0 && errno != ENOENT : rename(partial, old) < 0)) {
		r = r < 0 ? r : times < 0 ? times : -errno;
		unlink(partial);
		return rs_err_set(err, (int)r, "cannot copy the log %s: %s", options->path, strerror((int)-r));
	}
	if (head && fallocate(log, FALLOC_FL_COLLAPSE_RANGE, 0, head) == 0)
		return note_cut(options->path, times, head, err);
	off_t rest = is_full ? 0 : copy(log, out, keep);
	if (is_full && fstat(log, &status) == 0)
		rest = status.st_size - head;
	if (rest < 0 || ftruncate(log, 0) < 0)
		return rs_err_set(err, -errno, "cannot truncate the log %s: %m", options->path);
	return note_cut(options->path, times, head + rest, err);
}
