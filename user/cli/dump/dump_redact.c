// SPDX-License-Identifier: BSD-2-Clause
#include "cli/dump/dump.h"

#include "base/str.h"

#define REDACTED     "(left out)"
#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

static unsigned replace(cJSON *object, const char *member)
{
	cJSON *value = cJSON_GetObjectItemCaseSensitive(object, member);
	return cJSON_IsString(value) && cJSON_SetValuestring(value, REDACTED) ? 1
	       : cJSON_IsString(value) &&
			       cJSON_ReplaceItemInObjectCaseSensitive(object, member, cJSON_CreateString(REDACTED))
		       ? 1
		       : 0;
}

unsigned rs_dump_redact(cJSON *json)
{
	unsigned count = 0;
	cJSON *member, *item;
	cJSON_ArrayForEach (member, json) {
		bool has_values = cJSON_IsArray(member) &&
				  (rs_str_equal(member->string, "env") || rs_str_equal(member->string, "httpHeaders"));
		if (has_values) {
			cJSON_ArrayForEach (item, member)
				count += replace(item, "value");
		} else if (cJSON_IsObject(member) || cJSON_IsArray(member)) {
			count += rs_dump_redact(member);
		}
	}
	if (cJSON_IsObject(json))
		count += replace(json, LAST_APPLIED);
	return count;
}
