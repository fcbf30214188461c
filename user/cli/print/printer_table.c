// SPDX-License-Identifier: BSD-2-Clause
/* A table for each run of objects of one noun, a blank line between tables. */
#include "cli/print/printer.h"

#define NAME_MAX_BYTES 1024

static const struct rs_column namespace_column = {"NAMESPACE", RS_COLUMN_TEXT, {"metadata", "namespace"}, false};

static bool is_shown(const struct rs_printer *printer, const struct rs_column *column)
{
	return printer->is_wide || !column->is_wide;
}

static int begin_table(struct rs_printer *printer, const struct rs_noun *noun)
{
	int r = 0;
	if (printer->noun) {
		r = rs_table_print(&printer->table, printer->out);
		fputc('\n', printer->out);
		rs_table_done(&printer->table);
	}
	printer->noun = noun;
	rs_table_init(&printer->table, printer->is_coloured);
	printer->table.indent = printer->indent;
	printer->table.columns = printer->columns;
	printer->table.has_printed_headers = printer->without_headers;
	if (printer->change)
		rs_table_column(&printer->table, "EVENT");
	if (printer->with_namespaces)
		rs_table_column(&printer->table, namespace_column.header);
	for (size_t i = 0; i < noun->column_count; i++) {
		if (is_shown(printer, &noun->columns[i]))
			rs_table_column(&printer->table, noun->columns[i].header);
	}
	return r;
}

/* As kubectl writes it among other kinds: service.serving.knative.dev/hello. */
static void name_cell(struct rs_printer *printer, const struct rs_noun *noun, const cJSON *object)
{
	struct rs_buf name;
	rs_buf_init(&name, NAME_MAX_BYTES);
	rs_noun_full_name(noun, rs_json_text(object, "metadata", "name"), &name);
	rs_table_cell(&printer->table, RS_COLOUR_NONE, name.data ? name.data : "");
	rs_buf_done(&name);
}

static int table_add(struct rs_printer *printer, const struct rs_noun *noun, const cJSON *object)
{
	if (printer->noun != noun) {
		int r = begin_table(printer, noun);
		if (r < 0)
			return r;
	}
	if (printer->change)
		rs_table_cell(&printer->table, RS_COLOUR_NONE, printer->change);
	if (printer->with_namespaces)
		rs_column_cell(&namespace_column, object, printer->now_wall_ns, &printer->table);
	for (size_t i = 0; i < noun->column_count; i++) {
		if (!is_shown(printer, &noun->columns[i]))
			continue;
		if (i == 0 && printer->with_kinds && noun->has_names)
			name_cell(printer, noun, object);
		else
			rs_column_cell(&noun->columns[i], object, printer->now_wall_ns, &printer->table);
	}
	return printer->table.error;
}

static int table_flush(struct rs_printer *printer)
{
	return printer->noun ? rs_table_print(&printer->table, printer->out) : 0;
}

const struct rs_printer_form rs_printer_table = {.add = table_add, .flush = table_flush, .end = table_flush};
