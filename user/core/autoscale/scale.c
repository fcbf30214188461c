/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autoscale/scale.h"

static const char *const why_texts[RS_SCALE_WHY_COUNT] = {
	[RS_SCALE_NO_DATA] = "no measurements yet",
	[RS_SCALE_APPLY] = "as decided, within min-scale and max-scale",
	[RS_SCALE_ZERO_DISABLED] = "scale to zero is disabled, one instance stays",
	[RS_SCALE_ACTIVATING] = "a start is under way",
	[RS_SCALE_START_TIMEOUT] = "the start took longer than the progress deadline",
	[RS_SCALE_DEACTIVATE] = "idle for the stable window, no longer active",
	[RS_SCALE_STABLE_WINDOW] = "idle, one instance stays for the rest of the stable window",
	[RS_SCALE_PROBE_FAILED] = "the hold path is not armed yet",
	[RS_SCALE_RETENTION] = "the last instance is retained",
	[RS_SCALE_GRACE] = "the hold path was armed less than the grace period ago",
	[RS_SCALE_TO_ZERO] = "idle, all waits are over",
};

const char *rs_scale_why_text(enum rs_scale_why why)
{
	return why < RS_SCALE_WHY_COUNT ? why_texts[why] : "unknown";
}

static const char *const why_names[RS_SCALE_WHY_COUNT] = {
	[RS_SCALE_NO_DATA] = "NoData",
	[RS_SCALE_APPLY] = "Decided",
	[RS_SCALE_ZERO_DISABLED] = "ScaleToZeroDisabled",
	[RS_SCALE_ACTIVATING] = "Activating",
	[RS_SCALE_START_TIMEOUT] = "StartTimeout",
	[RS_SCALE_DEACTIVATE] = "Deactivated",
	[RS_SCALE_STABLE_WINDOW] = "StableWindow",
	[RS_SCALE_PROBE_FAILED] = "HoldPathNotArmed",
	[RS_SCALE_RETENTION] = "Retention",
	[RS_SCALE_GRACE] = "GracePeriod",
	[RS_SCALE_TO_ZERO] = "ToZero",
};

const char *rs_scale_why_name(enum rs_scale_why why)
{
	return why < RS_SCALE_WHY_COUNT ? why_names[why] : "Unknown";
}

int32_t rs_scale_bound(int32_t scale, int32_t min_scale, int32_t max_scale)
{
	if (scale < min_scale)
		scale = min_scale;
	if (max_scale > 0 && scale > max_scale)
		scale = max_scale;
	return scale;
}

int32_t rs_initial_scale(int32_t annotation, int32_t configured, bool allow_zero)
{
	if (annotation < 0 || (annotation == 0 && !allow_zero))
		return configured;
	return annotation;
}

/* The number of instances becomes `scale`. */
static struct rs_scale_result set(const struct rs_scale_state *state, int32_t scale, enum rs_scale_why why)
{
	return (struct rs_scale_result){.scale = scale, .patched = scale != state->replicas, .why = why};
}

/* The number of instances stays; `scale` is what is wanted, look again later. */
static struct rs_scale_result stay(int32_t scale, uint64_t after_ns, enum rs_scale_why why)
{
	return (struct rs_scale_result){.scale = scale, .requeue = true, .requeue_after_ns = after_ns, .why = why};
}

static struct rs_scale_result zero_while_activating(const struct rs_scale_config *config,
						    const struct rs_scale_state *state, uint64_t lasted_ns)
{
	uint64_t timeout_ns = config->progress_deadline_ns + config->activation_buffer_ns;

	if (lasted_ns > timeout_ns)
		return set(state, 0, RS_SCALE_START_TIMEOUT);
	return stay(RS_SCALE_UNKNOWN, timeout_ns, RS_SCALE_ACTIVATING);
}

