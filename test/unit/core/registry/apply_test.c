/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base core */
#include "unit/core/registry/fixture.h"

static void test_create_makes_four_objects(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	struct rs_service *service = manifest("hello", "a");
	struct rs_changes changes;
	enum rs_applied applied;

	rs_pairs_set(&service->metadata.labels, "team", "red");
	rs_pairs_set(&service->template->labels, "app", "x");
	assert_int_equal(rs_registry_apply(registry, service, AT(1) + 5, &changes, &applied, NULL), 0);
	assert_int_equal(applied, RS_APPLIED_CREATED);
	assert_string_equal(rs_applied_text(applied), "created");
	assert_ptr_equal(rs_registry_service(registry, "default", "hello"), service);

	const struct rs_configuration *configuration = rs_registry_configuration(registry, "default", "hello");
	const struct rs_model_revision *revision = rs_registry_revision(registry, "default", "hello-00001");
	const struct rs_model_route *route = rs_registry_route(registry, "default", "hello");
	assert_non_null(configuration);
	assert_non_null(revision);
	assert_non_null(route);
	assert_string_equal(configuration->latest_created, "hello-00001");
	assert_string_equal(configuration->latest_ready, "");
	assert_string_equal(rs_pairs_get(&configuration->metadata.labels, "serving.knative.dev/service"), "hello");
	assert_string_equal(rs_pairs_get(&configuration->metadata.labels, "team"), "red");
	assert_string_equal(rs_pairs_get(&route->metadata.labels, "team"), "red");
	assert_null(rs_pairs_get(&revision->metadata.labels, "team"));
	assert_string_equal(rs_pairs_get(&revision->metadata.labels, "app"), "x");
	assert_string_equal(rs_pairs_get(&revision->metadata.labels, "serving.knative.dev/configurationGeneration"),
			    "1");
	assert_string_equal(rs_pairs_get(&revision->metadata.labels, "serving.knative.dev/serviceUID"),
			    service->metadata.uid);
	assert_int_equal(strlen(service->metadata.uid), 36);
	assert_int_equal(service->metadata.uid[14], '4');
	assert_string_not_equal(service->metadata.uid, route->metadata.uid);
	assert_int_equal(service->metadata.generation, 1);
	assert_true(service->metadata.created_wall_ns == AT(1)); /* whole seconds */
	assert_int_equal(route->vip, 5);
	/* Rule 1 of routing: nothing was ever ready, so the created one is what clients wait for. */
	assert_int_equal(revision->routing_state, RS_ROUTING_ACTIVE);

	assert_true(change_of(&changes, RS_CHANGE_UPSERT, RS_KIND_SERVICE, "hello")->is_new);
	assert_true(change_of(&changes, RS_CHANGE_UPSERT, RS_KIND_CONFIGURATION, "hello")->is_new);
	assert_true(change_of(&changes, RS_CHANGE_UPSERT, RS_KIND_ROUTE, "hello")->is_new);
	assert_true(change_of(&changes, RS_CHANGE_UPSERT, RS_KIND_REVISION, "hello-00001")->is_new);
	assert_int_equal(change_of(&changes, RS_CHANGE_VIP_ADD, 0, "hello")->vip, 5);
	assert_true(change_of(&changes, RS_CHANGE_COUNTER, 0, "resource_version")->value ==
		    rs_registry_version(registry));
	assert_true(service->metadata.resource_version == rs_registry_version(registry));
	rs_changes_done(&changes);
	rs_registry_free(registry);
}

static void test_apply_of_the_same_changes_nothing(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	struct rs_changes changes;
	enum rs_applied applied;

	apply(registry, manifest("hello", "a"), AT(0));
	const uint64_t version = rs_registry_version(registry);
	assert_int_equal(rs_registry_apply(registry, manifest("hello", "a"), AT(9), &changes, &applied, NULL), 0);
	assert_int_equal(applied, RS_APPLIED_UNCHANGED);
	assert_int_equal(changes.count, 0);
	assert_true(rs_registry_version(registry) == version);
	rs_registry_free(registry);
}

