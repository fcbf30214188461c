/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ownership that can be seen on the line of creation.
 *
 *	rs_auto_free char *text = strdup(x);     freed when the scope ends
 *	rs_auto_fd int fd = open(...);           closed when the scope ends (if >= 0)
 *	return rs_take_ptr(text);                hands ownership to the caller
 */
#ifndef RS_BASE_MEM_H
#define RS_BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

static inline void rs_free_cleanup(void *pointer)
{
	free(*(void **)pointer);
}

static inline void rs_fd_cleanup(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define rs_auto_free __attribute__((cleanup(rs_free_cleanup)))
#define rs_auto_fd   __attribute__((cleanup(rs_fd_cleanup)))

#define rs_take_ptr(pointer)                                                                                           \
	({                                                                                                             \
		__typeof__(pointer) taken_ = (pointer);                                                                \
		(pointer) = NULL;                                                                                      \
		taken_;                                                                                                \
	})

#define rs_take_fd(fd)                                                                                                 \
	({                                                                                                             \
		int taken_ = (fd);                                                                                     \
		(fd) = -1;                                                                                             \
		taken_;                                                                                                \
	})

/* Room for one more item behind `count` of an array that malloc gave, or NULL: the array moved, its room doubled. NULL
 * without memory; then array and *capacity are as before. */
static inline void *rs_grow(void *items, size_t count, size_t *capacity, size_t item_size)
{
	if (count < *capacity)
		return items;
	size_t wanted = *capacity ? 2 * *capacity : 16;
	void *grown = reallocarray(items, wanted, item_size);
	if (grown)
		*capacity = wanted;
	return grown;
}

#define rs_array_length(array) (sizeof(array) / sizeof((array)[0]))

#define rs_container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

#endif
