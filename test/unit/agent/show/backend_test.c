/* SPDX-License-Identifier: BSD-2-Clause */
/* link: wire sys user/agent/api/place.c user/agent/api/query.c user/agent/api/status.c */
/* link: user/agent/show/backend.c user/agent/change/change.c user/agent/show/filter.c user/agent/watch/journal.c */
/* link: user/agent/host/addresses.c user/agent/config/option_range.c user/agent/show/list.c */
/* link: user/agent/show/listing.c user/agent/show/metrics.c user/agent/show/objects.c */
/* link: user/agent/record.c user/agent/revision/settings.c user/agent/show/view.c user/agent/show/view_scale.c */
/* link: user/agent/show/walk.c */
/* link: user/agent/change/waiting.c user/agent/watch/shown.c user/agent/watch/watch.c */
/* link: user/agent/show/logs.c user/rt/log_list.c user/rt/log_name.c */
/* What requests mean. */
#include "unit/agent/backend_fixture.h"

#include <signal.h>
#include <sys/resource.h>

/* --- writing ---------------------------------------------------------------------------------------------------- */

static void test_apply_creates_configures_and_says_so_when_it_is_stored(void **state)
{
	struct fixture *f = *state;
	put(f, .name = "hello");
	assert_int_equal(f->status, 201);
	assert_string_equal(f->applied, "created");
	assert_string_equal(text_at(f->body, "metadata/namespace"), "ns");
	assert_string_equal(text_at(f->body, "status/url"), "http://hello.ns.rouse");
	assert_string_equal(text_at(f->body, "status/latestCreatedRevisionName"), "hello-00001");
	assert_string_equal(text_at(f->body, "status/rouse/address"), "198.18.0.1");
	assert_int_equal(count_stored(f), 4); /* service, configuration, route, revision */

	put(f, .name = "hello");
	assert_int_equal(f->status, 200);
	assert_string_equal(f->applied, "unchanged");
	put(f, .name = "hello", .command = "false");
	assert_int_equal(f->status, 200);
	assert_string_equal(f->applied, "configured");
	assert_int_equal(count_stored(f), 5);
}

static void begin_put(struct fixture *f, const char *name, const char *command)
{
	rs_auto_free char *text = rs_str_format(manifest, name, "", "", command);
	cJSON *body = cJSON_Parse(text);
	const struct rs_api_request request = {
		.token = 7,
		.verb = RS_API_APPLY,
		.resource = RS_API_SERVICES,
		.namespace = "ns",
		.name = name,
		.body = body,
	};
	rs_agent_backend.handle(&f->agent, &request);
	cJSON_Delete(body);
}

static void test_a_service_is_changed_by_one_request_after_the_other(void **state)
{
	struct fixture *f = *state;
	const struct rs_api_request delete = {
		.token = 7,
		.verb = RS_API_DELETE,
		.resource = RS_API_SERVICES,
		.namespace = "ns",
		.name = "hello",
	};
	/* What is not on the disk is not there. */
	begin_put(f, "hello", "a");
	assert_null(rs_registry_service(f->agent.registry, "ns", "hello"));
	assert_true(rs_registry_is_busy(f->agent.registry, "ns", "hello"));
	begin_put(f, "hello", "b");
	rs_agent_backend.handle(&f->agent, &delete);
	begin_put(f, "hello", "c");
	static const char *const applied[] = {"created", "configured", "", "created"};
	for (size_t i = 0; i < rs_array_length(applied); i++) {
		wait_for_answer(f);
		assert_string_equal(f->applied, applied[i]);
		assert_int_equal(f->status, strcmp(applied[i], "created") == 0 ? 201 : 200);
		forget_answer(f);
	}
	assert_false(rs_registry_is_busy(f->agent.registry, "ns", "hello"));
	assert_string_equal(rs_registry_configuration(f->agent.registry, "ns", "hello")->latest_created, "hello-00001");
	assert_int_equal(count_stored(f), 4);
}

