// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a change of the objects means outside of the registry. It is written to
 * the store first; when it is on the disk the registry takes it over, workloads,
 * routes and names follow, and whoever asked is answered. When the store refuses
 * it nothing has happened anywhere. The loop never waits for the disk: a SYN that
 * arrives in between is served by what stands.
 */
#include "agent/agent.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "wire/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REFUSED_SAY_NS (60 * RS_NS_PER_S)

/* --- to the store ----------------------------------------------------------------------------------------------- */

/* A change on its way to the disk. */
struct commit {
	struct rs_agent *agent;
	struct rs_transaction *transaction;
	rs_change_done *done; /* NULL when nobody asked */
	struct rs_asker asker;
};

static void on_committed(void *user, int code, const struct rs_err *err);

static int put_object(const struct rs_change *change, struct rs_store_op *op, char **ret_json)
{
	const struct rs_metadata *metadata = rs_object_metadata(change->kind, change->object);
	cJSON *json = rs_wire_object_print(change->kind, change->object, NULL);
	*ret_json = json ? cJSON_PrintUnformatted(json) : NULL;
	cJSON_Delete(json);
	if (!*ret_json)
		return -ENOMEM;
	op->type = RS_STORE_PUT_OBJECT;
	op->object = (struct rs_store_object){
		.kind = rs_kind_text(change->kind),
		.namespace = metadata->namespace,
		.name = metadata->name,
		.uid = metadata->uid,
		.generation = metadata->generation,
		.resource_version = metadata->resource_version,
		.json = *ret_json,
	};
	return 0;
}

static int to_op(const struct rs_change *change, struct rs_store_op *op, char **ret_json)
{
	*op = (struct rs_store_op){
		.object = {.kind = rs_kind_text(change->kind), .namespace = change->namespace, .name = change->name},
		.tag = change->tag,
		.vip = change->vip,
		.value = change->value,
	};
	switch (change->op) {
	case RS_CHANGE_UPSERT:
		return put_object(change, op, ret_json);
	case RS_CHANGE_DELETE:
		op->type = RS_STORE_DELETE_OBJECT;
		return 0;
	case RS_CHANGE_VIP_ADD:
		op->type = RS_STORE_PUT_VIP;
		return 0;
	case RS_CHANGE_VIP_REMOVE:
		op->type = RS_STORE_DELETE_VIP;
		return 0;
	case RS_CHANGE_COUNTER:
		op->type = RS_STORE_PUT_COUNTER;
		return 0;
	}
	return -EINVAL;
}

static int persist(struct rs_agent *agent, const struct rs_changes *changes, struct commit *commit, struct rs_err *err)
{
	rs_auto_free struct rs_store_op *ops = calloc(changes->count + 1, sizeof(*ops));
	rs_auto_free char **json = calloc(changes->count + 1, sizeof(*json));
	int r = ops && json ? 0 : rs_err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < changes->count && r == 0; i++) {
		r = to_op(&changes->items[i], &ops[i], &json[i]);
		if (r < 0)
			rs_err_set(err, r, "cannot write the object as JSON: %s", strerror(-r));
	}
	if (r == 0)
		r = rs_store_commit(agent->store, ops, changes->count, on_committed, commit, err);
	for (size_t i = 0; json && i < changes->count; i++)
		free(json[i]);
	return r;
}

/* Once when it begins, once a minute while it lasts, once when it is over: whoever asked is told each time. */
static void note_refused(struct rs_agent *agent, const struct rs_err *err)
{
	uint64_t now_ns = rs_now_ns();
	agent->counters.changes_refused++;
	if (agent->refused_since++ == 0 || now_ns >= agent->refused_said_ns + REFUSED_SAY_NS) {
		rs_error("cannot keep a change refused=%llu error=%s", (unsigned long long)agent->refused_since,
			 rs_log_value(err->message));
		agent->refused_said_ns = now_ns;
	}
}

static void note_kept(struct rs_agent *agent)
{
	if (agent->refused_since)
		rs_info("the store takes changes again refused=%llu", (unsigned long long)agent->refused_since);
	agent->refused_since = 0;
}

/* --- to the dataplane ------------------------------------------------------------------------------------------- */

static void apply_route(struct rs_agent *agent, struct rs_model_route *route)
{
	struct rs_err err = {0};
	if (rs_routing_apply(agent, route, &err) < 0)
		rs_record(agent, "Warning", "RoutingFailed", route->metadata.namespace, "Route", route->metadata.name,
			  "%s", err.message);
}

/* A revision at work: its route may have come, gone or moved. */
static void apply_revision(struct rs_agent *agent, struct rs_model_revision *revision)
{
	struct rs_workload *workload = revision->user;
	struct rs_err err = {0};
	bool is_new = !workload;
	if (!workload && revision->routing_state == RS_ROUTING_RESERVE)
		return; /* nobody is sent there: it costs nothing until a route names it */
	if (!workload && rs_workload_get(agent, revision, &workload, &err) < 0) {
		rs_record(agent, "Warning", "RevisionFailed", revision->metadata.namespace, "Revision",
			  revision->metadata.name, "%s", err.message);
		return;
	}
	/* One that begins at zero has nothing that could be measured: the first hold puts it to work. */
	if (is_new && workload->scale.replicas == 0) {
		rs_settings_reachability(workload);
		workload->why = RS_SCALE_TO_ZERO;
		rs_workload_phase(workload, 0, rs_now_ns());
		rs_workload_status(workload);
		return;
	}
	rs_workload_activate(workload);
}

