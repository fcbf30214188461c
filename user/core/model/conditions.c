/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/model/conditions.h"

#include <string.h>

/* Writes conditions[*index] and moves on; the time moves only with the truth. */
static bool put(struct rs_conditions *conditions, size_t *index, const char *type, const struct rs_fact *fact,
		bool is_informational, uint64_t now_wall_ns)
{
	struct rs_condition *condition = &conditions->items[*index];
	const bool is_new = *index >= conditions->count;
	const bool changed = is_new || !rs_fact_equal(&condition->fact, fact);

	if (is_new || condition->fact.truth != fact->truth)
		condition->since_wall_ns = now_wall_ns;
	condition->type = type;
	if (changed) {
		struct rs_fact old = condition->fact;

		rs_fact_copy(&condition->fact, fact);
		rs_fact_done(&old);
	}
	condition->is_informational = is_informational;
	if (is_new)
		conditions->count = *index + 1;
	(*index)++;
	return changed;
}

/* True when all are; else the first that is false, else the first that is unknown, and best one that knows why. */
static const struct rs_fact *all_of(const struct rs_fact *a, const struct rs_fact *b)
{
	if (a->truth == RS_UNKNOWN && b->truth == RS_UNKNOWN)
		return a->why ? a : b;
	if (a->truth == RS_FALSE || (a->truth == RS_UNKNOWN && b->truth != RS_FALSE))
		return a;
	return b;
}

bool rs_conditions_revision(struct rs_model_revision *revision, uint64_t now_wall_ns)
{
	struct rs_revision_status *status = &revision->status;
	const struct rs_fact *ready = all_of(&status->resources_available, &status->container_healthy);
	size_t index = 0;
	bool changed;

	changed = put(&status->conditions, &index, "Ready", ready, false, now_wall_ns);
	changed |= put(&status->conditions, &index, "ContainerHealthy", &status->container_healthy, false, now_wall_ns);
	changed |= put(&status->conditions, &index, "ResourcesAvailable", &status->resources_available, false,
		       now_wall_ns);
	changed |= put(&status->conditions, &index, "Active", &status->active, true, now_wall_ns);
	return changed;
}

bool rs_conditions_configuration(struct rs_configuration *configuration, const struct rs_model_revision *latest,
				 uint64_t now_wall_ns)
{
	const struct rs_condition *ready = latest ? rs_conditions_find(&latest->status.conditions, "Ready") : NULL;
	struct rs_fact fact = {0};
	size_t index = 0;
	bool changed;

	if (!latest)
		rs_fact_set(&fact, RS_FALSE, "RevisionDeleted", "Revision \"%s\" was deleted.",
			    configuration->latest_created);
	else if (ready && ready->fact.truth == RS_TRUE)
		fact.truth = RS_TRUE;
	else if (ready && ready->fact.truth == RS_UNKNOWN)
		rs_fact_copy(&fact, &ready->fact);
	else if (ready)
		rs_fact_set(&fact, RS_FALSE, "RevisionFailed", "Revision \"%s\" failed with message: %s.",
			    configuration->latest_created, rs_fact_message(&ready->fact));
	changed = put(&configuration->status.conditions, &index, "Ready", &fact, false, now_wall_ns);
	rs_fact_done(&fact);
	return changed;
}

bool rs_conditions_route(struct rs_model_route *route, uint64_t now_wall_ns)
{
	struct rs_route_status *status = &route->status;
	const struct rs_fact *ready = all_of(&status->all_traffic_assigned, &status->ingress_ready);
	size_t index = 0;
	bool changed;

	changed = put(&status->conditions, &index, "Ready", ready, false, now_wall_ns);
	changed |= put(&status->conditions, &index, "AllTrafficAssigned", &status->all_traffic_assigned, false,
		       now_wall_ns);
	changed |= put(&status->conditions, &index, "IngressReady", &status->ingress_ready, false, now_wall_ns);
	return changed;
}

bool rs_conditions_service(struct rs_service *service, const struct rs_configuration *configuration,
			   const struct rs_model_route *route, uint64_t now_wall_ns)
{
	static const struct rs_fact unknown;
	const struct rs_condition *child;
	const struct rs_fact *configurations = &unknown, *routes = &unknown;
	struct rs_conditions *conditions = &service->status.conditions;
	size_t index = 0;
	bool changed;

	child = configuration ? rs_conditions_find(&configuration->status.conditions, "Ready") : NULL;
	if (child)
		configurations = &child->fact;
	child = route ? rs_conditions_find(&route->status.conditions, "Ready") : NULL;
	if (child)
		routes = &child->fact;
	changed = put(conditions, &index, "Ready", all_of(configurations, routes), false, now_wall_ns);
	changed |= put(conditions, &index, "ConfigurationsReady", configurations, false, now_wall_ns);
	changed |= put(conditions, &index, "RoutesReady", routes, false, now_wall_ns);
	return changed;
}

void rs_conditions_done(struct rs_conditions *conditions)
{
	for (size_t i = 0; i < conditions->count; i++)
		rs_fact_done(&conditions->items[i].fact);
	*conditions = (struct rs_conditions){0};
}

const struct rs_condition *rs_conditions_find(const struct rs_conditions *conditions, const char *type)
{
	for (size_t i = 0; i < conditions->count; i++)
		if (strcmp(conditions->items[i].type, type) == 0)
			return &conditions->items[i];
	return NULL;
}

enum rs_truth rs_conditions_ready(const struct rs_conditions *conditions)
{
	const struct rs_condition *ready = rs_conditions_find(conditions, "Ready");

	return ready ? ready->fact.truth : RS_UNKNOWN;
}
