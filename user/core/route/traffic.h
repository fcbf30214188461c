/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the traffic block of a route to what the dataplane needs: which
 * revisions, with what share, in which order. Pure.
 *
 *	rules  1. "latest" is the latest ready revision; while none was ever ready, the latest created one, so that
 *		  clients of a new service are held instead of refused
 *	       2. a revision that is not there leaves the whole plan as it was
 *	       3. the main leg merges entries of the same revision; entries of 0 percent are not in it
 *	       4. every tag is a leg of its own, with 100 percent of its revision
 */
#ifndef RS_CORE_ROUTE_TRAFFIC_H
#define RS_CORE_ROUTE_TRAFFIC_H

#include "core/model/model.h"

struct rs_traffic_share {
	char revision[RS_NAME_SIZE];
	uint8_t percent;
	bool is_latest; /* follows the latest: what a gradual rollout moves */
};

/* One VIP's worth: the main route, or a tag. */
struct rs_traffic_leg {
	char tag[RS_NAME_SIZE]; /* "" = the main route */
	size_t target;		/* tags: index into rs_traffic.targets, and so into rs_model_route.tag_vip */
	struct rs_traffic_share shares[RS_ROUTE_TARGETS_MAX];
	size_t count;
	uint8_t slots[RS_ROUTE_SLOTS]; /* index into shares */
};

struct rs_traffic_plan {
	struct rs_traffic_leg legs[1 + RS_ROUTE_TARGETS_MAX]; /* legs[0] is the main route */
	size_t count;
	bool is_provisional; /* rule 1: the latest has not been ready yet */
};

struct rs_traffic_input {
	const struct rs_traffic *traffic;
	const char *configuration;  /* for sentences */
	const char *latest_ready;   /* "" = none */
	const char *latest_created; /* "" = none */
	bool (*exists)(void *user, const char *revision);
	void *user;
};

/* The revision that a target stands for (rule 1); "" when there is none. */
const char *rs_traffic_revision(const struct rs_traffic_input *input, const struct rs_traffic_target *target);

/* Fills the plan and sets what the route says about it (condition AllTrafficAssigned). Returns 0, or -ENOENT with only
 * *fact set when a revision is missing. */
int rs_traffic_plan_make(const struct rs_traffic_input *input, struct rs_traffic_plan *ret_plan, struct rs_fact *fact);

/* The order of 100 connections for `count` shares that add up to 100: every run of them, at any place, has nearly its
 * part of each share (Tijdeman's chairman assignment: no prefix is off by a whole connection). Use it again after a
 * rollout has moved the percents of a leg. */
void rs_traffic_slots(const uint8_t *percents, size_t count, uint8_t ret_slots[static RS_ROUTE_SLOTS]);

/* The same for a leg, from its shares. */
void rs_traffic_leg_fill(struct rs_traffic_leg *leg);

/* Makes `traffic` what status.traffic shows: the targets in the manifest's order, each with the name of its revision.
 * Returns 0, or -ENOMEM and then both are as they were. */
int rs_traffic_resolve(const struct rs_traffic_input *input, struct rs_traffic *traffic,
		       bool latest[static RS_ROUTE_TARGETS_MAX]);

#endif
