/* SPDX-License-Identifier: BSD-2-Clause */
/* An object as a person would write it. */
#ifndef RS_CLI_MANIFEST_STRIP_H
#define RS_CLI_MANIFEST_STRIP_H

#include <cjson/cJSON.h>

/* Takes away what the agent fills in: status, versions, times. What is left can be applied anywhere. NULL is fine. */
void rs_strip_server_fields(cJSON *object);

#endif
