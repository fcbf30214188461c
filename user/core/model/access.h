/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rouse.dev/allow-from on a Service: the addresses that may begin connections
 * to it, as in "10.0.0.0/8, 192.0.2.7".
 */
#ifndef RS_CORE_MODEL_ACCESS_H
#define RS_CORE_MODEL_ACCESS_H

#include "abi/address.h"
#include "core/model/model.h"

/* A range. IPv4 stands as an IPv4-mapped IPv6 address, and its bits count from there: 96 to 128. */
struct rs_allow_range {
	struct rs_address address;
	unsigned bits;
};

struct rs_allow_from {
	struct rs_allow_range items[RS_ALLOW_FROM_MAX];
	size_t count;
};

/* -EINVAL with a sentence: not an address, bits behind the prefix, given twice, too many, none. IPv6 is understood. */
int rs_allow_from_parse(const char *text, struct rs_allow_from *ret_ranges, struct rs_err *err);
bool rs_allow_from_equal(const struct rs_allow_from *a, const struct rs_allow_from *b);
bool rs_allow_range_is_v4(const struct rs_allow_range *range);

/* What the object's annotation says; none when it has no such annotation. */
int rs_metadata_allow_from(const struct rs_metadata *metadata, struct rs_allow_from *ret_ranges, struct rs_err *err);

#endif
