// SPDX-License-Identifier: BSD-2-Clause
/*
 * A revision at work: what it was measured to do, what scale follows, and the
 * instances that make it so. The decisions are core's; this file brings them
 * the facts and carries out what they say.
 */
#include "agent/agent.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/autoscale/burst.h"
#include "core/autoscale/target.h"
#include "sys/timer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKET_NS RS_NS_PER_S

/* --- birth and death -------------------------------------------------------------------------------------------- */

/* The revision's entry in the dataplane: an earlier agent's, or a new one. */
static int claim_entry(struct rs_workload *workload, struct rs_err *err)
{
	struct rs_agent *agent = workload->agent;
	const struct rs_model_revision *revision = workload->revision;
	/* The first half of the UUID: 16 hex digits around one dash. */
	uint64_t uid = rs_agent_uid(revision->metadata.uid);
	workload->id = rs_agent_known_entry(agent, uid);
	if (workload->id)
		return 0;
	workload->id = rs_dp_revision_free_entry(agent->dp);
	if (!workload->id)
		return rs_err_set(err, -ENOSPC, "the dataplane has room for %u revisions, and all are in use",
				  agent->workload_count - 1);
	int r = rs_dp_revision_init(agent->dp, workload->id, uid, RS_HOLDS_PER_REVISION_MAX,
				    revision->template->hold_timeout_ms);
	if (r < 0)
		return rs_err_set(err, r, "cannot write the map revisions: %s", strerror(-r));
	const struct rs_container *container = &revision->template->container;
	rs_dp_revision_set_ports(agent->dp, workload->id, rs_container_port_bits(container),
				 rs_container_udp_bits(container));
	return 0;
}

/* Revisions become the latest ready one in the order of their numbers, and that is kept in the store. */
static bool has_been_ready(struct rs_workload *workload)
{
	const struct rs_registry *registry = workload->agent->registry;
	const struct rs_model_revision *revision = workload->revision;
	const struct rs_configuration *configuration =
		rs_registry_configuration(registry, revision->metadata.namespace, revision->configuration);
	const struct rs_model_revision *latest =
		configuration && configuration->latest_ready[0]
			? rs_registry_revision(registry, revision->metadata.namespace, configuration->latest_ready)
			: NULL;
	if (!latest || revision->configuration_generation > latest->configuration_generation)
		return false;
	struct rs_revision_status *status = &workload->revision->status;
	rs_fact_set(&status->container_healthy, RS_TRUE, "", "%s", "");
	rs_fact_set(&status->resources_available, RS_TRUE, "", "%s", "");
	return true;
}

int rs_workload_get(struct rs_agent *agent, struct rs_model_revision *revision, struct rs_workload **ret_workload,
		    struct rs_err *err)
{
	if (revision->user) {
		*ret_workload = revision->user;
		return 0;
	}
	struct rs_workload *workload = calloc(1, sizeof(*workload));
	if (!workload)
		return rs_err_set(err, -ENOMEM, "out of memory");
	workload->agent = agent;
	workload->revision = revision;
	int r = claim_entry(workload, err);
	if (r < 0) {
		free(workload);
		return r;
	}
	rs_pick_begin(workload);
	rs_settings_read(workload);
	/* It begins with its initial scale, as a Deployment does; after a restart of agent or host it has had that. */
	bool was_ready = workload->was_ready = has_been_ready(workload);
	workload->scale.initialized = was_ready || workload->scale_config.initial_scale == 0;
	workload->scale.replicas = was_ready ? 0 : workload->scale_config.initial_scale;
	if (workload->scale.replicas < workload->scale_config.min_scale)
		workload->scale.replicas = workload->scale_config.min_scale;
	workload->scale.phase = workload->scale.replicas > 0 ? RS_PHASE_ACTIVATING : RS_PHASE_INACTIVE;
	workload->scale.phase_since_ns = rs_now_ns();
	agent->workloads[workload->id] = workload;
	revision->user = workload;
	*ret_workload = workload;
	if (workload->scale.replicas > 0) {
		rs_workload_activate(workload);
		rs_workload_reconcile(workload);
	}
	rs_workload_status(workload);
	return 0;
}

