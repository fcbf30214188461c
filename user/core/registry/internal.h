/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the registry share. */
#ifndef RS_CORE_REGISTRY_INTERNAL_H
#define RS_CORE_REGISTRY_INTERNAL_H

#include "core/registry/index.h"
#include "core/registry/registry.h"
#include "core/registry/vips.h"

#define RS_LABEL_SERVICE		  "serving.knative.dev/service"
#define RS_LABEL_SERVICE_UID		  "serving.knative.dev/serviceUID"
#define RS_LABEL_CONFIGURATION		  "serving.knative.dev/configuration"
#define RS_LABEL_CONFIGURATION_UID	  "serving.knative.dev/configurationUID"
#define RS_LABEL_CONFIGURATION_GENERATION "serving.knative.dev/configurationGeneration"

#define RS_COUNTER_VERSION  "resource_version"
#define RS_COUNTER_VIP_NEXT "vip_next"

/* A VIP that was loaded before its route. */
struct rs_loaded_vip {
	char namespace[RS_NAME_SIZE];
	char route[RS_NAME_SIZE];
	char tag[RS_NAME_SIZE];
	uint32_t vip;
};

struct rs_transaction;

struct rs_registry {
	struct rs_index kinds[RS_KIND_COUNT]; /* each owns its objects */
	struct rs_index revisions;	      /* the same revisions by namespace, service, name */
	struct rs_vips vips;
	uint64_t version;
	void (*observe)(void *user, enum rs_touch touch, enum rs_kind kind, void *object, uint64_t was);
	void *observe_user;
	uint64_t random;		/* state of the generator of uids and names */
	struct rs_transaction *pending; /* changes that wait for their commit */
	size_t pending_count;
	struct rs_loaded_vip *loaded;
	size_t loaded_count;
	size_t loaded_capacity;
};

/* Range of a service's revisions in registry->revisions. */
void rs_registry_revisions_of(const struct rs_registry *registry, const char *namespace, const char *service,
			      size_t *ret_first, size_t *ret_end);

/* Gives the object the next version, and tells the observer. */
void rs_registry_note(struct rs_registry *registry, enum rs_touch touch, enum rs_kind kind, void *object);

/* ids.c */
void rs_registry_make_uid(struct rs_registry *registry, char out[static RS_UID_SIZE]);
/* Appends five characters to the prefix, as Kubernetes does. */
void rs_registry_make_name(struct rs_registry *registry, const char *prefix, char out[static RS_NAME_SIZE]);

/* -EINPROGRESS, with a sentence. */
int rs_registry_refuse_busy(const char *namespace, const char *service, struct rs_err *err);

/* changes.c: the list is reserved first, so that nothing can fail once something has changed. */
int rs_changes_reserve(struct rs_changes *changes, size_t capacity);
void rs_changes_upsert(struct rs_registry *registry, struct rs_changes *changes, enum rs_kind kind, void *object,
		       bool is_new);
void rs_changes_delete(struct rs_changes *changes, enum rs_kind kind, void *object);
void rs_changes_vip(struct rs_changes *changes, enum rs_change_op op, const struct rs_model_route *route,
		    const char *tag, uint32_t vip);
void rs_changes_counters(struct rs_registry *registry, struct rs_changes *changes);
#define RS_CHANGES_COUNTERS 2

/* routing_state.c */
/* Finds which revisions the service's route names and lists those whose state moves. `created` (may be NULL) is listed
 * in any case, as new, and taken over. -ENOMEM. */
int rs_registry_route_revisions(struct rs_transaction *transaction, const struct rs_configuration *configuration,
				const struct rs_model_route *route, struct rs_model_revision *created,
				uint64_t now_wall_ns);
/* Kubernetes' times are whole seconds: what is kept must read back the same. */
uint64_t rs_registry_whole_seconds(uint64_t wall_ns);

#endif
