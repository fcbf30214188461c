/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real backend on a real registry and store. The dataplane, the workloads
 * and HTTP are fakes that note what they were told.
 */
#ifndef TEST_UNIT_AGENT_BACKEND_FIXTURE_H
#define TEST_UNIT_AGENT_BACKEND_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/route/external.h"
#include "agent/watch/journal.h"
#include "agent/show/view.h"
#include "agent/watch/watch.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

static struct fixture {
	char directory[64];
	struct rs_options options;
	struct rs_agent agent;
	struct rs_revision entries[4];
	struct rs_instance instances[4];
	/* The last answer. */
	bool is_answered;
	int status; /* HTTP; for errors the negative errno */
	cJSON *body;
	char reason[64];
	char message[RS_ERR_MESSAGE_MAX];
	char applied[32];
	char file[256];
	bool is_ended;
	int64_t memory_bytes; /* what each instance has; negative: nobody counts */
	/* The answer that is made while it is sent. */
	const struct rs_api_source *source;
	void *source_user;
	unsigned wakes;
	struct rs_buf stream;
} * fixture;

/* --- the fakes -------------------------------------------------------------------------------------------------- */

bool rs_access_view(const struct rs_agent *agent, const struct rs_model_route *route, cJSON *status)
{
	(void)agent;
	(void)route;
	(void)status;
	return true;
}

bool rs_external_view(const struct rs_agent *agent, const struct rs_model_route *route, cJSON *status)
{
	(void)agent;
	(void)route;
	(void)status;
	return true;
}

bool rs_routing_view_ports(const struct rs_agent *agent, const struct rs_model_route *route, cJSON *status)
{
	(void)agent;
	(void)route;
	(void)status;
	return true;
}

int rs_external_check(const struct rs_agent *agent, const struct rs_service *service, struct rs_err *err)
{
	(void)agent;
	(void)service;
	(void)err;
	return 0;
}

int rs_routing_check_room(struct rs_agent *agent, const struct rs_service *service, struct rs_err *err)
{
	(void)agent;
	(void)service;
	(void)err;
	return 0;
}

int rs_access_check_room(const struct rs_agent *agent, const struct rs_metadata *metadata, struct rs_err *err)
{
	(void)agent;
	(void)metadata;
	(void)err;
	return 0;
}

void rs_api_note_applied(struct rs_api *api, uint64_t token, const char *applied)
{
	(void)api;
	(void)token;
	snprintf(fixture->applied, sizeof(fixture->applied), "%s", applied);
}

void rs_api_answer(struct rs_api *api, uint64_t token, int status, cJSON *body)
{
	(void)api;
	assert_int_equal(token, 7);
	assert_false(fixture->is_answered);
	fixture->is_answered = true;
	fixture->status = status;
	fixture->body = body;
}

void rs_api_answer_error(struct rs_api *api, uint64_t token, int code, const char *reason, const char *message)
{
	rs_api_answer(api, token, code, NULL);
	snprintf(fixture->reason, sizeof(fixture->reason), "%s", reason ? reason : "");
	snprintf(fixture->message, sizeof(fixture->message), "%s", message);
}

void rs_api_answer_file(struct rs_api *api, uint64_t token, const char *path, const struct rs_tail_options *options)
{
	rs_api_answer(api, token, 200, NULL);
	snprintf(fixture->file, sizeof(fixture->file), "%s tail=%lld follow=%d", path, (long long)options->lines,
		 options->follow);
}

void rs_api_answer_stream(struct rs_api *api, uint64_t token, const struct rs_api_source *source, void *user)
{
	rs_api_answer(api, token, 200, NULL);
	fixture->source = source;
	fixture->source_user = user;
}

void rs_api_wake(struct rs_api *api, uint64_t token)
{
	(void)api;
	assert_int_equal(token, 7);
	fixture->wakes++;
}

void rs_api_end_follow(struct rs_api *api, const char *path)
{
	(void)api;
	(void)path;
	fixture->is_ended = true;
}

