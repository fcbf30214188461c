/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which objects a follower has seen, and how they looked: so that a list after
 * an interruption shows what is different, not everything again, and what is
 * gone can be shown as it was. One text for each object that there is.
 */
#ifndef RS_CLI_FOLLOW_SEEN_H
#define RS_CLI_FOLLOW_SEEN_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "cli/follow/watch.h"

struct rs_seen {
	void *tree; /* of tsearch(3) */
	uint64_t round;
};

/* Accepts NULL. */
void rs_seen_done(struct rs_seen *seen);

/* 1 when the object is new (*ret_change is ADDED) or looks different from before (MODIFIED), 0 when not. -ENOMEM. */
int rs_seen_note(struct rs_seen *seen, const cJSON *object, enum rs_change *ret_change);
/* Forgets what is gone, of which `object` has the metadata. Returns the whole as it was seen last, with that metadata,
 * for the caller to delete; NULL when it was never seen. */
cJSON *rs_seen_take(struct rs_seen *seen, const cJSON *object);

/* Begins and ends a list. Whoever was not noted in between is gone: `gone` is called with each, as it
 * looked last; a return that is not 0 ends it, and is returned. */
void rs_seen_begin(struct rs_seen *seen);
int rs_seen_end(struct rs_seen *seen, int (*gone)(void *user, const cJSON *object, struct rs_err *err), void *user,
		struct rs_err *err);

#endif
