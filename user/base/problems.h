/* SPDX-License-Identifier: BSD-2-Clause */
/* What is wrong with something that is read to its end whatever is found: every problem a sentence, in order. */
#ifndef RS_BASE_PROBLEMS_H
#define RS_BASE_PROBLEMS_H

#include <stdbool.h>

#define RS_PROBLEMS_MAX 64 /* more are counted, not kept */

struct rs_problem {
	char *text;
	bool is_note; /* nothing fails for it */
};

struct rs_problems {
	struct rs_problem items[RS_PROBLEMS_MAX];
	unsigned count;
	unsigned errors; /* notes are not among them */
};

/* A note, or an error. Without memory it is counted alone. */
void rs_problems_add(struct rs_problems *problems, bool is_note, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The first error's text, "" when there is none. */
const char *rs_problems_first(const struct rs_problems *problems);
void rs_problems_done(struct rs_problems *problems);

#endif
