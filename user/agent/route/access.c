// SPDX-License-Identifier: BSD-2-Clause
/*
 * Who may reach a service: its list in the dataplane, and what is told of those
 * who may not.
 *
 * A route's list has one of two numbers, made of the number of its address. A
 * new list is written whole under the one that is free, then its routes are
 * switched to it, then the old one goes: every packet meets the old list or the
 * new one. A restarted agent keeps the lists that it would write.
 */
#include "agent/agent.h"

#include "base/mem.h"
#include "base/str.h"
#include "core/model/access.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct rs_access {
	unsigned list; /* 0 = none: anyone may */
	unsigned flags;
	struct rs_allow_from ranges;
};

static unsigned list_number(uint32_t vip, unsigned which)
{
	return 1 + 2 * vip + which;
}

/* The number that does not stand in the dataplane, whoever wrote what does. */
static unsigned free_number(struct rs_agent *agent, uint32_t vip)
{
	struct rs_route standing;
	bool is_first = rs_dp_route_get(agent->dp, vip, &standing) == 0 && standing.allowed == list_number(vip, 0);
	return list_number(vip, is_first);
}

static void remove_list(struct rs_agent *agent, const struct rs_access *access, size_t count)
{
	for (size_t i = 0; access->list && i < count; i++) {
		const struct rs_range *range = &access->ranges.items[i];
		if (rs_dp_allowed_remove(agent->dp, access->list, &range->address, range->bits) == 0)
			agent->allowed_count--;
	}
}

static int write_list(struct rs_agent *agent, struct rs_access *access, struct rs_err *err)
{
	for (size_t i = 0; i < access->ranges.count; i++) {
		const struct rs_range *range = &access->ranges.items[i];
		int r = rs_dp_allowed_add(agent->dp, access->list, &range->address, range->bits);
		if (r < 0) {
			remove_list(agent, access, i);
			return rs_err_set(err, r, "cannot write the map allowed: %s", strerror(-r));
		}
		agent->allowed_count++;
	}
	return 0;
}

void rs_access_fill(const struct rs_access *access, struct rs_route *route)
{
	route->allowed = access ? access->list : 0;
	route->flags = access ? access->flags : 0;
}

struct rs_access *rs_access_remove(struct rs_agent *agent, struct rs_access *access)
{
	if (access)
		remove_list(agent, access, access->ranges.count);
	free(access);
	return NULL;
}

int rs_access_check_room(const struct rs_agent *agent, const struct rs_metadata *metadata, struct rs_err *err)
{
	struct rs_allow_from ranges;
	unsigned max = rs_dp_sizes(agent->dp).allowed;
	const struct rs_model_route *route = rs_registry_route(agent->registry, metadata->namespace, metadata->name);
	const char *wanted = rs_pairs_get(&metadata->annotations, RS_ANNOTATION_ALLOW_FROM);
	const char *standing = route ? rs_pairs_get(&route->metadata.annotations, RS_ANNOTATION_ALLOW_FROM) : NULL;
	if (!wanted || rs_str_equal(wanted, standing))
		return 0;
	int r = rs_metadata_allow_from(metadata, &ranges, err);
	if (r < 0)
		return r;
	/* The old list stands beside the new one until it is switched. */
	if (agent->allowed_count + ranges.count > max)
		return rs_err_set(err, -ENOSPC,
				  "metadata.annotations[%s]: %zu ranges are too many for the map allowed, which has %u "
				  "of %u: shorten lists, or start roused with a larger --max-allowed after `rouse "
				  "cleanup`",
				  RS_ANNOTATION_ALLOW_FROM, ranges.count, agent->allowed_count, max);
	return 0;
}

/* --- what an earlier agent wrote -------------------------------------------------------------------------------- */

