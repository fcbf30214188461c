/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the API: what the headers of a request say. Pure. Texts are NULL when the header is not there. */
#ifndef RS_AGENT_API_HEAD_H
#define RS_AGENT_API_HEAD_H

#include <stdbool.h>

#include "agent/api/api.h"

/* 0, or -EMEDIUMTYPE (415) with what is wanted instead. */
int rs_api_head_check_content(enum rs_api_verb verb, const char *content_type, struct rs_err *err);
/* True when the client takes JSON. */
bool rs_api_head_accepts_json(const char *accept);

#endif
