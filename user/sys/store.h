/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store: what must survive kill -9 and power loss, in one SQLite file (WAL,
 * synchronous=FULL). One thread writes, so that no fsync stands in front of a
 * wake; what was queued meanwhile goes into one transaction. It knows nothing
 * of what the JSON says.
 */
#ifndef RS_SYS_STORE_H
#define RS_SYS_STORE_H

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/err.h"

#define RS_STORE_SCHEMA		 1
#define RS_STORE_QUEUE_MAX	 1024		     /* commits that wait */
#define RS_STORE_QUEUE_BYTES_MAX (256 * 1024 * 1024) /* of all of them */
#define RS_STORE_OPS_MAX	 8192		     /* of one commit: a service with all its revisions */
#define RS_STORE_EVENT_QUEUE_MAX 1024		     /* events that wait; more are dropped and counted */
#define RS_STORE_EVENTS_MAX	 4096		     /* rows of the ring */

struct rs_store;

/* Opens or creates. `event` may be NULL for tools that only load and list: then the file must exist, and an agent may
 * have it at the same time. Errors say what to do: another agent has it (-EBUSY), not a store or damaged (-EUCLEAN), a
 * newer schema (-EPROTONOSUPPORT), disk full (-ENOSPC). */
int rs_store_open(const char *path, sd_event *event, struct rs_store **ret_store, struct rs_err *err);
/* Writes what is queued, reports it, closes. Accepts NULL; returns NULL. */
struct rs_store *rs_store_free(struct rs_store *store);

struct rs_store_object {
	const char *kind; /* as rs_kind_text() */
	const char *namespace;
	const char *name;
	const char *uid;
	int64_t generation;
	uint64_t resource_version;
	const char *json;
};

/* Called for every row: objects in the order in which they were made, then vips, then counters. Strings are borrowed.
 * Non-zero stops the load. */
struct rs_store_loader {
	int (*object)(void *user, const struct rs_store_object *object, struct rs_err *err);
	int (*vip)(void *user, uint32_t vip, const char *namespace, const char *route, const char *tag,
		   struct rs_err *err);
	int (*counter)(void *user, const char *name, uint64_t value, struct rs_err *err);
};

/* Everything, synchronously: at start, before the first commit. */
int rs_store_load(struct rs_store *store, const struct rs_store_loader *loader, void *user, struct rs_err *err);

enum rs_store_op_type {
	RS_STORE_PUT_OBJECT,	/* object: all of it */
	RS_STORE_DELETE_OBJECT, /* object: kind, namespace, name */
	RS_STORE_PUT_VIP,	/* vip, object.namespace, object.name (the route), tag */
	RS_STORE_DELETE_VIP,	/* vip */
	RS_STORE_PUT_COUNTER,	/* object.name = value */
};

struct rs_store_op {
	enum rs_store_op_type type;
	struct rs_store_object object;
	const char *tag;
	uint32_t vip;
	uint64_t value;
};

/* Queues one atomic commit; everything is copied. `done` (may be NULL) is called on the event loop: code 0 means that
 * it is on the disk, otherwise nothing of it is. -EAGAIN when the queue is full, -E2BIG for too many ops, -EROFS for
 * a tool's store. The order of calls is the order of commits and of `done`. */
int rs_store_commit(struct rs_store *store, const struct rs_store_op *ops, size_t count,
		    void (*done)(void *user, int code, const struct rs_err *err), void *user, struct rs_err *err);

struct rs_store_event {
	uint64_t id; /* rises; 0 when appending */
	uint64_t wall_ns;
	const char *type; /* "Normal", "Warning" */
	const char *kind;
	const char *namespace;
	const char *name;
	const char *reason;
	const char *message;
	uint32_t count; /* times it happened in a row: a repeat of its object's last event replaces that one */
};

/* Queues an event; it is written with the next commit, at the latest after some 200 ms. -EAGAIN when dropped. */
int rs_store_append_event(struct rs_store *store, const struct rs_store_event *event);
/* Calls back on the loop whenever events have been written. */
void rs_store_listen(struct rs_store *store, void (*on_events)(void *user), void *user);
uint64_t rs_store_events_dropped(const struct rs_store *store);
/* Written events with an id above `after`, oldest first, at most `limit`, filtered by namespace, kind and name where
 * these are not NULL. Returns their number; non-zero from `each` stops. Fast (some ms): may run on the loop. */
int rs_store_list_events(struct rs_store *store, uint64_t after, size_t limit, const char *namespace, const char *kind,
			 const char *name, int (*each)(void *user, const struct rs_store_event *event), void *user,
			 struct rs_err *err);

#endif
