/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base core */
/* Loading, deleting, listing, conditions, and the registry at its size. */
#include "unit/core/registry/fixture.h"

#include "core/model/conditions.h"

/* What a store does with changes: keeps copies of objects, VIPs and counters, by key. */
struct kept {
	struct rs_registry *copy;
	const struct rs_registry *from;
};

/* What the store gives back has a template of its own. */
static struct rs_template *same_template(const struct rs_template *from)
{
	struct rs_template *template = rs_template_new();

	assert_non_null(template);
	rs_str_copy(template->name, sizeof(template->name), from->name);
	rs_strings_copy(&template->container.command, &from->container.command);
	return template;
}

static void *copy_object(enum rs_kind kind, const void *object)
{
	const struct rs_service *service = object;
	const struct rs_configuration *configuration = object;
	const struct rs_model_revision *revision = object;
	const struct rs_model_route *route = object;
	const struct rs_metadata *metadata = object;
	const size_t sizes[] = {sizeof(*service), sizeof(*configuration), sizeof(*revision), sizeof(*route)};
	void *copy = calloc(1, sizes[kind]);

	memcpy(copy, object, sizes[kind]);
	rs_pairs_copy(&((struct rs_metadata *)copy)->labels, &metadata->labels);
	rs_pairs_copy(&((struct rs_metadata *)copy)->annotations, &metadata->annotations);
	if (kind == RS_KIND_SERVICE) {
		struct rs_service *out = copy;
		out->template = same_template(service->template);
		rs_traffic_copy(&out->traffic, &service->traffic);
		out->status = (struct rs_service_status){0};
	} else if (kind == RS_KIND_CONFIGURATION) {
		struct rs_configuration *out = copy;
		out->template = same_template(configuration->template);
		out->status = (struct rs_configuration_status){0};
	} else if (kind == RS_KIND_REVISION) {
		struct rs_model_revision *out = copy;
		out->template = same_template(revision->template);
		out->status = (struct rs_revision_status){0};
	} else {
		struct rs_model_route *out = copy;
		rs_traffic_copy(&out->traffic, &route->traffic);
		out->status = (struct rs_route_status){0};
	}
	return copy;
}

static int load_copy(struct kept *kept, enum rs_kind kind, const void *object)
{
	return rs_registry_load_object(kept->copy, kind, copy_object(kind, object), NULL);
}

static int load_service(void *user, void *object)
{
	return load_copy(user, RS_KIND_SERVICE, object);
}

static int load_configuration(void *user, void *object)
{
	return load_copy(user, RS_KIND_CONFIGURATION, object);
}

static int load_revision(void *user, void *object)
{
	return load_copy(user, RS_KIND_REVISION, object);
}

static int load_route(void *user, void *object)
{
	struct kept *kept = user;
	const struct rs_model_route *route = object;
	const char *namespace = route->metadata.namespace, *name = route->metadata.name;

	assert_int_equal(load_copy(kept, RS_KIND_ROUTE, object), 0);
	assert_int_equal(rs_registry_load_vip(kept->copy, route->vip, namespace, name, "", NULL), 0);
	for (size_t i = 0; i < route->traffic.count; i++)
		if (route->traffic.targets[i].tag[0])
			assert_int_equal(rs_registry_load_vip(kept->copy, route->tag_vip[i], namespace, name,
							      route->traffic.targets[i].tag, NULL),
					 0);
	return 0;
}

static struct rs_registry *reload(const struct rs_registry *registry, uint32_t vips)
{
	struct kept kept = {.copy = new_registry(vips), .from = registry};
	struct rs_err err = {0};

	rs_registry_each(registry, RS_KIND_ROUTE, NULL, load_route, &kept);
	rs_registry_each(registry, RS_KIND_REVISION, NULL, load_revision, &kept);
	rs_registry_each(registry, RS_KIND_SERVICE, NULL, load_service, &kept);
	rs_registry_each(registry, RS_KIND_CONFIGURATION, NULL, load_configuration, &kept);
	assert_int_equal(rs_registry_load_counter(kept.copy, "resource_version", rs_registry_version(registry)), 0);
	assert_int_equal(rs_registry_load_counter(kept.copy, "of_a_newer_agent", 5), 0);
	if (rs_registry_load_done(kept.copy, &err) < 0)
		fail_msg("%s", err.message);
	return kept.copy;
}

