/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli */
/* Every situation that `rouse why` explains, from JSON to sentences. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/noun/age.h"
#include "cli/why/why.h"

#define NOW "2026-11-25T12:07:21Z"

/* What a test says of the world; what it leaves out is an empty list. */
struct world {
	const char *service;
	const char *revisions;
	const char *instances;
	const char *holds;
	const char *events;
	const char *node;
	const char *pressure;
	const char *only;
};

#define SERVICE(traffic, more)                                                                                         \
	"{\"metadata\":{\"name\":\"hello\",\"namespace\":\"default\"},\"status\":{\"url\":"                            \
	"\"http://hello.default.rouse\",\"latestCreatedRevisionName\":\"hello-00001\","                                \
	"\"latestReadyRevisionName\":\"hello-00001\",\"rouse\":{\"addresses\":[\"198.18.0.5\"],\"ports\":["            \
	"{\"port\":80,\"protocol\":\"TCP\"},{\"port\":5353,\"protocol\":\"UDP\"}],\"externalPorts\":["                 \
	"{\"port\":30053,\"protocol\":\"UDP\"}]},\"traffic\":[" traffic "]" more "}}"
#define LATEST	"{\"revisionName\":\"hello-00001\",\"latestRevision\":true,\"percent\":100}"
#define ROUTED	SERVICE(LATEST, "")
#define WINDOWS "\"stableWindowSeconds\":60,\"panicWindowSeconds\":6,\"graceSeconds\":30,\"retentionSeconds\":0,"

#define REVISION(desired, conditions, rouse)                                                                           \
	"{\"items\":[{\"metadata\":{\"name\":\"hello-00001\",\"namespace\":\"default\"},\"status\":{"                  \
	"\"desiredReplicas\":" #desired ",\"conditions\":[" conditions "]," rouse "}}]}"
#define ROUSE(rest)                                                                                                    \
	"\"rouse\":{" WINDOWS "\"metric\":\"concurrency\",\"target\":7,\"targetTotal\":10,\"reachable\":true," rest "}"

#define INSTANCE(name, stage, rest)                                                                                    \
	"{\"metadata\":{\"name\":\"" name                                                                              \
	"\",\"labels\":{\"serving.knative.dev/revision\":\"hello-00001\"}},\"status\":{\"stage\":\"" stage "\"" rest   \
	"}}"
#define HOLD(client, age, retransmits)                                                                                 \
	"{\"status\":{\"revision\":\"hello-00001\",\"client\":\"" client "\",\"ageMs\":" #age                          \
	",\"retransmits\":" #retransmits "}}"
#define EVENT(reason, message) TYPED("Warning", reason, message)
#define TYPED(type, reason, message)                                                                                   \
	"{\"type\":\"" type "\",\"reason\":\"" reason "\",\"message\":\"" message                                      \
	"\",\"eventTime\":\"2026-11-25T12:03:11.000000Z\",\"involvedObject\":{\"name\":\"hello-00001\"},\"count\":1}"
#define LIST(items) "{\"items\":[" items "]}"

static char *text;

static cJSON *parse(const char *json)
{
	cJSON *parsed = cJSON_Parse(json ? json : LIST(""));
	if (!parsed)
		fail_msg("this is no JSON: %s", json);
	return parsed;
}

static void explain(const struct world *world)
{
	struct rs_buf out;
	cJSON *service = parse(world->service ? world->service : ROUTED), *revisions = parse(world->revisions),
	      *instances = parse(world->instances), *holds = parse(world->holds), *events = parse(world->events),
	      *node = parse(world->node), *pressure = parse(world->pressure);
	struct rs_why_facts facts = {
		.service = service,
		.revisions = revisions,
		.instances = instances,
		.holds = holds,
		.events = events,
		.node = node,
		.pressure = pressure,
		.only = world->only,
	};
	assert_int_equal(rs_age_parse_time(NOW, &facts.now_wall_ns), 0);
	rs_buf_init(&out, 65536);
	assert_int_equal(rs_why_explain(&facts, &out), 0);
	free(text);
	text = rs_buf_take(&out);
	rs_buf_done(&out);
	cJSON *all[] = {service, revisions, instances, holds, events, node, pressure};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		cJSON_Delete(all[i]);
}

