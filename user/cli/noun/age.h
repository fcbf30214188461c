/* SPDX-License-Identifier: BSD-2-Clause */
/* How long ago, as kubectl writes it: 5s, 3m12s, 45m, 7h3m, 30h, 3d4h, 12d. Pure: `now` is a parameter. */
#ifndef RS_CLI_NOUN_AGE_H
#define RS_CLI_NOUN_AGE_H

#include <stdint.h>

#define RS_AGE_TEXT_MAX 32

/* A duration in its two most telling units. Negative ones (clocks differ) are 0s. */
void rs_age_format(int64_t seconds, char out[static RS_AGE_TEXT_MAX]);

/* RFC 3339 in UTC, with or without fractions, to nanoseconds since 1970. -EINVAL for anything else. */
int rs_age_parse_time(const char *text, uint64_t *ret_wall_ns);

/* The age of an RFC 3339 time; "<unknown>" when it is none. */
void rs_age_since(const char *time_text, uint64_t now_wall_ns, char out[static RS_AGE_TEXT_MAX]);

#endif