struct rs_revision *rs_dp_revision(struct rs_dp *dp, unsigned revision)
{
	(void)dp;
	return revision < rs_array_length(fixture->entries) ? &fixture->entries[revision] : NULL;
}

struct rs_instance *rs_dp_instance(struct rs_dp *dp, unsigned instance)
{
	(void)dp;
	return instance < rs_array_length(fixture->instances) ? &fixture->instances[instance] : NULL;
}

int64_t rs_rt_memory(const struct rs_rt *rt, const struct rs_rt_instance *instance)
{
	(void)rt;
	(void)instance;
	return fixture->memory_bytes;
}

int rs_dp_counters(struct rs_dp *dp, struct rs_counters *ret_counters)
{
	(void)dp;
	*ret_counters = (struct rs_counters){.forwarded = 12345, .hold_begun = 5, .hold_released = 3};
	return 0;
}

int rs_dp_stats(struct rs_dp *dp, unsigned revision, struct rs_revision_stats *ret_stats)
{
	(void)dp;
	*ret_stats = (struct rs_revision_stats){.started = 10 * revision, .ended = 9 * revision};
	return 0;
}

unsigned long long rs_dp_map_bytes(const struct rs_dp *dp)
{
	(void)dp;
	return 4096;
}

static inline struct rs_tuple tuple(void)
{
	return (struct rs_tuple){.source = rs_address_v4(inet_addr("10.0.0.1")),
				 .destination = rs_address_v4(inet_addr("198.18.0.5")),
				 .source_port = htons(43210),
				 .destination_port = htons(80)};
}

int rs_dp_holds_some(struct rs_dp *dp, uint64_t *place, int (*each)(void *user, const struct rs_hold *hold), void *user)
{
	const enum rs_hold_state states[] = {RS_HOLD_HELD, RS_HOLD_HELD, RS_HOLD_HELD};
	(void)dp;
	while (*place < rs_array_length(states)) {
		struct rs_hold hold = {.state = states[*place],
				       .revision = *place == 2 ? 3 : 1, /* the last one's revision is gone */
				       .key = tuple(),
				       .first_ns = rs_now_ns() - 12 * RS_NS_PER_MS,
				       .retransmits = 2};
		++*place;
		int r = each(user, &hold);
		if (r)
			return r;
	}
	return 0;
}

int rs_dp_flows_some(struct rs_dp *dp, uint64_t *place,
		     int (*each)(void *user, const struct rs_tuple *key, const struct rs_flow *flow), void *user)
{
	(void)dp;
	while (*place < 1500) {
		struct rs_tuple key = tuple();
		struct rs_flow flow = {.revision = 1,
				       .instance = 2,
				       .state = RS_TCP_ESTABLISHED,
				       .busy = 1,
				       .bytes_in = 1ULL << 40,
				       .born_ns = rs_now_ns()};
		int r = each(user, &key, &flow);
		++*place;
		if (r)
			return r;
		if (*place % 100 == 0)
			return 1;
	}
	return 0;
}

int rs_workload_get(struct rs_agent *agent, struct rs_model_revision *revision, struct rs_workload **ret_workload,
		    struct rs_err *err)
{
	struct rs_workload *workload = calloc(1, sizeof(*workload));
	(void)err;
	*workload = (struct rs_workload){.agent = agent, .revision = revision, .id = 1, .scale.replicas = 1};
	while (agent->workloads[workload->id])
		workload->id++;
	agent->workloads[workload->id] = workload;
	revision->user = workload;
	*ret_workload = workload;
	return 0;
}

void rs_workload_phase(struct rs_workload *workload, int32_t want, uint64_t now_ns)
{
	(void)workload;
	(void)want;
	(void)now_ns;
}

void rs_workload_status(struct rs_workload *workload)
{
	(void)workload;
}

void rs_workload_activate(struct rs_workload *workload)
{
	workload->active = true;
}

void rs_workload_remove(struct rs_workload *workload)
{
	workload->agent->workloads[workload->id] = NULL;
	rs_model_revision_free(workload->revision);
	free(workload);
}

