// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the dataplane had to refuse because something was full. It counts by
 * itself; once a second, while anything is at work, the counters are compared,
 * and what has grown is told with the option that raises the limit: each once a
 * minute at most.
 */
#include "agent/agent.h"

#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define TELL_AGAIN_NS (60 * RS_NS_PER_S)

enum {
	FLOWS,
	HALF_OPEN,
	HOLDS,
	SOURCE,
	REVISION,
	NO_LIMIT,
};

static const struct {
	enum rs_reason reason;
	const char *event;
	int limit; /* which number stands in the text, at its %u */
	const char *text;
} watched[] = {
	{RS_REASON_flow_table_full, "FlowTableFull", FLOWS,
	 "new connections were dropped: the map flows has all of its %u; --max-flows raises it, after `rouse cleanup`"},
	{RS_REASON_flow_evicted, "HalfOpenEvicted", HALF_OPEN,
	 "half-open connections made room for newer ones: a flood of SYNs, or clients that do not finish; %u have "
	 "room, a quarter of --max-flows"},
	{RS_REASON_flow_unwatched, "FlowRingFull", FLOWS,
	 "connections opened faster than they are aged, they count as half-open for longer: the ring flow_ring_fast "
	 "has %u places; --max-flows raises it, after `rouse cleanup`"},
	{RS_REASON_hold_shed_node, "HoldsFull", HOLDS,
	 "SYNs were dropped: the node holds as many as the map holds has room for, %u; --max-holds raises it, after "
	 "`rouse cleanup`"},
	{RS_REASON_hold_shed_source, "HoldsFullForSource", SOURCE,
	 "SYNs were dropped: one client address has %u that are held; --holds-per-source raises it"},
	{RS_REASON_hold_shed_revision, "HoldsFullForRevision", REVISION,
	 "SYNs were dropped: one revision has %u that are held, which is the maximum"},
	{RS_REASON_hold_shed_map, "HoldIndexFull", HOLDS,
	 "SYNs were dropped: the map hold_index was full or without memory, of %u; --max-holds raises it, after `rouse "
	 "cleanup`"},
	{RS_REASON_port_clash, "PortsExhausted", NO_LIMIT,
	 "SYNs were dropped: their client's ports are all in use at one instance; more instances have more"},
	{RS_REASON_rewrite_failed, "RewriteFailed", NO_LIMIT,
	 "packets were dropped: the kernel had no memory to change them"},
	{RS_REASON_event_lost, "EventsLost", NO_LIMIT,
	 "the ring buffer events was full while the agent was away: it has looked at everything instead"},
};

struct rs_pressure {
	uint64_t told[rs_array_length(watched)]; /* the counter when it was last looked at and told */
	uint64_t told_ns[rs_array_length(watched)];
};

static uint64_t counter(const struct rs_counters *counters, enum rs_reason reason)
{
	return ((const uint64_t *)counters)[reason];
}

static unsigned limit(const struct rs_agent *agent, int which)
{
	const struct rs_dp_sizes sizes = rs_dp_sizes(agent->dp);
	switch (which) {
	case FLOWS:
		return sizes.flows;
	case HALF_OPEN:
		return sizes.flows / RS_FLOWS_OPEN_SHARE - RS_RING_MARGIN;
	case HOLDS:
		return sizes.holds - RS_RING_MARGIN;
	case SOURCE:
		return agent->options->holds_per_source;
	case REVISION:
		return RS_HOLDS_PER_REVISION_MAX;
	default:
		return 0;
	}
}

int rs_pressure_new(struct rs_agent *agent)
{
	struct rs_counters now;
	struct rs_pressure *pressure = calloc(1, sizeof(*pressure));
	if (!pressure)
		return -ENOMEM;
	/* What an earlier agent has seen is no news. */
	for (size_t i = 0; rs_dp_counters(agent->dp, &now) == 0 && i < rs_array_length(watched); i++)
		pressure->told[i] = counter(&now, watched[i].reason);
	agent->pressure = pressure;
	return 0;
}

struct rs_pressure *rs_pressure_free(struct rs_pressure *pressure)
{
	free(pressure);
	return NULL;
}

void rs_pressure_look(struct rs_agent *agent, uint64_t now_ns)
{
	struct rs_pressure *pressure = agent->pressure;
	struct rs_counters now;
	if (!pressure || rs_dp_counters(agent->dp, &now) < 0)
		return;
	for (size_t i = 0; i < rs_array_length(watched); i++) {
		uint64_t more = counter(&now, watched[i].reason) - pressure->told[i];
		if (!more || (pressure->told_ns[i] && now_ns - pressure->told_ns[i] < TELL_AGAIN_NS))
			continue;
		char text[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
		snprintf(text, sizeof(text), watched[i].text, limit(agent, watched[i].limit));
#pragma GCC diagnostic pop
		rs_record(agent, "Warning", watched[i].event, "default", "Node", agent->options->name,
			  "%s (%llu times)", text, (unsigned long long)more);
		pressure->told[i] += more;
		pressure->told_ns[i] = now_ns;
	}
}
