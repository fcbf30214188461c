// SPDX-License-Identifier: BSD-2-Clause
/*
 * From the traffic block of a route to the dataplane: the main VIP and one VIP
 * for each tag. A VIP's index in the range is also the number of its entry in
 * the map `routes`. What already stands there is not written again, because an
 * update restarts the sequence that the weights are counted by.
 */
#include "agent/route/external.h"
#include "agent/route/ports.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/route/sticky.h"
#include "core/route/traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is written for one VIP. */
struct rs_leg {
	const struct rs_model_route *route; /* the registry's, which forgets the VIP before it frees the route */
	struct rs_access *access;	    /* of the route, at its main VIP alone */
	enum rs_ip_families families;
	size_t port_count;
	struct rs_vip_port ports[]; /* frontends, of each of the families */
};

/* The frontends of all revisions that a VIP leads to. */
struct frontends {
	enum rs_ip_families families;
	size_t count;
	struct rs_vip_port ports[1 + RS_VIP_PORTS_MAX * RS_ROUTE_TARGETS_MAX];
};

/* Every VIP has it beside its ports: that it is there, for echo requests. */
static const struct rs_vip_port echo_port = {.number = 0};

static struct rs_frontend_key frontend_of(const struct rs_agent *agent, uint32_t vip, enum rs_family family,
					  const struct rs_vip_port *port)
{
	const struct rs_address address = rs_agent_vip(agent->options, vip, family);
	uint8_t protocol = port->is_udp ? RS_PROTOCOL_UDP : RS_PROTOCOL_TCP;
	if (port->number == echo_port.number)
		protocol = family == RS_V4 ? RS_PROTOCOL_ICMP : RS_PROTOCOL_ICMPV6;
	return rs_dp_frontend(&address, port->number, protocol);
}

struct planning {
	struct rs_agent *agent;
	const struct rs_model_route *route;
};

static bool exists(void *user, const char *revision)
{
	const struct planning *planning = user;
	const struct rs_model_revision *found =
		rs_registry_revision(planning->agent->registry, planning->route->metadata.namespace, revision);
	return found && strcmp(found->service, planning->route->metadata.name) == 0;
}

static bool has_port(const struct rs_vip_port *ports, size_t count, const struct rs_vip_port *port)
{
	for (size_t i = 0; i < count; i++) {
		if (ports[i].number == port->number && ports[i].is_udp == port->is_udp)
			return true;
	}
	return false;
}

/* One port of the VIP leads to one place in the list of ports, whichever revision is picked: the first of them that has
 * the port says to which. */
static void add_ports(struct frontends *frontends, const struct rs_container *container)
{
	struct rs_vip_port ports[RS_VIP_PORTS_MAX];
	size_t count = rs_container_vip_ports(container, ports);
	for (size_t i = 0; i < count; i++) {
		if (!has_port(frontends->ports, frontends->count, &ports[i]) &&
		    frontends->count < rs_array_length(frontends->ports))
			frontends->ports[frontends->count++] = ports[i];
	}
}

static bool has_frontend(const struct rs_leg *leg, enum rs_family family, const struct rs_vip_port *port)
{
	return rs_ip_families_has(leg->families, family) && has_port(leg->ports, leg->port_count, port);
}

/* How many entries of the map it takes. NULL takes none. */
static unsigned frontends_of(const struct rs_leg *leg)
{
	enum rs_family families[RS_FAMILIES];
	return leg ? (unsigned)leg->port_count * rs_ip_families_list(leg->families, families) : 0;
}

static int set_frontends(struct rs_agent *agent, uint32_t vip, const struct rs_leg *leg)
{
	enum rs_family families[RS_FAMILIES];
	unsigned count = rs_ip_families_list(leg->families, families);
	int r = 0;
	for (size_t i = 0; r == 0 && i < count * leg->port_count; i++) {
		const struct rs_vip_port *port = &leg->ports[i / count];
		const struct rs_frontend_key key = frontend_of(agent, vip, families[i % count], port);
		r = rs_dp_frontend_set(agent->dp, &key, vip, port->index);
	}
	return r;
}

