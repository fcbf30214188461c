// SPDX-License-Identifier: BSD-2-Clause
#include "agent/api/place.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

void rs_place_print(const struct rs_place *place, char out[static RS_PLACE_TEXT_SIZE])
{
	snprintf(out, RS_PLACE_TEXT_SIZE, "%" PRIu64 ".%" PRIu64 ".%s.%s", place->version, place->number,
		 place->namespace, place->name);
}

int rs_place_parse(const char *text, struct rs_place *ret_place, struct rs_err *err)
{
	struct rs_place place = {0};
	int length = 0;
	/* Names have 63 characters. */
	int count = sscanf(text, "%20" SCNu64 ".%20" SCNu64 ".%n", &place.version, &place.number, &length);
	if (count == 2 && length)
		count += sscanf(text + length, "%63[a-z0-9-].%63[a-z0-9-]", place.namespace, place.name);
	char again[RS_PLACE_TEXT_SIZE];
	rs_place_print(&place, again);
	for (const char *a = again, *b = text;; a++, b++) {
		if (*a != *b)
			return rs_err_set(err, -EINVAL, "continue=%.40s: not what a list's metadata.continue said",
					  text);
		if (!*a)
			break;
	}
	*ret_place = place;
	return 0;
}
