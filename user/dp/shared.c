// SPDX-License-Identifier: BSD-2-Clause
/*
 * Arrays that the agent and the programs share, as memory. The kernel maps every
 * page of such an array at once, and each counts as resident: a node of sleeping
 * services would carry 9 MB of entries that nobody looks at. So the address
 * range is reserved, pieces are mapped into it when they are first asked for,
 * and all of them are given back when the agent has nothing to do.
 */
#include "dp/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* A multiple of every page size that Linux has on the machines it is run on. */
#define PIECE_BYTES 65536UL

static int reserve(struct rs_shared *shared, int flags)
{
	void *memory = mmap(shared->memory, shared->bytes, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	shared->memory = memory;
	return 0;
}

int rs_shared_init(struct rs_shared *shared, const struct bpf_map *map, int protection)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	*shared = (struct rs_shared){
		.fd = bpf_map__fd(map),
		.protection = protection,
		.count = bpf_map__max_entries(map),
		.element = (bpf_map__value_size(map) + 7UL) & ~7UL,
	};
	shared->bytes = (shared->element * shared->count + page - 1) & ~(page - 1);
	shared->piece_count = (shared->bytes + PIECE_BYTES - 1) / PIECE_BYTES;
	shared->is_mapped = calloc(shared->piece_count, sizeof(*shared->is_mapped));
	return shared->is_mapped ? reserve(shared, 0) : -ENOMEM;
}

void rs_shared_done(struct rs_shared *shared)
{
	if (shared->memory)
		munmap(shared->memory, shared->bytes);
	free(shared->is_mapped);
	*shared = (struct rs_shared){0};
}

static int map_piece(struct rs_shared *shared, size_t piece)
{
	size_t offset = piece * PIECE_BYTES;
	size_t bytes = shared->bytes - offset < PIECE_BYTES ? shared->bytes - offset : PIECE_BYTES;
	if (mmap((char *)shared->memory + offset, bytes, shared->protection, MAP_SHARED | MAP_FIXED, shared->fd,
		 (off_t)offset) == MAP_FAILED)
		return -errno;
	shared->is_mapped[piece] = true;
	shared->is_used = true;
	return 0;
}

void *rs_shared_at(struct rs_shared *shared, size_t index)
{
	size_t first = index * shared->element / PIECE_BYTES;
	size_t last = ((index + 1) * shared->element - 1) / PIECE_BYTES;
	for (size_t piece = first; piece <= last; piece++) {
		if (!shared->is_mapped[piece] && map_piece(shared, piece) < 0)
			return NULL;
	}
	return (char *)shared->memory + index * shared->element;
}

void rs_shared_give_back(struct rs_shared *shared)
{
	/* Where that fails the pieces stay as they are, which is as good. */
	if (!shared->is_used || reserve(shared, MAP_FIXED) < 0)
		return;
	for (size_t i = 0; i < shared->piece_count; i++)
		shared->is_mapped[i] = false;
	shared->is_used = false;
}
