/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autoscale/target.h"

#include <math.h>

#include "base/time.h"

struct rs_target rs_target_resolve(const struct rs_target_input *input)
{
	double total, utilization;

	/* 1. The configuration's defaults; a hard limit on concurrency is a better default. */
	if (input->metric == RS_METRIC_RPS) {
		total = input->rps_default;
		utilization = input->rps_utilization;
	} else {
		total = input->container_concurrency != 0 ? input->container_concurrency : input->concurrency_default;
		utilization = input->concurrency_fraction;
	}
	/* 2. The annotation replaces the total, but never beyond the hard limit. */
	if (input->target >= 0) {
		total = input->target;
		if (input->metric == RS_METRIC_CONCURRENCY && input->container_concurrency != 0)
			total = fmin(total, input->container_concurrency);
	}
	/* 3. The annotation replaces the utilization. */
	if (input->utilization_percent >= 0)
		utilization = input->utilization_percent / 100;

	return (struct rs_target){.target = fmax(RS_TARGET_MIN, total * utilization), .total = total};
}

uint64_t rs_panic_window_ns(uint64_t stable_window_ns, double percent)
{
	double seconds = round((double)stable_window_ns * percent / 100 / (double)RS_NS_PER_S);

	if (!(seconds > 1))
		return RS_NS_PER_S;
	return (uint64_t)seconds * RS_NS_PER_S;
}
