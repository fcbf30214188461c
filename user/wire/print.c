/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects as JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/range.h"
#include "base/time.h"
#include "wire/parts.h"

static bool add_time(cJSON *object, const char *name, uint64_t wall_ns)
{
	char text[RS_TIME_TEXT_MAX];

	rs_time_rfc3339(wall_ns, text);
	return rs_add_text(object, name, text);
}

static bool add_url(cJSON *object, const char *name, const struct rs_wire_context *context,
		    const struct rs_metadata *metadata, const char *tag)
{
	char url[RS_WIRE_URL_SIZE];

	if (rs_wire_url(context, metadata->namespace, metadata->name, tag, url) < 0)
		return true; /* no host name of that length exists */
	return rs_add_text(object, name, url);
}

/* `addresses`, and the preferred one of them as `address`. */
static bool add_addresses(cJSON *object, const struct rs_wire_context *context, const struct rs_metadata *metadata,
			  uint32_t vip)
{
	bool has_v6 = !rs_address_is_none(&context->vip_base[RS_V6]);
	enum rs_family list[RS_FAMILIES];
	enum rs_ip_families families;
	rs_auto_json cJSON *addresses = cJSON_CreateArray();

	if (vip == RS_VIP_NONE || !rs_metadata_reached_by(metadata, context->ip_families, has_v6, &families))
		return true;
	for (unsigned i = 0, count = rs_ip_families_list(families, list); i < count; i++) {
		const struct rs_address address = rs_address_plus(&context->vip_base[list[i]], vip);
		char text[RS_ADDRESS_TEXT_MAX];

		rs_address_print(&address, text);
		if (!rs_append(addresses, cJSON_CreateString(text)) ||
		    (i == 0 && !rs_add_text(object, "address", text)))
			return false;
	}
	return rs_add(object, "addresses", rs_take_ptr(addresses));
}

static cJSON *print_metadata(const struct rs_metadata *metadata)
{
	rs_auto_json cJSON *json = cJSON_CreateObject();
	char version[24];

	snprintf(version, sizeof(version), "%" PRIu64, metadata->resource_version);
	if (!json || !rs_add_text(json, "namespace", metadata->namespace) ||
	    !rs_add_text(json, "name", metadata->name) ||
	    (metadata->uid[0] && !rs_add_text(json, "uid", metadata->uid)) ||
	    (metadata->generation > 0 && !rs_add_number(json, "generation", (double)metadata->generation)) ||
	    (metadata->resource_version > 0 && !rs_add_text(json, "resourceVersion", version)) ||
	    (metadata->created_wall_ns > 0 && !add_time(json, "creationTimestamp", metadata->created_wall_ns)) ||
	    (metadata->labels.count > 0 && !rs_add(json, "labels", rs_pairs_print(&metadata->labels))) ||
	    (metadata->annotations.count > 0 && !rs_add(json, "annotations", rs_pairs_print(&metadata->annotations))))
		return NULL;
	return rs_take_ptr(json);
}

static cJSON *print_condition(const struct rs_condition *condition)
{
	rs_auto_json cJSON *json = cJSON_CreateObject();
	const struct rs_fact *fact = &condition->fact;

	if (!json || !rs_add_text(json, "type", condition->type) ||
	    !rs_add_text(json, "status", rs_truth_text(fact->truth)) ||
	    (rs_fact_reason(fact)[0] && !rs_add_text(json, "reason", rs_fact_reason(fact))) ||
	    (rs_fact_message(fact)[0] && !rs_add_text(json, "message", rs_fact_message(fact))) ||
	    (condition->is_informational && !rs_add_text(json, "severity", "Info")) ||
	    !add_time(json, "lastTransitionTime", condition->since_wall_ns))
		return NULL;
	return rs_take_ptr(json);
}

/* observedGeneration and conditions: how every status begins. */
static cJSON *begin_status(const struct rs_metadata *metadata, const struct rs_conditions *conditions)
{
	rs_auto_json cJSON *status = cJSON_CreateObject();
	cJSON *array = cJSON_CreateArray();

	if (!rs_add(status, "conditions", array))
		return NULL;
	for (size_t i = 0; i < conditions->count; i++)
		if (!rs_append(array, print_condition(&conditions->items[i])))
			return NULL;
	if (metadata->generation > 0 && !rs_add_number(status, "observedGeneration", (double)metadata->generation))
		return NULL;
	return rs_take_ptr(status);
}

