/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autoscale/window.h"

#include <errno.h>
#include <math.h>

#define WEIGHT_SUM_MIN 0.9999 /* the weights of one window sum to at least this */
#define SMOOTHING_MIN  0.2    /* below it, a long window would become a plain average */
#define AVERAGE_DIGITS 6

static double *slot(const struct rs_window *window, uint64_t bucket)
{
	return &window->buckets[bucket % window->capacity];
}

static void forget(struct rs_window *window)
{
	for (uint32_t i = 0; i < window->capacity; i++)
		window->buckets[i] = 0;
	window->total = 0;
}

/* Whole buckets from the newest write to `bucket`, 0 when it is not newer. */
static uint64_t buckets_since_write(const struct rs_window *window, uint64_t bucket)
{
	return bucket > window->last_bucket ? bucket - window->last_bucket : 0;
}

/* Buckets between the first and the newest write, both included, at most `most`. */
static uint64_t buckets_written(const struct rs_window *window, uint64_t most)
{
	if (!window->first_known)
		return most;
	uint64_t written = window->last_bucket - window->first_bucket + 1;
	return written < most ? written : most;
}

uint32_t rs_window_count(uint64_t window_ns, uint64_t bucket_ns)
{
	if (bucket_ns == 0)
		return 0;
	uint64_t count = window_ns / bucket_ns + (window_ns % bucket_ns != 0);
	return count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

double rs_smoothing_coefficient(uint32_t buckets)
{
	if (buckets == 0)
		return 1;
	return fmax(1 - pow(1 - WEIGHT_SUM_MIN, 1.0 / buckets), SMOOTHING_MIN);
}

double rs_round_digits(double value, int digits)
{
	double scale = pow(10, digits);
	/* Adding zero makes the zero that is left of a tiny negative rest a positive one: people read it. */
	return round(value * scale) / scale + 0.0;
}

int rs_window_init(struct rs_window *window, enum rs_window_kind kind, uint64_t window_ns, uint64_t bucket_ns,
		   double *memory, uint32_t capacity)
{
	uint32_t count = rs_window_count(window_ns, bucket_ns);
	if (count == 0)
		return -EINVAL;
	if (count > capacity)
		return -ENOSPC;

	*window = (struct rs_window){
		.kind = kind,
		.buckets = memory,
		.capacity = capacity,
		.count = count,
		.window_ns = window_ns,
		.bucket_ns = bucket_ns,
		.smoothing = rs_smoothing_coefficient(count),
	};
	forget(window);
	return 0;
}

/* Moves the newest bucket to `bucket`; what falls out of the window becomes zero. */
static void advance(struct rs_window *window, uint64_t bucket)
{
	for (uint64_t entering = window->last_bucket + 1; entering <= bucket; entering++) {
		if (entering < window->count)
			continue; /* the clock is younger than the window */
		double *leaving = slot(window, entering - window->count);
		window->total -= *leaving;
		*leaving = 0;
	}
	window->last_bucket = bucket;
}

void rs_window_record(struct rs_window *window, uint64_t now_ns, double value)
{
	uint64_t bucket = now_ns / window->bucket_ns;

	if (!isfinite(value))
		return;
	if (!window->written) {
		window->written = true;
		window->first_known = true;
		window->first_bucket = window->last_bucket = bucket;
	} else if (bucket > window->last_bucket) {
		if (!window->first_known) {
			window->first_known = true;
			window->first_bucket = bucket;
		}
		if ((bucket - window->last_bucket) * window->bucket_ns >= window->window_ns) {
			forget(window);
			window->first_bucket = bucket;
			window->last_bucket = bucket;
		} else {
			advance(window, bucket);
		}
	} else if (bucket < window->last_bucket) {
		if ((window->last_bucket - bucket) * window->bucket_ns >= window->window_ns)
			return;
		if (!window->first_known || bucket < window->first_bucket) {
			window->first_known = true;
			window->first_bucket = bucket;
		}
	}
	*slot(window, bucket) += value;
	window->total += value;
}

/* Sum without the buckets that have left the window `silent` buckets after the newest write. */
static double remaining(const struct rs_window *window, uint64_t silent)
{
	double sum = window->total;

	for (uint64_t i = 1; i <= silent && i <= window->count; i++) {
		uint64_t entering = window->last_bucket + i;
		if (entering >= window->count)
			sum -= *slot(window, entering - window->count);
	}
	return sum;
}

static double linear_average(const struct rs_window *window, uint64_t silent)
{
	if (silent * window->bucket_ns >= window->window_ns)
		return 0;
	uint64_t divisor = buckets_written(window, window->count - silent);
	return rs_round_digits(remaining(window, silent) / (double)divisor, AVERAGE_DIGITS);
}

static double exponential_average(const struct rs_window *window, uint64_t silent)
{
	if (silent >= window->count)
		return 0;

	double weight = window->smoothing * pow(1 - window->smoothing, (double)silent);
	double average = 0;
	for (uint64_t i = 0; i < window->count - silent && i <= window->last_bucket; i++) {
		average += *slot(window, window->last_bucket - i) * weight;
		weight *= 1 - window->smoothing;
	}
	return average;
}

double rs_window_average(const struct rs_window *window, uint64_t now_ns)
{
	if (!window->written)
		return 0;
	uint64_t silent = buckets_since_write(window, now_ns / window->bucket_ns);
	return window->kind == RS_WINDOW_EXPONENTIAL ? exponential_average(window, silent)
						     : linear_average(window, silent);
}

bool rs_window_is_empty(const struct rs_window *window, uint64_t now_ns)
{
	if (!window->written)
		return true;
	uint64_t silent = buckets_since_write(window, now_ns / window->bucket_ns);
	return silent * window->bucket_ns > window->window_ns;
}

double rs_window_sum(const struct rs_window *window, uint64_t now_ns)
{
	double sum = 0;

	if (!window->written)
		return 0;
	uint64_t silent = buckets_since_write(window, now_ns / window->bucket_ns);
	for (uint64_t i = 0; i + silent < window->count && i <= window->last_bucket; i++)
		sum += *slot(window, window->last_bucket - i);
	return sum;
}

double rs_window_bucket(const struct rs_window *window, uint64_t time_ns)
{
	uint64_t bucket = time_ns / window->bucket_ns;

	if (!window->written || bucket > window->last_bucket || window->last_bucket - bucket >= window->count)
		return 0;
	return *slot(window, bucket);
}

/* Zeroes what lies beyond the newest `count` buckets and sums what is left. */
static void keep_newest(struct rs_window *window, uint32_t count)
{
	window->total = 0;
	for (uint64_t i = 0; i < window->count && i <= window->last_bucket; i++) {
		double *bucket = slot(window, window->last_bucket - i);
		if (i < count)
			window->total += *bucket;
		else
			*bucket = 0;
	}
}

int rs_window_resize(struct rs_window *window, uint64_t window_ns, uint64_t now_ns)
{
	uint32_t count = rs_window_count(window_ns, window->bucket_ns);

	if (count == 0)
		return -EINVAL;
	if (count > window->capacity)
		return -ENOSPC;
	if (window_ns == window->window_ns)
		return 0;

	if (rs_window_is_empty(window, now_ns)) {
		forget(window);
		window->first_known = false;
	} else {
		/* The oldest bucket that can have been written to is the oldest one kept before. */
		uint64_t oldest = window->count - 1;
		keep_newest(window, count);
		window->first_bucket = window->last_bucket > oldest ? window->last_bucket - oldest : 0;
		window->first_known = true;
	}
	window->count = count;
	window->window_ns = window_ns;
	window->smoothing = rs_smoothing_coefficient(count);
	return 0;
}

static void move(struct rs_window *window, double *memory, uint32_t capacity)
{
	for (uint32_t i = 0; i < capacity; i++)
		memory[i] = 0;
	for (uint64_t age = 0; window->written && age < window->count && age <= window->last_bucket; age++) {
		uint64_t bucket = window->last_bucket - age;
		memory[bucket % capacity] = window->buckets[bucket % window->capacity];
	}
	window->buckets = memory;
	window->capacity = capacity;
}

int rs_window_resize_into(struct rs_window *window, uint64_t window_ns, uint64_t now_ns, double *memory,
			  uint32_t capacity)
{
	uint32_t count = rs_window_count(window_ns, window->bucket_ns);

	if (count == 0)
		return -EINVAL;
	if (count > capacity)
		return -ENOSPC;
	/* Where both fit: what shrinks is cut before it moves. */
	if (count < window->count) {
		rs_window_resize(window, window_ns, now_ns);
		move(window, memory, capacity);
		return 0;
	}
	move(window, memory, capacity);
	return rs_window_resize(window, window_ns, now_ns);
}