static void test_nothing_is_left_of_a_change_that_the_store_refuses(void **state)
{
	struct fixture *f = *state;
	const struct rs_api_request delete = {
		.verb = RS_API_DELETE,
		.resource = RS_API_SERVICES,
		.namespace = "ns",
		.name = "hello",
	};
	struct rlimit before, full = {.rlim_cur = 1};
	put(f, .name = "hello", .command = "a");
	const struct rs_service *service = rs_registry_service(f->agent.registry, "ns", "hello");
	uint64_t version = service->metadata.resource_version;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	full.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	put(f, .name = "hello", .command = "b");
	assert_true(f->status < 0);
	assert_non_null(strstr(f->message, "Service \"ns/hello\" stays as it was: "));
	assert_non_null(strstr(f->message, "/store.db"));
	put(f, .name = "new");
	assert_true(f->status < 0);
	ask(f, delete);
	assert_true(f->status < 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);

	assert_int_equal(f->agent.counters.changes_refused, 3);
	assert_ptr_equal(rs_registry_service(f->agent.registry, "ns", "hello"), service);
	assert_int_equal(service->metadata.generation, 1);
	assert_int_equal(service->metadata.resource_version, version);
	assert_null(rs_registry_service(f->agent.registry, "ns", "new"));
	assert_int_equal(rs_registry_count(f->agent.registry, RS_KIND_REVISION), 1);
	assert_int_equal(count_stored(f), 4);
	/* With room again it goes on as if nothing had been asked. */
	put(f, .name = "hello", .command = "b");
	assert_string_equal(f->applied, "configured");
	assert_string_equal(text_at(f->body, "status/latestCreatedRevisionName"), "hello-00002");
	put(f, .name = "new");
	assert_int_equal(f->status, 201);
	ask(f, delete);
	assert_int_equal(f->status, 200);
	assert_int_equal(count_stored(f), 4);
}

static void test_create_and_conflicts(void **state)
{
	struct fixture *f = *state;
	post(f, .name = "hello");
	assert_int_equal(f->status, 201);
	post(f, .name = "hello");
	assert_int_equal(f->status, -EEXIST);
	assert_string_equal(f->reason, "AlreadyExists");
	put(f, .name = "hello", .command = "x", .metadata = ",\"resourceVersion\":\"1\"");
	assert_int_equal(f->status, -EEXIST);
	assert_string_equal(f->reason, "Conflict");
	post(f, .name = "", .metadata = ",\"generateName\":\"gen-\"");
	assert_int_equal(f->status, 201);
	assert_true(strncmp(text_at(f->body, "metadata/name"), "gen-", 4) == 0);
}

static void test_what_does_not_fit_the_path_or_the_node_is_refused(void **state)
{
	struct fixture *f = *state;
	put(f, .name = "hello", .path_name = "other");
	assert_int_equal(f->status, -EINVAL);
	assert_non_null(strstr(f->message, "metadata.name is \"hello\", the path says \"other\""));
	put(f, .name = "hello", .metadata = ",\"namespace\":\"elsewhere\"");
	assert_int_equal(f->status, -EINVAL);
	assert_non_null(strstr(f->message, "metadata.namespace"));
	put(f, .name = "hello", .annotations = "\"autoscaling.knative.dev/initial-scale\":\"0\"");
	assert_int_equal(f->status, -EINVAL);
	assert_non_null(strstr(f->message, "initial-scale"));
	f->options.autoscaler.max_scale_limit = 5;
	put(f, .name = "hello", .annotations = "\"autoscaling.knative.dev/max-scale\":\"6\"");
	assert_int_equal(f->status, -EINVAL);
	assert_int_equal(count_stored(f), 0);
	assert_int_equal(rs_registry_count(f->agent.registry, RS_KIND_SERVICE), 0);
}

static void test_the_configurations_defaults_and_limits_count(void **state)
{
	struct fixture *f = *state;
	f->options.defaults.timeout_seconds = 17;
	f->options.defaults.container_concurrency = 3;
	f->options.defaults.memory_bytes = 64 << 20;
	put(f, .name = "hello");
	assert_int_equal(f->status, 201);
	const struct rs_service *service = rs_registry_service(f->agent.registry, "ns", "hello");
	assert_int_equal(service->template->timeout_seconds, 17);
	assert_int_equal(service->template->grace_ms, 17000);
	assert_int_equal(service->template->container_concurrency, 3);
	assert_int_equal(service->template->container.memory_bytes, 64 << 20);
	/* What the manifest says itself stands. */
	put(f, .name = "own", .command = "true\"],\"resources\":{\"limits\":{\"memory\":\"32Mi\"}},\"args\":[\"x");
	assert_int_equal(f->status, 201);
	service = rs_registry_service(f->agent.registry, "ns", "own");
	assert_int_equal(service->template->container.memory_bytes, 32 << 20);
	f->options.defaults.allow_concurrency_zero = false;
	f->options.defaults.container_concurrency = 0;
	put(f, .name = "third");
	assert_int_equal(f->status, -EINVAL);
	assert_non_null(strstr(f->message, "allow-container-concurrency-zero"));
}

