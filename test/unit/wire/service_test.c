/* SPDX-License-Identifier: BSD-2-Clause */
/* link: wire */
#include "unit/wire/fixture.h"

static const char everything[] =
	"{" HEAD "\"metadata\":{\"name\":\"hello\",\"namespace\":\"shop\",\"resourceVersion\":\"17\",\"uid\":\"u\","
	"\"generation\":3,"
	"\"creationTimestamp\":\"2026-11-23T08:00:00Z\",\"managedFields\":[{}],"
	"\"labels\":{\"team\":\"red\",\"app\":\"x\"},"
	"\"annotations\":{\"serving.knative.dev/rollout-duration\":\"0s\"}},"
	"\"spec\":{\"template\":{\"metadata\":{\"name\":\"hello-v1\",\"labels\":{\"tier\":\"web\"},\"annotations\":{"
	"\"autoscaling.knative.dev/max-scale\":\"5\",\"autoscaling.knative.dev/target\":\"10\","
	"\"rouse.dev/hold-timeout\":\"30s\",\"rouse.dev/stop-signal\":\"SIGINT\"}},"
	"\"spec\":{\"containerConcurrency\":7,\"timeoutSeconds\":45,\"enableServiceLinks\":false,\"volumes\":[],"
	"\"containers\":[{\"name\":\"web\",\"image\":\"example.org/web:1\",\"command\":[\"python3\",\"-m\"],"
	"\"args\":[\"http.server\",\"$(PORT)\"],\"workingDir\":\"/srv\","
	"\"env\":[{\"name\":\"B\",\"value\":\"2\"},{\"name\":\"A\"}],"
	"\"ports\":[{\"name\":\"h2c\",\"containerPort\":9000,\"protocol\":\"TCP\"}],"
	"\"resources\":{\"limits\":{\"cpu\":\"1500m\",\"memory\":\"350Mi\"},\"requests\":{}},"
	"\"securityContext\":{\"runAsUser\":1000,\"runAsNonRoot\":true},"
	"\"readinessProbe\":{\"httpGet\":{\"path\":\"/ok\",\"port\":\"h2c\",\"scheme\":\"HTTP\",\"httpHeaders\":"
	"[{\"name\":\"host\",\"value\":\"a.b\"}]},\"initialDelaySeconds\":1,\"successThreshold\":2},"
	"\"livenessProbe\":{\"exec\":{\"command\":[\"true\"]},\"failureThreshold\":5},"
	"\"startupProbe\":{\"tcpSocket\":{\"port\":0},\"periodSeconds\":3,\"timeoutSeconds\":2}}]}},"
	"\"traffic\":[{\"latestRevision\":true,\"percent\":80,\"tag\":\"new\"},"
	"{\"revisionName\":\"hello-v0\",\"latestRevision\":false,\"percent\":20,\"url\":\"x\"}]},"
	"\"status\":{\"anything\":[1]}}";

