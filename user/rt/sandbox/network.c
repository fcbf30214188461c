// SPDX-License-Identifier: BSD-2-Clause
/*
 * A sandbox's network:
 *
 *	host's namespace                      | the sandbox's
 *	LINK  no address, MAC 02:72:68:..     | eth0  ADDRESS/32, MAC 02:72:69:..
 *	route ADDRESS/32 dev LINK             | default via GATEWAY dev eth0 onlink
 *	neighbour ADDRESS -> eth0's MAC       | neighbour GATEWAY -> LINK's MAC
 *
 * and the same once more with /128, where there is IPv6. The neighbour entries
 * are permanent, and nobody looks whether an address is taken: no ARP and no
 * neighbour discovery stands between a wake and its first packet. There are no
 * link-local addresses, and routers are not listened to. Checksum offload stays
 * as the kernel has it. GRO is on inside: what XDP on an uplink redirects to
 * LINK goes into the other end's ring, and only a veth with GRO (or an XDP
 * program of its own) has one.
 */
#include "rt/sandbox/sandbox.h"

#include "base/mem.h"
#include "sys/netlink.h"
#include "rt/names.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

static struct nl_sock *open_netlink(struct rs_err *err)
{
	struct nl_sock *socket = nl_socket_alloc();
	int r = socket ? nl_connect(socket, NETLINK_ROUTE) : -NLE_NOMEM;
	if (r == 0)
		return socket;
	if (socket)
		nl_socket_free(socket);
	rs_nl_error(err, r, "cannot open a netlink socket");
	return NULL;
}

static struct nl_addr *mac_of(const struct rs_sandbox_options *options, bool inner)
{
	uint8_t mac[6];
	const struct in_addr address = {.s_addr = rs_address_to_v4(&options->address[RS_V4])};
	rs_rt_mac(address, inner, mac);
	return nl_addr_build(AF_LLC, mac, sizeof(mac));
}

static void set_sysctl(const char *path, const char *value)
{
	char full[160];
	snprintf(full, sizeof(full), "/proc/sys/net/%s", path);
	rs_auto_fd int fd = open(full, O_WRONLY | O_CLOEXEC);
	/* What a kernel does not have, or does not let us set, it does not need. */
	if (fd >= 0 && write(fd, value, strlen(value)) < 0)
		return;
}

static int create_pair(struct nl_sock *socket, const struct rs_sandbox_options *options, int inner_netns,
		       struct rs_err *err)
{
	rs_auto_nl(rtnl_link) outer = rtnl_link_veth_alloc();
	rs_auto_nl(nl_addr) outer_mac = mac_of(options, false);
	rs_auto_nl(nl_addr) inner_mac = mac_of(options, true);
	if (!outer || !outer_mac || !inner_mac)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rs_auto_nl(rtnl_link) inner = rtnl_link_veth_get_peer(outer);
	rtnl_link_set_name(outer, options->link);
	rtnl_link_set_addr(outer, outer_mac);
	rtnl_link_set_name(inner, RS_SANDBOX_INNER_LINK);
	rtnl_link_set_addr(inner, inner_mac);
	rtnl_link_set_ns_fd(inner, inner_netns);
	if (options->mtu) {
		rtnl_link_set_mtu(outer, (unsigned)options->mtu);
		rtnl_link_set_mtu(inner, (unsigned)options->mtu);
	}
	int r = rtnl_link_add(socket, outer, NLM_F_CREATE | NLM_F_EXCL);
	return r < 0 ? rs_nl_error(err, r, "cannot create the veth pair") : 0;
}

static int set_up(struct nl_sock *socket, int ifindex, struct rs_err *err)
{
	rs_auto_nl(rtnl_link) old = rtnl_link_alloc();
	rs_auto_nl(rtnl_link) change = rtnl_link_alloc();
	if (!old || !change)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rtnl_link_set_ifindex(old, ifindex);
	rtnl_link_set_flags(change, IFF_UP);
	int r = rtnl_link_change(socket, old, change, 0);
	return r < 0 ? rs_nl_error(err, r, "cannot bring a link up") : 0;
}

static int add_neighbour(struct nl_sock *socket, int ifindex, const struct rs_address *address, struct nl_addr *mac,
			 struct rs_err *err)
{
	rs_auto_nl(rtnl_neigh) neighbour = rtnl_neigh_alloc();
	rs_auto_nl(nl_addr) destination = rs_nl_host(address);
	rs_auto_nl(nl_addr) owned_mac = mac;
	if (!neighbour || !destination || !owned_mac)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rtnl_neigh_set_ifindex(neighbour, ifindex);
	rtnl_neigh_set_dst(neighbour, destination);
	rtnl_neigh_set_lladdr(neighbour, owned_mac);
	rtnl_neigh_set_state(neighbour, NUD_PERMANENT);
	int r = rtnl_neigh_add(socket, neighbour, NLM_F_CREATE | NLM_F_REPLACE);
	return r < 0 ? rs_nl_error(err, r, "cannot add a neighbour entry") : 0;
}

