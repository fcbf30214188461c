/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON Merge Patch (RFC 7396): what `application/merge-patch+json` means. */
#ifndef RS_WIRE_MERGE_H
#define RS_WIRE_MERGE_H

#include <cjson/cJSON.h>

/* Members of the patch replace those of the target (an object, changed in place), null removes, objects are merged. */
int rs_wire_merge(cJSON *target, const cJSON *patch);

#endif
