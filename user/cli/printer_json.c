// SPDX-License-Identifier: BSD-2-Clause
/* JSON and YAML: the object itself, a List of objects, or one after another in a stream. */
#include "cli/printer.h"

#include "base/mem.h"
#include "wire/yaml.h"

#include <errno.h>

static int print_json(struct rs_printer *printer, const cJSON *json)
{
	rs_auto_free char *text = printer->is_stream ? cJSON_PrintUnformatted(json) : cJSON_Print(json);
	if (!text)
		return -ENOMEM;
	fprintf(printer->out, "%s\n", text);
	return 0;
}

static int print_yaml(struct rs_printer *printer, const cJSON *json)
{
	rs_auto_free char *text = rs_yaml_print(json);
	if (!text)
		return -ENOMEM;
	fprintf(printer->out, "%s%s", printer->is_stream ? "---\n" : "", text);
	return 0;
}

static int print(struct rs_printer *printer, const cJSON *json)
{
	return printer->form == &rs_printer_yaml ? print_yaml(printer, json) : print_json(printer, json);
}

static int collect(struct rs_printer *printer, const struct rs_noun *noun, const cJSON *object)
{
	(void)noun;
	if (printer->is_single || printer->is_stream)
		return print(printer, object);
	if (!printer->items)
		printer->items = cJSON_CreateArray();
	/* cJSON takes no const, but a reference is only read. */
	return cJSON_AddItemReferenceToArray(printer->items, (cJSON *)(uintptr_t)object) ? 0 : -ENOMEM;
}

static int nothing(struct rs_printer *printer)
{
	(void)printer;
	return 0;
}

/* kubectl's List, which `apply` reads back. */
static int end_list(struct rs_printer *printer)
{
	if (printer->is_single || printer->is_stream)
		return 0;
	rs_auto_json cJSON *list = cJSON_CreateObject();
	if (!printer->items)
		printer->items = cJSON_CreateArray();
	if (!cJSON_AddStringToObject(list, "apiVersion", "v1") || !cJSON_AddStringToObject(list, "kind", "List") ||
	    !cJSON_AddItemReferenceToObject(list, "items", printer->items))
		return -ENOMEM;
	return print(printer, list);
}

const struct rs_printer_form rs_printer_json = {.add = collect, .flush = nothing, .end = end_list};
const struct rs_printer_form rs_printer_yaml = {.add = collect, .flush = nothing, .end = end_list};
