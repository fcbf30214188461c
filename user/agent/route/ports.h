/* SPDX-License-Identifier: BSD-2-Clause */
/* The ports of a service's address, for people. */
#ifndef RS_AGENT_ROUTE_PORTS_H
#define RS_AGENT_ROUTE_PORTS_H

#include "agent/agent.h"

#include <cjson/cJSON.h>

/* Adds to a route's status the ports of its VIP that lead somewhere, as they stand in the dataplane. False without
 * memory. In routing.c. */
bool rs_routing_view_ports(const struct rs_agent *agent, const struct rs_model_route *route, cJSON *status);
/* Appends {port, protocol}. False without memory, or without an array. */
bool rs_view_port(cJSON *array, unsigned port, bool is_udp);

#endif