static void test_a_dry_run_changes_nothing(void **state)
{
	struct fixture *f = *state;
	put(f, .name = "hello", .dry_run = true);
	assert_int_equal(f->status, 201);
	assert_string_equal(f->applied, "created");
	assert_string_equal(text_at(f->body, "metadata/name"), "hello");
	assert_int_equal(rs_registry_count(f->agent.registry, RS_KIND_SERVICE), 0);
	put(f, .name = "hello");
	put(f, .name = "hello", .dry_run = true);
	assert_string_equal(f->applied, "unchanged");
	assert_string_equal(text_at(f->body, "status/url"), "http://hello.ns.rouse");
	put(f, .name = "hello", .command = "x", .dry_run = true);
	assert_string_equal(f->applied, "configured");
	/* It refuses what an apply would. */
	put(f, .name = "hello", .command = "x", .metadata = ",\"resourceVersion\":\"1\"", .dry_run = true);
	assert_int_equal(f->status, -EEXIST);
	put(f, .name = "hello");
	assert_string_equal(f->applied, "unchanged");
	assert_int_equal(rs_registry_count(f->agent.registry, RS_KIND_REVISION), 1);
}

static void test_delete(void **state)
{
	struct fixture *f = *state;
	put(f, .name = "hello");
	struct rs_api_request request = {
		.verb = RS_API_DELETE, .resource = RS_API_ROUTES, .namespace = "ns", .name = "hello"};
	ask(f, request);
	assert_int_equal(f->status, -EPERM);
	request.resource = RS_API_REVISIONS;
	request.name = "hello-00001";
	ask(f, request);
	assert_int_equal(f->status, -EBUSY);
	request.resource = RS_API_SERVICES;
	request.name = "hello";
	ask(f, request);
	assert_int_equal(f->status, 200);
	assert_string_equal(text_at(f->body, "status"), "Success");
	assert_int_equal(count_stored(f), 0);
	ask(f, request);
	assert_int_equal(f->status, -ENOENT);
}

static void delete_with(struct fixture *f, const char *options, bool dry_run)
{
	cJSON *body = options ? cJSON_Parse(options) : NULL;
	ask(f, (struct rs_api_request){.verb = RS_API_DELETE,
				       .resource = RS_API_SERVICES,
				       .namespace = "ns",
				       .name = "hello",
				       .body = body,
				       .dry_run = dry_run});
	cJSON_Delete(body);
}

static void test_delete_options_are_honoured_or_refused(void **state)
{
	struct fixture *f = *state;
	delete_with(f, NULL, true);
	assert_int_equal(f->status, -ENOENT);
	put(f, .name = "hello");
	delete_with(f, NULL, true);
	assert_int_equal(f->status, 200);
	delete_with(f, "{\"dryRun\":[\"All\"]}", false);
	assert_int_equal(f->status, 200);
	delete_with(f, "{\"propagationPolicy\":\"Orphan\"}", false);
	assert_int_equal(f->status, -EINVAL);
	delete_with(f, "{\"gracePeriodSeconds\":0}", false);
	assert_non_null(strstr(f->message, "rouse.dev/stop-grace-period"));
	delete_with(f, "{\"orphanDependents\":true}", false);
	assert_non_null(strstr(f->message, "no such field"));
	delete_with(f, "{\"preconditions\":{\"uid\":\"other\"}}", false);
	assert_int_equal(f->status, -EBUSY);
	delete_with(f, "{\"preconditions\":{\"resourceVersion\":\"1\"}}", false);
	assert_int_equal(f->status, -EBUSY);
	assert_int_equal(rs_registry_count(f->agent.registry, RS_KIND_SERVICE), 1);
	delete_with(f, "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"propagationPolicy\":\"Background\"}",
		    false);
	assert_int_equal(f->status, 200);
	assert_int_equal(rs_registry_count(f->agent.registry, RS_KIND_SERVICE), 0);
}