static void assert_says(const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void assert_silent(const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" should not be in:\n%s", part, text);
}

/* --- asleep ---------------------------------------------------------------------------------------------------------
 */

static void test_asleep(void **state)
{
	(void)state;
	explain(&(struct world){
		.revisions = REVISION(0, "", ROUSE("\"whyReason\":\"ToZero\",\"scaledTime\":\"2026-11-25T12:03:11Z\"")),
		.events = LIST(EVENT("Scaled", "from 1 to 0: idle, all waits are over")),
	});
	assert_says("hello is asleep: 0 instances ready, 0 connections held.\n");
	assert_says("hello-00001 (100 % of the traffic, the latest)\n");
	assert_says("Asleep since 12:03:11Z (4m10s ago): nothing for the stable window of 60 s and the grace period of "
		    "30 s. The next connection wakes it.\n");
	assert_says("12:03:11Z (4m10s ago)  Scaled from 1 to 0: idle, all waits are over\n");
	assert_silent("What to do");
	assert_silent("target");
}

static void test_asleep_and_never_awake(void **state)
{
	(void)state;
	explain(&(struct world){.revisions = REVISION(0, "", ROUSE("\"whyReason\":\"NoData\""))});
	assert_says("Asleep: nothing has asked for it since the agent's start. The next connection wakes it.\n");
}

static void test_retired(void **state)
{
	(void)state;
	explain(&(struct world){
		.service = SERVICE("{\"revisionName\":\"hello-00002\",\"percent\":100}", ""),
		.revisions = REVISION(0, "", "\"actualReplicas\":0"),
		.only = "hello-00001",
	});
	assert_says("hello-00001 is retired: 0 instances ready, 0 connections held.\n");
	assert_says("hello-00001 (no traffic)\n  Retired: no route names it, and the node keeps nothing for it.\n");
}

/* --- waking ---------------------------------------------------------------------------------------------------------
 */

static void test_waking_with_a_held_connection(void **state)
{
	(void)state;
	explain(&(struct world){
		.revisions = REVISION(1, "", ROUSE("\"whyReason\":\"Activating\",\"stableConcurrency\":0.5")),
		.instances = LIST(INSTANCE("rouse-17", "Starting", ",\"stageMs\":1234")),
		.holds = LIST(
			HOLD("10.0.0.1:4001", 1250, 1) "," HOLD("10.0.0.1:4002", 20, 0) "," HOLD("10.0.0.2:1", 9, 0)),
	});
	assert_says("hello is waking: 0 instances ready, 3 connections held.\n");
	assert_says("Waking: 1 instance is wanted, none is ready yet.\n");
	assert_says("rouse-17 is starting since 1.2 s: it runs and does not listen on its port yet.\n");
	assert_says("Held: 3 connections of 2 clients, the oldest since 1.2 s (its SYN came 2 times): they go on when "
		    "the instance that starts listens.\n");
	assert_says("1 instance: concurrency 0.5 over the last 60 s, target 7 each (10 x 70 %); 3 held connections "
		    "count as load.\n");
	assert_says("The scale waits: a start is under way");
	assert_silent("What to do");
}

static void test_waking_without_a_sandbox(void **state)
{
	(void)state;
	explain(&(struct world){.revisions = REVISION(1, "", ROUSE("\"waitsForSandbox\":true,\"held\":1")),
				.holds = LIST(HOLD("10.0.0.1:4001", 40, 0))});
	assert_says("It waits for a sandbox: the pool is empty, others are being built.\n");
	assert_says("Held: 1 connection of 1 client, held since 40 ms: they wait for an instance to start.\n");
}

