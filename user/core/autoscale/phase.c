/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autoscale/phase.h"

const char *rs_phase_text(enum rs_phase phase)
{
	switch (phase) {
	case RS_PHASE_ACTIVATING:
		return "Activating";
	case RS_PHASE_ACTIVE:
		return "Active";
	case RS_PHASE_INACTIVE:
		return "Inactive";
	}
	return "Unknown";
}

int32_t rs_phase_threshold(int32_t min_scale, int32_t initial_scale, bool initialized)
{
	int32_t least = initialized ? 1 : initial_scale;
	return min_scale > least ? min_scale : least;
}

struct rs_phase_next rs_phase_next(enum rs_phase phase, int32_t want, int32_t ready, int32_t threshold)
{
	/* 1. Nothing wanted, or a revision that begins at zero. Zero out of an
	 *    activation means that it took too long. */
	if (want == 0 || threshold == 0)
		return (struct rs_phase_next){
			.phase = RS_PHASE_INACTIVE,
			.reason = phase == RS_PHASE_ACTIVATING && threshold > 0 ? "TimedOut" : "NoTraffic",
		};
	/* 2. An unknown want wakes nobody. */
	if (want < 0 && phase == RS_PHASE_INACTIVE)
		return (struct rs_phase_next){.phase = RS_PHASE_INACTIVE, .reason = "NoTraffic"};
	/* 3. Wanted: it depends on what is ready. */
	if (ready < threshold)
		return (struct rs_phase_next){.phase = RS_PHASE_ACTIVATING, .reason = "Queued"};
	return (struct rs_phase_next){.phase = RS_PHASE_ACTIVE, .reason = ""};
}

int32_t rs_status_desired(int32_t known, int32_t want)
{
	return want == -1 && known >= 0 ? known : want;
}
