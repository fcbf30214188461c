/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/registry/index.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct rs_index_slot {
	void *object; /* NULL = empty */
	uint32_t hash;
};

static int compare(struct rs_index_key a, struct rs_index_key b)
{
	int order = strcmp(a.namespace, b.namespace);

	if (order == 0)
		order = strcmp(a.owner, b.owner);
	if (order == 0)
		order = strcmp(a.name, b.name);
	return order;
}

static uint32_t add_to_hash(uint32_t hash, const char *text)
{
	/* FNV-1a, the terminating NUL included: "a" and "bc" are not "ab" and "c". */
	do
		hash = (hash ^ (uint8_t)*text) * 16777619U;
	while (*text++);
	return hash;
}

static uint32_t hash_of(struct rs_index_key key)
{
	return add_to_hash(add_to_hash(add_to_hash(2166136261U, key.namespace), key.owner), key.name);
}

/* The slot of the key, or the empty one where it would be. */
static size_t slot_of(const struct rs_index *index, struct rs_index_key key, uint32_t hash)
{
	const size_t mask = index->slot_count - 1;
	size_t i = hash & mask;

	while (index->slots[i].object &&
	       (index->slots[i].hash != hash || compare(index->key(index->slots[i].object), key) != 0))
		i = (i + 1) & mask;
	return i;
}

static void put_in_slot(struct rs_index *index, void *object, uint32_t hash)
{
	size_t i = hash & (index->slot_count - 1);

	while (index->slots[i].object)
		i = (i + 1) & (index->slot_count - 1);
	index->slots[i] = (struct rs_index_slot){.object = object, .hash = hash};
}

/* Those behind the emptied slot that were pushed past it move up, so that no search ends before its object. */
static void empty_slot(struct rs_index *index, size_t hole)
{
	const size_t mask = index->slot_count - 1;

	for (size_t i = (hole + 1) & mask; index->slots[i].object; i = (i + 1) & mask) {
		const size_t wanted = index->slots[i].hash & mask;

		if (((i - wanted) & mask) < ((i - hole) & mask))
			continue;
		index->slots[hole] = index->slots[i];
		hole = i;
	}
	index->slots[hole] = (struct rs_index_slot){0};
}

static int reserve_slots(struct rs_index *index, size_t objects)
{
	struct rs_index old = *index;
	size_t slot_count = index->slot_count ? index->slot_count : 32;

	while (slot_count < 2 * objects)
		slot_count *= 2;
	if (slot_count == index->slot_count)
		return 0;
	index->slots = calloc(slot_count, sizeof(*index->slots));
	if (!index->slots) {
		index->slots = old.slots;
		return -ENOMEM;
	}
	index->slot_count = slot_count;
	for (size_t i = 0; i < old.slot_count; i++)
		if (old.slots[i].object)
			put_in_slot(index, old.slots[i].object, old.slots[i].hash);
	free(old.slots);
	return 0;
}

void rs_index_done(struct rs_index *index)
{
	free(index->items);
	free(index->slots);
	index->items = NULL;
	index->slots = NULL;
	index->count = index->capacity = index->slot_count = 0;
}

int rs_index_reserve(struct rs_index *index, size_t extra)
{
	size_t capacity = index->capacity ? index->capacity : 16;
	void **items;

	if (index->is_hashed && reserve_slots(index, index->count + extra) < 0)
		return -ENOMEM;
	while (capacity < index->count + extra)
		capacity *= 2;
	if (capacity == index->capacity)
		return 0;
	items = realloc(index->items, capacity * sizeof(*items));
	if (!items)
		return -ENOMEM;
	index->items = items;
	index->capacity = capacity;
	return 0;
}

size_t rs_index_lower(const struct rs_index *index, struct rs_index_key key)
{
	size_t first = 0, last = index->count;

	/* What is added in order, as a load does it, comes behind all others. */
	if (last > 0 && compare(index->key(index->items[last - 1]), key) < 0)
		return last;
	while (first < last) {
		const size_t middle = first + (last - first) / 2;

		if (compare(index->key(index->items[middle]), key) < 0)
			first = middle + 1;
		else
			last = middle;
	}
	return first;
}

void *rs_index_find(const struct rs_index *index, struct rs_index_key key)
{
	size_t place;

	if (index->is_hashed)
		return index->slot_count ? index->slots[slot_of(index, key, hash_of(key))].object : NULL;
	place = rs_index_lower(index, key);
	if (place == index->count || compare(index->key(index->items[place]), key) != 0)
		return NULL;
	return index->items[place];
}

int rs_index_insert(struct rs_index *index, void *object)
{
	const struct rs_index_key key = index->key(object);
	const size_t place = rs_index_lower(index, key);
	int r;

	if (place < index->count && compare(index->key(index->items[place]), key) == 0)
		return -EEXIST;
	r = rs_index_reserve(index, 1);
	if (r < 0)
		return r;
	memmove(index->items + place + 1, index->items + place, (index->count - place) * sizeof(*index->items));
	index->items[place] = object;
	index->count++;
	if (index->is_hashed)
		put_in_slot(index, object, hash_of(key));
	return 0;
}

int rs_index_append(struct rs_index *index, void *object)
{
	const struct rs_index_key key = index->key(object);
	int r;

	if (index->is_hashed && rs_index_find(index, key))
		return -EEXIST;
	r = rs_index_reserve(index, 1);
	if (r < 0)
		return r;
	index->items[index->count++] = object;
	if (index->is_hashed)
		put_in_slot(index, object, hash_of(key));
	return 0;
}

static int compare_objects(const void *a, const void *b, void *of)
{
	const struct rs_index *index = of;

	return compare(index->key(*(void *const *)a), index->key(*(void *const *)b));
}

void rs_index_sort(struct rs_index *index)
{
	if (index->count)
		qsort_r(index->items, index->count, sizeof(*index->items), compare_objects, index);
}

void rs_index_remove(struct rs_index *index, const void *object)
{
	const struct rs_index_key key = index->key(object);
	const size_t place = rs_index_lower(index, key);

	assert(place < index->count && index->items[place] == object);
	if (index->is_hashed)
		empty_slot(index, slot_of(index, key, hash_of(key)));
	index->count--;
	memmove(index->items + place, index->items + place + 1, (index->count - place) * sizeof(*index->items));
}