static void test_waking_on_a_full_node(void **state)
{
	(void)state;
	explain(&(struct world){
		.revisions = REVISION(1,
				      "{\"type\":\"ResourcesAvailable\",\"status\":\"False\",\"reason\":\"NodeFull\","
				      "\"message\":\"all 1024 instances are in use\"}",
				      ROUSE("\"waitsForSandbox\":true")),
	});
	assert_says("hello is waking");
	assert_says("The node is full: all 1024 instances are in use.\n");
	assert_says("What to do\n    See who has the places: rouse get instances -A.\n    Lower the max-scale of "
		    "others, or give roused more room (--max-instances).\n");
	assert_silent("rouse logs");
}

/* --- failing --------------------------------------------------------------------------------------------------------
 */

static void test_failing_start_in_back_off(void **state)
{
	(void)state;
	explain(&(struct world){
		.revisions = REVISION(1,
				      "{\"type\":\"ContainerHealthy\",\"status\":\"False\",\"reason\":\"ExitCode127\","
				      "\"message\":\"exited with code 127\"}",
				      ROUSE("\"failedStarts\":3,\"retrySeconds\":1.07,\"whyReason\":\"Activating\"")),
		.holds = LIST(HOLD("10.0.0.1:4001", 2081, 1)),
		.events = LIST(
			EVENT("StartFailed", "exited with code 3") "," EVENT("StartFailed", "exited with code 127")),
	});
	assert_says("hello is failing: 0 instances ready, 1 connection held.\n");
	assert_says("Failing: no instance is ready, 3 starts in a row failed.\n");
	assert_says("Last failure, at 12:03:11Z (4m10s ago): exited with code 127.\n");
	assert_says("Back-off: the next start is in 1.1 s.\n");
	assert_says("held since 2.1 s (its SYN came 2 times): they wait for the next start.\n");
	assert_says("The shell did not find a command (127)");
	assert_says("rouse logs revision/hello-00001 --tail 20\n");
}

static void test_failing_and_asleep_again(void **state)
{
	(void)state;
	explain(&(struct world){
		.revisions = REVISION(0,
				      "{\"type\":\"ContainerHealthy\",\"status\":\"False\","
				      "\"reason\":\"ContainerMissing\",\"message\":\"the command cannot be run: x\"}",
				      ROUSE("\"failedStarts\":0")),
	});
	assert_says("Failing: no instance is ready; it is not wanted at the moment.\n");
	assert_says("ContainerHealthy: ContainerMissing: the command cannot be run: x.\n");
	assert_says("Correct the command in spec.template.spec.containers[0]");
}

static void test_a_listener_in_the_wrong_place(void **state)
{
	(void)state;
	explain(&(struct world){
		.revisions = REVISION(1, "", ROUSE("\"failedStarts\":0")),
		.instances = LIST(INSTANCE("rouse-2", "Starting",
					   ",\"stageMs\":3000,\"complaint\":\"it listens on 127.0.0.1 only: bind to "
					   "0.0.0.0, port 8080\"")),
	});
	assert_says("rouse-2 is starting since 3 s: it listens on 127.0.0.1 only: bind to 0.0.0.0, port 8080.\n");
	assert_says("Let the program bind to 0.0.0.0");
}

static void test_out_of_rotation(void **state)
{
	(void)state;
	explain(&(struct world){
		.revisions = REVISION(1, "", ROUSE("\"failedStarts\":0")),
		.instances = LIST(
			INSTANCE("rouse-4", "Unready", ",\"stageMs\":2500,\"complaint\":\"it refuses connections\"")),
		.events = LIST(EVENT("Unready", "rouse-4: it refuses connections") "," TYPED("Normal", "Scaled",
											     "from 0 to 1")),
	});
	assert_says("hello is failing: 0 instances ready");
	assert_says(
		"Out of rotation: rouse-4 since 2.5 s: it refuses connections. It gets connections again when it is "
		"well.\n");
	assert_says("It has stopped listening");
}

/* --- serving --------------------------------------------------------------------------------------------------------
 */

#define TWO_READY LIST(INSTANCE("a", "Ready", "") "," INSTANCE("b", "Ready", ""))

