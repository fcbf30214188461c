/* SPDX-License-Identifier: BSD-2-Clause */
/* Deleting a service with all that it owns, or one revision. */
#include <errno.h>
#include <string.h>

#include "core/registry/internal.h"

static int out_of_memory(struct rs_err *err, const char *namespace, const char *name)
{
	return rs_err_set(err, -ENOMEM, "out of memory while deleting \"%s/%s\"", namespace, name);
}

static void forget(struct rs_registry *registry, enum rs_kind kind, void *object, struct rs_changes *changes)
{
	rs_index_remove(&registry->kinds[kind], object);
	if (kind == RS_KIND_REVISION)
		rs_index_remove(&registry->revisions, object);
	rs_changes_delete(registry, changes, kind, object);
}

static int remove_service(struct rs_registry *registry, struct rs_service *service, struct rs_changes *changes,
			  struct rs_err *err)
{
	const char *namespace = service->metadata.namespace, *name = service->metadata.name;
	struct rs_configuration *configuration = rs_registry_configuration(registry, namespace, name);
	struct rs_model_route *route = rs_registry_route(registry, namespace, name);
	size_t first, end;

	rs_registry_revisions_of(registry, namespace, name, &first, &end);
	if (rs_changes_reserve(changes, end - first + 3 + 1 + RS_ROUTE_TARGETS_MAX + RS_CHANGES_COUNTERS) < 0)
		return out_of_memory(err, namespace, name);
	/* The way in first, what stands behind it afterwards. */
	if (route) {
		rs_vips_give_back(&registry->vips, route->vip);
		rs_changes_vip(changes, RS_CHANGE_VIP_REMOVE, route, "", route->vip);
		for (size_t i = 0; i < route->traffic.count; i++) {
			if (!route->traffic.targets[i].tag[0])
				continue;
			rs_vips_give_back(&registry->vips, route->tag_vip[i]);
			rs_changes_vip(changes, RS_CHANGE_VIP_REMOVE, route, route->traffic.targets[i].tag,
				       route->tag_vip[i]);
		}
		forget(registry, RS_KIND_ROUTE, route, changes);
	}
	while (end > first)
		forget(registry, RS_KIND_REVISION, registry->revisions.items[--end], changes);
	if (configuration)
		forget(registry, RS_KIND_CONFIGURATION, configuration, changes);
	forget(registry, RS_KIND_SERVICE, service, changes);
	rs_changes_counters(registry, changes);
	return 0;
}

/* Traffic may go to it: then it stays. */
static int check_revision(const struct rs_registry *registry, const struct rs_model_revision *revision,
			  struct rs_err *err)
{
	const char *namespace = revision->metadata.namespace, *name = revision->metadata.name;
	const struct rs_configuration *configuration =
		rs_registry_configuration(registry, namespace, revision->configuration);

	if (revision->routing_state == RS_ROUTING_ACTIVE)
		return rs_err_set(err, -EBUSY,
				  "Revision \"%s/%s\" is named by Route \"%s\": take it out of spec.traffic first",
				  namespace, name, revision->service);
	if (configuration && strcmp(configuration->latest_ready, name) == 0)
		return rs_err_set(
			err, -EBUSY,
			"Revision \"%s/%s\" is the latest ready one of Configuration \"%s\", which traffic to "
			"the latest goes to; delete the Service, or make a newer revision first",
			namespace, name, revision->configuration);
	return 0;
}

static int remove_revision(struct rs_registry *registry, struct rs_model_revision *revision, struct rs_changes *changes,
			   struct rs_err *err)
{
	const char *namespace = revision->metadata.namespace, *name = revision->metadata.name;

	if (rs_changes_reserve(changes, 1 + RS_CHANGES_COUNTERS) < 0)
		return out_of_memory(err, namespace, name);
	forget(registry, RS_KIND_REVISION, revision, changes);
	rs_changes_counters(registry, changes);
	return 0;
}

int rs_registry_check_remove(const struct rs_registry *registry, enum rs_kind kind, const char *namespace,
			     const char *name, struct rs_err *err)
{
	const void *object = rs_registry_find(registry, kind, namespace, name);

	if (!object)
		return rs_err_set(err, -ENOENT, "%s \"%s/%s\" not found", rs_kind_text(kind), namespace, name);
	switch (kind) {
	case RS_KIND_SERVICE:
		return 0;
	case RS_KIND_REVISION:
		return check_revision(registry, object, err);
	case RS_KIND_CONFIGURATION:
	case RS_KIND_ROUTE:
		return rs_err_set(err, -EPERM,
				  "%s \"%s/%s\" belongs to the Service of its name and goes with it: delete that",
				  rs_kind_text(kind), namespace, name);
	case RS_KIND_COUNT:
		break;
	}
	return -EINVAL;
}

int rs_registry_remove(struct rs_registry *registry, enum rs_kind kind, const char *namespace, const char *name,
		       uint64_t now_wall_ns, struct rs_changes *ret_changes, struct rs_err *err)
{
	int r = rs_registry_check_remove(registry, kind, namespace, name, err);
	void *object;

	(void)now_wall_ns;
	*ret_changes = (struct rs_changes){0};
	if (r < 0)
		return r;
	object = rs_registry_find(registry, kind, namespace, name);
	return kind == RS_KIND_SERVICE ? remove_service(registry, object, ret_changes, err)
				       : remove_revision(registry, object, ret_changes, err);
}
