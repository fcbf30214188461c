/* SPDX-License-Identifier: BSD-2-Clause */
/* The set of objects: life, looking up, listing, conditions. */
#include "core/registry/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/conditions.h"
#include "core/registry/internal.h"

static struct rs_index_key key_by_name(const void *object)
{
	/* Every object begins with its metadata. */
	const struct rs_metadata *metadata = object;

	return (struct rs_index_key){metadata->namespace, "", metadata->name};
}

static struct rs_index_key key_by_service(const void *object)
{
	const struct rs_model_revision *revision = object;

	return (struct rs_index_key){revision->metadata.namespace, revision->service, revision->metadata.name};
}

int rs_registry_new(const struct rs_registry_config *config, struct rs_registry **ret_registry)
{
	struct rs_registry *registry = calloc(1, sizeof(*registry));

	if (!registry)
		return -ENOMEM;
	for (int kind = 0; kind < RS_KIND_COUNT; kind++) {
		registry->kinds[kind].key = key_by_name;
		registry->kinds[kind].is_hashed = true;
	}
	registry->revisions.key = key_by_service;
	registry->random = config->uid_seed;
	if (rs_vips_init(&registry->vips, config->vip_first, config->vip_count) < 0) {
		rs_registry_free(registry);
		return -ENOMEM;
	}
	*ret_registry = registry;
	return 0;
}

struct rs_registry *rs_registry_free(struct rs_registry *registry)
{
	if (!registry)
		return NULL;
	while (registry->pending)
		rs_transaction_abandon(registry->pending);
	for (int kind = 0; kind < RS_KIND_COUNT; kind++) {
		struct rs_index *index = &registry->kinds[kind];

		for (size_t i = 0; i < index->count; i++)
			rs_object_free((enum rs_kind)kind, index->items[i]);
		rs_index_done(index);
	}
	rs_index_done(&registry->revisions);
	rs_vips_done(&registry->vips);
	free(registry->loaded);
	free(registry);
	return NULL;
}

void rs_registry_note(struct rs_registry *registry, enum rs_touch touch, enum rs_kind kind, void *object)
{
	struct rs_metadata *metadata = rs_object_metadata(kind, object);
	const uint64_t was = metadata->resource_version;

	metadata->resource_version = ++registry->version;
	if (registry->observe)
		registry->observe(registry->observe_user, touch, kind, object, was);
}

void rs_registry_touch(struct rs_registry *registry, enum rs_kind kind, void *object)
{
	rs_registry_note(registry, RS_TOUCH_CHANGED, kind, object);
}

void rs_registry_observe(struct rs_registry *registry,
			 void (*observe)(void *user, enum rs_touch touch, enum rs_kind kind, void *object,
					 uint64_t was),
			 void *user)
{
	registry->observe = observe;
	registry->observe_user = user;
}

uint64_t rs_registry_next_version(struct rs_registry *registry)
{
	return ++registry->version;
}

uint64_t rs_registry_version(const struct rs_registry *registry)
{
	return registry->version;
}

void *rs_registry_find(const struct rs_registry *registry, enum rs_kind kind, const char *namespace, const char *name)
{
	return rs_index_find(&registry->kinds[kind], (struct rs_index_key){namespace, "", name});
}

struct rs_service *rs_registry_service(const struct rs_registry *registry, const char *namespace, const char *name)
{
	return rs_registry_find(registry, RS_KIND_SERVICE, namespace, name);
}

struct rs_configuration *rs_registry_configuration(const struct rs_registry *registry, const char *namespace,
						   const char *name)
{
	return rs_registry_find(registry, RS_KIND_CONFIGURATION, namespace, name);
}

struct rs_model_revision *rs_registry_revision(const struct rs_registry *registry, const char *namespace,
					       const char *name)
{
	return rs_registry_find(registry, RS_KIND_REVISION, namespace, name);
}

struct rs_model_route *rs_registry_route(const struct rs_registry *registry, const char *namespace, const char *name)
{
	return rs_registry_find(registry, RS_KIND_ROUTE, namespace, name);
}

