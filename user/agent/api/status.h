/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the API: which HTTP status and which of Kubernetes' reasons a negative errno is. */
#ifndef RS_AGENT_API_STATUS_H
#define RS_AGENT_API_STATUS_H

struct rs_api_failure {
	int status;
	const char *reason;
};

struct rs_api_failure rs_api_failure(int code);

#endif
