// SPDX-License-Identifier: BSD-2-Clause
/*
 * The probes of a manifest, as Kubernetes runs them: startup alone, until it
 * has succeeded; then readiness, which puts the instance into rotation and
 * takes it out again; and liveness, which ends it. How one is run is the
 * runtime's.
 */
#include "agent/agent.h"

#include "base/time.h"

#include <stdio.h>

static const struct rs_probe *probe_of(const struct rs_model_revision *revision, enum rs_probe_role role)
{
	const struct rs_container *container = &revision->template->container;
	const struct rs_probe *const probes[RS_ROLE_COUNT] = {
		[RS_ROLE_STARTUP] = container->startup,
		[RS_ROLE_READINESS] = container->readiness,
		[RS_ROLE_LIVENESS] = container->liveness,
	};
	return probes[role];
}

bool rs_probing_needed(const struct rs_model_revision *revision)
{
	return probe_of(revision, RS_ROLE_STARTUP) || probe_of(revision, RS_ROLE_READINESS);
}

bool rs_probing_has(const struct rs_agent_instance *instance, enum rs_probe_role role)
{
	return probe_of(instance->workload->revision, role);
}

/* Kubernetes' defaults. */
static uint32_t failure_threshold(const struct rs_probe *probe)
{
	return probe->failure_threshold ? probe->failure_threshold : 3;
}

static uint32_t success_threshold(const struct rs_probe *probe)
{
	return probe->success_threshold ? probe->success_threshold : 1;
}

/* Knative's period of 0 means as fast as it makes sense: every 50 ms. */
static uint64_t period_ms(const struct rs_probe *probe)
{
	return probe->period_ms ? probe->period_ms : 50;
}

/* The probe of this role when it is its turn. */
static const struct rs_probe *current(const struct rs_agent_instance *instance, enum rs_probe_role role)
{
	bool is_up = instance->stage == RS_STAGE_STARTING || instance->stage == RS_STAGE_READY ||
		     instance->stage == RS_STAGE_UNREADY;
	const struct rs_probe *probe = is_up ? probe_of(instance->workload->revision, role) : NULL;
	bool startup_is_over = instance->startup_is_over || !probe_of(instance->workload->revision, RS_ROLE_STARTUP);
	return probe && startup_is_over == (role != RS_ROLE_STARTUP) ? probe : NULL;
}

static void run_probe(struct rs_agent_instance *instance, enum rs_probe_role role, const struct rs_probe *probe)
{
	struct rs_probing *probing = &instance->probing[role];
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
	if (probing->is_running)
		return;
	probing->is_running = rs_rt_probe(instance->workload->agent->rt, instance->rt, &spec, role) == 0;
	probing->next_ns = rs_now_ns() + period_ms(probe) * RS_NS_PER_MS;
}

void rs_probing_begin(struct rs_agent_instance *instance)
{
	enum rs_probe_role role = current(instance, RS_ROLE_STARTUP) ? RS_ROLE_STARTUP : RS_ROLE_READINESS;
	const struct rs_probe *probe = current(instance, role);
	if (!probe)
		return;
	uint64_t now_ns = rs_now_ns(), due_ns = instance->started_ns + probe->initial_delay_ms * RS_NS_PER_MS;
	if (now_ns < due_ns)
		rs_instance_check_later(instance, (due_ns - now_ns) / RS_NS_PER_US + 1);
	else
		run_probe(instance, role, probe);
}

void rs_probing_check(struct rs_agent_instance *instance, uint64_t now_ns)
{
	for (enum rs_probe_role role = 0; role < RS_ROLE_COUNT; role++) {
		const struct rs_probe *probe = current(instance, role);
		if (probe && now_ns >= instance->probing[role].next_ns &&
		    now_ns >= instance->started_ns + probe->initial_delay_ms * RS_NS_PER_MS)
			run_probe(instance, role, probe);
	}
}

/* Why it is not ready yet. A probe that finds nobody there is explained by who listens elsewhere. */
static void complain(struct rs_agent_instance *instance, const struct rs_probe *probe, const char *kind,
		     const char *text)
{
	if (instance->listen_ns || !rs_instance_misplaced(instance))
		rs_failing_complain(instance, "ProbeFailing", "%s probe: %s", kind, text);
	rs_instance_check_later(instance, period_ms(probe) * 1000);
}

static void failed(struct rs_agent_instance *instance, enum rs_probe_role role, const struct rs_probe *probe,
		   const char *text)
{
	bool is_over = instance->probing[role].failures >= failure_threshold(probe);
	switch (role) {
	case RS_ROLE_STARTUP:
		if (is_over) {
			rs_failing_give_up(instance, "StartupProbeFailed", text);
			return;
		}
		complain(instance, probe, "startup", text);
		break;
	case RS_ROLE_READINESS:
		if (instance->stage == RS_STAGE_READY && is_over)
			rs_instance_unready(instance, "ReadinessProbeFailed", text);
		else if (instance->stage == RS_STAGE_STARTING)
			complain(instance, probe, "readiness", text);
		break;
	case RS_ROLE_LIVENESS:
		if (is_over)
			rs_failing_give_up(instance, "LivenessFailed", text);
		break;
	case RS_ROLE_COUNT:
		break;
	}
}

static void succeeded(struct rs_agent_instance *instance, enum rs_probe_role role, const struct rs_probe *probe)
{
	if (role == RS_ROLE_LIVENESS || instance->stage == RS_STAGE_READY)
		return;
	if (instance->probing[role].successes < success_threshold(probe)) {
		if (instance->stage == RS_STAGE_STARTING)
			rs_instance_check_later(instance, period_ms(probe) * 1000);
		return;
	}
	if (role == RS_ROLE_STARTUP)
		instance->startup_is_over = true;
	if (role == RS_ROLE_STARTUP && current(instance, RS_ROLE_READINESS))
		rs_probing_begin(instance);
	else
		rs_instance_ready(instance);
}

void rs_probing_result(void *user, struct rs_rt_instance *rt, uint64_t cookie, bool ok, const char *text)
{
	struct rs_agent_instance *instance = rt->user;
	(void)user;
	if (!instance || cookie >= RS_ROLE_COUNT)
		return;
	enum rs_probe_role role = (enum rs_probe_role)cookie;
	struct rs_probing *probing = &instance->probing[role];
	const struct rs_probe *probe = current(instance, role);
	probing->is_running = false;
	if (!probe)
		return; /* it was stopped while the probe ran */
	probing->successes = ok ? probing->successes + 1 : 0;
	probing->failures = ok ? 0 : probing->failures + 1;
	if (ok)
		succeeded(instance, role, probe);
	else
		failed(instance, role, probe, text ? text : "failed");
}