static void test_a_restart_changes_nothing_but_versions(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	struct rs_service *service = manifest("hello", "b");

	apply(registry, manifest("hello", "a"), AT(0));
	ready(registry, "hello-00001", AT(1));
	add_target(service, "hello-00001", "old", 0);
	apply(registry, service, AT(2));
	apply(registry, manifest("other", "x"), AT(3));
	const uint64_t version = rs_registry_version(registry);
	struct rs_registry *again = reload(registry, 16);

	assert_true(rs_registry_version(again) > version);
	assert_int_equal(rs_registry_count(again, RS_KIND_REVISION), 3);
	assert_int_equal(rs_registry_route(again, "default", "hello")->vip, 5);
	assert_int_equal(rs_registry_route(again, "default", "hello")->tag_vip[1], 6);
	assert_int_equal(rs_registry_route(again, "default", "other")->vip, 7);
	assert_string_equal(rs_registry_configuration(again, "default", "hello")->latest_ready, "hello-00001");
	/* Those that are equal are one in memory again. */
	struct rs_template *template = rs_registry_service(again, "default", "hello")->template;
	assert_ptr_equal(rs_registry_configuration(again, "default", "hello")->template, template);
	assert_ptr_equal(rs_registry_revision(again, "default", "hello-00002")->template, template);
	assert_ptr_not_equal(rs_registry_revision(again, "default", "hello-00001")->template, template);
	/* The same manifest is still unchanged, and the next number is the next. */
	service = manifest("hello", "b");
	add_target(service, "hello-00001", "old", 0);
	assert_int_equal(apply(again, service, AT(4)), RS_APPLIED_UNCHANGED);
	apply(again, manifest("hello", "c"), AT(5));
	assert_string_equal(rs_registry_configuration(again, "default", "hello")->latest_created, "hello-00003");
	/* No VIP is given out twice. */
	apply(again, manifest("third", "x"), AT(6));
	assert_int_not_equal(rs_registry_route(again, "default", "third")->vip, 5);
	assert_int_not_equal(rs_registry_route(again, "default", "third")->vip, 7);
	rs_registry_free(registry);
	rs_registry_free(again);
}

static void refuse_load(struct rs_registry *registry, int code, const char *message)
{
	struct rs_err err = {0};

	assert_int_equal(rs_registry_load_done(registry, &err), code);
	if (!strstr(err.message, message))
		fail_msg("\"%s\" does not say \"%s\"", err.message, message);
	rs_registry_free(registry);
}

static void test_a_damaged_store_is_refused(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16), *broken;
	struct kept kept;
	struct rs_err err = {0};

	apply(registry, manifest("hello", "a"), AT(0));
	struct rs_service *service = rs_registry_service(registry, "default", "hello");
	struct rs_configuration *configuration = rs_registry_configuration(registry, "default", "hello");
	struct rs_model_revision *revision = rs_registry_revision(registry, "default", "hello-00001");
	struct rs_model_route *route = rs_registry_route(registry, "default", "hello");

	kept.copy = broken = new_registry(16);
	load_service(&kept, service);
	assert_int_equal(rs_registry_load_object(broken, RS_KIND_SERVICE, copy_object(RS_KIND_SERVICE, service), &err),
			 -EUCLEAN);
	assert_non_null(strstr(err.message, "the same object twice: \"default/hello\""));
	refuse_load(broken, -EUCLEAN, "there is no Configuration for the Service \"default/hello\"");

	kept.copy = broken = new_registry(16);
	load_service(&kept, service);
	load_configuration(&kept, configuration);
	refuse_load(broken, -EUCLEAN, "there is no Route for the Service");

	kept.copy = broken = new_registry(16);
	load_configuration(&kept, configuration);
	refuse_load(broken, -EUCLEAN, "no Service has the Configuration");

	kept.copy = broken = new_registry(16);
	load_revision(&kept, revision);
	refuse_load(broken, -EUCLEAN, "no Configuration has the Revision \"default/hello-00001\"");

	kept.copy = broken = new_registry(16);
	load_service(&kept, service);
	load_configuration(&kept, configuration);
	load_copy(&kept, RS_KIND_ROUTE, route);
	refuse_load(broken, -EUCLEAN, "no virtual address has the Route");

	kept.copy = broken = new_registry(16);
	assert_int_equal(rs_registry_load_vip(broken, 6, "default", "gone", "", NULL), 0);
	assert_int_equal(rs_registry_load_vip(broken, 6, "default", "two", "", &err), -EUCLEAN);
	refuse_load(broken, -EUCLEAN, "a virtual address belongs to nothing; its route was \"default/gone\"");

	broken = new_registry(16);
	assert_int_equal(rs_registry_load_vip(broken, 21, "default", "x", "", &err), -ERANGE);
	assert_non_null(
		strstr(err.message, "virtual address number 21, which the range of 21 addresses does not reach"));
	rs_registry_free(broken);
	rs_registry_free(registry);
}

