// SPDX-License-Identifier: BSD-2-Clause
#include "cli/noun/age.h"

#include "base/str.h"
#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	MINUTE = 60,
	HOUR = 60 * MINUTE,
	DAY = 24 * HOUR,
	YEAR = 365 * DAY,
};

/* "7h3m", or "7h" when the rest is nothing. */
static void two_units(char *out, int64_t seconds, int64_t big, char big_unit, int64_t small, char small_unit)
{
	int n = snprintf(out, RS_AGE_TEXT_MAX, "%lld%c", (long long)(seconds / big), big_unit);
	int64_t rest = seconds % big / small;
	if (rest)
		snprintf(out + n, RS_AGE_TEXT_MAX - (size_t)n, "%lld%c", (long long)rest, small_unit);
}

/* The steps of Kubernetes' duration.HumanDuration: the second unit goes when it no longer matters. */
void rs_age_format(int64_t seconds, char out[static RS_AGE_TEXT_MAX])
{
	if (seconds < 0)
		seconds = 0;
	if (seconds < 2 * MINUTE)
		snprintf(out, RS_AGE_TEXT_MAX, "%llds", (long long)seconds);
	else if (seconds < 10 * MINUTE)
		two_units(out, seconds, MINUTE, 'm', 1, 's');
	else if (seconds < 3 * HOUR)
		snprintf(out, RS_AGE_TEXT_MAX, "%lldm", (long long)(seconds / MINUTE));
	else if (seconds < 8 * HOUR)
		two_units(out, seconds, HOUR, 'h', MINUTE, 'm');
	else if (seconds < 2 * DAY)
		snprintf(out, RS_AGE_TEXT_MAX, "%lldh", (long long)(seconds / HOUR));
	else if (seconds < 8 * DAY)
		two_units(out, seconds, DAY, 'd', HOUR, 'h');
	else if (seconds < 2 * YEAR)
		snprintf(out, RS_AGE_TEXT_MAX, "%lldd", (long long)(seconds / DAY));
	else if (seconds < 8 * YEAR)
		two_units(out, seconds, YEAR, 'y', DAY, 'd');
	else
		snprintf(out, RS_AGE_TEXT_MAX, "%lldy", (long long)(seconds / YEAR));
}

int rs_age_parse_time(const char *text, uint64_t *ret_wall_ns)
{
	struct tm tm = {0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest)
		return -EINVAL;
	uint64_t fraction = 0;
	if (*rest == '.') {
		uint64_t digit = RS_NS_PER_S / 10;
		for (rest++; *rest >= '0' && *rest <= '9'; rest++, digit /= 10)
			fraction += (uint64_t)(*rest - '0') * digit;
	}
	if (!rs_str_equal(rest, "Z") && !rs_str_equal(rest, "+00:00"))
		return -EINVAL;
	time_t seconds = timegm(&tm);
	if (seconds < 0)
		return -EINVAL;
	*ret_wall_ns = (uint64_t)seconds * RS_NS_PER_S + fraction;
	return 0;
}

void rs_age_since(const char *time_text, uint64_t now_wall_ns, char out[static RS_AGE_TEXT_MAX])
{
	uint64_t then;
	if (rs_age_parse_time(time_text, &then) < 0) {
		rs_str_copy(out, RS_AGE_TEXT_MAX, "<unknown>");
		return;
	}
	rs_age_format((int64_t)(now_wall_ns - then) / (int64_t)RS_NS_PER_S, out);
}
