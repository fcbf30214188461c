// SPDX-License-Identifier: BSD-2-Clause
#include "base/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void rs_problems_add(struct rs_problems *problems, bool is_note, const char *format, ...)
{
	va_list args;
	char *text = NULL;
	problems->errors += !is_note;
	if (problems->count == RS_PROBLEMS_MAX)
		return;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		problems->items[problems->count++] = (struct rs_problem){.text = text, .is_note = is_note};
}

const char *rs_problems_first(const struct rs_problems *problems)
{
	for (unsigned i = 0; i < problems->count; i++) {
		if (!problems->items[i].is_note)
			return problems->items[i].text;
	}
	return problems->errors ? "out of memory" : "";
}

void rs_problems_done(struct rs_problems *problems)
{
	for (unsigned i = 0; i < problems->count; i++)
		free(problems->items[i].text);
	*problems = (struct rs_problems){0};
}
