/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logging for the agent and the command line: one line for one failure, on
 * standard error, as `TIME LEVEL message key=value ...`. What people read comes
 * first; the pairs behind it are logfmt, and values that come from elsewhere go
 * through rs_log_value(). Library code (core, wire, sys, dp, rt) stays silent
 * above debug and returns errors instead.
 *
 * Under systemd the journal keeps time and level itself: a line then begins
 * with the level as a priority, "<6>message key=value ...".
 */
#ifndef RS_BASE_LOG_H
#define RS_BASE_LOG_H

enum rs_log_level {
	RS_LOG_ERROR,
	RS_LOG_WARN,
	RS_LOG_INFO,
	RS_LOG_DEBUG,
	RS_LOG_LEVEL_COUNT,
};

enum rs_log_format {
	RS_LOG_FORMAT_AUTO, /* for the journal when standard error is its stream ($JOURNAL_STREAM) */
	RS_LOG_FORMAT_TEXT,
	RS_LOG_FORMAT_JOURNAL,
};

/* How lines look from now on. The default is RS_LOG_FORMAT_TEXT. */
void rs_log_set_format(enum rs_log_format format);

/* Messages above `level` are dropped. The default is RS_LOG_INFO. */
void rs_log_set_level(enum rs_log_level level);

/* A value for behind `key=`: itself, or in quotes when it is empty or has blanks, quotes, = or control characters. The
 * text lives until the RS_LOG_VALUES-th call from now, of this thread; longer ones are cut. */
#define RS_LOG_VALUES	 8
#define RS_LOG_VALUE_MAX 600
const char *rs_log_value(const char *value);

/* True when a message of this level would be written: guards costly arguments. */
int rs_log_enabled(enum rs_log_level level);

/* Writes one line. errno is preserved. Returns 0. */
int rs_log(enum rs_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes one error line that ends in error=TEXT, the text of -code, and returns `code`, so
 * that `return rs_log_errno(r, "cannot open %s", path);` logs once and passes on. */
int rs_log_errno(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define rs_error(...) rs_log(RS_LOG_ERROR, __VA_ARGS__)
#define rs_warn(...)  rs_log(RS_LOG_WARN, __VA_ARGS__)
#define rs_info(...)  rs_log(RS_LOG_INFO, __VA_ARGS__)
#define rs_debug(...) rs_log(RS_LOG_DEBUG, __VA_ARGS__)

#endif
