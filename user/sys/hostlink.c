// SPDX-License-Identifier: BSD-2-Clause
#include "sys/hostlink.h"

#include "base/str.h"
#include "sys/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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

static struct nl_addr *ipv4(struct in_addr address, unsigned bits)
{
	struct nl_addr *out = nl_addr_build(AF_INET, &address, sizeof(address));
	if (out)
		nl_addr_set_prefixlen(out, (int)bits);
	return out;
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

static int create_pair(struct nl_sock *socket, struct rs_err *err)
{
	rs_auto_nl(rtnl_link) outer = rtnl_link_veth_alloc();
	if (!outer)
		return rs_err_set(err, -ENOMEM, "out of memory");
	struct rtnl_link *inner = rtnl_link_veth_get_peer(outer);
	rs_auto_nl(nl_addr) outer_address = nl_addr_build(AF_LLC, outer_mac, 6);
	rs_auto_nl(nl_addr) inner_address = nl_addr_build(AF_LLC, inner_mac, 6);
	rtnl_link_set_name(outer, RS_HOSTLINK_OUTER);
	rtnl_link_set_addr(outer, outer_address);
	rtnl_link_set_name(inner, RS_HOSTLINK_INNER);
	rtnl_link_set_addr(inner, inner_address);
	int r = rtnl_link_add(socket, outer, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_put(inner);
	return r < 0 && r != -NLE_EXIST ? rs_nl_error(err, r, "cannot create the veth pair rouse0/rouse1") : 0;
}

static int set_up(struct nl_sock *socket, const char *name, struct rs_err *err)
{
	rs_auto_nl(rtnl_link) old = rtnl_link_alloc();
	rs_auto_nl(rtnl_link) change = rtnl_link_alloc();
	if (!old || !change)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rtnl_link_set_ifindex(old, (int)if_nametoindex(name));
	rtnl_link_set_flags(change, IFF_UP);
	int r = rtnl_link_change(socket, old, change, 0);
	return r < 0 ? rs_nl_error(err, r, "cannot bring rouse0/rouse1 up") : 0;
}

struct overlap {
	const struct rs_hostlink_config *config;
	struct rs_err *err;
	int result;
};

static bool ranges_overlap(struct in_addr a, unsigned a_bits, struct in_addr b, unsigned b_bits)
{
	unsigned bits = a_bits < b_bits ? a_bits : b_bits;
	uint32_t mask = bits ? ~0U << (32 - bits) : 0;
	return ((ntohl(a.s_addr) ^ ntohl(b.s_addr)) & mask) == 0;
}

/* Default routes (VPNs write them as two halves, /1) overlap with everything and lose to ours.
 * Sandboxes' host routes are /32s inside the instance range: ours, from this agent or an earlier one. */
static void check_overlap(struct nl_object *object, void *user)
{
	struct overlap *check = user;
	struct rtnl_route *route = (struct rtnl_route *)object;
	struct nl_addr *destination = rtnl_route_get_dst(route);
	if (check->result || !destination || nl_addr_get_family(destination) != AF_INET ||
	    nl_addr_get_prefixlen(destination) <= 1 || rtnl_route_get_nnexthops(route) < 1 ||
	    rtnl_route_get_table(route) == RT_TABLE_LOCAL)
		return;
	char name[IF_NAMESIZE] = "";
	int ifindex = rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(route, 0));
	if_indextoname((unsigned)ifindex, name);
	struct in_addr address;
	if (nl_addr_get_len(destination) != sizeof(address))
		return;
	memcpy(&address, nl_addr_get_binary_addr(destination), sizeof(address));
	unsigned bits = nl_addr_get_prefixlen(destination);
	const struct rs_hostlink_config *config = check->config;
	bool vip = ranges_overlap(address, bits, config->vip_range, config->vip_bits);
	bool instance = ranges_overlap(address, bits, config->instance_range, config->instance_bits);
	if (!vip && !instance)
		return;
	if (rs_str_equal(name, RS_HOSTLINK_OUTER) || (instance && bits == 32))
		return;
	char text[64];
	check->result = rs_err_set(
		check->err, -EADDRINUSE, "the %s range overlaps the route %s dev %s: choose another with --%s-range",
		vip ? "VIP" : "instance", nl_addr2str(destination, text, sizeof(text)), name, vip ? "vip" : "instance");
}

static int refuse_overlaps(struct nl_sock *socket, const struct rs_hostlink_config *config, struct rs_err *err)
{
	struct nl_cache *found = NULL;
	int r = rtnl_route_alloc_cache(socket, AF_INET, 0, &found);
	if (r < 0)
		return rs_nl_error(err, r, "cannot read the routes");
	rs_auto_nl(nl_cache) routes = found;
	struct overlap check = {.config = config, .err = err};
	nl_cache_foreach(routes, check_overlap, &check);
	return check.result;
}

static int add_address(struct nl_sock *socket, const struct rs_hostlink_config *config, unsigned ifindex,
		       struct rs_err *err)
{
	rs_auto_nl(rtnl_addr) address = rtnl_addr_alloc();
	rs_auto_nl(nl_addr) local = ipv4(config->address, 32);
	if (!address || !local)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rtnl_addr_set_ifindex(address, (int)ifindex);
	rtnl_addr_set_local(address, local);
	int r = rtnl_addr_add(socket, address, 0);
	return r < 0 && r != -NLE_EXIST ? rs_nl_error(err, r, "cannot give rouse0 its address") : 0;
}

static int add_neighbour(struct nl_sock *socket, const struct rs_hostlink_config *config, unsigned ifindex,
			 struct rs_err *err)
{
	rs_auto_nl(rtnl_neigh) neighbour = rtnl_neigh_alloc();
	rs_auto_nl(nl_addr) gateway = ipv4(config->gateway, 32);
	rs_auto_nl(nl_addr) mac = nl_addr_build(AF_LLC, inner_mac, 6);
	if (!neighbour || !gateway || !mac)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rtnl_neigh_set_ifindex(neighbour, (int)ifindex);
	rtnl_neigh_set_dst(neighbour, gateway);
	rtnl_neigh_set_lladdr(neighbour, mac);
	rtnl_neigh_set_state(neighbour, NUD_PERMANENT);
	int r = rtnl_neigh_add(socket, neighbour, NLM_F_CREATE | NLM_F_REPLACE);
	return r < 0 ? rs_nl_error(err, r, "cannot add the gateway's neighbour entry on rouse0") : 0;
}

static int add_route(struct nl_sock *socket, const struct rs_hostlink_config *config, unsigned ifindex,
		     struct rs_err *err)
{
	rs_auto_nl(rtnl_route) route = rtnl_route_alloc();
	rs_auto_nl(nl_addr) range = ipv4(config->vip_range, config->vip_bits);
	rs_auto_nl(nl_addr) gateway = ipv4(config->gateway, 32);
	rs_auto_nl(nl_addr) source = ipv4(config->address, 32);
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	if (!route || !range || !gateway || !source || !hop)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rtnl_route_set_family(route, AF_INET);
	rtnl_route_set_dst(route, range);
	rtnl_route_set_pref_src(route, source);
	rtnl_route_set_scope(route, RT_SCOPE_UNIVERSE);
	rtnl_route_set_protocol(route, RTPROT_STATIC);
	rtnl_route_nh_set_ifindex(hop, (int)ifindex);
	rtnl_route_nh_set_gateway(hop, gateway);
	rtnl_route_nh_set_flags(hop, RTNH_F_ONLINK);
	rtnl_route_add_nexthop(route, hop);
	int r = rtnl_route_add(socket, route, NLM_F_CREATE | NLM_F_REPLACE);
	return r < 0 ? rs_nl_error(err, r, "cannot route the VIP range to rouse0") : 0;
}

int rs_hostlink_setup(const struct rs_hostlink_config *config, struct rs_hostlink *ret_link, struct rs_err *err)
{
	struct nl_sock *opened = NULL;
	int r = open_netlink(&opened, err);
	if (r < 0)
		return r;
	rs_auto_nl(nl_sock) socket = opened;
	r = refuse_overlaps(socket, config, err);
	if (r == 0)
		r = create_pair(socket, err);
	if (r < 0)
		return r;
	/* No addresses of their own, no router solicitations: nothing but our packets passes here. */
	set_sysctl("ipv6", RS_HOSTLINK_OUTER, "disable_ipv6", "1");
	set_sysctl("ipv6", RS_HOSTLINK_INNER, "disable_ipv6", "1");
	struct rs_hostlink link = {
		.outer_ifindex = if_nametoindex(RS_HOSTLINK_OUTER),
		.inner_ifindex = if_nametoindex(RS_HOSTLINK_INNER),
	};
	if (!link.outer_ifindex || !link.inner_ifindex)
		return rs_err_set(err, -ENODEV, "rouse0 exists without rouse1: run `rouse cleanup`");
	memcpy(link.outer_mac, outer_mac, 6);
	memcpy(link.inner_mac, inner_mac, 6);
	r = set_up(socket, RS_HOSTLINK_OUTER, err);
	if (r == 0)
		r = set_up(socket, RS_HOSTLINK_INNER, err);
	if (r == 0)
		r = add_address(socket, config, link.outer_ifindex, err);
	if (r == 0)
		r = add_neighbour(socket, config, link.outer_ifindex, err);
	if (r == 0)
		r = add_route(socket, config, link.outer_ifindex, err);
	if (r == 0)
		*ret_link = link;
	return r;
}

int rs_hostlink_cleanup(struct rs_err *err)
{
	unsigned ifindex = if_nametoindex(RS_HOSTLINK_OUTER);
	if (!ifindex)
		return 0;
	struct nl_sock *opened = NULL;
	int r = open_netlink(&opened, err);
	if (r < 0)
		return r;
	rs_auto_nl(nl_sock) socket = opened;
	rs_auto_nl(rtnl_link) link = rtnl_link_alloc();
	if (!link)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rtnl_link_set_ifindex(link, (int)ifindex);
	r = rtnl_link_delete(socket, link);
	return r < 0 ? rs_nl_error(err, r, "cannot delete rouse0") : 0;
}

/* True when the link has an IPv4 address of a scope beyond the link. */
static bool is_addressed(struct nl_cache *addresses, int ifindex)
{
	for (struct nl_object *o = nl_cache_get_first(addresses); o; o = nl_cache_get_next(o)) {
		struct rtnl_addr *address = (struct rtnl_addr *)o;
		if (rtnl_addr_get_ifindex(address) == ifindex && rtnl_addr_get_family(address) == AF_INET)
			return true;
	}
	return false;
}

int rs_links_each(int (*each)(void *user, const struct rs_link_info *link), void *user, struct rs_err *err)
{
	struct nl_sock *opened = NULL;
	int r = open_netlink(&opened, err);
	if (r < 0)
		return r;
	rs_auto_nl(nl_sock) socket = opened;
	struct nl_cache *found = NULL;
	r = rtnl_link_alloc_cache(socket, AF_UNSPEC, &found);
	if (r < 0)
		return rs_nl_error(err, r, "cannot read the links");
	rs_auto_nl(nl_cache) links = found;
	found = NULL;
	r = rtnl_addr_alloc_cache(socket, &found);
	if (r < 0)
		return rs_nl_error(err, r, "cannot read the addresses");
	rs_auto_nl(nl_cache) addresses = found;

	r = 0;
	for (struct nl_object *o = nl_cache_get_first(links); o && r == 0; o = nl_cache_get_next(o)) {
		struct rtnl_link *link = (struct rtnl_link *)o;
		const char *type = rtnl_link_get_type(link);
		struct rs_link_info info = {.ifindex = (unsigned)rtnl_link_get_ifindex(link)};
		rs_str_copy(info.name, sizeof(info.name), rtnl_link_get_name(link));
		bool usable =
			!(rtnl_link_get_flags(link) & IFF_LOOPBACK) && is_addressed(addresses, (int)info.ifindex) &&
			!rs_str_equal(info.name, RS_HOSTLINK_OUTER) && !rs_str_equal(info.name, RS_HOSTLINK_INNER);
		if (usable)
			info.kind = type ? RS_LINK_CLIENT : RS_LINK_UPLINK;
		int32_t peer_namespace;
		info.peer_elsewhere =
			rs_str_equal(type, "veth") && rtnl_link_get_link_netnsid(link, &peer_namespace) == 0;
		r = each(user, &info);
	}
	return r;
}