static void test_every_field_is_read(void **state)
{
	(void)state;
	rs_auto_service struct rs_service *service = accept_manifest(everything);
	const struct rs_template *template = service->template;
	const struct rs_container *container = &template->container;

	assert_string_equal(service->metadata.namespace, "shop");
	assert_string_equal(service->metadata.name, "hello");
	assert_int_equal(service->metadata.resource_version, 17);
	assert_string_equal(service->metadata.uid, "");
	assert_int_equal(service->metadata.generation, 0);
	assert_true(service->metadata.created_wall_ns == 0);
	assert_string_equal(service->metadata.labels.items[0].key, "app"); /* sorted */
	assert_string_equal(rs_pairs_get(&service->metadata.annotations, RS_ANNOTATION_ROLLOUT_DURATION), "0s");
	assert_string_equal(template->name, "hello-v1");
	assert_string_equal(rs_pairs_get(&template->labels, "tier"), "web");
	assert_int_equal(template->autoscaling.max_scale, 5);
	assert_true(template->autoscaling.target == 10);
	assert_int_equal(template->hold_timeout_ms, 30000);
	assert_int_equal(template->stop_signal, SIGINT);
	assert_int_equal(template->grace_ms, 45000);
	assert_int_equal(template->container_concurrency, 7);
	assert_int_equal(template->timeout_seconds, 45);
	assert_string_equal(container->name, "web");
	assert_string_equal(container->image, "example.org/web:1");
	assert_int_equal(container->command.count, 2);
	assert_string_equal(container->args.items[1], "$(PORT)");
	assert_string_equal(container->working_dir, "/srv");
	assert_string_equal(container->env.items[0].key, "B"); /* in the manifest's order */
	assert_string_equal(container->env.items[1].value, "");
	assert_int_equal(container->port.number, 9000);
	assert_string_equal(container->port.name, "h2c");
	assert_int_equal(container->cpu_millis, 1500);
	assert_int_equal(container->memory_bytes, 350 << 20);
	assert_int_equal(container->run_as_user, 1000);
	assert_int_equal(container->readiness->handler, RS_HANDLER_HTTP_GET);
	assert_string_equal(container->readiness->path, "/ok");
	assert_string_equal(container->readiness->host, "a.b");
	assert_int_equal(container->readiness->port, 9000); /* by its name */
	assert_int_equal(container->readiness->initial_delay_ms, 1000);
	assert_int_equal(container->readiness->period_ms, 0); /* Knative's own: as often as it makes sense */
	assert_int_equal(container->readiness->timeout_ms, 1000);
	assert_int_equal(container->readiness->success_threshold, 2);
	assert_int_equal(container->liveness->handler, RS_HANDLER_EXEC);
	assert_int_equal(container->liveness->period_ms, 10000);
	assert_int_equal(container->liveness->failure_threshold, 5);
	assert_int_equal(container->startup->handler, RS_HANDLER_TCP_SOCKET);
	assert_int_equal(container->startup->port, 9000); /* 0: the container's */
	assert_int_equal(container->startup->period_ms, 3000);
	assert_int_equal(container->startup->timeout_ms, 2000);
	assert_int_equal(service->traffic.count, 2);
	assert_string_equal(service->traffic.targets[0].revision, "");
	assert_string_equal(service->traffic.targets[0].tag, "new");
	assert_string_equal(service->traffic.targets[1].revision, "hello-v0");
	assert_int_equal(service->traffic.targets[1].percent, 20);
}

static void test_defaults(void **state)
{
	(void)state;
	rs_auto_service struct rs_service *service = accept_manifest("{" HEAD NAME CONTAINER_OF(COMMAND) "}");
	const struct rs_template *template = service->template;

	assert_string_equal(service->metadata.namespace, "default");
	assert_string_equal(template->name, "");
	assert_int_equal(template->container_concurrency, 0);
	assert_int_equal(template->timeout_seconds, 300);
	assert_int_equal(template->stop_signal, SIGTERM);
	assert_int_equal(template->hold_timeout_ms, 60000);
	assert_string_equal(template->container.name, "user-container");
	assert_null(template->container.image);
	assert_int_equal(template->container.port.number, 8080);
	assert_int_equal(template->container.run_as_user, -1);
	assert_null(template->container.readiness);
	assert_int_equal(service->traffic.count, 1);
	assert_string_equal(service->traffic.targets[0].revision, "");
	assert_int_equal(service->traffic.targets[0].percent, 100);
}

/* What means the same as leaving it out is left out. */
static void test_null_and_empty(void **state)
{
	(void)state;
	rs_auto_service struct rs_service *plain = accept_manifest("{" HEAD NAME CONTAINER_OF(COMMAND) "}");
	rs_auto_service struct rs_service *padded = accept_manifest(
		"{" HEAD
		"\"metadata\":{\"name\":\"hello\",\"creationTimestamp\":null,\"labels\":null,\"finalizers\":[]},"
		"\"spec\":{\"template\":{\"metadata\":{\"creationTimestamp\":null},\"spec\":{\"timeoutSeconds\":0,"
		"\"hostNetwork\":false,\"volumes\":null,\"nodeSelector\":{},\"idleTimeoutSeconds\":0,"
		"\"serviceAccountName\":\"\",\"containers\":[{" COMMAND
		",\"args\":[],\"env\":[],\"ports\":[],\"resources\":{},"
		"\"securityContext\":{\"allowPrivilegeEscalation\":false,\"privileged\":false,"
		"\"capabilities\":{\"drop\":[\"ALL\"]}},\"tty\":false,\"livenessProbe\":null}]}},\"traffic\":[]},"
		"\"status\":{}}");

	assert_true(rs_template_equal(plain->template, padded->template));
	assert_true(rs_traffic_equal(&plain->traffic, &padded->traffic));
	assert_true(rs_pairs_equal(&plain->metadata.labels, &padded->metadata.labels));
}

