// SPDX-License-Identifier: BSD-2-Clause
/* Services and what they own, as the API reads and writes them. */
#include "agent/api/query.h"
#include "agent/route/external.h"
#include "agent/show/listing.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/model/annotations.h"
#include "wire/merge.h"
#include "wire/service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The resources' first four are in the order of the kinds. */
static enum rs_kind kind_of(const struct rs_api_request *request)
{
	return (enum rs_kind)request->resource;
}

static void get_object(struct rs_agent *agent, const struct rs_api_request *request)
{
	enum rs_kind kind = kind_of(request);
	void *object = rs_registry_find(agent->registry, kind, request->namespace, request->name);
	if (!object)
		rs_request_not_found(agent, request, rs_kind_text(kind));
	else
		rs_api_answer(agent->api, request->token, 200, rs_view_object(agent, kind, object));
}

static int wrong_place(const char *what, const char *given, const char *in_path, struct rs_err *err)
{
	return rs_err_set(err, -EINVAL, "metadata.%s is \"%s\", the path says \"%s\": make them the same", what, given,
			  in_path);
}

/* What a manifest says itself; in the rest the configuration's defaults stand. 0 seconds mean the default, too. */
static struct rs_defaults_given what_is_given(const cJSON *body)
{
	const cJSON *spec = body;
	static const char *const way[] = {"spec", "template", "spec"};
	for (size_t i = 0; i < rs_array_length(way); i++)
		spec = cJSON_GetObjectItemCaseSensitive(spec, way[i]);
	const cJSON *container = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(spec, "containers"), 0);
	const cJSON *resources = cJSON_GetObjectItemCaseSensitive(container, "resources");
	const cJSON *limits = cJSON_GetObjectItemCaseSensitive(resources, "limits");
	const cJSON *timeout = cJSON_GetObjectItemCaseSensitive(spec, "timeoutSeconds");
	return (struct rs_defaults_given){
		.timeout_seconds = cJSON_IsNumber(timeout) && timeout->valuedouble > 0,
		.container_concurrency = cJSON_HasObjectItem(spec, "containerConcurrency"),
		.cpu = cJSON_HasObjectItem(limits, "cpu"),
		.memory = cJSON_HasObjectItem(limits, "memory"),
	};
}

static int read_service(struct rs_agent *agent, const struct rs_api_request *request, struct rs_service **ret_service,
			struct rs_err *err)
{
	rs_auto_service struct rs_service *service = NULL;
	const struct rs_autoscaler_config *config = &agent->options->autoscaler;
	const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(request->body, "metadata");
	int r = rs_wire_service_parse(request->body, &service, err);
	if (r < 0)
		return r;
	/* A body without a namespace means the path's, not the default one. */
	if (!cJSON_HasObjectItem(metadata, "namespace"))
		rs_str_copy(service->metadata.namespace, sizeof(service->metadata.namespace), request->namespace);
	if (strcmp(service->metadata.namespace, request->namespace) != 0)
		return wrong_place("namespace", service->metadata.namespace, request->namespace, err);
	if (request->name && strcmp(service->metadata.name, request->name) != 0)
		return wrong_place("name", service->metadata.name, request->name, err);
	struct rs_defaults_given given = what_is_given(request->body);
	r = rs_defaults_apply(&agent->options->defaults, &given, service->template, err);
	if (r == 0)
		r = rs_defaults_check(&agent->options->defaults, service->template, err);
	if (r == 0)
		r = rs_annotations_check_config(service->template, config->allow_zero_initial_scale,
						config->max_scale_limit, err);
	if (r == 0)
		r = rs_agent_check_families(agent, &service->metadata, err);
	if (r == 0)
		r = rs_access_check_room(agent, &service->metadata, err);
	if (r == 0)
		r = rs_routing_check_room(agent, service, err);
	if (r == 0)
		r = rs_external_check(agent, service, err);
	if (r < 0)
		return r;
	*ret_service = rs_take_ptr(service);
	return 0;
}

static void dry_run(struct rs_agent *agent, const struct rs_api_request *request, struct rs_service *service)
{
	struct rs_err err = {0};
	enum rs_applied applied;
	rs_auto_service struct rs_service *would_be = NULL;
	int r = rs_registry_dry_run(agent->registry, service, rs_wall_ns(), &would_be, &applied, &err);
	if (r < 0) {
		rs_request_refuse(agent, request, r, r == -EEXIST ? "Conflict" : NULL, &err);
		return;
	}
	struct rs_service *unchanged =
		applied == RS_APPLIED_UNCHANGED
			? rs_registry_service(agent->registry, would_be->metadata.namespace, would_be->metadata.name)
			: NULL;
	rs_api_note_applied(agent->api, request->token, rs_applied_text(applied));
	rs_api_answer(agent->api, request->token, applied == RS_APPLIED_CREATED ? 201 : 200,
		      rs_view_object(agent, RS_KIND_SERVICE, unchanged ? unchanged : would_be));
}

