/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every user of libnl needs: its objects released by cleanup attributes
 * like everything else (rs_auto_nl(rtnl_link) link = ...), and its errors as ours.
 * Bodies stand here so that the sandbox's helper need not link the rest of sys.
 */
#ifndef RS_SYS_NETLINK_H
#define RS_SYS_NETLINK_H

#include "abi/address.h"
#include "base/err.h"

#include <errno.h>
#include <netlink/addr.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#define RS_NL_CLEANUP(type, function)                                                                                  \
	static inline void rs_nl_cleanup_##type(struct type **object)                                                  \
	{                                                                                                              \
		if (*object)                                                                                           \
			function(*object);                                                                             \
	}
RS_NL_CLEANUP(nl_sock, nl_socket_free)
RS_NL_CLEANUP(nl_addr, nl_addr_put)
RS_NL_CLEANUP(nl_cache, nl_cache_free)
RS_NL_CLEANUP(rtnl_link, rtnl_link_put)
RS_NL_CLEANUP(rtnl_addr, rtnl_addr_put)
RS_NL_CLEANUP(rtnl_route, rtnl_route_put)
RS_NL_CLEANUP(rtnl_neigh, rtnl_neigh_put)
#undef RS_NL_CLEANUP
#define rs_auto_nl(type) __attribute__((cleanup(rs_nl_cleanup_##type))) struct type *

/* Fills *err with "what: libnl's words" and returns a negative errno: -EPERM, -EEXIST, else -EIO. */
static inline int rs_nl_error(struct rs_err *err, int code, const char *what)
{
	int r = code == -NLE_PERM ? -EPERM : code == -NLE_EXIST ? -EEXIST : -EIO;
	return rs_err_set(err, r, "%s: %s", what, nl_geterror(code));
}

/* Either family, with a prefix as people count it. NULL when out of memory. */
static inline struct nl_addr *rs_nl_address(const struct rs_address *address, unsigned bits)
{
	bool is_v4 = rs_address_family(address) == RS_V4;
	struct nl_addr *out = is_v4 ? nl_addr_build(AF_INET, &address->byte[12], 4)
				    : nl_addr_build(AF_INET6, address->byte, sizeof(address->byte));
	if (out)
		nl_addr_set_prefixlen(out, (int)bits);
	return out;
}

/* The whole address, no network. */
static inline struct nl_addr *rs_nl_host(const struct rs_address *address)
{
	return rs_nl_address(address, rs_address_family(address) == RS_V4 ? 32 : 128);
}

#endif
