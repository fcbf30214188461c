// SPDX-License-Identifier: BSD-2-Clause
#include "agent/watch/shown.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a: that two of some thousand names share 64 bits does not happen. */
static uint64_t hash(const char *namespace, const char *name)
{
	uint64_t value = 0xcbf29ce484222325ULL;
	for (const char *c = namespace; *c; c++)
		value = (value ^ (unsigned char)*c) * 0x100000001b3ULL;
	value = (value ^ '/') * 0x100000001b3ULL;
	for (const char *c = name; *c; c++)
		value = (value ^ (unsigned char)*c) * 0x100000001b3ULL;
	return value;
}

/* The first that is not below. */
static size_t place(const struct rs_shown *shown, uint64_t value)
{
	size_t low = 0, high = shown->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (shown->items[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct rs_shown *shown, size_t at, uint64_t value)
{
	return at < shown->count && shown->items[at] == value;
}

bool rs_shown_has(const struct rs_shown *shown, const char *namespace, const char *name)
{
	uint64_t value = hash(namespace, name);
	return is_at(shown, place(shown, value), value);
}

int rs_shown_add(struct rs_shown *shown, const char *namespace, const char *name)
{
	uint64_t value = hash(namespace, name);
	size_t at = place(shown, value);
	if (is_at(shown, at, value))
		return 0;
	uint64_t *grown = rs_grow(shown->items, shown->count, &shown->capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	shown->items = grown;
	memmove(shown->items + at + 1, shown->items + at, (shown->count - at) * sizeof(*shown->items));
	shown->items[at] = value;
	shown->count++;
	return 0;
}

bool rs_shown_remove(struct rs_shown *shown, const char *namespace, const char *name)
{
	uint64_t value = hash(namespace, name);
	size_t at = place(shown, value);
	if (!is_at(shown, at, value))
		return false;
	shown->count--;
	memmove(shown->items + at, shown->items + at + 1, (shown->count - at) * sizeof(*shown->items));
	return true;
}

void rs_shown_done(struct rs_shown *shown)
{
	free(shown->items);
	*shown = (struct rs_shown){0};
}
