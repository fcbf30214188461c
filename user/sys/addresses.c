// SPDX-License-Identifier: BSD-2-Clause
#include "sys/addresses.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* Of one interface's address. False when it is none that others can send to. */
static bool read_address(const struct ifaddrs *item, struct rs_address *ret_address)
{
	if (!item->ifa_addr || (item->ifa_flags & IFF_LOOPBACK))
		return false;
	if (item->ifa_addr->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)item->ifa_addr;
		*ret_address = rs_address_v4(v4->sin_addr.s_addr);
		return v4->sin_addr.s_addr != 0;
	}
	if (item->ifa_addr->sa_family != AF_INET6)
		return false;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)item->ifa_addr;
	memcpy(ret_address->byte, &v6->sin6_addr, sizeof(ret_address->byte));
	return !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) && !IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

int rs_addresses_each(int (*each)(void *user, const char *link, const struct rs_address *address), void *user,
		      struct rs_err *err)
{
	struct ifaddrs *list = NULL;
	int r = 0;
	if (getifaddrs(&list) < 0)
		return rs_err_set(err, -errno, "cannot read the host's addresses: %s", strerror(errno));
	for (const struct ifaddrs *item = list; item && r == 0; item = item->ifa_next) {
		struct rs_address address;
		if (read_address(item, &address))
			r = each(user, item->ifa_name, &address);
	}
	freeifaddrs(list);
	return r;
}

int rs_addresses_news_open(void)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	rs_auto_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return rs_take_fd(fd);
}

/* Every sandbox that is built tells of the link-local address of its veth: nobody has to look for that. */
static bool is_news(const struct nlmsghdr *message)
{
	const struct ifaddrmsg *address = NLMSG_DATA(message);
	return (message->nlmsg_type == RTM_NEWADDR || message->nlmsg_type == RTM_DELADDR) &&
	       address->ifa_scope < RT_SCOPE_LINK;
}

bool rs_addresses_news_read(int socket)
{
	char buffer[16384] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool changed = false;
	for (;;) {
		ssize_t n = recv(socket, buffer, sizeof(buffer), MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && (errno == ENOBUFS || errno == EINTR)) {
			changed |= errno == ENOBUFS;
			continue;
		}
		if (n <= 0)
			return changed;
		if ((size_t)n > sizeof(buffer)) {
			changed = true;
			continue;
		}
		size_t left = (size_t)n;
		for (struct nlmsghdr *at = (struct nlmsghdr *)buffer; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left))
			changed |= is_news(at);
	}
}
