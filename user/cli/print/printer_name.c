// SPDX-License-Identifier: BSD-2-Clause
/* One full name a line, for scripts: service.serving.knative.dev/hello */
#include "cli/print/printer.h"

#include <errno.h>

#define NAME_MAX_BYTES 1024

static int name_add(struct rs_printer *printer, const struct rs_noun *noun, const cJSON *object)
{
	struct rs_buf name;
	rs_buf_init(&name, NAME_MAX_BYTES);
	rs_noun_full_name(noun, rs_json_text(object, "metadata", "name"), &name);
	int r = name.error;
	if (r == 0)
		fprintf(printer->out, "%s\n", name.data);
	rs_buf_done(&name);
	return r;
}

static int nothing(struct rs_printer *printer)
{
	(void)printer;
	return 0;
}

const struct rs_printer_form rs_printer_name = {.add = name_add, .flush = nothing, .end = nothing};
