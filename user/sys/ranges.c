// SPDX-License-Identifier: BSD-2-Clause
#include "sys/ranges.h"

#include "base/mem.h"
#include "base/str.h"
#include "sys/links.h"
#include "sys/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <string.h>

struct look {
	const struct rs_ranges_check *check;
	struct rs_err *err;
	int result;
};

/* Which of our ranges it meets; NULL = none. */
static const char *met_by(const struct rs_ranges *ours, struct rs_range theirs, struct rs_range *ret_met)
{
	for (int family = 0; family < RS_FAMILIES; family++) {
		bool is_vip = rs_range_overlaps(ours->vip[family], theirs);
		if (!is_vip && !rs_range_overlaps(ours->instances[family], theirs))
			continue;
		*ret_met = is_vip ? ours->vip[family] : ours->instances[family];
		return is_vip ? "vip" : "instance";
	}
	return NULL;
}

/* Tells that `theirs`, which is `what` of `whom`, is in the way of one of our ranges. Once. */
static void tell(struct look *look, struct rs_range theirs, const char *what, const char *whom)
{
	char ours_text[RS_RANGE_TEXT_MAX], theirs_text[RS_RANGE_TEXT_MAX];
	struct rs_range met;
	const char *option = look->result ? NULL : met_by(&look->check->ranges, theirs, &met);
	if (!option)
		return;
	look->result =
		rs_err_set(look->err, -EADDRINUSE, "the %s range %s overlaps %s %s%s: choose another with --%s-range%s",
			   rs_str_equal(option, "vip") ? "VIP" : "instance", rs_range_print(met, ours_text), what,
			   rs_range_print(theirs, theirs_text), whom, option, rs_range_is_v4(&met) ? "" : "6");
}

static bool is_ours(const struct rs_ranges_check *check, const char *link)
{
	size_t length = strlen(check->sandbox_prefix);
	if (rs_str_equal(link, check->link))
		return true;
	return strncmp(link, check->sandbox_prefix, length) == 0 && link[length] &&
	       strspn(link + length, "0123456789") == strlen(link + length);
}

/* Another agent's range is not all in the routes: its instances have one each, once they are. */
static int check_agent(void *user, const struct rs_link_info *link)
{
	struct look *look = user;
	struct rs_agent_tag tag;
	if (link->kind != RS_LINK_AGENT || rs_str_equal(link->name, look->check->link) ||
	    rs_agent_tag_parse(link->alias, &tag) < 0)
		return 0;
	char whom[RS_AGENT_TAG_MAX + 64];
	snprintf(whom, sizeof(whom), " of another agent (%s, --run-dir %s)", link->name, tag.run_dir);
	for (int family = 0; family < RS_FAMILIES; family++) {
		tell(look, tag.ranges.vip[family], "the VIP range", whom);
		tell(look, tag.ranges.instances[family], "the instance range", whom);
	}
	return look->result;
}

/* False when it is not one of ours to understand. */
static bool read_address(unsigned char family, struct nlattr *part, unsigned bits, struct rs_range *ret_range)
{
	struct in_addr v4;
	if (!part || (family != AF_INET && family != AF_INET6) || nla_len(part) < (family == AF_INET ? 4 : 16))
		return false;
	if (family == AF_INET) {
		memcpy(&v4, nla_data(part), sizeof(v4));
		*ret_range = rs_range_v4(v4, bits);
	} else {
		memcpy(ret_range->address.byte, nla_data(part), sizeof(ret_range->address.byte));
		ret_range->bits = bits;
	}
	return true;
}

static void check_address(struct look *look, const struct nlmsghdr *header)
{
	const struct ifaddrmsg *address = nlmsg_data(header);
	struct nlattr *parts[IFA_MAX + 1];
	struct rs_range theirs;
	char link[IF_NAMESIZE] = "", whom[64];
	if (nlmsg_parse((struct nlmsghdr *)header, sizeof(*address), parts, IFA_MAX, NULL) < 0)
		return;
	/* IPv6 has the local one in IFA_ADDRESS, unless there is a peer's. */
	struct nlattr *local = parts[IFA_LOCAL] ? parts[IFA_LOCAL] : parts[IFA_ADDRESS];
	if (!read_address(address->ifa_family, local, address->ifa_family == AF_INET ? 32 : 128, &theirs))
		return;
	if (!if_indextoname(address->ifa_index, link) || is_ours(look->check, link))
		return;
	snprintf(whom, sizeof(whom), " of the link %s", link);
	tell(look, theirs, "the address", whom);
}

