// SPDX-License-Identifier: BSD-2-Clause
/* A template of kubectl's JSONPath over the object, or over the List of all. */
#include "cli/print/printer.h"

#include "cli/print/json_path.h"

#include <errno.h>

#define PRINTED_MAX (64UL * 1024 * 1024)

static int print(struct rs_printer *printer, const cJSON *root)
{
	struct rs_buf text;
	rs_buf_init(&text, PRINTED_MAX);
	int r = rs_json_template_print(printer->jsonpath, root, &text);
	if (r == 0)
		r = text.error;
	if (r == 0 && text.length)
		fwrite(text.data, 1, text.length, printer->out);
	/* In a stream each object is a line. */
	if (r == 0 && printer->is_stream)
		fputc('\n', printer->out);
	rs_buf_done(&text);
	return r;
}

static int jsonpath_add(struct rs_printer *printer, const struct rs_noun *noun, const cJSON *object)
{
	(void)noun;
	if (printer->is_single || printer->is_stream)
		return print(printer, object);
	if (!printer->items)
		printer->items = cJSON_CreateArray();
	cJSON *copy = cJSON_Duplicate(object, true);
	if (copy && cJSON_AddItemToArray(printer->items, copy))
		return 0;
	cJSON_Delete(copy);
	return -ENOMEM;
}

static int nothing(struct rs_printer *printer)
{
	(void)printer;
	return 0;
}

static int jsonpath_end(struct rs_printer *printer)
{
	if (printer->is_single || printer->is_stream)
		return 0;
	rs_auto_json cJSON *list = cJSON_CreateObject();
	if (!printer->items)
		printer->items = cJSON_CreateArray();
	if (!printer->items || !cJSON_AddStringToObject(list, "kind", "List") ||
	    !cJSON_AddItemReferenceToObject(list, "items", printer->items))
		return -ENOMEM;
	return print(printer, list);
}

const struct rs_printer_form rs_printer_jsonpath = {.add = jsonpath_add, .flush = nothing, .end = jsonpath_end};
