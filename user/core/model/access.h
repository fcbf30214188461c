/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rouse.dev/allow-from on a Service: the addresses that may begin connections
 * to it, as in "10.0.0.0/8, 192.0.2.7, fd00::/64".
 */
#ifndef RS_CORE_MODEL_ACCESS_H
#define RS_CORE_MODEL_ACCESS_H

#include "base/range.h"
#include "core/model/model.h"

struct rs_allow_from {
	struct rs_range items[RS_ALLOW_FROM_MAX];
	size_t count;
};

/* -EINVAL with a sentence: not an address, bits behind the prefix, given twice, too many, none. */
int rs_allow_from_parse(const char *text, struct rs_allow_from *ret_ranges, struct rs_err *err);
bool rs_allow_from_equal(const struct rs_allow_from *a, const struct rs_allow_from *b);

/* What the object's annotation says; none when it has no such annotation. */
int rs_metadata_allow_from(const struct rs_metadata *metadata, struct rs_allow_from *ret_ranges, struct rs_err *err);

#endif
