/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instances' way out: forwarding on the interfaces that their packets and
 * the answers come in by, and masquerading in nft tables of the agent's own.
 *
 * IPv4 is forwarded by each interface's own setting. IPv6 has that only since
 * Linux 6.17 (force_forwarding); before, the one setting for all makes the host
 * a router, which no longer listens to router advertisements unless accept_ra
 * is 2: so interfaces that have 1 get that first.
 *
 * What was set differently before is noted (sys/undo.h), and cleanup sets it
 * back.
 *
 * Connections to services never come here: the dataplane rewrites and redirects
 * them at the ingress, before nft and conntrack see them.
 */
#ifndef RS_SYS_OUTBOUND_H
#define RS_SYS_OUTBOUND_H

#include "base/err.h"
#include "base/range.h"

#include <stddef.h>

struct rs_outbound_config {
	const char *name;		    /* of the nft tables, one for each family */
	const char *run_dir;		    /* exists */
	struct rs_range range[RS_FAMILIES]; /* of the instances; bits are 0 for a family that there is not */
};

/* Whether the kernel would take the tables; changes nothing. */
int rs_outbound_check(const struct rs_outbound_config *config, struct rs_err *err);

/* Makes the tables anew. */
int rs_outbound_setup(const struct rs_outbound_config *config, struct rs_err *err);

/* Lets packets that arrive on this interface be forwarded; remembers the settings that were there. */
int rs_outbound_allow(const struct rs_outbound_config *config, const char *link, struct rs_err *err);

/* Undoes one note of rs_outbound_allow(); -ENOENT when it is not one of those. A link that is gone is no error. */
int rs_outbound_undo(const char *key, const char *value, struct rs_err *err);

/* A chain of somebody else that drops what is forwarded, and does not speak of our range of a family that it is for:
 * "ip filter FORWARD". Returns 1 when there is one, 0 when not or when nobody can tell. */
int rs_outbound_dropped(const struct rs_outbound_config *config, char *out, size_t size, enum rs_family *ret_family);

/* Removes the tables, also of a family that the config has not. Returns 0 also when there is none. */
int rs_outbound_cleanup(const struct rs_outbound_config *config, struct rs_err *err);

#endif
