/* SPDX-License-Identifier: BSD-2-Clause */
/* Manifests with one thing changed. */
#ifndef RS_TEST_WIRE_FIXTURE_H
#define RS_TEST_WIRE_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "wire/service.h"

#define HEAD		     "\"apiVersion\":\"serving.knative.dev/v1\",\"kind\":\"Service\","
#define NAME		     "\"metadata\":{\"name\":\"hello\"},"
#define COMMAND		     "\"command\":[\"/bin/server\"]"
#define CONTAINER_OF(fields) "\"spec\":{\"template\":{\"spec\":{\"containers\":[{" fields "}]}}}"

static inline cJSON *json_of(const char *text)
{
	cJSON *json = cJSON_Parse(text);

	if (!json)
		fail_msg("the test's own JSON is broken: %s", text);
	return json;
}

/* Owned by the caller. */
static inline struct rs_service *accept_manifest(const char *text)
{
	cJSON *json = json_of(text);
	struct rs_service *service = NULL;
	struct rs_err err = {0};
	const int r = rs_wire_service_parse(json, &service, &err);

	cJSON_Delete(json);
	if (r < 0)
		fail_msg("%s\n\twas refused: %s", text, err.message);
	return service;
}

static inline void refuse_manifest(const char *text, const char *message)
{
	cJSON *json = json_of(text);
	struct rs_service *service = NULL;
	struct rs_err err = {0};
	const int r = rs_wire_service_parse(json, &service, &err);

	cJSON_Delete(json);
	if (r == 0)
		fail_msg("%s\n\twas accepted, not refused with: %s", text, message);
	assert_null(service);
	assert_int_equal(r, -EINVAL);
	assert_int_equal(err.code, -EINVAL);
	if (strcmp(err.message, message) != 0)
		fail_msg("%s\n\tsays: %s\n\tnot:  %s", text, err.message, message);
}

static inline char *print_manifest(const struct rs_service *service)
{
	cJSON *json = rs_wire_service_print(service, NULL);
	char *text;

	assert_non_null(json);
	text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	assert_non_null(text);
	return text;
}

#endif