/* apiVersion, kind, metadata, spec, status; takes metadata, spec and status over. */
static cJSON *assemble(enum rs_kind kind, cJSON *metadata, cJSON *spec, cJSON *status)
{
	rs_auto_json cJSON *object = cJSON_CreateObject();
	bool ok = object && rs_add_text(object, "apiVersion", RS_WIRE_API_VERSION) &&
		  rs_add_text(object, "kind", rs_kind_text(kind));

	/* Each is taken over in any case. */
	ok = rs_add(object, "metadata", metadata) && ok;
	ok = rs_add(object, "spec", spec) && ok;
	ok = rs_add(object, "status", status) && ok;
	return ok ? rs_take_ptr(object) : NULL;
}

static cJSON *print_target(const struct rs_traffic_target *target, bool is_latest)
{
	rs_auto_json cJSON *json = cJSON_CreateObject();

	if (!json || (target->revision[0] && !rs_add_text(json, "revisionName", target->revision)) ||
	    !rs_add_bool(json, "latestRevision", is_latest) ||
	    (target->tag[0] && !rs_add_text(json, "tag", target->tag)) ||
	    !rs_add_number(json, "percent", target->percent))
		return NULL;
	return rs_take_ptr(json);
}

static bool add_traffic(cJSON *spec, const struct rs_traffic *traffic)
{
	cJSON *array = cJSON_CreateArray();

	if (!rs_add(spec, "traffic", array))
		return false;
	for (size_t i = 0; i < traffic->count; i++)
		if (!rs_append(array, print_target(&traffic->targets[i], !traffic->targets[i].revision[0])))
			return false;
	return true;
}

static cJSON *print_service_spec(const struct rs_service *service)
{
	rs_auto_json cJSON *spec = cJSON_CreateObject();

	if (!spec || !rs_add(spec, "template", rs_template_print(service->template)) ||
	    !add_traffic(spec, &service->traffic))
		return NULL;
	return rs_take_ptr(spec);
}

static cJSON *print_address(const struct rs_wire_context *context, const struct rs_metadata *metadata)
{
	rs_auto_json cJSON *address = cJSON_CreateObject();

	if (!address || !add_url(address, "url", context, metadata, ""))
		return NULL;
	return rs_take_ptr(address);
}

static cJSON *print_service_status(const struct rs_service *service, const struct rs_wire_context *context)
{
	rs_auto_json cJSON *status = begin_status(&service->metadata, &service->status.conditions);

	if (status && context &&
	    (!add_url(status, "url", context, &service->metadata, "") ||
	     !rs_add(status, "address", print_address(context, &service->metadata))))
		return NULL;
	return rs_take_ptr(status);
}

cJSON *rs_wire_service_print(const struct rs_service *service, const struct rs_wire_context *context)
{
	return assemble(RS_KIND_SERVICE, print_metadata(&service->metadata), print_service_spec(service),
			print_service_status(service, context));
}

static cJSON *print_configuration_status(const struct rs_configuration *configuration)
{
	rs_auto_json cJSON *status = begin_status(&configuration->metadata, &configuration->status.conditions);

	if (!status ||
	    (configuration->latest_created[0] &&
	     !rs_add_text(status, "latestCreatedRevisionName", configuration->latest_created)) ||
	    (configuration->latest_ready[0] &&
	     !rs_add_text(status, "latestReadyRevisionName", configuration->latest_ready)))
		return NULL;
	return rs_take_ptr(status);
}

cJSON *rs_wire_configuration_print(const struct rs_configuration *configuration)
{
	cJSON *spec = cJSON_CreateObject();

	if (!rs_add(spec, "template", rs_template_print(configuration->template))) {
		cJSON_Delete(spec);
		return NULL;
	}
	return assemble(RS_KIND_CONFIGURATION, print_metadata(&configuration->metadata), spec,
			print_configuration_status(configuration));
}

const char *rs_wire_routing_state_text(enum rs_routing_state state)
{
	static const char *const text[] = {
		[RS_ROUTING_PENDING] = "pending",
		[RS_ROUTING_ACTIVE] = "active",
		[RS_ROUTING_RESERVE] = "reserve",
	};

	return text[state];
}

