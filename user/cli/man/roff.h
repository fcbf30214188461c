/* SPDX-License-Identifier: BSD-2-Clause */
/* The little of roff's man macros that our manual pages need. Text is escaped: nothing in it becomes a request. */
#ifndef RS_CLI_MAN_ROFF_H
#define RS_CLI_MAN_ROFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct rs_roff {
	FILE *out;
	bool is_fresh; /* right behind a heading, where no paragraph has to begin */
};

/* The page's head, on a page of which `out` is set. `name` in small letters: "rouse-get". */
void rs_roff_begin(struct rs_roff *page, const char *name, int section, const char *summary);
void rs_roff_section(struct rs_roff *page, const char *title);
/* A smaller heading inside of it. */
void rs_roff_subsection(struct rs_roff *page, const char *title);
/* A paragraph, its text as it is. */
void rs_roff_paragraph(struct rs_roff *page, const char *text);
/* Lines that stay lines, in the font of programs. */
void rs_roff_literal(struct rs_roff *page, const char *text, size_t length);
/* A term and what it means; `argument` (NULL = none) stands behind it, as what it is a placeholder for. */
void rs_roff_term(struct rs_roff *page, const char *term, const char *argument, const char *text);
/* "rouse-get(1), rouse(1)": `last` ends the list. */
void rs_roff_reference(struct rs_roff *page, const char *name, int section, const char *end);
/* The same of a text with a length. */
void rs_roff_prose(struct rs_roff *page, const char *text, size_t length);
/* Text alone, escaped. */
void rs_roff_text(struct rs_roff *page, const char *text, size_t length);

#endif
