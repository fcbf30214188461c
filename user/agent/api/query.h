/* SPDX-License-Identifier: BSD-2-Clause */
/* The parameters of a query: which there are, where, and what they say. Pure. */
#ifndef RS_AGENT_API_QUERY_H
#define RS_AGENT_API_QUERY_H

#include "agent/api/path.h"

/* One parameter. -EINVAL (400) for those that are not for this path, and for bad values. Text is borrowed. */
int rs_api_target_query(struct rs_api_target *target, const char *key, const char *value, struct rs_err *err);

/* The fields that ?fieldSelector= may name for a resource, ended by NULL. */
const char *const *rs_api_fields(enum rs_api_resource resource);

/* -EINVAL for a propagationPolicy that cannot be honoured. */
int rs_api_check_propagation(const char *policy, struct rs_err *err);

/* Names of the parameters of a verb on a resource, for those who describe them: `each` for each. */
void rs_api_query_each(enum rs_api_verb verb, enum rs_api_resource resource, void (*each)(void *user, const char *name),
		       void *user);

#endif
