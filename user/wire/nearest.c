/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define LENGTH_MAX 48
#define PREFIX_MIN 4

void rs_nearest_init(struct rs_nearest *nearest, const char *wanted)
{
	*nearest = (struct rs_nearest){.wanted = wanted};
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Levenshtein's distance with neighbours swapped counting one (Damerau), case aside. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t rows[3][LENGTH_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2], *spare;

	for (size_t k = 0; k <= b_length; k++)
		last[k] = before[k] = k;
	for (size_t i = 1; i <= a_length; i++) {
		row[0] = i;
		for (size_t k = 1; k <= b_length; k++) {
			row[k] = smaller(smaller(last[k], row[k - 1]) + 1, last[k - 1] + !same(a[i - 1], b[k - 1]));
			if (i > 1 && k > 1 && same(a[i - 1], b[k - 2]) && same(a[i - 2], b[k - 1]))
				row[k] = smaller(row[k], before[k - 2] + 1);
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b_length];
}

void rs_nearest_offer(struct rs_nearest *nearest, const char *known)
{
	const size_t wanted_length = strlen(nearest->wanted), known_length = strlen(known);
	size_t found;

	if (wanted_length == 0 || wanted_length > LENGTH_MAX || known_length > LENGTH_MAX)
		return;
	/* The beginning of a name is as good as one slip. */
	if (wanted_length >= PREFIX_MIN && strncasecmp(nearest->wanted, known, wanted_length) == 0)
		found = known_length > wanted_length;
	else
		found = distance(nearest->wanted, wanted_length, known, known_length);
	/* A third of the letters wrong is another word. */
	if (found > 1 + wanted_length / 4 || found >= wanted_length || (nearest->best && found >= nearest->distance))
		return;
	nearest->best = known;
	nearest->distance = found;
}
