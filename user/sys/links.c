// SPDX-License-Identifier: BSD-2-Clause
#include "sys/links.h"

#include "base/mem.h"
#include "base/str.h"
#include "sys/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/route/link/veth.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Bursts of hundreds of links fit; the kernel grants at most net.core.rmem_max to those without CAP_NET_ADMIN. */
#define NEWS_BYTES   (1024 * 1024)
#define ETHERNET_MTU 1500

/* --- what agents write on their front doors --------------------------------------------------------------------- */

int rs_agent_tag_print(const struct rs_agent_tag *tag, char out[static RS_AGENT_TAG_MAX])
{
	const struct rs_ranges *ranges = &tag->ranges;
	char vip[RS_FAMILIES][RS_RANGE_TEXT_MAX], instances[RS_FAMILIES][RS_RANGE_TEXT_MAX];
	char more[2 * RS_RANGE_TEXT_MAX + 32] = "";
	for (int family = 0; family < RS_FAMILIES; family++) {
		rs_range_print(ranges->vip[family], vip[family]);
		rs_range_print(ranges->instances[family], instances[family]);
	}
	if (ranges->vip[RS_V6].bits)
		snprintf(more, sizeof(more), " vip6=%s instances6=%s", vip[RS_V6], instances[RS_V6]);
	int n = snprintf(out, RS_AGENT_TAG_MAX, "rouse vip=%s instances=%s%s run-dir=%s", vip[RS_V4], instances[RS_V4],
			 more, tag->run_dir);
	return n < 0 || n >= RS_AGENT_TAG_MAX ? -E2BIG : 0;
}

static bool read_range(const char *text, enum rs_family family, struct rs_range *ret_range)
{
	return strchr(text, '/') && rs_range_parse(text, ret_range) == 0 &&
	       rs_range_is_v4(ret_range) == (family == RS_V4);
}

int rs_agent_tag_parse(const char *alias, struct rs_agent_tag *ret_tag)
{
	char vip[RS_RANGE_TEXT_MAX], instances[RS_RANGE_TEXT_MAX];
	struct rs_agent_tag tag = {.run_dir = ""};
	int at = 0, end = 0;
	if (!alias || sscanf(alias, "rouse vip=%49[^ ] instances=%49[^ ] %n", vip, instances, &at) != 2 || !at ||
	    !read_range(vip, RS_V4, &tag.ranges.vip[RS_V4]) ||
	    !read_range(instances, RS_V4, &tag.ranges.instances[RS_V4]))
		return -EINVAL;
	alias += at;
	if (sscanf(alias, "vip6=%49[^ ] instances6=%49[^ ] %n", vip, instances, &end) == 2) {
		if (!end || !read_range(vip, RS_V6, &tag.ranges.vip[RS_V6]) ||
		    !read_range(instances, RS_V6, &tag.ranges.instances[RS_V6]))
			return -EINVAL;
		alias += end;
	}
	if (!rs_str_starts_with(alias, "run-dir=") ||
	    rs_str_copy(tag.run_dir, sizeof(tag.run_dir), alias + strlen("run-dir=")) < 0)
		return -EINVAL;
	*ret_tag = tag;
	return 0;
}

_Static_assert(RS_RANGE_TEXT_MAX == 50, "the width that sscanf() is told");

/* --- looking ---------------------------------------------------------------------------------------------------- */

static int open_netlink(struct nl_sock **ret_socket, struct rs_err *err)
{
	rs_auto_nl(nl_sock) socket = nl_socket_alloc();
	if (!socket)
		return rs_err_set(err, -ENOMEM, "out of memory");
	int r = nl_connect(socket, NETLINK_ROUTE);
	if (r < 0)
		return rs_nl_error(err, r, "cannot open a netlink socket");
	*ret_socket = rs_take_ptr(socket);
	return 0;
}

/* The MACs that agents give: 02:"rous":00 and :01 to their front door, 02:"h":ADDRESS to a sandbox's link. */
static bool has_mac(struct rtnl_link *link, const char *prefix, size_t length)
{
	struct nl_addr *mac = rtnl_link_get_addr(link);
	return mac && nl_addr_get_len(mac) == 6 && memcmp(nl_addr_get_binary_addr(mac), prefix, length) == 0;
}

static struct rs_link_info describe(struct rtnl_link *link, bool has_address)
{
	struct rs_link_info info = {
		.ifindex = (unsigned)rtnl_link_get_ifindex(link),
		.master = (unsigned)rtnl_link_get_master(link),
		.mtu = rtnl_link_get_mtu(link),
	};
	const char *type = rtnl_link_get_type(link);
	int32_t peer_namespace;
	rs_str_copy(info.name, sizeof(info.name), rtnl_link_get_name(link));
	rs_str_copy(info.type, sizeof(info.type), type ? type : "");
	if (rtnl_link_get_ifalias(link))
		rs_str_copy(info.alias, sizeof(info.alias), rtnl_link_get_ifalias(link));
	bool is_veth = rs_str_equal(type, "veth");
	info.peer_elsewhere = is_veth && rtnl_link_get_link_netnsid(link, &peer_namespace) == 0;
	if (rtnl_link_get_flags(link) & IFF_LOOPBACK)
		info.kind = RS_LINK_LOOPBACK;
	else if (is_veth && has_mac(link, "\2rous", 5))
		info.kind = RS_LINK_AGENT;
	else if (!has_address)
		info.kind = is_veth && has_mac(link, "\2h", 2) ? RS_LINK_SANDBOX : RS_LINK_BARE;
	else
		info.kind = type ? RS_LINK_CLIENT : RS_LINK_UPLINK;
	return info;
}

