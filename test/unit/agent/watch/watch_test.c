/* SPDX-License-Identifier: BSD-2-Clause */
/* link: wire sys user/agent/api/place.c user/agent/api/query.c user/agent/api/status.c */
/* link: user/agent/show/backend.c user/agent/change/change.c user/agent/show/filter.c user/agent/watch/journal.c */
/* link: user/agent/host/addresses.c user/agent/config/option_range.c user/agent/show/list.c */
/* link: user/agent/show/listing.c user/agent/show/metrics.c user/agent/show/objects.c */
/* link: user/agent/record.c user/agent/revision/settings.c user/agent/show/view.c user/agent/show/view_scale.c */
/* link: user/agent/show/walk.c */
/* link: user/agent/change/waiting.c user/agent/watch/shown.c user/agent/watch/watch.c */
/* link: user/agent/show/logs.c user/rt/log_list.c user/rt/log_name.c */
/* Watches: what they see, in which order, and what is too late. */
#include "unit/agent/backend_fixture.h"

static uint64_t version(const struct fixture *f)
{
	return rs_registry_version(f->agent.registry);
}

static void watch(struct fixture *f, struct rs_api_request request)
{
	leave(f, RS_API_END_LEFT);
	request.verb = RS_API_LIST;
	request.watch = true;
	ask(f, request);
}

/* A watch of services from now on. */
static void watch_services(struct fixture *f)
{
	watch(f, (struct rs_api_request){.resource = RS_API_SERVICES, .has_version = true, .version = version(f)});
	assert_int_equal(f->status, 200);
}

/* The lines that the watch has to say, as "TYPE name TYPE name". Versions rise from line to line. */
static const char *said(struct fixture *f)
{
	static char text[4096];
	uint64_t last = 0;
	text[0] = '\0';
	pull(f);
	char *rest = f->stream.data;
	for (char *line; rest && (line = strsep(&rest, "\n")) && *line;) {
		cJSON *change = cJSON_Parse(line);
		assert_non_null(change);
		uint64_t own = strtoull(text_at(change, "object/metadata/resourceVersion"), NULL, 10);
		const char *type = text_at(change, "type"), *name = text_at(change, "object/metadata/name");
		if (strcmp(type, "ERROR") != 0) {
			assert_true(own > last);
			last = own;
		}
		size_t length = strlen(text);
		snprintf(text + length, sizeof(text) - length, "%s%s %s", length ? " " : "", type,
			 *name ? name : text_at(change, "object/reason"));
		cJSON_Delete(change);
	}
	return text;
}

static void test_what_changes_is_told(void **state)
{
	struct fixture *f = *state;
	put(f, .name = "old");
	watch_services(f);
	assert_string_equal(said(f), "");
	put(f, .name = "new");
	assert_true(f->wakes > 0);
	assert_string_equal(said(f), "ADDED new");
	put(f, .name = "old", .command = "x");
	put(f, .name = "new", .command = "x");
	assert_string_equal(said(f), "MODIFIED old MODIFIED new");
	/* The same again is no change. */
	put(f, .name = "new", .command = "x");
	assert_string_equal(said(f), "");
	ask(f, (struct rs_api_request){
		       .verb = RS_API_DELETE, .resource = RS_API_SERVICES, .namespace = "ns", .name = "old"});
	assert_string_equal(said(f), "DELETED old");
}

static void test_changes_that_nobody_has_read_are_one(void **state)
{
	struct fixture *f = *state;
	put(f, .name = "a");
	watch_services(f);
	for (int i = 0; i < 50; i++) {
		char command[16];
		snprintf(command, sizeof(command), "c%d", i);
		put(f, .name = "a", .command = command);
		if (i == 20)
			put(f, .name = "b");
	}
	put(f, .name = "b", .command = "again");
	assert_string_equal(said(f), "MODIFIED a ADDED b");
	assert_string_equal(text_at(f->body, "kind"), "Service");
	/* Made and deleted in between: the deletion is told in any case, which does no harm. */
	put(f, .name = "short");
	ask(f, (struct rs_api_request){
		       .verb = RS_API_DELETE, .resource = RS_API_SERVICES, .namespace = "ns", .name = "short"});
	assert_string_equal(said(f), "DELETED short");
	put(f, .name = "short");
	assert_string_equal(said(f), "ADDED short");
}

