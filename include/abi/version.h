/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The version of everything in include/abi. A change of any layout or meaning
 * raises it; an agent that finds pins of another version refuses them, and
 * `rouse cleanup` removes them.
 */
#ifndef RS_ABI_VERSION_H
#define RS_ABI_VERSION_H

#include "types.h"

#define RS_ABI_VERSION 4

/* The only entry of the map `abi`. Its size and its first word are the same in every version, so that each agent can
 * read what another one left. */
struct rs_abi {
	__u32 version;	 /* RS_ABI_VERSION of the agent that made the maps */
	__u32 holds_max; /* slots of `holds`, a power of two */
	__u32 flows_max; /* entries of `flows` and of each flow ring, a power of two */
	__u32 seed;	 /* of the hashes of clients: counters in `sources`, picks by hash, ports at the instance */
};
_Static_assert(sizeof(struct rs_abi) == 16, "ABI");

#endif
