/* SPDX-License-Identifier: BSD-2-Clause */
/* An apply on its way: present and next states of a service's objects. */
#ifndef RS_CORE_REGISTRY_PLAN_H
#define RS_CORE_REGISTRY_PLAN_H

#include "core/registry/internal.h"

/* Next states are owned until they are committed; `old_...` are the registry's, NULL when there is none. */
struct rs_apply_plan {
	struct rs_registry *registry;
	struct rs_err *err;
	uint64_t now_wall_ns;
	struct rs_service *service, *old_service;
	struct rs_configuration *configuration, *old_configuration;
	struct rs_model_route *route, *old_route;
	struct rs_model_revision *revision; /* to be created, or NULL */
	bool is_new;
	bool template_changed, traffic_changed, metadata_changed;
	size_t revisions; /* of the service, before */
};

/* next.c: the next states, each from the present one and from the manifest. They fill err. */
void rs_apply_next_service(struct rs_apply_plan *plan);
int rs_apply_next_configuration(struct rs_apply_plan *plan);
/* The revision of a changed template: made, or found by the name that the manifest brings. */
int rs_apply_next_revision(struct rs_apply_plan *plan);
int rs_apply_next_route(struct rs_apply_plan *plan);
int rs_apply_out_of_memory(struct rs_apply_plan *plan);

#endif