static void test_an_abandoned_change_leaves_nothing(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	struct rs_service *service = manifest("hello", "b");
	struct rs_transaction *transaction, *other;
	struct rs_changes changes;
	enum rs_applied applied;
	struct rs_err err = {0};

	apply(registry, manifest("hello", "a"), AT(0));
	struct rs_model_route *route = rs_registry_route(registry, "default", "hello");
	add_target(service, "", "t", 0);
	assert_int_equal(rs_registry_prepare_apply(registry, service, AT(1), &transaction, &applied, &err), 0);
	assert_int_equal(applied, RS_APPLIED_CONFIGURED);
	assert_non_null(
		change_of(rs_transaction_changes(transaction), RS_CHANGE_UPSERT, RS_KIND_REVISION, "hello-00002"));
	/* Nothing is seen of it, and its service is busy; another one is not, and does not get its VIP. */
	assert_null(rs_registry_revision(registry, "default", "hello-00002"));
	assert_int_equal(route->traffic.count, 1);
	refuse(registry, manifest("hello", "c"), -EINPROGRESS, "is being changed at this moment");
	assert_int_equal(rs_registry_prepare_remove(registry, RS_KIND_SERVICE, "default", "hello", &other, &err),
			 -EINPROGRESS);
	apply(registry, manifest("other", "x"), AT(1));
	assert_int_equal(rs_registry_route(registry, "default", "other")->vip, 7);
	rs_transaction_abandon(transaction);
	assert_false(rs_registry_is_busy(registry, "default", "hello"));
	assert_string_equal(rs_registry_configuration(registry, "default", "hello")->latest_created, "hello-00001");
	/* A deletion that is given up as well. What was found out while a change waited stays. */
	assert_int_equal(rs_registry_prepare_remove(registry, RS_KIND_SERVICE, "default", "hello", &transaction, &err),
			 0);
	rs_transaction_abandon(transaction);
	assert_int_equal(
		rs_registry_prepare_apply(registry, manifest("hello", "b"), AT(2), &transaction, &applied, &err), 0);
	rs_fact_set_true(&route->status.ingress_ready);
	const uint64_t version = rs_registry_version(registry);
	rs_transaction_commit(transaction, &changes);
	rs_changes_done(&changes);
	assert_ptr_equal(rs_registry_route(registry, "default", "hello"), route);
	assert_int_equal(route->status.ingress_ready.truth, RS_TRUE);
	assert_true(rs_registry_service(registry, "default", "hello")->metadata.resource_version > version);
	assert_non_null(rs_registry_revision(registry, "default", "hello-00002"));
	rs_registry_free(registry);
}

