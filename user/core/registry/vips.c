/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/registry/vips.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define WORD_BITS 64

static bool is_taken(const struct rs_vips *vips, uint32_t place)
{
	return vips->bits[place / WORD_BITS] >> place % WORD_BITS & 1;
}

int rs_vips_init(struct rs_vips *vips, uint32_t first, uint32_t count)
{
	*vips = (struct rs_vips){.first = first, .count = count};
	vips->bits = calloc(count / WORD_BITS + 1, sizeof(*vips->bits));
	return vips->bits ? 0 : -ENOMEM;
}

void rs_vips_done(struct rs_vips *vips)
{
	free(vips->bits);
	*vips = (struct rs_vips){0};
}

uint32_t rs_vips_free_count(const struct rs_vips *vips)
{
	return vips->count - vips->taken;
}

uint32_t rs_vips_take(struct rs_vips *vips)
{
	uint32_t place = vips->next % vips->count;

	assert(vips->taken < vips->count);
	while (is_taken(vips, place)) {
		/* A full word is passed in one step. */
		if (place % WORD_BITS == 0 && vips->bits[place / WORD_BITS] == UINT64_MAX)
			place += WORD_BITS;
		else
			place++;
		if (place >= vips->count)
			place = 0;
	}
	vips->bits[place / WORD_BITS] |= 1ULL << place % WORD_BITS;
	vips->taken++;
	vips->next = (place + 1) % vips->count;
	return vips->first + place;
}

int rs_vips_take_this(struct rs_vips *vips, uint32_t vip)
{
	const uint32_t place = vip - vips->first;

	if (vip < vips->first || place >= vips->count)
		return -ERANGE;
	if (is_taken(vips, place))
		return -EEXIST;
	vips->bits[place / WORD_BITS] |= 1ULL << place % WORD_BITS;
	vips->taken++;
	return 0;
}

void rs_vips_give_back(struct rs_vips *vips, uint32_t vip)
{
	const uint32_t place = vip - vips->first;

	assert(vip >= vips->first && place < vips->count && is_taken(vips, place));
	vips->bits[place / WORD_BITS] &= ~(1ULL << place % WORD_BITS);
	vips->taken--;
}