static void test_template_change_makes_a_numbered_revision(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	struct rs_service *first = manifest("hello", "a");

	apply(registry, first, AT(0));
	assert_int_equal(ready(registry, "hello-00001", AT(1)), 1);
	assert_int_equal(apply(registry, manifest("hello", "b"), AT(2)), RS_APPLIED_CONFIGURED);
	/* Keeps its address, its uid and its birth. */
	assert_ptr_equal(rs_registry_service(registry, "default", "hello"), first);
	assert_true(first->metadata.created_wall_ns == AT(0));
	assert_int_equal(first->metadata.generation, 2);
	assert_string_equal(first->template->container.command.items[0], "b");
	const struct rs_configuration *configuration = rs_registry_configuration(registry, "default", "hello");
	assert_int_equal(configuration->metadata.generation, 2);
	assert_string_equal(configuration->latest_created, "hello-00002");
	assert_string_equal(configuration->latest_ready, "hello-00001");
	assert_int_equal(rs_registry_route(registry, "default", "hello")->metadata.generation, 1);
	assert_string_equal(
		rs_registry_revision(registry, "default", "hello-00001")->template->container.command.items[0], "a");
	assert_int_equal(rs_registry_count(registry, RS_KIND_REVISION), 2);
	rs_registry_free(registry);
}

static void test_metadata_goes_to_the_children_without_a_revision(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	struct rs_service *service = manifest("hello", "a");

	apply(registry, manifest("hello", "a"), AT(0));
	rs_pairs_set(&service->metadata.annotations, "note", "x");
	assert_int_equal(apply(registry, service, AT(1)), RS_APPLIED_CONFIGURED);
	assert_string_equal(
		rs_pairs_get(&rs_registry_route(registry, "default", "hello")->metadata.annotations, "note"), "x");
	assert_string_equal(
		rs_pairs_get(&rs_registry_configuration(registry, "default", "hello")->metadata.annotations, "note"),
		"x");
	assert_int_equal(rs_registry_service(registry, "default", "hello")->metadata.generation, 1);
	assert_int_equal(rs_registry_count(registry, RS_KIND_REVISION), 1);
	/* And goes away with the next one: replaced whole. */
	assert_int_equal(apply(registry, manifest("hello", "a"), AT(2)), RS_APPLIED_CONFIGURED);
	assert_null(rs_pairs_get(&rs_registry_route(registry, "default", "hello")->metadata.annotations, "note"));
	rs_registry_free(registry);
}

static void test_resource_version(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	struct rs_service *service = manifest("hello", "a");

	service->metadata.resource_version = 7;
	refuse(registry, service, -EEXIST, "is not there any more");
	apply(registry, manifest("hello", "a"), AT(0));
	const uint64_t seen = rs_registry_service(registry, "default", "hello")->metadata.resource_version;
	service = manifest("hello", "b");
	service->metadata.resource_version = seen;
	apply(registry, service, AT(1));
	service = manifest("hello", "c");
	service->metadata.resource_version = seen;
	refuse(registry, service, -EEXIST, "read it again and repeat the change");
	/* Stale is stale, also when the rest is the same. */
	service = manifest("hello", "b");
	service->metadata.resource_version = seen;
	refuse(registry, service, -EEXIST, "has been changed since");
	rs_registry_free(registry);
}

static void test_brought_names(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);

	apply(registry, named("hello", "a", "hello-blue"), AT(0));
	assert_int_equal(ready(registry, "hello-blue", AT(0)), 1);
	refuse(registry, named("hello", "b", "hello-blue"), -EINVAL, "exists with another template");
	refuse(registry, named("hello", "b", "other"), -EINVAL, "must begin with \"hello-\"");
	apply(registry, named("hello", "b", "hello-green"), AT(1));
	assert_int_equal(ready(registry, "hello-green", AT(1)), 1);
	/* Back to the old one by its name: no new revision, and when it is ready again it is the latest. */
	apply(registry, named("hello", "a", "hello-blue"), AT(2));
	assert_int_equal(rs_registry_count(registry, RS_KIND_REVISION), 2);
	const struct rs_configuration *configuration = rs_registry_configuration(registry, "default", "hello");
	assert_string_equal(configuration->latest_created, "hello-blue");
	assert_string_equal(configuration->latest_ready, "hello-green");
	assert_int_equal(configuration->metadata.generation, 3);
	assert_int_equal(ready(registry, "hello-green", AT(2)), 0);
	assert_int_equal(ready(registry, "hello-blue", AT(2)), 1);
	assert_int_equal(ready(registry, "hello-green", AT(2)), 0);
	assert_string_equal(configuration->latest_ready, "hello-blue");
	rs_registry_free(registry);
}

