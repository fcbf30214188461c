/* SPDX-License-Identifier: BSD-2-Clause */
/* link: wire sys user/agent/api/place.c user/agent/api/query.c user/agent/api/status.c */
/* link: user/agent/show/backend.c user/agent/change/change.c user/agent/show/filter.c user/agent/watch/journal.c */
/* link: user/agent/host/addresses.c user/agent/config/option_range.c user/agent/show/list.c */
/* link: user/agent/show/listing.c user/agent/show/metrics.c user/agent/show/objects.c */
/* link: user/agent/record.c user/agent/revision/settings.c user/agent/show/view.c user/agent/show/view_scale.c */
/* link: user/agent/show/walk.c */
/* link: user/agent/change/waiting.c user/agent/watch/shown.c user/agent/watch/watch.c */
/* link: user/agent/show/logs.c user/rt/log_list.c user/rt/log_name.c */
/* Lists: in pages, by label and by field, and while things change. */
#include "unit/agent/backend_fixture.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "rt/log_list.h"

static void list(struct fixture *f, struct rs_api_request request)
{
	request.verb = RS_API_LIST;
	ask(f, request);
}

/* "name name": what the list has. */
static const char *names(const struct fixture *f)
{
	static char text[4096];
	const cJSON *item;
	size_t length = 0;
	text[0] = '\0';
	cJSON_ArrayForEach (item, at(f->body, "items")) {
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s", length ? " " : "",
					   text_at(item, "metadata/name"));
	}
	return text;
}

static void make(struct fixture *f, const char *name, const char *labels)
{
	rs_auto_free char *metadata = rs_str_format(",\"labels\":{%s}", labels);
	put(f, .name = name, .metadata = metadata);
}

static void test_pages(void **state)
{
	struct fixture *f = *state;
	for (const char *const *name = (const char *const[]){"a", "b", "c", "d", "e", NULL}; *name; name++)
		make(f, *name, "");
	struct rs_api_request request = {.resource = RS_API_SERVICES, .namespace = "ns", .limit = 2};
	struct rs_err err = {0};
	list(f, request);
	assert_string_equal(names(f), "a b");
	assert_int_equal(rs_place_parse(text_at(f->body, "metadata/continue"), &request.place, &err), 0);
	request.continues = true;
	/* What goes between two pages, and what comes, does no harm. */
	ask(f, (struct rs_api_request){
		       .verb = RS_API_DELETE, .resource = RS_API_SERVICES, .namespace = "ns", .name = "b"});
	make(f, "aa", "");
	make(f, "cc", "");
	list(f, request);
	assert_string_equal(names(f), "c cc");
	uint64_t version = request.place.version;
	assert_int_equal(rs_place_parse(text_at(f->body, "metadata/continue"), &request.place, &err), 0);
	assert_int_equal(request.place.version, version);
	list(f, request);
	/* The last page is full, and says nothing of another. */
	assert_string_equal(names(f), "d e");
	assert_null(at(f->body, "metadata/continue"));
	/* A watch from the first page's version tells the rest. */
	leave(f, RS_API_END_LEFT);
	ask(f, (struct rs_api_request){.verb = RS_API_LIST,
				       .resource = RS_API_SERVICES,
				       .watch = true,
				       .has_version = true,
				       .version = version});
	pull(f);
	assert_non_null(strstr(f->stream.data, "\"type\":\"DELETED\""));
	assert_non_null(strstr(f->stream.data, "\"name\":\"aa\""));
}

static void test_a_page_that_is_too_old(void **state)
{
	struct fixture *f = *state;
	make(f, "a", "");
	make(f, "b", "");
	struct rs_api_request request = {.resource = RS_API_SERVICES, .limit = 1};
	struct rs_err err = {0};
	list(f, request);
	request.continues = true;
	assert_int_equal(rs_place_parse(text_at(f->body, "metadata/continue"), &request.place, &err), 0);
	for (int i = 0; i <= RS_JOURNAL_ENTRIES; i++)
		rs_registry_touch(f->agent.registry, RS_KIND_SERVICE,
				  rs_registry_service(f->agent.registry, "ns", "b"));
	list(f, request);
	assert_int_equal(f->status, -ESTALE);
	request.place.version = UINT64_MAX;
	list(f, request);
	assert_int_equal(f->status, -ESTALE);
}

