/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Going over all objects of a resource in pieces, so that the loop turns in
 * between. The place is a name or a number, not a pointer: what comes and goes
 * meanwhile does no harm.
 */
#ifndef RS_AGENT_SHOW_WALK_H
#define RS_AGENT_SHOW_WALK_H

#include "agent/api/place.h"
#include "agent/show/filter.h"

/* One piece, a turn of the loop: an object takes some 30 us to print. */
#define RS_PIECE_OBJECTS 32
#define RS_PIECE_BYTES	 (16 * 1024)
#define RS_PIECE_LOOKS	 1024

/* Looks at most at `looks` objects of the filter's resource behind `place`, and calls `each` for those that it takes;
 * `place` stands at the object then. Returns 1 when there may be more, 0 at the end, or what `each` returned, if that
 * is not 0. Objects: of the registry's kinds, or struct rs_agent_instance. */
int rs_walk(struct rs_agent *agent, const struct rs_filter *filter, struct rs_place *place, unsigned looks,
	    int (*each)(void *user, void *object), void *user);

/* The object as the API shows it. */
cJSON *rs_walk_print(const struct rs_agent *agent, enum rs_api_resource resource, void *object);
uint64_t rs_walk_version(enum rs_api_resource resource, const void *object);

#endif