static void forget(struct rs_change *change)
{
	if (change->kind != RS_KIND_REVISION)
		return;
	struct rs_model_revision *revision = change->object;
	if (!revision->user)
		return;
	/* The last instances still need what they were started from. */
	change->object = NULL;
	rs_workload_remove(revision->user);
}

static void follow(struct rs_agent *agent, struct rs_changes *changes)
{
	/* What must be there first comes first: VIPs that are gone, then revisions, then the routes to them. */
	for (size_t i = 0; i < changes->count; i++) {
		if (changes->items[i].op == RS_CHANGE_VIP_REMOVE)
			rs_routing_forget(agent, changes->items[i].vip);
	}
	for (size_t i = 0; i < changes->count; i++) {
		struct rs_change *change = &changes->items[i];
		if (change->op == RS_CHANGE_UPSERT && change->kind == RS_KIND_REVISION)
			apply_revision(agent, change->object);
	}
	/* The latest ready revision stands in the configuration: when that changes, so does the route. */
	for (size_t i = 0; i < changes->count; i++) {
		struct rs_change *change = &changes->items[i];
		struct rs_model_route *route = NULL;
		if (change->op == RS_CHANGE_UPSERT && change->kind == RS_KIND_ROUTE)
			route = change->object;
		else if (change->op == RS_CHANGE_UPSERT && change->kind == RS_KIND_CONFIGURATION)
			route = rs_registry_route(agent->registry, change->namespace, change->name);
		if (route)
			apply_route(agent, route);
	}
	for (size_t i = 0; i < changes->count; i++) {
		if (changes->items[i].op == RS_CHANGE_DELETE)
			forget(&changes->items[i]);
	}
}

/* --- the end of a change ---------------------------------------------------------------------------------------- */

static void refused(struct commit *commit, const struct rs_err *err)
{
	struct rs_agent *agent = commit->agent;
	struct rs_err told = *err;
	note_refused(agent, err);
	if (commit->done)
		rs_err_prefix(&told, "Service \"%s/%s\" stays as it was", rs_transaction_namespace(commit->transaction),
			      rs_transaction_service(commit->transaction));
	rs_transaction_abandon(commit->transaction);
	if (commit->done)
		commit->done(agent, &commit->asker, &told);
}

static void kept(struct commit *commit)
{
	struct rs_agent *agent = commit->agent;
	struct rs_changes changes;
	agent->has_litter = true;
	note_kept(agent);
	rs_transaction_commit(commit->transaction, &changes);
	follow(agent, &changes);
	rs_changes_done(&changes);
	if (commit->done)
		commit->done(agent, &commit->asker, NULL);
}

/* It may have become ready while its service was busy. */
static int look_again(void *user, struct rs_model_revision *revision)
{
	(void)user;
	if (revision->user)
		rs_workload_status(revision->user);
	return 0;
}

static void on_committed(void *user, int code, const struct rs_err *err)
{
	struct commit *commit = user;
	struct rs_agent *agent = commit->agent;
	char namespace[RS_NAME_SIZE], service[RS_NAME_SIZE];
	bool was_asked = commit->done;
	/* The agent ends: what is on the disk is made by the next one. */
	if (agent->is_ending) {
		rs_transaction_abandon(commit->transaction);
		free(commit);
		return;
	}
	rs_str_copy(namespace, sizeof(namespace), rs_transaction_namespace(commit->transaction));
	rs_str_copy(service, sizeof(service), rs_transaction_service(commit->transaction));
	if (code < 0)
		refused(commit, err);
	else
		kept(commit);
	free(commit);
	rs_registry_conditions(agent->registry, namespace, service, rs_wall_ns(), NULL, NULL);
	rs_waiting_run(agent, namespace, service);
	/* Its own change that was refused comes again with its next tick, not at once and without end. */
	if (code == 0 || was_asked)
		rs_registry_each_revision(agent->registry, namespace, service, look_again, NULL);
}

int rs_change_begin(struct rs_agent *agent, struct rs_transaction *transaction, const struct rs_asker *asker,
		    rs_change_done *done)
{
	struct rs_err err = {0};
	struct commit *commit = malloc(sizeof(*commit));
	struct commit failed = {.agent = agent, .transaction = transaction, .done = done};
	if (asker)
		failed.asker = *asker;
	int r = commit ? 0 : rs_err_set(&err, -ENOMEM, "out of memory");
	if (commit) {
		*commit = failed;
		r = persist(agent, rs_transaction_changes(transaction), commit, &err);
	}
	if (r < 0) {
		free(commit);
		refused(&failed, &err);
	}
	return r;
}

/* --- after a start ---------------------------------------------------------------------------------------------- */

struct replay {
	struct rs_agent *agent;
	struct rs_err *err;
};

static int replay_revision(void *user, void *object)
{
	apply_revision(((struct replay *)user)->agent, object);
	return 0;
}

static int replay_route(void *user, void *object)
{
	apply_route(((struct replay *)user)->agent, object);
	return 0;
}

int rs_change_replay(struct rs_agent *agent, struct rs_err *err)
{
	struct replay replay = {.agent = agent, .err = err};
	agent->has_litter = true;
	int r = rs_registry_each(agent->registry, RS_KIND_REVISION, NULL, replay_revision, &replay);
	return r < 0 ? r : rs_registry_each(agent->registry, RS_KIND_ROUTE, NULL, replay_route, &replay);
}