static int add_address(struct nl_sock *socket, int ifindex, const struct rs_address *local, struct rs_err *err)
{
	rs_auto_nl(rtnl_addr) address = rtnl_addr_alloc();
	rs_auto_nl(nl_addr) value = rs_nl_host(local);
	if (!address || !value)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rtnl_addr_set_ifindex(address, ifindex);
	rtnl_addr_set_local(address, value);
	if (rs_address_family(local) == RS_V6)
		rtnl_addr_set_flags(address, IFA_F_NODAD);
	int r = rtnl_addr_add(socket, address, 0);
	return r < 0 ? rs_nl_error(err, r, "cannot set the address") : 0;
}

struct way {
	const struct rs_address *destination; /* NULL = everywhere */
	const struct rs_address *via;	      /* NULL = on the link */
	const struct rs_address *source;      /* preferred; NULL = the kernel's choice */
	enum rs_family family;
};

/* "0.0.0.0/0" or "::/0". */
static struct nl_addr *everywhere(enum rs_family family)
{
	const struct rs_address any = family == RS_V4 ? rs_address_v4(0) : (struct rs_address){.byte = {0}};
	return rs_nl_address(&any, 0);
}

static int fill_route(struct rtnl_route *route, struct rtnl_nexthop *hop, int ifindex, const struct way *way)
{
	rs_auto_nl(nl_addr) destination = way->destination ? rs_nl_host(way->destination) : everywhere(way->family);
	rs_auto_nl(nl_addr) via = way->via ? rs_nl_host(way->via) : NULL;
	rs_auto_nl(nl_addr) source = way->source ? rs_nl_host(way->source) : NULL;
	if (!destination || (way->via && !via) || (way->source && !source))
		return -NLE_NOMEM;
	rtnl_route_set_family(route, way->family == RS_V4 ? AF_INET : AF_INET6);
	rtnl_route_set_dst(route, destination);
	rtnl_route_set_protocol(route, RTPROT_STATIC);
	rtnl_route_set_scope(route, via || way->family == RS_V6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
	if (source)
		rtnl_route_set_pref_src(route, source);
	rtnl_route_nh_set_ifindex(hop, ifindex);
	if (via) {
		rtnl_route_nh_set_gateway(hop, via);
		rtnl_route_nh_set_flags(hop, RTNH_F_ONLINK);
	}
	return 0;
}

static int add_route(struct nl_sock *socket, int ifindex, const struct way *way)
{
	rs_auto_nl(rtnl_route) route = rtnl_route_alloc();
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	int r = route && hop ? fill_route(route, hop, ifindex, way) : -NLE_NOMEM;
	if (r < 0) {
		if (hop)
			rtnl_route_nh_free(hop);
		return r;
	}
	rtnl_route_add_nexthop(route, hop);
	return rtnl_route_add(socket, route, NLM_F_CREATE | NLM_F_REPLACE);
}

static bool has_family(const struct rs_sandbox_options *options, int family)
{
	return !rs_address_is_none(&options->address[family]);
}

/* The host's way to the instance. Its own connections (probes) come from the gateway's address, where that is the
 * host's. */
static int lead_to_instance(struct nl_sock *socket, const struct rs_sandbox_options *options, enum rs_family family,
			    int ifindex, struct rs_err *err)
{
	int r = add_neighbour(socket, ifindex, &options->address[family], mac_of(options, true), err);
	if (r < 0)
		return r;
	struct way way = {
		.destination = &options->address[family], .source = &options->gateway[family], .family = family};
	r = add_route(socket, ifindex, &way);
	if (r < 0) {
		way.source = NULL;
		r = add_route(socket, ifindex, &way);
	}
	return r < 0 ? rs_nl_error(err, r, "cannot route the instance's address") : 0;
}

static void set_outer_sysctls(const struct rs_sandbox_options *options)
{
	bool has_v6 = has_family(options, RS_V6);
	const struct {
		const char *family, *key, *value;
	} settings[] = {
		{"ipv6", "addr_gen_mode", "1"}, /* none */
		{"ipv6", "accept_ra", "0"},
		{"ipv6", "disable_ipv6", has_v6 ? "0" : "1"},
		{"ipv6", "force_forwarding", has_v6 ? "1" : "0"}, /* Linux 6.17 */
		/* The dataplane sends replies on from here; the stack routes the rest, by its own rules for `all`. */
		{"ipv4", "rp_filter", "0"},
		{"ipv4", "forwarding", "1"},
	};
	for (size_t i = 0; i < rs_array_length(settings); i++) {
		char path[96];
		snprintf(path, sizeof(path), "%s/conf/%s/%s", settings[i].family, options->link, settings[i].key);
		set_sysctl(path, settings[i].value);
	}
}

/* In the namespace of the host. */
static int build_outer(const struct rs_sandbox_options *options, int inner_netns, uint32_t *ret_ifindex,
		       struct rs_err *err)
{
	rs_auto_nl(nl_sock) socket = open_netlink(err);
	if (!socket)
		return -EIO;
	int r = create_pair(socket, options, inner_netns, err);
	if (r < 0)
		return r;
	set_outer_sysctls(options);
	int ifindex = (int)if_nametoindex(options->link);
	r = set_up(socket, ifindex, err);
	for (int family = 0; r == 0 && family < RS_FAMILIES; family++) {
		if (has_family(options, family))
			r = lead_to_instance(socket, options, (enum rs_family)family, ifindex, err);
	}
	if (r == 0)
		*ret_ifindex = (uint32_t)ifindex;
	return r;
}

static int lead_out(struct nl_sock *socket, const struct rs_sandbox_options *options, enum rs_family family,
		    int ifindex, struct rs_err *err)
{
	const struct rs_address *gateway = &options->gateway[family];
	int r = add_address(socket, ifindex, &options->address[family], err);
	if (r == 0)
		r = add_neighbour(socket, ifindex, gateway, mac_of(options, false), err);
	if (r < 0)
		return r;
	const struct way way = {.via = gateway, .family = family};
	r = add_route(socket, ifindex, &way);
	return r < 0 ? rs_nl_error(err, r, "cannot set the default route") : 0;
}

/* When the link is up: on one that is down the kernel notes the wish, and does not make the other end a target of
 * redirection. */
static int enable_gro(struct rs_err *err)
{
	struct ethtool_value value = {.cmd = ETHTOOL_SGRO, .data = 1};
	struct ifreq request = {.ifr_name = RS_SANDBOX_INNER_LINK, .ifr_data = (char *)&value};
	rs_auto_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &request) < 0)
		return rs_err_set(err, -errno, "cannot turn GRO on: %m");
	return 0;
}

