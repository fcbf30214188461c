/* SPDX-License-Identifier: BSD-2-Clause */
/* link: wire */
/* Objects as the store has them, and as the API shows them. */
#include "unit/wire/fixture.h"

#include "base/time.h"
#include "core/registry/registry.h"

#define AT(seconds) ((uint64_t)(1764057600 + (seconds)) * RS_NS_PER_S) /* 2025-11-25T08:00:00Z */

static const struct rs_wire_context context = {.domain = "rouse", .vip_base = {{.byte = {[10] = 0xff, 0xff, 198, 18}}}};

static struct rs_registry *registry_of(const char *const *manifests, size_t count)
{
	const struct rs_registry_config config = {.uid_seed = 1, .vip_first = 1, .vip_count = 100};
	struct rs_registry *registry;

	assert_int_equal(rs_registry_new(&config, &registry), 0);
	for (size_t i = 0; i < count; i++) {
		struct rs_changes changes;
		enum rs_applied applied;
		struct rs_err err = {0};

		if (rs_registry_apply(registry, accept_manifest(manifests[i]), AT(i), &changes, &applied, &err) < 0)
			fail_msg("%s", err.message);
		rs_changes_done(&changes);
	}
	return registry;
}

static const char *const manifests[] = {
	"{" HEAD "\"metadata\":{\"name\":\"hello\",\"labels\":{\"team\":\"red\"},\"annotations\":{\"note\":\"x\"}},"
	"\"spec\":{\"template\":{\"metadata\":{\"labels\":{\"app\":\"web\"},\"annotations\":{\"serving.knative.dev/"
	"no-gc\":\"true\",\"autoscaling.knative.dev/min-scale\":\"1\"}},\"spec\":{\"containers\":[{" COMMAND "}]}}}}",
	"{" HEAD "\"metadata\":{\"name\":\"hello\",\"labels\":{\"team\":\"red\"}},"
	"\"spec\":{\"template\":{\"spec\":{\"containers\":[{" COMMAND ",\"args\":[\"2\"]}]}},"
	"\"traffic\":[{\"revisionName\":\"hello-00001\",\"percent\":100},{\"tag\":\"next\"}]}}",
};

/* Print, parse, print, and parse into a second registry. */
static int read_back(void *user, enum rs_kind kind, void *object)
{
	struct rs_registry *copy = user;
	cJSON *json = rs_wire_object_print(kind, object, NULL), *again_json;
	rs_auto_free char *first = cJSON_PrintUnformatted(json), *second = NULL;
	void *again;
	struct rs_err err = {0};

	if (rs_wire_object_parse(kind, json, &again, &err) < 0)
		fail_msg("%s\n\twas refused: %s", first, err.message);
	again_json = rs_wire_object_print(kind, again, NULL);
	second = cJSON_PrintUnformatted(again_json);
	/* Status is not kept; what routing has decided is. */
	cJSON_DeleteItemFromObject(json, "status");
	cJSON_DeleteItemFromObject(again_json, "status");
	assert_true(cJSON_Compare(json, again_json, true));
	assert_int_equal(rs_registry_load_object(copy, kind, again, &err), 0);
	cJSON_Delete(json);
	cJSON_Delete(again_json);
	return 0;
}

#define READ_BACK(kind)                                                                                                \
	static int read_back_##kind(void *user, void *object)                                                          \
	{                                                                                                              \
		return read_back(user, kind, object);                                                                  \
	}
READ_BACK(RS_KIND_SERVICE)
READ_BACK(RS_KIND_CONFIGURATION)
READ_BACK(RS_KIND_REVISION)
READ_BACK(RS_KIND_ROUTE)