static int remember(void *user, const struct rs_allowed_key *key)
{
	struct rs_access_left *left = user;
	struct rs_allowed_key *grown = rs_grow(left->keys, left->count, &left->capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	left->keys = grown;
	left->keys[left->count++] = *key;
	return 0;
}

static int compare_lists(const void *a, const void *b)
{
	const struct rs_allowed_key *x = a, *y = b;
	return x->list < y->list ? -1 : x->list > y->list;
}

/* The routes of tags name the list of their service's address, which names it too. */
static bool is_list_used(struct rs_agent *agent, unsigned list)
{
	struct rs_route route;
	return list && rs_dp_route_get(agent->dp, (list - 1) / 2, &route) == 0 && route.allowed == list;
}

int rs_access_sweep(struct rs_agent *agent)
{
	struct rs_access_left *left = &agent->access_left;
	left->count = 0;
	int r = rs_dp_allowed_each(agent->dp, remember, left);
	if (r < 0)
		return r;
	size_t kept = 0;
	for (size_t i = 0; i < left->count; i++) {
		const struct rs_allowed_key *key = &left->keys[i];
		if (is_list_used(agent, key->list))
			left->keys[kept++] = *key;
		else
			rs_dp_allowed_remove(agent->dp, key->list, &key->address,
					     key->prefix_bits - RS_ALLOWED_LIST_BITS);
	}
	left->count = kept;
	qsort(left->keys, kept, sizeof(*left->keys), compare_lists);
	return 0;
}

void rs_access_left_done(struct rs_agent *agent)
{
	free(agent->access_left.keys);
	agent->access_left = (struct rs_access_left){0};
}

static bool has_range(const struct rs_allowed_key *key, const struct rs_allow_from *ranges)
{
	for (size_t i = 0; i < ranges->count; i++) {
		if (key->prefix_bits == RS_ALLOWED_LIST_BITS + ranges->items[i].bits &&
		    rs_address_equal(&key->address, &ranges->items[i].address))
			return true;
	}
	return false;
}

/* The number of the list that stands for the address since before a restart, when it is the one that is wanted. */
static unsigned left_list(const struct rs_agent *agent, uint32_t vip, const struct rs_allow_from *wanted)
{
	const struct rs_access_left *left = &agent->access_left;
	for (unsigned which = 0; which < 2; which++) {
		struct rs_allowed_key any = {.list = list_number(vip, which)};
		const struct rs_allowed_key *found =
			left->count ? bsearch(&any, left->keys, left->count, sizeof(any), compare_lists) : NULL;
		if (!found)
			continue;
		const struct rs_allowed_key *end = left->keys + left->count;
		size_t count = 0;
		while (found > left->keys && found[-1].list == any.list)
			found--;
		for (; found < end && found->list == any.list && has_range(found, wanted); found++)
			count++;
		if (count == wanted->count && (found == end || found->list != any.list))
			return any.list;
	}
	return 0;
}

/* --- from manifest to dataplane ---------------------------------------------------------------------------------- */

int rs_access_make(struct rs_agent *agent, const struct rs_model_route *route, struct rs_access *standing,
		   struct rs_access **ret_access, struct rs_err *err)
{
	struct rs_allow_from ranges;
	int r = rs_metadata_allow_from(&route->metadata, &ranges, err);
	if (r < 0)
		return r;
	unsigned flags = rs_metadata_is_cluster_local(&route->metadata) ? RS_ROUTE_LOCAL : 0;
	if (standing && standing->flags == flags && rs_allow_from_equal(&standing->ranges, &ranges)) {
		*ret_access = standing;
		return 0;
	}
	*ret_access = NULL;
	if (!flags && !ranges.count)
		return 0; /* as most */
	rs_auto_free struct rs_access *access = malloc(sizeof(*access));
	if (!access)
		return rs_err_set(err, -ENOMEM, "out of memory");
	*access = (struct rs_access){.flags = flags, .ranges = ranges};
	access->list = ranges.count ? left_list(agent, route->vip, &ranges) : 0;
	if (access->list) {
		agent->allowed_count += (unsigned)ranges.count;
	} else if (ranges.count) {
		access->list = free_number(agent, route->vip);
		r = write_list(agent, access, err);
		if (r < 0)
			return r;
	}
	*ret_access = rs_take_ptr(access);
	return 0;
}

bool rs_access_view(const struct rs_agent *agent, const struct rs_model_route *route, cJSON *status)
{
	struct rs_route entry;
	cJSON *rouse = cJSON_GetObjectItemCaseSensitive(status, "rouse");
	if (!rouse || rs_dp_route_get(agent->dp, route->vip, &entry) < 0 ||
	    !(entry.allowed | (entry.flags & RS_ROUTE_LOCAL)))
		return true;
	return cJSON_AddNumberToObject(rouse, "deniedConnections", entry.denied) != NULL;
}

/* --- who was kept out ------------------------------------------------------------------------------------------- */

void rs_access_denied(struct rs_agent *agent, const struct rs_event *event)
{
	const struct rs_model_route *route = rs_routing_route(agent, event->route);
	char source[RS_ADDRESS_TEXT_MAX];
	if (!route)
		return;
	const struct rs_address node = rs_agent_node_address(agent->options, rs_address_family(&event->source));
	const char *who = rs_address_equal(&event->source, &node) ? " (this node itself)" : "";
	rs_address_print(&event->source, source);
	if (event->reason == RS_REASON_not_visible)
		rs_record(agent, "Warning", "NotVisible", route->metadata.namespace, "Service", route->metadata.name,
			  "a connection from %s%s was dropped: the service is cluster-local and %s is not on this "
			  "node (SYNs kept out so far: %u; told once a minute)",
			  source, who, source, event->denied);
	else
		rs_record(
			agent, "Warning", "NotAllowed", route->metadata.namespace, "Service", route->metadata.name,
			"a connection from %s%s was dropped: it is not in rouse.dev/allow-from (SYNs kept out so far: "
			"%u; told once a minute)",
			source, who, event->denied);
}