unsigned rs_workload_count(const struct rs_workload *workload, enum rs_stage stage)
{
	unsigned count = 0;
	for (const struct rs_agent_instance *i = workload->instances; i; i = i->next)
		count += i->stage == stage;
	return count;
}

uint64_t rs_workload_in_flight(const struct rs_workload *workload)
{
	return workload->instances ? 2 : 0;
}

int rs_routing_apply(struct rs_agent *agent, struct rs_model_route *route, struct rs_err *err)
{
	(void)agent;
	(void)route;
	return rs_err_set(err, -EIO, "no dataplane in a test");
}

void rs_routing_forget(struct rs_agent *agent, uint32_t vip)
{
	(void)agent;
	(void)vip;
}

struct rs_agent_instance *rs_instance_by_id(struct rs_agent *agent, unsigned id)
{
	struct rs_agent_instance *instance = agent->workloads[1] ? agent->workloads[1]->instances : NULL;
	return instance && instance->rt->id == id ? instance : NULL;
}

const char *rs_stage_text(enum rs_stage stage)
{
	static const char *const text[RS_STAGE_COUNT] = {"Starting", "Ready",	 "Unready",
							 "Draining", "Stopping", "Exited"};
	return text[stage];
}

unsigned rs_attach_count(const struct rs_agent *agent)
{
	(void)agent;
	return 3;
}

void rs_tick_wanted(struct rs_agent *agent)
{
	(void)agent;
}

cJSON *rs_health_print(struct rs_agent *agent)
{
	(void)agent;
	return cJSON_CreateObject();
}

uint64_t rs_health_resident_bytes(void)
{
	return 20971520;
}

uint64_t rs_health_held(const struct rs_agent *agent)
{
	(void)agent;
	return 2;
}

/* --- streams ---------------------------------------------------------------------------------------------------- */

static inline void leave(struct fixture *f, enum rs_api_end end)
{
	if (f->source)
		f->source->done(f->source_user, end);
	f->source = NULL;
	rs_buf_done(&f->stream);
}

/* Takes what there is now. False when it has ended. */
static inline bool pull(struct fixture *f)
{
	int r;
	rs_buf_done(&f->stream);
	rs_buf_init(&f->stream, 64 * 1024 * 1024);
	assert_non_null(f->source);
	do {
		struct rs_buf piece;
		rs_buf_init(&piece, 16 * 1024 * 1024);
		r = f->source->next(f->source_user, &piece);
		if (piece.length)
			rs_buf_append(&f->stream, piece.data, piece.length);
		assert_true(piece.length < 64 * 1024);
		rs_buf_done(&piece);
	} while (r == 1);
	assert_true(r == 0 || r == -ENODATA);
	return r == 0;
}

/* --- the fixture ------------------------------------------------------------------------------------------------ */

static inline void forget_answer(struct fixture *f)
{
	cJSON_Delete(f->body);
	f->body = NULL;
	f->is_answered = f->is_ended = false;
	f->applied[0] = f->reason[0] = f->message[0] = '\0';
}

