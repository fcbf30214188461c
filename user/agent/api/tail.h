/* SPDX-License-Identifier: BSD-2-Clause */
/* A text file from its last lines on, and on with what is appended, over rotations. Never blocks on a writer. */
#ifndef RS_AGENT_API_TAIL_H
#define RS_AGENT_API_TAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct rs_tail {
	char *path;
	int fd;
	uint64_t offset;
	uint64_t end; /* without follow: where it ended when it was opened */
	bool follow;
	bool ended; /* nobody writes it any more: what is there, then the end */
};

/* From the last `lines` lines on, -1 = from the start. */
int rs_tail_open(const char *path, int64_t lines, bool follow, struct rs_tail **ret_tail);
/* Accepts NULL; returns NULL. */
struct rs_tail *rs_tail_free(struct rs_tail *tail);

/* Bytes read; 0 when there is nothing at the moment; -ENODATA at the end, or another negative errno. */
ssize_t rs_tail_read(struct rs_tail *tail, char *out, size_t size);
/* True when rs_tail_read() would have something to say. */
bool rs_tail_has_news(const struct rs_tail *tail);

#endif
