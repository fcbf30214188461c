// SPDX-License-Identifier: BSD-2-Clause
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The one process-wide setting: where a message goes must not depend on which object reports it. */
static enum rs_log_level log_level = RS_LOG_INFO;

static const char *const level_names[RS_LOG_LEVEL_COUNT] = {
	[RS_LOG_ERROR] = "error",
	[RS_LOG_WARN] = "warn",
	[RS_LOG_INFO] = "info",
	[RS_LOG_DEBUG] = "debug",
};

void rs_log_set_level(enum rs_log_level level)
{
	log_level = level;
}

int rs_log_parse_level(const char *text, enum rs_log_level *ret_level)
{
	for (int i = 0; i < RS_LOG_LEVEL_COUNT; i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*ret_level = (enum rs_log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

int rs_log_enabled(enum rs_log_level level)
{
	return level <= log_level;
}

static void write_line(enum rs_log_level level, int code, const char *format, va_list args)
{
	int saved = errno;
	struct timespec now;
	struct tm utc;
	char line[1024];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	size_t n = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &utc);
	n += (size_t)snprintf(line + n, sizeof(line) - n, ".%03ldZ %-5s ", now.tv_nsec / 1000000, level_names[level]);
	int body = vsnprintf(line + n, sizeof(line) - n, format, args);
	n = body < 0 ? n : n + (size_t)body;
	if (n > sizeof(line) - 1)
		n = sizeof(line) - 1;
	if (code)
		snprintf(line + n, sizeof(line) - n, ": %s", strerror(-code));
	fprintf(stderr, "%s\n", line);
	errno = saved;
}

int rs_log(enum rs_log_level level, const char *format, ...)
{
	if (!rs_log_enabled(level))
		return 0;
	va_list args;
	va_start(args, format);
	write_line(level, 0, format, args);
	va_end(args);
	return 0;
}

int rs_log_errno(int code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	write_line(RS_LOG_ERROR, code, format, args);
	va_end(args);
	return code;
}
