/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The burst-aware start: held connections are demand that is known at once, so
 * there is no need to wait until an average has seen it. This stands around the
 * autoscaler's decision, not inside it: it can only raise the result.
 */
#ifndef RS_CORE_AUTOSCALE_BURST_H
#define RS_CORE_AUTOSCALE_BURST_H

#include <stdint.h>

/*
 * Instances wanted now.
 *   holds       connections parked for the revision
 *   in_flight   requests being served
 *   target      per instance, as struct rs_target's target, > 0
 *   current     what the autoscaler wants already; -1 when it does not know yet
 *   max_scale   upper bound; 0 = none
 *   activation  activation-scale: the least number to start with; 0 or 1 = off
 * Without holds the result is `current`. With holds it is at least 1, at least
 * `current`, at least ceil((holds + in_flight) / target), and never above max_scale.
 */
int32_t rs_burst_want(uint64_t holds, uint64_t in_flight, double target, int32_t current, int32_t max_scale,
		      int32_t activation);

#endif
