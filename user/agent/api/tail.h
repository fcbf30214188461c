/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An instance's log as one text: what rotation took off it, as far as that is
 * kept, and what stands in it; and on with what is appended. Offsets count from
 * the first byte that the instance ever wrote (rt/log_times.h), so that they
 * mean the same before and after a rotation. Never blocks on a writer.
 */
#ifndef RS_AGENT_API_TAIL_H
#define RS_AGENT_API_TAIL_H

#include "rt/log_times.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define RS_TAIL_TIME_LENGTH 21 /* "2026-11-25T15:18:03Z " */

struct rs_tail_options {
	int64_t lines;	   /* the last so many, -1 = all */
	int64_t offset;	   /* from there on, -1 = from the start */
	uint64_t since_ms; /* from what was written then on, a second more or less; 0 = all */
	bool follow;
	bool timestamps; /* before each line when it was there, to the second */
};

struct rs_tail {
	char *path;
	struct rs_tail_options options;
	int fd;
	int old_fd; /* of the head that was taken off; -1 = none */
	uint64_t old_length;
	struct rs_log_times times;
	uint64_t offset;
	uint64_t end; /* without follow: where it ended when it was opened */
	bool ended;   /* nobody writes it any more: what is there, then the end */
	bool in_line; /* the last byte that was read was no newline */
};

int rs_tail_open(const char *path, const struct rs_tail_options *options, struct rs_tail **ret_tail);
/* Accepts NULL; returns NULL. */
struct rs_tail *rs_tail_free(struct rs_tail *tail);

/* Bytes read; 0 when there is nothing at the moment; -ENODATA at the end, or another negative errno. */
ssize_t rs_tail_read(struct rs_tail *tail, char *out, size_t size);
/* True when rs_tail_read() would have something to say. */
bool rs_tail_has_news(const struct rs_tail *tail);

#endif
