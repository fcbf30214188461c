// SPDX-License-Identifier: BSD-2-Clause
/* rouse get NOUN[,NOUN...] [NAME...]: a list goes through as it comes, a page at a time, unless it is to be sorted. */
#include "cli/get.h"

#include "cli/print/printer.h"
#include "cli/print/sort.h"

#include <errno.h>
#include <string.h>

struct get {
	struct rs_cli *cli;
	const struct rs_args *args;
	struct rs_printer printer;
	const struct rs_noun *noun; /* of the list that is being read */
	size_t answer_count;
	size_t object_count;
	enum rs_exit code;
};

struct rs_query rs_get_query(const struct rs_args *args)
{
	return (struct rs_query){
		.namespace = args->all_namespaces ? NULL : rs_cli_namespace(args),
		.service = args->service,
		.selector = args->selector,
		.limit = args->limit,
	};
}

static int print_page(void *user, const cJSON *list, struct rs_err *err)
{
	struct get *get = user;
	get->object_count += (size_t)cJSON_GetArraySize(rs_json_get(list, "items"));
	int r = rs_printer_add_list(&get->printer, get->noun, list);
	if (r == 0)
		r = rs_printer_flush(&get->printer);
	return r < 0 ? rs_err_set(err, r, "cannot write the output: %s", strerror(-r)) : 0;
}

static int get_sorted(struct get *get, const struct rs_query *query, struct rs_err *err)
{
	rs_auto_json cJSON *list = NULL;
	struct rs_query all = *query;
	all.limit = RS_ARGS_UNSET; /* the first N in the order that was asked for */
	int r = rs_fetch_list(&get->cli->client, get->noun, &all, &list, err);
	if (r < 0)
		return r;
	cJSON *items = cJSON_GetObjectItemCaseSensitive(list, "items");
	if (rs_sort_items(items, get->args->sort_by, get->noun) < 0)
		return rs_err_set(err, -ENOMEM, "out of memory");
	while (query->limit > 0 && cJSON_GetArraySize(items) > query->limit)
		cJSON_DeleteItemFromArray(items, cJSON_GetArraySize(items) - 1);
	return print_page(get, list, err);
}

static int get_list(struct get *get, struct rs_err *err)
{
	struct rs_query query = rs_get_query(get->args);
	if (get->args->sort_by)
		return get_sorted(get, &query, err);
	return rs_fetch_pages(&get->cli->client, get->noun, &query, print_page, get, NULL, err);
}

static int get_object(struct get *get, const char *name, struct rs_err *err)
{
	rs_auto_json cJSON *object = NULL;
	int r = rs_fetch_object(&get->cli->client, get->noun, rs_cli_namespace(get->args), name, &object, err);
	if (r == -ENOENT && get->args->ignore_not_found)
		return 0;
	if (r < 0)
		return r;
	get->object_count++;
	r = rs_printer_add(&get->printer, get->noun, object);
	return r < 0 ? rs_err_set(err, r, "cannot write the output: %s", strerror(-r)) : 0;
}

static void get_target(struct get *get, const struct rs_target *target)
{
	struct rs_err err = {0};
	get->noun = target->noun;
	int r = target->name ? get_object(get, target->name, &err) : get_list(get, &err);
	if (r < 0)
		get->code = rs_cli_fail(get->cli, &err);
	else
		get->answer_count++;
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

static bool has_several_nouns(const struct rs_targets *targets)
{
	for (size_t i = 1; i < targets->count; i++) {
		if (targets->items[i].noun != targets->items[0].noun)
			return true;
	}
	return false;
}

static enum rs_exit get_all(struct rs_cli *cli, const struct rs_args *args, const struct rs_targets *targets)
{
	struct get get = {.cli = cli, .args = args};
	rs_printer_init_for(&get.printer, args, cli->out, cli->is_coloured);
	/* One line for an object, except where the line is a sentence. */
	if (targets->items[0].noun == &rs_noun_event)
		get.printer.columns = cli->columns;
	get.printer.with_kinds = has_several_nouns(targets);
	get.printer.is_single = targets->count == 1 && targets->items[0].name;
	for (size_t i = 0; i < targets->count; i++)
		get_target(&get, &targets->items[i]);

	/* Without any answer there is no list to print, not an empty one. */
	if (get.answer_count == 0)
		get.printer.is_single = true;
	int r = rs_printer_end(&get.printer);
	if (r < 0)
		get.code = rs_cli_written(cli, r);
	else if (get.code == RS_EXIT_OK && get.object_count == 0 && is_for_eyes(args->output) &&
		 !args->ignore_not_found)
		say_that_there_is_nothing(&get);
	return get.code;
}

/* What goes together. */
static int check(const struct rs_args *args, const struct rs_targets *targets, struct rs_err *err)
{
	const struct rs_target *first = &targets->items[0];
	for (size_t i = 0; i < targets->count; i++) {
		const struct rs_target *target = &targets->items[i];
		if (target->name && args->selector)
			return rs_err_set(err, -EINVAL, "either names or --selector, not both");
		if (target->name && args->all_namespaces)
			return rs_err_set(err, -EINVAL, "a name is one namespace's; give -n instead of -A");
		if (args->sort_by && rs_sort_check(args->sort_by, target->noun, err) < 0)
			return err->code;
	}
	if (!args->watch && !args->watch_only)
		return 0;
	if (targets->count > 1)
		return rs_err_set(err, -EINVAL, "--watch is for one kind of objects, or one name");
	if (!first->noun->can_watch)
		return rs_err_set(err, -EINVAL, "%s cannot be watched; run it again instead", first->noun->plural);
	if (args->sort_by)
		return rs_err_set(err, -EINVAL, "--watch shows changes as they come; --sort-by has no place there");
	return 0;
}

enum rs_exit rs_get(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	struct rs_targets targets;
	if (rs_targets_parse(&args->names, NULL, &targets, &err) < 0)
		return rs_cli_usage(cli, "get: %s", err.message);
	enum rs_exit code;
	if (check(args, &targets, &err) < 0)
		code = rs_cli_usage(cli, "get: %s", err.message);
	else if (args->watch || args->watch_only)
		code = rs_get_watch(cli, args, &targets.items[0]);
	else
		code = get_all(cli, args, &targets);
	rs_targets_done(&targets);
	return code;
}