/* Every interface has a link-local IPv6 address: it says nothing of who sits behind it. */
static bool counts(int family, int scope)
{
	return family == AF_INET || (family == AF_INET6 && scope != RT_SCOPE_LINK);
}

static bool is_addressed(struct nl_cache *addresses, int ifindex)
{
	for (struct nl_object *o = nl_cache_get_first(addresses); o; o = nl_cache_get_next(o)) {
		struct rtnl_addr *address = (struct rtnl_addr *)o;
		if (rtnl_addr_get_ifindex(address) == ifindex &&
		    counts(rtnl_addr_get_family(address), rtnl_addr_get_scope(address)))
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
		struct rs_link_info info = describe(link, is_addressed(addresses, rtnl_link_get_ifindex(link)));
		r = each(user, &info);
	}
	return r;
}

static int look_for_mtu(void *user, const struct rs_link_info *link)
{
	unsigned *smallest = user;
	if (link->kind == RS_LINK_UPLINK && (!*smallest || link->mtu < *smallest))
		*smallest = link->mtu;
	return 0;
}

int rs_links_uplink_mtu(unsigned *ret_mtu, struct rs_err *err)
{
	unsigned smallest = 0;
	int r = rs_links_each(look_for_mtu, &smallest, err);
	if (r < 0)
		return r;
	smallest = smallest ? smallest : ETHERNET_MTU;
	*ret_mtu = smallest < RS_LINK_MTU_MIN ? RS_LINK_MTU_MIN : smallest > UINT16_MAX ? UINT16_MAX : smallest;
	return 0;
}

struct search {
	unsigned ifindex;
	bool found;
};

static int on_address(struct nl_msg *message, void *user)
{
	struct search *search = user;
	const struct nlmsghdr *header = nlmsg_hdr(message);
	if (header->nlmsg_type == RTM_NEWADDR) {
		const struct ifaddrmsg *address = nlmsg_data(header);
		search->found |=
			address->ifa_index == search->ifindex && counts(address->ifa_family, address->ifa_scope);
	}
	return NL_OK;
}

/* Asks for the addresses of one link; a kernel before 4.20 sends those of all. */
static int find_address(struct nl_sock *socket, unsigned ifindex, bool *ret_found, struct rs_err *err)
{
	int strict = 1;
	(void)setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &strict, sizeof(strict));
	struct ifaddrmsg question = {.ifa_family = AF_UNSPEC, .ifa_index = ifindex};
	struct search search = {.ifindex = ifindex};
	int r = nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_address, &search);
	if (r == 0)
		r = nl_send_simple(socket, RTM_GETADDR, NLM_F_DUMP, &question, sizeof(question));
	if (r >= 0)
		r = nl_recvmsgs_default(socket);
	/* Gone meanwhile: it has none. */
	if (r < 0 && r != -NLE_NODEV)
		return rs_nl_error(err, r, "cannot read the addresses of a link");
	*ret_found = search.found;
	return 0;
}

int rs_links_get(unsigned ifindex, struct rs_link_info *ret_link, struct rs_err *err)
{
	struct nl_sock *opened = NULL;
	int r = open_netlink(&opened, err);
	if (r < 0)
		return r;
	rs_auto_nl(nl_sock) socket = opened;
	struct rtnl_link *found = NULL;
	r = rtnl_link_get_kernel(socket, (int)ifindex, NULL, &found);
	if (r == -NLE_NODEV || r == -NLE_OBJ_NOTFOUND)
		return rs_err_set(err, -ENODEV, "there is no link %u", ifindex);
	if (r < 0)
		return rs_nl_error(err, r, "cannot read a link");
	rs_auto_nl(rtnl_link) link = found;
	bool has_address = false;
	r = find_address(socket, ifindex, &has_address, err);
	if (r == 0)
		*ret_link = describe(link, has_address);
	return r;
}

uint16_t rs_link_mtu(unsigned ifindex)
{
	struct ifreq question = {.ifr_mtu = 0};
	rs_auto_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || !if_indextoname(ifindex, question.ifr_name) || ioctl(fd, SIOCGIFMTU, &question) < 0)
		return 0;
	return question.ifr_mtu > UINT16_MAX ? UINT16_MAX : (uint16_t)question.ifr_mtu;
}

/* --- news ------------------------------------------------------------------------------------------------------- */

int rs_links_news_open(void)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	int size = NEWS_BYTES;
	rs_auto_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return rs_take_fd(fd);
}

int rs_links_news_read(int socket, void (*changed)(void *user, unsigned ifindex, bool deleted), void *user)
{
	char buffer[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool lost = false;
	for (;;) {
		ssize_t n = recv(socket, buffer, sizeof(buffer), MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && errno == ENOBUFS) {
			lost = true;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return lost ? -ENOBUFS : n < 0 && errno != EAGAIN ? -errno : 0;
		if ((size_t)n > sizeof(buffer)) {
			lost = true;
			continue;
		}
		int left = (int)n;
		for (struct nlmsghdr *at = (struct nlmsghdr *)buffer; nlmsg_ok(at, left); at = nlmsg_next(at, &left)) {
			if (at->nlmsg_type == RTM_NEWLINK || at->nlmsg_type == RTM_DELLINK) {
				const struct ifinfomsg *link = nlmsg_data(at);
				/* A bridge tells of its ports by RTM_DELLINK of its own family. */
				if (link->ifi_family == AF_UNSPEC)
					changed(user, (unsigned)link->ifi_index, at->nlmsg_type == RTM_DELLINK);
			} else if (at->nlmsg_type == RTM_NEWADDR || at->nlmsg_type == RTM_DELADDR) {
				const struct ifaddrmsg *address = nlmsg_data(at);
				changed(user, address->ifa_index, false);
			}
		}
	}
}
