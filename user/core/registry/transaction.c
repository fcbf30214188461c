/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A change that is worked out and not made yet: the next states of a service's
 * objects, beside the present ones. Between the two the caller puts them on
 * the disk; when that is refused nothing has to be taken back.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/registry/transaction.h"

struct rs_transaction *rs_transaction_new(struct rs_registry *registry, const char *namespace, const char *service,
					  size_t capacity)
{
	struct rs_transaction *transaction = calloc(1, sizeof(*transaction));

	if (!transaction)
		return NULL;
	transaction->registry = registry;
	rs_str_copy(transaction->namespace, sizeof(transaction->namespace), namespace);
	rs_str_copy(transaction->service, sizeof(transaction->service), service);
	transaction->is_partial = calloc(capacity, sizeof(*transaction->is_partial));
	if (!transaction->is_partial || rs_changes_reserve(&transaction->changes, capacity) < 0) {
		free(transaction->is_partial);
		free(transaction);
		return NULL;
	}
	return transaction;
}

void rs_transaction_upsert(struct rs_transaction *transaction, enum rs_kind kind, void *object, bool is_new)
{
	rs_changes_upsert(transaction->registry, &transaction->changes, kind, object, is_new);
}

static void *partial(struct rs_transaction *transaction, enum rs_kind kind, const void *object, size_t size)
{
	void *copy = malloc(size);

	if (!copy)
		return NULL;
	memcpy(copy, object, size);
	transaction->is_partial[transaction->changes.count] = true;
	rs_transaction_upsert(transaction, kind, copy, false);
	return copy;
}

struct rs_model_revision *rs_transaction_revision(struct rs_transaction *transaction,
						  const struct rs_model_revision *revision)
{
	return partial(transaction, RS_KIND_REVISION, revision, sizeof(*revision));
}

struct rs_configuration *rs_transaction_configuration(struct rs_transaction *transaction,
						      const struct rs_configuration *configuration)
{
	return partial(transaction, RS_KIND_CONFIGURATION, configuration, sizeof(*configuration));
}

void rs_transaction_begin(struct rs_transaction *transaction)
{
	struct rs_registry *registry = transaction->registry;

	rs_changes_counters(registry, &transaction->changes);
	transaction->next = registry->pending;
	registry->pending = transaction;
	registry->pending_count++;
	transaction->has_begun = true;
}

struct rs_transaction *rs_registry_prepare_checkpoint(struct rs_registry *registry)
{
	struct rs_transaction *transaction = rs_transaction_new(registry, "", "", RS_CHANGES_COUNTERS);

	if (transaction)
		rs_transaction_begin(transaction);
	return transaction;
}

static void unlink_transaction(struct rs_transaction *transaction)
{
	struct rs_registry *registry = transaction->registry;

	for (struct rs_transaction **at = &registry->pending; *at; at = &(*at)->next)
		if (*at == transaction) {
			*at = transaction->next;
			registry->pending_count--;
			return;
		}
}

bool rs_registry_is_busy(const struct rs_registry *registry, const char *namespace, const char *service)
{
	for (const struct rs_transaction *t = registry->pending; t; t = t->next)
		if (strcmp(t->service, service) == 0 && strcmp(t->namespace, namespace) == 0)
			return true;
	return false;
}

int rs_registry_refuse_busy(const char *namespace, const char *service, struct rs_err *err)
{
	return rs_err_set(err, -EINPROGRESS, "Service \"%s/%s\" is being changed at this moment: try again", namespace,
			  service);
}

const struct rs_changes *rs_transaction_changes(const struct rs_transaction *transaction)
{
	return &transaction->changes;
}

const char *rs_transaction_namespace(const struct rs_transaction *transaction)
{
	return transaction->namespace;
}

const char *rs_transaction_service(const struct rs_transaction *transaction)
{
	return transaction->service;
}

/* --- its end ---------------------------------------------------------------------------------------------------- */

#define SWAP(a, b)                                                                                                     \
	do {                                                                                                           \
		__typeof__(a) was_ = (a);                                                                              \
		(a) = (b);                                                                                             \
		(b) = was_;                                                                                            \
	} while (0)

