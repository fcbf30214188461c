// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which instance takes the next connection (rouse.dev/pick). The kernel picks;
 * what it needs from here is the policy, and for `hash` a table of the
 * instances that are ready, anew whenever one comes or goes.
 *
 * The kernel lets an instance in with its first SYN-ACK, the table follows when
 * the agent has heard of it: in between the least loaded one is picked where
 * there is no table yet, and one that has gone is passed over.
 */
#include "agent/agent.h"

#include "base/log.h"
#include "core/route/maglev.h"

void rs_pick_begin(struct rs_workload *workload)
{
	rs_dp_revision_set_policy(workload->agent->dp, workload->id, workload->revision->template->pick);
}

/* The instances that are ready, by their places in the revision's list. Their names in the table are entry and
 * generation, which stay over a restart of the agent and are never another's. */
static size_t list_ready(const struct rs_workload *workload, struct rs_maglev_share *shares)
{
	struct rs_dp *dp = workload->agent->dp;
	const struct rs_revision *revision = rs_dp_revision(dp, workload->id);
	size_t count = 0;
	for (const struct rs_agent_instance *i = workload->instances; i; i = i->next) {
		const struct rs_instance *entry = rs_dp_instance(dp, i->rt->id);
		if (i->stage != RS_STAGE_READY || !entry)
			continue;
		for (unsigned place = 0; revision && place < RS_REVISION_INSTANCES_MAX; place++) {
			if (revision->instance[place] != i->rt->id)
				continue;
			shares[count++] = (struct rs_maglev_share){
				.name = (uint64_t)entry->generation << 32 | i->rt->id,
				.weight = 1,
				.place = (uint8_t)place,
			};
			break;
		}
		if (count == RS_REVISION_INSTANCES_MAX)
			break;
	}
	return count;
}

void rs_pick_write(struct rs_workload *workload)
{
	struct rs_dp *dp = workload->agent->dp;
	struct rs_maglev_share shares[RS_REVISION_INSTANCES_MAX];
	struct rs_maglev table = {0};
	if (workload->revision->template->pick != RS_PICK_HASH)
		return;
	size_t count = list_ready(workload, shares);
	if (!count) {
		rs_dp_maglev_delete(dp, workload->id);
		return;
	}
	rs_maglev_fill(shares, count, table.place);
	int r = rs_dp_maglev_set(dp, workload->id, &table);
	if (r < 0) {
		/* An old table would leave new instances out. */
		rs_dp_maglev_delete(dp, workload->id);
		rs_log_errno(r, "cannot write the map maglev, the least loaded instance is picked revision=%s/%s",
			     workload->revision->metadata.namespace, workload->revision->metadata.name);
	}
}

void rs_pick_update(struct rs_workload *workload)
{
	/* While instances are adopted one by one, the table that stands has all of them. */
	if (workload->agent->ready)
		rs_pick_write(workload);
}

void rs_pick_end(struct rs_workload *workload)
{
	rs_dp_maglev_delete(workload->agent->dp, workload->id);
}
