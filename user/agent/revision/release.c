// SPDX-License-Identifier: BSD-2-Clause
/*
 * Letting held SYNs go on. They go in order of arrival, as many at a time as
 * the accept queues have room for; each stays held until its SYN-ACK passes,
 * and goes again after a few milliseconds until then. While an instance only
 * listens, the first SYN alone probes it.
 */
#include "agent/agent.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "sys/timer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PROBE_AGAIN_NS	  (300 * RS_NS_PER_US)
#define SEND_AGAIN_NS	  (3 * RS_NS_PER_MS)
#define SEND_AGAIN_MAX_NS (50 * RS_NS_PER_MS)
#define LOOK_AGAIN_US	  1000
/* At a time. The kernel carries each through the whole handshake before the call returns: some 30 us. In between other
 * services are woken, and instances that have become ready take their part of a herd. */
#define RELEASES_AT_ONCE 64

static int append(struct rs_workload *workload, uint64_t sequence)
{
	struct rs_pending *grown =
		rs_grow(workload->pending, workload->pending_count, &workload->pending_capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	workload->pending = grown;
	workload->pending[workload->pending_count++] = (struct rs_pending){.sequence = sequence};
	return 0;
}

static void on_hold(void *user, unsigned long long sequence, unsigned revision)
{
	struct rs_agent *agent = user;
	struct rs_workload *workload = revision < agent->workload_count ? agent->workloads[revision] : NULL;
	agent->counters.holds_seen++;
	if (!workload) {
		/* Its revision was deleted while the SYN arrived. */
		if (rs_dp_reset(agent->dp, sequence) == 0)
			agent->counters.resets++;
		return;
	}
	if (append(workload, sequence) == 0)
		rs_workload_activate(workload);
}

void rs_release_collect(struct rs_agent *agent)
{
	rs_dp_holds_new(agent->dp, on_hold, agent);
}

/* Counts how each ended hold ended, and forgets it. */
static void settle(struct rs_workload *workload)
{
	struct rs_agent_counters *counters = &workload->agent->counters;
	size_t kept = 0;
	for (size_t i = 0; i < workload->pending_count; i++) {
		switch (rs_dp_hold_state(workload->agent->dp, workload->pending[i].sequence)) {
		case RS_HOLD_HELD:
			workload->pending[kept++] = workload->pending[i];
			break;
		case RS_HOLD_RELEASED:
			counters->seen_released++;
			break;
		case RS_HOLD_EXPIRED:
			counters->seen_expired++;
			break;
		case RS_HOLD_SHED:
			counters->seen_shed++;
			break;
		case RS_HOLD_RESET:
			counters->seen_reset++;
			break;
		case RS_HOLD_MOVED:
			/* It comes again from its new slot. */
			counters->holds_seen--;
			break;
		case RS_HOLD_FREE:
		case RS_HOLD_STATE_COUNT:
			counters->seen_lost++;
			break;
		}
	}
	workload->pending_count = kept;
}

/* Twice as long after each try: what listens a moment after its event is seen at once, what has stopped to listen
 * costs next to nothing. */
static uint64_t again_after(const struct rs_pending *pending, bool probing)
{
	unsigned tries = probing ? pending->probes : pending->tries;
	uint64_t wait = (probing ? PROBE_AGAIN_NS : SEND_AGAIN_NS) << (tries < 8 ? tries : 8);
	return wait < SEND_AGAIN_MAX_NS ? wait : SEND_AGAIN_MAX_NS;
}

/* Connections that this ready instance can take now. The accept queue is asked for only when it may matter. */
static uint64_t room_of(struct rs_workload *workload, struct rs_agent_instance *instance)
{
	const struct rs_instance *entry = rs_dp_instance(workload->agent->dp, instance->rt->id);
	uint64_t room = UINT64_MAX;
	/* Sockets of UDP have no accept queue. */
	const bool has_queue = !instance->rt->is_udp;
	if (!entry)
		return 0;
	if (entry->limit) {
		unsigned in_flight = __atomic_load_n(&entry->in_flight, __ATOMIC_RELAXED);
		room = in_flight < entry->limit ? entry->limit - in_flight : 0;
	}
	struct rs_rt_listener listener = {.backlog = entry->backlog};
	bool may_fill = !entry->backlog || workload->pending_count > entry->backlog;
	if (!has_queue)
		return room;
	if (room && may_fill && rs_rt_listener(workload->agent->rt, instance->rt, &listener) < 0)
		return room < 1 ? 0 : 1;
	/* Linux takes one more than the backlog says (net/core: sk_acceptq_is_full compares with >). */
	uint64_t queue = listener.queued <= listener.backlog ? listener.backlog + 1 - listener.queued : 0;
	return room < queue ? room : queue;
}

struct outlook {
	uint64_t room;
	bool ready;
	bool probable;
};

static struct outlook look(struct rs_workload *workload)
{
	struct outlook outlook = {0};
	for (struct rs_agent_instance *i = workload->instances; i; i = i->next) {
		const struct rs_instance *entry = rs_dp_instance(workload->agent->dp, i->rt->id);
		unsigned state = entry ? __atomic_load_n(&entry->state, __ATOMIC_ACQUIRE) : RS_INSTANCE_FREE;
		if (state == RS_INSTANCE_READY) {
			uint64_t room = room_of(workload, i);
			outlook.ready = true;
			outlook.room = outlook.room + room < outlook.room ? UINT64_MAX : outlook.room + room;
		}
		outlook.probable |= state == RS_INSTANCE_PROBABLE;
	}
	if (!outlook.ready && outlook.probable)
		outlook.room = 1;
	return outlook;
}

static int on_release_timer(sd_event_source *source, uint64_t usec, void *user)
{
	(void)source;
	(void)usec;
	rs_release_run(user);
	return 0;
}

/* One timer for each workload with holds, kept for the next time. */
static void come_back(struct rs_workload *workload, uint64_t after_us)
{
	rs_timer_after(workload->agent->event, &workload->release_timer, after_us, 0, on_release_timer, workload);
}

void rs_release_run(struct rs_workload *workload)
{
	struct rs_agent *agent = workload->agent;
	rs_release_collect(agent);
	settle(workload);
	if (!workload->pending_count)
		return;
	struct outlook outlook = look(workload);
	if (!outlook.ready && !outlook.probable)
		return; /* whoever becomes ready comes here again */

	uint64_t now = rs_now_ns();
	bool probing = !outlook.ready;
	/* Sent a moment ago and not answered: they are on their way into the same room. */
	for (size_t i = 0; i < workload->pending_count && outlook.room; i++) {
		const struct rs_pending *pending = &workload->pending[i];
		if (pending->sent_ns && now - pending->sent_ns < again_after(pending, probing))
			outlook.room--;
	}
	unsigned budget = RELEASES_AT_ONCE;
	for (size_t i = 0; i < workload->pending_count && outlook.room && budget; i++) {
		struct rs_pending *pending = &workload->pending[i];
		if (pending->sent_ns && now - pending->sent_ns < again_after(pending, probing))
			continue;
		budget--;
		int r = rs_dp_release(agent->dp, pending->sequence);
		if (r == -ENOENT)
			continue;
		if (r < 0) {
			agent->counters.release_errors++;
			break; /* the socket is full: the timer comes back */
		}
		agent->counters.releases++;
		pending->sent_ns = rs_now_ns();
		if (probing)
			pending->probes++;
		else
			pending->tries++;
		outlook.room--;
	}
	uint64_t after_us = probing ? again_after(&workload->pending[0], true) / RS_NS_PER_US : LOOK_AGAIN_US;
	come_back(workload, budget ? after_us : 0);
}

void rs_release_probe(struct rs_workload *workload)
{
	for (size_t i = 0; i < workload->pending_count; i++)
		workload->pending[i].probes = 0;
	rs_release_run(workload);
}

/* Resets one. Returns whether it was still held. */
static bool reset(struct rs_workload *workload, const struct rs_pending *pending)
{
	if (rs_dp_reset(workload->agent->dp, pending->sequence) < 0)
		return false;
	workload->agent->counters.resets++;
	return true;
}

static void record_resets(struct rs_workload *workload, unsigned count, const char *why)
{
	const struct rs_metadata *metadata = &workload->revision->metadata;
	settle(workload);
	if (count)
		rs_record(workload->agent, "Warning", "HoldsReset", metadata->namespace, "Revision", metadata->name,
			  "%u held %s reset: %s", count, count == 1 ? "connection was" : "connections were", why);
}

void rs_release_refuse(struct rs_workload *workload, enum rs_family family, const char *why)
{
	unsigned count = 0;
	rs_release_collect(workload->agent);
	settle(workload);
	for (size_t i = 0; i < workload->pending_count; i++) {
		const struct rs_hold *hold = rs_dp_hold(workload->agent->dp, workload->pending[i].sequence);
		if (hold && hold->port == 0 && rs_address_family(&hold->key.source) == family)
			count += reset(workload, &workload->pending[i]);
	}
	record_resets(workload, count, why);
}

void rs_release_give_up(struct rs_workload *workload, uint64_t next_start_ns, const char *why)
{
	struct rs_agent *agent = workload->agent;
	unsigned count = 0;
	rs_release_collect(agent);
	settle(workload);
	for (size_t i = 0; i < workload->pending_count; i++) {
		const struct rs_hold *hold = rs_dp_hold(agent->dp, workload->pending[i].sequence);
		if (hold && next_start_ns != UINT64_MAX &&
		    next_start_ns < hold->first_ns + (uint64_t)hold->total_ms * RS_NS_PER_MS)
			continue;
		count += reset(workload, &workload->pending[i]);
	}
	record_resets(workload, count, why);
}