/* Those of the leg, but not those that `kept` has as well; that may be NULL. */
static void delete_frontends(struct rs_agent *agent, uint32_t vip, const struct rs_leg *leg, const struct rs_leg *kept)
{
	enum rs_family families[RS_FAMILIES];
	unsigned count = rs_ip_families_list(leg->families, families);
	for (size_t i = 0; i < count * leg->port_count; i++) {
		const struct rs_vip_port *port = &leg->ports[i / count];
		const struct rs_frontend_key key = frontend_of(agent, vip, families[i % count], port);
		if (!kept || !has_frontend(kept, families[i % count], port))
			rs_dp_frontend_delete(agent->dp, &key);
	}
}

/* Frontends of `wanted` stand, those of the old leg that are not in it are gone. */
static int write_frontends(struct rs_agent *agent, uint32_t vip, const struct rs_model_route *route,
			   const struct frontends *wanted)
{
	const size_t bytes = wanted->count * sizeof(*wanted->ports);
	struct rs_leg *old = agent->legs[vip], *leg = malloc(sizeof(*leg) + bytes);
	if (!leg)
		return -ENOMEM;
	*leg = (struct rs_leg){
		.route = route,
		.access = old ? old->access : NULL,
		.families = wanted->families,
		.port_count = wanted->count,
	};
	memcpy(leg->ports, wanted->ports, bytes);
	int r = set_frontends(agent, vip, leg);
	if (r < 0) {
		free(leg);
		return r;
	}
	if (old)
		delete_frontends(agent, vip, old, leg);
	agent->route_count += !old;
	agent->frontend_count += frontends_of(leg) - frontends_of(old);
	free(old);
	agent->legs[vip] = leg;
	return 0;
}

static int write_route(struct rs_agent *agent, uint32_t vip, struct rs_route *value)
{
	struct rs_route standing;
	if (rs_dp_route_get(agent->dp, vip, &standing) == 0) {
		value->generation = standing.generation;
		value->sequence = standing.sequence;
		value->denied_ns = standing.denied_ns;
		value->denied = standing.denied;
		if (memcmp(&standing, value, sizeof(standing)) == 0)
			return 0;
		value->generation++;
		/* Who may reach it is no matter of weights. */
		if (memcmp(standing.target, value->target, sizeof(value->target)) != 0 ||
		    memcmp(standing.slot, value->slot, sizeof(value->slot)) != 0)
			value->sequence = 0;
	}
	return rs_dp_route_set(agent->dp, vip, value);
}

/* The slots of a route whose clients keep their revision: as few move as can be, from what stands in the dataplane,
 * whichever agent wrote it. */
static void keep_clients(struct rs_agent *agent, const struct rs_model_route *route, const struct rs_traffic_leg *leg,
			 uint32_t vip, struct rs_route *value)
{
	struct rs_route standing;
	uint8_t percents[RS_ROUTE_TARGETS_MAX] = {0};
	value->flags |= RS_ROUTE_STICKY;
	value->seed = rs_sticky_seed(route->metadata.uid);
	for (size_t i = 0; i < leg->count; i++)
		percents[i] = leg->shares[i].percent;
	if (rs_dp_route_get(agent->dp, vip, &standing) < 0 || !(standing.flags & RS_ROUTE_STICKY) ||
	    standing.seed != value->seed) {
		rs_sticky_slots(NULL, percents, leg->count, value->slot);
		return;
	}
	for (size_t slot = 0; slot < RS_ROUTE_SLOTS; slot++) {
		uint32_t owner = standing.slot[slot] < RS_ROUTE_TARGETS_MAX ? standing.target[standing.slot[slot]] : 0;
		size_t i = 0;
		while (i < leg->count && value->target[i] != owner)
			i++;
		value->slot[slot] = i < leg->count ? (uint8_t)i : RS_STICKY_NONE;
	}
	rs_sticky_slots(value->slot, percents, leg->count, value->slot);
}

static bool is_reached(const struct rs_agent *agent, const struct rs_metadata *metadata,
		       enum rs_ip_families *ret_families)
{
	return rs_metadata_reached_by(metadata, agent->options->ip_families, agent->options->has_v6, ret_families);
}