static void test_status_is_told(void **state)
{
	struct fixture *f = *state;
	put(f, .name = "a");
	watch_services(f);
	struct rs_model_revision *revision = rs_registry_revision(f->agent.registry, "ns", "a-00001");
	rs_fact_set_true(&revision->status.container_healthy);
	rs_fact_set_true(&revision->status.resources_available);
	struct rs_changes changes = {0};
	assert_int_equal(rs_registry_mark_ready(f->agent.registry, revision, rs_wall_ns(), &changes), 1);
	rs_changes_done(&changes);
	rs_registry_conditions(f->agent.registry, "ns", "a", rs_wall_ns(), NULL, NULL);
	assert_string_equal(said(f), "MODIFIED a");
	cJSON *change = cJSON_Parse(f->stream.data);
	assert_string_equal(text_at(change, "object/status/latestReadyRevisionName"), "a-00001");
	cJSON_Delete(change);
}

static void test_a_deleted_object_is_shown_as_it_was(void **state)
{
	struct fixture *f = *state;
	put(f, .name = "a", .metadata = ",\"labels\":{\"app\":\"x\"},\"annotations\":{\"note\":\"n\"}");
	cJSON *before = cJSON_Duplicate(at(f->body, "metadata"), 1);
	watch_services(f);
	ask(f, (struct rs_api_request){
		       .verb = RS_API_DELETE, .resource = RS_API_SERVICES, .namespace = "ns", .name = "a"});
	assert_string_equal(said(f), "DELETED a");
	cJSON *change = cJSON_Parse(f->stream.data);
	cJSON *last = cJSON_DetachItemFromObject(cJSON_GetObjectItem(change, "object"), "metadata");
	assert_string_equal(text_at(change, "object/kind"), "Service");
	/* All but the version, which is the deletion's own. */
	cJSON_DeleteItemFromObject(last, "resourceVersion");
	cJSON_DeleteItemFromObject(before, "resourceVersion");
	assert_true(cJSON_Compare(before, last, 1));
	cJSON_Delete(last);
	cJSON_Delete(before);
	cJSON_Delete(change);
}

static void test_a_watch_goes_on_where_another_ended(void **state)
{
	struct fixture *f = *state;
	watch_services(f);
	put(f, .name = "a");
	put(f, .name = "b");
	assert_string_equal(said(f), "ADDED a ADDED b");
	cJSON *change = cJSON_Parse(f->stream.data);
	uint64_t seen = strtoull(text_at(change, "object/metadata/resourceVersion"), NULL, 10);
	cJSON_Delete(change);
	struct rs_api_request again = {.resource = RS_API_SERVICES, .has_version = true, .version = seen};
	watch(f, again);
	assert_string_equal(said(f), "ADDED b");
	again.version = version(f);
	watch(f, again);
	assert_string_equal(said(f), "");
}

static void test_without_a_version_all_comes_first(void **state)
{
	struct fixture *f = *state;
	char name[16];
	for (int i = 0; i < 70; i++) {
		snprintf(name, sizeof(name), "s%02d", i);
		put(f, .name = name);
	}
	watch(f, (struct rs_api_request){.resource = RS_API_SERVICES});
	pull(f);
	unsigned lines = 0;
	for (const char *at = f->stream.data; (at = strstr(at, "{\"type\":\"ADDED\"")); at++)
		lines++;
	assert_int_equal(lines, 70);
	put(f, .name = "s00", .command = "x");
	assert_string_equal(said(f), "MODIFIED s00");
}

