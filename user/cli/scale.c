// SPDX-License-Identifier: BSD-2-Clause
/* rouse scale SERVICE --min N --max N: the template's annotations; as in Knative, that makes a new revision. */
#include "cli/cli.h"

#include "cli/fetch.h"

#include <errno.h>

#define MIN_SCALE "autoscaling.knative.dev/min-scale"
#define MAX_SCALE "autoscaling.knative.dev/max-scale"

static int set_number(cJSON *annotations, const char *key, long long number)
{
	char text[24];
	if (number == RS_ARGS_UNSET)
		return 0;
	snprintf(text, sizeof(text), "%lld", number);
	cJSON_DeleteItemFromObjectCaseSensitive(annotations, key);
	return cJSON_AddStringToObject(annotations, key, text) ? 0 : -ENOMEM;
}

static int change_scale(cJSON *service, void *user, struct rs_err *err)
{
	const struct rs_args *args = user;
	cJSON *template = rs_json_member(rs_json_member(service, "spec"), "template");
	cJSON *annotations = rs_json_member(rs_json_member(template, "metadata"), "annotations");
	if (!annotations || set_number(annotations, MIN_SCALE, args->min_scale) < 0 ||
	    set_number(annotations, MAX_SCALE, args->max_scale) < 0)
		return rs_err_set(err, -ENOMEM, "out of memory");
	/* A name that the template brings is taken already; the agent makes a new one. */
	cJSON_DeleteItemFromObjectCaseSensitive(rs_json_member(template, "metadata"), "name");
	return 0;
}

enum rs_exit rs_scale(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	struct rs_reply reply = {0};
	const char *name = args->names.items[0];
	if (args->min_scale == RS_ARGS_UNSET && args->max_scale == RS_ARGS_UNSET)
		return rs_cli_usage(cli, "scale: give --min, --max or both");
	if (args->max_scale > 0 && args->min_scale > args->max_scale)
		return rs_cli_usage(cli, "scale: --min %lld is more than --max %lld", args->min_scale, args->max_scale);
	int r = rs_fetch_change(&cli->client, &rs_noun_service, rs_cli_namespace(args), name, change_scale,
				(void *)(uintptr_t)args, &reply, &err);
	if (r < 0)
		return rs_cli_fail(cli, &err);
	fprintf(cli->out, "service.serving.knative.dev/%s %s\n", name, *reply.applied ? reply.applied : "configured");
	rs_reply_done(&reply);
	return RS_EXIT_OK;
}
