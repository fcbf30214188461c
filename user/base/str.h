/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text: a growable buffer that must be given its maximum, and a few helpers.
 * After the first failure (no memory, maximum reached) a buffer stays failed
 * and every later append is a no-op, so that one check at the end is enough.
 */
#ifndef RS_BASE_STR_H
#define RS_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

struct rs_buf {
	char *data; /* NUL-terminated once anything was appended; NULL before */
	size_t length;
	size_t capacity;
	size_t maximum; /* bytes, without the NUL */
	int error;	/* 0, -ENOMEM or -E2BIG */
};

/* An empty buffer, which appending beyond `maximum` fails. Failures stay: it is enough to look at the last one. */
void rs_buf_init(struct rs_buf *buf, size_t maximum);
/* Frees the content. Accepts NULL. */
void rs_buf_done(struct rs_buf *buf);
/* Empties the buffer but keeps its memory; clears the error. */
void rs_buf_clear(struct rs_buf *buf);
int rs_buf_append(struct rs_buf *buf, const void *data, size_t length);
int rs_buf_puts(struct rs_buf *buf, const char *text);
int rs_buf_printf(struct rs_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Hands the text (never NULL on success) to the caller, who frees it. NULL when the buffer failed. */
char *rs_buf_take(struct rs_buf *buf);

bool rs_str_equal(const char *a, const char *b); /* NULL equals NULL only */
bool rs_str_starts_with(const char *text, const char *prefix);
/* Copies with truncation and always terminates. Returns -E2BIG when it did not fit, else 0. */
int rs_str_copy(char *out, size_t size, const char *text);
/* Parses a whole decimal number; -EINVAL on anything else, -ERANGE outside minimum..maximum. */
int rs_str_to_long(const char *text, long long minimum, long long maximum, long long *ret_value);
/* printf into new memory, NULL when out of memory. */
char *rs_str_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
