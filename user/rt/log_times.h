/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a log had which length: LOG.times beside LOG, with a line
 *
 *	1764082662123 4096	milliseconds since 1970, bytes since the log began
 *
 * at most once a second while it grows, and a line "cut 10485760" for each head
 * that rotation took off. Lengths and offsets here count from the first byte
 * that was ever written: the bytes before the cuts' sum are gone, or in LOG.1.
 *
 * Its lock (flock) stands over LOG, LOG.1 and LOG.times: rotation holds it
 * while the three change together, and readers while they read.
 */
#ifndef RS_RT_LOG_TIMES_H
#define RS_RT_LOG_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* A file that grows beyond that loses every second of its times. */
#define RS_LOG_TIMES_BYTES_MAX (64 * 1024)

struct rs_log_time {
	uint64_t wall_ms;
	uint64_t length;
};

struct rs_log_times {
	int fd; /* -1 = there is none (yet) */
	uint64_t cut;
	struct rs_log_time *items; /* in order */
	size_t count;
	struct stat seen;
};

#define RS_LOG_TIMES_NONE ((struct rs_log_times){.fd = -1})

/* Reads what there is; again, when it has changed. No file is no error. */
int rs_log_times_read(struct rs_log_times *times, const char *log_path);
void rs_log_times_done(struct rs_log_times *times);
/* Takes the lock, shared; false when rotation has it, and without a file there is nothing to lock. */
bool rs_log_times_lock(const struct rs_log_times *times);
void rs_log_times_unlock(const struct rs_log_times *times);

/* How long the log was at that time, as far as is known: it may have been longer, by what came within a second. */
uint64_t rs_log_times_length_at(const struct rs_log_times *times, uint64_t wall_ms);
/* When the byte before `length` was there: at the latest then, 0 when that is not known yet. */
uint64_t rs_log_times_of(const struct rs_log_times *times, uint64_t length);

/* Appends a line, and makes the file when there is none. */
int rs_log_times_note(const char *log_path, uint64_t wall_ms, uint64_t length);
/* For rotation: opens and locks, exclusively. Returns the descriptor. */
int rs_log_times_open_locked(const char *log_path);
int rs_log_times_note_cut(int fd, uint64_t bytes);

#endif
