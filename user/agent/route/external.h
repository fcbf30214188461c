/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * External ports: ports of the node's own addresses that lead to a service
 * (rouse.dev/external-port). Who asks first has a port; it leads there at every
 * address that the node has, as those come and go.
 */
#ifndef RS_AGENT_ROUTE_EXTERNAL_H
#define RS_AGENT_ROUTE_EXTERNAL_H

#include "agent/agent.h"
#include "core/route/traffic.h"

/* Reads the node's addresses and follows them. Before the first route is applied. */
int rs_external_start(struct rs_agent *agent, struct rs_err *err);
struct rs_external *rs_external_free(struct rs_external *external);

/* -EINVAL with a sentence when the service as it would be asks for a port that is out of the configured
 * range, another service's, or leads to no port of its container. */
int rs_external_check(const struct rs_agent *agent, const struct rs_service *service, struct rs_err *err);

/* Makes the node's ports lead to the route as its metadata says; which port of the container that is, the first of
 * `leg`'s revisions says that has it. The same errors as above: who was first may have changed since the check. What
 * can be done is done. */
int rs_external_apply(struct rs_agent *agent, const struct rs_model_route *route, const struct rs_traffic_leg *leg,
		      struct rs_err *err);
/* The route at this VIP has no ports of the node any more. */
void rs_external_forget(struct rs_agent *agent, uint32_t vip);

/* Whether the frontend is one of these, of the route at this VIP: all others at the node's addresses are stale. */
bool rs_external_owns(const struct rs_agent *agent, const struct rs_frontend_key *key, uint32_t vip);
/* Once all routes have been applied: what an earlier agent marked as external and is not any more. */
void rs_external_sweep(struct rs_agent *agent);

/* Adds the addresses to a route's status. False without memory. */
bool rs_external_view(const struct rs_agent *agent, const struct rs_model_route *route, cJSON *status);

#endif
