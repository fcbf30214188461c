/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The FORWARD chain of the old iptables, which stands beside nft and which nft
 * does not show: Docker and older firewalls set its policy to drop.
 */
#ifndef RS_SYS_IPTABLES_H
#define RS_SYS_IPTABLES_H

#include "sys/ranges.h"

#include <stdbool.h>

/* Its policy is to drop, and no rule speaks of the range, which is of IPv4. False as well when there is no such table,
 * or nobody can tell; asking does not make one. */
bool rs_iptables_drops_forwarded(struct rs_range range);

#endif
