/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which virtual addresses are taken. The search goes on behind the last one
 * given out, so that an address rests for as long as possible before it means
 * another service: clients keep names and addresses in caches.
 */
#ifndef RS_CORE_REGISTRY_VIPS_H
#define RS_CORE_REGISTRY_VIPS_H

#include <stdbool.h>
#include <stdint.h>

struct rs_vips {
	uint32_t first;
	uint32_t count;
	uint32_t taken;
	uint32_t next;	/* where the search begins, from `first` */
	uint64_t *bits; /* of `count` */
};

int rs_vips_init(struct rs_vips *vips, uint32_t first, uint32_t count);
void rs_vips_done(struct rs_vips *vips);
uint32_t rs_vips_free_count(const struct rs_vips *vips);
/* A free one. There must be one: see rs_vips_free_count(). */
uint32_t rs_vips_take(struct rs_vips *vips);
/* That one: -ERANGE outside the range, -EEXIST when it is taken. */
int rs_vips_take_this(struct rs_vips *vips, uint32_t vip);
void rs_vips_give_back(struct rs_vips *vips, uint32_t vip);

#endif