static int write_leg(struct rs_agent *agent, const struct rs_model_route *route, const struct rs_traffic_leg *leg,
		     uint32_t vip, const struct rs_access *access, struct rs_err *err)
{
	struct rs_route value = {0};
	struct frontends frontends;
	frontends.ports[0] = echo_port;
	frontends.count = 1;
	rs_access_fill(access, &value);
	if (!is_reached(agent, &route->metadata, &frontends.families))
		return rs_err_set(err, -EAFNOSUPPORT,
				  "route %s is to be reached over IPv6 alone (%s), which there is not",
				  route->metadata.name, RS_ANNOTATION_IP_FAMILIES);
	if (vip == RS_VIP_NONE || vip >= agent->leg_count)
		return rs_err_set(err, -ENOSPC, "route %s has no address", route->metadata.name);
	for (size_t i = 0; i < leg->count; i++) {
		struct rs_model_revision *revision =
			rs_registry_revision(agent->registry, route->metadata.namespace, leg->shares[i].revision);
		struct rs_workload *workload = NULL;
		int r = rs_workload_get(agent, revision, &workload, err);
		if (r < 0)
			return r;
		value.target[i] = workload->id;
		add_ports(&frontends, &revision->template->container);
	}
	if (rs_metadata_is_sticky(&route->metadata))
		keep_clients(agent, route, leg, vip, &value);
	else
		memcpy(value.slot, leg->slots, sizeof(value.slot));
	/* The route stands before a frontend leads to it. */
	int r = write_route(agent, vip, &value);
	if (r == 0)
		r = write_frontends(agent, vip, route, &frontends);
	return r < 0 ? rs_err_set(err, r, "cannot write the maps routes and frontends: %s", strerror(-r)) : 0;
}

static int name_leg(struct rs_agent *agent, const struct rs_model_route *route, const char *tag, uint32_t vip)
{
	char name[3 * RS_NAME_SIZE];
	snprintf(name, sizeof(name), "%s%s%s.%s.rouse", tag, tag[0] ? "-" : "", route->metadata.name,
		 route->metadata.namespace);
	return rs_names_set(agent, name, vip, agent->legs[vip]->families);
}

/* The list first, then all that name it, then the old list goes. A leg that could not be written and still names that
 * one lets nobody in any more. */
static int write_legs(struct rs_agent *agent, struct rs_model_route *route, const struct rs_traffic_plan *plan,
		      struct rs_err *err)
{
	struct rs_leg *main_leg = route->vip < agent->leg_count ? agent->legs[route->vip] : NULL;
	struct rs_access *standing = main_leg ? main_leg->access : NULL, *access;
	int r = rs_access_make(agent, route, standing, &access, err);
	if (r < 0)
		return r; /* what stands stays */
	for (size_t i = 0; i < plan->count && r == 0; i++) {
		const struct rs_traffic_leg *leg = &plan->legs[i];
		uint32_t vip = leg->tag[0] ? route->tag_vip[leg->target] : route->vip;
		r = write_leg(agent, route, leg, vip, access, err);
		if (r == 0)
			r = name_leg(agent, route, leg->tag, vip);
	}
	main_leg = route->vip < agent->leg_count ? agent->legs[route->vip] : NULL;
	if (!main_leg) {
		if (r < 0)
			rs_access_remove(agent, access);
		return r;
	}
	if (access != standing) {
		main_leg->access = access;
		rs_access_remove(agent, standing);
	}
	return r < 0 ? r : rs_external_apply(agent, route, &plan->legs[0], err);
}

