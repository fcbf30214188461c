// SPDX-License-Identifier: BSD-2-Clause
/* What a revision says of itself: its phase, the facts behind its conditions, its numbers. Found out, never kept. */
#include "agent/agent.h"

#include "base/str.h"
#include "base/time.h"

void rs_workload_set_phase(struct rs_workload *workload, enum rs_phase phase, uint64_t now_ns)
{
	if (workload->scale.phase == phase)
		return;
	workload->scale.phase = phase;
	workload->scale.phase_since_ns = now_ns;
}

void rs_workload_phase(struct rs_workload *workload, int32_t want, uint64_t now_ns)
{
	struct rs_scale_state *state = &workload->scale;
	const struct rs_scale_config *config = &workload->scale_config;
	int32_t ready = (int32_t)rs_workload_count(workload, RS_STAGE_READY);
	int32_t least = config->reachability == RS_REACHABILITY_UNREACHABLE ? 0 : config->min_scale;
	int32_t threshold = rs_phase_threshold(least, config->initial_scale, state->initialized);
	if (ready >= threshold)
		state->initialized = true;
	struct rs_phase_next next = rs_phase_next(state->phase, want, ready, threshold);
	rs_workload_set_phase(workload, next.phase, now_ns);
	rs_fact_set(&workload->revision->status.active,
		    next.phase == RS_PHASE_ACTIVE     ? RS_TRUE
		    : next.phase == RS_PHASE_INACTIVE ? RS_FALSE
						      : RS_UNKNOWN,
		    next.reason, "%s", next.reason[0] ? rs_scale_why_text(workload->why) : "");
}

/* One that could be ready, and says why it is not. */
static const struct rs_agent_instance *find_troubled(const struct rs_workload *workload)
{
	for (const struct rs_agent_instance *i = workload->instances; i; i = i->next) {
		if (i->complaint_reason && (i->stage == RS_STAGE_STARTING || i->stage == RS_STAGE_UNREADY))
			return i;
	}
	return NULL;
}

/* It got what it waited for, or wants it no more: no fault of the node is in its way. */
static void end_wait(struct rs_workload *workload)
{
	struct rs_fact *available = &workload->revision->status.resources_available;
	if (!workload->starved && (rs_str_equal(rs_fact_reason(available), "NodeFull") ||
				   rs_str_equal(rs_fact_reason(available), "SandboxFailed")))
		rs_fact_set(available, workload->scale.initialized ? RS_TRUE : RS_UNKNOWN, "", "%s", "");
}

static void set_facts(struct rs_workload *workload, unsigned ready)
{
	struct rs_revision_status *status = &workload->revision->status;
	const struct rs_agent_instance *troubled = find_troubled(workload);
	struct rs_fact *healthy = &status->container_healthy;
	end_wait(workload);
	/* Nothing has to start for an initial scale of zero. */
	bool is_at_rest = workload->scale_config.initial_scale == 0 && healthy->truth == RS_UNKNOWN && !troubled;
	if (ready || is_at_rest) {
		workload->was_ready = workload->was_ready || ready;
		/* Once healthy, sleeping does not change it. */
		rs_fact_set(healthy, RS_TRUE, "", "%s", "");
		if (workload->scale.initialized)
			rs_fact_set(&status->resources_available, RS_TRUE, "", "%s", "");
		return;
	}
	if (troubled && troubled->stage == RS_STAGE_UNREADY)
		rs_fact_set(healthy, RS_FALSE, troubled->complaint_reason, "%s: %s", troubled->rt->name,
			    troubled->complaint);
	/* One that was ready before only wakes slowly; and what failed before is said until one is ready. */
	else if (troubled && !workload->was_ready && healthy->truth != RS_FALSE)
		rs_fact_set(healthy, RS_UNKNOWN, troubled->complaint_reason, "%s: %s", troubled->rt->name,
			    troubled->complaint);
	if (status->resources_available.truth == RS_UNKNOWN)
		rs_fact_set(&status->resources_available, RS_UNKNOWN, "Deploying", "%s", "");
	if (workload->why == RS_SCALE_START_TIMEOUT && status->resources_available.truth == RS_UNKNOWN)
		rs_fact_set(&status->resources_available, RS_FALSE, "ProgressDeadlineExceeded",
			    "no instance became ready within the progress deadline");
}

void rs_workload_status(struct rs_workload *workload)
{
	struct rs_model_revision *revision = workload->revision;
	struct rs_agent *agent = workload->agent;
	if (workload->removed)
		return;
	unsigned ready = rs_workload_count(workload, RS_STAGE_READY);
	if ((int32_t)ready >= workload->scale_config.initial_scale && ready)
		workload->scale.initialized = true;
	bool has_scaled = revision->status.actual_replicas != (int32_t)ready ||
			  revision->status.desired_replicas != workload->scale.replicas;
	revision->status.actual_replicas = (int32_t)ready;
	revision->status.desired_replicas = workload->scale.replicas;
	if (workload->scale.replicas > 0 && workload->scale.phase != RS_PHASE_INACTIVE)
		rs_workload_phase(workload, workload->scale.replicas, rs_now_ns());
	set_facts(workload, ready);
	/* For those who watch. */
	if (has_scaled)
		rs_registry_touch(agent->registry, RS_KIND_REVISION, revision);

	bool is_ready = revision->status.container_healthy.truth == RS_TRUE &&
			revision->status.resources_available.truth == RS_TRUE;
	struct rs_transaction *transaction;
	if (is_ready && rs_registry_prepare_ready(agent->registry, revision, rs_wall_ns(), &transaction) > 0)
		rs_change_begin(agent, transaction, NULL, NULL);
	rs_registry_conditions(agent->registry, revision->metadata.namespace, revision->service, rs_wall_ns(), NULL,
			       NULL);
}