static int refuse_existing(struct rs_agent *agent, const struct rs_api_request *request,
			   const struct rs_metadata *metadata, struct rs_err *err)
{
	if (request->verb != RS_API_CREATE || !metadata->name[0] ||
	    !rs_registry_service(agent->registry, metadata->namespace, metadata->name))
		return 0;
	return rs_err_set(err, -EEXIST, "Service \"%s/%s\" is there already: change it with PUT (rouse apply)",
			  metadata->namespace, metadata->name);
}

static void answer_applied(struct rs_agent *agent, const struct rs_asker *asker)
{
	rs_api_note_applied(agent->api, asker->token, rs_applied_text(asker->applied));
	rs_api_answer(agent->api, asker->token, asker->applied == RS_APPLIED_CREATED ? 201 : 200,
		      rs_view_object(agent, RS_KIND_SERVICE,
				     rs_registry_service(agent->registry, asker->namespace, asker->name)));
}

static void on_changed(struct rs_agent *agent, const struct rs_asker *asker, const struct rs_err *err)
{
	const char *kind = rs_kind_text(asker->kind);
	if (err) {
		rs_api_answer_error(agent->api, asker->token, err->code, NULL, err->message);
		return;
	}
	if (asker->is_deletion) {
		rs_record(agent, "Normal", "Deleted", asker->namespace, kind, asker->name, "by request");
		rs_api_answer(agent->api, asker->token, 200,
			      rs_view_deleted(asker->kind, asker->namespace, asker->name));
		return;
	}
	const struct rs_service *service = rs_registry_service(agent->registry, asker->namespace, asker->name);
	rs_record(agent, "Normal", asker->applied == RS_APPLIED_CREATED ? "Created" : "Configured", asker->namespace,
		  kind, asker->name, "generation %lld", (long long)service->metadata.generation);
	answer_applied(agent, asker);
}

static void write_service(struct rs_agent *agent, const struct rs_api_request *request)
{
	struct rs_err err = {0};
	struct rs_service *service = NULL;
	struct rs_transaction *transaction = NULL;
	struct rs_asker asker = {.token = request->token, .kind = RS_KIND_SERVICE};
	int r = read_service(agent, request, &service, &err);
	if (r < 0) {
		rs_request_refuse(agent, request, r, NULL, &err);
		return;
	}
	r = refuse_existing(agent, request, &service->metadata, &err);
	if (r < 0) {
		rs_service_free(service);
		rs_request_refuse(agent, request, r, "AlreadyExists", &err);
		return;
	}
	if (request->dry_run) {
		dry_run(agent, request, service);
		return;
	}
	rs_str_copy(asker.namespace, sizeof(asker.namespace), service->metadata.namespace);
	rs_str_copy(asker.name, sizeof(asker.name), service->metadata.name);
	r = rs_registry_prepare_apply(agent->registry, service, rs_wall_ns(), &transaction, &asker.applied, &err);
	if (r < 0) {
		rs_request_refuse(agent, request, r, r == -EEXIST ? "Conflict" : NULL, &err);
		return;
	}
	if (!transaction) {
		answer_applied(agent, &asker);
		return;
	}
	/* generateName: the registry has made the name. */
	rs_str_copy(asker.name, sizeof(asker.name), rs_transaction_service(transaction));
	rs_change_begin(agent, transaction, &asker, on_changed);
}

/* --- PATCH ------------------------------------------------------------------------------------------------------ */

/* The object as it is, with the patch over it, is applied like any other. Its resourceVersion stands in it: the patch
 * may name the one that it was made for. */
static void patch_service(struct rs_agent *agent, const struct rs_api_request *request)
{
	struct rs_service *service = rs_registry_service(agent->registry, request->namespace, request->name);
	struct rs_err err = {0};
	if (!service) {
		rs_request_not_found(agent, request, "Service");
		return;
	}
	cJSON *object = rs_wire_service_print(service, NULL);
	struct rs_api_request write = *request;
	write.verb = RS_API_APPLY;
	write.body = object;
	if (object && rs_wire_merge(object, request->body) == 0) {
		write_service(agent, &write);
	} else {
		rs_err_set(&err, -ENOMEM, "out of memory");
		rs_request_refuse(agent, request, -ENOMEM, NULL, &err);
	}
	cJSON_Delete(object);
}

