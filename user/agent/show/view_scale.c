// SPDX-License-Identifier: BSD-2-Clause
/* How a revision is scaled, in the facts that explain it: what was measured, what it goes by, what was decided, what it
 * waits for. `rouse why` makes sentences of them. */
#include "agent/show/view.h"

#include "base/str.h"
#include "base/time.h"
#include "core/autoscale/target.h"

static bool text(cJSON *object, const char *name, const char *value)
{
	return cJSON_AddStringToObject(object, name, value) != NULL;
}

static bool number(cJSON *object, const char *name, double value)
{
	return cJSON_AddNumberToObject(object, name, value) != NULL;
}

static bool seconds(cJSON *object, const char *name, uint64_t ns)
{
	return number(object, name, (double)(ns / RS_NS_PER_MS) / 1000);
}

/* A moment of the monotonic clock, for people. One that has not been is left out. */
static bool moment(cJSON *object, const char *name, uint64_t at_ns, uint64_t now_ns)
{
	char time[RS_TIME_TEXT_MAX];
	if (!at_ns)
		return true;
	rs_time_rfc3339(rs_wall_ns() - (now_ns > at_ns ? now_ns - at_ns : 0), time);
	return text(object, name, time);
}

static bool add_measured(cJSON *rouse, const struct rs_workload *workload)
{
	const struct rs_agent *agent = workload->agent;
	const struct rs_revision *entry = rs_dp_revision(agent->dp, workload->id);
	uint32_t held = entry ? __atomic_load_n(&entry->held, __ATOMIC_RELAXED) : 0;
	struct rs_revision_stats stats;
	if (!number(rouse, "stableConcurrency", workload->stable_value) ||
	    !number(rouse, "panicConcurrency", workload->panic_value) || !number(rouse, "held", held) ||
	    !number(rouse, "inFlight", (double)rs_workload_in_flight(workload)))
		return false;
	/* A look-up for each CPU: not for the thousands that sleep. */
	if (!workload->active || rs_dp_stats(agent->dp, workload->id, &stats) < 0)
		return true;
	return number(rouse, "connectionsTotal", (double)stats.connections) &&
	       number(rouse, "requestsTotal", (double)stats.started);
}

static bool add_settings(cJSON *rouse, const struct rs_workload *workload)
{
	const struct rs_scale_config *config = &workload->scale_config;
	bool is_rps = workload->revision->template->autoscaling.metric == RS_METRIC_RPS;
	uint64_t panic_ns =
		rs_panic_window_ns(workload->spec.stable_window_ns, rs_settings_panic_window_percent(workload));
	return text(rouse, "pick", rs_pick_policy_text(workload->revision->template->pick)) &&
	       text(rouse, "metric", is_rps ? "rps" : "concurrency") &&
	       number(rouse, "target", workload->spec.target) && number(rouse, "targetTotal", workload->spec.total) &&
	       seconds(rouse, "stableWindowSeconds", workload->spec.stable_window_ns) &&
	       seconds(rouse, "panicWindowSeconds", panic_ns) && seconds(rouse, "graceSeconds", config->grace_ns) &&
	       seconds(rouse, "retentionSeconds", config->retention_ns) &&
	       seconds(rouse, "progressDeadlineSeconds", config->progress_deadline_ns) &&
	       number(rouse, "minScale", config->min_scale) && number(rouse, "maxScale", config->max_scale) &&
	       cJSON_AddBoolToObject(rouse, "reachable", config->reachability != RS_REACHABILITY_UNREACHABLE) != NULL;
}

static bool add_decision(cJSON *rouse, const struct rs_workload *workload, uint64_t now_ns)
{
	return text(rouse, "phase", rs_phase_text(workload->scale.phase)) &&
	       text(rouse, "why", rs_scale_why_text(workload->why)) &&
	       text(rouse, "whyReason", rs_scale_why_name(workload->why)) &&
	       moment(rouse, "phaseTime", workload->scale.phase_since_ns, now_ns) &&
	       moment(rouse, "scaledTime", workload->scaled_ns, now_ns) &&
	       cJSON_AddBoolToObject(rouse, "panicking", workload->measured && workload->measured->kpa.panicking) !=
		       NULL;
}

static bool add_waits(cJSON *rouse, const struct rs_workload *workload, uint64_t now_ns)
{
	uint64_t wait_ns = workload->next_start_ns > now_ns ? workload->next_start_ns - now_ns : 0;
	return number(rouse, "failedStarts", workload->failures) &&
	       (!wait_ns || seconds(rouse, "retrySeconds", wait_ns)) &&
	       (!workload->starved || cJSON_AddTrueToObject(rouse, "waitsForSandbox") != NULL);
}

bool rs_view_scale(cJSON *status, const struct rs_workload *workload)
{
	uint64_t now_ns = rs_now_ns();
	cJSON *rouse = cJSON_AddObjectToObject(status, "rouse");
	return add_decision(rouse, workload, now_ns) && add_measured(rouse, workload) &&
	       add_settings(rouse, workload) && add_waits(rouse, workload, now_ns);
}
