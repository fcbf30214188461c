/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's interfaces: what each is to the dataplane, and news of them. */
#ifndef RS_SYS_LINKS_H
#define RS_SYS_LINKS_H

#include "base/err.h"
#include "sys/ranges.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RS_LINK_NAME_MAX 16
#define RS_AGENT_TAG_MAX 256
#define RS_LINK_MTU_MIN	 1280 /* RFC 8200 5 */

/* What an agent writes on its front door (the link's alias), for people and for other agents to read. */
struct rs_agent_tag {
	struct rs_ranges ranges;
	char run_dir[RS_AGENT_TAG_MAX];
};

/* "rouse vip=198.18.0.0/16 instances=198.19.0.0/16 run-dir=/run/rouse", with " vip6=fd00::/112 instances6=fd01::/112"
 * in between where there is IPv6; -E2BIG when it does not fit. */
int rs_agent_tag_print(const struct rs_agent_tag *tag, char out[static RS_AGENT_TAG_MAX]);
/* -EINVAL when the alias is not an agent's. */
int rs_agent_tag_parse(const char *alias, struct rs_agent_tag *ret_tag);

/* What an interface is to the dataplane. */
enum rs_link_kind {
	RS_LINK_LOOPBACK,
	RS_LINK_AGENT,	 /* NAME0 or NAME1 of an agent */
	RS_LINK_SANDBOX, /* host side of an instance's veth, of any agent */
	RS_LINK_BARE,	 /* without an address, but perhaps a link-local one of IPv6 */
	RS_LINK_CLIENT,	 /* virtual, addressed: containers and namespaces sit behind it */
	RS_LINK_UPLINK,	 /* physical, addressed */
	RS_LINK_KIND_COUNT,
};

struct rs_link_info {
	unsigned ifindex;
	char name[RS_LINK_NAME_MAX];
	char type[RS_LINK_NAME_MAX]; /* "veth", "bridge", ...; "" for a physical one */
	char alias[RS_AGENT_TAG_MAX];
	enum rs_link_kind kind;
	unsigned master; /* of a bridge's or bond's port; 0 = none */
	unsigned mtu;
	bool peer_elsewhere; /* a veth whose other end is in another namespace */
};

/* Visits every link. Stops at the first non-zero return, and returns it. */
int rs_links_each(int (*each)(void *user, const struct rs_link_info *link), void *user, struct rs_err *err);
/* The smallest MTU of the uplinks, at least RS_LINK_MTU_MIN; 1500 when there is none. */
int rs_links_uplink_mtu(unsigned *ret_mtu, struct rs_err *err);
/* One link by its number, without a look at the others. -ENODEV when it is gone. */
int rs_links_get(unsigned ifindex, struct rs_link_info *ret_link, struct rs_err *err);

/* 0 when the link is gone. */
uint16_t rs_link_mtu(unsigned ifindex);

/* A non-blocking socket with news of links and their addresses. */
int rs_links_news_open(void);
/* Reads all news there are; `changed` learns of each link that changed, and whether it was deleted (perhaps another has
 * its number now). -ENOBUFS when news were lost: look at everything. */
int rs_links_news_read(int socket, void (*changed)(void *user, unsigned ifindex, bool deleted), void *user);

#endif