static void test_remove_service(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	struct rs_service *service = manifest("hello", "a");
	struct rs_changes changes;
	struct rs_err err = {0};

	add_target(service, "", "t", 0);
	apply(registry, service, AT(0));
	apply(registry, manifest("hello", "b"), AT(1));
	apply(registry, manifest("hello-2", "b"), AT(1));
	struct rs_model_revision *revision = rs_registry_revision(registry, "default", "hello-00002");
	assert_int_equal(rs_registry_remove(registry, RS_KIND_ROUTE, "default", "hello", &changes, &err), -EPERM);
	assert_non_null(strstr(err.message, "belongs to the Service of its name"));
	assert_int_equal(rs_registry_remove(registry, RS_KIND_SERVICE, "default", "nobody", &changes, &err), -ENOENT);
	assert_string_equal(err.message, "Service \"nobody\" not found in the namespace \"default\"");
	assert_int_equal(rs_registry_remove(registry, RS_KIND_SERVICE, "default", "hello", &changes, NULL), 0);
	/* The last state stands in the list. */
	assert_ptr_equal(change_of(&changes, RS_CHANGE_DELETE, RS_KIND_REVISION, "hello-00002")->object, revision);
	assert_non_null(change_of(&changes, RS_CHANGE_DELETE, RS_KIND_SERVICE, "hello"));
	assert_non_null(change_of(&changes, RS_CHANGE_DELETE, RS_KIND_CONFIGURATION, "hello"));
	assert_non_null(change_of(&changes, RS_CHANGE_DELETE, RS_KIND_ROUTE, "hello"));
	assert_non_null(change_of(&changes, RS_CHANGE_DELETE, RS_KIND_REVISION, "hello-00001"));
	assert_int_equal(change_of(&changes, RS_CHANGE_VIP_REMOVE, 0, "hello")->vip, 5);
	assert_true(change_of(&changes, RS_CHANGE_COUNTER, 0, "resource_version")->value ==
		    rs_registry_version(registry));
	rs_changes_done(&changes);
	assert_null(rs_registry_service(registry, "default", "hello"));
	assert_null(rs_registry_revision(registry, "default", "hello-00001"));
	assert_int_equal(rs_registry_count(registry, RS_KIND_REVISION), 1);
	/* Made anew it begins anew. */
	apply(registry, manifest("hello", "c"), AT(3));
	assert_string_equal(rs_registry_configuration(registry, "default", "hello")->latest_created, "hello-00001");
	rs_registry_free(registry);
}

static void test_remove_revision(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	struct rs_service *service;
	struct rs_changes changes;
	struct rs_err err = {0};

	apply(registry, manifest("hello", "a"), AT(0));
	ready(registry, "hello-00001", AT(0));
	apply(registry, manifest("hello", "b"), AT(1));
	assert_int_equal(rs_registry_remove(registry, RS_KIND_REVISION, "default", "hello-00001", &changes, &err),
			 -EBUSY);
	assert_non_null(strstr(err.message, "is named by Route \"hello\": take it out of spec.traffic first"));
	assert_int_equal(changes.count, 0);
	ready(registry, "hello-00002", AT(3));
	assert_int_equal(rs_registry_remove(registry, RS_KIND_REVISION, "default", "hello-00001", &changes, &err), 0);
	assert_int_equal(changes.count, 3); /* itself, and the counters */
	rs_changes_done(&changes);
	/* The latest ready one is what "latest" means, also when nothing names it now. */
	apply(registry, manifest("hello", "c"), AT(5));
	service = manifest("hello", "c");
	service->traffic.count = 0;
	add_target(service, "hello-00003", "", 100);
	apply(registry, service, AT(5));
	assert_int_equal(rs_registry_remove(registry, RS_KIND_REVISION, "default", "hello-00002", &changes, &err),
			 -EBUSY);
	assert_non_null(strstr(err.message, "is the latest ready one"));
	rs_registry_free(registry);
}

