/* SPDX-License-Identifier: BSD-2-Clause */
/* From what the store has to the registry, checked on the way. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/registry/internal.h"

/* Status is not kept, but gives its objects versions. After a start the count goes on well beyond every version that
 * a client may have seen, so that none of them ever means something else. */
#define VERSIONS_BETWEEN_STARTS (1 << 20)

static int misfit(struct rs_err *err, const char *what, const char *namespace, const char *name)
{
	return rs_err_set(err, -EUCLEAN,
			  "the store is damaged: %s \"%s/%s\"; restore a copy of it, or move it away to start empty",
			  what, namespace, name);
}

static void use_one(struct rs_template **at, struct rs_template *loaded)
{
	if (*at == loaded || !rs_template_equal_unnamed(*at, loaded))
		return;
	rs_template_unref(*at);
	*at = rs_template_ref(loaded);
}

static void use_one_list(struct rs_pairs *at, const struct rs_pairs *loaded)
{
	if (at->items == loaded->items || !rs_pairs_equal(at, loaded))
		return;
	rs_pairs_done(at);
	rs_pairs_copy(at, loaded);
}

static void share_traffic(struct rs_service *service, const struct rs_model_route *route)
{
	if (!service || !rs_traffic_equal(&service->traffic, &route->traffic))
		return;
	rs_traffic_done(&service->traffic);
	rs_traffic_copy(&service->traffic, &route->traffic);
}

/* The store has a template thrice, and targets twice; in memory service, configuration and latest revision share one.
 * At each object, so that what is given up makes room for the next one. */
static void share(struct rs_registry *registry, enum rs_kind kind, void *object)
{
	const struct rs_metadata *metadata = rs_object_metadata(kind, object);
	struct rs_model_revision *revision = kind == RS_KIND_REVISION ? object : NULL;
	const char *name = revision ? revision->service : metadata->name;
	struct rs_service *service = rs_registry_service(registry, metadata->namespace, name);
	struct rs_configuration *configuration = rs_registry_configuration(registry, metadata->namespace, name);
	struct rs_model_route *route = rs_registry_route(registry, metadata->namespace, name);

	if (kind == RS_KIND_ROUTE || (kind == RS_KIND_SERVICE && route)) {
		share_traffic(service, route);
		if (kind == RS_KIND_ROUTE)
			return;
	}
	if (!revision && configuration && configuration->latest_created[0])
		revision = rs_registry_revision(registry, metadata->namespace, configuration->latest_created);
	/* The one that was loaded first stays, or memory would be full of the holes that all the others leave. */
	if (revision && configuration && rs_template_equal(revision->template, configuration->template))
		use_one(&configuration->template, revision->template);
	if (service && configuration && rs_template_equal(configuration->template, service->template))
		use_one(&service->template, configuration->template);
	/* A manifest may have named the revision: that name stands with the service. */
	struct rs_template *shared = service ? service->template : configuration ? configuration->template : NULL;
	if (configuration && shared)
		use_one(&configuration->template, shared);
	if (revision && shared) {
		use_one(&revision->template, shared);
		use_one_list(&revision->metadata.annotations, &shared->annotations);
	}
}

int rs_registry_load_object(struct rs_registry *registry, enum rs_kind kind, void *object, struct rs_err *err)
{
	const struct rs_metadata *metadata = rs_object_metadata(kind, object);
	int r = kind == RS_KIND_REVISION ? rs_index_reserve(&registry->revisions, 1) : 0;

	if (r == 0)
		r = rs_index_append(&registry->kinds[kind], object);
	if (r == 0 && kind == RS_KIND_REVISION)
		rs_index_append(&registry->revisions, object); /* there is room */
	if (r == -EEXIST)
		misfit(err, "it has the same object twice:", metadata->namespace, metadata->name);
	else if (r < 0)
		rs_err_set(err, r, "out of memory while loading %s \"%s/%s\"", rs_kind_text(kind), metadata->namespace,
			   metadata->name);
	if (r < 0) {
		rs_object_free(kind, object);
		return r == -EEXIST ? -EUCLEAN : r;
	}
	if (kind == RS_KIND_ROUTE) {
		struct rs_model_route *route = object;

		route->vip = RS_VIP_NONE;
		for (size_t i = 0; i < RS_ROUTE_TARGETS_MAX; i++)
			route->tag_vip[i] = RS_VIP_NONE;
	}
	share(registry, kind, object);
	if (metadata->resource_version > registry->version)
		registry->version = metadata->resource_version;
	return 0;
}

int rs_registry_load_vip(struct rs_registry *registry, uint32_t vip, const char *namespace, const char *route,
			 const char *tag, struct rs_err *err)
{
	struct rs_loaded_vip *loaded;
	int r = rs_vips_take_this(&registry->vips, vip);

	if (r == -ERANGE)
		return rs_err_set(err, -ERANGE,
				  "route \"%s/%s\" has virtual address number %u, which the range of %u addresses does "
				  "not reach: give the agent the range that it had, or a larger one",
				  namespace, route, vip, registry->vips.first + registry->vips.count);
	if (r < 0)
		return misfit(err, "two routes have the same virtual address; one is", namespace, route);
	loaded = rs_grow(registry->loaded, registry->loaded_count, &registry->loaded_capacity, sizeof(*loaded));
	if (!loaded)
		return rs_err_set(err, -ENOMEM, "out of memory while loading virtual addresses");
	registry->loaded = loaded;
	loaded = &registry->loaded[registry->loaded_count++];
	loaded->vip = vip;
	rs_str_copy(loaded->namespace, sizeof(loaded->namespace), namespace);
	rs_str_copy(loaded->route, sizeof(loaded->route), route);
	rs_str_copy(loaded->tag, sizeof(loaded->tag), tag);
	return 0;
}

