/* SPDX-License-Identifier: BSD-2-Clause */
/* link: wire sys user/agent/api/path.c user/agent/api/place.c user/agent/api/query.c user/agent/api/status.c */
/* link: user/agent/show/backend.c user/agent/change/change.c user/agent/show/filter.c user/agent/watch/journal.c */
/* link: user/agent/host/addresses.c user/agent/config/option_range.c user/agent/show/list.c */
/* link: user/agent/show/listing.c user/agent/show/metrics.c user/agent/show/objects.c */
/* link: user/agent/record.c user/agent/revision/settings.c user/agent/show/view.c user/agent/show/view_scale.c */
/* link: user/agent/show/walk.c */
/* link: user/agent/change/waiting.c user/agent/watch/shown.c user/agent/watch/watch.c */
/* link: user/agent/show/logs.c user/rt/log_list.c user/rt/log_name.c */
/* docs/openapi.json against the server: what it knows is in the file and the other way round, and answers have the
 * fields that their schema says. */
#include "unit/agent/backend_fixture.h"

#include "agent/api/path.h"
#include "agent/api/query.h"

#define FILE_BYTES_MAX (1024 * 1024)

static cJSON *document;

static int read_document(void **state)
{
	rs_auto_free char *text = calloc(1, FILE_BYTES_MAX);
	FILE *file = fopen("docs/openapi.json", "r");
	(void)state;
	if (!file)
		fail_msg("docs/openapi.json cannot be opened: run this in the tree's root");
	assert_true(fread(text, 1, FILE_BYTES_MAX - 1, file) > 0);
	fclose(file);
	document = cJSON_Parse(text);
	assert_non_null(document);
	return 0;
}

static int free_document(void **state)
{
	(void)state;
	cJSON_Delete(document);
	return 0;
}

/* "#/components/schemas/Service" */
static const cJSON *follow(const cJSON *json)
{
	const char *path = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "$ref"));
	if (!path)
		return json;
	const cJSON *target = at(document, path + 2);
	if (!target)
		fail_msg("%s points nowhere", path);
	return target;
}

/* --- paths, methods, parameters --------------------------------------------------------------------------------- */

struct walked {
	unsigned operations;
	const cJSON *parameters; /* of the operation */
	unsigned count;
	char path[160];
};

static void find_parameter(void *user, const char *name)
{
	struct walked *walked = user;
	const cJSON *parameter;
	walked->count++;
	cJSON_ArrayForEach (parameter, walked->parameters) {
		const cJSON *itself = follow(parameter);
		if (strcmp(text_at(itself, "name"), name) == 0 && strcmp(text_at(itself, "in"), "query") == 0)
			return;
	}
	fail_msg("%s: the file does not have the parameter %s", walked->path, name);
}

static void find_operation(void *user, const char *path, const char *method, int verb, enum rs_api_resource resource)
{
	struct walked *walked = user;
	char lower[8] = "";
	for (size_t i = 0; method[i]; i++)
		lower[i] = (char)(method[i] | 0x20);
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(at(document, "paths"), path);
	const cJSON *operation = cJSON_GetObjectItemCaseSensitive(item, lower);
	snprintf(walked->path, sizeof(walked->path), "%s %s", method, path);
	if (!operation)
		fail_msg("%s is not in the file", walked->path);
	walked->operations++;
	walked->parameters = cJSON_GetObjectItemCaseSensitive(operation, "parameters");
	walked->count = 0;
	if (verb >= 0)
		rs_api_query_each((enum rs_api_verb)verb, resource, find_parameter, walked);
	if ((int)walked->count != cJSON_GetArraySize(walked->parameters))
		fail_msg("%s: the file has %d parameters, the server %u", walked->path,
			 cJSON_GetArraySize(walked->parameters), walked->count);
	/* {namespace} and {name} are described where they are. */
	unsigned places = 0;
	for (const char *brace = path; (brace = strchr(brace, '{')); brace++)
		places++;
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(item, "parameters")), places);
	assert_true(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(operation, "responses")) > 0);
}