static inline int set_up(void **state)
{
	struct fixture *f = fixture = calloc(1, sizeof(*f));
	char path[96];
	struct rs_err err = {0};
	rs_log_set_level(RS_LOG_ERROR);
	strcpy(f->directory, "/tmp/rouse-backend-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(path, sizeof(path), "%s/store.db", f->directory);
	f->options.vip_range.s_addr = inet_addr("198.18.0.0");
	rs_autoscaler_config_init(&f->options.autoscaler);
	rs_defaults_config_init(&f->options.defaults);
	f->agent.options = &f->options;
	f->agent.workload_count = RS_REVISIONS_MAX;
	f->agent.workloads = calloc(f->agent.workload_count, sizeof(struct rs_workload *));
	assert_true(sd_event_new(&f->agent.event) >= 0);
	if (rs_store_open(path, f->agent.event, &f->agent.store, &err) < 0)
		fail_msg("%s", err.message);
	struct rs_registry_config config = {.uid_seed = 1, .vip_first = 1, .vip_count = 100};
	assert_int_equal(rs_registry_new(&config, &f->agent.registry), 0);
	assert_int_equal(rs_journal_new(&f->agent, &f->agent.journal), 0);
	assert_int_equal(rs_watches_new(&f->agent, &f->agent.watches), 0);
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[96];
	leave(f, RS_API_END_LEFT);
	forget_answer(f);
	rs_watches_free(f->agent.watches);
	rs_store_free(f->agent.store);
	rs_journal_free(f->agent.journal);
	rs_registry_free(f->agent.registry);
	for (unsigned i = 0; i < RS_REVISIONS_MAX; i++)
		free(f->agent.workloads[i]);
	free(f->agent.workloads);
	sd_event_unref(f->agent.event);
	for (const char *const *name = (const char *const[]){"store.db", "store.db.lock", NULL}; *name; name++) {
		snprintf(command, sizeof(command), "%s/%s", f->directory, *name);
		unlink(command);
	}
	rmdir(f->directory);
	free(f);
	return 0;
}

static inline void wait_for_answer(struct fixture *f)
{
	uint64_t deadline = rs_now_ns() + 20 * RS_NS_PER_S;
	while (!f->is_answered) {
		assert_true(rs_now_ns() < deadline);
		assert_true(sd_event_run(f->agent.event, 100000) >= 0);
	}
}

static inline void ask(struct fixture *f, struct rs_api_request request)
{
	forget_answer(f);
	request.token = 7;
	rs_agent_backend.handle(&f->agent, &request);
	wait_for_answer(f);
	if (request.verb != RS_API_LIST || request.watch || !f->source)
		return;
	assert_false(pull(f));
	f->body = cJSON_Parse(f->stream.data);
	assert_non_null(f->body);
	leave(f, RS_API_END_SENT);
}

static const char manifest[] =
	"{\"apiVersion\":\"serving.knative.dev/v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"%s\"%s},"
	"\"spec\":{\"template\":{\"metadata\":{\"annotations\":{%s}},"
	"\"spec\":{\"containers\":[{\"command\":[\"%s\"]}]}}}}";

struct write {
	enum rs_api_verb verb;
	const char *path_name, *name, *metadata, *annotations, *command;
	bool dry_run;
};

static inline void write_service(struct fixture *f, const struct write *w)
{
	rs_auto_free char *text = rs_str_format(manifest, w->name, w->metadata ? w->metadata : "",
						w->annotations ? w->annotations : "", w->command ? w->command : "true");
	cJSON *body = cJSON_Parse(text);
	assert_non_null(body);
	ask(f, (struct rs_api_request){.verb = w->verb,
				       .resource = RS_API_SERVICES,
				       .namespace = "ns",
				       .name = w->verb == RS_API_APPLY ? w->path_name ? w->path_name : w->name : NULL,
				       .body = body,
				       .dry_run = w->dry_run});
	cJSON_Delete(body);
}

#define put(f, ...)  write_service(f, &(struct write){.verb = RS_API_APPLY, __VA_ARGS__})
#define post(f, ...) write_service(f, &(struct write){.verb = RS_API_CREATE, __VA_ARGS__})

static const cJSON *at(const cJSON *json, const char *path)
{
	char name[64];
	while (json && *path) {
		size_t length = strcspn(path, "/");
		snprintf(name, sizeof(name), "%.*s", (int)length, path);
		json = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, atoi(name))
					   : cJSON_GetObjectItemCaseSensitive(json, name);
		path += length + (path[length] == '/');
	}
	return json;
}

static inline const char *text_at(const cJSON *json, const char *path)
{
	const char *text = cJSON_GetStringValue(at(json, path));
	return text ? text : "";
}

/* What the store has on the disk, as a second reader sees it. */
static inline int count_object(void *user, const struct rs_store_object *object, struct rs_err *err)
{
	(void)err;
	assert_non_null(strstr(object->json, object->name));
	(*(int *)user)++;
	return 0;
}

static inline int count_stored(struct fixture *f)
{
	const struct rs_store_loader loader = {.object = count_object};
	int count = 0;
	assert_int_equal(rs_store_load(f->agent.store, &loader, &count, NULL), 0);
	return count;
}

#define with_agent(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
