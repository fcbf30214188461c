// SPDX-License-Identifier: BSD-2-Clause
#include "cli/print/printer.h"

#include "base/time.h"

#include <errno.h>

static const struct rs_printer_form *const forms[RS_OUTPUT_COUNT] = {
	[RS_OUTPUT_TABLE] = &rs_printer_table, [RS_OUTPUT_WIDE] = &rs_printer_table,
	[RS_OUTPUT_JSON] = &rs_printer_json,   [RS_OUTPUT_YAML] = &rs_printer_yaml,
	[RS_OUTPUT_NAME] = &rs_printer_name,   [RS_OUTPUT_JSONPATH] = &rs_printer_jsonpath,
};

void rs_printer_init(struct rs_printer *printer, enum rs_output output, FILE *out)
{
	*printer = (struct rs_printer){
		.form = forms[output],
		.out = out,
		.now_wall_ns = rs_wall_ns(),
		.is_wide = output == RS_OUTPUT_WIDE,
	};
}

void rs_printer_init_for(struct rs_printer *printer, const struct rs_args *args, FILE *out, bool is_coloured)
{
	rs_printer_init(printer, args->output, out);
	printer->is_coloured = is_coloured;
	printer->with_namespaces = args->all_namespaces;
	printer->without_headers = args->no_headers;
	printer->jsonpath = args->jsonpath;
}

int rs_printer_print_object(const struct rs_args *args, FILE *out, const cJSON *object)
{
	struct rs_printer printer;
	if (args->output != RS_OUTPUT_JSON && args->output != RS_OUTPUT_YAML && args->output != RS_OUTPUT_JSONPATH)
		return 1;
	rs_printer_init_for(&printer, args, out, false);
	printer.is_single = true;
	int r = rs_printer_add(&printer, NULL, object);
	int ended = rs_printer_end(&printer);
	return r < 0 ? r : ended;
}

int rs_printer_add(struct rs_printer *printer, const struct rs_noun *noun, const cJSON *object)
{
	return printer->form->add(printer, noun, object);
}

int rs_printer_add_list(struct rs_printer *printer, const struct rs_noun *noun, const cJSON *list)
{
	const cJSON *object;
	int r = 0;
	cJSON_ArrayForEach (object, rs_json_get(list, "items")) {
		r = rs_printer_add(printer, noun, object);
		if (r < 0)
			break;
	}
	return r;
}

int rs_printer_flush(struct rs_printer *printer)
{
	int r = printer->form->flush(printer);
	if (fflush(printer->out) != 0 && r == 0)
		r = -EIO;
	return r;
}

int rs_printer_end(struct rs_printer *printer)
{
	int r = printer->form->end(printer);
	if (fflush(printer->out) != 0 && r == 0)
		r = -EIO;
	rs_table_done(&printer->table);
	cJSON_Delete(printer->items);
	printer->items = NULL;
	return r;
}
