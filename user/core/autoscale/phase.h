/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The phase of a revision (the condition Active) and the two numbers of its
 * status, from what is wanted and what is ready.
 * Source of the rules: Knative pkg/reconciler/autoscaling/kpa/kpa.go.
 */
#ifndef RS_CORE_AUTOSCALE_PHASE_H
#define RS_CORE_AUTOSCALE_PHASE_H

#include <stdbool.h>
#include <stdint.h>

enum rs_phase {
	RS_PHASE_ACTIVATING, /* Active=Unknown: wanted, not enough of it ready */
	RS_PHASE_ACTIVE,     /* Active=True */
	RS_PHASE_INACTIVE,   /* Active=False: at zero or on the way there */
};

/* "Activating", "Active", "Inactive". */
const char *rs_phase_text(enum rs_phase phase);

/* Instances that make a revision active: at least min-scale; until that was
 * reached once at least initial-scale (which may be 0), afterwards at least 1.
 * `min_scale` is 0 for an unreachable revision. */
int32_t rs_phase_threshold(int32_t min_scale, int32_t initial_scale, bool initialized);

struct rs_phase_next {
	enum rs_phase phase;
	const char *reason; /* of the condition: "NoTraffic", "TimedOut", "Queued"; "" when active */
};

/* The phase after one round. `want` is the applied scale (rs_scale_apply()), -1
 * when unknown; `ready` the ready instances. */
struct rs_phase_next rs_phase_next(enum rs_phase phase, int32_t want, int32_t ready, int32_t threshold);

/* desiredScale of the status: an unknown scale does not replace a known one.
 * Both are -1 when unknown. */
int32_t rs_status_desired(int32_t known, int32_t want);

#endif
