/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/route/maglev.h"

#include <stdlib.h>
#include <string.h>

#include "pure/hash.h"

#define FREE 0xff

_Static_assert(RS_REVISION_INSTANCES_MAX <= FREE, "places are bytes");

/* One that takes part. */
struct taker {
	const struct rs_maglev_share *share;
	uint32_t at;	    /* the permutation: this entry next, */
	uint32_t skip;	    /* and so many further each time. The size is prime, so that it visits all */
	uint32_t left;	    /* of its quota */
	uint32_t remainder; /* of the division that gave the quota */
	uint32_t credit;    /* a turn costs the largest weight, a round earns the own one */
};

static int compare_names(const void *a, const void *b)
{
	const struct taker *x = a, *y = b;

	return x->share->name < y->share->name ? -1 : x->share->name > y->share->name;
}

static uint32_t hash_of(uint64_t name, uint32_t seed)
{
	return rs_hash_mix(rs_hash_mix((uint32_t)name ^ seed) ^ (uint32_t)(name >> 32));
}

/* What rounding down leaves over goes to the largest remainders, one each. */
static void share_out(struct taker *takers, size_t count)
{
	uint32_t sum = 0, left = RS_MAGLEV_SIZE;

	for (size_t i = 0; i < count; i++)
		sum += takers[i].share->weight;
	for (size_t i = 0; i < count; i++) {
		takers[i].left = RS_MAGLEV_SIZE * takers[i].share->weight / sum;
		takers[i].remainder = RS_MAGLEV_SIZE * takers[i].share->weight % sum;
		left -= takers[i].left;
	}
	for (; left > 0; left--) {
		size_t best = 0;

		for (size_t i = 1; i < count; i++)
			if (takers[i].remainder > takers[best].remainder)
				best = i;
		takers[best].left++;
		takers[best].remainder = 0;
	}
}

/* The next entry of its permutation that nobody has. */
static void take(struct taker *taker, uint8_t table[static RS_MAGLEV_SIZE])
{
	while (table[taker->at] != FREE)
		taker->at = (taker->at + taker->skip) % RS_MAGLEV_SIZE;
	table[taker->at] = taker->share->place;
	taker->left--;
}

void rs_maglev_fill(const struct rs_maglev_share *shares, size_t count, uint8_t ret_table[static RS_MAGLEV_SIZE])
{
	struct taker takers[RS_REVISION_INSTANCES_MAX] = {0};
	uint32_t turn_costs = 1;
	size_t hungry = 0;

	for (size_t i = 0; i < count; i++) {
		takers[i] = (struct taker){
			.share = &shares[i],
			.at = hash_of(shares[i].name, 0x6f666673) % RS_MAGLEV_SIZE,
			.skip = 1 + hash_of(shares[i].name, 0x736b6970) % (RS_MAGLEV_SIZE - 1),
		};
		if (shares[i].weight > turn_costs)
			turn_costs = shares[i].weight;
	}
	qsort(takers, count, sizeof(*takers), compare_names);
	share_out(takers, count);
	for (size_t i = 0; i < count; i++)
		hungry += takers[i].left > 0;
	memset(ret_table, FREE, RS_MAGLEV_SIZE);
	while (hungry > 0)
		for (size_t i = 0; i < count; i++) {
			if (takers[i].left == 0)
				continue;
			takers[i].credit += takers[i].share->weight;
			if (takers[i].credit < turn_costs)
				continue;
			takers[i].credit -= turn_costs;
			take(&takers[i], ret_table);
			hungry -= takers[i].left == 0;
		}
}
