/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A consistent-hash table in Maglev's way (Eisenbud et al., "Maglev: A Fast and
 * Reliable Software Network Load Balancer", NSDI 2016, section 3.4): every
 * instance has a permutation of the table of its own, and in turn each takes
 * the next free entry of it. Pure.
 *
 * With shares that are exact: an instance takes no more than its quota, which
 * is its part of the table rounded down or up. In the paper's way the last
 * turns decide, and weights by more turns come out as something else.
 */
#ifndef RS_CORE_ROUTE_MAGLEV_H
#define RS_CORE_ROUTE_MAGLEV_H

#include <stddef.h>
#include <stdint.h>

#include "abi/limits.h"

#define RS_MAGLEV_WEIGHT_MAX 1000

struct rs_maglev_share {
	uint64_t name;	 /* what the permutation is made of: stays with the instance, and is nobody else's */
	uint32_t weight; /* 1..RS_MAGLEV_WEIGHT_MAX */
	uint8_t place;	 /* what stands in its entries */
};

/* Fills the table for `count` (1..RS_REVISION_INSTANCES_MAX) shares, whatever order they come in. Each gets
 * RS_MAGLEV_SIZE * weight / (sum of weights) entries, rounded down or up. When one goes, few entries of others move. */
void rs_maglev_fill(const struct rs_maglev_share *shares, size_t count, uint8_t ret_table[static RS_MAGLEV_SIZE]);

#endif