static void test_a_deleted_latest_revision_is_told(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	struct rs_service *service;
	struct rs_changes changes;

	apply(registry, named("hello", "a", "hello-a"), AT(0));
	service = named("hello", "b", "hello-b");
	service->traffic.count = 0;
	add_target(service, "hello-a", "", 100);
	apply(registry, service, AT(1));
	assert_int_equal(state_of(registry, "hello-b"), RS_ROUTING_PENDING);
	assert_int_equal(rs_registry_remove(registry, RS_KIND_REVISION, "default", "hello-b", &changes, NULL), 0);
	rs_changes_done(&changes);
	refuse(registry, named("hello", "b", "hello-b"), -EINVAL,
	       "spec.traffic[0].latestRevision: the latest revision, \"hello-b\", was deleted");
	rs_registry_conditions(registry, "default", "hello", AT(3), NULL, NULL);
	const struct rs_conditions *conditions =
		&rs_registry_configuration(registry, "default", "hello")->status.conditions;
	assert_int_equal(rs_conditions_ready(conditions), RS_FALSE);
	assert_string_equal(rs_fact_reason(&rs_conditions_find(conditions, "Ready")->fact), "RevisionDeleted");
	rs_registry_free(registry);
}

struct seen {
	char text[512];
	int stop_after;
};

static int note(void *user, void *object)
{
	struct seen *seen = user;
	const struct rs_metadata *metadata = object;
	const size_t length = strlen(seen->text);

	snprintf(seen->text + length, sizeof(seen->text) - length, "%s/%s ", metadata->namespace, metadata->name);
	return --seen->stop_after == 0 ? 7 : 0;
}

static int note_revision(void *user, struct rs_model_revision *revision)
{
	return note(user, revision);
}

static void test_lists_are_sorted(void **state)
{
	(void)state;
	static const char *const names[] = {"b", "a-1", "a", "c"};
	struct rs_registry *registry = new_registry(16);
	struct seen seen = {0};

	for (size_t i = 0; i < rs_array_length(names); i++) {
		struct rs_service *service = manifest(names[i], "x");

		if (i == 3)
			rs_str_copy(service->metadata.namespace, RS_NAME_SIZE, "another");
		apply(registry, service, AT(0));
	}
	apply(registry, manifest("a", "y"), AT(1));
	assert_int_equal(rs_registry_each(registry, RS_KIND_SERVICE, NULL, note, &seen), 0);
	assert_string_equal(seen.text, "another/c default/a default/a-1 default/b ");
	seen = (struct seen){0};
	assert_int_equal(rs_registry_each(registry, RS_KIND_SERVICE, "default", note, &seen), 0);
	assert_string_equal(seen.text, "default/a default/a-1 default/b ");
	seen = (struct seen){.stop_after = 2};
	assert_int_equal(rs_registry_each(registry, RS_KIND_SERVICE, NULL, note, &seen), 7);
	assert_string_equal(seen.text, "another/c default/a ");
	/* Those of "a" alone, although the names of "a-1" stand among them. */
	seen = (struct seen){0};
	assert_int_equal(rs_registry_each_revision(registry, "default", "a", note_revision, &seen), 0);
	assert_string_equal(seen.text, "default/a-00001 default/a-00002 ");
	seen = (struct seen){0};
	assert_int_equal(rs_registry_each(registry, RS_KIND_ROUTE, "nowhere", note, &seen), 0);
	assert_string_equal(seen.text, "");
	rs_registry_free(registry);
}

struct changed {
	unsigned kinds[RS_KIND_COUNT];
};

static void count_changed(void *user, enum rs_kind kind, void *object)
{
	struct changed *changed = user;

	assert_true(rs_object_metadata(kind, object)->resource_version > 0);
	changed->kinds[kind]++;
}

