/* SPDX-License-Identifier: BSD-2-Clause */
/* metadata, of a manifest and of the store. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "base/time.h"
#include "wire/parts.h"

static int read_name(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_metadata *metadata = out;

	return rs_read_name(json, at, metadata->name, err);
}

static int read_generate_name(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_metadata *metadata = out;

	char prefix[RS_NAME_SIZE];
	int r = rs_read_name(json, at, prefix, err);

	if (r < 0 || !prefix[0])
		return r;
	metadata->generate_name = strdup(prefix);
	return metadata->generate_name ? 0 : rs_refuse_memory(at, err);
}

static int read_namespace(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_metadata *metadata = out;

	return rs_read_name(json, at, metadata->namespace, err);
}

static int read_labels(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_metadata *metadata = out;

	return rs_read_pairs(json, at, RS_STRING_MAX, &metadata->labels, err);
}

static int read_annotations(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_metadata *metadata = out;

	return rs_read_pairs(json, at, RS_ANNOTATION_VALUE_MAX, &metadata->annotations, err);
}

static int read_resource_version(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_metadata *metadata = out;
	const char *text;
	long long version;
	int r = rs_read_text(json, at, RS_NAME_MAX, &text, err);

	if (r < 0)
		return r;
	if (rs_str_to_long(text, 0, INT64_MAX, &version) < 0)
		return rs_refuse(at, err, "\"%.40s\" is not a version that this server gave", text);
	metadata->resource_version = (uint64_t)version;
	return 0;
}

static int read_uid(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_metadata *metadata = out;
	const char *text;
	int r = rs_read_text(json, at, RS_UID_SIZE - 1, &text, err);

	if (r == 0)
		rs_str_copy(metadata->uid, sizeof(metadata->uid), text);
	return r;
}

static int read_generation(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_metadata *metadata = out;

	return rs_read_integer(json, at, 0, RS_GENERATION_MAX + 1, &metadata->generation, err);
}

static int read_created(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_metadata *metadata = out;
	const char *text;
	int r = rs_read_text(json, at, RS_NAME_MAX, &text, err);

	if (r == 0 && rs_time_parse(text, &metadata->created_wall_ns) < 0)
		return rs_refuse(at, err, "\"%.40s\" must be a time such as \"2026-11-23T08:00:00Z\"", text);
	return r;
}

static const char no_finalizers[] = "nobody here would run them: leave them out";
static const char no_owner[] = "a Service belongs to nobody here: leave it out";

int rs_metadata_read_manifest(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "name", .read = read_name},
		{.name = "namespace", .read = read_namespace},
		{.name = "generateName", .read = read_generate_name},
		{.name = "labels", .read = read_labels},
		{.name = "annotations", .read = read_annotations},
		{.name = "resourceVersion", .read = read_resource_version},
		{.name = "uid", .read = rs_field_read_past},
		{.name = "generation", .read = rs_field_read_past},
		{.name = "creationTimestamp", .read = rs_field_read_past},
		{.name = "deletionTimestamp", .read = rs_field_read_past},
		{.name = "deletionGracePeriodSeconds", .read = rs_field_read_past},
		{.name = "managedFields", .read = rs_field_read_past},
		{.name = "selfLink", .read = rs_field_read_past},
		{.name = "finalizers", .refused = no_finalizers},
		{.name = "ownerReferences", .refused = no_owner},
	};

	return RS_FIELDS_READ(fields, out, json, at, err);
}

int rs_metadata_read_stored(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "name", .read = read_name},
		{.name = "namespace", .read = read_namespace},
		{.name = "labels", .read = read_labels},
		{.name = "annotations", .read = read_annotations},
		{.name = "resourceVersion", .read = read_resource_version},
		{.name = "uid", .read = read_uid},
		{.name = "generation", .read = read_generation},
		{.name = "creationTimestamp", .read = read_created},
		{.name = "ownerReferences", .read = rs_field_read_past},
	};

	return RS_FIELDS_READ(fields, out, json, at, err);
}
