/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the registry: how a transaction is filled. registry.h says what it is for. */
#ifndef RS_CORE_REGISTRY_TRANSACTION_H
#define RS_CORE_REGISTRY_TRANSACTION_H

#include "core/registry/internal.h"

struct rs_transaction {
	struct rs_transaction *next; /* of the registry's pending ones */
	struct rs_registry *registry;
	bool has_begun;
	char namespace[RS_NAME_SIZE];
	char service[RS_NAME_SIZE];
	/* UPSERT: the next state, owned until the commit; DELETE: the registry's object. */
	struct rs_changes changes;
	bool *is_partial; /* of each change: a flat copy, of which the fields that the registry decides count */
};

/* With room for so many changes; they cannot fail any more. NULL when out of memory. */
struct rs_transaction *rs_transaction_new(struct rs_registry *registry, const char *namespace, const char *service,
					  size_t capacity);
/* Takes the object over. */
void rs_transaction_upsert(struct rs_transaction *transaction, enum rs_kind kind, void *object, bool is_new);
/* Copies to be changed: of a revision the routing state counts, of a configuration the latest ready revision.
 * NULL when out of memory. */
struct rs_model_revision *rs_transaction_revision(struct rs_transaction *transaction,
						  const struct rs_model_revision *revision);
struct rs_configuration *rs_transaction_configuration(struct rs_transaction *transaction,
						      const struct rs_configuration *configuration);
/* It is complete: its service is busy until the commit. */
void rs_transaction_begin(struct rs_transaction *transaction);

#endif