static void test_conditions_from_facts(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	struct changed changed = {0};

	apply(registry, manifest("hello", "a"), AT(0));
	struct rs_service *service = rs_registry_service(registry, "default", "hello");
	struct rs_model_revision *revision = rs_registry_revision(registry, "default", "hello-00001");
	struct rs_model_route *route = rs_registry_route(registry, "default", "hello");
	rs_registry_conditions(registry, "default", "hello", AT(1), count_changed, &changed);
	for (int kind = 0; kind < RS_KIND_COUNT; kind++)
		assert_int_equal(changed.kinds[kind], 1);
	assert_int_equal(rs_conditions_ready(&service->status.conditions), RS_UNKNOWN);
	const uint64_t version = rs_registry_version(registry);
	rs_registry_conditions(registry, "default", "hello", AT(2), count_changed, &changed);
	assert_true(rs_registry_version(registry) == version); /* nothing is new */

	rs_fact_set(&revision->status.resources_available, RS_TRUE, "", "%s", "");
	rs_fact_set(&revision->status.container_healthy, RS_TRUE, "", "%s", "");
	rs_fact_set(&route->status.all_traffic_assigned, RS_TRUE, "", "%s", "");
	rs_fact_set(&route->status.ingress_ready, RS_TRUE, "", "%s", "");
	rs_registry_conditions(registry, "default", "hello", AT(3), count_changed, &changed);
	assert_int_equal(rs_conditions_ready(&service->status.conditions), RS_TRUE);
	assert_int_equal(changed.kinds[RS_KIND_SERVICE], 2);
	assert_true(service->metadata.resource_version > version);

	rs_fact_set(&revision->status.container_healthy, RS_FALSE, "ExitCode1", "it ended");
	rs_registry_conditions(registry, "default", "hello", AT(4), NULL, NULL);
	const struct rs_condition *ready_now = rs_conditions_find(&service->status.conditions, "Ready");
	assert_int_equal(ready_now->fact.truth, RS_FALSE);
	assert_string_equal(rs_fact_reason(&ready_now->fact), "RevisionFailed");
	assert_string_equal(rs_fact_message(&ready_now->fact),
			    "Revision \"hello-00001\" failed with message: it ended.");
	assert_true(ready_now->since_wall_ns == AT(4));
	rs_registry_conditions(registry, "default", "nobody", AT(4), count_changed, &changed);
	rs_registry_free(registry);
}

static void test_touch_gives_versions(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);

	apply(registry, manifest("hello", "a"), AT(0));
	struct rs_service *service = rs_registry_service(registry, "default", "hello");
	const uint64_t before = service->metadata.resource_version;
	rs_registry_touch(registry, RS_KIND_SERVICE, service);
	assert_true(service->metadata.resource_version > before);
	assert_true(service->metadata.resource_version == rs_registry_version(registry));
	rs_registry_free(registry);
}

/* Many services, each looked up and changed: a search through all of them would take minutes. */
static void test_at_its_size(void **state)
{
	(void)state;
	enum { SERVICES = 16384 };
	struct rs_registry *registry = new_registry(SERVICES);
	char name[RS_NAME_SIZE];

	for (int i = 0; i < SERVICES; i++) {
		snprintf(name, sizeof(name), "s%05d", i * 7919 % SERVICES);
		apply(registry, manifest(name, "a"), AT(0));
	}
	refuse(registry, manifest("one-more", "a"), -ENOSPC, "all 16384 virtual addresses are taken");
	for (int i = 0; i < SERVICES; i++) {
		snprintf(name, sizeof(name), "s%05d", i);
		assert_non_null(rs_registry_service(registry, "default", name));
		rs_registry_conditions(registry, "default", name, AT(1), NULL, NULL);
	}
	rs_registry_free(registry);
}

static void test_revisions_of_one_service_are_bounded(void **state)
{
	(void)state;
	struct rs_registry *registry = new_registry(16);
	char command[16];

	for (int i = 0; i < RS_SERVICE_REVISIONS_MAX; i++) {
		snprintf(command, sizeof(command), "%d", i);
		apply(registry, manifest("hello", command), AT(i));
	}
	refuse(registry, manifest("hello", "more"), -ENOSPC, "has 2000 revisions, which is the maximum");
	rs_registry_free(registry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_restart_changes_nothing_but_versions),
		cmocka_unit_test(test_a_damaged_store_is_refused),
		cmocka_unit_test(test_an_abandoned_change_leaves_nothing),
		cmocka_unit_test(test_remove_service),
		cmocka_unit_test(test_remove_revision),
		cmocka_unit_test(test_a_deleted_latest_revision_is_told),
		cmocka_unit_test(test_lists_are_sorted),
		cmocka_unit_test(test_conditions_from_facts),
		cmocka_unit_test(test_touch_gives_versions),
		cmocka_unit_test(test_at_its_size),
		cmocka_unit_test(test_revisions_of_one_service_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