int rs_routing_apply(struct rs_agent *agent, struct rs_model_route *route, struct rs_err *err)
{
	struct planning planning = {.agent = agent, .route = route};
	const struct rs_configuration *configuration =
		rs_registry_configuration(agent->registry, route->metadata.namespace, route->metadata.name);
	struct rs_traffic_input input = {
		.traffic = &route->traffic,
		.configuration = route->metadata.name,
		.latest_ready = configuration ? configuration->latest_ready : "",
		.latest_created = configuration ? configuration->latest_created : "",
		.exists = exists,
		.user = &planning,
	};
	rs_auto_free struct rs_traffic_plan *plan = calloc(1, sizeof(*plan));
	if (!plan)
		return rs_err_set(err, -ENOMEM, "out of memory");
	int r = rs_traffic_plan_make(&input, plan, &route->status.all_traffic_assigned);
	if (r < 0)
		return rs_err_set(err, r, "%s", rs_fact_message(&route->status.all_traffic_assigned));
	r = write_legs(agent, route, plan, err);
	if (r < 0) {
		rs_fact_set(&route->status.ingress_ready, RS_FALSE, "DataplaneFailed", "%s", err ? err->message : "");
	} else {
		rs_fact_set_true(&route->status.ingress_ready);
		r = rs_traffic_resolve(&input, &route->status.traffic, route->status.latest);
	}
	rs_registry_conditions(agent->registry, route->metadata.namespace, route->metadata.name, rs_wall_ns(), NULL,
			       NULL);
	return r;
}

void rs_routing_forget(struct rs_agent *agent, uint32_t vip)
{
	if (vip >= agent->leg_count)
		return;
	struct rs_leg *leg = agent->legs[vip];
	if (leg)
		delete_frontends(agent, vip, leg, NULL);
	rs_external_forget(agent, vip);
	rs_dp_route_delete(agent->dp, vip);
	rs_names_remove(agent, vip);
	if (leg) {
		rs_access_remove(agent, leg->access);
		agent->frontend_count -= frontends_of(leg);
		agent->route_count--;
	}
	free(leg);
	agent->legs[vip] = NULL;
}

const struct rs_model_route *rs_routing_route(const struct rs_agent *agent, uint32_t vip)
{
	const struct rs_leg *leg = vip < agent->leg_count ? agent->legs[vip] : NULL;
	return leg ? leg->route : NULL;
}

/* --- room ------------------------------------------------------------------------------------------------------- */

static bool has_tag(const struct rs_model_route *route, const char *tag)
{
	for (size_t i = 0; route && i < route->traffic.count; i++) {
		if (rs_str_equal(route->traffic.targets[i].tag, tag))
			return true;
	}
	return false;
}

bool rs_view_port(cJSON *array, unsigned port, bool is_udp)
{
	cJSON *item = cJSON_CreateObject();
	if (!cJSON_AddItemToArray(array, item)) {
		cJSON_Delete(item);
		return false;
	}
	return cJSON_AddNumberToObject(item, "port", port) &&
	       cJSON_AddStringToObject(item, "protocol", rs_port_protocol_text(is_udp));
}

bool rs_routing_view_ports(const struct rs_agent *agent, const struct rs_model_route *route, cJSON *status)
{
	const struct rs_leg *leg = route->vip < agent->leg_count ? agent->legs[route->vip] : NULL;
	cJSON *rouse = cJSON_GetObjectItemCaseSensitive(status, "rouse"), *list = NULL;
	for (size_t i = 0; rouse && leg && i < leg->port_count; i++) {
		if (leg->ports[i].number == echo_port.number)
			continue;
		if (!list)
			list = cJSON_AddArrayToObject(rouse, "ports");
		if (!rs_view_port(list, leg->ports[i].number, leg->ports[i].is_udp))
			return false;
	}
	return true;
}

static int check_map(const char *map, unsigned used, unsigned more, unsigned max, const char *advice,
		     struct rs_err *err)
{
	if (used + more <= max)
		return 0;
	return rs_err_set(err, -ENOSPC, "the dataplane's map %s has %u of %u entries, %u more are needed: %s", map,
			  used, max, more, advice);
}

