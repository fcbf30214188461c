// SPDX-License-Identifier: BSD-2-Clause
#include "core/autoscale/config.h"

#include "base/mem.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>

#define SECOND 1000000000ULL

void rs_autoscaler_config_init(struct rs_autoscaler_config *config)
{
	*config = (struct rs_autoscaler_config){
		.concurrency_fraction = 0.7,
		.concurrency_default = 100,
		.rps_default = 200,
		.target_burst_capacity = 211,
		.stable_window_ns = 60 * SECOND,
		.panic_window_percent = 10,
		.panic_threshold_percent = 200,
		.max_scale_up_rate = 1000,
		.max_scale_down_rate = 2,
		.enable_scale_to_zero = true,
		.grace_ns = 30 * SECOND,
		.initial_scale = 1,
		.progress_deadline_ns = 600 * SECOND,
	};
}

#define OFFSET(member) offsetof(struct rs_autoscaler_config, member)

static const char no_activator[] = "there is no activator: the kernel holds what cannot be served yet";

static const struct rs_setting autoscaler_rows[] = {
	{.key = "container-concurrency-target-percentage",
	 .kind = RS_SETTING_PERCENTAGE,
	 .offset = OFFSET(concurrency_fraction),
	 .maximum = 100,
	 .above = true,
	 .bounds = "in (0, 100]",
	 .help = "how much of its target an instance is meant to carry; 0.7 and 70 mean the same"},
	{.key = "container-concurrency-target-default",
	 .kind = RS_SETTING_NUMBER,
	 .offset = OFFSET(concurrency_default),
	 .minimum = 0.01,
	 .maximum = HUGE_VAL,
	 .bounds = "at least 0.01",
	 .help = "requests at once for each instance, without containerConcurrency"},
	{.key = "requests-per-second-target-default",
	 .kind = RS_SETTING_NUMBER,
	 .offset = OFFSET(rps_default),
	 .minimum = 0.01,
	 .maximum = HUGE_VAL,
	 .bounds = "at least 0.01",
	 .help = "requests a second for each instance, with the metric rps"},
	{.key = "target-burst-capacity",
	 .kind = RS_SETTING_NUMBER,
	 .offset = OFFSET(target_burst_capacity),
	 .maximum = HUGE_VAL,
	 .or_minus_one = true,
	 .bounds = "at least 0, or -1",
	 .help = "the burst that ready instances must have room for, or the hold path stays armed; -1 always arms it"},
	{.key = "stable-window",
	 .kind = RS_SETTING_SECONDS,
	 .offset = OFFSET(stable_window_ns),
	 .minimum = 6,
	 .maximum = 3600,
	 .bounds = "whole seconds in 6s..1h",
	 .help = "over what time the load is averaged"},
	{.key = "panic-window-percentage",
	 .kind = RS_SETTING_NUMBER,
	 .offset = OFFSET(panic_window_percent),
	 .minimum = 1,
	 .maximum = 100,
	 .bounds = "in 1..100",
	 .help = "the panic window, in percent of the stable one"},
	{.key = "panic-threshold-percentage",
	 .kind = RS_SETTING_NUMBER,
	 .offset = OFFSET(panic_threshold_percent),
	 .minimum = -HUGE_VAL,
	 .maximum = HUGE_VAL,
	 .bounds = "a number",
	 .help = "panic begins when the panic window needs so much of what is ready"},
	{.key = "max-scale-up-rate",
	 .kind = RS_SETTING_NUMBER,
	 .offset = OFFSET(max_scale_up_rate),
	 .minimum = 1,
	 .maximum = HUGE_VAL,
	 .above = true,
	 .bounds = "above 1",
	 .help = "the largest factor of one step up"},
	{.key = "max-scale-down-rate",
	 .kind = RS_SETTING_NUMBER,
	 .offset = OFFSET(max_scale_down_rate),
	 .minimum = 1,
	 .maximum = HUGE_VAL,
	 .above = true,
	 .bounds = "above 1",
	 .help = "the largest factor of one step down"},
	{.key = "enable-scale-to-zero",
	 .kind = RS_SETTING_BOOLEAN,
	 .offset = OFFSET(enable_scale_to_zero),
	 .bounds = "true or false",
	 .help = "false keeps one instance of each service that is routed to"},
	{.key = "scale-to-zero-grace-period",
	 .kind = RS_SETTING_DURATION,
	 .offset = OFFSET(grace_ns),
	 .maximum = HUGE_VAL,
	 .above = true,
	 .bounds = "above 0s",
	 .help = "how long the hold path is armed at most before the last instance goes"},
	{.key = "scale-to-zero-pod-retention-period",
	 .kind = RS_SETTING_DURATION,
	 .offset = OFFSET(retention_ns),
	 .maximum = HUGE_VAL,
	 .bounds = "at least 0s",
	 .help = "how long the last instance stays at least"},
	{.key = "initial-scale",
	 .kind = RS_SETTING_WHOLE,
	 .offset = OFFSET(initial_scale),
	 .maximum = INT32_MAX,
	 .bounds = "at least 0",
	 .help = "instances that a new revision begins with"},
	{.key = "allow-zero-initial-scale",
	 .kind = RS_SETTING_BOOLEAN,
	 .offset = OFFSET(allow_zero_initial_scale),
	 .bounds = "true or false",
	 .help = "whether initial-scale may be 0, here and in manifests"},
	{.key = "min-scale",
	 .kind = RS_SETTING_WHOLE,
	 .offset = OFFSET(min_scale),
	 .maximum = INT32_MAX,
	 .bounds = "at least 0",
	 .help = "instances at least, without the annotation"},
	{.key = "max-scale",
	 .kind = RS_SETTING_WHOLE,
	 .offset = OFFSET(max_scale),
	 .maximum = INT32_MAX,
	 .bounds = "at least 0",
	 .help = "instances at most, without the annotation; 0 is no limit but the dataplane's (64)"},
	{.key = "max-scale-limit",
	 .kind = RS_SETTING_WHOLE,
	 .offset = OFFSET(max_scale_limit),
	 .maximum = INT32_MAX,
	 .bounds = "at least 0",
	 .help = "the most that the annotation max-scale may say; 0 is no limit"},
	{.key = "scale-down-delay",
	 .kind = RS_SETTING_SECONDS,
	 .offset = OFFSET(scale_down_delay_ns),
	 .maximum = HUGE_VAL,
	 .bounds = "whole seconds, at least 0s",
	 .help = "the largest decision of this time holds"},
	{.key = "pod-autoscaler-class",
	 .kind = RS_SETTING_WORD,
	 .bounds = "kpa.autoscaling.knative.dev",
	 .help = "the one autoscaler that runs here"},
	{.key = "activator-capacity",
	 .kind = RS_SETTING_NUMBER,
	 .minimum = 1,
	 .maximum = HUGE_VAL,
	 .bounds = "at least 1",
	 .no_effect = no_activator},
	{.key = "tick-interval",
	 .kind = RS_SETTING_ANY,
	 .no_effect = "decisions are made every 2 s, as Knative makes them whatever this says"},
};

