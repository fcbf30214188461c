// SPDX-License-Identifier: BSD-2-Clause
#include "cli/man/roff.h"

#include <ctype.h>
#include <string.h>

void rs_roff_text(struct rs_roff *page, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		/* A dot or quote at the beginning of a line would be a request; a dash is a minus, which can be typed.
		 */
		if ((text[i] == '.' || text[i] == '\'') && (i == 0 || text[i - 1] == '\n'))
			fputs("\\&", page->out);
		if (text[i] == '\\')
			fputs("\\e", page->out);
		else if (text[i] == '-')
			fputs("\\-", page->out);
		else if (text[i] == '\'')
			fputs("\\(aq", page->out);
		else if (text[i] == '`')
			fputs("\\(ga", page->out);
		else if (text[i] == '~')
			fputs("\\(ti", page->out);
		else if (text[i] == '^')
			fputs("\\(ha", page->out);
		else
			fputc(text[i], page->out);
	}
}

static void put(struct rs_roff *page, const char *text)
{
	rs_roff_text(page, text, strlen(text));
}

void rs_roff_begin(struct rs_roff *page, const char *name, int section, const char *summary)
{
	/* Made from the program's own tables by `rouse __man`: no line here is written by hand. */
	fputs(".\\\" made by rouse __man from the tables of the program\n.TH \"", page->out);
	for (const char *letter = name; *letter; letter++)
		fputc(toupper((unsigned char)*letter), page->out);
	fprintf(page->out, "\" %d \"\" \"Rouse %s\" \"Rouse\"\n", section, RS_VERSION);
	rs_roff_section(page, "NAME");
	put(page, name);
	fputs(" \\- ", page->out);
	put(page, summary);
	fputc('\n', page->out);
}

static void heading(struct rs_roff *page, const char *request, const char *title)
{
	fprintf(page->out, ".%s ", request);
	put(page, title);
	fputc('\n', page->out);
	page->is_fresh = true;
}

void rs_roff_section(struct rs_roff *page, const char *title)
{
	heading(page, "SH", title);
}

void rs_roff_subsection(struct rs_roff *page, const char *title)
{
	heading(page, "SS", title);
}

static void begin_paragraph(struct rs_roff *page)
{
	if (!page->is_fresh)
		fputs(".PP\n", page->out);
	page->is_fresh = false;
}

void rs_roff_prose(struct rs_roff *page, const char *text, size_t length)
{
	begin_paragraph(page);
	rs_roff_text(page, text, length);
	if (length && text[length - 1] != '\n')
		fputc('\n', page->out);
}

void rs_roff_paragraph(struct rs_roff *page, const char *text)
{
	rs_roff_prose(page, text, strlen(text));
}

void rs_roff_literal(struct rs_roff *page, const char *text, size_t length)
{
	begin_paragraph(page);
	fputs(".nf\n", page->out);
	rs_roff_text(page, text, length);
	fputs(length && text[length - 1] == '\n' ? ".fi\n" : "\n.fi\n", page->out);
}

void rs_roff_term(struct rs_roff *page, const char *term, const char *argument, const char *text)
{
	page->is_fresh = false;
	fputs(".TP\n\\fB", page->out);
	put(page, term);
	fputs("\\fR", page->out);
	if (argument) {
		fputs(" \\fI", page->out);
		put(page, argument);
		fputs("\\fR", page->out);
	}
	fputc('\n', page->out);
	put(page, text);
	fputc('\n', page->out);
}

void rs_roff_reference(struct rs_roff *page, const char *name, int section, const char *end)
{
	fputs(".BR ", page->out);
	put(page, name);
	fprintf(page->out, " (%d)%s\n", section, end);
}
