/* SPDX-License-Identifier: BSD-2-Clause */
/* How sandboxes are named, numbered and addressed; the same for the agent and its helper. Pure. */
#ifndef RS_RT_NAMES_H
#define RS_RT_NAMES_H

#include "base/range.h"
#include "rt/message.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* Prefix of the host side links: "NAME-", or a hash of a name that leaves no room for an id. */
void rs_rt_link_prefix(const char *name, char out[static RS_SANDBOX_NAME_MAX + 1]);
/* Host side link of a sandbox. */
void rs_rt_link_name(const char *name, uint32_t id, char out[static RS_SANDBOX_NAME_MAX + 1]);
/* Address of an instance: the range's address plus its id. 0.0.0.0 when it does not fit. */
struct in_addr rs_rt_address(struct in_addr range, unsigned bits, uint32_t id);
/* The same of IPv6; all zero when there is no such range. */
struct rs_address rs_rt_address6(const struct rs_range *range, uint32_t id);
/* Of one side of its veth: locally administered, made from the address, which is unique on the node. */
void rs_rt_mac(struct in_addr address, bool inner, uint8_t out[static 6]);
/* True for a name that may become part of a path. */
bool rs_rt_is_path_part(const char *name);
/* The id in "PREFIX17"; 0 for any other name. */
uint32_t rs_rt_id_of(const char *name, const char *prefix);

#endif
