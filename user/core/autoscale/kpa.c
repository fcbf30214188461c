/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autoscale/kpa.h"

#include <math.h>

static const struct rs_kpa_decision invalid = {.valid = false};

/* Towards zero, and to the ends of the type for what does not fit. */
static int32_t to_int32(double value)
{
	if (value >= (double)INT32_MAX)
		return INT32_MAX;
	if (value <= (double)INT32_MIN)
		return INT32_MIN;
	return (int32_t)value;
}

static int32_t larger(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

uint32_t rs_kpa_delay_slots(const struct rs_kpa_spec *spec)
{
	return rs_max_time_window_slots(spec->scale_down_delay_ns, RS_KPA_TICK_NS);
}

int rs_kpa_init(struct rs_kpa *kpa, const struct rs_kpa_spec *spec, int32_t ready, uint64_t now_ns,
		struct rs_max_entry *delay_memory, uint32_t capacity)
{
	*kpa = (struct rs_kpa){
		.panicking = ready > 1,
		.panic_since_ns = ready > 1 ? now_ns : 0,
		.panic_max = larger(ready, 0),
		.delayed = spec->scale_down_delay_ns > 0,
	};
	if (!kpa->delayed)
		return 0;
	return rs_max_time_window_init(&kpa->delay, spec->scale_down_delay_ns, RS_KPA_TICK_NS, delay_memory, capacity);
}

/* Rule 3 and 4 for one of the two averages. `need` is what the load alone asks for. */
static int32_t bounded(double need, double most_down, double most_up, int32_t activation_scale)
{
	int32_t want = to_int32(fmin(fmax(need, most_down), most_up));

	if (activation_scale > 1 && need > 0)
		want = larger(want, activation_scale);
	return want;
}

/* Rule 5: enters, extends or leaves the panic mode. */
static void update_panic(struct rs_kpa *kpa, const struct rs_kpa_spec *spec, bool over, uint64_t now_ns)
{
	if (over) {
		kpa->panicking = true;
		kpa->panic_since_ns = now_ns;
	} else if (kpa->panicking && now_ns > kpa->panic_since_ns &&
		   now_ns - kpa->panic_since_ns > spec->stable_window_ns) {
		kpa->panicking = false;
		kpa->panic_max = 0;
	}
}

/* Rule 8: the room that is left for a burst on the ready instances. */
static int32_t excess_burst_capacity(const struct rs_kpa_spec *spec, int32_t ready, double panic)
{
	if (spec->target_burst_capacity == 0)
		return 0;
	if (spec->target_burst_capacity < 0)
		return -1;
	return to_int32(floor(ready * spec->total - spec->target_burst_capacity - panic));
}

struct rs_kpa_decision rs_kpa_decide(struct rs_kpa *kpa, const struct rs_kpa_spec *spec,
				     const struct rs_kpa_observed *observed, uint64_t now_ns)
{
	/* 1. Without data nothing is decided, and nothing is remembered. */
	if (!observed->measured || observed->ready < 0 || !isfinite(observed->stable) || !isfinite(observed->panic) ||
	    !(spec->target > 0))
		return invalid;

	/* 2. One decision changes the scale by a limited factor. No instance counts as one. */
	double ready = larger(1, observed->ready);
	double most_up = ceil(spec->max_scale_up_rate * ready);
	double most_down = spec->reachable ? floor(ready / spec->max_scale_down_rate) : 0;

	/* 3. Enough instances that each carries its target, within these factors. */
	/* 4. The first step from nothing is at least the activation scale, whatever the factor. */
	double stable_need = ceil(observed->stable / spec->target);
	double panic_need = ceil(observed->panic / spec->target);
	int32_t stable_want = bounded(stable_need, most_down, most_up, spec->activation_scale);
	int32_t panic_want = bounded(panic_need, most_down, most_up, spec->activation_scale);

	/* 5. Panic begins when the short average needs a multiple of what is ready, and
	 *    ends a stable window after that was last so. */
	update_panic(kpa, spec, panic_need / ready >= spec->panic_threshold, now_ns);

	/* 6. In panic the scale follows the larger average and never goes down. */
	int32_t desired = stable_want;
	if (kpa->panicking) {
		kpa->panic_max = larger(kpa->panic_max, larger(stable_want, panic_want));
		desired = kpa->panic_max;
	}

	/* 7. With a scale-down delay, the largest decision of that time holds. */
	if (kpa->delayed && spec->reachable) {
		rs_max_time_window_record(&kpa->delay, now_ns, desired);
		desired = rs_max_time_window_current(&kpa->delay);
	}

	/* 8. The hold path stays armed while a burst would not fit. */
	return (struct rs_kpa_decision){
		.valid = true,
		.desired = desired,
		.excess_burst_capacity = excess_burst_capacity(spec, observed->ready, observed->panic),
	};
}

void rs_kpa_note_burst(struct rs_kpa *kpa, const struct rs_kpa_spec *spec, int32_t want, int32_t ready, uint64_t now_ns)
{
	if (want < spec->panic_threshold * (ready > 1 ? ready : 1))
		return;
	update_panic(kpa, spec, true, now_ns);
	kpa->panic_max = larger(kpa->panic_max, want);
}

struct rs_kpa_decision rs_kpa_before_first(const struct rs_kpa_spec *spec, int32_t initial_scale)
{
	double burst = spec->target_burst_capacity;

	return (struct rs_kpa_decision){
		.valid = false,
		.desired = RS_KPA_UNKNOWN,
		.excess_burst_capacity = burst == 0 || burst == RS_KPA_BURST_UNLIMITED
						 ? to_int32(burst)
						 : to_int32(initial_scale * spec->total - burst),
	};
}

bool rs_same_sign(int32_t a, int32_t b)
{
	return (a < 0) == (b < 0);
}

bool rs_kpa_changed(const struct rs_kpa_decision *before, const struct rs_kpa_decision *after)
{
	if (!after->valid)
		return false;
	return before->desired != after->desired ||
	       !rs_same_sign(before->excess_burst_capacity, after->excess_burst_capacity);
}
