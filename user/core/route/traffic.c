/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/route/traffic.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

/* Rule 1. */
const char *rs_traffic_revision(const struct rs_traffic_input *input, const struct rs_traffic_target *target)
{
	if (target->revision[0])
		return target->revision;
	return input->latest_ready[0] ? input->latest_ready : input->latest_created;
}

static void add_share(struct rs_traffic_leg *leg, const char *revision, uint8_t percent, bool is_latest)
{
	struct rs_traffic_share *share;

	/* Rule 3. */
	for (size_t i = 0; i < leg->count; i++)
		if (strcmp(leg->shares[i].revision, revision) == 0) {
			leg->shares[i].percent = (uint8_t)(leg->shares[i].percent + percent);
			return;
		}
	share = &leg->shares[leg->count++];
	rs_str_copy(share->revision, sizeof(share->revision), revision);
	share->percent = percent;
	share->is_latest = is_latest;
}

int rs_traffic_plan_make(const struct rs_traffic_input *input, struct rs_traffic_plan *ret_plan, struct rs_fact *fact)
{
	const struct rs_traffic *traffic = input->traffic;
	bool uses_latest = false;

	/* Rule 2. */
	for (size_t i = 0; i < traffic->count; i++) {
		const char *revision = rs_traffic_revision(input, &traffic->targets[i]);

		uses_latest |= !traffic->targets[i].revision[0];
		if (!revision[0]) {
			rs_fact_set(fact, RS_UNKNOWN, "RevisionMissing",
				    "Configuration \"%s\" does not have any Revision.", input->configuration);
			return -ENOENT;
		}
		if (!input->exists(input->user, revision)) {
			rs_fact_set(fact, RS_FALSE, "RevisionMissing",
				    "Revision \"%s\" referenced in traffic not found.", revision);
			return -ENOENT;
		}
	}
	memset(ret_plan, 0, sizeof(*ret_plan));
	ret_plan->count = 1;
	for (size_t i = 0; i < traffic->count; i++) {
		const struct rs_traffic_target *target = &traffic->targets[i];
		const char *revision = rs_traffic_revision(input, target);
		struct rs_traffic_leg *leg;

		if (target->percent > 0)
			add_share(&ret_plan->legs[0], revision, target->percent, !target->revision[0]);
		if (!target->tag[0])
			continue;
		/* Rule 4. */
		leg = &ret_plan->legs[ret_plan->count++];
		rs_str_copy(leg->tag, sizeof(leg->tag), target->tag);
		leg->target = i;
		add_share(leg, revision, 100, !target->revision[0]);
	}
	for (size_t i = 0; i < ret_plan->count; i++)
		rs_traffic_leg_fill(&ret_plan->legs[i]);
	ret_plan->is_provisional = uses_latest && !input->latest_ready[0];
	if (ret_plan->is_provisional)
		rs_fact_set(fact, RS_UNKNOWN, "RevisionMissing",
			    "Configuration \"%s\" is waiting for a Revision to become ready.", input->configuration);
	else
		rs_fact_set_true(fact);
	return 0;
}

/*
 * R. Tijdeman, The chairman assignment problem (1980). With n shares, the next
 * connection goes to one of those that are at least 1/(2n-2) of a connection
 * behind, and among them to the one that would be too late first. In integers:
 * everything times 100 * (2n-2).
 */
void rs_traffic_slots(const uint8_t *percents, size_t count, uint8_t ret_slots[static RS_ROUTE_SLOTS])
{
	const long k = count > 1 ? 2 * (long)count - 2 : 1;
	long given[RS_ROUTE_TARGETS_MAX] = {0};

	for (long slot = 1; slot <= RS_ROUTE_SLOTS; slot++) {
		long best_slack = 0;
		size_t best = 0;
		bool found = false;

		for (size_t i = 0; i < count && i < RS_ROUTE_TARGETS_MAX; i++) {
			const long behind = k * (percents[i] * slot - RS_ROUTE_SLOTS * given[i]);
			const long slack = (k - 1) * RS_ROUTE_SLOTS - behind; /* divided by percents[i] */

			if (percents[i] == 0 || (count > 1 && behind < RS_ROUTE_SLOTS))
				continue;
			if (!found || slack * percents[best] < best_slack * percents[i]) {
				found = true;
				best = i;
				best_slack = slack;
			}
		}
		given[best]++;
		ret_slots[slot - 1] = (uint8_t)best;
	}
}

void rs_traffic_leg_fill(struct rs_traffic_leg *leg)
{
	uint8_t percents[RS_ROUTE_TARGETS_MAX] = {0};

	for (size_t i = 0; i < leg->count; i++)
		percents[i] = leg->shares[i].percent;
	rs_traffic_slots(percents, leg->count, leg->slots);
}

int rs_traffic_resolve(const struct rs_traffic_input *input, struct rs_traffic *traffic,
		       bool latest[static RS_ROUTE_TARGETS_MAX])
{
	struct rs_traffic resolved = {0};

	for (size_t i = 0; i < input->traffic->count; i++) {
		struct rs_traffic_target target = input->traffic->targets[i];
		int r;

		latest[i] = !target.revision[0];
		if (latest[i])
			rs_str_copy(target.revision, sizeof(target.revision), rs_traffic_revision(input, &target));
		r = rs_traffic_add(&resolved, &target);
		if (r < 0) {
			rs_traffic_done(&resolved);
			return r;
		}
	}
	rs_traffic_done(traffic);
	*traffic = resolved;
	return 0;
}