static void test_what_is_too_old_is_refused(void **state)
{
	struct fixture *f = *state;
	put(f, .name = "a");
	uint64_t early = version(f);
	watch_services(f);
	assert_string_equal(said(f), "");
	struct rs_model_route *route = rs_registry_route(f->agent.registry, "ns", "a");
	for (int i = 0; i <= RS_JOURNAL_ENTRIES; i++)
		rs_registry_touch(f->agent.registry, RS_KIND_ROUTE, route);
	assert_string_equal(said(f), "ERROR Expired");
	assert_false(pull(f));
	assert_int_equal(rs_watches_counters(f->agent.watches).expired, 1);
	watch(f, (struct rs_api_request){.resource = RS_API_SERVICES, .has_version = true, .version = early});
	assert_int_equal(f->status, -ESTALE);
	assert_string_equal(f->reason, "Expired");
	watch(f, (struct rs_api_request){.resource = RS_API_SERVICES, .has_version = true, .version = version(f) + 1});
	assert_int_equal(f->status, -ESTALE);
}

static void test_each_watch_sees_its_own(void **state)
{
	struct fixture *f = *state;
	uint64_t since = version(f);
	put(f, .name = "a", .metadata = ",\"labels\":{\"app\":\"x\"}");
	put(f, .name = "b");
	struct rs_api_request request = {.resource = RS_API_REVISIONS, .has_version = true, .version = since};
	request.service = "a";
	watch(f, request);
	assert_string_equal(said(f), "ADDED a-00001");
	request.service = NULL;
	request.field_selector = "metadata.name=b-00001";
	watch(f, request);
	assert_string_equal(said(f), "ADDED b-00001");
	request.field_selector = NULL;
	request.namespace = "other";
	watch(f, request);
	assert_string_equal(said(f), "");
	request.namespace = NULL;
	request.resource = RS_API_SERVICES;
	request.label_selector = "app in (x, y)";
	watch(f, request);
	assert_string_equal(said(f), "ADDED a");
}

static void label(struct fixture *f, const char *name, const char *app)
{
	rs_auto_free char *metadata = rs_str_format(",\"labels\":{\"app\":\"%s\"}", app);
	put(f, .name = name, .metadata = metadata);
}

static void test_objects_come_into_a_selection_and_leave_it(void **state)
{
	struct fixture *f = *state;
	label(f, "a", "x");
	label(f, "b", "y");
	uint64_t since = version(f);
	struct rs_api_request request = {
		.resource = RS_API_SERVICES, .has_version = true, .version = since, .label_selector = "app=x"};
	watch(f, request);
	assert_string_equal(said(f), "");
	label(f, "b", "z");
	assert_string_equal(said(f), "");
	label(f, "b", "x");
	assert_string_equal(said(f), "ADDED b");
	put(f, .name = "b", .metadata = ",\"labels\":{\"app\":\"x\"}", .command = "c");
	label(f, "a", "y");
	assert_string_equal(said(f), "MODIFIED b DELETED a");
	/* One that it does not know is deleted, one that it knows too. */
	for (const char *const *name = (const char *const[]){"a", "b", NULL}; *name; name++)
		ask(f, (struct rs_api_request){
			       .verb = RS_API_DELETE, .resource = RS_API_SERVICES, .namespace = "ns", .name = *name});
	assert_string_equal(said(f), "DELETED b");

	/* A client that was away when an object left. */
	label(f, "c", "x");
	request.version = version(f);
	label(f, "c", "y");
	label(f, "d", "y");
	watch(f, request);
	assert_string_equal(said(f), "DELETED c");
	/* One that begins with what there is. */
	label(f, "e", "x");
	request.has_version = false;
	watch(f, request);
	assert_string_equal(said(f), "ADDED e");
	label(f, "e", "y");
	assert_string_equal(said(f), "DELETED e");
}

