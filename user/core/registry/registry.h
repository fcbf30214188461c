/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The set of objects in memory, and what an `apply` means. Pure: no clock, no
 * store, no wire. The caller persists what each call says it has changed.
 *
 *	rs_registry_new -> load_object, load_vip, load_counter ... -> load_done -> apply, remove, mark_ready ...
 *
 * Objects are owned by the registry. Pointers stay valid until the object is
 * removed; an applied Service keeps its address from version to version.
 * A Service owns one Configuration and one Route of its name, and the
 * Revisions of that Configuration.
 */
#ifndef RS_CORE_REGISTRY_REGISTRY_H
#define RS_CORE_REGISTRY_REGISTRY_H

#include "core/model/model.h"

struct rs_registry;

enum rs_change_op {
	RS_CHANGE_UPSERT,     /* object: write it */
	RS_CHANGE_DELETE,     /* object: forget it. The last state stands in `object` until rs_changes_done() */
	RS_CHANGE_VIP_ADD,    /* vip belongs to namespace/name (a route) and tag ("" = the route itself) */
	RS_CHANGE_VIP_REMOVE, /* vip is free again */
	RS_CHANGE_COUNTER,    /* name = value */
};

struct rs_change {
	enum rs_change_op op;
	enum rs_kind kind; /* UPSERT, DELETE */
	bool is_new;	   /* UPSERT: the object did not exist (a watch's ADDED) */
	void *object;	   /* UPSERT: the registry's own; DELETE: owned by the list */
	char namespace[RS_NAME_SIZE];
	char name[RS_NAME_SIZE];
	char tag[RS_NAME_SIZE];
	uint32_t vip;
	uint64_t value;
};

/* What one call has changed, in the order to be written, for one transaction. An object is in it once. */
struct rs_changes {
	struct rs_change *items;
	size_t count;
	size_t capacity;
};

void rs_changes_done(struct rs_changes *changes);

enum rs_applied {
	RS_APPLIED_UNCHANGED,
	RS_APPLIED_CREATED,
	RS_APPLIED_CONFIGURED,
};

const char *rs_applied_text(enum rs_applied applied); /* "unchanged", "created", "configured" */

struct rs_registry_config {
	uint64_t uid_seed;  /* random: uids and generated names come from it */
	uint32_t vip_first; /* usable VIP indexes: first .. first + count - 1 */
	uint32_t vip_count;
};

int rs_registry_new(const struct rs_registry_config *config, struct rs_registry **ret_registry);
struct rs_registry *rs_registry_free(struct rs_registry *registry);

/* Loading what the store has, in any order. Objects are owned from the call on, also on failure. */
int rs_registry_load_object(struct rs_registry *registry, enum rs_kind kind, void *object, struct rs_err *err);
int rs_registry_load_vip(struct rs_registry *registry, uint32_t vip, const char *namespace, const char *route,
			 const char *tag, struct rs_err *err);
/* Unknown names are ignored: an older agent has no use for a newer one's. */
int rs_registry_load_counter(struct rs_registry *registry, const char *name, uint64_t value);
/* Checks that everything fits together and gives the routes their VIPs. */
int rs_registry_load_done(struct rs_registry *registry, struct rs_err *err);

/*
 * Changes are made in two steps. prepare_... works out what is to change and holds the VIPs that it takes; the caller
 * puts rs_transaction_changes() on the disk, and then either commits, which cannot fail, or abandons, and nothing has
 * happened. In between the service is busy: another prepare_... for it is refused with -EINPROGRESS, so that its
 * changes are made in the order in which they were asked for. Changes of different services do not wait for each
 * other.
 */
struct rs_transaction;

/* UPSERT: the object's next state; DELETE: the object as it still is. */
const struct rs_changes *rs_transaction_changes(const struct rs_transaction *transaction);
const char *rs_transaction_namespace(const struct rs_transaction *transaction);
const char *rs_transaction_service(const struct rs_transaction *transaction);
/* Makes the changes, and tells them: UPSERT has the registry's own object, DELETE the last state. Both end the
 * transaction. */
void rs_transaction_commit(struct rs_transaction *transaction, struct rs_changes *ret_changes);
void rs_transaction_abandon(struct rs_transaction *transaction);
/* A change of that service waits for its commit. */
bool rs_registry_is_busy(const struct rs_registry *registry, const char *namespace, const char *service);

/*
 * Creates or updates. `service` has been parsed and validated, and is owned by the registry from the call on, also
 * on failure. Its metadata: uid, generation and creation time are the registry's business. Without a change there is
 * no transaction (NULL).
 *
 * Errors, each with a sentence: -EEXIST conflict (HTTP 409: resourceVersion is not the current one, or the name
 * belongs to another kind's owner), -EINVAL refused (a revision name that does not begin with "NAME-", that exists
 * with another template, a traffic target that names a revision which is not there), -ENOSPC a maximum is reached,
 * -EINPROGRESS, -ENOMEM. On failure nothing has changed.
 */
int rs_registry_prepare_apply(struct rs_registry *registry, struct rs_service *service, uint64_t now_wall_ns,
			      struct rs_transaction **ret_transaction, enum rs_applied *ret_applied,
			      struct rs_err *err);
