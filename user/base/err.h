/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors: a negative errno for the program, a sentence for the person.
 *
 * Functions return 0 (or a count) or a negative errno. Where a person has to
 * act on the failure, the function also takes a `struct rs_err *` and fills it
 * with what failed, where, and what to do. It is written only on failure, and
 * may be NULL when the caller does not care for the sentence.
 */
#ifndef RS_BASE_ERR_H
#define RS_BASE_ERR_H

#include <stdarg.h>

#define RS_ERR_MESSAGE_MAX 512

struct rs_err {
	int code;			  /* negative errno, 0 when unset */
	char message[RS_ERR_MESSAGE_MAX]; /* one line, no trailing newline */
};

/* Fills *err (when not NULL) with a formatted message. Returns `code`. */
int rs_err_set(struct rs_err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts context before the message that *err already has: "context: message". Returns err's code. */
int rs_err_prefix(struct rs_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
