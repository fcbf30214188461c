// SPDX-License-Identifier: BSD-2-Clause
#include "cli/print/table.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cli/print/wrap.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define GAP 3 /* spaces between columns, as kubectl has them */

const char *rs_colour_begin(enum rs_colour colour)
{
	switch (colour) {
	case RS_COLOUR_GOOD:
		return "\033[32m";
	case RS_COLOUR_BAD:
		return "\033[31m";
	case RS_COLOUR_WAITING:
		return "\033[33m";
	case RS_COLOUR_DIM:
		return "\033[2m";
	case RS_COLOUR_NONE:
	case RS_COLOUR_COUNT:
		break;
	}
	return "";
}

void rs_table_init(struct rs_table *table, bool is_coloured)
{
	*table = (struct rs_table){.is_coloured = is_coloured};
}

static void forget_rows(struct rs_table *table)
{
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i].text);
	table->cell_count = 0;
}

void rs_table_done(struct rs_table *table)
{
	if (!table)
		return;
	forget_rows(table);
	free(table->cells);
	table->cells = NULL;
	table->cell_capacity = 0;
}

static size_t width_of(const char *text)
{
	return rs_wrap_width(text, strlen(text));
}

void rs_table_column(struct rs_table *table, const char *header)
{
	assert(table->column_count < RS_TABLE_COLUMNS_MAX && table->cell_count == 0);
	table->headers[table->column_count] = header;
	table->widths[table->column_count] = width_of(header);
	table->column_count++;
}

static int grow(struct rs_table *table)
{
	struct rs_cell *grown = rs_grow(table->cells, table->cell_count, &table->cell_capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	table->cells = grown;
	return 0;
}

static void take_cell(struct rs_table *table, enum rs_colour colour, char *text)
{
	if (!table->error && (!text || grow(table) < 0))
		table->error = -ENOMEM;
	if (table->error) {
		free(text);
		return;
	}
	/* What others wrote (messages, names) must not drive the reader's terminal, nor break a row. */
	rs_utf8_disarm(text, "");
	size_t *width = &table->widths[table->cell_count % table->column_count];
	size_t needed = width_of(text);
	if (needed > *width)
		*width = needed;
	table->cells[table->cell_count++] = (struct rs_cell){.text = text, .colour = colour};
}

void rs_table_cell(struct rs_table *table, enum rs_colour colour, const char *text)
{
	take_cell(table, colour, strdup(text));
}

void rs_table_cellf(struct rs_table *table, enum rs_colour colour, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = NULL;
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	take_cell(table, colour, text);
}

/* Where a column begins. */
static size_t start_of(const struct rs_table *table, size_t column)
{
	size_t start = table->indent;
	for (size_t i = 0; i < column; i++)
		start += table->widths[i] + GAP;
	return start;
}

static void print_cell(const struct rs_table *table, size_t column, const struct rs_cell *cell, bool is_last, FILE *out)
{
	const char *begin = table->is_coloured ? rs_colour_begin(cell->colour) : "";
	if (column == 0)
		fprintf(out, "%*s", (int)table->indent, "");
	fputs(begin, out);
	if (column + 1 == table->column_count) {
		size_t start = start_of(table, column);
		rs_wrap_text(cell->text, strlen(cell->text), start, start, table->columns, out);
	} else {
		fputs(cell->text, out);
	}
	fputs(*begin ? RS_COLOUR_END : "", out);
	if (!is_last)
		fprintf(out, "%*s", (int)(table->widths[column] - width_of(cell->text) + GAP), "");
}

/* Empty cells at the end of a row leave no trace of spaces. */
static void print_row(const struct rs_table *table, const struct rs_cell *cells, size_t count, FILE *out)
{
	while (count > 1 && !*cells[count - 1].text)
		count--;
	for (size_t i = 0; i < count; i++)
		print_cell(table, i, &cells[i], i + 1 == count, out);
	fputc('\n', out);
}

int rs_table_print(struct rs_table *table, FILE *out)
{
	if (!table->has_printed_headers) {
		struct rs_cell headers[RS_TABLE_COLUMNS_MAX];
		for (size_t i = 0; i < table->column_count; i++)
			headers[i] = (struct rs_cell){.text = (char *)(uintptr_t)table->headers[i]};
		print_row(table, headers, table->column_count, out);
		table->has_printed_headers = true;
	}
	for (size_t i = 0; i < table->cell_count; i += table->column_count) {
		size_t left = table->cell_count - i;
		print_row(table, &table->cells[i], left < table->column_count ? left : table->column_count, out);
	}
	forget_rows(table);
	return table->error;
}
