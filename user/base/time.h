/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clocks, for adapters only: pure code takes `now` as a parameter. Names carry
 * the unit. The monotonic clock is the one that bpf_ktime_get_ns() reads.
 */
#ifndef RS_BASE_TIME_H
#define RS_BASE_TIME_H

#include <stdint.h>
#include <time.h>

#define RS_NS_PER_US 1000ULL
#define RS_NS_PER_MS 1000000ULL
#define RS_NS_PER_S  1000000000ULL

static inline uint64_t rs_timespec_ns(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * RS_NS_PER_S + (uint64_t)time->tv_nsec;
}

/* CLOCK_MONOTONIC in nanoseconds. */
static inline uint64_t rs_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return rs_timespec_ns(&now);
}

/* CLOCK_REALTIME in nanoseconds since 1970. */
static inline uint64_t rs_wall_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return rs_timespec_ns(&now);
}

#define RS_TIME_TEXT_MAX 32
/* Writes RFC 3339 in UTC with seconds ("2026-11-23T08:00:00Z"), as Kubernetes does. */
void rs_time_rfc3339(uint64_t wall_ns, char out[static RS_TIME_TEXT_MAX]);

/* Reads RFC 3339, with or without a fraction, in UTC (Z) or with an offset (+01:00). -EINVAL for anything else. */
int rs_time_parse(const char *text, uint64_t *ret_wall_ns);

#endif
