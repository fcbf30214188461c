// SPDX-License-Identifier: BSD-2-Clause
/* The IPv6 ranges, where they were not given. */
#include "agent/config/options.h"

#include <string.h>

/* fd72:6f75:7365::/48 is the unique local prefix (RFC 4193) whose global ID reads "rouse". The IPv4 range behind it
 * keeps agents apart that are apart in IPv4, and lets people see which address belongs to which. */
static struct rs_range beside(struct in_addr range, unsigned bits)
{
	static const unsigned char prefix[] = {0xfd, 'r', 'o', 'u', 's', 'e'};
	struct rs_range out = {.bits = RS_RANGE_V4_BITS + bits};
	memcpy(out.address.byte, prefix, sizeof(prefix));
	memcpy(out.address.byte + 12, &range, sizeof(range));
	return out;
}

static struct rs_range range6_of(const struct in6_addr *address, unsigned bits, struct in_addr range4, unsigned bits4)
{
	struct rs_range range = {.bits = bits};
	memcpy(range.address.byte, address, sizeof(range.address.byte));
	return bits ? range : beside(range4, bits4);
}

struct rs_range rs_options_vip_range6(const struct rs_options *options)
{
	return range6_of(&options->vip_range6, options->vip6_bits, options->vip_range, options->vip_bits);
}

struct rs_range rs_options_instance_range6(const struct rs_options *options)
{
	return range6_of(&options->instance_range6, options->instance6_bits, options->instance_range,
			 options->instance_bits);
}
