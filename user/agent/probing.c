// SPDX-License-Identifier: BSD-2-Clause
/* The probes of a manifest: when each runs, and what follows from its result. How one is run is the runtime's. */
#include "agent/agent.h"

#include "base/time.h"

#include <stdio.h>

static const struct rs_probe *or_none(const struct rs_probe *probe)
{
	return probe->handler != RS_HANDLER_NONE ? probe : NULL;
}

/* The startup probe first, until it has succeeded; then readiness, until that has; liveness from then on. */
static const struct rs_probe *current_probe(const struct rs_agent_instance *instance)
{
	const struct rs_container *container = &instance->workload->revision->template->container;
	if (instance->stage != RS_STAGE_STARTING)
		return or_none(&container->liveness);
	if (!instance->startup_is_over && or_none(&container->startup))
		return &container->startup;
	return or_none(&container->readiness);
}

bool rs_probing_needed(const struct rs_model_revision *revision)
{
	const struct rs_container *container = &revision->template->container;
	return or_none(&container->startup) || or_none(&container->readiness);
}

/* Knative's period of 0 means as fast as it makes sense: every 50 ms. */
static uint64_t period_ms(const struct rs_probe *probe)
{
	return probe->period_ms ? probe->period_ms : 50;
}

/* Kubernetes' default. */
static uint32_t failure_threshold(const struct rs_probe *probe)
{
	return probe->failure_threshold ? probe->failure_threshold : 3;
}

static void run_probe(struct rs_agent_instance *instance, const struct rs_probe *probe)
{
	struct rs_probe_spec spec = {
		.kind = probe->handler == RS_HANDLER_HTTP_GET	  ? RS_PROBE_HTTP_GET
			: probe->handler == RS_HANDLER_TCP_SOCKET ? RS_PROBE_TCP_SOCKET
								  : RS_PROBE_EXEC,
		.path = probe->path,
		.host = probe->host,
		.port = probe->port,
		.command = (const char *const *)probe->command.items,
		.timeout_ms = probe->timeout_ms,
	};
	if (instance->probe_running)
		return;
	instance->probe_running = rs_rt_probe(instance->workload->agent->rt, instance->rt, &spec,
					      instance->stage == RS_STAGE_STARTING) == 0;
	instance->next_probe_ns = rs_now_ns() + period_ms(probe) * RS_NS_PER_MS;
}

void rs_probing_begin(struct rs_agent_instance *instance)
{
	const struct rs_probe *probe = current_probe(instance);
	uint64_t now_ns = rs_now_ns(), due_ns = instance->started_ns + probe->initial_delay_ms * RS_NS_PER_MS;
	if (now_ns < due_ns)
		rs_instance_check_later(instance, (due_ns - now_ns) / RS_NS_PER_US + 1);
	else
		run_probe(instance, probe);
}

void rs_probing_check(struct rs_agent_instance *instance, uint64_t now_ns)
{
	const struct rs_probe *probe = current_probe(instance);
	if (probe && now_ns >= instance->next_probe_ns &&
	    now_ns >= instance->started_ns + probe->initial_delay_ms * RS_NS_PER_MS)
		run_probe(instance, probe);
}

/* Ends an instance that does not do what its manifest promises; another one follows after a while. */
static void give_up(struct rs_agent_instance *instance, const char *reason, const char *why)
{
	struct rs_workload *workload = instance->workload;
	rs_instance_record(instance, "Warning", reason, why);
	rs_dp_instance_set_state(workload->agent->dp, instance->rt->id, RS_INSTANCE_DRAINING);
	rs_instance_stop(instance);
	rs_instance_backoff(workload);
	rs_workload_reconcile(workload);
}

static void startup_failed(struct rs_agent_instance *instance, const char *why)
{
	struct rs_workload *workload = instance->workload;
	workload->agent->counters.start_failures++;
	rs_fact_set(&workload->revision->status.container_healthy, RS_FALSE, "StartupProbeFailed", "%s; its log: %s",
		    instance->complaint, instance->rt->log_path);
	give_up(instance, "StartupProbeFailed", why);
	if (!rs_workload_count(workload, RS_STAGE_READY))
		rs_release_give_up(workload, workload->next_start_ns, "the startup probe failed");
	rs_workload_status(workload);
}

/* The result of a startup or readiness probe. */
static void starting_probed(struct rs_agent_instance *instance, const struct rs_probe *probe, bool ok, const char *text)
{
	bool is_startup = probe == &instance->workload->revision->template->container.startup;
	if (!ok) {
		instance->probe_successes = 0;
		snprintf(instance->complaint, sizeof(instance->complaint), "%s probe: %s",
			 is_startup ? "startup" : "readiness", text);
		if (is_startup && ++instance->startup_failures >= failure_threshold(probe))
			startup_failed(instance, text);
		else
			rs_instance_check_later(instance, period_ms(probe) * 1000);
		return;
	}
	if (++instance->probe_successes < (probe->success_threshold ? probe->success_threshold : 1)) {
		rs_instance_check_later(instance, period_ms(probe) * 1000);
		return;
	}
	instance->probe_successes = 0;
	if (is_startup)
		instance->startup_is_over = true;
	if (is_startup && current_probe(instance))
		rs_probing_begin(instance);
	else
		rs_instance_ready(instance);
}

void rs_probing_result(void *user, struct rs_rt_instance *rt, uint64_t cookie, bool ok, const char *text)
{
	struct rs_agent_instance *instance = rt->user;
	(void)user;
	if (!instance)
		return;
	instance->probe_running = false;
	bool starting = instance->stage == RS_STAGE_STARTING;
	if (starting != (bool)cookie)
		return; /* it became ready while the probe ran */
	const struct rs_probe *probe = current_probe(instance);
	if (!probe || (!starting && instance->stage != RS_STAGE_READY))
		return;
	if (starting) {
		starting_probed(instance, probe, ok, text ? text : "failed");
		return;
	}
	instance->liveness_failures = ok ? 0 : instance->liveness_failures + 1;
	if (instance->liveness_failures >= failure_threshold(probe))
		give_up(instance, "LivenessFailed", text ? text : "failed");
}