static struct rs_scale_result zero_while_active(const struct rs_scale_config *config,
						const struct rs_scale_state *state, uint64_t lasted_ns)
{
	if (lasted_ns >= config->stable_window_ns) {
		if (state->proxy_mode)
			return stay(0, RS_SCALE_RECHECK_NS, RS_SCALE_DEACTIVATE);
		return (struct rs_scale_result){.scale = 0, .why = RS_SCALE_DEACTIVATE};
	}
	struct rs_scale_result result = set(state, 1, RS_SCALE_STABLE_WINDOW);
	result.requeue = true;
	result.requeue_after_ns = config->stable_window_ns - lasted_ns;
	return result;
}

static struct rs_scale_result zero_while_inactive(const struct rs_scale_config *config,
						  const struct rs_scale_state *state, uint64_t lasted_ns,
						  uint64_t now_ns)
{
	/* 6a. Nothing goes to zero before the hold path is armed. */
	if (config->target_burst_capacity != -1 && !state->probe_ok)
		return (struct rs_scale_result){.scale = 0, .async_probe = true, .why = RS_SCALE_PROBE_FAILED};

	/* 6b. Inactive for both the grace period and the retention: done. */
	uint64_t retention_ns = config->reachability == RS_REACHABILITY_UNREACHABLE ? 0 : config->retention_ns;
	if (lasted_ns >= config->grace_ns && lasted_ns >= retention_ns)
		return set(state, 0, RS_SCALE_TO_ZERO);

	/* 6c. The retention is a promise, it holds in any case. */
	if (lasted_ns < retention_ns)
		return stay(0, retention_ns - lasted_ns, RS_SCALE_RETENTION);

	/* 6d. The grace period is there for the hold path, so its time counts as well. */
	uint64_t armed_ns =
		state->proxy_since_ns != 0 && now_ns > state->proxy_since_ns ? now_ns - state->proxy_since_ns : 0;
	if (armed_ns >= config->grace_ns)
		return set(state, 0, RS_SCALE_TO_ZERO);
	return stay(0, config->grace_ns - armed_ns, RS_SCALE_GRACE);
}

static struct rs_scale_result apply(const struct rs_scale_config *config, const struct rs_scale_state *state,
				    int32_t desired, uint64_t now_ns)
{
	uint64_t lasted_ns = now_ns > state->phase_since_ns ? now_ns - state->phase_since_ns : 0;
	bool reachable = config->reachability != RS_REACHABILITY_UNREACHABLE;

	/* 1. Nothing known, and nobody waits for a start. */
	if (desired < 0 && state->phase != RS_PHASE_ACTIVATING)
		return (struct rs_scale_result){.scale = desired, .why = RS_SCALE_NO_DATA};

	/* 2. The bounds. Until it was reached once, the initial scale is a lower bound. */
	int32_t min_scale = reachable ? config->min_scale : 0;
	if (reachable && !state->initialized && config->initial_scale > 1 && min_scale < config->initial_scale)
		min_scale = config->initial_scale;
	desired = rs_scale_bound(desired, min_scale, config->max_scale);

	/* 3. Any scale but zero is applied at once. */
	if (desired != 0)
		return set(state, desired, RS_SCALE_APPLY);
	if (!config->enable_scale_to_zero)
		return set(state, 1, RS_SCALE_ZERO_DISABLED);

	switch (state->phase) {
	case RS_PHASE_ACTIVATING: /* 4. A start that does not come to an end. */
		return zero_while_activating(config, state, lasted_ns);
	case RS_PHASE_ACTIVE: /* 5. At least one stable window with one instance. */
		return zero_while_active(config, state, lasted_ns);
	case RS_PHASE_INACTIVE: /* 6. The last instance. */
		break;
	}
	return zero_while_inactive(config, state, lasted_ns, now_ns);
}

struct rs_scale_result rs_scale_apply(const struct rs_scale_config *config, const struct rs_scale_state *state,
				      int32_t desired, uint64_t now_ns)
{
	struct rs_scale_result result = apply(config, state, desired, now_ns);

	switch (result.why) {
	case RS_SCALE_PROBE_FAILED:
	case RS_SCALE_RETENTION:
	case RS_SCALE_GRACE:
	case RS_SCALE_TO_ZERO:
		result.probe_used = config->target_burst_capacity != -1;
		break;
	default:
		break;
	}
	return result;
}