static void test_tokens_are_what_a_list_gave(void **state)
{
	struct rs_place place;
	struct rs_err err = {0};
	(void)state;
	assert_int_equal(rs_place_parse("12.0.ns.hello", &place, &err), 0);
	assert_int_equal(place.version, 12);
	assert_string_equal(place.name, "hello");
	assert_int_equal(rs_place_parse("12.7..", &place, &err), 0);
	assert_int_equal(place.number, 7);
	for (const char *const *bad =
		     (const char *const[]){"", "x", "12", "12.7", "12.7.a.b.", "-1.0..", "1.0.A.b", NULL};
	     *bad; bad++) {
		if (rs_place_parse(*bad, &place, &err) != -EINVAL)
			fail_msg("took %s", *bad);
	}
}

static void test_selectors(void **state)
{
	static const struct {
		const char *labels, *fields, *names;
	} table[] = {
		{"app=x", NULL, "a b"},
		{"app==x,tier!=db", NULL, "a"},
		{"app in (x, y),tier", NULL, "b c"},
		{"tier notin (db)", NULL, "a c d"},
		{"!app", NULL, "d"},
		{NULL, "metadata.name=c", "c"},
		{NULL, "metadata.name!=c,metadata.namespace=ns", "a b d"},
		{"app=x", "metadata.name=b", "b"},
		{"app=z", NULL, ""},
	};
	struct fixture *f = *state;
	make(f, "a", "\"app\":\"x\"");
	make(f, "b", "\"app\":\"x\",\"tier\":\"db\"");
	make(f, "c", "\"app\":\"y\",\"tier\":\"web\"");
	make(f, "d", "");
	for (size_t i = 0; i < rs_array_length(table); i++) {
		list(f, (struct rs_api_request){.resource = RS_API_SERVICES,
						.label_selector = table[i].labels,
						.field_selector = table[i].fields});
		assert_string_equal(names(f), table[i].names);
	}
	/* The labels that Rouse makes itself. */
	list(f, (struct rs_api_request){.resource = RS_API_REVISIONS,
					.label_selector = "serving.knative.dev/service=b,"
							  "serving.knative.dev/routingState=pending"});
	assert_string_equal(names(f), "");
	list(f, (struct rs_api_request){.resource = RS_API_REVISIONS,
					.label_selector = "serving.knative.dev/service=b,"
							  "serving.knative.dev/routingState=active"});
	assert_string_equal(names(f), "b-00001");
}

static void test_events_have_pages_too(void **state)
{
	struct fixture *f = *state;
	for (const char *const *name = (const char *const[]){"a", "b", "c", NULL}; *name; name++)
		rs_record(&f->agent, "Normal", "Tested", "ns", "Service", *name, "by a test");
	uint64_t deadline = rs_now_ns() + 20 * RS_NS_PER_S;
	do {
		assert_true(rs_now_ns() < deadline);
		assert_true(sd_event_run(f->agent.event, 100000) >= 0);
		list(f, (struct rs_api_request){.resource = RS_API_EVENTS});
	} while (cJSON_GetArraySize(at(f->body, "items")) < 3);
	assert_string_equal(text_at(f->body, "metadata/resourceVersion"), "3");
	list(f, (struct rs_api_request){.resource = RS_API_EVENTS, .limit = 2});
	assert_string_equal(names(f), "b.2 c.3");
	list(f, (struct rs_api_request){.resource = RS_API_EVENTS, .after = 1, .limit = 1});
	assert_string_equal(names(f), "b.2");
	list(f, (struct rs_api_request){.resource = RS_API_EVENTS, .field_selector = "involvedObject.name=a"});
	assert_string_equal(names(f), "a.1");
}

static void test_a_large_list_comes_in_pieces(void **state)
{
	struct fixture *f = *state;
	struct rs_api_request request = {.verb = RS_API_LIST, .resource = RS_API_FLOWS, .token = 7, .limit = 1234};
	forget_answer(f);
	make(f, "a", "");
	forget_answer(f);
	rs_agent_backend.handle(&f->agent, &request);
	unsigned pieces = 0;
	struct rs_buf whole;
	rs_buf_init(&whole, 64 * 1024 * 1024);
	for (int r = 1; r == 1; pieces++) {
		struct rs_buf piece;
		rs_buf_init(&piece, 1024 * 1024);
		r = f->source->next(f->source_user, &piece);
		assert_true(piece.length < 32 * 1024);
		rs_buf_append(&whole, piece.data, piece.length);
		rs_buf_done(&piece);
	}
	assert_true(pieces > 1234 / 32);
	f->body = cJSON_Parse(whole.data);
	assert_int_equal(cJSON_GetArraySize(at(f->body, "items")), 1234);
	assert_true(strlen(text_at(f->body, "metadata/continue")) > 0);
	rs_buf_done(&whole);
}