static void test_instances_are_told(void **state)
{
	struct fixture *f = *state;
	put(f, .name = "a");
	struct rs_rt_instance rt = {.id = 2, .name = "rouse-2"};
	struct rs_agent_instance instance = {.workload = f->agent.workloads[1], .rt = &rt};
	f->agent.workloads[1]->instances = &instance;
	watch(f, (struct rs_api_request){
			 .resource = RS_API_INSTANCES, .has_version = true, .version = version(f), .service = "a"});
	rs_journal_instance(f->agent.journal, &instance, RS_TOUCH_NEW);
	assert_string_equal(said(f), "ADDED rouse-2");
	instance.stage = RS_STAGE_READY;
	rs_journal_instance(f->agent.journal, &instance, RS_TOUCH_CHANGED);
	assert_string_equal(said(f), "MODIFIED rouse-2");
	assert_non_null(strstr(f->stream.data, "\"stage\":\"Ready\""));
	rs_journal_instance(f->agent.journal, &instance, RS_TOUCH_DELETED);
	f->agent.workloads[1]->instances = NULL;
	assert_string_equal(said(f), "DELETED rouse-2");
}

static void test_events_are_told_once_they_are_written(void **state)
{
	struct fixture *f = *state;
	watch(f, (struct rs_api_request){.resource = RS_API_EVENTS, .kind = "Service"});
	put(f, .name = "a");
	uint64_t deadline = rs_now_ns() + 20 * RS_NS_PER_S;
	while (f->wakes == 0) {
		assert_true(rs_now_ns() < deadline);
		assert_true(sd_event_run(f->agent.event, 100000) >= 0);
	}
	pull(f);
	assert_non_null(
		strstr(f->stream.data, "{\"type\":\"ADDED\",\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Event\""));
	assert_non_null(strstr(f->stream.data, "\"reason\":\"Created\""));
	assert_string_equal(said(f), "");
}

static void test_there_are_only_so_many(void **state)
{
	struct fixture *f = *state;
	const struct rs_api_source *sources[RS_WATCHES_MAX];
	void *users[RS_WATCHES_MAX];
	for (int i = 0; i < RS_WATCHES_MAX; i++) {
		watch_services(f);
		sources[i] = f->source;
		users[i] = f->source_user;
		f->source = NULL;
	}
	watch(f, (struct rs_api_request){.resource = RS_API_SERVICES});
	assert_int_equal(f->status, -EUSERS);
	assert_non_null(strstr(f->message, "64 watches are open"));
	assert_int_equal(rs_watches_counters(f->agent.watches).refused, 1);
	for (int i = 0; i < RS_WATCHES_MAX; i++)
		sources[i]->done(users[i], RS_API_END_STALLED);
	assert_int_equal(rs_watches_counters(f->agent.watches).open, 0);
	assert_int_equal(rs_watches_counters(f->agent.watches).stalled, RS_WATCHES_MAX);
	watch_services(f);
}

static void test_a_watch_ends_in_time(void **state)
{
	struct fixture *f = *state;
	watch(f, (struct rs_api_request){.resource = RS_API_SERVICES, .timeout_seconds = 1});
	assert_true(pull(f));
	uint64_t deadline = rs_now_ns() + 20 * RS_NS_PER_S;
	while (f->wakes == 0) {
		assert_true(rs_now_ns() < deadline);
		assert_true(sd_event_run(f->agent.event, 100000) >= 0);
	}
	assert_false(pull(f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_agent(test_what_changes_is_told),
		with_agent(test_changes_that_nobody_has_read_are_one),
		with_agent(test_status_is_told),
		with_agent(test_a_deleted_object_is_shown_as_it_was),
		with_agent(test_a_watch_goes_on_where_another_ended),
		with_agent(test_without_a_version_all_comes_first),
		with_agent(test_what_is_too_old_is_refused),
		with_agent(test_each_watch_sees_its_own),
		with_agent(test_objects_come_into_a_selection_and_leave_it),
		with_agent(test_instances_are_told),
		with_agent(test_events_are_told_once_they_are_written),
		with_agent(test_there_are_only_so_many),
		with_agent(test_a_watch_ends_in_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