int rs_routing_check_room(struct rs_agent *agent, const struct rs_service *service, struct rs_err *err)
{
	static const char advice[] = "delete services or tags, or start roused with a larger --max-routes after "
				     "`rouse cleanup`";
	const struct rs_dp_sizes sizes = rs_dp_sizes(agent->dp);
	const struct rs_metadata *metadata = &service->metadata;
	const struct rs_model_route *route = rs_registry_route(agent->registry, metadata->namespace, metadata->name);
	const struct rs_configuration *configuration =
		rs_registry_configuration(agent->registry, metadata->namespace, metadata->name);
	unsigned routes = !route;
	for (size_t i = 0; i < service->traffic.count; i++) {
		const char *tag = service->traffic.targets[i].tag;
		routes += *tag && !has_tag(route, tag);
	}
	struct rs_vip_port ports[1 + RS_VIP_PORTS_MAX] = {echo_port};
	const unsigned port_count = 1 + (unsigned)rs_container_vip_ports(&service->template->container, ports + 1);
	const struct rs_leg *leg = route && route->vip < agent->leg_count ? agent->legs[route->vip] : NULL;
	enum rs_ip_families reached = RS_IPV4;
	enum rs_family families[RS_FAMILIES];
	is_reached(agent, metadata, &reached);
	const unsigned family_count = rs_ip_families_list(reached, families);
	unsigned frontends = routes * port_count * family_count;
	for (unsigned i = 0; leg && i < port_count * family_count; i++)
		frontends += !has_frontend(leg, families[i % family_count], &ports[i / family_count]);
	int r = check_map("routes", agent->route_count, routes, sizes.routes, advice, err);
	if (r == 0)
		r = check_map("frontends", agent->frontend_count, frontends, sizes.frontends, advice, err);
	if (r == 0 && (!configuration || !rs_template_equal(configuration->template, service->template)) &&
	    !rs_dp_revision_free_entry(agent->dp))
		r = check_map("revisions", sizes.revisions, 1, sizes.revisions,
			      "delete services or revisions, or start roused with a larger --max-revisions after "
			      "`rouse cleanup`",
			      err);
	return r;
}

void rs_routing_free(struct rs_agent *agent)
{
	/* What stands in the dataplane stays there. */
	for (uint32_t i = 0; agent->legs && i < agent->leg_count; i++) {
		if (agent->legs[i])
			free(agent->legs[i]->access);
		free(agent->legs[i]);
	}
	free(agent->legs);
	agent->legs = NULL;
}

/* --- what an earlier agent wrote -------------------------------------------------------------------------------- */

#define STALE_BATCH 256

/* Collected first, deleted afterwards: deleting while iterating would start the iteration over. */
struct stale {
	const struct rs_agent *agent;
	struct rs_frontend_key frontends[STALE_BATCH];
	unsigned routes[STALE_BATCH];
	size_t frontend_count;
	size_t route_count;
};

static int find_stale_frontend(void *user, const struct rs_frontend_key *key, unsigned route)
{
	struct stale *stale = user;
	const struct rs_leg *leg = route < stale->agent->leg_count ? stale->agent->legs[route] : NULL;
	const struct rs_vip_port port = {ntohs(key->port), key->protocol == RS_PROTOCOL_UDP, 0};
	enum rs_family family = rs_address_family(&key->address);
	const struct rs_address address = rs_agent_vip(stale->agent->options, route, family);
	if (leg && rs_address_equal(&address, &key->address) && has_frontend(leg, family, &port))
		return 0;
	if (rs_external_owns(stale->agent, key, route))
		return 0;
	stale->frontends[stale->frontend_count++] = *key;
	return stale->frontend_count == STALE_BATCH;
}

static int find_stale_route(void *user, unsigned route)
{
	struct stale *stale = user;
	if (route < stale->agent->leg_count && stale->agent->legs[route])
		return 0;
	stale->routes[stale->route_count++] = route;
	return stale->route_count == STALE_BATCH;
}

void rs_routing_sweep(struct rs_agent *agent)
{
	rs_auto_free struct stale *stale = calloc(1, sizeof(*stale));
	if (!stale)
		return;
	stale->agent = agent;
	do {
		stale->frontend_count = stale->route_count = 0;
		rs_dp_frontend_each(agent->dp, find_stale_frontend, stale);
		for (size_t i = 0; i < stale->frontend_count; i++) {
			rs_dp_frontend_delete(agent->dp, &stale->frontends[i]);
		}
		rs_dp_route_each(agent->dp, find_stale_route, stale);
		for (size_t i = 0; i < stale->route_count; i++)
			rs_dp_route_delete(agent->dp, stale->routes[i]);
	} while (stale->frontend_count == STALE_BATCH || stale->route_count == STALE_BATCH);
}
