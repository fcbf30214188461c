// SPDX-License-Identifier: BSD-2-Clause
#include "agent/route/external.h"
#include "agent/route/ports.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/model/external.h"
#include "core/model/families.h"
#include "sys/addresses.h"
#include "sys/timer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Addresses change in bursts. */
#define LOOK_AFTER_US 2000
/* Beyond these a node is a router: each costs an entry of `frontends` for every external port. */
#define ADDRESSES_MAX 1024

/* A port of the node that is a route's. */
struct claim {
	struct rs_external_port port;
	uint8_t index; /* of rs_instance.port */
	uint32_t vip;
	enum rs_ip_families families; /* of the service: at addresses of others it is not reached */
};

struct rs_external {
	struct rs_agent *agent;
	int socket;
	sd_event_source *source;
	sd_event_source *timer;
	struct rs_address *addresses;
	size_t address_count, address_capacity;
	struct claim *claims;
	size_t claim_count, claim_capacity;
};

/* --- claims ----------------------------------------------------------------------------------------------------- */

static bool is_same(const struct rs_external_port *a, const struct rs_external_port *b)
{
	return a->number == b->number && a->is_udp == b->is_udp;
}

static struct claim *find(const struct rs_external *external, const struct rs_external_port *port)
{
	for (size_t i = 0; external && i < external->claim_count; i++) {
		if (is_same(&external->claims[i].port, port))
			return &external->claims[i];
	}
	return NULL;
}

static uint8_t protocol_of(const struct rs_external_port *port)
{
	return port->is_udp ? RS_PROTOCOL_UDP : RS_PROTOCOL_TCP;
}

static bool is_reached_at(const struct claim *claim, const struct rs_address *address)
{
	return rs_ip_families_has(claim->families, rs_address_family(address));
}

static void delete_frontend(struct rs_agent *agent, const struct claim *claim, const struct rs_address *address)
{
	const struct rs_frontend_key key = rs_dp_frontend(address, claim->port.number, protocol_of(&claim->port));
	rs_dp_frontend_delete(agent->dp, &key);
}

/* Or none, where it is not reached. */
static int write_frontend(struct rs_agent *agent, const struct claim *claim, const struct rs_address *address)
{
	if (!is_reached_at(claim, address)) {
		delete_frontend(agent, claim, address);
		return 0;
	}
	const struct rs_frontend_key key = rs_dp_frontend(address, claim->port.number, protocol_of(&claim->port));
	return rs_dp_frontend_set(agent->dp, &key, claim->vip, claim->index);
}

/* Frontends first: from the mark on, packets are looked up. */
static int write_claim(struct rs_external *external, const struct claim *claim)
{
	for (size_t i = 0; i < external->address_count; i++) {
		int r = write_frontend(external->agent, claim, &external->addresses[i]);
		if (r < 0)
			return r;
	}
	return rs_dp_external_set(external->agent->dp, claim->port.number, protocol_of(&claim->port), true);
}

/* The mark stays until the agent starts anew: by it the dataplane finds the connections that are open. */
static void drop(struct rs_external *external, struct claim *claim)
{
	for (size_t i = 0; i < external->address_count; i++)
		delete_frontend(external->agent, claim, &external->addresses[i]);
	*claim = external->claims[--external->claim_count];
}

void rs_external_forget(struct rs_agent *agent, uint32_t vip)
{
	struct rs_external *external = agent->external;
	for (size_t i = external ? external->claim_count : 0; i > 0; i--) {
		if (external->claims[i - 1].vip == vip)
			drop(external, &external->claims[i - 1]);
	}
}

static void drop_unwanted(struct rs_external *external, uint32_t vip, const struct rs_external_ports *wanted)
{
	for (size_t i = external->claim_count; i > 0; i--) {
		struct claim *claim = &external->claims[i - 1];
		bool is_wanted = false;
		for (size_t k = 0; k < wanted->count; k++)
			is_wanted |= is_same(&claim->port, &wanted->items[k]);
		if (claim->vip == vip && !is_wanted)
			drop(external, claim);
	}
}

/* --- what is refused -------------------------------------------------------------------------------------------- */

static int refuse_owner(const struct rs_agent *agent, const struct claim *claim, struct rs_err *err)
{
	const struct rs_model_route *owner = rs_routing_route(agent, claim->vip);
	return rs_err_set(err, -EINVAL, "metadata.annotations[%s]: %u/%s is the service %s/%s's",
			  RS_ANNOTATION_EXTERNAL_PORT, claim->port.number,
			  rs_external_protocol_text(claim->port.is_udp), owner ? owner->metadata.namespace : "?",
			  owner ? owner->metadata.name : "?");
}

