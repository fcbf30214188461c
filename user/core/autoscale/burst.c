/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autoscale/burst.h"

#include <math.h>

#include "core/autoscale/target.h"

int32_t rs_burst_want(uint64_t holds, uint64_t in_flight, double target, int32_t current, int32_t max_scale,
		      int32_t activation)
{
	int32_t want = current;

	if (holds > 0) {
		/* 1. Enough for what is held and what is being served. */
		double per_instance = target > RS_TARGET_MIN ? target : RS_TARGET_MIN;
		double demand = ceil(((double)holds + (double)in_flight) / per_instance);
		int32_t start = demand < (double)INT32_MAX ? (int32_t)demand : INT32_MAX;
		/* 2. A start from holds is an activation like any other. */
		if (start < activation)
			start = activation;
		/* 3. It raises the decision, it never lowers it. */
		if (want < start)
			want = start;
	}
	/* 4. The bound of the manifest has the last word. */
	if (max_scale > 0 && want > max_scale)
		want = max_scale;
	return want;
}