const struct rs_settings_table rs_autoscaler_settings = {autoscaler_rows, rs_array_length(autoscaler_rows)};

static const char no_image[] = "no image is pulled: the runtime process runs command";
static const char no_sidecar[] = "there is no queue-proxy: the kernel counts requests";

static const struct rs_setting deployment_rows[] = {
	{.key = "progress-deadline",
	 .kind = RS_SETTING_SECONDS,
	 .offset = OFFSET(progress_deadline_ns),
	 .maximum = HUGE_VAL,
	 .above = true,
	 .bounds = "whole seconds, above 0s",
	 .help = "how long a revision may take to become ready"},
	{.key = "digest-resolution-timeout", .refused = no_image},
	{.key = "registries-skipping-tag-resolving", .refused = no_image},
	{.key = "queue-sidecar-image", .refused = no_sidecar},
	{.key = "queue-sidecar-cpu-request", .refused = no_sidecar},
	{.key = "queue-sidecar-cpu-limit", .refused = no_sidecar},
	{.key = "queue-sidecar-memory-request", .refused = no_sidecar},
	{.key = "queue-sidecar-memory-limit", .refused = no_sidecar},
	{.key = "queue-sidecar-ephemeral-storage-request", .refused = no_sidecar},
	{.key = "queue-sidecar-ephemeral-storage-limit", .refused = no_sidecar},
	{.key = "queue-sidecar-rootca", .refused = no_sidecar},
	{.key = "queue-sidecar-token-audiences", .refused = no_sidecar},
	{.key = "pod-is-always-schedulable", .refused = "there are no pods and no scheduler: one node runs them all"},
	{.key = "default-affinity-type", .refused = "there is one node: nothing to choose"},
	{.key = "runtime-class-name", .refused = "instances are processes: there are no runtime classes"},
};

const struct rs_settings_table rs_deployment_settings = {deployment_rows, rs_array_length(deployment_rows)};

int rs_autoscaler_config_check(const struct rs_autoscaler_config *config, struct rs_err *err)
{
	if (config->concurrency_fraction * config->concurrency_default < 0.01)
		return rs_err_set(err, -EINVAL,
				  "container-concurrency-target-percentage x -default must be at least 0.01");
	if (config->initial_scale == 0 && !config->allow_zero_initial_scale)
		return rs_err_set(err, -EINVAL, "initial-scale: 0 needs allow-zero-initial-scale: true");
	if (config->max_scale > 0 && config->min_scale > config->max_scale)
		return rs_err_set(err, -EINVAL, "min-scale: %d is above max-scale %d", config->min_scale,
				  config->max_scale);
	if (config->max_scale_limit > 0 && (config->max_scale < 1 || config->max_scale > config->max_scale_limit))
		return rs_err_set(err, -EINVAL, "max-scale: must be in 1..%d (max-scale-limit), is %d",
				  config->max_scale_limit, config->max_scale);
	return 0;
}
