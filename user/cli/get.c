// SPDX-License-Identifier: BSD-2-Clause
/* rouse get NOUN[,NOUN...] [NAME...] */
#include "cli/cli.h"

#include "cli/fetch.h"
#include "cli/printer.h"
#include "cli/target.h"

#include <errno.h>
#include <stdlib.h>

struct get {
	struct rs_cli *cli;
	const struct rs_args *args;
	struct rs_printer printer;
	cJSON **answers; /* live until everything is printed */
	size_t answer_count;
	size_t object_count;
	enum rs_exit code;
};

static void get_one(struct get *get, const struct rs_target *target)
{
	const struct rs_args *args = get->args;
	struct rs_err err = {0};
	cJSON *answer = NULL;
	int r;
	if (target->name) {
		r = rs_fetch_object(&get->cli->client, target->noun, rs_cli_namespace(args), target->name, &answer,
				    &err);
	} else {
		struct rs_query query = {
			.namespace = args->all_namespaces ? NULL : rs_cli_namespace(args),
			.service = args->service,
			.limit = args->limit,
		};
		r = rs_fetch_list(&get->cli->client, target->noun, &query, &answer, &err);
	}
	if (r < 0) {
		get->code = rs_cli_fail(get->cli, &err);
		return;
	}
	get->answers[get->answer_count++] = answer;
	get->object_count += target->name ? 1 : (size_t)cJSON_GetArraySize(rs_json_get(answer, "items"));
	r = target->name ? rs_printer_add(&get->printer, target->noun, answer)
			 : rs_printer_add_list(&get->printer, target->noun, answer);
	if (r < 0)
		get->code = rs_cli_written(get->cli, r);
}

static bool is_for_eyes(enum rs_output output)
{
	return output == RS_OUTPUT_TABLE || output == RS_OUTPUT_WIDE;
}

static void say_that_there_is_nothing(const struct get *get)
{
	if (get->args->all_namespaces)
		fputs("There is nothing of that kind.\n", get->cli->err);
	else
		fprintf(get->cli->err, "There is nothing of that kind in the namespace \"%s\".\n",
			rs_cli_namespace(get->args));
}

enum rs_exit rs_get(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	struct rs_targets targets;
	if (rs_targets_parse(&args->names, NULL, &targets, &err) < 0)
		return rs_cli_usage(cli, "get: %s", err.message);

	struct get get = {.cli = cli, .args = args, .answers = calloc(targets.count, sizeof(cJSON *))};
	rs_printer_init(&get.printer, args->output, cli->out);
	get.printer.is_coloured = cli->is_coloured;
	get.printer.with_namespaces = args->all_namespaces;
	get.printer.without_headers = args->no_headers;
	get.printer.is_single = targets.count == 1 && targets.items[0].name;
	for (size_t i = 0; i < targets.count && get.answers; i++)
		get_one(&get, &targets.items[i]);

	/* Without any answer there is no list to print, not an empty one. */
	if (get.answer_count == 0)
		get.printer.is_single = true;
	int r = rs_printer_end(&get.printer);
	if (!get.answers || r < 0)
		get.code = rs_cli_written(cli, get.answers ? r : -ENOMEM);
	else if (get.code == RS_EXIT_OK && get.object_count == 0 && is_for_eyes(args->output))
		say_that_there_is_nothing(&get);
	for (size_t i = 0; i < get.answer_count; i++)
		cJSON_Delete(get.answers[i]);
	free(get.answers);
	rs_targets_done(&targets);
	return get.code;
}
