/* SPDX-License-Identifier: BSD-2-Clause */
/* "did you mean": the nearest of the words that would have been right. Pure. */
#ifndef RS_BASE_SUGGEST_H
#define RS_BASE_SUGGEST_H

#include <stddef.h>

/* How many letters must be inserted, removed, replaced or swapped with their neighbour to make `b` of `a`.
 * Case does not count.
 * Words of more than RS_SUGGEST_WORD_MAX letters are as far away as can be. */
#define RS_SUGGEST_WORD_MAX 64
size_t rs_suggest_distance(const char *a, const char *b);

/* Looks at candidates one after another and keeps the best. */
struct rs_suggestion {
	const char *word; /* NULL while nothing is near enough */
	size_t distance;
};

/* Takes the candidate when it is nearer to `typed` than what there was, and near enough. It is borrowed. */
void rs_suggest_offer(struct rs_suggestion *suggestion, const char *typed, const char *candidate);

#endif
