/* SPDX-License-Identifier: BSD-2-Clause */
/* What a manifest's object names: checked as far as the command line must know it to address the agent. */
#ifndef RS_CLI_MANIFEST_MANIFEST_TARGET_H
#define RS_CLI_MANIFEST_MANIFEST_TARGET_H

#include <cjson/cJSON.h>

#include "base/err.h"
#include "cli/noun/noun.h"

/* The noun, namespace and name of `object`, borrowed from it. `asked` is --namespace or NULL: an object without a
 * namespace gets it (else "default"), one with another is refused. -EINVAL with the field. */
int rs_manifest_target(const cJSON *object, const char *asked, const struct rs_noun **ret_noun,
		       const char **ret_namespace, const char **ret_name, struct rs_err *err);

#endif
