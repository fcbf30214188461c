/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the API: the documents by which kubectl finds out what there is: /api, /apis, a group, a version of it. */
#ifndef RS_AGENT_API_DISCOVERY_H
#define RS_AGENT_API_DISCOVERY_H

#include <cjson/cJSON.h>

#include "agent/api/path.h"

/* The document of a page, NULL when out of memory. */
cJSON *rs_api_discovery_print(enum rs_api_page page);

#endif
