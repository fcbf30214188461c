// SPDX-License-Identifier: BSD-2-Clause
#include "base/time.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

void rs_time_rfc3339(uint64_t wall_ns, char out[static RS_TIME_TEXT_MAX])
{
	time_t seconds = (time_t)(wall_ns / RS_NS_PER_S);
	struct tm utc;
	gmtime_r(&seconds, &utc);
	strftime(out, RS_TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

int rs_time_parse(const char *text, uint64_t *ret_wall_ns)
{
	struct tm parts = {.tm_isdst = 0};
	int end = 0, hours = 0, minutes = 0;
	uint64_t fraction_ns = 0;
	char sign[2] = "+";
	if (sscanf(text, "%4d-%2d-%2d%*[Tt]%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
		   &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &end) != 6 ||
	    !end)
		return -EINVAL;
	text += end;
	if (*text == '.') {
		uint64_t unit = RS_NS_PER_S / 10;
		if (!isdigit((unsigned char)*++text))
			return -EINVAL;
		for (; isdigit((unsigned char)*text); text++, unit /= 10)
			fraction_ns += (uint64_t)(*text - '0') * unit;
	}
	end = 0;
	if (*text == 'Z' || *text == 'z')
		end = 1;
	else if (sscanf(text, "%1[+-]%2d:%2d%n", sign, &hours, &minutes, &end) != 3)
		return -EINVAL;
	if (!end || text[end])
		return -EINVAL;
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	struct tm whole = parts;
	time_t seconds = timegm(&parts);
	/* timegm() makes the first of March of a thirtieth of February. */
	if (seconds < 0 || parts.tm_mon != whole.tm_mon || parts.tm_mday != whole.tm_mday || whole.tm_hour > 23 ||
	    whole.tm_min > 59)
		return -EINVAL;
	int64_t offset = (hours * 60LL + minutes) * 60;
	int64_t utc = (int64_t)seconds - (*sign == '-' ? -offset : offset);
	if (utc < 0)
		return -EINVAL;
	*ret_wall_ns = (uint64_t)utc * RS_NS_PER_S + fraction_ns;
	return 0;
}