static void test_serving_with_the_numbers_of_the_decision(void **state)
{
	(void)state;
	explain(&(struct world){
		.revisions = REVISION(3, "",
				      ROUSE("\"whyReason\":\"Decided\",\"stableConcurrency\":14.2,"
					    "\"inFlight\":15")),
		.instances = LIST(INSTANCE("a", "Ready", "") "," INSTANCE("b", "Ready", "") "," INSTANCE(
			"c", "Starting", ",\"stageMs\":12,\"listenMs\":3.1")),
	});
	assert_says("hello is serving: 2 instances ready");
	assert_says("Serving: 2 instances are ready (1 starting), 3 wanted; 15 requests in flight.\n");
	assert_says("c is starting since 12 ms: it listens;");
	assert_says("3 instances: concurrency 14.2 over the last 60 s, target 7 each (10 x 70 %).\n");
	assert_silent("panic");
}

static void test_ready_and_deaf_in_a_family(void **state)
{
	(void)state;
	explain(&(struct world){
		.revisions = REVISION(1, "", ROUSE("\"stableConcurrency\":1")),
		.instances = LIST(INSTANCE("a", "Ready",
					   ",\"complaint\":\"it listens on IPv4 only, port 8080, and IPv6 clients are "
					   "refused: bind to ::\"")),
	});
	assert_says("hello is serving: 1 instance ready");
	assert_says("Not well: a: it listens on IPv4 only, port 8080, and IPv6 clients are refused: bind to ::.\n");
	assert_says("Let the program bind to ::, which takes both families");
}

static void test_bounds(void **state)
{
	(void)state;
	explain(&(struct world){
		.revisions = REVISION(2, "", ROUSE("\"stableConcurrency\":50,\"maxScale\":2")),
		.instances = TWO_READY,
	});
	assert_says("; max-scale 2 allows no more.\n");
	explain(&(struct world){
		.revisions = REVISION(2, "", ROUSE("\"stableConcurrency\":0.001,\"minScale\":2,\"maxScale\":9")),
		.instances = TWO_READY,
	});
	assert_says("concurrency less than 0.01 over the last 60 s, target 7 each (10 x 70 %); min-scale is 2.\n");
	explain(&(struct world){
		.revisions = REVISION(2, "", ROUSE("\"stableConcurrency\":3,\"maxScale\":9")),
		.instances = TWO_READY,
	});
	assert_says("; that asks for 1, and the scale falls step by step.\n");
}

static void test_panic_and_requests_a_second(void **state)
{
	(void)state;
	explain(&(struct world){
		.revisions = REVISION(4, "",
				      "\"rouse\":{" WINDOWS "\"metric\":\"rps\",\"target\":140,\"targetTotal\":200,"
				      "\"panicking\":true,\"stableConcurrency\":90,\"panicConcurrency\":500.25}"),
		.instances = TWO_READY,
	});
	assert_says("requests a second 500.25 over the last 6 s, target 140 each (200 x 70 %)");
	assert_says("It panics: ");
	assert_says("until 60 s without such a load have passed");
}

static void test_each_wait_on_the_way_to_zero(void **state)
{
	(void)state;
	static const char *const waits[][2] = {
		{"StableWindow", "until the rest of the stable window is over"},
		{"GracePeriod", "until the grace period is over"},
		{"Retention", "kept for the retention period"},
		{"HoldPathNotArmed", "does not hold SYNs for it yet"},
		{"ScaleToZeroDisabled", "enable-scale-to-zero is off"},
		{"Deactivated", "ends after the grace period"},
		{"StartTimeout", "longer than the progress deadline"},
		{"NoData", "no measurement yet"},
	};
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		char revision[1024];
		snprintf(revision, sizeof(revision),
			 "{\"items\":[{\"metadata\":{\"name\":\"hello-00001\"},\"status\":{\"desiredReplicas\":1,"
			 "\"rouse\":{\"whyReason\":\"%s\",\"reachable\":true}}}]}",
			 waits[i][0]);
		explain(&(struct world){.revisions = revision, .instances = LIST(INSTANCE("a", "Ready", ""))});
		assert_says("Serving: 1 instance is ready, 1 wanted; 0 requests in flight.\n");
		assert_says(waits[i][1]);
	}
}

