/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/model/access.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define SEPARATORS ", \t\n"
#define V4_OFFSET  96
#define ITEM_SIZE  (INET6_ADDRSTRLEN + 4)

static int parse_address(const char *text, struct rs_allow_range *ret_range, unsigned *ret_offset)
{
	struct in_addr v4;

	*ret_offset = 0;
	if (inet_pton(AF_INET6, text, ret_range->address.byte) == 1)
		return 0;
	if (inet_pton(AF_INET, text, &v4) != 1)
		return -EINVAL;
	ret_range->address = rs_address_v4(v4.s_addr);
	*ret_offset = V4_OFFSET;
	return 0;
}

/* Clears what stands behind the prefix. Returns true when something did. */
static bool mask(struct rs_allow_range *range)
{
	bool changed = false;

	for (unsigned bit = range->bits; bit < 128; bit++) {
		const __u8 one = (__u8)(0x80 >> (bit & 7));

		changed |= range->address.byte[bit / 8] & one;
		range->address.byte[bit / 8] &= (__u8)~one;
	}
	return changed;
}

static void print(const struct rs_allow_range *range, char out[static ITEM_SIZE])
{
	const bool is_v4 = rs_allow_range_is_v4(range);
	char address[INET6_ADDRSTRLEN];

	inet_ntop(is_v4 ? AF_INET : AF_INET6, &range->address.byte[is_v4 ? 12 : 0], address, sizeof(address));
	snprintf(out, ITEM_SIZE, "%s/%u", address, range->bits - (is_v4 ? V4_OFFSET : 0));
}

static int parse_item(const char *text, struct rs_allow_range *ret_range, struct rs_err *err)
{
	char copy[ITEM_SIZE], nearest[ITEM_SIZE];
	char *slash;
	unsigned offset;
	long long bits;

	if (rs_str_copy(copy, sizeof(copy), text) < 0)
		goto bad;
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	if (parse_address(copy, ret_range, &offset) < 0)
		goto bad;
	bits = 128 - offset;
	if (slash && rs_str_to_long(slash, 0, bits, &bits) < 0)
		return rs_err_set(err, -EINVAL, "\"%.60s\": a prefix has 0 to %u bits here", text, 128 - offset);
	ret_range->bits = offset + (unsigned)bits;
	if (mask(ret_range)) {
		print(ret_range, nearest);
		return rs_err_set(err, -EINVAL, "\"%.60s\" has bits set behind its prefix; its range is %s", text,
				  nearest);
	}
	return 0;
bad:
	return rs_err_set(err, -EINVAL, "\"%.60s\" is neither an address nor a range like 10.0.0.0/8", text);
}

static bool is_same(const struct rs_allow_range *a, const struct rs_allow_range *b)
{
	return a->bits == b->bits && rs_address_equal(&a->address, &b->address);
}

int rs_allow_from_parse(const char *text, struct rs_allow_from *ret_ranges, struct rs_err *err)
{
	struct rs_allow_from ranges = {.count = 0};

	for (text += strspn(text, SEPARATORS); *text; text += strspn(text, SEPARATORS)) {
		const size_t length = strcspn(text, SEPARATORS);
		struct rs_allow_range range;
		char item[64];
		int r;

		/* What is longer than any address is cut, and refused as it stands. */
		snprintf(item, sizeof(item), "%.*s", (int)length, text);
		r = parse_item(item, &range, err);
		if (r < 0)
			return r;
		for (size_t i = 0; i < ranges.count; i++)
			if (is_same(&ranges.items[i], &range))
				return rs_err_set(err, -EINVAL, "\"%.60s\" is given twice", item);
		if (ranges.count == RS_ALLOW_FROM_MAX)
			return rs_err_set(err, -EINVAL, "at most %d ranges are possible", RS_ALLOW_FROM_MAX);
		ranges.items[ranges.count++] = range;
		text += length;
	}
	if (ranges.count == 0)
		return rs_err_set(err, -EINVAL, "is empty: leave it out to let everyone in");
	*ret_ranges = ranges;
	return 0;
}

bool rs_allow_from_equal(const struct rs_allow_from *a, const struct rs_allow_from *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!is_same(&a->items[i], &b->items[i]))
			return false;
	return true;
}

bool rs_allow_range_is_v4(const struct rs_allow_range *range)
{
	const struct rs_address mapped = rs_address_v4(rs_address_to_v4(&range->address));

	return range->bits >= V4_OFFSET && rs_address_equal(&range->address, &mapped);
}

int rs_metadata_allow_from(const struct rs_metadata *metadata, struct rs_allow_from *ret_ranges, struct rs_err *err)
{
	const char *text = rs_pairs_get(&metadata->annotations, RS_ANNOTATION_ALLOW_FROM);
	struct rs_err why = {0};
	int r;

	ret_ranges->count = 0;
	if (!text)
		return 0;
	r = rs_allow_from_parse(text, ret_ranges, &why);
	if (r < 0)
		return rs_err_set(err, r, "metadata.annotations[%s]: %s", RS_ANNOTATION_ALLOW_FROM, why.message);
	for (size_t i = 0; i < ret_ranges->count; i++) {
		char item[ITEM_SIZE];

		if (rs_allow_range_is_v4(&ret_ranges->items[i]))
			continue;
		print(&ret_ranges->items[i], item);
		return rs_err_set(err, -EINVAL,
				  "metadata.annotations[%s]: %s is IPv6, which services are not reachable by yet",
				  RS_ANNOTATION_ALLOW_FROM, item);
	}
	return 0;
}
