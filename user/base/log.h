/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logging for the agent and the command line: one line for one failure, on
 * standard error, as `LEVEL message key=value ...`. Library code (core, wire,
 * sys, dp, rt) stays silent above debug and returns errors instead.
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

/* Messages above `level` are dropped. The default is RS_LOG_INFO. */
void rs_log_set_level(enum rs_log_level level);

/* Parses "error", "warn", "info" or "debug". Returns -EINVAL for anything else. */
int rs_log_parse_level(const char *text, enum rs_log_level *ret_level);

/* True when a message of this level would be written: guards costly arguments. */
int rs_log_enabled(enum rs_log_level level);

/* Writes one line. errno is preserved. Returns 0. */
int rs_log(enum rs_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes one error line that ends in the text of -code, and returns `code`, so
 * that `return rs_log_errno(r, "cannot open %s", path);` logs once and passes on. */
int rs_log_errno(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define rs_error(...) rs_log(RS_LOG_ERROR, __VA_ARGS__)
#define rs_warn(...)  rs_log(RS_LOG_WARN, __VA_ARGS__)
#define rs_info(...)  rs_log(RS_LOG_INFO, __VA_ARGS__)
#define rs_debug(...) rs_log(RS_LOG_DEBUG, __VA_ARGS__)

#endif
