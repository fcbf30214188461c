/* SPDX-License-Identifier: BSD-2-Clause */
/* Deleting a service with all that it owns, or one revision. */
#include <errno.h>
#include <string.h>

#include "core/registry/transaction.h"

static int out_of_memory(struct rs_err *err, const char *namespace, const char *name)
{
	return rs_err_set(err, -ENOMEM, "out of memory while deleting \"%s/%s\"", namespace, name);
}

static int remove_service(struct rs_registry *registry, struct rs_service *service,
			  struct rs_transaction **ret_transaction, struct rs_err *err)
{
	const char *namespace = service->metadata.namespace, *name = service->metadata.name;
	struct rs_configuration *configuration = rs_registry_configuration(registry, namespace, name);
	struct rs_model_route *route = rs_registry_route(registry, namespace, name);
	struct rs_changes *changes;
	size_t first, end;

	rs_registry_revisions_of(registry, namespace, name, &first, &end);
	*ret_transaction = rs_transaction_new(registry, namespace, name,
					      end - first + 3 + 1 + RS_ROUTE_TARGETS_MAX + RS_CHANGES_COUNTERS);
	if (!*ret_transaction)
		return out_of_memory(err, namespace, name);
	changes = &(*ret_transaction)->changes;
	/* The way in first, what stands behind it afterwards. */
	if (route) {
		rs_changes_vip(changes, RS_CHANGE_VIP_REMOVE, route, "", route->vip);
		for (size_t i = 0; i < route->traffic.count; i++) {
			if (!route->traffic.targets[i].tag[0])
				continue;
			rs_changes_vip(changes, RS_CHANGE_VIP_REMOVE, route, route->traffic.targets[i].tag,
				       route->tag_vip[i]);
		}
		rs_changes_delete(changes, RS_KIND_ROUTE, route);
	}
	while (end > first)
		rs_changes_delete(changes, RS_KIND_REVISION, registry->revisions.items[--end]);
	if (configuration)
		rs_changes_delete(changes, RS_KIND_CONFIGURATION, configuration);
	rs_changes_delete(changes, RS_KIND_SERVICE, service);
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

static int remove_revision(struct rs_registry *registry, struct rs_model_revision *revision,
			   struct rs_transaction **ret_transaction, struct rs_err *err)
{
	const char *namespace = revision->metadata.namespace, *name = revision->metadata.name;

	*ret_transaction = rs_transaction_new(registry, namespace, revision->service, 1 + RS_CHANGES_COUNTERS);
	if (!*ret_transaction)
		return out_of_memory(err, namespace, name);
	rs_changes_delete(&(*ret_transaction)->changes, RS_KIND_REVISION, revision);
	return 0;
}

int rs_registry_check_remove(const struct rs_registry *registry, enum rs_kind kind, const char *namespace,
			     const char *name, struct rs_err *err)
{
	const void *object = rs_registry_find(registry, kind, namespace, name);

	if (!object)
		return rs_err_set(err, -ENOENT, "%s \"%s\" not found in the namespace \"%s\"", rs_kind_text(kind), name,
				  namespace);
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

int rs_registry_prepare_remove(struct rs_registry *registry, enum rs_kind kind, const char *namespace, const char *name,
			       struct rs_transaction **ret_transaction, struct rs_err *err)
{
	int r = rs_registry_check_remove(registry, kind, namespace, name, err);
	const char *service = name;
	void *object;

	if (r < 0)
		return r;
	object = rs_registry_find(registry, kind, namespace, name);
	if (kind == RS_KIND_REVISION)
		service = ((struct rs_model_revision *)object)->service;
	if (rs_registry_is_busy(registry, namespace, service))
		return rs_registry_refuse_busy(namespace, service, err);
	r = kind == RS_KIND_SERVICE ? remove_service(registry, object, ret_transaction, err)
				    : remove_revision(registry, object, ret_transaction, err);
	if (r == 0)
		rs_transaction_begin(*ret_transaction);
	return r;
}

int rs_registry_remove(struct rs_registry *registry, enum rs_kind kind, const char *namespace, const char *name,
		       struct rs_changes *ret_changes, struct rs_err *err)
{
	struct rs_transaction *transaction;
	int r = rs_registry_prepare_remove(registry, kind, namespace, name, &transaction, err);

	*ret_changes = (struct rs_changes){0};
	if (r == 0)
		rs_transaction_commit(transaction, ret_changes);
	return r;
}