static void test_brought_name_of_a_ready_revision_serves_at_once(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);

	apply(registry, named("hello", "a", "hello-blue"), AT(0));
	ready(registry, "hello-blue", AT(0));
	struct rs_model_revision *blue = rs_registry_revision(registry, "default", "hello-blue");
	rs_fact_set(&blue->status.resources_available, RS_TRUE, "", "%s", "");
	rs_fact_set(&blue->status.container_healthy, RS_TRUE, "", "%s", "");
	rs_registry_conditions(registry, "default", "hello", AT(0), NULL, NULL);
	apply(registry, named("hello", "b", "hello-green"), AT(1));
	ready(registry, "hello-green", AT(1));
	apply(registry, named("hello", "a", "hello-blue"), AT(2));
	assert_string_equal(rs_registry_configuration(registry, "default", "hello")->latest_ready, "hello-blue");
	assert_int_equal(blue->routing_state, RS_ROUTING_ACTIVE);
	rs_registry_free(registry);
}

static void test_a_brought_number_is_passed_over(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);

	apply(registry, named("hello", "a", "hello-00002"), AT(0));
	apply(registry, manifest("hello", "b"), AT(1));
	assert_string_equal(rs_registry_configuration(registry, "default", "hello")->latest_created, "hello-00003");
	rs_registry_free(registry);
}

static void test_names_of_other_services(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	struct rs_service *service;

	apply(registry, manifest("a-b", "x"), AT(0));
	refuse(registry, named("a", "x", "a-b-00001"), -EEXIST, "is a revision of Service \"default/a-b\"");
	service = manifest("a", "x");
	service->traffic.count = 0;
	add_target(service, "a-b-00001", "", 100);
	refuse(registry, service, -EINVAL, "spec.traffic[0].revisionName: \"a-b-00001\" is a revision of another");
	rs_registry_free(registry);
}

static void test_generated_names(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);

	for (int i = 0; i < 3; i++) {
		struct rs_service *service = manifest("", "a");

		service->metadata.generate_name = strdup("job-");
		assert_non_null(service->metadata.generate_name);
		assert_int_equal(apply(registry, service, AT(i)), RS_APPLIED_CREATED);
		assert_int_equal(strncmp(service->metadata.name, "job-", 4), 0);
		assert_int_equal(strlen(service->metadata.name), 9);
	}
	assert_int_equal(rs_registry_count(registry, RS_KIND_SERVICE), 3);
	refuse(registry, manifest("", "a"), -EINVAL, "metadata.name: is missing");
	rs_registry_free(registry);
}

static void test_tags_have_stable_vips(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	struct rs_service *service = manifest("hello", "a");
	struct rs_changes changes;
	enum rs_applied applied;

	add_target(service, "", "blue", 0);
	add_target(service, "", "green", 0);
	apply(registry, service, AT(0));
	const struct rs_model_route *route = rs_registry_route(registry, "default", "hello");
	assert_int_equal(route->vip, 5);
	assert_int_equal(route->tag_vip[0], RS_VIP_NONE);
	assert_int_equal(route->tag_vip[1], 6);
	assert_int_equal(route->tag_vip[2], 7);

	/* In another order, one gone, one new. */
	service = manifest("hello", "a");
	add_target(service, "", "green", 0);
	add_target(service, "", "red", 0);
	assert_int_equal(rs_registry_apply(registry, service, AT(1), &changes, &applied, NULL), 0);
	assert_int_equal(route->vip, 5);
	assert_int_equal(route->tag_vip[1], 7);
	assert_int_equal(route->tag_vip[2], 8);
	const struct rs_change *removed = change_of(&changes, RS_CHANGE_VIP_REMOVE, 0, "hello");
	assert_int_equal(removed->vip, 6);
	assert_string_equal(removed->tag, "blue");
	assert_string_equal(change_of(&changes, RS_CHANGE_VIP_ADD, 0, "hello")->tag, "red");
	assert_null(change_of(&changes, RS_CHANGE_UPSERT, RS_KIND_CONFIGURATION, "hello"));
	rs_changes_done(&changes);

	/* What was given back rests while others are free. */
	apply(registry, manifest("other", "a"), AT(2));
	assert_int_equal(rs_registry_route(registry, "default", "other")->vip, 9);
	rs_registry_free(registry);
}

static void test_vips_run_out_and_come_back(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(2);
	struct rs_service *service = manifest("c", "a");
	struct rs_changes changes;

	apply(registry, manifest("a", "a"), AT(0));
	add_target(service, "", "t", 0);
	refuse(registry, service, -ENOSPC, "all 2 virtual addresses are taken");
	apply(registry, manifest("b", "a"), AT(0));
	refuse(registry, manifest("c", "a"), -ENOSPC, "all 2 virtual addresses are taken");
	assert_int_equal(rs_registry_remove(registry, RS_KIND_SERVICE, "default", "a", &changes, NULL), 0);
	rs_changes_done(&changes);
	apply(registry, manifest("c", "a"), AT(2));
	assert_int_equal(rs_registry_route(registry, "default", "c")->vip, 5);
	rs_registry_free(registry);
}

