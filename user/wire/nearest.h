/* SPDX-License-Identifier: BSD-2-Clause */
/* "Did you mean": the known name that is nearest to one that is not known. */
#ifndef RS_WIRE_NEAREST_H
#define RS_WIRE_NEAREST_H

#include <stddef.h>

struct rs_nearest {
	const char *wanted;
	const char *best; /* NULL while nothing is near enough */
	size_t distance;
};

void rs_nearest_init(struct rs_nearest *nearest, const char *wanted);
/* `known` is kept, not copied. */
void rs_nearest_offer(struct rs_nearest *nearest, const char *known);

#endif
