// SPDX-License-Identifier: BSD-2-Clause
/*
 * A program that listens in one address family alone, while its service is
 * reached over both: who comes by the other is not to wait for what will never
 * be. After a second (many open one socket after the other) the dataplane is
 * told that the instance is deaf in that family: its refusals reach the clients
 * then, who fall back, and what was held is reset.
 */
#include "agent/agent.h"

#include "base/str.h"
#include "base/time.h"

#include <stdio.h>

/* Between a program's first listening socket and the last. */
#define SETTLED_AFTER_NS RS_NS_PER_S

static const char *const reasons[RS_FAMILIES] = {"ListensOnIPv4Only", "ListensOnIPv6Only"};

/* The one family that it can be reached over, while its service promises both. False else. */
static bool is_one_sided(const struct rs_agent_instance *instance, const struct rs_rt_listener *listener,
			 enum rs_family *ret_heard)
{
	const struct rs_agent *agent = instance->workload->agent;
	const struct rs_model_revision *revision = instance->workload->revision;
	const struct rs_model_route *route =
		rs_registry_route(agent->registry, revision->metadata.namespace, revision->service);
	enum rs_ip_families promised;
	if (listener->families != 1 << RS_V4 && listener->families != 1 << RS_V6)
		return false;
	*ret_heard = listener->families == 1 << RS_V4 ? RS_V4 : RS_V6;
	return route &&
	       rs_metadata_reached_by(&route->metadata, agent->options->ip_families, agent->options->has_v6,
				      &promised) &&
	       rs_ip_families_has(promised, *ret_heard == RS_V4 ? RS_V6 : RS_V4);
}

/* Does any instance hear this family, or may one yet? */
static bool is_hope_left(const struct rs_workload *workload, enum rs_family family)
{
	for (const struct rs_agent_instance *i = workload->instances; i; i = i->next) {
		const struct rs_instance *entry = rs_dp_instance(workload->agent->dp, i->rt->id);
		bool may_serve = i->stage == RS_STAGE_READY || i->stage == RS_STAGE_UNREADY;
		if (may_serve && entry && !(entry->flags & RS_INSTANCE_DEAF(family)))
			return true;
	}
	return false;
}

static void mark(struct rs_agent_instance *instance, enum rs_family heard)
{
	enum rs_family deaf = heard == RS_V4 ? RS_V6 : RS_V4;
	struct rs_instance *entry = rs_dp_instance(instance->workload->agent->dp, instance->rt->id);
	char why[160];
	if (!entry)
		return;
	__atomic_fetch_or(&entry->flags, RS_INSTANCE_DEAF(deaf), __ATOMIC_SEQ_CST);
	snprintf(why, sizeof(why),
		 "it listens on %s only, port %u, and %s clients are refused: bind to ::", rs_family_text(heard),
		 instance->rt->port, rs_family_text(deaf));
	rs_failing_complain(instance, reasons[heard], "%s", why);
	if (!is_hope_left(instance->workload, deaf))
		rs_release_refuse(instance->workload, deaf, why);
}

void rs_deaf_check(struct rs_agent_instance *instance, const struct rs_rt_listener *listener)
{
	enum rs_family heard;
	uint64_t age_ns = rs_now_ns() - instance->stage_ns;
	if (!is_one_sided(instance, listener, &heard))
		return;
	if (age_ns < SETTLED_AFTER_NS)
		rs_instance_check_later(instance, (SETTLED_AFTER_NS - age_ns) / RS_NS_PER_US + 1);
	else
		mark(instance, heard);
}

void rs_deaf_heard(struct rs_agent_instance *instance)
{
	/* The dataplane saw it first, and has forgotten already. */
	if (!rs_str_equal(instance->complaint_reason, reasons[RS_V4]) &&
	    !rs_str_equal(instance->complaint_reason, reasons[RS_V6]))
		return;
	rs_failing_is_well(instance);
	rs_workload_status(instance->workload);
}