void rs_workload_adopted(struct rs_workload *workload)
{
	int32_t alive = (int32_t)rs_workload_alive(workload);
	rs_pick_write(workload);
	/* One that drains is looked at each second too: nothing else ends it. */
	if (workload->instances)
		rs_workload_activate(workload);
	if (alive <= 0)
		return;
	workload->scale.replicas = alive;
	rs_workload_set_phase(workload,
			      rs_workload_count(workload, RS_STAGE_READY) ? RS_PHASE_ACTIVE : RS_PHASE_ACTIVATING,
			      rs_now_ns());
	rs_workload_status(workload);
}

static void forget_measurements(struct rs_workload *workload)
{
	free(workload->measured);
	workload->measured = NULL;
	workload->stable_value = workload->panic_value = 0;
}

static void deactivate(struct rs_workload *workload)
{
	struct rs_agent *agent = workload->agent;
	for (struct rs_workload **at = &agent->active; *at; at = &(*at)->active_next) {
		if (*at == workload) {
			*at = workload->active_next;
			agent->active_count--;
			break;
		}
	}
	workload->active = false;
	workload->active_next = NULL;
	forget_measurements(workload);
}

struct rs_workload *rs_workload_free(struct rs_workload *workload)
{
	if (!workload)
		return NULL;
	if (workload->active)
		deactivate(workload);
	workload->agent->workloads[workload->id] = NULL;
	if (!workload->removed)
		workload->revision->user = NULL;
	else
		rs_model_revision_free(workload->revision);
	sd_event_source_unref(workload->release_timer);
	sd_event_source_unref(workload->retry_timer);
	forget_measurements(workload);
	free(workload->pending);
	free(workload);
	return NULL;
}

static void release_entry(struct rs_workload *workload)
{
	struct rs_revision *entry = rs_dp_revision(workload->agent->dp, workload->id);
	if (entry)
		__atomic_store_n(&entry->uid, 0, __ATOMIC_SEQ_CST);
}

bool rs_workload_collect(struct rs_workload *workload)
{
	if (!workload->removed || workload->instances)
		return false;
	rs_release_give_up(workload, UINT64_MAX, "the revision was deleted");
	rs_pick_end(workload);
	release_entry(workload);
	rs_workload_free(workload);
	return true;
}

void rs_workload_remove(struct rs_workload *workload)
{
	/* Its holds will find no instance any more. */
	workload->removed = true;
	workload->scale.replicas = 0;
	rs_release_give_up(workload, UINT64_MAX, "the revision was deleted");
	rs_workload_reconcile(workload);
	rs_workload_collect(workload);
}

/* --- measuring -------------------------------------------------------------------------------------------------- */

int rs_workload_measure_anew(struct rs_workload *workload, uint64_t now_ns)
{
	uint64_t stable_ns = workload->spec.stable_window_ns;
	const struct rs_autoscaling *a = &workload->revision->template->autoscaling;
	uint64_t panic_ns = rs_panic_window_ns(stable_ns, rs_settings_panic_window_percent(workload));
	enum rs_window_kind kind =
		a->aggregation == RS_AGGREGATION_WEIGHTED_EXPONENTIAL ? RS_WINDOW_EXPONENTIAL : RS_WINDOW_LINEAR;
	uint32_t stable_count = rs_window_count(stable_ns, BUCKET_NS),
		 panic_count = rs_window_count(panic_ns, BUCKET_NS);
	uint32_t delay_count = rs_kpa_delay_slots(&workload->spec);

	uint32_t count = stable_count + panic_count;
	struct rs_measurements *m =
		calloc(1, sizeof(*m) + count * sizeof(m->buckets[0]) + delay_count * sizeof(struct rs_max_entry));
	if (!m)
		return -ENOMEM;
	workload->measured = m;
	int r = rs_window_init(&m->stable, kind, stable_ns, BUCKET_NS, m->buckets, stable_count);
	if (r == 0)
		r = rs_window_init(&m->panic, kind, panic_ns, BUCKET_NS, m->buckets + stable_count, panic_count);
	if (r == 0)
		r = rs_kpa_init(&m->kpa, &workload->spec, (int32_t)rs_workload_count(workload, RS_STAGE_READY), now_ns,
				(struct rs_max_entry *)(m->buckets + count), delay_count);
	if (r < 0)
		return r;
	workload->decision = rs_kpa_before_first(&workload->spec, workload->scale_config.initial_scale);
	rs_dp_stats(workload->agent->dp, workload->id, &m->stats);
	m->stats_ns = now_ns;
	return 0;
}

