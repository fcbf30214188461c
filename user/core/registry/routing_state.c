/* SPDX-License-Identifier: BSD-2-Clause */
/* Which revisions a route names, and which one is the latest. */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/registry/transaction.h"
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

int rs_registry_route_revisions(struct rs_transaction *transaction, const struct rs_configuration *configuration,
				const struct rs_model_route *route, struct rs_model_revision *created,
				uint64_t now_wall_ns)
{
	const struct rs_registry *registry = transaction->registry;
	const struct rs_traffic_input input = {
		.traffic = &route->traffic,
		.configuration = configuration->metadata.name,
		.latest_ready = configuration->latest_ready,
		.latest_created = configuration->latest_created,
	};
	size_t first, end;

	rs_registry_revisions_of(registry, route->metadata.namespace, route->metadata.name, &first, &end);
	for (; first < end; first++) {
		const struct rs_model_revision *revision = registry->revisions.items[first];
		const enum rs_routing_state state = state_of(revision, configuration, &input);
		struct rs_model_revision *next;

		if (revision->routing_state == state)
			continue;
		next = rs_transaction_revision(transaction, revision);
		if (!next)
			return -ENOMEM;
		next->routing_state = state;
		next->routing_state_wall_ns = rs_registry_whole_seconds(now_wall_ns);
	}
	if (created) {
		created->routing_state = state_of(created, configuration, &input);
		created->routing_state_wall_ns = rs_registry_whole_seconds(now_wall_ns);
		rs_transaction_upsert(transaction, RS_KIND_REVISION, created, true);
	}
	return 0;
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

int rs_registry_prepare_ready(struct rs_registry *registry, const struct rs_model_revision *revision,
			      uint64_t now_wall_ns, struct rs_transaction **ret_transaction)
{
	const char *namespace = revision->metadata.namespace;
	const struct rs_configuration *configuration =
		rs_registry_configuration(registry, namespace, revision->configuration);
	const struct rs_model_route *route = rs_registry_route(registry, namespace, revision->service);
	struct rs_transaction *transaction;
	struct rs_configuration *next;
	size_t first, end;

	if (!configuration || !route || !is_newer(registry, configuration, revision))
		return 0;
	if (rs_registry_is_busy(registry, namespace, revision->service))
		return -EINPROGRESS;
	rs_registry_revisions_of(registry, namespace, revision->service, &first, &end);
	transaction = rs_transaction_new(registry, namespace, revision->service, end - first + 1 + RS_CHANGES_COUNTERS);
	next = transaction ? rs_transaction_configuration(transaction, configuration) : NULL;
	if (next)
		rs_str_copy(next->latest_ready, sizeof(next->latest_ready), revision->metadata.name);
	if (!next || rs_registry_route_revisions(transaction, next, route, NULL, now_wall_ns) < 0) {
		rs_transaction_abandon(transaction);
		return -ENOMEM;
	}
	rs_transaction_begin(transaction);
	*ret_transaction = transaction;
	return 1;
}

int rs_registry_mark_ready(struct rs_registry *registry, struct rs_model_revision *revision, uint64_t now_wall_ns,
			   struct rs_changes *ret_changes)
{
	struct rs_transaction *transaction;
	int r = rs_registry_prepare_ready(registry, revision, now_wall_ns, &transaction);

	*ret_changes = (struct rs_changes){0};
	if (r > 0)
		rs_transaction_commit(transaction, ret_changes);
	return r;
}
