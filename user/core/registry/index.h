/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sorted array of objects that somebody else owns. Looking up is a binary
 * search; inserting moves pointers, which at the registry's maximum (16384
 * services) costs some microseconds and keeps listing in order for free.
 */
#ifndef RS_CORE_REGISTRY_INDEX_H
#define RS_CORE_REGISTRY_INDEX_H

#include <stdbool.h>
#include <stddef.h>

/* Compared in this order. Parts that an index does not use are "". */
struct rs_index_key {
	const char *namespace;
	const char *owner;
	const char *name;
};

struct rs_index {
	struct rs_index_key (*key)(const void *object);
	void **items;
	size_t count;
	size_t capacity;
};

/* Frees the array, not the objects. */
void rs_index_done(struct rs_index *index);
/* Makes room, so that the next `extra` insertions cannot fail. */
int rs_index_reserve(struct rs_index *index, size_t extra);
/* -EEXIST when an object of that key is there, -ENOMEM. */
int rs_index_insert(struct rs_index *index, void *object);
/* The object must be there. */
void rs_index_remove(struct rs_index *index, const void *object);
void *rs_index_find(const struct rs_index *index, struct rs_index_key key);
/* Position of the first object that is not before the key; `count` when there is none. */
size_t rs_index_lower(const struct rs_index *index, struct rs_index_key key);

#endif
