/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/merge.h"

#include <errno.h>

/* The parser bounds the depth of both, and so of this. */
int rs_wire_merge(cJSON *target, const cJSON *patch)
{
	const cJSON *member;

	cJSON_ArrayForEach (member, patch) {
		cJSON *now = cJSON_GetObjectItemCaseSensitive(target, member->string);
		cJSON *next;

		if (cJSON_IsObject(member) && cJSON_IsObject(now)) {
			if (rs_wire_merge(now, member) < 0)
				return -ENOMEM;
			continue;
		}
		cJSON_DeleteItemFromObjectCaseSensitive(target, member->string);
		if (cJSON_IsNull(member))
			continue;
		/* A new object is a merge too: its nulls are not kept. */
		next = cJSON_IsObject(member) ? cJSON_CreateObject() : cJSON_Duplicate(member, 1);
		if (!next || !cJSON_AddItemToObject(target, member->string, next)) {
			cJSON_Delete(next);
			return -ENOMEM;
		}
		if (cJSON_IsObject(member) && rs_wire_merge(next, member) < 0)
			return -ENOMEM;
	}
	return 0;
}
