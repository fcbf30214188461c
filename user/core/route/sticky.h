/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The slots of a route whose clients keep their revision (rouse.dev/sticky). A
 * client's address picks one of 100 slots, always the same: whose slot stays,
 * stays. So a table is not made anew when the percents change, it is changed
 * as little as can be. Pure.
 *
 *	rules  1. every share has exactly its percent of slots
 *	       2. no slot moves but those that a shrinking share has too many, and those of shares that are gone
 *	       3. within that, it comes as near to the table that has no past as it can: the shares one after the other,
 *		  in their order. For two shares it always is that table, so that it survives the loss of its past
 */
#ifndef RS_CORE_ROUTE_STICKY_H
#define RS_CORE_ROUTE_STICKY_H

#include <stddef.h>
#include <stdint.h>

#include "abi/limits.h"

/* A slot whose owner is none of the shares. */
#define RS_STICKY_NONE 0xff

/* `old`: index of the share that has had the slot, or RS_STICKY_NONE; NULL = a table without a past. `percents`: of
 * `count` (1..RS_ROUTE_TARGETS_MAX) shares, 100 together. `ret_slots` may be `old`. */
void rs_sticky_slots(const uint8_t *old, const uint8_t *percents, size_t count,
		     uint8_t ret_slots[static RS_ROUTE_SLOTS]);

/* Which slots a route's addresses pick: from the route's UUID alone, so that a client's cohort is the same after a
 * restart of the agent or the host. The canaries of two routes have nothing to do with each other. */
uint32_t rs_sticky_seed(const char *uid);

#endif
