/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time-weighted concurrency: how many requests were in flight on average
 * between two reports. Two requests of 500 ms in a report of 1 s average 1.
 *
 * "Proxied" requests are those that passed the hold path; they are counted in
 * both numbers. Counts are of arrivals, so that a request that spans several
 * reports counts once. Times are ns of one clock; an event that is older than
 * the one before moves the level but adds no time.
 * Source of the rules: Knative networking pkg/http/stats/request.go.
 */
#ifndef RS_CORE_AUTOSCALE_REQUEST_STATS_H
#define RS_CORE_AUTOSCALE_REQUEST_STATS_H

#include <stdint.h>

enum rs_request_event {
	RS_REQUEST_IN,
	RS_REQUEST_OUT,
	RS_REQUEST_PROXIED_IN,
	RS_REQUEST_PROXIED_OUT,
};

struct rs_request_stats {
	/* The level: kept over reports. */
	int64_t in_flight;
	int64_t proxied_in_flight;
	uint64_t last_ns;
	/* The report in the making. */
	double observed_s;
	double integral_s; /* request-seconds */
	double proxied_integral_s;
	uint64_t requests;
	uint64_t proxied_requests;
};

struct rs_request_report {
	double average_concurrency;
	double average_proxied_concurrency;
	uint64_t requests;
	uint64_t proxied_requests;
};

void rs_request_stats_init(struct rs_request_stats *stats, uint64_t now_ns);
void rs_request_stats_event(struct rs_request_stats *stats, enum rs_request_event event, uint64_t now_ns);
/* Averages since the report before (0 when no time has passed) and starts the next one. */
struct rs_request_report rs_request_stats_report(struct rs_request_stats *stats, uint64_t now_ns);

#endif