static void test_every_kind_reads_back(void **state)
{
	(void)state;
	struct rs_registry *registry = registry_of(manifests, rs_array_length(manifests));
	struct rs_registry *copy = registry_of(NULL, 0);
	struct rs_changes changes;
	struct rs_err err = {0};

	assert_int_equal(rs_registry_mark_ready(registry, rs_registry_revision(registry, "default", "hello-00001"),
						AT(9), &changes),
			 1);
	rs_changes_done(&changes);
	rs_registry_each(registry, RS_KIND_ROUTE, NULL, read_back_RS_KIND_ROUTE, copy);
	rs_registry_each(registry, RS_KIND_REVISION, NULL, read_back_RS_KIND_REVISION, copy);
	rs_registry_each(registry, RS_KIND_CONFIGURATION, NULL, read_back_RS_KIND_CONFIGURATION, copy);
	rs_registry_each(registry, RS_KIND_SERVICE, NULL, read_back_RS_KIND_SERVICE, copy);
	assert_int_equal(rs_registry_load_vip(copy, 1, "default", "hello", "", &err), 0);
	assert_int_equal(rs_registry_load_vip(copy, 2, "default", "hello", "next", &err), 0);
	if (rs_registry_load_done(copy, &err) < 0)
		fail_msg("%s", err.message);

	for (int i = 1; i <= 2; i++) {
		rs_auto_free char *name = rs_str_format("hello-0000%d", i);
		const struct rs_model_revision *was = rs_registry_revision(registry, "default", name);
		const struct rs_model_revision *is = rs_registry_revision(copy, "default", name);

		assert_true(rs_template_equal(was->template, is->template));
		assert_int_equal(was->template->autoscaling.min_scale, is->template->autoscaling.min_scale);
		assert_int_equal(was->template->autoscaling.max_scale, is->template->autoscaling.max_scale);
		assert_true(rs_pairs_equal(&was->metadata.labels, &is->metadata.labels));
		assert_true(rs_pairs_equal(&was->metadata.annotations, &is->metadata.annotations));
		assert_string_equal(was->service, is->service);
		assert_string_equal(was->configuration, is->configuration);
		assert_true(was->configuration_generation == is->configuration_generation);
		assert_int_equal(was->routing_state, is->routing_state);
		assert_true(was->routing_state_wall_ns == is->routing_state_wall_ns);
		assert_true(was->metadata.created_wall_ns == is->metadata.created_wall_ns);
		assert_string_equal(was->metadata.uid, is->metadata.uid);
		assert_true(was->metadata.resource_version == is->metadata.resource_version);
		assert_int_equal(rs_model_revision_is_kept(is), i == 1);
	}
	const struct rs_configuration *configuration = rs_registry_configuration(copy, "default", "hello");
	assert_string_equal(configuration->latest_created, "hello-00002");
	assert_string_equal(configuration->latest_ready, "hello-00001");
	assert_true(configuration->metadata.generation == 2);
	const struct rs_model_route *route = rs_registry_route(copy, "default", "hello");
	assert_int_equal(route->vip, 1);
	assert_int_equal(route->tag_vip[1], 2);
	assert_true(rs_traffic_equal(&route->traffic, &rs_registry_route(registry, "default", "hello")->traffic));
	rs_registry_free(registry);
	rs_registry_free(copy);
}

static const char *text_at(const cJSON *json, const char *first, const char *second)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(json, first), second);

	assert_true(cJSON_IsString(item));
	return item->valuestring;
}