static int refuse_container(const struct rs_external_port *port, struct rs_err *err)
{
	const char *protocol = rs_port_protocol_text(port->is_udp);
	if (!port->container)
		return rs_err_set(err, -EINVAL, "metadata.annotations[%s]: %u/%s: the container has no %s port",
				  RS_ANNOTATION_EXTERNAL_PORT, port->number, rs_external_protocol_text(port->is_udp),
				  protocol);
	return rs_err_set(err, -EINVAL, "metadata.annotations[%s]: %u: the container has no %s port %u",
			  RS_ANNOTATION_EXTERNAL_PORT, port->number, protocol, port->container);
}

int rs_external_check(const struct rs_agent *agent, const struct rs_service *service, struct rs_err *err)
{
	const struct rs_metadata *metadata = &service->metadata;
	const struct rs_model_route *route = rs_registry_route(agent->registry, metadata->namespace, metadata->name);
	const struct rs_port_range *range = &agent->options->external_ports;
	struct rs_external_ports ports;
	int r = rs_metadata_external_ports(metadata, &ports, err);
	for (size_t i = 0; r == 0 && i < ports.count; i++) {
		const struct rs_external_port *port = &ports.items[i];
		const struct claim *claim = find(agent->external, port);
		if (port->number < range->first || port->number > range->last)
			r = rs_err_set(err, -EINVAL,
				       "metadata.annotations[%s]: %u is not in %u-%u, the agent's external-port-range",
				       RS_ANNOTATION_EXTERNAL_PORT, port->number, range->first, range->last);
		else if (rs_external_port_index(port, &service->template->container) < 0)
			r = refuse_container(port, err);
		else if (claim && (!route || claim->vip != route->vip))
			r = refuse_owner(agent, claim, err);
	}
	return r;
}

/* --- routes ----------------------------------------------------------------------------------------------------- */

static int apply_port(struct rs_external *external, const struct claim *wanted, struct rs_err *err)
{
	struct claim *claim = find(external, &wanted->port);
	if (claim && claim->vip != wanted->vip)
		return refuse_owner(external->agent, claim, err);
	if (!claim) {
		struct claim *grown =
			rs_grow(external->claims, external->claim_count, &external->claim_capacity, sizeof(*grown));
		if (!grown)
			return rs_err_set(err, -ENOMEM, "out of memory");
		external->claims = grown;
		claim = &external->claims[external->claim_count++];
	}
	*claim = *wanted;
	int r = write_claim(external, claim);
	return r < 0 ? rs_err_set(err, r, "cannot write the maps frontends and external: %s", strerror(-r)) : 0;
}

static int index_of(const struct rs_agent *agent, const struct rs_model_route *route, const struct rs_traffic_leg *leg,
		    const struct rs_external_port *port)
{
	int index = -1;
	for (size_t i = 0; index < 0 && i < leg->count; i++) {
		const struct rs_model_revision *revision =
			rs_registry_revision(agent->registry, route->metadata.namespace, leg->shares[i].revision);
		if (revision)
			index = rs_external_port_index(port, &revision->template->container);
	}
	return index;
}

int rs_external_apply(struct rs_agent *agent, const struct rs_model_route *route, const struct rs_traffic_leg *leg,
		      struct rs_err *err)
{
	struct rs_external_ports ports;
	struct claim claim = {.vip = route->vip};
	int r = rs_metadata_external_ports(&route->metadata, &ports, err);
	if (r < 0 || !rs_metadata_reached_by(&route->metadata, agent->options->ip_families, agent->options->has_v6,
					     &claim.families))
		return r; /* one that is not reached at all has no routes either */
	drop_unwanted(agent->external, route->vip, &ports);
	for (size_t i = 0; i < ports.count; i++) {
		int index = index_of(agent, route, leg, &ports.items[i]);
		claim.port = ports.items[i];
		claim.index = (uint8_t)index;
		int failed = index < 0 ? refuse_container(&claim.port, err) : apply_port(agent->external, &claim, err);
		r = failed < 0 ? failed : r;
	}
	return r;
}

bool rs_external_owns(const struct rs_agent *agent, const struct rs_frontend_key *key, uint32_t vip)
{
	const struct rs_external *external = agent->external;
	const struct rs_external_port port = {.number = ntohs(key->port), .is_udp = key->protocol == RS_PROTOCOL_UDP};
	const struct claim *claim = find(external, &port);
	if (!claim || claim->vip != vip || !is_reached_at(claim, &key->address))
		return false;
	for (size_t i = 0; i < external->address_count; i++) {
		if (rs_address_equal(&external->addresses[i], &key->address))
			return true;
	}
	return false;
}

static bool is_claimed(void *user, unsigned short number, unsigned char protocol)
{
	const struct rs_external_port port = {.number = number, .is_udp = protocol == RS_PROTOCOL_UDP};
	return find(user, &port) != NULL;
}

void rs_external_sweep(struct rs_agent *agent)
{
	rs_dp_external_sweep(agent->dp, is_claimed, agent->external);
}

