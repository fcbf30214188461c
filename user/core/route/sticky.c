/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/route/sticky.h"

#include <string.h>

#include "pure/hash.h"

#define FNV_OFFSET 2166136261u
#define FNV_PRIME  16777619u

/* The table that has no past. */
static void lay_out(const uint8_t *percents, size_t count, uint8_t slots[static RS_ROUTE_SLOTS])
{
	size_t slot = 0;

	memset(slots, RS_STICKY_NONE, RS_ROUTE_SLOTS);
	for (size_t i = 0; i < count; i++)
		for (unsigned k = 0; k < percents[i] && slot < RS_ROUTE_SLOTS; k++)
			slots[slot++] = (uint8_t)i;
}

/* Frees slots of shares that have too many: first those that are another's in the fresh table, then the others. */
static void give_up(uint8_t slots[static RS_ROUTE_SLOTS], const uint8_t fresh[static RS_ROUTE_SLOTS],
		    int surplus[static RS_ROUTE_TARGETS_MAX])
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t slot = RS_ROUTE_SLOTS; slot-- > 0;) {
			const uint8_t owner = slots[slot];

			if (owner == RS_STICKY_NONE || surplus[owner] <= 0 || (pass == 0 && fresh[slot] == owner))
				continue;
			slots[slot] = RS_STICKY_NONE;
			surplus[owner]--;
		}
}

/* Fills free slots with shares that have too few: each with its owner in the fresh table where that is one of them. */
static void take_up(uint8_t slots[static RS_ROUTE_SLOTS], const uint8_t fresh[static RS_ROUTE_SLOTS],
		    int surplus[static RS_ROUTE_TARGETS_MAX], size_t count)
{
	size_t next = 0;

	for (int pass = 0; pass < 2; pass++)
		for (size_t slot = 0; slot < RS_ROUTE_SLOTS; slot++) {
			uint8_t owner = fresh[slot];

			if (slots[slot] != RS_STICKY_NONE)
				continue;
			if (pass == 1) {
				while (next < count && surplus[next] >= 0)
					next++;
				owner = next < count ? (uint8_t)next : RS_STICKY_NONE;
			}
			if (owner == RS_STICKY_NONE || surplus[owner] >= 0)
				continue;
			slots[slot] = owner;
			surplus[owner]++;
		}
}

void rs_sticky_slots(const uint8_t *old, const uint8_t *percents, size_t count,
		     uint8_t ret_slots[static RS_ROUTE_SLOTS])
{
	uint8_t fresh[RS_ROUTE_SLOTS];
	int surplus[RS_ROUTE_TARGETS_MAX] = {0};

	lay_out(percents, count, fresh);
	if (old)
		memmove(ret_slots, old, RS_ROUTE_SLOTS);
	else
		memset(ret_slots, RS_STICKY_NONE, RS_ROUTE_SLOTS);
	for (size_t i = 0; i < count; i++)
		surplus[i] = -percents[i];
	for (size_t slot = 0; slot < RS_ROUTE_SLOTS; slot++) {
		if (ret_slots[slot] < count)
			surplus[ret_slots[slot]]++;
		else
			ret_slots[slot] = RS_STICKY_NONE;
	}
	give_up(ret_slots, fresh, surplus);
	take_up(ret_slots, fresh, surplus, count);
}

uint32_t rs_sticky_seed(const char *uid)
{
	uint32_t hash = FNV_OFFSET;

	for (; *uid; uid++)
		hash = (hash ^ (uint8_t)*uid) * FNV_PRIME;
	return rs_hash_mix(hash);
}
