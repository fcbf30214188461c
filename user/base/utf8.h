/* SPDX-License-Identifier: BSD-2-Clause */
/* UTF-8 (RFC 3629), and text that is safe on a terminal. */
#ifndef RS_BASE_UTF8_H
#define RS_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RS_UTF8_NONE 0xfffd /* the replacement character */

/* The code point at the start of a text and how many bytes it has; RS_UTF8_NONE and one byte where there is none. */
size_t rs_utf8_next(const char *text, uint32_t *ret_point);
/* The first byte that is not UTF-8, NULL when all are. */
const char *rs_utf8_find_bad(const char *text);

/* Makes blanks of what could drive the terminal of whoever reads it (C0 and C1 controls, DEL, what is not UTF-8).
 * Characters of `kept` stay, "\n" for one. */
void rs_utf8_disarm(char *text, const char *kept);

#endif
