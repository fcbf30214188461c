/* SPDX-License-Identifier: BSD-2-Clause */
/* The objects around a template: kinds, metadata, destructors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/model.h"
#include "core/model/quantity.h"

static const struct {
	const char *text, *plural, *singular, *short_name;
} kinds[RS_KIND_COUNT] = {
	[RS_KIND_SERVICE] = {"Service", "services", "service", "ksvc"},
	[RS_KIND_CONFIGURATION] = {"Configuration", "configurations", "configuration", "config"},
	[RS_KIND_REVISION] = {"Revision", "revisions", "revision", "rev"},
	[RS_KIND_ROUTE] = {"Route", "routes", "route", "rt"},
};

const char *rs_kind_text(enum rs_kind kind)
{
	return kinds[kind].text;
}

const char *rs_kind_plural(enum rs_kind kind)
{
	return kinds[kind].plural;
}

int rs_kind_parse(const char *text, enum rs_kind *ret_kind)
{
	for (int i = 0; i < RS_KIND_COUNT; i++)
		if (strcmp(text, kinds[i].text) == 0 || strcmp(text, kinds[i].plural) == 0 ||
		    strcmp(text, kinds[i].singular) == 0 || strcmp(text, kinds[i].short_name) == 0) {
			*ret_kind = (enum rs_kind)i;
			return 0;
		}
	return -EINVAL;
}

void rs_metadata_done(struct rs_metadata *metadata)
{
	free(metadata->generate_name);
	metadata->generate_name = NULL;
	rs_pairs_done(&metadata->labels);
	rs_pairs_done(&metadata->annotations);
}

/* What stands before the targets: a service and its route share them until one of them changes. */
struct sharing {
	size_t users;
};

static struct sharing *sharing_of(const struct rs_traffic *traffic)
{
	return (struct sharing *)(void *)traffic->targets - 1;
}

int rs_traffic_add(struct rs_traffic *traffic, const struct rs_traffic_target *target)
{
	const bool is_shared = traffic->targets && sharing_of(traffic)->users > 1;
	struct sharing *own = traffic->targets && !is_shared ? sharing_of(traffic) : NULL;
	struct sharing *block = realloc(own, sizeof(*block) + (traffic->count + 1) * sizeof(*target));
	struct rs_traffic_target *targets;

	if (!block)
		return -ENOMEM;
	targets = (struct rs_traffic_target *)(block + 1);
	if (is_shared) {
		memcpy(targets, traffic->targets, traffic->count * sizeof(*targets));
		sharing_of(traffic)->users--;
	}
	block->users = 1;
	targets[traffic->count++] = *target;
	traffic->targets = targets;
	return 0;
}

int rs_traffic_add_default(struct rs_traffic *traffic)
{
	return rs_traffic_add(traffic, &(const struct rs_traffic_target){.percent = 100});
}

void rs_traffic_copy(struct rs_traffic *out, const struct rs_traffic *from)
{
	if (from->targets)
		sharing_of(from)->users++;
	*out = *from;
}

void rs_traffic_done(struct rs_traffic *traffic)
{
	if (traffic->targets && --sharing_of(traffic)->users == 0)
		free(sharing_of(traffic));
	*traffic = (struct rs_traffic){0};
}

bool rs_traffic_equal(const struct rs_traffic *a, const struct rs_traffic *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->targets[i].revision, b->targets[i].revision) != 0 ||
		    strcmp(a->targets[i].tag, b->targets[i].tag) != 0 || a->targets[i].percent != b->targets[i].percent)
			return false;
	return true;
}

void rs_route_status_done(struct rs_route_status *status)
{
	rs_fact_done(&status->all_traffic_assigned);
	rs_fact_done(&status->ingress_ready);
	rs_conditions_done(&status->conditions);
	rs_traffic_done(&status->traffic);
}

static void revision_status_done(struct rs_revision_status *status)
{
	rs_fact_done(&status->resources_available);
	rs_fact_done(&status->container_healthy);
	rs_fact_done(&status->active);
	rs_conditions_done(&status->conditions);
}

struct rs_service *rs_service_free(struct rs_service *service)
{
	if (service) {
		rs_metadata_done(&service->metadata);
		rs_template_unref(service->template);
		rs_traffic_done(&service->traffic);
		rs_conditions_done(&service->status.conditions);
		free(service);
	}
	return NULL;
}

struct rs_configuration *rs_configuration_free(struct rs_configuration *configuration)
{
	if (configuration) {
		rs_metadata_done(&configuration->metadata);
		rs_template_unref(configuration->template);
		rs_conditions_done(&configuration->status.conditions);
		free(configuration);
	}
	return NULL;
}

struct rs_model_revision *rs_model_revision_free(struct rs_model_revision *revision)
{
	if (revision) {
		rs_metadata_done(&revision->metadata);
		rs_template_unref(revision->template);
		revision_status_done(&revision->status);
		free(revision);
	}
	return NULL;
}

struct rs_model_route *rs_model_route_free(struct rs_model_route *route)
{
	if (route) {
		rs_metadata_done(&route->metadata);
		rs_traffic_done(&route->traffic);
		rs_route_status_done(&route->status);
		free(route);
	}
	return NULL;
}

void *rs_object_free(enum rs_kind kind, void *object)
{
	switch (kind) {
	case RS_KIND_SERVICE:
		return rs_service_free(object);
	case RS_KIND_CONFIGURATION:
		return rs_configuration_free(object);
	case RS_KIND_REVISION:
		return rs_model_revision_free(object);
	case RS_KIND_ROUTE:
		return rs_model_route_free(object);
	case RS_KIND_COUNT:
		break;
	}
	return NULL;
}

/* Each structure begins with its metadata. */
_Static_assert(offsetof(struct rs_service, metadata) == 0, "first");
_Static_assert(offsetof(struct rs_configuration, metadata) == 0, "first");
_Static_assert(offsetof(struct rs_model_revision, metadata) == 0, "first");
_Static_assert(offsetof(struct rs_model_route, metadata) == 0, "first");

struct rs_metadata *rs_object_metadata(enum rs_kind kind, void *object)
{
	(void)kind;
	return object;
}

bool rs_metadata_is_cluster_local(const struct rs_metadata *metadata)
{
	const char *value = rs_pairs_get(&metadata->labels, RS_LABEL_VISIBILITY);

	return value && strcmp(value, "cluster-local") == 0;
}

bool rs_metadata_is_sticky(const struct rs_metadata *metadata)
{
	return rs_pairs_get(&metadata->annotations, RS_ANNOTATION_STICKY) != NULL;
}

bool rs_model_revision_is_kept(const struct rs_model_revision *revision)
{
	const char *value = rs_pairs_get(&revision->metadata.annotations, RS_ANNOTATION_NO_GC);

	return value && strcmp(value, "true") == 0;
}
