/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kn's options as an edit of a Service: --env, --scale-min, --port and the like.
 * Pure, JSON in and out. Where a key has its place (the service, its template,
 * or both) is known here; what a value may be is the agent's to say.
 */
#ifndef RS_CLI_EDIT_SERVICE_EDIT_H
#define RS_CLI_EDIT_SERVICE_EDIT_H

#include <cjson/cJSON.h>

#include "base/err.h"
#include "cli/args.h"

/* Whether any option edits a service. */
bool rs_service_edit_is_any(const struct rs_args *args);

/* -EINVAL with the option, -ENOMEM; `service` is then half edited: throw it away. */
int rs_service_edit(cJSON *service, const struct rs_args *args, struct rs_err *err);

/* A Service of that name with what the options say. NULL on failure; the caller deletes it. */
cJSON *rs_service_new(const char *namespace, const char *name, const struct rs_args *args, struct rs_err *err);

#endif