bool rs_external_view(const struct rs_agent *agent, const struct rs_model_route *route, cJSON *status)
{
	const struct rs_external *external = agent->external;
	cJSON *rouse = cJSON_GetObjectItemCaseSensitive(status, "rouse"), *list = NULL;
	for (size_t i = 0; rouse && external && i < external->claim_count; i++) {
		const struct claim *claim = &external->claims[i];
		if (claim->vip != route->vip)
			continue;
		if (!list)
			list = cJSON_AddArrayToObject(rouse, "externalPorts");
		if (!rs_view_port(list, claim->port.number, claim->port.is_udp))
			return false;
	}
	return true;
}

/* --- the node's addresses ---------------------------------------------------------------------------------------- */

struct look {
	struct rs_external *external;
	struct rs_address *addresses;
	size_t count, capacity;
};

/* Services and instances have addresses of their own; rouse0's is the node's face for those on it, who have the VIP. */
static bool is_ours(const struct rs_agent *agent, const char *link, const struct rs_address *address)
{
	const struct rs_ranges ranges = rs_agent_ranges(agent->options);
	const enum rs_family family = rs_address_family(address);
	const struct rs_range range = {.address = *address, .bits = 128};
	return rs_str_equal(link, agent->link.outer) || rs_range_overlaps(ranges.vip[family], range) ||
	       rs_range_overlaps(ranges.instances[family], range);
}

static int on_address(void *user, const char *link, const struct rs_address *address)
{
	struct look *look = user;
	/* Instances have no address that could take it. */
	if (rs_address_family(address) == RS_V6 && !look->external->agent->options->has_v6)
		return 0;
	if (is_ours(look->external->agent, link, address) || look->count == ADDRESSES_MAX)
		return 0;
	for (size_t i = 0; i < look->count; i++) {
		if (rs_address_equal(&look->addresses[i], address))
			return 0; /* two links of one address */
	}
	struct rs_address *grown = rs_grow(look->addresses, look->count, &look->capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	look->addresses = grown;
	look->addresses[look->count++] = *address;
	return 0;
}

static bool has(const struct rs_address *addresses, size_t count, const struct rs_address *address)
{
	for (size_t i = 0; i < count; i++) {
		if (rs_address_equal(&addresses[i], address))
			return true;
	}
	return false;
}

static void address_comes(struct rs_external *external, const struct rs_address *address)
{
	for (size_t i = 0; i < external->claim_count; i++) {
		int r = write_frontend(external->agent, &external->claims[i], address);
		if (r < 0)
			rs_log_errno(r, "cannot make an address of the node lead to a service port=%u",
				     external->claims[i].port.number);
	}
}

static void address_goes(struct rs_external *external, const struct rs_address *address)
{
	for (size_t i = 0; i < external->claim_count; i++)
		delete_frontend(external->agent, &external->claims[i], address);
}

static int look_at_addresses(struct rs_external *external, struct rs_err *err)
{
	struct look look = {.external = external};
	int r = rs_addresses_each(on_address, &look, err);
	if (r < 0) {
		free(look.addresses);
		return r == -ENOMEM ? rs_err_set(err, r, "out of memory") : r;
	}
	for (size_t i = 0; i < external->address_count; i++) {
		if (!has(look.addresses, look.count, &external->addresses[i]))
			address_goes(external, &external->addresses[i]);
	}
	for (size_t i = 0; i < look.count; i++) {
		if (!has(external->addresses, external->address_count, &look.addresses[i]))
			address_comes(external, &look.addresses[i]);
	}
	free(external->addresses);
	external->addresses = look.addresses;
	external->address_count = look.count;
	external->address_capacity = look.capacity;
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_err err = {0};
	(void)source;
	(void)usec;
	if (look_at_addresses(user, &err) < 0)
		rs_error("external ports stay as they are error=%s", rs_log_value(err.message));
	return 0;
}

static int on_news(sd_event_source *source, int fd, uint32_t revents, void *user)
{
	struct rs_external *external = user;
	(void)source;
	(void)revents;
	if (rs_addresses_news_read(fd) && !rs_timer_is_set(external->timer))
		return rs_timer_after(external->agent->event, &external->timer, LOOK_AFTER_US, 0, on_timer, external);
	return 0;
}

int rs_external_start(struct rs_agent *agent, struct rs_err *err)
{
	struct rs_external *external = calloc(1, sizeof(*external));
	if (!external)
		return rs_err_set(err, -ENOMEM, "out of memory");
	agent->external = external;
	external->agent = agent;
	/* News first: what changes during the first look is not missed. */
	external->socket = rs_addresses_news_open();
	int r = external->socket;
	if (r >= 0)
		r = sd_event_add_io(agent->event, &external->source, external->socket, EPOLLIN, on_news, external);
	if (r < 0)
		return rs_err_set(err, r, "cannot follow the node's addresses: %s", strerror(-r));
	return look_at_addresses(external, err);
}

struct rs_external *rs_external_free(struct rs_external *external)
{
	if (!external)
		return NULL;
	sd_event_source_unref(external->source);
	sd_event_source_unref(external->timer);
	if (external->socket >= 0)
		close(external->socket);
	free(external->addresses);
	free(external->claims);
	free(external);
	return NULL;
}