static void test_the_file_has_what_the_server_has(void **state)
{
	struct walked walked = {0};
	(void)state;
	rs_api_paths_each(find_operation, &walked);
	unsigned in_file = 0;
	const cJSON *item, *operation;
	cJSON_ArrayForEach (item, at(document, "paths")) {
		cJSON_ArrayForEach (operation, item)
			in_file += strcmp(operation->string, "parameters") != 0;
	}
	/* Each of the server's is in the file: with the same number there are no others. */
	assert_int_equal(in_file, walked.operations);
	assert_true(walked.operations > 40);
}

static void check_references(const cJSON *json)
{
	const cJSON *child;
	if (cJSON_IsObject(json))
		follow(json);
	cJSON_ArrayForEach (child, json)
		check_references(child);
}

static void test_references_point_somewhere(void **state)
{
	(void)state;
	check_references(document);
}

/* --- answers ---------------------------------------------------------------------------------------------------- */

static void check(const char *where, const cJSON *schema, const cJSON *value);

static void check_members(const char *where, const cJSON *schema, const cJSON *value)
{
	const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
	const cJSON *additional = cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties");
	const cJSON *member, *name;
	char path[512];
	cJSON_ArrayForEach (member, value) {
		const cJSON *own = cJSON_GetObjectItemCaseSensitive(properties, member->string);
		snprintf(path, sizeof(path), "%.400s.%s", where, member->string);
		if (!own && !cJSON_IsObject(additional))
			fail_msg("%s is not in the schema", path);
		check(path, own ? own : additional, member);
	}
	cJSON_ArrayForEach (name, cJSON_GetObjectItemCaseSensitive(schema, "required")) {
		if (!cJSON_HasObjectItem(value, name->valuestring))
			fail_msg("%s: %s is missing", where, name->valuestring);
	}
}

static void check_enum(const char *where, const cJSON *values, const cJSON *value)
{
	const cJSON *one;
	if (!values)
		return;
	cJSON_ArrayForEach (one, values) {
		if (rs_str_equal(one->valuestring, cJSON_GetStringValue(value)))
			return;
	}
	fail_msg("%s is \"%s\", which the schema does not know", where, cJSON_GetStringValue(value));
}

static void check(const char *where, const cJSON *schema, const cJSON *value)
{
	schema = follow(schema);
	const char *type = text_at(schema, "type");
	const cJSON *item;
	bool fits = strcmp(type, "object") == 0	   ? cJSON_IsObject(value)
		    : strcmp(type, "array") == 0   ? cJSON_IsArray(value)
		    : strcmp(type, "string") == 0  ? cJSON_IsString(value)
		    : strcmp(type, "boolean") == 0 ? cJSON_IsBool(value)
		    : strcmp(type, "integer") == 0
			    ? cJSON_IsNumber(value) && value->valuedouble == (double)(int64_t)value->valuedouble
			    : cJSON_IsNumber(value);
	if (!fits)
		fail_msg("%s is not of the type %s", where, type);
	check_enum(where, cJSON_GetObjectItemCaseSensitive(schema, "enum"), value);
	if (cJSON_IsObject(value))
		check_members(where, schema, value);
	if (!cJSON_IsArray(value))
		return;
	cJSON_ArrayForEach (item, value)
		check(where, cJSON_GetObjectItemCaseSensitive(schema, "items"), item);
}

static void check_answer(const struct fixture *f, const char *schema)
{
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(at(document, "components/schemas"), schema);
	assert_non_null(own);
	assert_non_null(f->body);
	check(schema, own, f->body);
}

static const char everything[] =
	"{\"apiVersion\":\"serving.knative.dev/"
	"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"all\",\"labels\":{\"a\":"
	"\"b\"},\"annotations\":{\"n\":\"m\"}},\"spec\":{\"template\":{\"metadata\":{\"labels\":{\"x\":\"y\"},"
	"\"annotations\":"
	"{\"autoscaling.knative.dev/max-scale\":\"3\"}},\"spec\":{\"containerConcurrency\":2,\"timeoutSeconds\":30,"
	"\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"command\":[\"true\"],\"args\":[\"a\"],\"workingDir\":\"/"
	"tmp\",\"env\":[{\"name\":\"E\",\"value\":\"v\"}],\"ports\":[{\"name\":\"h2c\",\"containerPort\":9000},{"
	"\"containerPort\":53,\"protocol\":\"UDP\"}],"
	"\"resources\":"
	"{\"limits\":{\"cpu\":\"500m\",\"memory\":\"64Mi\"}},\"securityContext\":{\"runAsUser\":1000},"
	"\"readinessProbe\":"
	"{\"httpGet\":{\"path\":\"/"
	"r\",\"httpHeaders\":[{\"name\":\"Host\",\"value\":\"h\"}]}},\"livenessProbe\":{\"tcpSocket\":"
	"{}},\"startupProbe\":{\"exec\":{\"command\":[\"true\"]}}}]}},\"traffic\":[{\"latestRevision\":true,"
	"\"percent\":100,"
	"\"tag\":\"now\"}]}}";

