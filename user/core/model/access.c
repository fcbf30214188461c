/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/model/access.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define SEPARATORS ", \t\n"

static int parse_item(const char *text, struct rs_range *ret_range, struct rs_err *err)
{
	char nearest[RS_RANGE_TEXT_MAX];
	int r = rs_range_parse(text, ret_range);

	if (r == -ERANGE)
		return rs_err_set(err, -EINVAL, "\"%.60s\": a prefix has 0 to %u bits here", text,
				  strchr(text, ':') ? 128 : 32);
	if (r < 0)
		return rs_err_set(err, r, "\"%.60s\" is neither an address nor a range like 10.0.0.0/8", text);
	if (rs_range_mask(ret_range))
		return rs_err_set(err, -EINVAL, "\"%.60s\" has bits set behind its prefix; its range is %s", text,
				  rs_range_print(*ret_range, nearest));
	return 0;
}

int rs_allow_from_parse(const char *text, struct rs_allow_from *ret_ranges, struct rs_err *err)
{
	struct rs_allow_from ranges = {.count = 0};

	for (text += strspn(text, SEPARATORS); *text; text += strspn(text, SEPARATORS)) {
		const size_t length = strcspn(text, SEPARATORS);
		struct rs_range range;
		char item[64];
		int r;

		/* What is longer than any address is cut, and refused as it stands. */
		snprintf(item, sizeof(item), "%.*s", (int)length, text);
		r = parse_item(item, &range, err);
		if (r < 0)
			return r;
		for (size_t i = 0; i < ranges.count; i++)
			if (rs_range_equal(ranges.items[i], range))
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
		if (!rs_range_equal(a->items[i], b->items[i]))
			return false;
	return true;
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
	return 0;
}
