// SPDX-License-Identifier: BSD-2-Clause
/* JSON and YAML: the object itself, one after another in a stream, or kubectl's List, which `apply` reads back. A List
 * is written as its items come, so that a long one needs no memory. */
#include "cli/print/printer.h"

#include "base/mem.h"
#include "wire/yaml.h"

#include <errno.h>
#include <string.h>

static bool is_list(const struct rs_printer *printer)
{
	return !printer->is_single && !printer->is_stream;
}

/* Text with an indent before each line but the first; the end of the last line is left to the caller. */
static void print_indented(FILE *out, const char *text, const char *indent)
{
	for (;;) {
		size_t length = strcspn(text, "\n");
		fwrite(text, 1, length, out);
		text += length;
		if (!*text || !text[1])
			return;
		text++;
		fprintf(out, "\n%s", *text == '\n' ? "" : indent);
	}
}

/* In a stream a change is told as the API tells it: {"type": "ADDED", "object": {...}}. */
static cJSON *wrap(const struct rs_printer *printer, const cJSON *object)
{
	cJSON *event = cJSON_CreateObject();
	/* cJSON takes no const, but a reference is only read. */
	if (cJSON_AddStringToObject(event, "type", printer->change) &&
	    cJSON_AddItemReferenceToObject(event, "object", (cJSON *)(uintptr_t)object))
		return event;
	cJSON_Delete(event);
	return NULL;
}

/* --- JSON -----------------------------------------------------------------------------------------------------------
 */

static int print_json(struct rs_printer *printer, const cJSON *json)
{
	rs_auto_free char *text = printer->is_stream ? cJSON_PrintUnformatted(json) : cJSON_Print(json);
	if (!text)
		return -ENOMEM;
	if (!is_list(printer)) {
		fprintf(printer->out, "%s\n", text);
		return 0;
	}
	fputs(printer->count ? ",\n\t\t"
			     : "{\n\t\"apiVersion\":\t\"v1\",\n\t\"kind\":\t\"List\",\n\t\"items\":\t[\n\t\t",
	      printer->out);
	print_indented(printer->out, text, "\t\t");
	return 0;
}

static int end_json(struct rs_printer *printer)
{
	if (!is_list(printer))
		return 0;
	if (printer->count == 0)
		fputs("{\n\t\"apiVersion\":\t\"v1\",\n\t\"kind\":\t\"List\",\n\t\"items\":\t[]\n}\n", printer->out);
	else
		fputs("\n\t]\n}\n", printer->out);
	return 0;
}

/* --- YAML -----------------------------------------------------------------------------------------------------------
 */

static int print_yaml(struct rs_printer *printer, const cJSON *json)
{
	rs_auto_free char *text = rs_yaml_print(json);
	if (!text)
		return -ENOMEM;
	if (!is_list(printer)) {
		fprintf(printer->out, "%s%s", printer->is_stream ? "---\n" : "", text);
		return 0;
	}
	if (printer->count == 0)
		fputs("apiVersion: v1\nkind: List\nitems:\n", printer->out);
	fputs("- ", printer->out);
	print_indented(printer->out, text, "  ");
	fputc('\n', printer->out);
	return 0;
}

static int end_yaml(struct rs_printer *printer)
{
	if (is_list(printer) && printer->count == 0)
		fputs("apiVersion: v1\nkind: List\nitems: []\n", printer->out);
	return 0;
}

/* --- both -----------------------------------------------------------------------------------------------------------
 */

static int add(struct rs_printer *printer, const struct rs_noun *noun, const cJSON *object)
{
	(void)noun;
	rs_auto_json cJSON *event = printer->change ? wrap(printer, object) : NULL;
	if (printer->change && !event)
		return -ENOMEM;
	const cJSON *json = event ? event : object;
	int r = printer->form == &rs_printer_yaml ? print_yaml(printer, json) : print_json(printer, json);
	printer->count += r == 0;
	return r;
}

static int nothing(struct rs_printer *printer)
{
	(void)printer;
	return 0;
}

const struct rs_printer_form rs_printer_json = {.add = add, .flush = nothing, .end = end_json};
const struct rs_printer_form rs_printer_yaml = {.add = add, .flush = nothing, .end = end_yaml};