static void patch(struct fixture *f, const char *text, bool dry_run)
{
	cJSON *body = cJSON_Parse(text);
	assert_non_null(body);
	ask(f, (struct rs_api_request){.verb = RS_API_PATCH,
				       .resource = RS_API_SERVICES,
				       .namespace = "ns",
				       .name = "hello",
				       .body = body,
				       .dry_run = dry_run});
	cJSON_Delete(body);
}

static void test_patch(void **state)
{
	struct fixture *f = *state;
	const char *label = "{\"metadata\":{\"labels\":{\"a\":\"1\",\"b\":null}}}";
	patch(f, label, false);
	assert_int_equal(f->status, -ENOENT);
	put(f, .name = "hello", .metadata = ",\"labels\":{\"b\":\"2\",\"c\":\"3\"}");
	patch(f, label, true);
	assert_int_equal(f->status, 200);
	assert_string_equal(f->applied, "configured");
	assert_string_equal(text_at(f->body, "metadata/labels/a"), "1");
	patch(f, label, false);
	assert_int_equal(f->status, 200);
	assert_string_equal(f->applied, "configured");
	assert_null(at(f->body, "metadata/labels/b"));
	assert_string_equal(text_at(f->body, "metadata/labels/c"), "3");
	assert_string_equal(text_at(f->body, "status/url"), "http://hello.ns.rouse");
	/* A spec that is not touched makes no revision. */
	assert_int_equal(rs_registry_count(f->agent.registry, RS_KIND_REVISION), 1);
	patch(f, label, false);
	assert_string_equal(f->applied, "unchanged");
	patch(f, "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"command\":[\"x\"]}]}}}}", false);
	assert_string_equal(f->applied, "configured");
	assert_int_equal(rs_registry_count(f->agent.registry, RS_KIND_REVISION), 2);
	patch(f, "{\"metadata\":{\"resourceVersion\":\"1\"},\"spec\":{\"traffic\":null}}", false);
	assert_string_equal(f->reason, "Conflict");
	patch(f, "{\"metadata\":{\"name\":\"other\"}}", false);
	assert_int_equal(f->status, -EINVAL);
	patch(f, "{\"spec\":{\"nonsense\":1}}", false);
	assert_int_equal(f->status, -EINVAL);
	assert_non_null(strstr(f->message, "spec.nonsense"));
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

static void test_objects_are_found_and_listed(void **state)
{
	struct fixture *f = *state;
	put(f, .name = "a");
	put(f, .name = "b");
	put(f, .name = "a", .command = "x");
	ask(f, (struct rs_api_request){
		       .verb = RS_API_GET, .resource = RS_API_REVISIONS, .namespace = "ns", .name = "a-00002"});
	assert_int_equal(f->status, 200);
	assert_string_equal(text_at(f->body, "kind"), "Revision");
	assert_true(at(f->body, "status/rouse/stableConcurrency") != NULL);
	/* What `rouse why` explains it with. */
	assert_string_equal(text_at(f->body, "status/rouse/whyReason"), "NoData");
	assert_string_equal(text_at(f->body, "status/rouse/metric"), "concurrency");
	assert_true(at(f->body, "status/rouse/targetTotal") != NULL);
	assert_true(at(f->body, "status/rouse/scaledTime") == NULL);
	ask(f, (struct rs_api_request){
		       .verb = RS_API_GET, .resource = RS_API_SERVICES, .namespace = "other", .name = "a"});
	assert_int_equal(f->status, -ENOENT);
	assert_non_null(strstr(f->message, "Service \"a\""));

	ask(f, (struct rs_api_request){.verb = RS_API_LIST, .resource = RS_API_REVISIONS});
	assert_string_equal(text_at(f->body, "kind"), "RevisionList");
	assert_int_equal(cJSON_GetArraySize(at(f->body, "items")), 3);
	assert_true(atoll(text_at(f->body, "metadata/resourceVersion")) > 0);
	ask(f, (struct rs_api_request){.verb = RS_API_LIST, .resource = RS_API_REVISIONS, .service = "a"});
	assert_int_equal(cJSON_GetArraySize(at(f->body, "items")), 2);
	ask(f, (struct rs_api_request){.verb = RS_API_LIST, .resource = RS_API_SERVICES, .namespace = "other"});
	assert_int_equal(cJSON_GetArraySize(at(f->body, "items")), 0);
	ask(f, (struct rs_api_request){.verb = RS_API_LIST, .resource = RS_API_SERVICES, .limit = 1});
	assert_int_equal(cJSON_GetArraySize(at(f->body, "items")), 1);
}

static void test_instances_and_their_logs(void **state)
{
	struct fixture *f = *state;
	put(f, .name = "hello");
	struct rs_rt_instance rt = {.id = 2, .name = "rouse-2", .pid = 4711, .port = 8080, .log_path = "/logs/2"};
	rt.address.s_addr = inet_addr("198.19.0.2");
	uint64_t started_ns = rs_now_ns() - RS_NS_PER_S;
	struct rs_agent_instance instance = {.workload = f->agent.workloads[1],
					     .rt = &rt,
					     .stage = RS_STAGE_READY,
					     .started_ns = started_ns,
					     .ready_ns = started_ns + 41600000};
	f->agent.workloads[1]->instances = &instance;
	f->instances[2].in_flight = 2;
	f->memory_bytes = 9912320;
	struct rs_api_request request = {.verb = RS_API_GET,
					 .resource = RS_API_INSTANCES,
					 .namespace = "ns",
					 .name = "rouse-2",
					 .log = {.lines = 5, .offset = -1}};
	ask(f, request);
	assert_string_equal(text_at(f->body, "status/stage"), "Ready");
	assert_string_equal(text_at(f->body, "status/address"), "198.19.0.2");
	const cJSON *labels = at(f->body, "metadata/labels");
	assert_string_equal(
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(labels, "serving.knative.dev/revision")),
		"hello-00001");
	assert_true(cJSON_GetNumberValue(at(f->body, "status/readyMs")) == 41.6);
	assert_null(at(f->body, "status/listenMs")); /* not seen */
	assert_true(cJSON_GetNumberValue(at(f->body, "status/inFlight")) == 2);
	assert_true(cJSON_GetNumberValue(at(f->body, "status/memoryBytes")) == 9912320);
	f->memory_bytes = -ENOENT;
	ask(f, request);
	assert_null(at(f->body, "status/memoryBytes"));
	request.verb = RS_API_LOG;
	request.log.follow = true;
	ask(f, request);
	assert_string_equal(f->file, "/logs/2 tail=5 follow=1");
	assert_false(f->is_ended);
	/* The process has ended: nothing more will come. */
	instance.stage = RS_STAGE_EXITED;
	ask(f, request);
	assert_true(f->is_ended);
	request.namespace = "other";
	ask(f, request);
	assert_int_equal(f->status, -ENOENT);
	ask(f, (struct rs_api_request){.verb = RS_API_LIST, .resource = RS_API_INSTANCES, .service = "hello"});
	assert_int_equal(cJSON_GetArraySize(at(f->body, "items")), 1);
	ask(f, (struct rs_api_request){.verb = RS_API_LIST, .resource = RS_API_INSTANCES, .service = "other"});
	assert_int_equal(cJSON_GetArraySize(at(f->body, "items")), 0);
	f->agent.workloads[1]->instances = NULL;
}

