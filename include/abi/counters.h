/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* One named field for each reason: the only entry of the per-CPU map `counters`. */
#ifndef RS_ABI_COUNTERS_H
#define RS_ABI_COUNTERS_H

#include "reason.h"
#include "types.h"

struct rs_counters {
#define X(name, text) __u64 name;
	RS_REASONS(X)
#undef X
};

_Static_assert(sizeof(struct rs_counters) == 8 * RS_REASON_COUNT, "ABI");

#endif