/* The template's name, labels and annotations are the revision's own; the routing state stands beside them. */
static cJSON *print_revision_metadata(const struct rs_model_revision *revision)
{
	rs_auto_json cJSON *metadata = print_metadata(&revision->metadata);
	cJSON *labels, *annotations;

	if (!metadata)
		return NULL;
	labels = cJSON_GetObjectItemCaseSensitive(metadata, "labels");
	if (!labels) {
		labels = cJSON_CreateObject();
		if (!rs_add(metadata, "labels", labels))
			return NULL;
	}
	annotations = cJSON_GetObjectItemCaseSensitive(metadata, "annotations");
	if (!annotations) {
		annotations = cJSON_CreateObject();
		if (!rs_add(metadata, "annotations", annotations))
			return NULL;
	}
	if (!rs_add_text(labels, RS_LABEL_ROUTING_STATE, rs_wire_routing_state_text(revision->routing_state)) ||
	    !add_time(annotations, RS_ANNOTATION_ROUTING_SINCE, revision->routing_state_wall_ns))
		return NULL;
	return rs_take_ptr(metadata);
}

static cJSON *print_revision_status(const struct rs_model_revision *revision)
{
	rs_auto_json cJSON *status = begin_status(&revision->metadata, &revision->status.conditions);

	if (!status || !rs_add_number(status, "desiredReplicas", revision->status.desired_replicas) ||
	    !rs_add_number(status, "actualReplicas", revision->status.actual_replicas))
		return NULL;
	return rs_take_ptr(status);
}

cJSON *rs_wire_revision_print(const struct rs_model_revision *revision)
{
	return assemble(RS_KIND_REVISION, print_revision_metadata(revision), rs_template_spec_print(revision->template),
			print_revision_status(revision));
}

static bool add_resolved(cJSON *status, const struct rs_model_route *route, const struct rs_wire_context *context)
{
	const struct rs_traffic *traffic = &route->status.traffic;
	cJSON *array = cJSON_CreateArray();

	if (!rs_add(status, "traffic", array))
		return false;
	for (size_t i = 0; i < traffic->count; i++) {
		const struct rs_traffic_target *target = &traffic->targets[i];
		cJSON *json = print_target(target, route->status.latest[i]);

		if (!rs_append(array, json))
			return false;
		if (context && target->tag[0] &&
		    (!add_url(json, "url", context, &route->metadata, target->tag) ||
		     !add_addresses(json, context, &route->metadata, route->tag_vip[i])))
			return false;
	}
	return true;
}

static cJSON *print_route_status(const struct rs_model_route *route, const struct rs_wire_context *context)
{
	rs_auto_json cJSON *status = begin_status(&route->metadata, &route->status.conditions);
	cJSON *rouse;

	if (!status || !add_resolved(status, route, context))
		return NULL;
	if (!context)
		return rs_take_ptr(status);
	rouse = cJSON_CreateObject();
	if (!rs_add(status, "rouse", rouse) || !add_addresses(rouse, context, &route->metadata, route->vip) ||
	    !add_url(status, "url", context, &route->metadata, "") ||
	    !rs_add(status, "address", print_address(context, &route->metadata)))
		return NULL;
	return rs_take_ptr(status);
}

cJSON *rs_wire_route_print(const struct rs_model_route *route, const struct rs_wire_context *context)
{
	cJSON *spec = cJSON_CreateObject();

	if (!spec || !add_traffic(spec, &route->traffic)) {
		cJSON_Delete(spec);
		return NULL;
	}
	return assemble(RS_KIND_ROUTE, print_metadata(&route->metadata), spec, print_route_status(route, context));
}

cJSON *rs_wire_object_print(enum rs_kind kind, const void *object, const struct rs_wire_context *context)
{
	switch (kind) {
	case RS_KIND_SERVICE:
		return rs_wire_service_print(object, context);
	case RS_KIND_CONFIGURATION:
		return rs_wire_configuration_print(object);
	case RS_KIND_REVISION:
		return rs_wire_revision_print(object);
	case RS_KIND_ROUTE:
		return rs_wire_route_print(object, context);
	case RS_KIND_COUNT:
		break;
	}
	return NULL;
}

cJSON *rs_wire_metadata_print(enum rs_kind kind, const void *object)
{
	rs_auto_json cJSON *json = cJSON_CreateObject();
	/* Every object begins with its metadata. */
	cJSON *metadata = kind == RS_KIND_REVISION ? print_revision_metadata(object) : print_metadata(object);
	bool ok = json && rs_add_text(json, "apiVersion", RS_WIRE_API_VERSION) &&
		  rs_add_text(json, "kind", rs_kind_text(kind));

	return rs_add(json, "metadata", metadata) && ok ? rs_take_ptr(json) : NULL;
}