static bool leads_nowhere(const struct rtmsg *route)
{
	return route->rtm_type == RTN_BLACKHOLE || route->rtm_type == RTN_UNREACHABLE ||
	       route->rtm_type == RTN_PROHIBIT;
}

/* Is it a route that can be in the way at all? VPNs write a default route as two halves, /1. */
static bool is_of_interest(const struct rtmsg *route)
{
	return route->rtm_dst_len > 1 && route->rtm_table != RT_TABLE_LOCAL && !(route->rtm_flags & RTM_F_CLONED) &&
	       (route->rtm_type == RTN_UNICAST || leads_nowhere(route));
}

static unsigned output_of(struct nlattr **parts)
{
	if (parts[RTA_OIF])
		return nla_get_u32(parts[RTA_OIF]);
	if (parts[RTA_MULTIPATH] && nla_len(parts[RTA_MULTIPATH]) >= (int)sizeof(struct rtnexthop))
		return (unsigned)((const struct rtnexthop *)nla_data(parts[RTA_MULTIPATH]))->rtnh_ifindex;
	return 0;
}

static void check_route(struct look *look, const struct nlmsghdr *header)
{
	const struct rtmsg *route = nlmsg_data(header);
	struct nlattr *parts[RTA_MAX + 1];
	struct rs_range theirs, met;
	if (!is_of_interest(route) ||
	    nlmsg_parse((struct nlmsghdr *)header, sizeof(*route), parts, RTA_MAX, NULL) < 0 ||
	    !read_address(route->rtm_family, parts[RTA_DST], route->rtm_dst_len, &theirs))
		return;
	if (!met_by(&look->check->ranges, theirs, &met) || (leads_nowhere(route) && theirs.bits < met.bits))
		return;
	char link[IF_NAMESIZE] = "", whom[64] = "";
	if (if_indextoname(output_of(parts), link)) {
		if (is_ours(look->check, link))
			return;
		snprintf(whom, sizeof(whom), " dev %s", link);
	}
	tell(look, theirs, "the route", whom);
}

static int on_message(struct nl_msg *message, void *user)
{
	struct look *look = user;
	const struct nlmsghdr *header = nlmsg_hdr(message);
	if (header->nlmsg_type == RTM_NEWADDR)
		check_address(look, header);
	else if (header->nlmsg_type == RTM_NEWROUTE)
		check_route(look, header);
	return NL_OK;
}

/* Message by message: a host may have a million routes. */
static int read_all(int question, unsigned char of_family, struct look *look)
{
	rs_auto_nl(nl_sock) socket = nl_socket_alloc();
	struct rtgenmsg family = {.rtgen_family = of_family};
	int r = socket ? nl_connect(socket, NETLINK_ROUTE) : -NLE_NOMEM;
	if (r == 0)
		r = nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_message, look);
	if (r == 0)
		r = nl_send_simple(socket, question, NLM_F_DUMP, &family, sizeof(family));
	if (r >= 0)
		r = nl_recvmsgs_default(socket);
	/* The table changed while it was read: what we have is as good as a moment ago. */
	return r < 0 && r != -NLE_DUMP_INTR ? rs_nl_error(look->err, r, "cannot read addresses and routes") : 0;
}

static int check_family(struct look *look, enum rs_family family)
{
	unsigned char netlink_family = family == RS_V4 ? AF_INET : AF_INET6;
	struct rs_range vip = look->check->ranges.vip[family], instances = look->check->ranges.instances[family];
	char text[RS_RANGE_TEXT_MAX];
	if (!vip.bits || !instances.bits)
		return 0;
	if (rs_range_overlaps(vip, instances))
		return rs_err_set(look->err, -EADDRINUSE,
				  "the VIP range and the instance range overlap in %s: choose another with "
				  "--vip-range%s or --instance-range%s",
				  rs_range_print(vip.bits > instances.bits ? vip : instances, text),
				  family == RS_V4 ? "" : "6", family == RS_V4 ? "" : "6");
	int r = read_all(RTM_GETADDR, netlink_family, look);
	if (r == 0 && !look->result)
		r = read_all(RTM_GETROUTE, netlink_family, look);
	return r < 0 ? r : look->result;
}

int rs_ranges_check(const struct rs_ranges_check *check, struct rs_err *err)
{
	struct look look = {.check = check, .err = err};
	int r = rs_links_each(check_agent, &look, err);
	if (r == 0)
		r = check_family(&look, RS_V4);
	if (r == 0)
		r = check_family(&look, RS_V6);
	return r < 0 ? r : look.result;
}