void rs_workload_activate(struct rs_workload *workload)
{
	if (workload->active)
		return;
	struct rs_agent *agent = workload->agent;
	uint64_t now_ns = rs_now_ns();
	int r = rs_workload_measure_anew(workload, now_ns);
	if (r < 0) {
		forget_measurements(workload);
		rs_log_errno(r, "cannot measure a revision revision=%s/%s", workload->revision->metadata.namespace,
			     workload->revision->metadata.name);
	}
	workload->active = true;
	workload->active_next = agent->active;
	agent->active = workload;
	agent->active_count++;
	workload->next_tick_ns = now_ns + RS_KPA_TICK_NS;
	rs_tick_wanted(agent);
}

/* The time integral of requests in flight up to `at_ns`, modulo 2^64 (include/abi/service.h). */
static uint64_t integral(const struct rs_revision_stats *stats, uint64_t at_ns)
{
	return stats->sum_end_ns - stats->sum_start_ns + (stats->started - stats->ended) * at_ns;
}

void rs_workload_measure(struct rs_workload *workload, uint64_t now_ns)
{
	struct rs_measurements *m = workload->measured;
	struct rs_revision_stats stats;
	if (!m || now_ns <= m->stats_ns || rs_dp_stats(workload->agent->dp, workload->id, &stats) < 0)
		return;
	double seconds = (double)(now_ns - m->stats_ns) / 1e9;
	double value;
	if (workload->revision->template->autoscaling.metric == RS_METRIC_RPS) {
		value = (double)(stats.started - m->stats.started) / seconds;
	} else {
		int64_t area = (int64_t)(integral(&stats, now_ns) - integral(&m->stats, m->stats_ns));
		value = area > 0 ? (double)area / 1e9 / seconds : 0;
		/* Who is held waits for an instance, as in Knative's activator. */
		value += (double)workload->pending_count;
	}
	m->stats = stats;
	m->stats_ns = now_ns;
	rs_window_record(&m->stable, now_ns, value);
	rs_window_record(&m->panic, now_ns, value);
}

unsigned rs_workload_count(const struct rs_workload *workload, enum rs_stage stage)
{
	unsigned count = 0;
	for (const struct rs_agent_instance *i = workload->instances; i; i = i->next)
		count += i->stage == stage;
	return count;
}

unsigned rs_workload_alive(const struct rs_workload *workload)
{
	return rs_workload_count(workload, RS_STAGE_STARTING) + rs_workload_count(workload, RS_STAGE_READY) +
	       rs_workload_count(workload, RS_STAGE_UNREADY);
}

uint64_t rs_workload_in_flight(const struct rs_workload *workload)
{
	uint64_t total = 0;
	for (const struct rs_agent_instance *i = workload->instances; i; i = i->next) {
		const struct rs_instance *entry = rs_dp_instance(workload->agent->dp, i->rt->id);
		total += entry ? __atomic_load_n(&entry->in_flight, __ATOMIC_RELAXED) : 0;
	}
	return total;
}

/* --- deciding --------------------------------------------------------------------------------------------------- */

static void decide(struct rs_workload *workload, uint64_t now_ns)
{
	struct rs_measurements *m = workload->measured;
	workload->stable_value = rs_window_average(&m->stable, now_ns);
	workload->panic_value = rs_window_average(&m->panic, now_ns);
	struct rs_kpa_observed observed = {
		.ready = (int32_t)rs_workload_count(workload, RS_STAGE_READY),
		.measured = !rs_window_is_empty(&m->stable, now_ns),
		.stable = workload->stable_value,
		.panic = workload->panic_value,
	};
	struct rs_kpa_decision decision = rs_kpa_decide(&m->kpa, &workload->spec, &observed, now_ns);
	if (decision.valid)
		workload->decision = decision;
}

/* The hold path is armed when the dataplane would park a SYN for this revision: its entry is read back. */
static bool hold_path_is_armed(const struct rs_workload *workload)
{
	const struct rs_revision *entry = rs_dp_revision(workload->agent->dp, workload->id);
	return entry && entry->uid == rs_agent_uid(workload->revision->metadata.uid) && entry->hold_max > 0;
}

