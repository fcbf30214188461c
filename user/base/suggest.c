// SPDX-License-Identifier: BSD-2-Clause
#include "base/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Damerau and Levenshtein's, in its restricted form (no letter is moved twice), three rows at a time. */
size_t rs_suggest_distance(const char *a, const char *b)
{
	size_t a_length = strlen(a), b_length = strlen(b);
	if (a_length > RS_SUGGEST_WORD_MAX || b_length > RS_SUGGEST_WORD_MAX)
		return SIZE_MAX;

	size_t rows[3][RS_SUGGEST_WORD_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *oldest = before;
		before = above;
		above = row;
		row = oldest;
		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t replace = above[j - 1] + !same(a[i - 1], b[j - 1]);
			row[j] = smaller(replace, smaller(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[j] = smaller(row[j], before[j - 2] + 1);
		}
	}
	return row[b_length];
}

void rs_suggest_offer(struct rs_suggestion *suggestion, const char *typed, const char *candidate)
{
	size_t length = strlen(typed);
	size_t distance = rs_suggest_distance(typed, candidate);
	/* What was cut short counts as near: "desc" means "describe". */
	if (length >= 3 && strncasecmp(candidate, typed, length) == 0)
		distance = 1;
	/* A third of the letters may be wrong, but never all of them. */
	size_t allowed = length < 3 ? 1 : (length + 2) / 3;
	if (distance > allowed || distance >= length)
		return;
	if (!suggestion->word || distance < suggestion->distance) {
		suggestion->word = candidate;
		suggestion->distance = distance;
	}
}
