// SPDX-License-Identifier: BSD-2-Clause
/* kn's verbs that make and change services by options. */
#include "cli/edit/kn.h"

#include "base/mem.h"
#include "base/time.h"
#include "cli/fetch.h"
#include "cli/print/printer.h"
#include "cli/edit/service_edit.h"
#include "cli/manifest/strip.h"
#include "cli/edit/traffic_edit.h"
#include "cli/wait/wait_until.h"

#include <errno.h>
#include <string.h>

/* --- what all have in common ----------------------------------------------------------------------------------------
 */

/* Words behind the name are the command, whole: docker's manner. The caller frees ret_args->cmd.items if they are its
 * own. */
static int take_command(const struct rs_args *args, struct rs_args *ret_args, struct rs_err *err)
{
	*ret_args = *args;
	if (args->names.count == 1)
		return 0;
	if (args->cmd.count)
		return rs_err_set(err, -EINVAL, "unexpected argument \"%s\" beside --cmd", args->names.items[1]);
	ret_args->cmd = (struct rs_words){.items = args->names.items + 1, .count = args->names.count - 1};
	return 0;
}

static void say(const struct rs_cli *cli, const char *name, const struct rs_reply *reply)
{
	const char *applied = *reply->applied ? reply->applied : reply->status == 201 ? "created" : "configured";
	fprintf(cli->out, "service.serving.knative.dev/%s %s\n", name, applied);
	fflush(cli->out);
}

/* As kn: until it is ready, then where it is. */
static enum rs_exit wait_until_ready(struct rs_cli *cli, const struct rs_args *args, const char *name)
{
	static const struct rs_wait_for ready = {.kind = RS_WAIT_CONDITION, .type = "Ready", .status = "True"};
	const struct rs_target target = {.noun = &rs_noun_service, .name = name};
	struct rs_err err = {0};
	rs_auto_json cJSON *service = NULL;
	if (args->no_wait)
		return RS_EXIT_OK;
	uint64_t deadline_ns = rs_now_ns() + (uint64_t)args->timeout_ns;
	int r = rs_wait_until(cli, &target, rs_cli_namespace(args), &ready, deadline_ns, &err);
	if (r == -ETIMEDOUT)
		return rs_cli_failf(cli, "service %s is not ready after %.1f s%s; \"rouse why %s\" tells more", name,
				    (double)args->timeout_ns / 1e9, err.message, name);
	if (r == 0)
		r = rs_fetch_object(&cli->client, &rs_noun_service, rs_cli_namespace(args), name, &service, &err);
	if (r < 0)
		return rs_cli_fail(cli, &err);
	fprintf(cli->out, "%s is ready at %s\n", rs_json_text(service, "status", "latestReadyRevisionName"),
		rs_json_text(service, "status", "url"));
	return RS_EXIT_OK;
}

/* --- create and apply -----------------------------------------------------------------------------------------------
 */

static char *collection_path(const char *namespace)
{
	rs_auto_free char *path = rs_fetch_path(&rs_noun_service, namespace, "");
	if (!path)
		return NULL;
	path[strlen(path) - 1] = '\0'; /* the slash in front of the name */
	return rs_take_ptr(path);
}

static int send_service(struct rs_cli *cli, const struct rs_args *args, bool may_replace, struct rs_reply *ret_reply,
			struct rs_err *err)
{
	const char *namespace = rs_cli_namespace(args), *name = args->names.items[0];
	struct rs_args own;
	int r = take_command(args, &own, err);
	if (r < 0)
		return r;
	rs_auto_json cJSON *service = rs_service_new(namespace, name, &own, err);
	if (!service)
		return err->code;
	rs_auto_free char *path =
		may_replace ? rs_fetch_path(&rs_noun_service, namespace, name) : collection_path(namespace);
	rs_auto_free char *full = path ? rs_str_format("%s%s", path, args->dry_run ? "?dryRun=All" : "") : NULL;
	if (!full)
		return rs_err_set(err, -ENOMEM, "the name is too long, or memory is out");
	return rs_client_call(&cli->client, may_replace ? "PUT" : "POST", full, service, ret_reply, err);
}

static enum rs_exit make(struct rs_cli *cli, const struct rs_args *args, bool may_replace)
{
	struct rs_err err = {0};
	struct rs_reply reply = {0};
	const char *name = args->names.items[0];
	int r = send_service(cli, args, may_replace, &reply, &err);
	if (r == -EEXIST)
		return rs_cli_failf(cli, "%s; \"rouse service update %s\" changes it, --force replaces it", err.message,
				    name);
	if (r < 0)
		return rs_cli_fail(cli, &err);
	say(cli, name, &reply);
	rs_reply_done(&reply);
	return args->dry_run ? RS_EXIT_OK : wait_until_ready(cli, args, name);
}

enum rs_exit rs_service_create(struct rs_cli *cli, const struct rs_args *args)
{
	return make(cli, args, args->force);
}

