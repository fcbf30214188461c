/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one instance is meant to carry, from the annotations of a revision and
 * the configuration, and the length of the panic window.
 * Source of the rules: Knative pkg/reconciler/autoscaling/resources/{target,metric}.go.
 */
#ifndef RS_CORE_AUTOSCALE_TARGET_H
#define RS_CORE_AUTOSCALE_TARGET_H

#include <stdint.h>

#define RS_TARGET_MIN	   0.01	  /* no target is smaller */
#define RS_RPS_UTILIZATION 0.7	  /* fixed for the metric rps */
#define RS_UNSET	   (-1.0) /* an annotation that the manifest does not have */

enum rs_metric {
	RS_METRIC_CONCURRENCY,
	RS_METRIC_RPS,
};

struct rs_target_input {
	enum rs_metric metric;
	double container_concurrency; /* spec.containerConcurrency; 0 = no limit */
	double target;		      /* annotation `target`, >= 0.01, or RS_UNSET */
	double utilization_percent;   /* annotation `target-utilization-percentage`, 1..100, or RS_UNSET */
	double concurrency_fraction;  /* container-concurrency-target-percentage as a fraction, (0, 1] */
	double concurrency_default;   /* container-concurrency-target-default */
	double rps_default;	      /* requests-per-second-target-default */
	double rps_utilization;	      /* RS_RPS_UTILIZATION */
};

struct rs_target {
	double target; /* per instance, aimed for: total x utilization, >= RS_TARGET_MIN */
	double total;  /* per instance, at most */
};

struct rs_target rs_target_resolve(const struct rs_target_input *input);

/* Panic window in ns: `percent` (1..100) of the stable window, rounded to whole
 * seconds, at least one bucket of 1 s. */
uint64_t rs_panic_window_ns(uint64_t stable_window_ns, double percent);

#endif