/* What has been found out goes on while a change waits: status stays with the object. */
static void replace(enum rs_kind kind, void *object, void *next)
{
	switch (kind) {
	case RS_KIND_SERVICE:
		SWAP(*(struct rs_service *)object, *(struct rs_service *)next);
		SWAP(((struct rs_service *)object)->status, ((struct rs_service *)next)->status);
		break;
	case RS_KIND_CONFIGURATION:
		SWAP(*(struct rs_configuration *)object, *(struct rs_configuration *)next);
		SWAP(((struct rs_configuration *)object)->status, ((struct rs_configuration *)next)->status);
		break;
	case RS_KIND_ROUTE:
		SWAP(*(struct rs_model_route *)object, *(struct rs_model_route *)next);
		SWAP(((struct rs_model_route *)object)->status, ((struct rs_model_route *)next)->status);
		SWAP(((struct rs_model_route *)object)->user, ((struct rs_model_route *)next)->user);
		break;
	case RS_KIND_REVISION: /* they do not change but for their routing state */
	case RS_KIND_COUNT:
		break;
	}
	rs_object_metadata(kind, object)->resource_version = rs_object_metadata(kind, next)->resource_version;
	rs_object_free(kind, next);
}

static void take_part(enum rs_kind kind, void *object, void *next)
{
	if (kind == RS_KIND_REVISION) {
		struct rs_model_revision *revision = object;

		revision->routing_state = ((struct rs_model_revision *)next)->routing_state;
		revision->routing_state_wall_ns = ((struct rs_model_revision *)next)->routing_state_wall_ns;
	} else {
		struct rs_configuration *configuration = object;

		memcpy(configuration->latest_ready, ((struct rs_configuration *)next)->latest_ready,
		       sizeof(configuration->latest_ready));
	}
	free(next);
}

static void commit_upsert(struct rs_registry *registry, struct rs_change *change, bool is_partial)
{
	void *object = rs_registry_find(registry, change->kind, change->namespace, change->name);
	void *next = change->object;

	if (is_partial) {
		take_part(change->kind, object, next);
	} else if (object) {
		replace(change->kind, object, next);
	} else {
		object = next;
		rs_object_metadata(change->kind, object)->resource_version = 0;
		rs_index_insert(&registry->kinds[change->kind], object);
		if (change->kind == RS_KIND_REVISION)
			rs_index_insert(&registry->revisions, object);
	}
	rs_registry_note(registry, change->is_new ? RS_TOUCH_NEW : RS_TOUCH_CHANGED, change->kind, object);
	change->object = object;
}

static void commit_delete(struct rs_registry *registry, struct rs_change *change)
{
	rs_index_remove(&registry->kinds[change->kind], change->object);
	if (change->kind == RS_KIND_REVISION)
		rs_index_remove(&registry->revisions, change->object);
	/* A deletion has a version of its own: watchers see it in order. */
	rs_registry_note(registry, RS_TOUCH_DELETED, change->kind, change->object);
}

void rs_transaction_commit(struct rs_transaction *transaction, struct rs_changes *ret_changes)
{
	struct rs_registry *registry = transaction->registry;

	unlink_transaction(transaction);
	for (size_t i = 0; i < transaction->changes.count; i++) {
		struct rs_change *change = &transaction->changes.items[i];

		switch (change->op) {
		case RS_CHANGE_UPSERT:
			commit_upsert(registry, change, transaction->is_partial[i]);
			break;
		case RS_CHANGE_DELETE:
			commit_delete(registry, change);
			break;
		case RS_CHANGE_VIP_REMOVE:
			rs_vips_give_back(&registry->vips, change->vip);
			break;
		case RS_CHANGE_COUNTER:
			if (strcmp(change->name, RS_COUNTER_VERSION) == 0)
				change->value = registry->version;
			break;
		case RS_CHANGE_VIP_ADD: /* taken at the beginning, so that nobody else gets it */
			break;
		}
	}
	*ret_changes = transaction->changes;
	free(transaction->is_partial);
	free(transaction);
}

void rs_transaction_abandon(struct rs_transaction *transaction)
{
	if (!transaction)
		return;
	if (transaction->has_begun)
		unlink_transaction(transaction);
	for (size_t i = 0; i < transaction->changes.count; i++) {
		const struct rs_change *change = &transaction->changes.items[i];

		if (change->op == RS_CHANGE_UPSERT && transaction->is_partial[i])
			free(change->object);
		else if (change->op == RS_CHANGE_UPSERT)
			rs_object_free(change->kind, change->object);
		else if (change->op == RS_CHANGE_VIP_ADD)
			rs_vips_give_back(&transaction->registry->vips, change->vip);
	}
	free(transaction->changes.items);
	free(transaction->is_partial);
	free(transaction);
}
