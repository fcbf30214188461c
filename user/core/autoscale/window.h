/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A moving average over timed buckets.
 *
 * Time is cut into buckets of one granularity (1 s in the autoscaler). Values
 * that fall into one bucket are summed: three reports of 10 in one second read
 * as 30. The average runs over the buckets of the last `window`.
 *
 * Two kinds:
 *   linear       every bucket counts the same. Silence after the last write
 *                shrinks the divisor, it is not averaged in as zeros; a gap
 *                between two writes is.
 *   exponential  the newest bucket counts most, silence decays the result.
 *
 * The ring lives in memory of the caller. Every slot of it outside the window
 * is zero at any time, so that a resize moves nothing.
 *
 * Times are nanoseconds of one clock, any epoch. Not thread-safe.
 * Source of the rules: Knative pkg/autoscaler/aggregation/bucketing.go.
 */
#ifndef RS_CORE_AUTOSCALE_WINDOW_H
#define RS_CORE_AUTOSCALE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* The longest window that a manifest can ask for is 1 h, in buckets of 1 s. */
#define RS_WINDOW_BUCKETS_MAX 3600

enum rs_window_kind {
	RS_WINDOW_LINEAR,
	RS_WINDOW_EXPONENTIAL,
};

struct rs_window {
	enum rs_window_kind kind;
	double *buckets;       /* ring of `capacity` slots, by bucket number modulo capacity */
	uint32_t capacity;     /* slots */
	uint32_t count;	       /* buckets in the window, 1..capacity */
	uint64_t window_ns;    /* length of the window */
	uint64_t bucket_ns;    /* granularity */
	double smoothing;      /* weight of the newest bucket, (0, 1]; exponential only */
	double total;	       /* sum of all buckets in the window */
	bool written;	       /* last_bucket is valid */
	bool first_known;      /* first_bucket is valid */
	uint64_t last_bucket;  /* number (time / bucket_ns) of the newest bucket written */
	uint64_t first_bucket; /* number of the oldest bucket written since the last silence of a window */
};

/* Buckets that a window needs: window / bucket, rounded up. Both in ns, > 0. */
uint32_t rs_window_count(uint64_t window_ns, uint64_t bucket_ns);

/* Starts an empty window on `memory`, which must live as long as the window and
 * is overwritten. Returns 0, -EINVAL for a length of 0, -ENOSPC when
 * `capacity` is below rs_window_count(). */
int rs_window_init(struct rs_window *window, enum rs_window_kind kind, uint64_t window_ns, uint64_t bucket_ns,
		   double *memory, uint32_t capacity);

/* Adds `value` to the bucket of `now_ns`. Late values count while their bucket is
 * inside the window that ends at the newest write; older ones are ignored, and so
 * are values that are not finite. A gap of a window or more forgets everything. */
void rs_window_record(struct rs_window *window, uint64_t now_ns, double value);

/* The average at `now_ns`; 0 when nothing was written for a window. Linear
 * averages are rounded to 6 digits. */
double rs_window_average(const struct rs_window *window, uint64_t now_ns);

/* True when nothing was written, or the newest write is more than a window old. */
bool rs_window_is_empty(const struct rs_window *window, uint64_t now_ns);

/* Sum of the buckets that are still inside the window at `now_ns`. */
double rs_window_sum(const struct rs_window *window, uint64_t now_ns);

/* Content of the bucket that holds `time_ns`; 0 outside the window of the newest write. */
double rs_window_bucket(const struct rs_window *window, uint64_t time_ns);

/* Changes the length and keeps the newest min(old, new) buckets. When nothing was
 * written within the old window before `now_ns`, everything is forgotten.
 * Returns 0, -EINVAL for 0, -ENOSPC (and no change) when it does not fit the ring. */
int rs_window_resize(struct rs_window *window, uint64_t window_ns, uint64_t now_ns);

/* The same into other memory, which is overwritten and must live as long as the
 * window from then on; the old one is free. On failure nothing is changed. */
int rs_window_resize_into(struct rs_window *window, uint64_t window_ns, uint64_t now_ns, double *memory,
			  uint32_t capacity);

/* Weight of the newest of `buckets` (>= 1) buckets: such that all weights sum to
 * at least 0.9999, and at least 0.2 (which holds from 42 buckets on). */
double rs_smoothing_coefficient(uint32_t buckets);

/* Rounds half away from zero to `digits` decimal digits. */
double rs_round_digits(double value, int digits);

#endif