/* In the namespace of the sandbox. */
static int build_inner(const struct rs_sandbox_options *options, struct rs_err *err)
{
	rs_auto_nl(nl_sock) socket = open_netlink(err);
	if (!socket)
		return -EIO;
	int ifindex = (int)if_nametoindex(RS_SANDBOX_INNER_LINK);
	int r = set_up(socket, 1, err);
	if (r == 0)
		r = set_up(socket, ifindex, err);
	if (r == 0)
		r = enable_gro(err);
	for (int family = 0; r == 0 && family < RS_FAMILIES; family++) {
		if (has_family(options, family))
			r = lead_out(socket, options, (enum rs_family)family, ifindex, err);
	}
	return r;
}

/* Of the namespace that this process is in; 0 when the kernel does not tell (before 5.14). */
static uint64_t netns_cookie(void)
{
	rs_auto_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);
	return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

int rs_network_build(const struct rs_sandbox_options *options, struct rs_network *ret_network, struct rs_err *err)
{
	rs_auto_fd int outer = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (outer < 0 || unshare(CLONE_NEWNET) < 0)
		return rs_err_set(err, -errno, "cannot make a network namespace: %m");
	rs_auto_fd int inner = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct stat status;
	if (inner < 0 || fstat(inner, &status) < 0)
		return rs_err_set(err, -errno, "cannot open the network namespace: %m");
	/* Before there is a link: no link-local address, no router solicitation, no waiting for addresses. */
	set_sysctl("ipv6/conf/default/addr_gen_mode", "1");
	set_sysctl("ipv6/conf/default/accept_ra", "0");
	set_sysctl("ipv6/conf/default/accept_dad", "0");
	set_sysctl("ipv6/conf/default/disable_ipv6", has_family(options, RS_V6) ? "0" : "1");
	/* The instance has no capabilities and yet may listen on any port of its own namespace. */
	set_sysctl("ipv4/ip_unprivileged_port_start", "0");
	if (setns(outer, CLONE_NEWNET) < 0)
		return rs_err_set(err, -errno, "cannot go back to the host's network namespace: %m");
	struct rs_network network = {.netns_inode = status.st_ino};
	int r = build_outer(options, inner, &network.ifindex, err);
	if (setns(inner, CLONE_NEWNET) < 0)
		return rs_err_set(err, -errno, "cannot enter the network namespace: %m");
	network.netns_cookie = netns_cookie();
	if (r == 0)
		r = build_inner(options, err);
	if (r == 0)
		*ret_network = network;
	return r;
}

int rs_network_delete_link(const char *name, struct rs_err *err)
{
	unsigned ifindex = if_nametoindex(name);
	if (!ifindex)
		return 0;
	rs_auto_nl(nl_sock) socket = open_netlink(err);
	rs_auto_nl(rtnl_link) link = rtnl_link_alloc();
	if (!socket || !link)
		return -EIO;
	rtnl_link_set_ifindex(link, (int)ifindex);
	int r = rtnl_link_delete(socket, link);
	/* It goes by itself when its namespace does. */
	return r < 0 && if_nametoindex(name) ? rs_nl_error(err, r, "cannot delete the veth pair") : 0;
}