static void arm(struct rs_workload *workload, uint64_t now_ns)
{
	struct rs_scale_state *state = &workload->scale;
	/* As Knative's serverless service: proxied unless the ready instances can take a burst as well. */
	state->proxy_mode = state->replicas == 0 || workload->decision.excess_burst_capacity < 0;
	state->probe_ok = hold_path_is_armed(workload);
	if (!state->proxy_mode || !state->probe_ok)
		state->proxy_since_ns = 0;
	else if (!state->proxy_since_ns)
		state->proxy_since_ns = now_ns;
}

static void tell(struct rs_workload *workload, int32_t before, const struct rs_scale_result *result, uint64_t held)
{
	const struct rs_metadata *metadata = &workload->revision->metadata;
	if (result->scale == before)
		return;
	if (held)
		rs_record(workload->agent, "Normal", "Scaled", metadata->namespace, "Revision", metadata->name,
			  "from %d to %d: %llu %s held", before, result->scale, (unsigned long long)held,
			  held == 1 ? "connection is" : "connections are");
	else
		rs_record(workload->agent, "Normal", "Scaled", metadata->namespace, "Revision", metadata->name,
			  "from %d to %d: %s (stable %.2f, panic %.2f, target %.2f)", before, result->scale,
			  rs_scale_why_text(result->why), workload->stable_value, workload->panic_value,
			  workload->spec.target);
}

void rs_workload_scale(struct rs_workload *workload, bool tick)
{
	uint64_t now_ns = rs_now_ns();
	if (workload->removed || !workload->measured) {
		rs_workload_reconcile(workload);
		return;
	}
	rs_settings_reachability(workload);
	if (tick)
		decide(workload, now_ns);
	arm(workload, now_ns);

	const struct rs_revision *entry = rs_dp_revision(workload->agent->dp, workload->id);
	uint64_t held = entry ? __atomic_load_n(&entry->held, __ATOMIC_RELAXED) : 0;
	int32_t desired = rs_burst_want(held, held ? rs_workload_in_flight(workload) : 0, workload->spec.target,
					workload->decision.desired, workload->scale_config.max_scale,
					workload->spec.activation_scale);
	if (held)
		rs_kpa_note_burst(&workload->measured->kpa, &workload->spec, desired,
				  (int32_t)rs_workload_count(workload, RS_STAGE_READY), now_ns);
	int32_t before = workload->scale.replicas;
	/* Between ticks a burst can raise the scale, nothing lowers it. */
	if (!tick && desired <= before) {
		rs_workload_reconcile(workload);
		return;
	}
	struct rs_scale_result result = rs_scale_apply(&workload->scale_config, &workload->scale, desired, now_ns);
	workload->why = result.why;
	if (result.patched) {
		workload->scale.replicas = result.scale;
		workload->scaled_ns = now_ns;
	}
	if (result.requeue && now_ns + result.requeue_after_ns < workload->next_tick_ns)
		workload->next_tick_ns = now_ns + result.requeue_after_ns;
	rs_workload_phase(workload, result.scale, now_ns);
	rs_workload_reconcile(workload);
	if (result.patched) {
		tell(workload, before, &result, held);
		rs_workload_status(
			workload); /* desiredReplicas is what is wanted now, not at the next change of stage */
	}
}

/* --- making it so ----------------------------------------------------------------------------------------------- */

static int on_retry(sd_event_source *source, uint64_t usec, void *user)
{
	(void)source;
	(void)usec;
	rs_workload_reconcile(user);
	return 0;
}

static void retry_at(struct rs_workload *workload, uint64_t at_ns)
{
	/* Not a microsecond too early, or it would find that it has to wait. */
	rs_timer_at(workload->agent->event, &workload->retry_timer, at_ns + RS_NS_PER_US, 1000, on_retry, workload);
}

/* Who goes first: those that are not ready, then the one with the fewest requests. */
static struct rs_agent_instance *idlest(const struct rs_workload *workload)
{
	struct rs_agent_instance *best = NULL;
	uint64_t best_load = UINT64_MAX;
	for (struct rs_agent_instance *i = workload->instances; i; i = i->next) {
		if (i->stage == RS_STAGE_STARTING || i->stage == RS_STAGE_UNREADY)
			return i;
		if (i->stage != RS_STAGE_READY)
			continue;
		const struct rs_instance *entry = rs_dp_instance(workload->agent->dp, i->rt->id);
		uint64_t load = entry ? ((uint64_t)__atomic_load_n(&entry->in_flight, __ATOMIC_RELAXED) << 32) +
						__atomic_load_n(&entry->flows, __ATOMIC_RELAXED)
				      : 0;
		if (load < best_load) {
			best_load = load;
			best = i;
		}
	}
	return best;
}