static void test_answers_have_the_fields_of_their_schema(void **state)
{
	struct fixture *f = *state;
	static const char *const kinds[] = {"Service", "Configuration", "Revision", "Route"};
	cJSON *body = cJSON_Parse(everything);
	assert_non_null(body);
	ask(f, (struct rs_api_request){
		       .verb = RS_API_CREATE, .resource = RS_API_SERVICES, .namespace = "ns", .body = body});
	cJSON_Delete(body);
	if (f->status != 201)
		fail_msg("%s", f->message);
	check_answer(f, "Service");
	put(f, .name = "plain");
	check_answer(f, "Service");
	for (int kind = 0; kind < 4; kind++) {
		char list[32];
		snprintf(list, sizeof(list), "%sList", kinds[kind]);
		ask(f, (struct rs_api_request){.verb = RS_API_LIST, .resource = (enum rs_api_resource)kind});
		assert_int_equal(cJSON_GetArraySize(at(f->body, "items")), 2);
		check_answer(f, list);
		ask(f,
		    (struct rs_api_request){.verb = RS_API_LIST, .resource = (enum rs_api_resource)kind, .limit = 1});
		check_answer(f, list);
	}
	struct rs_api_request request = {
		.verb = RS_API_DELETE, .resource = RS_API_SERVICES, .namespace = "ns", .name = "all"};
	ask(f, request);
	check_answer(f, "Status");
	forget_answer(f);
	f->body = rs_api_status_object(409, "Conflict", "x");
	check_answer(f, "Status");
}

static void test_rouses_own_answers_too(void **state)
{
	struct fixture *f = *state;
	put(f, .name = "hello");
	struct rs_rt_instance rt = {.id = 2, .name = "rouse-2", .pid = 4711, .port = 8080, .log_path = "/logs/2"};
	uint64_t started_ns = rs_now_ns() - RS_NS_PER_S;
	struct rs_agent_instance instance = {.workload = f->agent.workloads[1],
					     .rt = &rt,
					     .stage = RS_STAGE_READY,
					     .started_ns = started_ns,
					     .listen_ns = started_ns + 41000000,
					     .ready_ns = started_ns + 41600000};
	f->agent.workloads[1]->instances = &instance;
	static const struct {
		enum rs_api_resource resource;
		const char *schema;
	} table[] = {{RS_API_INSTANCES, "InstanceList"}, {RS_API_HOLDS, "HoldList"}, {RS_API_FLOWS, "FlowList"}};
	for (size_t i = 0; i < rs_array_length(table); i++) {
		ask(f, (struct rs_api_request){.verb = RS_API_LIST, .resource = table[i].resource});
		assert_true(cJSON_GetArraySize(at(f->body, "items")) > 0);
		check_answer(f, table[i].schema);
	}
	f->agent.workloads[1]->instances = NULL;
	uint64_t deadline = rs_now_ns() + 20 * RS_NS_PER_S;
	do {
		assert_true(rs_now_ns() < deadline);
		assert_true(sd_event_run(f->agent.event, 100000) >= 0);
		ask(f, (struct rs_api_request){.verb = RS_API_LIST, .resource = RS_API_EVENTS});
	} while (cJSON_GetArraySize(at(f->body, "items")) == 0);
	check_answer(f, "EventList");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_file_has_what_the_server_has),
		cmocka_unit_test(test_references_point_somewhere),
		with_agent(test_answers_have_the_fields_of_their_schema),
		with_agent(test_rouses_own_answers_too),
	};
	return cmocka_run_group_tests(tests, read_document, free_document);
}
