// SPDX-License-Identifier: BSD-2-Clause
/*
 * Prometheus text (exposition format 0.0.4). Revisions asleep export only that
 * they are; all series of revisions together have a maximum, so that a node
 * with thousands of services cannot overrun who scrapes it.
 */
#include "agent/show/view.h"
#include "agent/watch/watch.h"

#include "abi/version.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "reason.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Of revisions. A scrape of this many is about 3 MB of text. */
#define SERIES_MAX 20000

static void head(struct rs_buf *out, const char *name, const char *type, const char *help)
{
	rs_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(struct rs_buf *out, const char *name, const char *type, const char *help, double value)
{
	head(out, name, type, help);
	rs_buf_printf(out, "%s %.16g\n", name, value);
}

/* --- the dataplane ---------------------------------------------------------------------------------------------- */

static void print_packets(struct rs_agent *agent, struct rs_buf *out)
{
	static const struct {
		const char *name;
		size_t offset;
	} reasons[RS_REASON_COUNT] = {
#define X(name, text) {#name, offsetof(struct rs_counters, name)},
		RS_REASONS(X)
#undef X
	};
	struct rs_counters counters;
	if (rs_dp_counters(agent->dp, &counters) < 0)
		return;
	head(out, "rouse_packets_total", "counter", "Packets and connections, by what became of them.");
	for (int i = 0; i < RS_REASON_COUNT; i++) {
		uint64_t value;
		memcpy(&value, (const char *)&counters + reasons[i].offset, sizeof(value));
		rs_buf_printf(out, "rouse_packets_total{reason=\"%s\"} %" PRIu64 "\n", reasons[i].name, value);
	}
	/* begun = released + expired + shed + reset + held: from one reading, so that a scrape can check it. */
	const struct {
		const char *state;
		uint64_t value;
	} holds[] = {
		{"begun", counters.hold_begun},	    {"released", counters.hold_released},
		{"expired", counters.hold_expired}, {"shed", counters.hold_shed},
		{"reset", counters.hold_reset},
	};
	head(out, "rouse_holds_total", "counter", "Held SYNs: begun, and how they ended.");
	for (size_t i = 0; i < rs_array_length(holds); i++)
		rs_buf_printf(out, "rouse_holds_total{state=\"%s\"} %" PRIu64 "\n", holds[i].state, holds[i].value);
	head(out, "rouse_holds", "gauge", "SYNs held now.");
	rs_buf_printf(out, "rouse_holds{state=\"held\"} %" PRIu64 "\n", rs_health_held(agent));
	single(out, "rouse_map_bytes", "gauge", "Memory of the dataplane's maps.", (double)rs_dp_map_bytes(agent->dp));
	single(out, "rouse_client_interfaces", "gauge", "Interfaces of clients that carry the program.",
	       rs_attach_count(agent));
}

/* --- revisions -------------------------------------------------------------------------------------------------- */

/* One revision at work, read once for all of its series. */
struct row {
	const struct rs_workload *workload;
	char labels[4 * RS_NAME_SIZE];
	struct rs_revision_stats stats;
	uint64_t in_flight;
	uint64_t held;
	unsigned ready;
};

struct rows {
	struct row *items;
	size_t count;
	uint64_t series; /* left */
	uint64_t dropped;
};

static void print_labels(const struct rs_model_revision *revision, char *out, size_t size)
{
	/* Names are DNS labels: nothing in them needs an escape. */
	snprintf(out, size, "namespace=\"%s\",service=\"%s\",revision=\"%s\"", revision->metadata.namespace,
		 revision->service, revision->metadata.name);
}

static bool is_awake(const struct rs_workload *workload)
{
	return workload->active || workload->instances;
}

static void read_row(struct rs_agent *agent, const struct rs_workload *workload, struct row *row)
{
	const struct rs_revision *entry = rs_dp_revision(agent->dp, workload->id);
	*row = (struct row){
		.workload = workload,
		.in_flight = rs_workload_in_flight(workload),
		.held = entry ? __atomic_load_n(&entry->held, __ATOMIC_RELAXED) : 0,
		.ready = rs_workload_count(workload, RS_STAGE_READY),
	};
	print_labels(workload->revision, row->labels, sizeof(row->labels));
	rs_dp_stats(agent->dp, workload->id, &row->stats);
}

#define REVISION_METRICS(X)                                                                                            \
	X("requests_started_total", "counter", "Times that a connection became busy.", r->stats.started)               \
	X("requests_ended_total", "counter", "Times that a busy connection became idle or ended.", r->stats.ended)     \
	X("connections_total", "counter", "Connections given to an instance.", r->stats.connections)                   \
	X("bytes_in_total", "counter", "TCP payload from clients.", r->stats.bytes_in)                                 \
	X("bytes_out_total", "counter", "TCP payload to clients.", r->stats.bytes_out)                                 \
	X("resets_total", "counter", "RSTs by instances.", r->stats.resets)                                            \
	X("in_flight", "gauge", "Connections that are busy now.", r->in_flight)                                        \
	X("held", "gauge", "SYNs held for it now.", r->held)                                                           \
	X("desired_replicas", "gauge", "Instances wanted.", r->workload->scale.replicas)                               \
	X("actual_replicas", "gauge", "Instances ready.", r->ready)                                                    \
	X("stable_concurrency", "gauge", "The metric (concurrency or rps) over the stable window.",                    \
	  r->workload->stable_value)                                                                                   \
	X("panic_concurrency", "gauge", "The metric (concurrency or rps) over the panic window.",                      \
	  r->workload->panic_value)

enum {
#define X(name, type, help, value) +1
	METRICS_OF_REVISION = 0 REVISION_METRICS(X),
#undef X
};

static void read_rows(struct rs_agent *agent, struct rows *rows)
{
	size_t awake = 0;
	for (unsigned i = 1; i < agent->workload_count; i++)
		awake += agent->workloads[i] && is_awake(agent->workloads[i]);
	rows->items = calloc(awake + 1, sizeof(*rows->items));
	for (unsigned i = 1; rows->items && i < agent->workload_count; i++) {
		const struct rs_workload *workload = agent->workloads[i];
		if (!workload || !is_awake(workload))
			continue;
		if (rows->series < METRICS_OF_REVISION) {
			rows->dropped += METRICS_OF_REVISION;
			continue;
		}
		rows->series -= METRICS_OF_REVISION;
		read_row(agent, workload, &rows->items[rows->count++]);
	}
}

struct states {
	struct rs_buf *out;
	struct rows *rows;
};

static int print_state(void *user, void *object)
{
	struct states *states = user;
	const struct rs_model_revision *revision = object;
	const struct rs_workload *workload = revision->user;
	char labels[4 * RS_NAME_SIZE];
	if (states->rows->series == 0) {
		states->rows->dropped++;
		return 0;
	}
	states->rows->series--;
	print_labels(revision, labels, sizeof(labels));
	rs_buf_printf(states->out, "rouse_revision_state{%s,state=\"%s\"} 1\n", labels,
		      rs_phase_text(workload ? workload->scale.phase : RS_PHASE_INACTIVE));
	return 0;
}

static void print_revisions(struct rs_agent *agent, struct rs_buf *out)
{
	struct rows rows = {.series = SERIES_MAX};
	read_rows(agent, &rows);
#define X(name, type, help, value)                                                                                     \
	head(out, "rouse_revision_" name, type, help);                                                                 \
	for (const struct row *r = rows.items, *end = r + rows.count; r < end; r++)                                    \
		rs_buf_printf(out, "rouse_revision_" name "{%s} %.16g\n", r->labels, (double)(value));
	REVISION_METRICS(X)
#undef X
	struct states states = {.out = out, .rows = &rows};
	head(out, "rouse_revision_state", "gauge", "1 for the state that the revision is in.");
	rs_registry_each(agent->registry, RS_KIND_REVISION, NULL, print_state, &states);
	free(rows.items);
	agent->counters.series_dropped += rows.dropped;
}

/* --- the agent -------------------------------------------------------------------------------------------------- */

static void print_counters(struct rs_agent *agent, struct rs_buf *out)
{
	const struct rs_agent_counters *c = &agent->counters;
	const struct {
		const char *name, *help;
		uint64_t value;
	} counters[] = {
		{"rouse_releases_total", "Held SYNs sent on, repeats included.", c->releases},
		{"rouse_release_errors_total", "Held SYNs that could not be sent on.", c->release_errors},
		{"rouse_resets_total", "Held SYNs that the agent answered with RST.", c->resets},
		{"rouse_holds_seen_total", "Holds that the agent has taken up.", c->holds_seen},
		{"rouse_wakes_total", "Times that the dataplane rang for a revision.", c->wakes},
		{"rouse_starts_total", "Instances started.", c->starts},
		{"rouse_start_failures_total", "Instances that did not start.", c->start_failures},
		{"rouse_exits_total", "Instances whose process has ended.", c->exits},
		{"rouse_events_dropped_total", "Events for people that the store could not take.",
		 rs_store_events_dropped(agent->store)},
		{"rouse_series_dropped_total", "Series left out of scrapes, beyond the maximum.", c->series_dropped},
	};
	for (size_t i = 0; i < rs_array_length(counters); i++)
		single(out, counters[i].name, "counter", counters[i].help, (double)counters[i].value);
	const struct {
		const char *state;
		uint64_t value;
	} seen[] = {
		{"released", c->seen_released}, {"expired", c->seen_expired}, {"shed", c->seen_shed},
		{"reset", c->seen_reset},	{"lost", c->seen_lost},
	};
	head(out, "rouse_holds_seen_ended_total", "counter", "Holds that the agent saw end, by how.");
	for (size_t i = 0; i < rs_array_length(seen); i++)
		rs_buf_printf(out, "rouse_holds_seen_ended_total{state=\"%s\"} %" PRIu64 "\n", seen[i].state,
			      seen[i].value);
}

static void print_objects(struct rs_agent *agent, struct rs_buf *out)
{
	unsigned stages[RS_STAGE_COUNT] = {0};
	for (unsigned i = 1; i < agent->workload_count; i++) {
		const struct rs_workload *workload = agent->workloads[i];
		for (const struct rs_agent_instance *at = workload ? workload->instances : NULL; at; at = at->next)
			stages[at->stage]++;
	}
	single(out, "rouse_services", "gauge", "Services.",
	       (double)rs_registry_count(agent->registry, RS_KIND_SERVICE));
	single(out, "rouse_revisions", "gauge", "Revisions.",
	       (double)rs_registry_count(agent->registry, RS_KIND_REVISION));
	single(out, "rouse_revisions_active", "gauge", "Revisions that are looked at each second.",
	       agent->active_count);
	head(out, "rouse_instances", "gauge", "Instances, by stage.");
	for (int i = 0; i < RS_STAGE_COUNT; i++)
		rs_buf_printf(out, "rouse_instances{stage=\"%s\"} %u\n", rs_stage_text((enum rs_stage)i), stages[i]);
}

static void print_watches(const struct rs_agent *agent, struct rs_buf *out)
{
	struct rs_watch_counters watches = rs_watches_counters(agent->watches);
	single(out, "rouse_watches", "gauge", "Watches that are open.", watches.open);
	single(out, "rouse_watches_begun_total", "counter", "Watches that were begun.", (double)watches.begun);
	single(out, "rouse_watches_refused_total", "counter", "Watches beyond the maximum.", (double)watches.refused);
	head(out, "rouse_watches_ended_total", "counter", "Watches that the agent ended, by why.");
	rs_buf_printf(out, "rouse_watches_ended_total{why=\"expired\"} %" PRIu64 "\n", watches.expired);
	rs_buf_printf(out, "rouse_watches_ended_total{why=\"stalled\"} %" PRIu64 "\n", watches.stalled);
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void print_process(struct rs_agent *agent, struct rs_buf *out)
{
	struct rusage usage = {0};
	getrusage(RUSAGE_SELF, &usage);
	head(out, "rouse_info", "gauge", "The agent's version and that of its maps.");
	rs_buf_printf(out, "rouse_info{version=\"%s\",abi=\"%d\"} 1\n", RS_VERSION, RS_ABI_VERSION);
	single(out, "rouse_process_uptime_seconds", "gauge", "Since the agent's start.",
	       (double)(rs_now_ns() - agent->started_ns) / 1e9);
	single(out, "rouse_process_resident_bytes", "gauge", "Resident memory of the agent.",
	       (double)rs_health_resident_bytes());
	single(out, "rouse_process_cpu_seconds_total", "counter", "CPU time of the agent, user and system.",
	       seconds(usage.ru_utime) + seconds(usage.ru_stime));
}

void rs_metrics_print(struct rs_agent *agent, struct rs_buf *out)
{
	print_packets(agent, out);
	print_objects(agent, out);
	print_revisions(agent, out);
	print_counters(agent, out);
	print_watches(agent, out);
	print_process(agent, out);
}