static void test_going_to_sleep(void **state)
{
	(void)state;
	explain(&(struct world){.revisions = REVISION(0, "", ROUSE("\"whyReason\":\"ToZero\"")),
				.instances = LIST(INSTANCE("a", "Draining", ""))});
	assert_says("hello is going to sleep");
	assert_says("its last instance takes no new connections and ends when the requests in flight have ended.\n");
}

static void test_held_although_instances_are_ready(void **state)
{
	(void)state;
	explain(&(struct world){.revisions = REVISION(2, "", ROUSE("\"held\":1")),
				.instances = TWO_READY,
				.holds = LIST(HOLD("10.0.0.1:4001", 12, 0))});
	assert_says("instances are ready and take them in order, as fast as their accept queues have room.\n");
}

/* --- traffic and the node -------------------------------------------------------------------------------------------
 */

static void test_traffic_by_percent_and_tag(void **state)
{
	(void)state;
	explain(&(struct world){
		.service = SERVICE("{\"revisionName\":\"hello-00001\",\"percent\":90},"
				   "{\"revisionName\":\"hello-00002\",\"latestRevision\":true,\"percent\":10},"
				   "{\"revisionName\":\"hello-00003\",\"tag\":\"next\",\"url\":"
				   "\"http://next-hello.default.rouse\"}",
				   ""),
		.revisions = REVISION(0, "", ROUSE("\"held\":0,\"pick\":\"hash\"")),
	});
	assert_says("hello-00001 (90 % of the traffic)\n");
	assert_says("A client's address says which of its instances takes the connection (pick: hash).\n");
	assert_says("Traffic\n  http://hello.default.rouse is 198.18.0.5.\n  It answers at 80/TCP, 5353/UDP.\n"
		    "  And the node's own addresses at 30053/UDP: rouse.dev/external-port says so.\n");
	assert_says("90 % of new connections go to hello-00001, because the service's traffic names it.\n");
	assert_says("10 % of new connections go to hello-00002, because @latest does.\n");
	assert_says("http://next-hello.default.rouse always goes to hello-00003: that is its tag next.\n");
}

static void test_the_latest_is_not_ready(void **state)
{
	(void)state;
	static const char service[] =
		"{\"metadata\":{\"name\":\"hello\"},\"status\":{\"latestCreatedRevisionName\":\"hello-00002\","
		"\"latestReadyRevisionName\":\"hello-00001\",\"traffic\":[" LATEST "]}}";
	static const char revisions[] = LIST("{\"metadata\":{\"name\":\"hello-00001\"},\"status\":{" ROUSE(
		"\"held\":0") "}},"
			      "{\"metadata\":{\"name\":\"hello-00002\"},\"status\":{\"desiredReplicas\":1,"
			      "\"conditions\":[{"
			      "\"type\":\"Ready\",\"status\":\"False\",\"reason\":\"ExitCode3\",\"message\":\"exited\"}"
			      ",{\"type\":\"ContainerHealthy\",\"status\":\"False\",\"reason\":\"ExitCode3\"}]," ROUSE(
				      "\"failedStarts\":2") "}}");
	explain(&(struct world){.service = service, .revisions = revisions});
	assert_says("hello is asleep");
	assert_says("hello-00002 (no traffic)\n  Failing");
	assert_says("@latest is still hello-00001: hello-00002, the newest, is not ready (ExitCode3).\n");
}