/* --- DELETE ----------------------------------------------------------------------------------------------------- */

/* What kubectl sends along. Each is honoured or refused. */
static int read_delete_options(const cJSON *options, bool *dry_run, struct rs_err *err)
{
	const cJSON *option;
	cJSON_ArrayForEach (option, options) {
		const char *name = option->string;
		if (strcmp(name, "kind") == 0 || strcmp(name, "apiVersion") == 0 ||
		    strcmp(name, "preconditions") == 0 || cJSON_IsNull(option))
			continue;
		if (strcmp(name, "propagationPolicy") == 0) {
			const char *policy = cJSON_GetStringValue(option);
			int r = rs_api_check_propagation(policy ? policy : "", err);
			if (r < 0)
				return r;
		} else if (strcmp(name, "dryRun") == 0) {
			const char *what = cJSON_GetStringValue(cJSON_GetArrayItem(option, 0));
			if (cJSON_GetArraySize(option) != 1 || !rs_str_equal(what, "All"))
				return rs_err_set(err, -EINVAL, "dryRun: only [\"All\"] is known");
			*dry_run = true;
		} else if (strcmp(name, "gracePeriodSeconds") == 0) {
			return rs_err_set(err, -EINVAL,
					  "gracePeriodSeconds: how long instances may take to end is the manifest's, "
					  "rouse.dev/stop-grace-period");
		} else {
			return rs_err_set(err, -EINVAL, "DeleteOptions: no such field: %.64s", name);
		}
	}
	return 0;
}

static int check_preconditions(const cJSON *options, const struct rs_metadata *metadata, struct rs_err *err)
{
	const cJSON *conditions = cJSON_GetObjectItemCaseSensitive(options, "preconditions");
	const char *uid = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(conditions, "uid"));
	const char *version = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(conditions, "resourceVersion"));
	char now[24];
	snprintf(now, sizeof(now), "%" PRIu64, metadata->resource_version);
	if (uid && strcmp(uid, metadata->uid) != 0)
		return rs_err_set(err, -EBUSY, "preconditions.uid is %.40s, the object's is %s", uid, metadata->uid);
	if (version && strcmp(version, now) != 0)
		return rs_err_set(err, -EBUSY, "preconditions.resourceVersion is %.24s, the object's is %s", version,
				  now);
	return 0;
}

static void delete_object(struct rs_agent *agent, const struct rs_api_request *request)
{
	struct rs_err err = {0};
	struct rs_transaction *transaction = NULL;
	struct rs_asker asker = {.token = request->token, .kind = kind_of(request), .is_deletion = true};
	const char *namespace = request->namespace, *name = request->name;
	bool dry_run = request->dry_run;
	void *object = rs_registry_find(agent->registry, asker.kind, namespace, name);
	int r = read_delete_options(request->body, &dry_run, &err);
	if (r == 0 && object)
		r = check_preconditions(request->body, rs_object_metadata(asker.kind, object), &err);
	if (r == 0 && dry_run)
		r = rs_registry_check_remove(agent->registry, asker.kind, namespace, name, &err);
	else if (r == 0)
		r = rs_registry_prepare_remove(agent->registry, asker.kind, namespace, name, &transaction, &err);
	if (r < 0) {
		rs_request_refuse(agent, request, r, NULL, &err);
		return;
	}
	if (dry_run) {
		rs_api_answer(agent->api, request->token, 200, rs_view_deleted(asker.kind, namespace, name));
		return;
	}
	rs_str_copy(asker.namespace, sizeof(asker.namespace), namespace);
	rs_str_copy(asker.name, sizeof(asker.name), name);
	rs_change_begin(agent, transaction, &asker, on_changed);
}

void rs_objects_handle(struct rs_agent *agent, const struct rs_api_request *request)
{
	switch (request->verb) {
	case RS_API_GET:
		get_object(agent, request);
		break;
	case RS_API_CREATE:
	case RS_API_APPLY:
		if (!rs_waiting_take(agent, request))
			write_service(agent, request);
		break;
	case RS_API_PATCH:
		if (!rs_waiting_take(agent, request))
			patch_service(agent, request);
		break;
	case RS_API_DELETE:
		if (!rs_waiting_take(agent, request))
			delete_object(agent, request);
		break;
	case RS_API_LIST:
	case RS_API_LOG:
	case RS_API_VERB_COUNT:
		break;
	}
}