static void test_status(void **state)
{
	(void)state;
	struct rs_registry *registry = registry_of(manifests, rs_array_length(manifests));
	struct rs_model_route *route = rs_registry_route(registry, "default", "hello");
	struct rs_model_revision *revision = rs_registry_revision(registry, "default", "hello-00001");

	rs_traffic_copy(&route->status.traffic, &route->traffic);
	rs_str_copy(route->status.traffic.targets[1].revision, RS_NAME_SIZE, "hello-00001");
	route->status.latest[1] = true;
	revision->status.actual_replicas = 3;
	rs_fact_set(&revision->status.container_healthy, RS_FALSE, "ExitCode1", "it ended");
	rs_registry_conditions(registry, "default", "hello", AT(60), NULL, NULL);

	cJSON *json = rs_wire_route_print(route, &context);
	assert_string_equal(text_at(json, "status", "url"), "http://hello.default.rouse");
	const cJSON *status = cJSON_GetObjectItemCaseSensitive(json, "status");
	assert_string_equal(text_at(status, "rouse", "address"), "198.18.0.1");
	assert_string_equal(text_at(status, "address", "url"), "http://hello.default.rouse");
	const cJSON *tagged = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(status, "traffic"), 1);
	rs_auto_free char *target = cJSON_PrintUnformatted(tagged);
	assert_string_equal(target,
			    "{\"revisionName\":\"hello-00001\",\"latestRevision\":true,\"tag\":\"next\","
			    "\"percent\":0,\"url\":\"http://next-hello.default.rouse\",\"address\":\"198.18.0.2\","
			    "\"addresses\":[\"198.18.0.2\"]}");
	cJSON_Delete(json);

	struct rs_wire_context both = context;
	both.vip_base[RS_V6] = (struct rs_address){.byte = {0xfd}};
	both.ip_families = RS_IPV6_IPV4;
	json = rs_wire_route_print(route, &both);
	rs_auto_free char *rouse = cJSON_PrintUnformatted(
		cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(json, "status"), "rouse"));
	assert_string_equal(rouse, "{\"address\":\"fd00::1\",\"addresses\":[\"fd00::1\",\"198.18.0.1\"]}");
	cJSON_Delete(json);

	json = rs_wire_revision_print(revision);
	status = cJSON_GetObjectItemCaseSensitive(json, "status");
	assert_int_equal(cJSON_GetObjectItemCaseSensitive(status, "actualReplicas")->valueint, 3);
	rs_auto_free char *condition =
		cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(status, "conditions")->child);
	assert_string_equal(condition, "{\"type\":\"Ready\",\"status\":\"False\",\"reason\":\"ExitCode1\","
				       "\"message\":\"it ended\",\"lastTransitionTime\":\"2025-11-25T08:01:00Z\"}");
	cJSON_Delete(json);

	/* What is shown can be applied: status and the server's metadata are read past. */
	json = rs_wire_service_print(rs_registry_service(registry, "default", "hello"), &context);
	rs_auto_free char *shown = cJSON_PrintUnformatted(json);
	struct rs_service *again = accept_manifest(shown);
	struct rs_changes changes;
	enum rs_applied applied;
	struct rs_service *current = rs_registry_service(registry, "default", "hello");
	assert_true(again->metadata.resource_version == current->metadata.resource_version);
	assert_int_equal(rs_registry_apply(registry, again, AT(70), &changes, &applied, NULL), 0);
	assert_int_equal(applied, RS_APPLIED_UNCHANGED);
	rs_changes_done(&changes);
	cJSON_Delete(json);
	rs_registry_free(registry);
}

static void test_urls(void **state)
{
	(void)state;
	char url[RS_WIRE_URL_SIZE];
	const struct rs_wire_context wide = {
		.domain = "a23456789.123456789.123456789.123456789.123456789.123456789.123456789.123456789.123456789."
			  "123456789.123456789.123456789.123456789.123456789.123456789.123456789.123456789.123456789."
			  "123456789.123456789.123456789.123456789.123456789.123456789.123456789"};

	assert_int_equal(rs_wire_url(&context, "ns", "a", "", url), 0);
	assert_string_equal(url, "http://a.ns.rouse");
	assert_int_equal(rs_wire_url(&context, "ns", "a", "blue", url), 0);
	assert_string_equal(url, "http://blue-a.ns.rouse");
	assert_int_equal(rs_wire_url(&wide, "ns", "a", "blue", url), -E2BIG);
}

static void refuse_object(enum rs_kind kind, const char *text, const char *message)
{
	cJSON *json = json_of(text);
	void *object = NULL;
	struct rs_err err = {0};

	assert_int_equal(rs_wire_object_parse(kind, json, &object, &err), -EINVAL);
	assert_null(object);
	assert_string_equal(err.message, message);
	cJSON_Delete(json);
}

static void test_damaged_objects_are_refused(void **state)
{
	(void)state;
	refuse_object(RS_KIND_ROUTE, "{\"metadata\":{\"name\":\"a\"}}",
		      "metadata.labels[serving.knative.dev/service]: is missing");
	refuse_object(RS_KIND_ROUTE, "{\"metadata\":{\"creationTimestamp\":\"yesterday\"}}",
		      "metadata.creationTimestamp: \"yesterday\" must be a time such as \"2026-11-23T08:00:00Z\"");
	refuse_object(RS_KIND_REVISION,
		      "{\"metadata\":{\"labels\":{\"serving.knative.dev/service\":\"a\",\"serving.knative.dev/"
		      "configuration\":\"a\",\"serving.knative.dev/configurationGeneration\":\"x\"}}}",
		      "metadata.labels[serving.knative.dev/configurationGeneration]: \"x\" is not a generation");
	refuse_object(RS_KIND_CONFIGURATION, "{\"spec\":{\"traffic\":[]}}",
		      "spec.traffic: is not a field of serving.knative.dev/v1 here");
	refuse_object(RS_KIND_SERVICE, "5", "the manifest must be an object (key: value)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_reads_back),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_damaged_objects_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