static void test_no_revision_at_all(void **state)
{
	(void)state;
	explain(&(struct world){
		.service = SERVICE("", ",\"conditions\":[{\"type\":\"Ready\",\"status\":\"False\",\"reason\":"
				       "\"RevisionMissing\",\"message\":\"there is none\"},{\"type\":\"RoutesReady\","
				       "\"status\":\"False\",\"reason\":\"RoutingFailed\",\"message\":\"no VIP\"}]"),
	});
	assert_says("hello has no revision to send connections to: RevisionMissing: there is none\n");
	assert_says("Nowhere: there is no revision that a connection could go to.\n");
	assert_says("The route is not ready: RoutingFailed: no VIP\n");
}

static void test_who_may_connect(void **state)
{
	(void)state;
	explain(&(struct world){
		.service =
			"{\"metadata\":{\"name\":\"hello\",\"annotations\":{\"rouse.dev/allow-from\":\"10.0.0.0/8\"},"
			"\"labels\":{\"networking.knative.dev/visibility\":\"cluster-local\"}},\"status\":{\"rouse\":{"
			"\"deniedConnections\":3},\"traffic\":[" LATEST "]}}",
		.revisions = REVISION(0, "", ROUSE("\"held\":0")),
		.events = LIST(EVENT("NotAllowed", "a connection from 192.0.2.1 was dropped")),
	});
	assert_says("At 12:03:11Z (4m10s ago) a connection from 192.0.2.1 was dropped.\n");
	assert_says("Only 10.0.0.0/8 may connect: rouse.dev/allow-from says so.\n");
	assert_says("Only this host and its instances may connect: its visibility is cluster-local.\n");
	assert_says("3 connections were kept out.\n");
}

static void test_a_node_that_is_not_well(void **state)
{
	(void)state;
	explain(&(struct world){
		.revisions = REVISION(0, "", ROUSE("\"held\":0")),
		.node = "{\"status\":{\"parts\":[{\"name\":\"store\",\"ok\":true,\"message\":\"fine\"},"
			"{\"name\":\"pins\",\"ok\":false,\"message\":\"removed: restart roused\"}]}}",
	});
	assert_says("This node is not well (rouse status)\n  pins: removed: restart roused\n");
	assert_silent("store");
}

static void test_a_node_that_was_short_of_something(void **state)
{
	(void)state;
	explain(&(struct world){
		.revisions = REVISION(0, "", ROUSE("\"held\":0")),
		.pressure = LIST("{\"reason\":\"FlowTableFull\",\"message\":\"long ago\",\"eventTime\":"
				 "\"2026-11-25T11:00:00Z\"}," EVENT("HoldsFull", "SYNs were dropped (7 times)")),
	});
	assert_says("The node was short of something lately\n  12:03:11Z (4m10s ago)  HoldsFull SYNs were dropped (7 "
		    "times)\n");
	assert_silent("long ago");
}

static int free_text(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asleep),
		cmocka_unit_test(test_asleep_and_never_awake),
		cmocka_unit_test(test_retired),
		cmocka_unit_test(test_waking_with_a_held_connection),
		cmocka_unit_test(test_waking_without_a_sandbox),
		cmocka_unit_test(test_waking_on_a_full_node),
		cmocka_unit_test(test_failing_start_in_back_off),
		cmocka_unit_test(test_failing_and_asleep_again),
		cmocka_unit_test(test_a_listener_in_the_wrong_place),
		cmocka_unit_test(test_out_of_rotation),
		cmocka_unit_test(test_serving_with_the_numbers_of_the_decision),
		cmocka_unit_test(test_ready_and_deaf_in_a_family),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_panic_and_requests_a_second),
		cmocka_unit_test(test_each_wait_on_the_way_to_zero),
		cmocka_unit_test(test_going_to_sleep),
		cmocka_unit_test(test_held_although_instances_are_ready),
		cmocka_unit_test(test_traffic_by_percent_and_tag),
		cmocka_unit_test(test_the_latest_is_not_ready),
		cmocka_unit_test(test_no_revision_at_all),
		cmocka_unit_test(test_who_may_connect),
		cmocka_unit_test(test_a_node_that_is_not_well),
		cmocka_unit_test(test_a_node_that_was_short_of_something),
	};
	return cmocka_run_group_tests(tests, NULL, free_text);
}
