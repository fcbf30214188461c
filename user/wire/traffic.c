/* SPDX-License-Identifier: BSD-2-Clause */
/* spec.traffic */
#include <errno.h>
#include <string.h>

#include "wire/parts.h"

struct target {
	struct rs_traffic_target *target;
	bool has_latest, is_latest;
};

static int read_tag(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct target *reading = out;

	return rs_read_name(json, at, reading->target->tag, err);
}

static int read_revision(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct target *reading = out;

	return rs_read_name(json, at, reading->target->revision, err);
}

static int read_latest(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct target *reading = out;

	reading->has_latest = true;
	return rs_read_bool(json, at, &reading->is_latest, err);
}

static int read_percent(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct target *reading = out;
	int64_t percent;
	int r;

	if (cJSON_IsString(json) && strchr(json->valuestring, '%'))
		return rs_refuse(at, err, "\"%.40s\" must be a whole number 0..100, without quotes and %%",
				 json->valuestring);
	r = rs_read_integer(json, at, 0, 100, &percent, err);
	if (r == 0)
		reading->target->percent = (uint8_t)percent;
	return r;
}

static int read_target(struct rs_traffic_target *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "revisionName", .read = read_revision},
		{.name = "latestRevision", .read = read_latest},
		{.name = "tag", .read = read_tag},
		{.name = "percent", .read = read_percent},
		{.name = "url", .read = rs_field_read_past},
		{.name = "configurationName",
		 .refused = "a Service routes to its own revisions: use revisionName, or latestRevision: true"},
	};
	struct target reading = {.target = out};
	int r = RS_FIELDS_READ(fields, &reading, json, at, err);

	if (r < 0)
		return r;
	if (reading.has_latest && reading.is_latest && out->revision[0])
		return rs_refuse(RS_AT_FIELD(at, "latestRevision"), err,
				 "cannot be true beside revisionName: give one of them");
	if (reading.has_latest && !reading.is_latest && !out->revision[0])
		return rs_refuse(RS_AT_FIELD(at, "latestRevision"), err,
				 "false needs a revisionName; without one the target is the latest revision");
	return 0;
}

int rs_traffic_read(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_traffic *traffic = out;
	const cJSON *child;
	int r = rs_read_list(json, at, RS_ROUTE_TARGETS_MAX, err);

	if (r < 0)
		return r;
	rs_traffic_done(traffic); /* of what it was by default */
	cJSON_ArrayForEach (child, json) {
		struct rs_traffic_target target = {0};

		r = read_target(&target, child, RS_AT_INDEX(at, traffic->count), err);
		if (r < 0)
			return r;
		if (rs_traffic_add(traffic, &target) < 0)
			return rs_refuse_memory(at, err);
	}
	if (traffic->count == 0 && rs_traffic_add_default(traffic) < 0)
		return rs_refuse_memory(at, err);
	return 0;
}
