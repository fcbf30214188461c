/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instances' way out: forwarding on the interfaces that their packets and
 * the answers come in by, and masquerading in an nft table of the agent's own.
 * What was set differently before is noted (sys/undo.h), and cleanup sets it
 * back.
 *
 * Connections to services never come here: the dataplane rewrites and redirects
 * them at the ingress, before nft and conntrack see them.
 */
#ifndef RS_SYS_OUTBOUND_H
#define RS_SYS_OUTBOUND_H

#include "base/err.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

struct rs_outbound_config {
	const char *name;     /* of the nft table */
	const char *run_dir;  /* exists */
	struct in_addr range; /* of the instances, network order */
	uint8_t range_bits;
};

/* Whether the kernel would take the table; changes nothing. */
int rs_outbound_check(const struct rs_outbound_config *config, struct rs_err *err);

/* Makes the table anew. */
int rs_outbound_setup(const struct rs_outbound_config *config, struct rs_err *err);

/* Lets packets that arrive on this interface be forwarded; remembers the setting that was there. */
int rs_outbound_allow(const struct rs_outbound_config *config, const char *link, struct rs_err *err);

/* Undoes one note of rs_outbound_allow(); -ENOENT when it is not one of those. A link that is gone is no error. */
int rs_outbound_undo(const char *key, const char *value, struct rs_err *err);

/* A chain of somebody else that drops what is forwarded, and does not speak of our range: "ip filter FORWARD".
 * Returns 1 when there is one, 0 when not or when nobody can tell. */
int rs_outbound_dropped(const struct rs_outbound_config *config, char *out, size_t size);

/* Removes the table. Returns 0 also when there is none. */
int rs_outbound_cleanup(const struct rs_outbound_config *config, struct rs_err *err);

#endif
