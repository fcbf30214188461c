// SPDX-License-Identifier: BSD-2-Clause
#include "base/range.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *rs_family_text(enum rs_family family)
{
	return family == RS_V4 ? "IPv4" : "IPv6";
}

const char *rs_address_print(const struct rs_address *address, char out[static RS_ADDRESS_TEXT_MAX])
{
	bool is_v4 = rs_address_family(address) == RS_V4;
	inet_ntop(is_v4 ? AF_INET : AF_INET6, &address->byte[is_v4 ? 12 : 0], out, RS_ADDRESS_TEXT_MAX);
	return out;
}

int rs_address_parse(const char *text, struct rs_address *ret_address)
{
	struct in_addr v4;
	struct rs_address address;
	if (inet_pton(AF_INET, text, &v4) == 1)
		address = rs_address_v4(v4.s_addr);
	else if (inet_pton(AF_INET6, text, address.byte) != 1)
		return -EINVAL;
	*ret_address = address;
	return 0;
}

struct rs_address rs_address_plus(const struct rs_address *address, uint32_t offset)
{
	struct rs_address out = *address;
	size_t first = rs_address_family(address) == RS_V4 ? 12 : 0;
	uint64_t carry = offset;
	for (size_t i = sizeof(out.byte); i-- > first && carry; carry >>= 8) {
		carry += out.byte[i];
		out.byte[i] = (__u8)carry;
	}
	return out;
}

uint32_t rs_address_minus(const struct rs_address *address, const struct rs_address *base)
{
	int borrow = 0;
	uint32_t distance = 0;
	for (size_t i = sizeof(address->byte); i-- > 0;) {
		int digit = address->byte[i] - base->byte[i] - borrow;
		borrow = digit < 0;
		if (i >= 12)
			distance |= (uint32_t)(digit & 0xff) << (8 * (15 - i));
		else if (digit & 0xff)
			return UINT32_MAX;
	}
	return borrow ? UINT32_MAX : distance;
}

struct rs_range rs_range_v4(struct in_addr address, unsigned bits)
{
	return (struct rs_range){.address = rs_address_v4(address.s_addr), .bits = RS_RANGE_V4_BITS + bits};
}

bool rs_range_is_v4(const struct rs_range *range)
{
	return range->bits >= RS_RANGE_V4_BITS && rs_address_family(&range->address) == RS_V4;
}

unsigned rs_range_bits(const struct rs_range *range)
{
	return rs_range_is_v4(range) ? range->bits - RS_RANGE_V4_BITS : range->bits;
}

bool rs_range_overlaps(struct rs_range a, struct rs_range b)
{
	struct rs_range shorter = a.bits < b.bits ? a : b, other = a.bits < b.bits ? b : a;
	if (!shorter.bits)
		return false;
	other.bits = shorter.bits;
	rs_range_mask(&other);
	rs_range_mask(&shorter);
	return rs_address_equal(&shorter.address, &other.address);
}

bool rs_range_equal(struct rs_range a, struct rs_range b)
{
	return a.bits == b.bits && rs_address_equal(&a.address, &b.address);
}

bool rs_range_mask(struct rs_range *range)
{
	bool changed = false;
	for (size_t i = 0; i < sizeof(range->address.byte); i++) {
		unsigned from = (unsigned)(8 * i);
		unsigned kept = range->bits <= from ? 0 : range->bits - from < 8 ? range->bits - from : 8;
		__u8 behind = (__u8)(0xff >> kept);
		changed |= range->address.byte[i] & behind;
		range->address.byte[i] &= (__u8)~behind;
	}
	return changed;
}

const char *rs_range_print(struct rs_range range, char out[static RS_RANGE_TEXT_MAX])
{
	char address[RS_ADDRESS_TEXT_MAX];
	/* A short prefix can leave nothing of the mapped form: then it is IPv6's. */
	if (rs_range_is_v4(&range))
		rs_address_print(&range.address, address);
	else
		inet_ntop(AF_INET6, range.address.byte, address, sizeof(address));
	snprintf(out, RS_RANGE_TEXT_MAX, "%s/%u", address, rs_range_bits(&range));
	return out;
}

int rs_range_parse(const char *text, struct rs_range *ret_range)
{
	char copy[RS_RANGE_TEXT_MAX];
	struct rs_range range;
	if (rs_str_copy(copy, sizeof(copy), text) < 0)
		return -EINVAL;
	char *slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	if (rs_address_parse(copy, &range.address) < 0)
		return -EINVAL;
	/* "::ffff:1.2.3.4/120" is written as IPv6, and its bits are counted so. */
	unsigned offset = strchr(copy, ':') ? 0 : RS_RANGE_V4_BITS;
	long long bits = 128 - offset;
	if (slash && rs_str_to_long(slash, 0, bits, &bits) < 0)
		return -ERANGE;
	range.bits = offset + (unsigned)bits;
	*ret_range = range;
	return 0;
}
