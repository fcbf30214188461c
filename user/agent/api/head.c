// SPDX-License-Identifier: BSD-2-Clause
#include "agent/api/head.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define JSON  "application/json"
#define MERGE "application/merge-patch+json"

/* One of a list, without its parameters: is it this type? */
static bool is_type(const char *text, size_t length, const char *type)
{
	return length == strlen(type) && strncasecmp(text, type, length) == 0;
}

static size_t type_length(const char *text)
{
	return strcspn(text, " \t;,");
}

int rs_api_head_check_content(enum rs_api_verb verb, const char *content_type, struct rs_err *err)
{
	size_t length = content_type ? type_length(content_type) : 0;
	if (verb == RS_API_PATCH) {
		if (is_type(content_type ? content_type : "", length, MERGE))
			return 0;
		return rs_err_set(err, -EMEDIUMTYPE,
				  "a PATCH of the type \"%.*s\" is not understood: send " MERGE
				  " (kubectl patch --type merge)",
				  (int)(length < 64 ? length : 64), content_type ? content_type : "");
	}
	if (!content_type || is_type(content_type, length, JSON))
		return 0;
	return rs_err_set(err, -EMEDIUMTYPE,
			  "a body of the type \"%.*s\" is not understood: send JSON, with -H 'Content-Type: " JSON "'",
			  (int)(length < 64 ? length : 64), content_type);
}

bool rs_api_head_accepts_json(const char *accept)
{
	if (!accept || !*accept)
		return true;
	for (const char *at = accept; *at;) {
		at += strspn(at, " \t,");
		size_t length = type_length(at);
		if (is_type(at, length, JSON) || is_type(at, length, "application/*") || is_type(at, length, "*/*"))
			return true;
		at += strcspn(at, ",");
	}
	return false;
}
