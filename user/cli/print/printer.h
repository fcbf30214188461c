/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One way to print objects, whatever form was asked for: a text table, JSON,
 * YAML, names or a JSONPath. A form is three functions (printer_FORM.c);
 * commands only add objects and end. Added objects need not outlive the call.
 */
#ifndef RS_CLI_PRINT_PRINTER_H
#define RS_CLI_PRINT_PRINTER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/args.h"
#include "cli/noun/noun.h"
#include "cli/print/table.h"

struct rs_printer;

struct rs_printer_form {
	int (*add)(struct rs_printer *printer, const struct rs_noun *noun, const cJSON *object);
	int (*flush)(struct rs_printer *printer);
	int (*end)(struct rs_printer *printer);
};

extern const struct rs_printer_form rs_printer_table, rs_printer_json, rs_printer_yaml, rs_printer_name,
	rs_printer_jsonpath;

struct rs_printer {
	const struct rs_printer_form *form;
	FILE *out;
	uint64_t now_wall_ns;

	/* Set by the command between init and the first add. */
	bool is_coloured;
	bool is_wide;
	size_t indent;	      /* of a table */
	size_t columns;	      /* of a table whose last column is prose: it is wrapped there, 0 = it stays whole */
	bool with_namespaces; /* a column for the namespace */
	bool with_kinds;      /* names with their kind: several nouns are printed */
	bool without_headers;
	const char *jsonpath; /* of RS_OUTPUT_JSONPATH, checked */
	bool is_single;	      /* JSON, YAML: the one object itself, not a List of it */
	bool is_stream;	      /* one object after another, without an end: JSON lines, YAML documents */
	const char *change;   /* what happened to the next object ("ADDED", ...), NULL = do not say */

	/* The forms' own. */
	const struct rs_noun *noun; /* of the table that is being filled */
	struct rs_table table;
	size_t count; /* of JSON and YAML objects so far */
	cJSON *items; /* of JSONPath */
};

void rs_printer_init(struct rs_printer *printer, enum rs_output output, FILE *out);
/* With what the command line asks for. */
void rs_printer_init_for(struct rs_printer *printer, const struct rs_args *args, FILE *out, bool is_coloured);
/* One object that is of no noun, as JSON, YAML or JSONPath. 1 = none of these was asked for, and nothing printed. */
int rs_printer_print_object(const struct rs_args *args, FILE *out, const cJSON *object);
int rs_printer_add(struct rs_printer *printer, const struct rs_noun *noun, const cJSON *object);
/* Adds each of a List's items. */
int rs_printer_add_list(struct rs_printer *printer, const struct rs_noun *noun, const cJSON *list);
/* Prints what there is so far: a page of a list, a change of a stream. */
int rs_printer_flush(struct rs_printer *printer);
/* Prints the rest and releases everything. Returns 0, -ENOMEM, or -EIO when the output could not be written. */
int rs_printer_end(struct rs_printer *printer);

#endif
