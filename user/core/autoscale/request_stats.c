/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autoscale/request_stats.h"

#include "base/time.h"

/* The level held from the last event until now. */
static void integrate(struct rs_request_stats *stats, uint64_t now_ns)
{
	if (now_ns <= stats->last_ns)
		return;
	double seconds = (double)(now_ns - stats->last_ns) / (double)RS_NS_PER_S;
	stats->observed_s += seconds;
	stats->integral_s += (double)stats->in_flight * seconds;
	stats->proxied_integral_s += (double)stats->proxied_in_flight * seconds;
	stats->last_ns = now_ns;
}

void rs_request_stats_init(struct rs_request_stats *stats, uint64_t now_ns)
{
	*stats = (struct rs_request_stats){.last_ns = now_ns};
}

void rs_request_stats_event(struct rs_request_stats *stats, enum rs_request_event event, uint64_t now_ns)
{
	integrate(stats, now_ns);

	switch (event) {
	case RS_REQUEST_PROXIED_IN:
		stats->proxied_in_flight++;
		stats->proxied_requests++;
		__attribute__((fallthrough));
	case RS_REQUEST_IN:
		stats->in_flight++;
		stats->requests++;
		break;
	case RS_REQUEST_PROXIED_OUT:
		stats->proxied_in_flight--;
		__attribute__((fallthrough));
	case RS_REQUEST_OUT:
		stats->in_flight--;
		break;
	}
}

struct rs_request_report rs_request_stats_report(struct rs_request_stats *stats, uint64_t now_ns)
{
	integrate(stats, now_ns);

	struct rs_request_report report = {
		.requests = stats->requests,
		.proxied_requests = stats->proxied_requests,
	};
	if (stats->observed_s > 0) {
		report.average_concurrency = stats->integral_s / stats->observed_s;
		report.average_proxied_concurrency = stats->proxied_integral_s / stats->observed_s;
	}

	*stats = (struct rs_request_stats){
		.in_flight = stats->in_flight,
		.proxied_in_flight = stats->proxied_in_flight,
		.last_ns = stats->last_ns,
	};
	return report;
}
