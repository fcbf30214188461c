/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of what a call has changed. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/str.h"
#include "core/registry/internal.h"

void rs_changes_done(struct rs_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		if (changes->items[i].op == RS_CHANGE_DELETE)
			rs_object_free(changes->items[i].kind, changes->items[i].object);
	free(changes->items);
	*changes = (struct rs_changes){0};
}

int rs_changes_reserve(struct rs_changes *changes, size_t capacity)
{
	*changes = (struct rs_changes){0};
	changes->items = calloc(capacity, sizeof(*changes->items));
	if (!changes->items)
		return -ENOMEM;
	changes->capacity = capacity;
	return 0;
}

static struct rs_change *append(struct rs_changes *changes, enum rs_change_op op)
{
	struct rs_change *change = &changes->items[changes->count];

	assert(changes->count < changes->capacity);
	changes->count++;
	*change = (struct rs_change){.op = op};
	return change;
}

static void add_object(struct rs_changes *changes, enum rs_change_op op, enum rs_kind kind, void *object, bool is_new)
{
	const struct rs_metadata *metadata = rs_object_metadata(kind, object);
	struct rs_change *change = append(changes, op);

	change->kind = kind;
	change->object = object;
	change->is_new = is_new;
	rs_str_copy(change->namespace, sizeof(change->namespace), metadata->namespace);
	rs_str_copy(change->name, sizeof(change->name), metadata->name);
}

void rs_changes_upsert(struct rs_registry *registry, struct rs_changes *changes, enum rs_kind kind, void *object,
		       bool is_new)
{
	/* What is written needs a version. The one that is seen it gets at the commit: versions rise in that order. */
	rs_object_metadata(kind, object)->resource_version = ++registry->version;
	add_object(changes, RS_CHANGE_UPSERT, kind, object, is_new);
}

void rs_changes_delete(struct rs_changes *changes, enum rs_kind kind, void *object)
{
	add_object(changes, RS_CHANGE_DELETE, kind, object, false);
}

void rs_changes_vip(struct rs_changes *changes, enum rs_change_op op, const struct rs_model_route *route,
		    const char *tag, uint32_t vip)
{
	struct rs_change *change = append(changes, op);

	change->vip = vip;
	rs_str_copy(change->namespace, sizeof(change->namespace), route->metadata.namespace);
	rs_str_copy(change->name, sizeof(change->name), route->metadata.name);
	rs_str_copy(change->tag, sizeof(change->tag), tag);
}

static void add_counter(struct rs_changes *changes, const char *name, uint64_t value)
{
	struct rs_change *change = append(changes, RS_CHANGE_COUNTER);

	change->value = value;
	rs_str_copy(change->name, sizeof(change->name), name);
}

void rs_changes_counters(struct rs_registry *registry, struct rs_changes *changes)
{
	add_counter(changes, RS_COUNTER_VERSION, registry->version);
	add_counter(changes, RS_COUNTER_VIP_NEXT, registry->vips.next);
}