static void test_holds_and_flows(void **state)
{
	struct fixture *f = *state;
	put(f, .name = "hello");
	ask(f, (struct rs_api_request){.verb = RS_API_LIST, .resource = RS_API_HOLDS});
	assert_int_equal(cJSON_GetArraySize(at(f->body, "items")), 3);
	assert_string_equal(text_at(f->body, "items/0/status/revision"), "hello-00001");
	assert_string_equal(text_at(f->body, "items/0/status/client"), "10.0.0.1:43210");
	assert_string_equal(text_at(f->body, "items/0/status/destination"), "198.18.0.5:80");
	assert_true(cJSON_GetNumberValue(at(f->body, "items/0/status/ageMs")) >= 10);
	ask(f, (struct rs_api_request){.verb = RS_API_LIST, .resource = RS_API_HOLDS, .namespace = "ns"});
	assert_int_equal(cJSON_GetArraySize(at(f->body, "items")), 2);

	ask(f, (struct rs_api_request){.verb = RS_API_LIST, .resource = RS_API_FLOWS});
	assert_int_equal(cJSON_GetArraySize(at(f->body, "items")), 1000);
	assert_string_equal(text_at(f->body, "items/0/status/state"), "Established");
	assert_true(cJSON_IsTrue(at(f->body, "items/0/status/busy")));
	assert_true(cJSON_GetNumberValue(at(f->body, "items/0/status/bytesIn")) == (double)(1ULL << 40));
	ask(f, (struct rs_api_request){.verb = RS_API_LIST, .resource = RS_API_FLOWS, .limit = 1200});
	assert_int_equal(cJSON_GetArraySize(at(f->body, "items")), 1200);
}

