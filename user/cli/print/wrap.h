/* SPDX-License-Identifier: BSD-2-Clause */
/* Prose on a terminal: lines are broken between words, and go on below with a hanging indent. */
#ifndef RS_CLI_PRINT_WRAP_H
#define RS_CLI_PRINT_WRAP_H

#include <stddef.h>
#include <stdio.h>

/* How wide lines may be: as COLUMNS says, else as the terminal behind `fd` is. 0 = as wide as they are: programs read
 * lines whole. */
size_t rs_wrap_columns(int fd);

/* Terminal columns, near enough: code points, not bytes. */
size_t rs_wrap_width(const char *text, size_t length);

/* Prints one line's text, without its end, from the column `at` on. What does not fit goes on in the column `hang`. A
 * word is never broken, and where less than RS_WRAP_ROOM columns would be left, nothing is. */
#define RS_WRAP_ROOM 24
void rs_wrap_text(const char *text, size_t length, size_t at, size_t hang, size_t columns, FILE *out);

/* Prints lines, each with its end; what does not fit hangs below the line's own indent. */
void rs_wrap_lines(const char *text, size_t columns, FILE *out);

#endif
