// SPDX-License-Identifier: BSD-2-Clause
/* rouse scale SERVICE --min N --max N: the template's annotations; as in Knative, that makes a new revision. */
#include "cli/cli.h"

#include "cli/fetch.h"
#include "cli/edit/service_edit.h"

static int change_scale(cJSON *service, void *user, struct rs_err *err)
{
	return rs_service_edit(service, user, err);
}

enum rs_exit rs_scale(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	struct rs_reply reply = {0};
	const char *name = args->names.items[0];
	if (!rs_service_edit_is_any(args))
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