size_t rs_registry_count(const struct rs_registry *registry, enum rs_kind kind)
{
	return registry->kinds[kind].count;
}

int rs_registry_each(const struct rs_registry *registry, enum rs_kind kind, const char *namespace,
		     int (*each)(void *user, void *object), void *user)
{
	return rs_registry_each_after(registry, kind, namespace, NULL, NULL, each, user);
}

/* Where the objects behind `after` begin. */
static size_t behind(const struct rs_index *index, const char *namespace, const char *name)
{
	size_t i = rs_index_lower(index, (struct rs_index_key){namespace, "", name});

	if (i < index->count) {
		const struct rs_index_key key = index->key(index->items[i]);

		if (strcmp(key.namespace, namespace) == 0 && strcmp(key.name, name) == 0)
			i++;
	}
	return i;
}

int rs_registry_each_after(const struct rs_registry *registry, enum rs_kind kind, const char *namespace,
			   const char *after_namespace, const char *after_name, int (*each)(void *user, void *object),
			   void *user)
{
	const struct rs_index *index = &registry->kinds[kind];
	size_t i = 0;
	int r = 0;

	if (after_name)
		i = behind(index, after_namespace, after_name);
	else if (namespace)
		i = rs_index_lower(index, (struct rs_index_key){namespace, "", ""});
	for (; r == 0 && i < index->count; i++) {
		if (namespace && strcmp(index->key(index->items[i]).namespace, namespace) != 0)
			break;
		r = each(user, index->items[i]);
	}
	return r;
}

void rs_registry_revisions_of(const struct rs_registry *registry, const char *namespace, const char *service,
			      size_t *ret_first, size_t *ret_end)
{
	const struct rs_index *index = &registry->revisions;
	size_t end;

	*ret_first = rs_index_lower(index, (struct rs_index_key){namespace, service, ""});
	for (end = *ret_first; end < index->count; end++) {
		const struct rs_index_key key = index->key(index->items[end]);

		if (strcmp(key.namespace, namespace) != 0 || strcmp(key.owner, service) != 0)
			break;
	}
	*ret_end = end;
}

int rs_registry_each_revision(const struct rs_registry *registry, const char *namespace, const char *service,
			      int (*each)(void *user, struct rs_model_revision *revision), void *user)
{
	size_t first, end;
	int r = 0;

	rs_registry_revisions_of(registry, namespace, service, &first, &end);
	for (; r == 0 && first < end; first++)
		r = each(user, registry->revisions.items[first]);
	return r;
}

void rs_registry_conditions(struct rs_registry *registry, const char *namespace, const char *service,
			    uint64_t now_wall_ns, void (*changed)(void *user, enum rs_kind kind, void *object),
			    void *user)
{
	struct rs_service *owner = rs_registry_service(registry, namespace, service);
	struct rs_configuration *configuration = rs_registry_configuration(registry, namespace, service);
	struct rs_model_route *route = rs_registry_route(registry, namespace, service);
	size_t first, end;

#define RECOMPUTE(kind, object, function, ...)                                                                         \
	do {                                                                                                           \
		if ((object) && function((object), ##__VA_ARGS__, now_wall_ns)) {                                      \
			rs_registry_touch(registry, (kind), (object));                                                 \
			if (changed)                                                                                   \
				changed(user, (kind), (object));                                                       \
		}                                                                                                      \
	} while (0)

	/* Each is made of the ones before it. */
	rs_registry_revisions_of(registry, namespace, service, &first, &end);
	for (; first < end; first++) {
		struct rs_model_revision *revision = registry->revisions.items[first];

		RECOMPUTE(RS_KIND_REVISION, revision, rs_conditions_revision);
	}
	if (configuration)
		RECOMPUTE(RS_KIND_CONFIGURATION, configuration, rs_conditions_configuration,
			  rs_registry_revision(registry, namespace, configuration->latest_created));
	RECOMPUTE(RS_KIND_ROUTE, route, rs_conditions_route);
	RECOMPUTE(RS_KIND_SERVICE, owner, rs_conditions_service, configuration, route);
#undef RECOMPUTE
}
