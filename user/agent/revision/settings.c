// SPDX-License-Identifier: BSD-2-Clause
/* What a revision's scale goes by: the annotations of its manifest over the agent's configuration. */
#include "agent/agent.h"

#include "core/autoscale/target.h"

static uint64_t duration_or(int64_t annotation_ns, uint64_t configured_ns)
{
	return annotation_ns >= 0 ? (uint64_t)annotation_ns : configured_ns;
}

static int32_t scale_or(int32_t annotation, int32_t configured)
{
	return annotation >= 0 ? annotation : configured;
}

static double number_or(double annotation, double configured)
{
	return annotation >= 0 ? annotation : configured;
}

/* A revision has so many places in the dataplane. */
static int32_t within_places(int32_t scale)
{
	return scale < RS_REVISION_INSTANCES_MAX ? scale : RS_REVISION_INSTANCES_MAX;
}

static enum rs_reachability reachability(const struct rs_workload *workload)
{
	if (workload->removed)
		return RS_REACHABILITY_UNREACHABLE;
	switch (workload->revision->routing_state) {
	case RS_ROUTING_ACTIVE:
		return RS_REACHABILITY_REACHABLE;
	case RS_ROUTING_RESERVE:
		return RS_REACHABILITY_UNREACHABLE;
	case RS_ROUTING_PENDING:
		break;
	}
	return RS_REACHABILITY_UNKNOWN;
}

void rs_settings_read(struct rs_workload *workload)
{
	const struct rs_autoscaler_config *config = &workload->agent->options->autoscaler;
	const struct rs_template *template = workload->revision->template;
	const struct rs_autoscaling *a = &template->autoscaling;
	struct rs_target_input input = {
		.metric = a->metric,
		.container_concurrency = template->container_concurrency,
		.target = a->target,
		.utilization_percent = a->target_utilization_percent,
		.concurrency_fraction = config->concurrency_fraction,
		.concurrency_default = config->concurrency_default,
		.rps_default = config->rps_default,
		.rps_utilization = RS_RPS_UTILIZATION,
	};
	struct rs_target target = rs_target_resolve(&input);
	int32_t max_scale = scale_or(a->max_scale, config->max_scale);
	double burst = a->has_target_burst_capacity ? a->target_burst_capacity : config->target_burst_capacity;

	workload->spec = (struct rs_kpa_spec){
		.target = target.target,
		.total = target.total,
		.target_burst_capacity = burst,
		.panic_threshold = number_or(a->panic_threshold_percent, config->panic_threshold_percent) / 100,
		.max_scale_up_rate = config->max_scale_up_rate,
		.max_scale_down_rate = config->max_scale_down_rate,
		.stable_window_ns = duration_or(a->window_ns, config->stable_window_ns),
		.activation_scale = within_places(scale_or(a->activation_scale, 1)),
		.scale_down_delay_ns = duration_or(a->scale_down_delay_ns, config->scale_down_delay_ns),
	};
	workload->scale_config = (struct rs_scale_config){
		.enable_scale_to_zero = config->enable_scale_to_zero,
		.stable_window_ns = workload->spec.stable_window_ns,
		.grace_ns = config->grace_ns,
		.retention_ns = duration_or(a->retention_ns, config->retention_ns),
		.progress_deadline_ns = duration_or(a->progress_deadline_ns, config->progress_deadline_ns),
		.activation_buffer_ns = RS_SCALE_ACTIVATION_BUFFER_NS,
		.min_scale = within_places(scale_or(a->min_scale, config->min_scale)),
		.max_scale = within_places(max_scale ? max_scale : RS_REVISION_INSTANCES_MAX),
		.initial_scale = within_places(
			rs_initial_scale(a->initial_scale, config->initial_scale, config->allow_zero_initial_scale)),
		.target_burst_capacity = burst,
	};
}

void rs_settings_reachability(struct rs_workload *workload)
{
	workload->scale_config.reachability = reachability(workload);
	workload->spec.reachable = workload->scale_config.reachability != RS_REACHABILITY_UNREACHABLE;
}

double rs_settings_panic_window_percent(const struct rs_workload *workload)
{
	return number_or(workload->revision->template->autoscaling.panic_window_percent,
			 workload->agent->options->autoscaler.panic_window_percent);
}