enum rs_exit rs_service_apply(struct rs_cli *cli, const struct rs_args *args)
{
	if (args->files.count && (args->names.count || rs_service_edit_is_any(args)))
		return rs_cli_usage(cli, "service apply: either -f or a name with options");
	if (args->files.count)
		return rs_apply(cli, args);
	if (args->names.count == 0)
		return rs_cli_usage(cli, "service apply: what? Name a manifest with -f FILE, or a service");
	return make(cli, args, true);
}

/* --- update ---------------------------------------------------------------------------------------------------------
 */

struct update {
	const struct rs_args *args;
	const cJSON *revisions; /* NULL when traffic stays */
	struct rs_traffic_edit traffic;
};

static int change_service(cJSON *service, void *user, struct rs_err *err)
{
	const struct update *update = user;
	int r = rs_service_edit(service, update->args, err);
	if (r == 0 && update->revisions)
		r = rs_traffic_edit(service, update->revisions, &update->traffic, err);
	return r;
}

enum rs_exit rs_service_update(struct rs_cli *cli, const struct rs_args *args)
{
	const char *namespace = rs_cli_namespace(args), *name = args->names.items[0];
	bool has_traffic = args->traffic.count || args->tags.count || args->untags.count;
	struct rs_args own;
	struct rs_err err = {0};
	struct rs_reply reply = {0};
	rs_auto_json cJSON *revisions = NULL;
	if (take_command(args, &own, &err) < 0 || rs_traffic_check(&args->traffic, &err) < 0)
		return rs_cli_usage(cli, "service update: %s", err.message);
	if (!has_traffic && !rs_service_edit_is_any(&own))
		return rs_cli_usage(cli, "service update: what is to change?");
	const struct rs_query query = {.namespace = namespace, .service = name};
	int r = has_traffic ? rs_fetch_list(&cli->client, &rs_noun_revision, &query, &revisions, &err) : 0;
	struct update update = {&own, revisions, {&args->traffic, &args->tags, &args->untags}};
	if (r == 0)
		r = rs_fetch_change(&cli->client, &rs_noun_service, namespace, name, change_service, &update, &reply,
				    &err);
	if (r < 0)
		return rs_cli_fail(cli, &err);
	say(cli, name, &reply);
	rs_reply_done(&reply);
	return wait_until_ready(cli, args, name);
}

/* --- export ---------------------------------------------------------------------------------------------------------
 */

static int export_one(struct rs_printer *printer, cJSON *service, struct rs_err *err)
{
	rs_strip_server_fields(service);
	int r = rs_printer_add(printer, &rs_noun_service, service);
	return r < 0 ? rs_err_set(err, r, "cannot write the output: %s", strerror(-r)) : 0;
}

static int export_page(void *user, const cJSON *list, struct rs_err *err)
{
	cJSON *service;
	int r = 0;
	cJSON_ArrayForEach (service, rs_json_get(list, "items")) {
		r = export_one(user, service, err);
		if (r < 0)
			break;
	}
	return r;
}

static int export_named(struct rs_cli *cli, const struct rs_args *args, const char *name, struct rs_printer *printer,
			struct rs_err *err)
{
	rs_auto_json cJSON *service = NULL;
	int r = rs_fetch_object(&cli->client, &rs_noun_service, rs_cli_namespace(args), name, &service, err);
	return r < 0 ? r : export_one(printer, service, err);
}

static enum rs_exit export_all(struct rs_cli *cli, const struct rs_args *args, struct rs_printer *printer)
{
	const struct rs_query query = {
		.namespace = args->all_namespaces ? NULL : rs_cli_namespace(args),
		.selector = args->selector,
	};
	struct rs_err err = {0};
	int r = rs_fetch_pages(&cli->client, &rs_noun_service, &query, export_page, printer, NULL, &err);
	return r < 0 ? rs_cli_fail(cli, &err) : RS_EXIT_OK;
}

enum rs_exit rs_service_export(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_printer printer;
	enum rs_exit code = RS_EXIT_OK;
	bool is_all = args->all || args->all_namespaces || args->selector;
	if (args->output != RS_OUTPUT_JSON && args->output != RS_OUTPUT_YAML && args->output != RS_OUTPUT_TABLE)
		return rs_cli_usage(cli, "service export: as yaml or json");
	if (is_all == (args->names.count > 0))
		return rs_cli_usage(cli, "service export: name services, or say --all, -A or -l LABELS");
	rs_printer_init(&printer, args->output == RS_OUTPUT_JSON ? RS_OUTPUT_JSON : RS_OUTPUT_YAML, cli->out);
	/* A List, unless one is named. Without any answer there is no list to print. */
	printer.is_single = args->names.count == 1;
	if (is_all)
		code = export_all(cli, args, &printer);
	for (size_t i = 0; i < args->names.count; i++) {
		struct rs_err err = {0};
		if (export_named(cli, args, args->names.items[i], &printer, &err) < 0)
			code = rs_cli_fail(cli, &err);
	}
	if (code != RS_EXIT_OK && printer.count == 0)
		printer.is_single = true;
	int r = rs_printer_end(&printer);
	return code != RS_EXIT_OK && r == 0 ? code : rs_cli_written(cli, r);
}
