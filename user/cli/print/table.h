/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Columns of text. Cells are collected row by row; printing finds the widths.
 * Widths only grow, so that a list that is followed keeps its shape from batch
 * to batch. Control characters never reach the terminal.
 */
#ifndef RS_CLI_PRINT_TABLE_H
#define RS_CLI_PRINT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define RS_TABLE_COLUMNS_MAX 16

enum rs_colour {
	RS_COLOUR_NONE,
	RS_COLOUR_GOOD,
	RS_COLOUR_BAD,
	RS_COLOUR_WAITING,
	RS_COLOUR_DIM,
	RS_COLOUR_COUNT,
};

/* The escape sequence that begins a colour, and the one that ends any. */
const char *rs_colour_begin(enum rs_colour colour);
#define RS_COLOUR_END "\033[0m"

struct rs_cell {
	char *text;
	enum rs_colour colour;
};

struct rs_table {
	const char *headers[RS_TABLE_COLUMNS_MAX];
	size_t widths[RS_TABLE_COLUMNS_MAX];
	size_t column_count;
	struct rs_cell *cells; /* row after row */
	size_t cell_count;
	size_t cell_capacity;
	size_t indent;	/* spaces before each line */
	size_t columns; /* the last column's text is wrapped there (wrap.h); 0 = it stays whole */
	bool has_printed_headers;
	bool is_coloured;
	int error;
};

void rs_table_init(struct rs_table *table, bool is_coloured);
void rs_table_done(struct rs_table *table);
/* Columns first (the text is borrowed), then cells. */
void rs_table_column(struct rs_table *table, const char *header);
/* The next cell; a row is full after column_count cells. */
void rs_table_cell(struct rs_table *table, enum rs_colour colour, const char *text);
void rs_table_cellf(struct rs_table *table, enum rs_colour colour, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Prints the headers (once in the table's life) and the rows that it has, and forgets the rows. Returns 0, or
 * -ENOMEM when a cell is missing. */
int rs_table_print(struct rs_table *table, FILE *out);

#endif
