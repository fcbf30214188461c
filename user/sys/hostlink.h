/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The front door for clients on this host: the veth pair NAME0/NAME1, with the
 * agent's name (rouse0/rouse1). The VIP ranges are routed into NAME0 through a
 * fixed gateway with a permanent neighbour entry, so the packets arrive at
 * NAME1's ingress, where the dataplane stands. NAME0's alias says whose it is.
 */
#ifndef RS_SYS_HOSTLINK_H
#define RS_SYS_HOSTLINK_H

#include "base/err.h"
#include "sys/links.h"
#include "sys/ranges.h"

#include <stdbool.h>
#include <stdint.h>

struct rs_hostlink {
	char outer[RS_LINK_NAME_MAX]; /* rouse0 */
	char inner[RS_LINK_NAME_MAX]; /* rouse1 */
	unsigned outer_ifindex;
	unsigned inner_ifindex;
	bool is_new; /* was made by this call */
	uint8_t outer_mac[6];
	uint8_t inner_mac[6];
};

struct rs_hostlink_config {
	const char *name;    /* of the agent, at most 12 characters */
	const char *run_dir; /* tells agents of one name apart */
	const char *sandbox_prefix;
	struct rs_ranges ranges;
	unsigned mtu; /* of both links: what the host's own clients may send; 0 = as it is */
	/* Of each family that the ranges have. */
	struct rs_address
		address[RS_FAMILIES]; /* of NAME0: the source of the host's own clients, the instances' gateway */
	struct rs_address gateway[RS_FAMILIES]; /* the fixed next hop into NAME1 */
};

/* The names of an agent's two links. */
void rs_hostlink_names(const char *name, struct rs_hostlink *ret_link);

/* -EBUSY when a link NAME0 exists that is not this agent's. */
int rs_hostlink_check(const char *name, const char *run_dir, struct rs_err *err);

/* Creates what is missing and fills *ret_link. Refuses a NAME0 of someone else or of other ranges (-EBUSY), and ranges
 * that overlap what the host has (-EADDRINUSE). */
int rs_hostlink_setup(const struct rs_hostlink_config *config, struct rs_hostlink *ret_link, struct rs_err *err);

/* Removes the pair, and with it address, route and neighbour. Returns 0 also when there is none. */
int rs_hostlink_cleanup(const char *name, const char *run_dir, struct rs_err *err);

#endif
