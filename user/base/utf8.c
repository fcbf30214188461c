// SPDX-License-Identifier: BSD-2-Clause
#include "base/utf8.h"

#include <string.h>

size_t rs_utf8_next(const char *text, uint32_t *ret_point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char first = (unsigned char)text[0];
	const size_t length = first < 0x80   ? 1
			      : first < 0xc2 ? 0
			      : first < 0xe0 ? 2
			      : first < 0xf0 ? 3
			      : first < 0xf5 ? 4
					     : 0;
	uint32_t point = length == 1 ? first : first & (0x7fU >> length);

	*ret_point = RS_UTF8_NONE;
	if (length == 0)
		return 1;
	for (size_t i = 1; i < length; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 1;
		point = point << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 1;
	*ret_point = point;
	return length;
}

static bool is_bad(uint32_t point, size_t length)
{
	return point == RS_UTF8_NONE && length == 1;
}

const char *rs_utf8_find_bad(const char *text)
{
	uint32_t point;
	for (size_t length; *text; text += length) {
		length = rs_utf8_next(text, &point);
		if (is_bad(point, length))
			return text;
	}
	return NULL;
}

void rs_utf8_disarm(char *text, const char *kept)
{
	uint32_t point;
	for (size_t length; *text; text += length) {
		length = rs_utf8_next(text, &point);
		bool is_control = point < 0x20 || (point >= 0x7f && point < 0xa0) || is_bad(point, length);
		if (is_control && !(length == 1 && strchr(kept, *text)))
			memset(text, ' ', length);
	}
}
