/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/registry/index.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare(struct rs_index_key a, struct rs_index_key b)
{
	int order = strcmp(a.namespace, b.namespace);

	if (order == 0)
		order = strcmp(a.owner, b.owner);
	if (order == 0)
		order = strcmp(a.name, b.name);
	return order;
}

void rs_index_done(struct rs_index *index)
{
	free(index->items);
	index->items = NULL;
	index->count = index->capacity = 0;
}

int rs_index_reserve(struct rs_index *index, size_t extra)
{
	size_t capacity = index->capacity ? index->capacity : 16;
	void **items;

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
	const size_t place = rs_index_lower(index, key);

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
	return 0;
}

void rs_index_remove(struct rs_index *index, const void *object)
{
	const size_t place = rs_index_lower(index, index->key(object));

	assert(place < index->count && index->items[place] == object);
	index->count--;
	memmove(index->items + place, index->items + place + 1, (index->count - place) * sizeof(*index->items));
}
