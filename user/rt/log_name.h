/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What logs are called. Pure.
 *
 *	STATE/logs/NAMESPACE/SERVICE/REVISION/INSTANCE-20261125T145742.123Z.log
 *
 * Instances' names are used again, name and start are not; and the names of one
 * directory sort by age within an instance. Beside a log: what rotation took
 * off it (.1), and when it had which length (.times).
 */
#ifndef RS_RT_LOG_NAME_H
#define RS_RT_LOG_NAME_H

#include <stddef.h>
#include <stdint.h>

#define RS_LOG_SUFFIX	    ".log"
#define RS_LOG_OLD_SUFFIX   ".1"
#define RS_LOG_TIMES_SUFFIX ".times"
#define RS_LOG_NAME_MAX	    96 /* without directories, with NUL */

/* The file name of the log of an instance that was started then, in milliseconds since 1970. */
int rs_log_name(char *out, size_t size, const char *instance, uint64_t wall_ms);
/* -EINVAL for names that rs_log_name() does not make. Fills the instance's name and its start. */
int rs_log_name_parse(const char *file, char *instance, size_t size, uint64_t *ret_wall_ms);

#endif
