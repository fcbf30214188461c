// SPDX-License-Identifier: BSD-2-Clause
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The process-wide settings: where a message goes must not depend on which object reports it. */
static enum rs_log_level log_level = RS_LOG_INFO;
static bool is_for_journal;

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

/* systemd says which stream it reads: standard error may have been sent elsewhere since. */
static bool journal_reads(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;
	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &status) == 0 &&
	       status.st_dev == device && status.st_ino == inode;
}

void rs_log_set_format(enum rs_log_format format)
{
	is_for_journal = format == RS_LOG_FORMAT_JOURNAL || (format == RS_LOG_FORMAT_AUTO && journal_reads());
}

int rs_log_enabled(enum rs_log_level level)
{
	return level <= log_level;
}

const char *rs_log_value(const char *value)
{
	static _Thread_local char buffers[RS_LOG_VALUES][RS_LOG_VALUE_MAX];
	static _Thread_local unsigned next;
	bool is_plain = *value != '\0';
	for (const char *c = value; *c && is_plain; c++)
		is_plain = (unsigned char)*c > ' ' && *c != '"' && *c != '=' && *c != '\\' && *c != 0x7f;
	if (is_plain)
		return value;
	char *out = buffers[next++ % RS_LOG_VALUES];
	size_t n = 0;
	out[n++] = '"';
	/* Room for one escaped character, the quote and the NUL. */
	for (; *value && n + 4 < RS_LOG_VALUE_MAX; value++) {
		if (*value == '"' || *value == '\\')
			out[n++] = '\\';
		bool is_control = (unsigned char)*value < ' ' || *value == 0x7f;
		out[n++] = is_control ? ' ' : *value;
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}

/* Those of syslog(3). */
static const int priorities[RS_LOG_LEVEL_COUNT] = {
	[RS_LOG_ERROR] = 3,
	[RS_LOG_WARN] = 4,
	[RS_LOG_INFO] = 6,
	[RS_LOG_DEBUG] = 7,
};

static size_t write_head(enum rs_log_level level, char *line, size_t size)
{
	struct timespec now;
	struct tm utc;
	if (is_for_journal)
		return (size_t)snprintf(line, size, "<%d>", priorities[level]);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	size_t n = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &utc);
	return n + (size_t)snprintf(line + n, size - n, ".%03ldZ %-5s ", now.tv_nsec / 1000000, level_names[level]);
}

static void write_line(enum rs_log_level level, int code, const char *format, va_list args)
{
	int saved = errno;
	char line[2048];
	size_t n = write_head(level, line, sizeof(line));
	int body = vsnprintf(line + n, sizeof(line) - n, format, args);
	n = body < 0 ? n : n + (size_t)body;
	if (n > sizeof(line) - 1)
		n = sizeof(line) - 1;
	if (code)
		snprintf(line + n, sizeof(line) - n, " error=%s", rs_log_value(strerror(-code)));
	/* One line is one message, whatever came in from outside. */
	for (char *c = strchr(line, '\n'); c; c = strchr(c, '\n'))
		*c = ' ';
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
