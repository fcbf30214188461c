// SPDX-License-Identifier: BSD-2-Clause
/* Which hook stands on which interface, and why, or why none does: by the kernel's word, not by what was once done. */
#include "agent/health/health.h"

#include "base/str.h"
#include "rt/names.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>

/* What an interface is to us. */
struct role {
	const char *as; /* "client", "uplink", "host", "instance"; NULL = none of them */
	enum rs_way way;
	char why[400];
};

static const char *way_name(enum rs_way way)
{
	return way == RS_WAY_PEER ? "peer" : way == RS_WAY_NEIGH ? "neigh" : way == RS_WAY_HOST ? "host" : "stack";
}

static void explain_none(const struct rs_agent *agent, const struct rs_link_info *link, struct role *role)
{
	const struct rs_interface_option *named = rs_options_interface(agent->options, link->name);
	struct rs_agent_tag tag;
	if (named && named->carry == RS_CARRY_OFF) {
		snprintf(role->why, sizeof(role->why), "--interface says off");
		return;
	}
	char master[IF_NAMESIZE];
	switch (link->kind) {
	case RS_LINK_LOOPBACK:
		snprintf(role->why, sizeof(role->why), "loopback: clients on this host come in by %s",
			 agent->link.inner);
		break;
	case RS_LINK_AGENT:
		if (rs_agent_tag_parse(link->alias, &tag) == 0)
			snprintf(role->why, sizeof(role->why), "the front door of another agent (--run-dir %.180s)",
				 tag.run_dir);
		else
			snprintf(role->why, sizeof(role->why), "another agent's");
		break;
	case RS_LINK_SANDBOX:
		snprintf(role->why, sizeof(role->why), "an instance of another agent");
		break;
	case RS_LINK_BARE:
		if (link->master && if_indextoname(link->master, master))
			snprintf(role->why, sizeof(role->why), "a port of %s: that one carries it", master);
		else
			snprintf(role->why, sizeof(role->why), "it has no address");
		break;
	case RS_LINK_UPLINK:
		snprintf(role->why, sizeof(role->why), "physical: name it with --interface to serve clients behind it");
		break;
	case RS_LINK_CLIENT:
		snprintf(role->why, sizeof(role->why), "not among those that --interface names");
		break;
	case RS_LINK_KIND_COUNT:
		break;
	}
}

static struct role role_of(const struct rs_agent *agent, const struct rs_link_info *link)
{
	struct role role = {.as = NULL};
	char prefix[RS_LINK_NAME_MAX];
	const struct rs_attach_state *state = rs_attach_state(agent, link->ifindex);
	rs_rt_link_prefix(agent->options->name, prefix);
	if (link->ifindex == agent->link.inner_ifindex) {
		role = (struct role){.as = "host", .way = RS_WAY_HOST, .why = "clients on this host"};
	} else if (link->ifindex == agent->link.outer_ifindex) {
		snprintf(role.why, sizeof(role.why), "leads to %s, which carries it", agent->link.inner);
	} else if (rs_rt_id_of(link->name, prefix)) {
		role = (struct role){.as = "instance", .way = RS_WAY_PEER, .why = "an instance or a waiting sandbox"};
	} else if (state) {
		role = (struct role){.as = state->side == RS_DP_UPLINK ? "uplink" : "client", .way = state->way};
		const char *chosen = rs_options_interface(agent->options, link->name) ? "named by --interface"
										      : "virtual, with an address";
		snprintf(role.why, sizeof(role.why), "%s%s%s", *state->complaint ? state->complaint : chosen,
			 *state->note ? "; " : "", state->note);
	} else {
		explain_none(agent, link, &role);
	}
	return role;
}

struct list {
	struct rs_agent *agent;
	cJSON *items;
};

static int add(const struct list *list, const char *name, const struct role *role, const char *type, const char *hook)
{
	cJSON *item = cJSON_CreateObject();
	if (!item || !cJSON_AddItemToArray(list->items, item)) {
		cJSON_Delete(item);
		return -ENOMEM;
	}
	bool added = cJSON_AddStringToObject(item, "name", name) && cJSON_AddStringToObject(item, "type", type) &&
		     cJSON_AddBoolToObject(item, "attached", hook != NULL) &&
		     cJSON_AddStringToObject(item, "message", role->why);
	if (added && role->as)
		added = cJSON_AddStringToObject(item, "as", role->as) != NULL;
	if (added && hook)
		added = cJSON_AddStringToObject(item, "hook", hook) &&
			cJSON_AddStringToObject(item, "way", way_name(role->way));
	return added ? 0 : -ENOMEM;
}

static int on_link(void *user, const struct rs_link_info *link)
{
	const struct list *list = user;
	struct role role = role_of(list->agent, link);
	const char *hook = role.as ? rs_dp_hook_at(list->agent->dp, link->ifindex) : NULL;
	const struct rs_attach_state *state = rs_attach_state(list->agent, link->ifindex);
	if (role.as && !hook && (!state || state->attached))
		snprintf(role.why, sizeof(role.why),
			 rs_str_equal(role.as, "instance") ? "a sandbox that is being built or removed"
							   : "its program was removed by somebody: restart roused");
	const char *type = link->kind == RS_LINK_LOOPBACK ? "loopback" : *link->type ? link->type : "physical";
	return add(list, link->name, &role, type, hook);
}

/* Named, and not there yet. */
static int add_awaited(const struct list *list)
{
	const struct rs_options *options = list->agent->options;
	static const struct role role = {.why = "named by --interface, and not there yet: it is waited for"};
	int r = 0;
	for (unsigned i = 0; r == 0 && i < options->interface_count; i++) {
		if (options->interfaces[i].carry != RS_CARRY_OFF && !if_nametoindex(options->interfaces[i].name))
			r = add(list, options->interfaces[i].name, &role, "", NULL);
	}
	return r;
}

cJSON *rs_interfaces_print(struct rs_agent *agent)
{
	struct list list = {.agent = agent, .items = cJSON_CreateArray()};
	struct rs_err err;
	if (list.items && rs_links_each(on_link, &list, &err) == 0 && add_awaited(&list) == 0)
		return list.items;
	cJSON_Delete(list.items);
	return NULL;
}

/* --- in short --------------------------------------------------------------------------------------------------- */

struct count {
	struct rs_agent *agent;
	unsigned missing;
	char *name;
	size_t size;
};

static int count_missing(void *user, const struct rs_link_info *link)
{
	struct count *count = user;
	struct role role = role_of(count->agent, link);
	if (role.as && !rs_str_equal(role.as, "instance") && !rs_dp_hook_at(count->agent->dp, link->ifindex) &&
	    !count->missing++)
		rs_str_copy(count->name, count->size, link->name);
	return 0;
}

unsigned rs_interfaces_missing(struct rs_agent *agent, char *ret_name, size_t size)
{
	struct count count = {.agent = agent, .name = ret_name, .size = size};
	struct rs_err err;
	return rs_links_each(count_missing, &count, &err) < 0 ? 0 : count.missing;
}
