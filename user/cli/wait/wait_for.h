/* SPDX-License-Identifier: BSD-2-Clause */
/* What `rouse wait --for=` can wait for, and whether it is so. Pure. */
#ifndef RS_CLI_WAIT_WAIT_FOR_H
#define RS_CLI_WAIT_WAIT_FOR_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/err.h"
#include "cli/noun/noun.h"

enum rs_wait_kind {
	RS_WAIT_CONDITION, /* `type` has `status`, seen for the object's present generation */
	RS_WAIT_ZERO,	   /* no instance, or only ones that have exited */
	RS_WAIT_INSTANCES, /* at least `count` ready ones */
	RS_WAIT_DELETE,	   /* no object */
	RS_WAIT_JSONPATH,  /* the value at `path` is `value`, or there is one when `value` is NULL */
};

struct rs_wait_for {
	enum rs_wait_kind kind;
	char type[64];
	char status[16];
	long long count;
	char path[256];
	const char *value; /* borrowed from the text */
};

/* "condition=Ready", "condition=Active=False", "ready", "zero", "instances=3", "delete",
 * "jsonpath={.status.url}=http://x", "jsonpath=.status.url". -EINVAL. */
int rs_wait_for_parse(const char *text, struct rs_wait_for *ret_wait, struct rs_err *err);
/* Whether instances must be listed to tell. */
bool rs_wait_for_needs_instances(const struct rs_wait_for *wait);
/* `object` is NULL when there is none; `instances` is an InstanceList, or NULL when not needed; those of `revision`
 * count, or all with NULL. */
bool rs_wait_for_is_met(const struct rs_wait_for *wait, const cJSON *object, const cJSON *instances,
			const char *revision);

#endif
