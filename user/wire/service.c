/* SPDX-License-Identifier: BSD-2-Clause */
/* Manifests and stored objects, from JSON. */
#include "wire/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/model/annotations.h"
#include "core/model/validate.h"
#include "wire/parts.h"

/* --- apiVersion, kind ------------------------------------------------------------------------------------------- */

static int read_api_version(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	const char *text;
	int r = rs_read_text(json, at, RS_STRING_MAX, &text, err);

	(void)out;
	if (r < 0 || strcmp(text, RS_WIRE_API_VERSION) == 0)
		return r;
	if (strcmp(text, "v1") == 0)
		return rs_refuse(at, err, "\"v1\" is Kubernetes' own Service: a Knative one has \"%s\"",
				 RS_WIRE_API_VERSION);
	return rs_refuse(at, err, "\"%.80s\" must be \"%s\"", text, RS_WIRE_API_VERSION);
}

static int read_kind_service(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	const char *text;
	enum rs_kind kind;
	int r = rs_read_text(json, at, RS_STRING_MAX, &text, err);

	(void)out;
	if (r < 0 || strcmp(text, "Service") == 0)
		return r;
	if (rs_kind_parse(text, &kind) == 0 && kind != RS_KIND_SERVICE)
		return rs_refuse(at, err, "\"%.40s\" objects are made by their Service: apply that", text);
	return rs_refuse(at, err, "\"%.40s\" must be \"Service\"", text);
}

static int check_head(const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const char *const needed[] = {"apiVersion", "kind"};

	for (size_t i = 0; cJSON_IsObject(json) && i < rs_array_length(needed); i++)
		if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(json, needed[i])))
			return rs_refuse(RS_AT_FIELD(at, needed[i]), err, "is missing: \"%s\"",
					 i == 0 ? RS_WIRE_API_VERSION : "Service");
	return 0;
}

/* --- Service ---------------------------------------------------------------------------------------------------- */

static int read_manifest_metadata(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_service *service = out;

	return rs_metadata_read_manifest(&service->metadata, json, at, err);
}

static int read_stored_metadata(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	/* Every object begins with its metadata. */
	return rs_metadata_read_stored(out, json, at, err);
}

static int read_service_template(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_service *service = out;

	return rs_template_read(service->template, json, at, err);
}

static int read_service_traffic(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_service *service = out;

	return rs_traffic_read(&service->traffic, json, at, err);
}

static int read_service_spec(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "template", .read = read_service_template},
		{.name = "traffic", .read = read_service_traffic},
	};

	return RS_FIELDS_READ(fields, out, json, at, err);
}

static struct rs_service *new_service(void)
{
	struct rs_service *service = calloc(1, sizeof(*service));

	if (!service)
		return NULL;
	service->template = rs_template_new();
	if (!service->template || rs_traffic_add_default(&service->traffic) < 0)
		return rs_service_free(service);
	return service;
}

static int check_template(const cJSON *json, struct rs_err *err)
{
	const cJSON *spec = cJSON_GetObjectItemCaseSensitive(json, "spec");
	const struct rs_at *at = RS_AT_FIELD(NULL, "spec");

	if (!cJSON_IsObject(spec))
		return rs_refuse(at, err, "is missing");
	if (!cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(spec, "template")))
		return rs_refuse(RS_AT_FIELD(at, "template"), err, "is missing");
	return 0;
}

int rs_wire_service_parse(const cJSON *json, struct rs_service **ret_service, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "apiVersion", .read = read_api_version},     {.name = "kind", .read = read_kind_service},
		{.name = "metadata", .read = read_manifest_metadata}, {.name = "spec", .read = read_service_spec},
		{.name = "status", .read = rs_field_read_past},
	};
	rs_auto_service struct rs_service *service = new_service();
	int r;

	if (!service)
		return rs_refuse_memory(NULL, err);
	r = check_head(json, NULL, err);
	if (r == 0)
		r = RS_FIELDS_READ(fields, service, json, NULL, err);
	if (r == 0)
		r = check_template(json, err);
	if (r < 0)
		return r;
	if (!service->metadata.namespace[0])
		rs_str_copy(service->metadata.namespace, RS_NAME_SIZE, "default");
	r = rs_service_validate(service, err);
	if (r == 0)
		*ret_service = rs_take_ptr(service);
	return r;
}