int rs_registry_load_counter(struct rs_registry *registry, const char *name, uint64_t value)
{
	if (strcmp(name, RS_COUNTER_VERSION) == 0 && value > registry->version)
		registry->version = value;
	else if (strcmp(name, RS_COUNTER_VIP_NEXT) == 0 && registry->vips.count > 0)
		registry->vips.next = (uint32_t)(value % registry->vips.count);
	return 0;
}

static int give_vip(struct rs_registry *registry, const struct rs_loaded_vip *loaded, struct rs_err *err)
{
	struct rs_model_route *route = rs_registry_route(registry, loaded->namespace, loaded->route);

	if (route && !loaded->tag[0] && route->vip == RS_VIP_NONE) {
		route->vip = loaded->vip;
		return 0;
	}
	for (size_t i = 0; route && loaded->tag[0] && i < route->traffic.count; i++)
		if (strcmp(route->traffic.targets[i].tag, loaded->tag) == 0 && route->tag_vip[i] == RS_VIP_NONE) {
			route->tag_vip[i] = loaded->vip;
			return 0;
		}
	return misfit(err, "a virtual address belongs to nothing; its route was", loaded->namespace, loaded->route);
}

static int check_route(const struct rs_registry *registry, const struct rs_model_route *route, struct rs_err *err)
{
	const char *namespace = route->metadata.namespace, *name = route->metadata.name;

	if (!rs_registry_service(registry, namespace, name))
		return misfit(err, "no Service has the Route", namespace, name);
	if (route->vip == RS_VIP_NONE)
		return misfit(err, "no virtual address has the Route", namespace, name);
	for (size_t i = 0; i < route->traffic.count; i++)
		if (route->traffic.targets[i].tag[0] && route->tag_vip[i] == RS_VIP_NONE)
			return misfit(err, "no virtual address has a tag of the Route", namespace, name);
	return 0;
}

static int check_configuration(const struct rs_registry *registry, const struct rs_configuration *configuration,
			       struct rs_err *err)
{
	const char *namespace = configuration->metadata.namespace, *name = configuration->metadata.name;

	if (!rs_registry_service(registry, namespace, name))
		return misfit(err, "no Service has the Configuration", namespace, name);
	if (configuration->latest_ready[0] && !rs_registry_revision(registry, namespace, configuration->latest_ready))
		return misfit(err, "the latest ready Revision is missing of the Configuration", namespace, name);
	return 0;
}

static int check_object(const struct rs_registry *registry, enum rs_kind kind, void *object, struct rs_err *err)
{
	const struct rs_metadata *metadata = rs_object_metadata(kind, object);
	const struct rs_model_revision *revision = object;

	switch (kind) {
	case RS_KIND_SERVICE:
		if (!rs_registry_configuration(registry, metadata->namespace, metadata->name))
			return misfit(err, "there is no Configuration for the Service", metadata->namespace,
				      metadata->name);
		if (!rs_registry_route(registry, metadata->namespace, metadata->name))
			return misfit(err, "there is no Route for the Service", metadata->namespace, metadata->name);
		return 0;
	case RS_KIND_CONFIGURATION:
		return check_configuration(registry, object, err);
	case RS_KIND_REVISION:
		if (strcmp(revision->configuration, revision->service) != 0 ||
		    !rs_registry_configuration(registry, metadata->namespace, revision->configuration))
			return misfit(err, "no Configuration has the Revision", metadata->namespace, metadata->name);
		return 0;
	case RS_KIND_ROUTE:
		return check_route(registry, object, err);
	case RS_KIND_COUNT:
		break;
	}
	return -EINVAL;
}

int rs_registry_load_done(struct rs_registry *registry, struct rs_err *err)
{
	int r = 0;

	for (int kind = 0; kind < RS_KIND_COUNT; kind++)
		rs_index_sort(&registry->kinds[kind]);
	rs_index_sort(&registry->revisions);
	for (size_t i = 0; r == 0 && i < registry->loaded_count; i++)
		r = give_vip(registry, &registry->loaded[i], err);
	free(registry->loaded);
	registry->loaded = NULL;
	registry->loaded_count = registry->loaded_capacity = 0;
	for (int kind = 0; kind < RS_KIND_COUNT; kind++)
		for (size_t i = 0; r == 0 && i < registry->kinds[kind].count; i++)
			r = check_object(registry, (enum rs_kind)kind, registry->kinds[kind].items[i], err);
	if (registry->version > 0)
		registry->version += VERSIONS_BETWEEN_STARTS;
	return r;
}