/* --- logs -------------------------------------------------------------------------------------------------------- */

#define LOG_SERVICES 200

static void log_path(const struct fixture *f, unsigned service, unsigned log, char path[static PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/logs/ns/s%03u/r/rouse-%u-202611%02uT110000.000Z.log", f->directory, service,
		 service % 7, 20 - log);
}

static void make_log(const char *path)
{
	char part[PATH_MAX];
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		assert_true(mkdir(part, 0700) == 0 || errno == EEXIST);
	}
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fclose(file);
}

static void each_log(const struct fixture *f, void (*act)(const char *path))
{
	char path[PATH_MAX];
	for (unsigned service = 0; service < LOG_SERVICES; service++) {
		for (unsigned log = 0; log < 3; log++) {
			log_path(f, service, log, path);
			act(path);
		}
	}
}

static void test_logs_are_listed_service_by_service(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX];
	f->options.state_dir = f->directory;
	each_log(f, make_log);
	list(f, (struct rs_api_request){.resource = RS_API_LOGS});
	const cJSON *items = at(f->body, "items");
	assert_int_equal(cJSON_GetArraySize(items), 3 * LOG_SERVICES);
	/* Of each the oldest first. */
	assert_string_equal(text_at(cJSON_GetArrayItem(items, 0), "metadata/name"), "rouse-0-20261118T110000.000Z");
	assert_string_equal(text_at(cJSON_GetArrayItem(items, 2), "metadata/name"), "rouse-0-20261120T110000.000Z");
	assert_string_equal(text_at(cJSON_GetArrayItem(items, 3), "metadata/name"), "rouse-1-20261118T110000.000Z");
	list(f, (struct rs_api_request){.resource = RS_API_LOGS, .service = "s011"});
	assert_int_equal(cJSON_GetArraySize(at(f->body, "items")), 3);
	list(f, (struct rs_api_request){.resource = RS_API_LOGS, .limit = 4});
	assert_int_equal(cJSON_GetArraySize(at(f->body, "items")), 4);
	list(f, (struct rs_api_request){.resource = RS_API_LOGS, .namespace = "other"});
	assert_int_equal(cJSON_GetArraySize(at(f->body, "items")), 0);
	/* An instance's name is used by many services, one after another: the youngest is the last. */
	list(f, (struct rs_api_request){.resource = RS_API_LOGS, .instance = "rouse-3"});
	items = at(f->body, "items");
	assert_int_equal(cJSON_GetArraySize(items), 3 * (LOG_SERVICES / 7 + 1));
	assert_string_equal(text_at(cJSON_GetArrayItem(items, 0), "metadata/name"), "rouse-3-20261118T110000.000Z");
	assert_string_equal(text_at(cJSON_GetArrayItem(items, cJSON_GetArraySize(items) - 1), "metadata/name"),
			    "rouse-3-20261120T110000.000Z");
	/* Somebody who leaves in the middle leaves nothing behind. */
	struct rs_api_request request = {.verb = RS_API_LIST, .resource = RS_API_LOGS, .token = 7};
	struct rs_buf piece;
	forget_answer(f);
	rs_agent_backend.handle(&f->agent, &request);
	rs_buf_init(&piece, 1024 * 1024);
	assert_int_equal(f->source->next(f->source_user, &piece), 1);
	assert_true(piece.length < 32 * 1024);
	rs_buf_done(&piece);
	leave(f, RS_API_END_LEFT);
	each_log(f, rs_log_remove);
	snprintf(path, sizeof(path), "%s/logs", f->directory);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_agent(test_pages),
		with_agent(test_a_page_that_is_too_old),
		cmocka_unit_test(test_tokens_are_what_a_list_gave),
		with_agent(test_selectors),
		with_agent(test_events_have_pages_too),
		with_agent(test_a_large_list_comes_in_pieces),
		with_agent(test_logs_are_listed_service_by_service),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