static void start_failed(struct rs_workload *workload, int code, const struct rs_err *err)
{
	const struct rs_metadata *metadata = &workload->revision->metadata;
	workload->agent->counters.start_failures++;
	rs_record(workload->agent, "Warning", "StartFailed", metadata->namespace, "Revision", metadata->name, "%s",
		  err->message);
	rs_fact_set(&workload->revision->status.resources_available, RS_FALSE, "StartFailed", "%s", err->message);
	rs_instance_backoff(workload);
	if (!rs_workload_count(workload, RS_STAGE_READY))
		rs_release_give_up(workload, code == -EINVAL ? UINT64_MAX : workload->next_start_ns, err->message);
	retry_at(workload, workload->next_start_ns);
	rs_workload_status(workload);
}

/* Not a failure of the revision: no back-off, no reset. Whoever is held waits for a place, within its hold's total. */
static void tell_node_full(struct rs_workload *workload, const struct rs_err *err)
{
	const struct rs_metadata *metadata = &workload->revision->metadata;
	if (workload->node_full)
		return;
	workload->node_full = true;
	rs_record(workload->agent, "Warning", "NodeFull", metadata->namespace, "Revision", metadata->name, "%s",
		  err->message);
	rs_fact_set(&workload->revision->status.resources_available, RS_FALSE, "NodeFull", "%s", err->message);
	rs_workload_status(workload);
}

static void start_more(struct rs_workload *workload, int32_t count)
{
	uint64_t now_ns = rs_now_ns();
	for (struct rs_agent_instance *i = workload->instances; i && count > 0; i = i->next) {
		if (i->stage == RS_STAGE_DRAINING && !i->complaint_reason) {
			rs_instance_undrain(i);
			count--;
		}
	}
	if (count > 0 && now_ns < workload->next_start_ns) {
		retry_at(workload, workload->next_start_ns);
		return;
	}
	/* Those that go still have their places in the dataplane; the next tick comes back for the rest. */
	unsigned places = RS_REVISION_INSTANCES_MAX;
	for (const struct rs_agent_instance *i = workload->instances; i && places; i = i->next)
		places--;
	for (; count > 0 && places > 0; count--, places--) {
		struct rs_err err = {0};
		int r = rs_instance_start(workload, &err);
		if (r == -EAGAIN || r == -ENOSPC) {
			workload->starved = true; /* on_prepared comes back here */
			if (r == -ENOSPC)
				tell_node_full(workload, &err);
			return;
		}
		if (r < 0) {
			start_failed(workload, r, &err);
			return;
		}
		workload->node_full = false;
	}
}

void rs_workload_reconcile(struct rs_workload *workload)
{
	int32_t alive = (int32_t)rs_workload_alive(workload);
	int32_t want = workload->scale.replicas;
	workload->starved = false;
	workload->node_full &= alive < want;
	if (alive < want) {
		rs_workload_activate(workload);
		start_more(workload, want - alive);
	}
	for (; alive > want; alive--) {
		struct rs_agent_instance *victim = idlest(workload);
		if (victim)
			rs_instance_drain(victim);
	}
}

bool rs_workload_rest(struct rs_workload *workload)
{
	const struct rs_scale_config *config = &workload->scale_config;
	/* A floor keeps it awake, unless nobody is sent to it. */
	if (config->min_scale > 0 && config->reachability != RS_REACHABILITY_UNREACHABLE)
		return false;
	if (workload->instances || workload->pending_count || workload->scale.replicas > 0 ||
	    workload->scale.phase != RS_PHASE_INACTIVE || workload->stable_value > 0 || workload->panic_value > 0)
		return false;
	deactivate(workload);
	rs_workload_status(workload);
	/* Nobody is sent to it and nothing is left of it: its entry is for others. */
	if (workload->revision->routing_state == RS_ROUTING_RESERVE) {
		release_entry(workload);
		rs_workload_free(workload);
	}
	return true;
}
