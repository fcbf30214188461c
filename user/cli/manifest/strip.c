// SPDX-License-Identifier: BSD-2-Clause
#include "cli/manifest/strip.h"

#include "base/mem.h"

void rs_strip_server_fields(cJSON *object)
{
	static const char *const fields[] = {"resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"};
	cJSON *metadata = cJSON_GetObjectItemCaseSensitive(object, "metadata");
	cJSON_DeleteItemFromObjectCaseSensitive(object, "status");
	for (size_t i = 0; i < rs_array_length(fields); i++)
		cJSON_DeleteItemFromObjectCaseSensitive(metadata, fields[i]);
}