static void test_several_ports(void **state)
{
	(void)state;
	rs_auto_service struct rs_service *service = accept_manifest("{" HEAD NAME CONTAINER_OF(
		COMMAND ",\"ports\":[{\"containerPort\":53,\"protocol\":\"UDP\"},{\"containerPort\":53},"
			"{\"name\":\"admin\",\"containerPort\":8080,\"protocol\":\"TCP\"}],"
			"\"readinessProbe\":{\"httpGet\":{\"port\":\"admin\"}}") "}");
	const struct rs_container *container = &service->template->container;

	assert_int_equal(rs_container_port_count(container), 3);
	assert_int_equal(rs_container_port(container, 0)->number, 53);
	assert_true(rs_container_port(container, 0)->is_udp);
	assert_int_equal(rs_container_port(container, 1)->number, 53);
	assert_false(rs_container_port(container, 1)->is_udp);
	assert_string_equal(rs_container_port(container, 2)->name, "admin");
	assert_int_equal(container->readiness->port, 8080);
}

static void test_a_probe_without_a_handler_is_one_of_the_port(void **state)
{
	(void)state;
	rs_auto_service struct rs_service *service = accept_manifest("{" HEAD NAME CONTAINER_OF(
		COMMAND ",\"readinessProbe\":{\"periodSeconds\":2},\"ports\":[{\"containerPort\":81}]") "}");
	const struct rs_probe *probe = service->template->container.readiness;

	assert_int_equal(probe->handler, RS_HANDLER_TCP_SOCKET);
	assert_int_equal(probe->port, 81);
	assert_int_equal(probe->period_ms, 2000);
	assert_int_equal(probe->failure_threshold, 3);
}

static void test_print_reads_back_the_same(void **state)
{
	(void)state;
	static const char *const manifests[] = {
		everything,
		"{" HEAD NAME CONTAINER_OF(COMMAND) "}",
		"{" HEAD "\"metadata\":{\"generateName\":\"a-\"}," CONTAINER_OF(COMMAND) "}",
		"{" HEAD NAME CONTAINER_OF(COMMAND ",\"resources\":{\"limits\":{\"cpu\":2,\"memory\":\"1048577\"}},"
						   "\"env\":[{\"name\":\"X\","
						   "\"value\":\"\\\"\\n\\u00e4\"}],\"readinessProbe\":{},"
						   "\"securityContext\":{\"runAsUser\":0}") "}",
		"{" HEAD NAME CONTAINER_OF(COMMAND ",\"ports\":[{\"containerPort\":8080},{\"name\":\"dns\","
						   "\"containerPort\":8080,\"protocol\":\"UDP\"}]") "}",
		"{" HEAD NAME CONTAINER_OF(COMMAND ",\"ports\":[{\"containerPort\":8080,\"protocol\":\"UDP\"}]") "}",
	};

	for (size_t i = 0; i < rs_array_length(manifests); i++) {
		rs_auto_service struct rs_service *first = accept_manifest(manifests[i]);
		rs_auto_free char *once = NULL, *twice = NULL;

		if (!first->metadata.name[0]) /* the registry gives it */
			rs_str_copy(first->metadata.name, RS_NAME_SIZE, "a-bcdfg");
		once = print_manifest(first);
		rs_auto_service struct rs_service *second = accept_manifest(once);
		twice = print_manifest(second);
		assert_string_equal(once, twice);
		assert_true(rs_template_equal(first->template, second->template));
		assert_int_equal(first->template->autoscaling.min_scale, second->template->autoscaling.min_scale);
		assert_int_equal(first->template->autoscaling.max_scale, second->template->autoscaling.max_scale);
		assert_int_equal(first->template->hold_timeout_ms, second->template->hold_timeout_ms);
		assert_int_equal(first->template->grace_ms, second->template->grace_ms);
		assert_true(rs_traffic_equal(&first->traffic, &second->traffic));
		assert_true(rs_pairs_equal(&first->metadata.labels, &second->metadata.labels));
		assert_true(rs_pairs_equal(&first->metadata.annotations, &second->metadata.annotations));
		assert_int_equal(first->metadata.resource_version, second->metadata.resource_version);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_field_is_read),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_null_and_empty),
		cmocka_unit_test(test_several_ports),
		cmocka_unit_test(test_a_probe_without_a_handler_is_one_of_the_port),
		cmocka_unit_test(test_print_reads_back_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