/* Asks until the events have been written. */
static void ask_events(struct fixture *f, struct rs_api_request request, int want)
{
	uint64_t deadline = rs_now_ns() + 20 * RS_NS_PER_S;
	request.verb = RS_API_LIST;
	request.resource = RS_API_EVENTS;
	do {
		ask(f, request);
		usleep(1000);
	} while (cJSON_GetArraySize(at(f->body, "items")) != want && rs_now_ns() < deadline);
	assert_int_equal(cJSON_GetArraySize(at(f->body, "items")), want);
}

static void test_events(void **state)
{
	struct fixture *f = *state;
	rs_record(&f->agent, "Normal", "Scaled", "ns", "Revision", "a-00001", "from %d to %d", 0, 1);
	rs_record(&f->agent, "Warning", "Other", "ns", "Revision", "a-b-00001", "of the service a-b");
	rs_record(&f->agent, "Normal", "Created", "ns", "Service", "a", "generation 1");
	for (int i = 0; i < 3; i++)
		rs_record(&f->agent, "Warning", "StartFailed", "ns", "Revision", "a-00001", "again");
	ask_events(f, (struct rs_api_request){0}, 4);
	assert_string_equal(text_at(f->body, "kind"), "EventList");
	assert_string_equal(text_at(f->body, "items/0/message"), "from 0 to 1");
	assert_string_equal(text_at(f->body, "items/0/involvedObject/name"), "a-00001");
	assert_string_equal(text_at(f->body, "items/0/metadata/name"), "a-00001.1");
	assert_int_equal(strlen(text_at(f->body, "items/0/eventTime")), strlen("2026-11-25T11:00:00.123456Z"));
	assert_true(cJSON_GetNumberValue(at(f->body, "items/3/count")) == 3);
	uint64_t newest = (uint64_t)cJSON_GetNumberValue(at(f->body, "items/3/id"));

	ask_events(f, (struct rs_api_request){.service = "a"}, 3);
	ask_events(f, (struct rs_api_request){.kind = "Service"}, 1);
	ask_events(f, (struct rs_api_request){.namespace = "other"}, 0);
	ask_events(f, (struct rs_api_request){.after = newest}, 0);
	/* A limit is for the newest, or for what follows `after`. */
	ask_events(f, (struct rs_api_request){.limit = 2}, 2);
	assert_string_equal(text_at(f->body, "items/1/reason"), "StartFailed");
	ask_events(f, (struct rs_api_request){.after = 1, .limit = 1}, 1);
	assert_string_equal(text_at(f->body, "items/0/reason"), "Other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_agent(test_apply_creates_configures_and_says_so_when_it_is_stored),
		with_agent(test_a_service_is_changed_by_one_request_after_the_other),
		with_agent(test_nothing_is_left_of_a_change_that_the_store_refuses),
		with_agent(test_create_and_conflicts),
		with_agent(test_what_does_not_fit_the_path_or_the_node_is_refused),
		with_agent(test_the_configurations_defaults_and_limits_count),
		with_agent(test_a_dry_run_changes_nothing),
		with_agent(test_delete),
		with_agent(test_delete_options_are_honoured_or_refused),
		with_agent(test_patch),
		with_agent(test_objects_are_found_and_listed),
		with_agent(test_instances_and_their_logs),
		with_agent(test_holds_and_flows),
		with_agent(test_events),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
