/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The front door for clients on this host: the veth pair rouse0/rouse1. The
 * VIP range is routed into rouse0 through a fixed gateway with a permanent
 * neighbour entry, so the packets arrive at rouse1's ingress, where the
 * dataplane stands.
 */
#ifndef RS_SYS_HOSTLINK_H
#define RS_SYS_HOSTLINK_H

#include "base/err.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define RS_HOSTLINK_OUTER "rouse0"
#define RS_HOSTLINK_INNER "rouse1"

struct rs_hostlink {
	unsigned outer_ifindex; /* rouse0 */
	unsigned inner_ifindex; /* rouse1 */
	uint8_t outer_mac[6];
	uint8_t inner_mac[6];
};

struct rs_hostlink_config {
	struct in_addr vip_range; /* network order */
	unsigned vip_bits;
	struct in_addr instance_range;
	unsigned instance_bits;
	struct in_addr address; /* of rouse0: the source of the host's own clients, the instances' gateway */
	struct in_addr gateway; /* the fixed next hop into rouse1 */
};

/* Creates what is missing and fills *ret_link. Refuses (-EADDRINUSE) ranges that overlap a route of someone else. */
int rs_hostlink_setup(const struct rs_hostlink_config *config, struct rs_hostlink *ret_link, struct rs_err *err);

/* Removes the pair, and with it address, route and neighbour. Returns 0 also when there is none. */
int rs_hostlink_cleanup(struct rs_err *err);

/* What an interface is to the dataplane. */
enum rs_link_kind {
	RS_LINK_OTHER,	/* loopback, down, without an address, or ours */
	RS_LINK_CLIENT, /* virtual, addressed: containers and namespaces sit behind it */
	RS_LINK_UPLINK, /* physical, addressed */
};

struct rs_link_info {
	unsigned ifindex;
	char name[16];
	enum rs_link_kind kind;
	bool peer_elsewhere; /* a veth whose other end is in another namespace */
};

/* Visits every link. Stops at the first non-zero return. */
int rs_links_each(int (*each)(void *user, const struct rs_link_info *link), void *user, struct rs_err *err);

#endif
