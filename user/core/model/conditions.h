/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditions, computed from facts: pure. Each function recomputes the object's
 * `status.conditions`, keeps the time of those whose truth has not changed, and
 * returns true when anything visible has.
 */
#ifndef RS_CORE_MODEL_CONDITIONS_H
#define RS_CORE_MODEL_CONDITIONS_H

#include "core/model/model.h"

/* Ready = ResourcesAvailable + ContainerHealthy; Active is informational. */
bool rs_conditions_revision(struct rs_model_revision *revision, uint64_t now_wall_ns);
/* Ready = the latest created revision is ready. `latest` is that revision, NULL when it is gone. */
bool rs_conditions_configuration(struct rs_configuration *configuration, const struct rs_model_revision *latest,
				 uint64_t now_wall_ns);
/* Ready = AllTrafficAssigned + IngressReady. */
bool rs_conditions_route(struct rs_model_route *route, uint64_t now_wall_ns);
/* Ready = ConfigurationsReady + RoutesReady. */
bool rs_conditions_service(struct rs_service *service, const struct rs_configuration *configuration,
			   const struct rs_model_route *route, uint64_t now_wall_ns);

/* The condition of that type, or NULL. */
const struct rs_condition *rs_conditions_find(const struct rs_conditions *conditions, const char *type);
/* Truth of Ready; RS_UNKNOWN before the first computation. */
enum rs_truth rs_conditions_ready(const struct rs_conditions *conditions);

#endif
