// SPDX-License-Identifier: BSD-2-Clause
#include "sys/hostlink.h"

#include "base/str.h"
#include "sys/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const uint8_t outer_mac[6] = {0x02, 'r', 'o', 'u', 's', 0x00};
static const uint8_t inner_mac[6] = {0x02, 'r', 'o', 'u', 's', 0x01};

static int link_error(struct rs_err *err, int code, const char *what, const char *link)
{
	char text[96];
	snprintf(text, sizeof(text), "%s %s", what, link);
	return rs_nl_error(err, code, text);
}

static int open_netlink(struct nl_sock **ret_socket, struct rs_err *err)
{
	struct nl_sock *socket = nl_socket_alloc();
	if (!socket)
		return rs_err_set(err, -ENOMEM, "out of memory");
	int r = nl_connect(socket, NETLINK_ROUTE);
	if (r < 0) {
		nl_socket_free(socket);
		return rs_nl_error(err, r, "cannot open a netlink socket");
	}
	*ret_socket = socket;
	return 0;
}

/* Writes /proc/sys/net/ipvX/conf/LINK/KEY; what a kernel does not have is left alone. */
static void set_sysctl(const char *family, const char *link, const char *key, const char *value)
{
	char path[128];
	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, link, key);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, value, strlen(value)) < 0)
		errno = 0;
	close(fd);
}

