/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The autoscaler's decision: how many instances a revision needs, from what was
 * measured. One object for each revision, one decision every 2 s; between them
 * it remembers only the panic mode and, if the manifest has a scale-down delay,
 * the recent decisions.
 *
 * The decision knows nothing of min-scale, max-scale or the way to zero: that
 * is scale.h, which applies it.
 * Source of the rules: Knative pkg/autoscaler/scaling/{autoscaler,multiscaler}.go.
 */
#ifndef RS_CORE_AUTOSCALE_KPA_H
#define RS_CORE_AUTOSCALE_KPA_H

#include <stdbool.h>
#include <stdint.h>

#include "core/autoscale/max_window.h"

#define RS_KPA_TICK_NS	       2000000000ULL /* one decision, and one slot of the scale-down delay */
#define RS_KPA_BURST_UNLIMITED (-1.0)	     /* target_burst_capacity: the hold path is always armed */
#define RS_KPA_UNKNOWN	       (-1)	     /* desired before the first decision */

struct rs_kpa_spec {
	double target;		      /* per instance, aimed for (struct rs_target), >= 0.01 */
	double total;		      /* per instance, at most */
	double target_burst_capacity; /* >= 0, or RS_KPA_BURST_UNLIMITED */
	double panic_threshold;	      /* ratio: panic-threshold-percentage / 100 */
	double max_scale_up_rate;     /* > 1: new instances / ready instances in one decision */
	double max_scale_down_rate;   /* > 1: ready instances / new instances in one decision */
	uint64_t stable_window_ns;    /* how long panic lasts after the load has fallen */
	int32_t activation_scale;     /* least number when there is any load; 0 or 1 = off */
	uint64_t scale_down_delay_ns; /* read by rs_kpa_init() alone; 0 = no delay */
	bool reachable;		      /* a route points here; false removes the down rate and the delay */
};

struct rs_kpa {
	bool panicking;
	uint64_t panic_since_ns; /* when panicking: the last time that the threshold was exceeded */
	int32_t panic_max;	 /* when panicking: the largest decision, which is held */
	bool delayed;		 /* `delay` exists */
	struct rs_max_time_window delay;
};

/* What was measured. Both values are totals of the revision, in the unit of its metric. */
struct rs_kpa_observed {
	int32_t ready; /* ready instances, without frozen ones; negative: could not be counted */
	bool measured; /* false: no data, or reading it failed; then the values do not matter */
	double stable; /* average over the stable window */
	double panic;  /* average over the panic window */
};

struct rs_kpa_decision {
	bool valid;		       /* false: nothing is known, change nothing */
	int32_t desired;	       /* instances, >= 0 */
	int32_t excess_burst_capacity; /* negative: keep the hold path armed although instances are ready */
};

/* Entries that `delay_memory` must have for this specification; 0 without a delay. */
uint32_t rs_kpa_delay_slots(const struct rs_kpa_spec *spec);

/*
 * Starts the autoscaler of a revision that has `ready` instances now. With more
 * than one it starts in panic mode, so that a restart, which loses the history,
 * cannot shrink a revision for one stable window. Returns 0, or -ENOSPC when
 * `capacity` is below rs_kpa_delay_slots(). The delay is fixed from here on.
 */
int rs_kpa_init(struct rs_kpa *kpa, const struct rs_kpa_spec *spec, int32_t ready, uint64_t now_ns,
		struct rs_max_entry *delay_memory, uint32_t capacity);

/* Decides. The specification may differ from call to call, `now_ns` must not go back. */
struct rs_kpa_decision rs_kpa_decide(struct rs_kpa *kpa, const struct rs_kpa_spec *spec,
				     const struct rs_kpa_observed *observed, uint64_t now_ns);

/* Held connections have raised the scale to `want` between two decisions. When that is panic by the rule of the short
 * average (5), it is panic at once: the average, which has not seen the burst yet, must not undo it. */
void rs_kpa_note_burst(struct rs_kpa *kpa, const struct rs_kpa_spec *spec, int32_t want, int32_t ready,
		       uint64_t now_ns);

/* What holds before the first decision: desired RS_KPA_UNKNOWN, and the excess
 * burst capacity that `initial_scale` instances will have. valid is false. */
struct rs_kpa_decision rs_kpa_before_first(const struct rs_kpa_spec *spec, int32_t initial_scale);

/* True when the new decision has to be applied: another scale, or the excess
 * burst capacity has changed its sign (0 is positive). */
bool rs_kpa_changed(const struct rs_kpa_decision *before, const struct rs_kpa_decision *after);

/* True when both are negative or both are not. */
bool rs_same_sign(int32_t a, int32_t b);

#endif
