// SPDX-License-Identifier: BSD-2-Clause
/*
 * The periodic round: read, decide, apply. Once a second every active revision
 * is measured and its instances are looked at; every two seconds its scale is
 * decided (Knative's cadence). Revisions asleep are not on the list, and with
 * nobody on it there is no round at all.
 *
 * Whatever cannot wait for the round comes as an event of the dataplane.
 */
#include "agent/agent.h"

#include "base/log.h"
#include "base/time.h"
#include "sys/timer.h"

#include <errno.h>
#include <malloc.h>
#include <sys/epoll.h>

#define ROUND_US       1000000
#define REST_ROUNDS    4
#define ROUND_EARLY_US 1000 /* how late a round may be, so that the kernel can join timers */

static void visit(struct rs_workload *workload, uint64_t now_ns)
{
	rs_workload_measure(workload, now_ns);
	for (struct rs_agent_instance *i = workload->instances, *next; i; i = next) {
		next = i->next;
		rs_instance_check(i, now_ns);
	}
	if (now_ns + ROUND_EARLY_US * RS_NS_PER_US >= workload->next_tick_ns) {
		workload->next_tick_ns = now_ns + RS_KPA_TICK_NS;
		rs_workload_scale(workload, true);
		rs_workload_status(workload);
	}
	rs_release_run(workload);
}

/* What changes and looks have taken goes back to the system: when nobody is at work, and now and then on a node where
 * somebody always is. Entries of the dataplane that are in use are mapped again with the next look. */
static void rest(struct rs_agent *agent)
{
	rs_dp_rest(agent->dp);
	if (agent->has_litter)
		malloc_trim(0);
	agent->has_litter = false;
}

static int on_round(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_agent *agent = user;
	uint64_t now_ns = rs_now_ns();
	(void)usec;
	for (struct rs_workload *w = agent->active, *next; w; w = next) {
		next = w->active_next;
		visit(w, now_ns);
		rs_workload_rest(w);
	}
	rs_rt_rotate_logs(agent->rt);
	rs_pressure_look(agent, now_ns);
	if (!agent->active || ++agent->rounds % REST_ROUNDS == 0)
		rest(agent);
	if (!agent->active)
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return rs_timer_at(agent->event, &agent->tick_timer, now_ns + ROUND_US * RS_NS_PER_US, ROUND_EARLY_US, on_round,
			   agent);
}

void rs_tick_wanted(struct rs_agent *agent)
{
	if (agent->tick_timer && !rs_timer_is_set(agent->tick_timer))
		rs_timer_after(agent->event, &agent->tick_timer, ROUND_US, ROUND_EARLY_US, on_round, agent);
}

/* --- what cannot wait ------------------------------------------------------------------------------------------- */

static void on_wake(struct rs_agent *agent, unsigned revision)
{
	agent->counters.wakes++;
	/* Answered first: a SYN that is parked from here on rings again. */
	rs_dp_wake_answered(agent->dp, revision);
	rs_release_collect(agent);
	struct rs_workload *workload = revision < agent->workload_count ? agent->workloads[revision] : NULL;
	if (!workload)
		return;
	rs_workload_activate(workload);
	rs_workload_scale(workload, false);
	rs_release_run(workload);
}

static void on_event(void *user, const struct rs_event *event)
{
	struct rs_agent *agent = user;
	struct rs_workload *workload =
		event->revision < agent->workload_count ? agent->workloads[event->revision] : NULL;
	struct rs_agent_instance *instance = event->instance ? rs_instance_by_id(agent, event->instance) : NULL;
	switch ((enum rs_event_type)event->type) {
	case RS_EVENT_WAKE:
		on_wake(agent, event->revision);
		break;
	case RS_EVENT_RACED:
	case RS_EVENT_SLOT:
	case RS_EVENT_REFUSED:
		if (event->type == RS_EVENT_REFUSED && instance)
			rs_instance_refused(instance);
		if (workload)
			rs_release_run(workload);
		break;
	case RS_EVENT_LISTEN:
		if (instance)
			rs_instance_listening(instance, event);
		break;
	case RS_EVENT_READY:
		if (instance)
			rs_instance_ready(instance);
		break;
	case RS_EVENT_DENIED:
		rs_access_denied(agent, event);
		break;
	case RS_EVENT_COUNT:
		break;
	}
}

/* The ring buffer was full: whatever its lost events would have said is in the maps. */
static void look_at_everything(struct rs_agent *agent)
{
	unsigned looked = 0;
	for (unsigned i = 1; i < agent->workload_count; i++) {
		struct rs_workload *workload = agent->workloads[i];
		const struct rs_revision *entry = workload ? rs_dp_revision(agent->dp, i) : NULL;
		if (!entry || (!workload->instances && !__atomic_load_n(&entry->held, __ATOMIC_ACQUIRE)))
			continue;
		looked++;
		for (struct rs_agent_instance *at = workload->instances, *next; at; at = next) {
			next = at->next;
			rs_instance_check(at, rs_now_ns());
		}
		on_wake(agent, i);
	}
	agent->counters.looks++;
	rs_warn("the event ring was full, events were lost: all that may have had one was looked at revisions=%u",
		looked);
}

static int on_dataplane(sd_event_source *source, int fd, uint32_t revents, void *user)
{
	struct rs_agent *agent = user;
	(void)source;
	(void)fd;
	(void)revents;
	rs_dp_events_consume(agent->dp, on_event, agent);
	if (rs_dp_events_lost(agent->dp))
		look_at_everything(agent);
	return 0;
}

int rs_tick_start(struct rs_agent *agent, struct rs_err *err)
{
	int r = rs_timer_after(agent->event, &agent->tick_timer, ROUND_US, ROUND_EARLY_US, on_round, agent);
	if (r >= 0)
		r = sd_event_add_io(agent->event, &agent->dp_source, rs_dp_events_fd(agent->dp), EPOLLIN, on_dataplane,
				    agent);
	if (r < 0)
		return rs_err_set(err, r, "cannot set up the event loop");
	/* A SYN that waits comes before everything else. */
	sd_event_source_set_priority(agent->dp_source, SD_EVENT_PRIORITY_IMPORTANT);
	return 0;
}
