/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keys of Knative's config-autoscaler, and the one of config-deployment,
 * with its defaults and bounds.
 * Source: Knative pkg/autoscaler/config/config.go, pkg/deployment/config.go.
 */
#ifndef RS_CORE_AUTOSCALE_CONFIG_H
#define RS_CORE_AUTOSCALE_CONFIG_H

#include "base/err.h"
#include "core/model/setting.h"

#include <stdbool.h>
#include <stdint.h>

struct rs_autoscaler_config {
	double concurrency_fraction;  /* container-concurrency-target-percentage, as (0, 1] */
	double concurrency_default;   /* container-concurrency-target-default */
	double rps_default;	      /* requests-per-second-target-default */
	double target_burst_capacity; /* >= 0 or -1 */
	uint64_t stable_window_ns;
	double panic_window_percent;
	double panic_threshold_percent;
	double max_scale_up_rate;
	double max_scale_down_rate;
	bool enable_scale_to_zero;
	uint64_t grace_ns;     /* scale-to-zero-grace-period */
	uint64_t retention_ns; /* scale-to-zero-pod-retention-period */
	int32_t initial_scale;
	bool allow_zero_initial_scale;
	int32_t min_scale;
	int32_t max_scale;
	int32_t max_scale_limit;
	uint64_t scale_down_delay_ns;
	uint64_t progress_deadline_ns; /* config-deployment's progress-deadline */
};

extern const struct rs_settings_table rs_autoscaler_settings; /* config-autoscaler */
extern const struct rs_settings_table rs_deployment_settings; /* config-deployment; of the same struct */

/* Knative's defaults. */
void rs_autoscaler_config_init(struct rs_autoscaler_config *config);

/* The bounds between keys (initial-scale against allow-zero, min against max, ...): after the last set. */
int rs_autoscaler_config_check(const struct rs_autoscaler_config *config, struct rs_err *err);

#endif