/* --- objects as the store has them ------------------------------------------------------------------------------- */

static int read_object_kind(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	(void)out;
	return cJSON_IsString(json) ? 0 : rs_refuse(at, err, "must be text");
}

static int read_configuration_template(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_configuration *configuration = out;

	return rs_template_read(configuration->template, json, at, err);
}

static int read_configuration_spec(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {{.name = "template", .read = read_configuration_template}};

	return RS_FIELDS_READ(fields, out, json, at, err);
}

/* Of status only what routing has decided is kept. */
static int read_configuration_status(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_configuration *configuration = out;
	const cJSON *created = cJSON_GetObjectItemCaseSensitive(json, "latestCreatedRevisionName");
	const cJSON *ready = cJSON_GetObjectItemCaseSensitive(json, "latestReadyRevisionName");
	int r = 0;

	if (created)
		r = rs_read_name(created, RS_AT_FIELD(at, "latestCreatedRevisionName"), configuration->latest_created,
				 err);
	if (r == 0 && ready)
		r = rs_read_name(ready, RS_AT_FIELD(at, "latestReadyRevisionName"), configuration->latest_ready, err);
	return r;
}

static int read_revision_spec(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_model_revision *revision = out;

	return rs_template_spec_read(revision->template, json, at, err);
}

static int read_route_traffic(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_model_route *route = out;

	return rs_traffic_read(&route->traffic, json, at, err);
}

static int read_route_spec(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {{.name = "traffic", .read = read_route_traffic}};

	return RS_FIELDS_READ(fields, out, json, at, err);
}

static int read_label(const struct rs_metadata *metadata, const char *key, char out[static RS_NAME_SIZE],
		      struct rs_err *err)
{
	const char *value = rs_pairs_get(&metadata->labels, key);
	const struct rs_at *at = RS_AT_KEY(RS_AT_FIELD(RS_AT_FIELD(NULL, "metadata"), "labels"), key);

	if (!value)
		return rs_refuse(at, err, "is missing");
	if (rs_str_copy(out, RS_NAME_SIZE, value) < 0)
		return rs_refuse(at, err, "is too long");
	return 0;
}

/* A revision is printed as Knative does: what its template said stands in its metadata, beside Rouse's own labels. */
static int finish_revision(struct rs_model_revision *revision, struct rs_err *err)
{
	struct rs_metadata *metadata = &revision->metadata;
	const struct rs_at *labels = RS_AT_FIELD(RS_AT_FIELD(NULL, "metadata"), "labels");
	const struct rs_at *annotations = RS_AT_FIELD(RS_AT_FIELD(NULL, "metadata"), "annotations");
	const char *state = rs_pairs_get(&metadata->labels, RS_LABEL_ROUTING_STATE);
	const char *since = rs_pairs_get(&metadata->annotations, RS_ANNOTATION_ROUTING_SINCE);
	char generation[RS_NAME_SIZE];
	long long number;
	int r;

	r = read_label(metadata, RS_LABEL_SERVICE, revision->service, err);
	if (r == 0)
		r = read_label(metadata, RS_LABEL_CONFIGURATION, revision->configuration, err);
	if (r == 0)
		r = read_label(metadata, RS_LABEL_GENERATION, generation, err);
	if (r < 0)
		return r;
	if (rs_str_to_long(generation, 1, RS_GENERATION_MAX + 1, &number) < 0)
		return rs_refuse(RS_AT_KEY(labels, RS_LABEL_GENERATION), err, "\"%.40s\" is not a generation",
				 generation);
	revision->configuration_generation = number;
	if (rs_str_equal(state, "active"))
		revision->routing_state = RS_ROUTING_ACTIVE;
	else if (rs_str_equal(state, "reserve"))
		revision->routing_state = RS_ROUTING_RESERVE;
	if (since && rs_time_parse(since, &revision->routing_state_wall_ns) < 0)
		return rs_refuse(RS_AT_KEY(annotations, RS_ANNOTATION_ROUTING_SINCE), err, "\"%.40s\" is not a time",
				 since);
	if (rs_pairs_remove(&metadata->labels, RS_LABEL_ROUTING_STATE) < 0 ||
	    rs_pairs_remove(&metadata->annotations, RS_ANNOTATION_ROUTING_SINCE) < 0)
		return rs_refuse_memory(NULL, err);
	rs_pairs_copy(&revision->template->annotations, &metadata->annotations);
	for (size_t i = 0; i < metadata->labels.count; i++) {
		const struct rs_pair *label = &metadata->labels.items[i];

		if (!rs_str_starts_with(label->key, RS_LABEL_DOMAIN) &&
		    rs_pairs_add(&revision->template->labels, label->key, label->value) < 0)
			return rs_refuse_memory(NULL, err);
	}
	return rs_annotations_derive(revision->template, err);
}

