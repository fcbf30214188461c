/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges of addresses of either family. IPv4 stands as an IPv4-mapped IPv6
 * address (abi/address.h), and its bits count from there, 96 to 128, so that
 * one comparison serves both families.
 */
#ifndef RS_BASE_RANGE_H
#define RS_BASE_RANGE_H

#include "abi/address.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RS_RANGE_V4_BITS    96
#define RS_ADDRESS_TEXT_MAX INET6_ADDRSTRLEN
#define RS_RANGE_TEXT_MAX   (INET6_ADDRSTRLEN + 4)

struct rs_range {
	struct rs_address address;
	unsigned bits; /* 0 = there is no such range, where that is possible */
};

/* "IPv4" or "IPv6". */
const char *rs_family_text(enum rs_family family);

/* "198.18.0.5" or "fd00::5". Returns `out`. */
const char *rs_address_print(const struct rs_address *address, char out[static RS_ADDRESS_TEXT_MAX]);
/* Either family; -EINVAL. */
int rs_address_parse(const char *text, struct rs_address *ret_address);
/* The address `offset` behind this one, within its family. */
struct rs_address rs_address_plus(const struct rs_address *address, uint32_t offset);
/* How far `address` is behind `base`; UINT32_MAX when it is not, or farther than fits. */
uint32_t rs_address_minus(const struct rs_address *address, const struct rs_address *base);

/* `bits` as people count them, 0 to 32. */
struct rs_range rs_range_v4(struct in_addr address, unsigned bits);
/* The bits as people count them. */
unsigned rs_range_bits(const struct rs_range *range);
bool rs_range_is_v4(const struct rs_range *range);
/* True when an address is in both; never, when one is none. */
bool rs_range_overlaps(struct rs_range a, struct rs_range b);
bool rs_range_equal(struct rs_range a, struct rs_range b);
/* Clears what stands behind the prefix. True when something did. */
bool rs_range_mask(struct rs_range *range);
/* "198.18.0.0/16" or "fd00::/64". Returns `out`. */
const char *rs_range_print(struct rs_range range, char out[static RS_RANGE_TEXT_MAX]);
/* An address and, unless it is left out, its prefix. -EINVAL when the address is none, -ERANGE when the prefix is. What
 * stands behind the prefix stays. */
int rs_range_parse(const char *text, struct rs_range *ret_range);

#endif
