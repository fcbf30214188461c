// SPDX-License-Identifier: BSD-2-Clause
#include "agent/api/status.h"

#include "agent/api/api.h"

#include <errno.h>

struct rs_api_failure rs_api_failure(int code)
{
	switch (code) {
	case -ENOENT:
		return (struct rs_api_failure){404, "NotFound"};
	case -EEXIST:
		return (struct rs_api_failure){409, "AlreadyExists"};
	case -EBUSY:
		return (struct rs_api_failure){409, "Conflict"};
	case -EINVAL:
		return (struct rs_api_failure){422, "Invalid"};
	case -EPERM:
		return (struct rs_api_failure){403, "Forbidden"};
	case -ENOSPC:
		return (struct rs_api_failure){507, "InsufficientStorage"};
	case -ESTALE:
		return (struct rs_api_failure){410, "Expired"};
	case -EUSERS:
		return (struct rs_api_failure){429, "TooManyRequests"};
	case -EAGAIN:
		return (struct rs_api_failure){503, "ServiceUnavailable"};
	default:
		return (struct rs_api_failure){500, "InternalError"};
	}
}

cJSON *rs_api_status_object(int http_status, const char *reason, const char *message)
{
	cJSON *status = cJSON_CreateObject();
	if (cJSON_AddStringToObject(status, "kind", "Status") && cJSON_AddStringToObject(status, "apiVersion", "v1") &&
	    cJSON_AddObjectToObject(status, "metadata") && cJSON_AddStringToObject(status, "status", "Failure") &&
	    cJSON_AddStringToObject(status, "message", message ? message : "") &&
	    cJSON_AddStringToObject(status, "reason", reason ? reason : "") &&
	    cJSON_AddNumberToObject(status, "code", http_status))
		return status;
	cJSON_Delete(status);
	return NULL;
}