static void *new_object(enum rs_kind kind)
{
	struct rs_configuration *configuration;
	struct rs_model_revision *revision;
	struct rs_model_route *route;

	switch (kind) {
	case RS_KIND_SERVICE:
		return new_service();
	case RS_KIND_CONFIGURATION:
		configuration = calloc(1, sizeof(*configuration));
		if (configuration && !(configuration->template = rs_template_new()))
			configuration = rs_configuration_free(configuration);
		return configuration;
	case RS_KIND_REVISION:
		revision = calloc(1, sizeof(*revision));
		if (revision && !(revision->template = rs_template_new()))
			revision = rs_model_revision_free(revision);
		return revision;
	case RS_KIND_ROUTE:
		route = calloc(1, sizeof(*route));
		if (route) {
			route->vip = RS_VIP_NONE;
			for (size_t i = 0; i < RS_ROUTE_TARGETS_MAX; i++)
				route->tag_vip[i] = RS_VIP_NONE;
		}
		return route;
	case RS_KIND_COUNT:
		break;
	}
	return NULL;
}

static int finish_object(enum rs_kind kind, void *object, struct rs_err *err)
{
	struct rs_service *service = object;
	struct rs_configuration *configuration = object;
	struct rs_model_route *route = object;
	char service_name[RS_NAME_SIZE]; /* must be there; it is the object's own name */
	int r;

	switch (kind) {
	case RS_KIND_SERVICE:
		return rs_annotations_derive(service->template, err);
	case RS_KIND_CONFIGURATION:
		r = read_label(&configuration->metadata, RS_LABEL_SERVICE, service_name, err);
		return r < 0 ? r : rs_annotations_derive(configuration->template, err);
	case RS_KIND_REVISION:
		return finish_revision(object, err);
	case RS_KIND_ROUTE:
		return read_label(&route->metadata, RS_LABEL_SERVICE, service_name, err);
	case RS_KIND_COUNT:
		break;
	}
	return -EINVAL;
}

int rs_wire_object_parse(enum rs_kind kind, const cJSON *json, void **ret_object, struct rs_err *err)
{
	static rs_field_read *const specs[] = {
		[RS_KIND_SERVICE] = read_service_spec,
		[RS_KIND_CONFIGURATION] = read_configuration_spec,
		[RS_KIND_REVISION] = read_revision_spec,
		[RS_KIND_ROUTE] = read_route_spec,
	};
	const struct rs_field fields[] = {
		{.name = "apiVersion", .read = read_api_version},
		{.name = "kind", .read = read_object_kind},
		{.name = "metadata", .read = read_stored_metadata},
		{.name = "spec", .read = specs[kind]},
		{.name = "status",
		 .read = kind == RS_KIND_CONFIGURATION ? read_configuration_status : rs_field_read_past},
	};
	void *object = new_object(kind);
	int r;

	if (!object)
		return rs_refuse_memory(NULL, err);
	r = RS_FIELDS_READ(fields, object, json, NULL, err);
	if (r == 0)
		r = finish_object(kind, object, err);
	if (r < 0) {
		rs_object_free(kind, object);
		return r;
	}
	*ret_object = object;
	return 0;
}