static void test_traffic_names_what_is_there(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	struct rs_service *service = manifest("hello", "a");

	service->traffic.count = 0;
	add_target(service, "hello-00009", "", 100);
	refuse(registry, service, -EINVAL, "spec.traffic[0].revisionName: there is no revision \"hello-00009\"");
	assert_int_equal(rs_registry_count(registry, RS_KIND_SERVICE), 0);
	/* The one that this very manifest makes is there. */
	service = named("hello", "a", "hello-a");
	service->traffic.count = 0;
	add_target(service, "hello-a", "", 100);
	apply(registry, service, AT(0));
	assert_int_equal(state_of(registry, "hello-a"), RS_ROUTING_ACTIVE);
	rs_registry_free(registry);
}

static void test_routing_states(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	struct rs_service *service;

	apply(registry, manifest("hello", "a"), AT(0));
	ready(registry, "hello-00001", AT(1));
	apply(registry, manifest("hello", "b"), AT(2));
	assert_int_equal(state_of(registry, "hello-00001"), RS_ROUTING_ACTIVE);
	assert_int_equal(state_of(registry, "hello-00002"), RS_ROUTING_PENDING);
	/* It never gets ready, and another comes. */
	apply(registry, manifest("hello", "c"), AT(3));
	assert_int_equal(state_of(registry, "hello-00002"), RS_ROUTING_RESERVE);
	assert_int_equal(state_of(registry, "hello-00003"), RS_ROUTING_PENDING);
	assert_int_equal(ready(registry, "hello-00003", AT(4)), 1);
	assert_int_equal(state_of(registry, "hello-00001"), RS_ROUTING_RESERVE);
	assert_true(rs_registry_revision(registry, "default", "hello-00001")->routing_state_wall_ns == AT(4));
	assert_int_equal(state_of(registry, "hello-00003"), RS_ROUTING_ACTIVE);
	assert_int_equal(ready(registry, "hello-00002", AT(5)), 0);
	/* Named with a percentage of 0 and a tag is named. */
	service = manifest("hello", "c");
	add_target(service, "hello-00001", "old", 0);
	apply(registry, service, AT(6));
	assert_int_equal(state_of(registry, "hello-00001"), RS_ROUTING_ACTIVE);
	rs_registry_free(registry);
}

static void test_mark_ready_lists_what_it_changed(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	struct rs_changes changes;

	apply(registry, manifest("hello", "a"), AT(0));
	ready(registry, "hello-00001", AT(1));
	apply(registry, manifest("hello", "b"), AT(2));
	assert_int_equal(rs_registry_mark_ready(registry, rs_registry_revision(registry, "default", "hello-00002"),
						AT(3), &changes),
			 1);
	assert_non_null(change_of(&changes, RS_CHANGE_UPSERT, RS_KIND_CONFIGURATION, "hello"));
	assert_non_null(change_of(&changes, RS_CHANGE_UPSERT, RS_KIND_REVISION, "hello-00001"));
	assert_non_null(change_of(&changes, RS_CHANGE_UPSERT, RS_KIND_REVISION, "hello-00002"));
	assert_null(change_of(&changes, RS_CHANGE_UPSERT, RS_KIND_SERVICE, "hello"));
	rs_changes_done(&changes);
	assert_int_equal(ready(registry, "hello-00002", AT(4)), 0);
	assert_int_equal(ready(registry, "hello-00001", AT(4)), 0);
	rs_registry_free(registry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create_makes_four_objects),
		cmocka_unit_test(test_apply_of_the_same_changes_nothing),
		cmocka_unit_test(test_template_change_makes_a_numbered_revision),
		cmocka_unit_test(test_metadata_goes_to_the_children_without_a_revision),
		cmocka_unit_test(test_resource_version),
		cmocka_unit_test(test_brought_names),
		cmocka_unit_test(test_brought_name_of_a_ready_revision_serves_at_once),
		cmocka_unit_test(test_a_brought_number_is_passed_over),
		cmocka_unit_test(test_names_of_other_services),
		cmocka_unit_test(test_generated_names),
		cmocka_unit_test(test_tags_have_stable_vips),
		cmocka_unit_test(test_vips_run_out_and_come_back),
		cmocka_unit_test(test_traffic_names_what_is_there),
		cmocka_unit_test(test_routing_states),
		cmocka_unit_test(test_mark_ready_lists_what_it_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
