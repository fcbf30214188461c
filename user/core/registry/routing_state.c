/* SPDX-License-Identifier: BSD-2-Clause */
/* Which revisions a route names, and which one is the latest. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/registry/internal.h"
#include "core/route/traffic.h"

uint64_t rs_registry_whole_seconds(uint64_t wall_ns)
{
	return wall_ns - wall_ns % RS_NS_PER_S;
}

/*
 *	rules  1. named by a target, with a tag or a percentage or without: active
 *	       2. the latest created one, while it is on its way to ready: pending, so that it is started although
 *		  no route names it yet
 *	       3. any other: reserve
 */
static enum rs_routing_state state_of(const struct rs_model_revision *revision,
				      const struct rs_configuration *configuration,
				      const struct rs_traffic_input *input)
{
	const char *name = revision->metadata.name;

	for (size_t i = 0; i < input->traffic->count; i++)
		if (strcmp(rs_traffic_revision(input, &input->traffic->targets[i]), name) == 0)
			return RS_ROUTING_ACTIVE;
	if (strcmp(configuration->latest_created, name) == 0 && strcmp(configuration->latest_ready, name) != 0)
		return RS_ROUTING_PENDING;
	return RS_ROUTING_RESERVE;
}

void rs_registry_route_revisions(struct rs_registry *registry, const struct rs_configuration *configuration,
				 const struct rs_model_route *route, const struct rs_model_revision *created,
				 uint64_t now_wall_ns, struct rs_changes *changes)
{
	const struct rs_traffic_input input = {
		.traffic = &route->traffic,
		.configuration = configuration->metadata.name,
		.latest_ready = configuration->latest_ready,
		.latest_created = configuration->latest_created,
	};
	size_t first, end;

	rs_registry_revisions_of(registry, route->metadata.namespace, route->service, &first, &end);
	for (; first < end; first++) {
		struct rs_model_revision *revision = registry->revisions.items[first];
		const enum rs_routing_state state = state_of(revision, configuration, &input);
		const bool is_new = created && revision == created;

		if (!is_new && revision->routing_state == state)
			continue;
		revision->routing_state = state;
		revision->routing_state_wall_ns = rs_registry_whole_seconds(now_wall_ns);
		rs_changes_upsert(registry, changes, RS_KIND_REVISION, revision, is_new);
	}
}

/*
 *	rules  1. the latest created revision is the newest, also when a manifest has gone back to an older one by name
 *	       2. else the higher generation is newer
 */
static bool is_newer(const struct rs_registry *registry, const struct rs_configuration *configuration,
		     const struct rs_model_revision *revision)
{
	const struct rs_model_revision *ready;

	if (strcmp(configuration->latest_ready, revision->metadata.name) == 0)
		return false;
	if (strcmp(configuration->latest_created, revision->metadata.name) == 0)
		return true;
	if (strcmp(configuration->latest_created, configuration->latest_ready) == 0)
		return false;
	ready = rs_registry_revision(registry, configuration->metadata.namespace, configuration->latest_ready);
	return !ready || revision->configuration_generation > ready->configuration_generation;
}

int rs_registry_mark_ready(struct rs_registry *registry, struct rs_model_revision *revision, uint64_t now_wall_ns,
			   struct rs_changes *ret_changes)
{
	const char *namespace = revision->metadata.namespace;
	struct rs_configuration *configuration =
		rs_registry_configuration(registry, namespace, revision->configuration);
	const struct rs_model_route *route = rs_registry_route(registry, namespace, revision->service);
	size_t first, end;
	int r;

	*ret_changes = (struct rs_changes){0};
	if (!configuration || !route || !is_newer(registry, configuration, revision))
		return 0;
	rs_registry_revisions_of(registry, namespace, revision->service, &first, &end);
	r = rs_changes_reserve(ret_changes, end - first + 1 + RS_CHANGES_COUNTERS);
	if (r < 0)
		return r;
	rs_str_copy(configuration->latest_ready, sizeof(configuration->latest_ready), revision->metadata.name);
	rs_registry_route_revisions(registry, configuration, route, NULL, now_wall_ns, ret_changes);
	rs_changes_upsert(registry, ret_changes, RS_KIND_CONFIGURATION, configuration, false);
	rs_changes_counters(registry, ret_changes);
	return 1;
}
