/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a list has come to: what ?continue= says. It names an object, not a position, so that what comes and goes
 * between two pages does no harm. */
#ifndef RS_AGENT_API_PLACE_H
#define RS_AGENT_API_PLACE_H

#include <stdint.h>

#include "base/err.h"
#include "core/model/limits.h"

struct rs_place {
	uint64_t version; /* of the first page: a watch from there misses nothing of any page */
	uint64_t number;  /* for what has no sorted names: an id, a sequence; 0 = the start */
	char namespace[RS_NAME_SIZE];
	char name[RS_NAME_SIZE]; /* "" = the start */
};

#define RS_PLACE_TEXT_SIZE (2 * RS_NAME_SIZE + 48)

/* "VERSION.NUMBER.NAMESPACE.NAME": what no URL has to escape. */
void rs_place_print(const struct rs_place *place, char out[static RS_PLACE_TEXT_SIZE]);
/* -EINVAL with a sentence. */
int rs_place_parse(const char *text, struct rs_place *ret_place, struct rs_err *err);

#endif