/* The same with the commit, for those who keep nothing. */
int rs_registry_apply(struct rs_registry *registry, struct rs_service *service, uint64_t now_wall_ns,
		      struct rs_changes *ret_changes, enum rs_applied *ret_applied, struct rs_err *err);

/* The same without the change: what apply would answer, and what the service would be (owned by the caller, without a
 * status; as it was given when that is unchanged). */
int rs_registry_dry_run(struct rs_registry *registry, struct rs_service *service, uint64_t now_wall_ns,
			struct rs_service **ret_service, enum rs_applied *ret_applied, struct rs_err *err);

/* Deletes a Service with all its objects (kind SERVICE), or one Revision that no route names (kind REVISION:
 * -EBUSY with the reason otherwise). -ENOENT when there is none; -EPERM for the other kinds, which a Service owns. */
int rs_registry_prepare_remove(struct rs_registry *registry, enum rs_kind kind, const char *namespace, const char *name,
			       struct rs_transaction **ret_transaction, struct rs_err *err);
int rs_registry_remove(struct rs_registry *registry, enum rs_kind kind, const char *namespace, const char *name,
		       struct rs_changes *ret_changes, struct rs_err *err);

/* The same without the change. */
int rs_registry_check_remove(const struct rs_registry *registry, enum rs_kind kind, const char *namespace,
			     const char *name, struct rs_err *err);

/* The revision is ready: makes it the configuration's latest ready one if it is newer than that.
 * Returns 1 when that has moved the latest (traffic has to be planned again), 0 when not, -ENOMEM or -EINPROGRESS
 * (nothing moved). */
int rs_registry_prepare_ready(struct rs_registry *registry, const struct rs_model_revision *revision,
			      uint64_t now_wall_ns, struct rs_transaction **ret_transaction);
int rs_registry_mark_ready(struct rs_registry *registry, struct rs_model_revision *revision, uint64_t now_wall_ns,
			   struct rs_changes *ret_changes);

/* Status is the agent's to set and is not persisted, but watchers want a new resourceVersion: gives the object one.
 * No change to persist comes of it. */
void rs_registry_touch(struct rs_registry *registry, enum rs_kind kind, void *object);

/* The version given last: what a list is as of. */
uint64_t rs_registry_version(const struct rs_registry *registry);
/* The next one, for what is not the registry's but is watched beside it: instances. */
uint64_t rs_registry_next_version(struct rs_registry *registry);
/* A transaction of the counters alone: for when much status has moved on and no object was written for long. NULL when
 * out of memory. */
struct rs_transaction *rs_registry_prepare_checkpoint(struct rs_registry *registry);

enum rs_touch {
	RS_TOUCH_NEW,
	RS_TOUCH_CHANGED,
	RS_TOUCH_DELETED, /* the object is whole for the last time */
};

/* Has `observe` called each time that an object gets a new version, in the order of the versions; `was` is the one that
 * it had before (0 = none). It may call rs_registry_touch(), and changes nothing else. */
void rs_registry_observe(struct rs_registry *registry,
			 void (*observe)(void *user, enum rs_touch touch, enum rs_kind kind, void *object,
					 uint64_t was),
			 void *user);

/* Looking up. NULL when there is none. */
void *rs_registry_find(const struct rs_registry *registry, enum rs_kind kind, const char *namespace, const char *name);
struct rs_service *rs_registry_service(const struct rs_registry *registry, const char *namespace, const char *name);
struct rs_configuration *rs_registry_configuration(const struct rs_registry *registry, const char *namespace,
						   const char *name);
struct rs_model_revision *rs_registry_revision(const struct rs_registry *registry, const char *namespace,
					       const char *name);
struct rs_model_route *rs_registry_route(const struct rs_registry *registry, const char *namespace, const char *name);

/* Calls `each` for every object of the kind, sorted by namespace and name (namespace NULL = all); stops at the first
 * non-zero return and returns it. The registry must not be changed from inside. */
int rs_registry_each(const struct rs_registry *registry, enum rs_kind kind, const char *namespace,
		     int (*each)(void *user, void *object), void *user);
/* The same from behind `after` (a namespace and a name; both NULL = from the start) on. That object need not be there.
 */
int rs_registry_each_after(const struct rs_registry *registry, enum rs_kind kind, const char *namespace,
			   const char *after_namespace, const char *after_name, int (*each)(void *user, void *object),
			   void *user);
/* The same for the revisions of one service. */
int rs_registry_each_revision(const struct rs_registry *registry, const char *namespace, const char *service,
			      int (*each)(void *user, struct rs_model_revision *revision), void *user);
size_t rs_registry_count(const struct rs_registry *registry, enum rs_kind kind);

/* Recomputes the conditions of a service and of its configuration, route and revisions from their facts, and gives
 * those that changed a new version. `changed` (may be NULL) is called for each: feed watchers from it. */
void rs_registry_conditions(struct rs_registry *registry, const char *namespace, const char *service,
			    uint64_t now_wall_ns, void (*changed)(void *user, enum rs_kind kind, void *object),
			    void *user);

#endif