static int create_pair(struct nl_sock *socket, const struct rs_hostlink *names, struct rs_err *err)
{
	rs_auto_nl(rtnl_link) outer = rtnl_link_veth_alloc();
	if (!outer)
		return rs_err_set(err, -ENOMEM, "out of memory");
	struct rtnl_link *inner = rtnl_link_veth_get_peer(outer);
	rs_auto_nl(nl_addr) outer_address = nl_addr_build(AF_LLC, outer_mac, 6);
	rs_auto_nl(nl_addr) inner_address = nl_addr_build(AF_LLC, inner_mac, 6);
	rtnl_link_set_name(outer, names->outer);
	rtnl_link_set_addr(outer, outer_address);
	rtnl_link_set_name(inner, names->inner);
	rtnl_link_set_addr(inner, inner_address);
	int r = rtnl_link_add(socket, outer, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_put(inner);
	return r < 0 && r != -NLE_EXIST ? link_error(err, r, "cannot create the veth pair of", names->outer) : 0;
}

static int set_up(struct nl_sock *socket, const char *name, const char *alias, unsigned mtu, struct rs_err *err)
{
	rs_auto_nl(rtnl_link) old = rtnl_link_alloc();
	rs_auto_nl(rtnl_link) change = rtnl_link_alloc();
	if (!old || !change)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rtnl_link_set_ifindex(old, (int)if_nametoindex(name));
	rtnl_link_set_flags(change, IFF_UP);
	if (mtu)
		rtnl_link_set_mtu(change, mtu);
	if (alias)
		rtnl_link_set_ifalias(change, alias);
	int r = rtnl_link_change(socket, old, change, 0);
	return r < 0 ? link_error(err, r, "cannot bring up", name) : 0;
}

static int add_address(struct nl_sock *socket, const struct rs_address *own, unsigned ifindex, struct rs_err *err)
{
	rs_auto_nl(rtnl_addr) address = rtnl_addr_alloc();
	rs_auto_nl(nl_addr) local = rs_nl_host(own);
	if (!address || !local)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rtnl_addr_set_ifindex(address, (int)ifindex);
	rtnl_addr_set_local(address, local);
	/* Nobody else can have it: no moment in which it cannot be used yet (RFC 4862 5.4). */
	if (rs_address_family(own) == RS_V6)
		rtnl_addr_set_flags(address, IFA_F_NODAD);
	int r = rtnl_addr_add(socket, address, 0);
	return r < 0 && r != -NLE_EXIST ? rs_nl_error(err, r, "cannot give the agent's link its address") : 0;
}

static int add_neighbour(struct nl_sock *socket, const struct rs_address *hop, unsigned ifindex, struct rs_err *err)
{
	rs_auto_nl(rtnl_neigh) neighbour = rtnl_neigh_alloc();
	rs_auto_nl(nl_addr) gateway = rs_nl_host(hop);
	rs_auto_nl(nl_addr) mac = nl_addr_build(AF_LLC, inner_mac, 6);
	if (!neighbour || !gateway || !mac)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rtnl_neigh_set_ifindex(neighbour, (int)ifindex);
	rtnl_neigh_set_dst(neighbour, gateway);
	rtnl_neigh_set_lladdr(neighbour, mac);
	rtnl_neigh_set_state(neighbour, NUD_PERMANENT);
	int r = rtnl_neigh_add(socket, neighbour, NLM_F_CREATE | NLM_F_REPLACE);
	return r < 0 ? rs_nl_error(err, r, "cannot add the gateway's neighbour entry") : 0;
}

static int add_route(struct nl_sock *socket, const struct rs_hostlink_config *config, enum rs_family family,
		     unsigned ifindex, struct rs_err *err)
{
	rs_auto_nl(rtnl_route) route = rtnl_route_alloc();
	const struct rs_range *vip = &config->ranges.vip[family];
	rs_auto_nl(nl_addr) range = rs_nl_address(&vip->address, rs_range_bits(vip));
	rs_auto_nl(nl_addr) gateway = rs_nl_host(&config->gateway[family]);
	rs_auto_nl(nl_addr) source = rs_nl_host(&config->address[family]);
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	if (!route || !range || !gateway || !source || !hop)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rtnl_route_set_family(route, family == RS_V4 ? AF_INET : AF_INET6);
	rtnl_route_set_dst(route, range);
	rtnl_route_set_pref_src(route, source);
	rtnl_route_set_scope(route, RT_SCOPE_UNIVERSE);
	rtnl_route_set_protocol(route, RTPROT_STATIC);
	rtnl_route_nh_set_ifindex(hop, (int)ifindex);
	rtnl_route_nh_set_gateway(hop, gateway);
	rtnl_route_nh_set_flags(hop, RTNH_F_ONLINK);
	rtnl_route_add_nexthop(route, hop);
	int r = rtnl_route_add(socket, route, NLM_F_CREATE | NLM_F_REPLACE);
	return r < 0 ? rs_nl_error(err, r, "cannot route the VIP range to the agent's link") : 0;
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

void rs_hostlink_names(const char *name, struct rs_hostlink *ret_link)
{
	snprintf(ret_link->outer, sizeof(ret_link->outer), "%.14s0", name);
	snprintf(ret_link->inner, sizeof(ret_link->inner), "%.14s1", name);
}

int rs_hostlink_check(const char *name, const char *run_dir, struct rs_err *err)
{
	struct rs_hostlink names = {.outer_ifindex = 0};
	struct rs_link_info link;
	struct rs_agent_tag tag;
	rs_hostlink_names(name, &names);
	unsigned ifindex = if_nametoindex(names.outer);
	int r = ifindex ? rs_links_get(ifindex, &link, err) : -ENODEV;
	if (r < 0)
		return r == -ENODEV ? 0 : r;
	if (link.kind != RS_LINK_AGENT)
		return rs_err_set(err, -EBUSY,
				  "a link %s exists that no agent made: rename it, or give this agent another --name",
				  names.outer);
	/* One without an alias was left half made. */
	if (rs_agent_tag_parse(link.alias, &tag) < 0 || rs_str_equal(tag.run_dir, run_dir))
		return 0;
	return rs_err_set(
		err, -EBUSY,
		"the link %s belongs to an agent with --run-dir %s, this one has %s: give this one a --name of "
		"its own, or end that one with `rouse cleanup --name %s --run-dir %s`",
		names.outer, tag.run_dir, run_dir, name, tag.run_dir);
}

static bool has_same_ranges(const struct rs_ranges *a, const struct rs_ranges *b)
{
	bool is_same = true;
	for (int family = 0; family < RS_FAMILIES; family++)
		is_same &= rs_range_equal(a->vip[family], b->vip[family]) &&
			   rs_range_equal(a->instances[family], b->instances[family]);
	return is_same;
}

/* Instances, maps and routes of an earlier start stand by its ranges. */
static int refuse_other_ranges(const struct rs_hostlink_config *config, const char *outer, struct rs_err *err)
{
	struct rs_link_info link;
	struct rs_agent_tag tag;
	unsigned ifindex = if_nametoindex(outer);
	if (!ifindex || rs_links_get(ifindex, &link, err) < 0 || rs_agent_tag_parse(link.alias, &tag) < 0 ||
	    has_same_ranges(&tag.ranges, &config->ranges))
		return 0;
	return rs_err_set(err, -EBUSY,
			  "what an earlier start left stands by other ranges (%s: %s): run `rouse cleanup` first, the "
			  "services stay",
			  outer, link.alias + strlen("rouse "));
}

static int describe(const struct rs_hostlink_config *config, char out[static RS_AGENT_TAG_MAX], struct rs_err *err)
{
	struct rs_agent_tag tag = {.ranges = config->ranges};
	if (rs_str_copy(tag.run_dir, sizeof(tag.run_dir), config->run_dir) < 0 || rs_agent_tag_print(&tag, out) < 0)
		return rs_err_set(err, -ENAMETOOLONG, "--run-dir: %s is too long", config->run_dir);
	return 0;
}

static int refuse_overlaps(const struct rs_hostlink_config *config, const struct rs_hostlink *link, struct rs_err *err)
{
	struct rs_ranges_check check = {
		.ranges = config->ranges,
		.link = link->outer,
		.sandbox_prefix = config->sandbox_prefix,
	};
	return rs_ranges_check(&check, err);
}

/* No addresses of their own, no router solicitations: nothing but our packets passes here. */
static void set_sysctls(const struct rs_hostlink_config *config, const struct rs_hostlink *link)
{
	bool has_v6 = config->ranges.vip[RS_V6].bits;
	set_sysctl("ipv6", link->outer, "addr_gen_mode", "1"); /* none */
	set_sysctl("ipv6", link->outer, "accept_ra", "0");
	set_sysctl("ipv6", link->outer, "disable_ipv6", has_v6 ? "0" : "1");
	/* What comes out of it never meets the kernel's IPv6: its program is before that. */
	set_sysctl("ipv6", link->inner, "disable_ipv6", "1");
	/* Replies to another agent's instances come in here, and go on to them. IPv6: Linux 6.17. */
	set_sysctl("ipv4", link->outer, "forwarding", "1");
	if (has_v6)
		set_sysctl("ipv6", link->outer, "force_forwarding", "1");
}

static int set_up_family(struct nl_sock *socket, const struct rs_hostlink_config *config, enum rs_family family,
			 unsigned ifindex, struct rs_err *err)
{
	if (!config->ranges.vip[family].bits)
		return 0;
	int r = add_address(socket, &config->address[family], ifindex, err);
	if (r == 0)
		r = add_neighbour(socket, &config->gateway[family], ifindex, err);
	return r < 0 ? r : add_route(socket, config, family, ifindex, err);
}

int rs_hostlink_setup(const struct rs_hostlink_config *config, struct rs_hostlink *ret_link, struct rs_err *err)
{
	struct rs_hostlink link = {.outer_ifindex = 0};
	char alias[RS_AGENT_TAG_MAX];
	rs_hostlink_names(config->name, &link);
	int r = rs_hostlink_check(config->name, config->run_dir, err);
	if (r == 0)
		r = refuse_other_ranges(config, link.outer, err);
	if (r == 0)
		r = describe(config, alias, err);
	if (r == 0)
		r = refuse_overlaps(config, &link, err);
	struct nl_sock *opened = NULL;
	if (r == 0)
		r = open_netlink(&opened, err);
	if (r < 0)
		return r;
	rs_auto_nl(nl_sock) socket = opened;
	link.is_new = if_nametoindex(link.outer) == 0;
	r = create_pair(socket, &link, err);
	if (r < 0)
		return r;
	set_sysctls(config, &link);
	link.outer_ifindex = if_nametoindex(link.outer);
	link.inner_ifindex = if_nametoindex(link.inner);
	if (!link.outer_ifindex || !link.inner_ifindex)
		return rs_err_set(err, -ENODEV, "%s exists without %s: run `rouse cleanup`", link.outer, link.inner);
	memcpy(link.outer_mac, outer_mac, 6);
	memcpy(link.inner_mac, inner_mac, 6);
	r = set_up(socket, link.outer, alias, config->mtu, err);
	if (r == 0)
		r = set_up(socket, link.inner, NULL, config->mtu, err);
	for (int family = 0; r == 0 && family < RS_FAMILIES; family++)
		r = set_up_family(socket, config, (enum rs_family)family, link.outer_ifindex, err);
	if (r == 0)
		*ret_link = link;
	return r;
}

int rs_hostlink_cleanup(const char *name, const char *run_dir, struct rs_err *err)
{
	struct rs_hostlink names = {.outer_ifindex = 0};
	rs_hostlink_names(name, &names);
	unsigned ifindex = if_nametoindex(names.outer);
	if (!ifindex)
		return 0;
	int r = rs_hostlink_check(name, run_dir, err);
	struct nl_sock *opened = NULL;
	if (r == 0)
		r = open_netlink(&opened, err);
	if (r < 0)
		return r;
	rs_auto_nl(nl_sock) socket = opened;
	rs_auto_nl(rtnl_link) link = rtnl_link_alloc();
	if (!link)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rtnl_link_set_ifindex(link, (int)ifindex);
	r = rtnl_link_delete(socket, link);
	return r < 0 && r != -NLE_NODEV ? link_error(err, r, "cannot delete", names.outer) : 0;
}
