// SPDX-License-Identifier: BSD-2-Clause
#include "rt/log_name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TIME_LENGTH 20 /* 20261125T145742.123Z */

int rs_log_name(char *out, size_t size, const char *instance, uint64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm parts;
	char text[32];
	if (!gmtime_r(&seconds, &parts) || !strftime(text, sizeof(text), "%Y%m%dT%H%M%S", &parts))
		return -EINVAL;
	int n = snprintf(out, size, "%s-%s.%03uZ" RS_LOG_SUFFIX, instance, text, (unsigned)(wall_ms % 1000));
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int rs_log_name_parse(const char *file, char *instance, size_t size, uint64_t *ret_wall_ms)
{
	size_t length = strlen(file), tail = TIME_LENGTH + strlen(RS_LOG_SUFFIX);
	if (length < tail + 2 || length - tail - 1 >= size)
		return -EINVAL;
	struct tm parts = {.tm_isdst = 0};
	unsigned ms = 0;
	char again[RS_LOG_NAME_MAX];
	if (sscanf(file + length - tail, "%4d%2d%2dT%2d%2d%2d.%3uZ", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
		   &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &ms) != 7)
		return -EINVAL;
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	time_t seconds = timegm(&parts);
	if (seconds < 0)
		return -EINVAL;
	memcpy(instance, file, length - tail - 1);
	instance[length - tail - 1] = '\0';
	*ret_wall_ms = (uint64_t)seconds * 1000 + ms;
	/* What does not print as it was read is somebody else's. */
	if (rs_log_name(again, sizeof(again), instance, *ret_wall_ms) < 0 || strcmp(again, file) != 0)
		return -EINVAL;
	return 0;
}
