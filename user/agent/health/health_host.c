// SPDX-License-Identifier: BSD-2-Clause
/* The host's part in the node's health: its kernel, its settings, its routes and its firewall. */
#include "agent/health/health.h"

#include "base/mem.h"
#include "base/str.h"
#include "rt/names.h"
#include "sys/iptables.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* A number from /proc/sys/net/ipv4/conf; -1 when there is none. */
static long long setting(const char *link, const char *key)
{
	char path[128], text[32] = "";
	long long value = -1;
	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", link, key);
	rs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -1;
	text[strcspn(text, "\n")] = '\0';
	return rs_str_to_long(text, 0, INT64_MAX, &value) == 0 ? value : -1;
}

struct rs_health_part rs_health_kernel(struct rs_agent *agent)
{
	char text[256];
	rs_dp_describe_kernel(agent->dp, text, sizeof(text));
	return rs_health_part(true, "%s", text);
}

/* --- reverse path filter ---------------------------------------------------------------------------------------- */

/* The kernel takes the larger of a link's own setting and that of all: strict (1) drops what comes from where the
 * routes do not lead to, loose (2) does not. Packets that the dataplane redirects are never asked. */
struct rs_health_part rs_health_rp_filter(struct rs_agent *agent)
{
	const char *const links[] = {"all", agent->link.outer, agent->link.inner, "default"};
	const char *strict = NULL;
	struct rs_counters counters = {0};
	bool is_loose = setting("all", "rp_filter") == 2;
	for (size_t i = 0; !is_loose && !strict && i < rs_array_length(links); i++) {
		if (setting(links[i], "rp_filter") == 1)
			strict = links[i];
	}
	rs_dp_counters(agent->dp, &counters);
	if (strict && counters.to_stack)
		return rs_health_part(
			false,
			"net.ipv4.conf.%s.rp_filter is strict (1), and %llu packets had to go by the kernel's "
			"routing, which drops them then: sysctl -w net.ipv4.conf.all.rp_filter=2",
			strict, (unsigned long long)counters.to_stack);
	if (strict)
		return rs_health_part(
			true, "strict (1) on %s: fine as long as no packet has to go by the kernel's routing", strict);
	return rs_health_part(true, "not strict");
}

/* --- the way out ------------------------------------------------------------------------------------------------ */

struct search {
	struct rs_agent *agent;
	char link[RS_LINK_NAME_MAX];
};

static int find_closed(void *user, const struct rs_link_info *link)
{
	struct search *search = user;
	bool is_ours = link->ifindex == search->agent->link.outer_ifindex;
	if (link->kind != RS_LINK_CLIENT && link->kind != RS_LINK_UPLINK && !is_ours)
		return 0;
	if (setting(link->name, "forwarding") != 0)
		return 0;
	rs_str_copy(search->link, sizeof(search->link), link->name);
	return 1;
}

struct rs_health_part rs_health_outbound(struct rs_agent *agent)
{
	struct rs_outbound_config config = rs_agent_outbound_config(agent->options);
	struct search search = {.agent = agent};
	struct rs_err err = {0};
	char chain[160];
	int r = rs_links_each(find_closed, &search, &err);
	if (r < 0)
		return rs_health_part(false, "%s", err.message);
	if (r > 0)
		return rs_health_part(false,
				      "%s does not forward (somebody set net.ipv4.ip_forward or its own setting to 0): "
				      "answers to what instances ask of others end there: sysctl -w "
				      "net.ipv4.conf.%s.forwarding=1",
				      search.link, search.link);
	char range[RS_RANGE_TEXT_MAX];
	enum rs_family family;
	if (rs_outbound_dropped(&config, chain, sizeof(chain), &family)) {
		const char *ip = family == RS_V4 ? "ip" : "ip6";
		rs_range_print(config.range[family], range);
		return rs_health_part(
			false,
			"the chain %s drops what no rule accepts: instances reach services but nobody else. "
			"nft insert rule %s %s saddr %s accept; nft insert rule %s %s daddr %s accept",
			chain, chain, ip, range, chain, ip, range);
	}
	if (rs_iptables_drops_forwarded(config.range[RS_V4])) {
		rs_range_print(config.range[RS_V4], range);
		return rs_health_part(
			false,
			"the chain FORWARD of the old iptables drops what no rule accepts: instances reach services "
			"but nobody else. iptables-legacy -I FORWARD -s %s -j ACCEPT; iptables-legacy -I FORWARD -d "
			"%s -j ACCEPT",
			range, range);
	}
	return rs_health_part(true, "instances' own connections are forwarded and masqueraded");
}

/* --- ranges ----------------------------------------------------------------------------------------------------- */

struct rs_health_part rs_health_ranges(struct rs_agent *agent)
{
	char prefix[RS_LINK_NAME_MAX], text[RS_RANGE_TEXT_MAX], services[128], instances[128];
	struct rs_err err = {0};
	rs_rt_link_prefix(agent->options->name, prefix);
	struct rs_ranges_check check = {
		.ranges = rs_agent_ranges(agent->options),
		.link = agent->link.outer,
		.sandbox_prefix = prefix,
	};
	if (rs_ranges_check(&check, &err) < 0)
		return rs_health_part(false, "%s", err.message);
	const struct rs_ranges *ranges = &check.ranges;
	snprintf(services, sizeof(services), "%s", rs_range_print(ranges->vip[RS_V4], text));
	snprintf(instances, sizeof(instances), "%s", rs_range_print(ranges->instances[RS_V4], text));
	if (ranges->vip[RS_V6].bits) {
		size_t n = strlen(services), m = strlen(instances);
		snprintf(services + n, sizeof(services) - n, " and %s", rs_range_print(ranges->vip[RS_V6], text));
		snprintf(instances + m, sizeof(instances) - m, " and %s",
			 rs_range_print(ranges->instances[RS_V6], text));
	}
	return rs_health_part(true, "services %s, instances %s; nobody else has a part of them", services, instances);
}
