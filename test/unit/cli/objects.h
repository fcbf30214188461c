/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects as the agent answers them, and what every test of a command needs. */
#ifndef RS_TEST_CLI_OBJECTS_H
#define RS_TEST_CLI_OBJECTS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "unit/cli/fixture.h"

#define SERVING	  "/apis/serving.knative.dev/v1/namespaces/default/"
#define ROUSE	  "/apis/rouse.dev/v1/namespaces/default/"
#define EVENTS	  "/api/v1/namespaces/default/events"
#define EMPTY	  "{\"items\":[]}"
#define INSTANCES ROUSE "instances?service=hello"

#define HELLO                                                                                                          \
	"{\"apiVersion\":\"serving.knative.dev/v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"hello\","            \
	"\"namespace\":\"default\",\"generation\":2,\"resourceVersion\":\"7\"},\"spec\":{\"template\":{}},"            \
	"\"status\":{\"url\":\"http://hello.default.rouse\",\"latestCreatedRevisionName\":\"hello-00002\","            \
	"\"latestReadyRevisionName\":\"hello-00001\",\"observedGeneration\":2,\"conditions\":[{\"type\":\"Ready\","    \
	"\"status\":\"False\",\"reason\":\"ContainerMissing\",\"message\":\"there is no program \\\"x\\\"\"}]}}"

#define REVISIONS                                                                                                      \
	"{\"items\":[{\"metadata\":{\"name\":\"hello-00001\",\"labels\":{\"serving.knative.dev/service\":\"hello\","   \
	"\"serving.knative.dev/configurationGeneration\":\"1\"}},\"status\":{\"desiredReplicas\":3,"                   \
	"\"actualReplicas\":2,\"rouse\":{\"why\":\"panic: twice the load\",\"held\":4}}}]}"

#define INSTANCE(name, stage)                                                                                          \
	"{\"metadata\":{\"name\":\"" name                                                                              \
	"\",\"namespace\":\"default\",\"creationTimestamp\":\"2026-11-25T11:00:00Z\","                                 \
	"\"labels\":{\"serving.knative.dev/service\":\"hello\",\"serving.knative.dev/revision\":\"hello-00001\"}},"    \
	"\"status\":{\"stage\":\"" stage "\",\"address\":\"198.19.0.17\",\"pid\":4711,\"inFlight\":2,"                 \
	"\"connections\":3,\"readyMs\":41.63}}"

#define STATUS(code, reason, message)                                                                                  \
	"{\"kind\":\"Status\",\"code\":" #code ",\"reason\":\"" reason "\",\"message\":\"" message "\"}"

__attribute__((unused)) static void assert_has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" is in:\n%s", part, text);
}

__attribute__((unused)) static void teach(const char *request, int status, const char *body)
{
	fake_agent_teach(&fake, request, status, body);
}

/* An answer that is given once, before the next one to the same request. */
__attribute__((unused)) static void teach_once(const char *request, int status, const char *body)
{
	fake_agent_teach(&fake, request, status, body);
	fake_agent_last(&fake)->times = 1;
}

#define TEST(function) cmocka_unit_test_teardown(function, clear)

#endif
