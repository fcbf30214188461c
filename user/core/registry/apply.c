/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an `apply` means. The next state of every object is made first, beside
 * the present one; only when nothing can fail any more does it take its place.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/model/conditions.h"
#include "core/registry/internal.h"

/* Next states are owned until they are committed; `old_...` are the registry's, NULL when there is none. */
struct plan {
	struct rs_registry *registry;
	struct rs_err *err;
	uint64_t now_wall_ns;
	struct rs_service *service, *old_service;
	struct rs_configuration *configuration, *old_configuration;
	struct rs_model_route *route, *old_route;
	struct rs_model_revision *revision; /* to be created, or NULL */
	bool is_new;
	bool template_changed, traffic_changed, metadata_changed;
	size_t revisions; /* of the service, before */
};

static void plan_done(struct plan *plan)
{
	rs_service_free(plan->service);
	rs_configuration_free(plan->configuration);
	rs_model_route_free(plan->route);
	rs_model_revision_free(plan->revision);
}
#define auto_plan __attribute__((cleanup(plan_done)))

static int out_of_memory(struct plan *plan)
{
	return rs_err_set(plan->err, -ENOMEM, "out of memory while applying Service \"%s/%s\"",
			  plan->service->metadata.namespace, plan->service->metadata.name);
}

static int name_service(struct plan *plan)
{
	struct rs_metadata *metadata = &plan->service->metadata;

	while (!metadata->name[0]) {
		if (!metadata->generate_name[0])
			return rs_err_set(plan->err, -EINVAL, "metadata.name: is missing");
		rs_registry_make_name(plan->registry, metadata->generate_name, metadata->name);
		if (rs_registry_service(plan->registry, metadata->namespace, metadata->name))
			metadata->name[0] = '\0';
	}
	return 0;
}

static int check_version(const struct plan *plan)
{
	const struct rs_metadata *given = &plan->service->metadata;

	if (given->resource_version == 0)
		return 0;
	if (!plan->old_service)
		return rs_err_set(plan->err, -EEXIST,
				  "Service \"%s/%s\" is not there any more: leave metadata.resourceVersion out to "
				  "create it anew",
				  given->namespace, given->name);
	if (given->resource_version != plan->old_service->metadata.resource_version)
		return rs_err_set(plan->err, -EEXIST,
				  "Service \"%s/%s\" has been changed since: resourceVersion %llu is not the current "
				  "one, %llu; read it again and repeat the change",
				  given->namespace, given->name, (unsigned long long)given->resource_version,
				  (unsigned long long)plan->old_service->metadata.resource_version);
	return 0;
}

static int check_room(const struct plan *plan)
{
	const struct rs_registry *registry = plan->registry;
	const struct rs_metadata *metadata = &plan->service->metadata;

	if (plan->is_new && registry->kinds[RS_KIND_SERVICE].count >= RS_SERVICES_MAX)
		return rs_err_set(plan->err, -ENOSPC,
				  "the node has %d services, which is its maximum: delete one first", RS_SERVICES_MAX);
	if (plan->revision && plan->revisions >= RS_SERVICE_REVISIONS_MAX)
		return rs_err_set(plan->err, -ENOSPC,
				  "Service \"%s/%s\" has %d revisions, which is the maximum: delete old ones first",
				  metadata->namespace, metadata->name, RS_SERVICE_REVISIONS_MAX);
	return 0;
}

/* Labels and annotations of a service go down to its configuration and route, beside the owner's label. */
static int child_metadata(struct plan *plan, const struct rs_metadata *old, bool is_spec_changed,
			  struct rs_metadata *out)
{
	const struct rs_metadata *service = &plan->service->metadata;
	int r;

	rs_str_copy(out->namespace, sizeof(out->namespace), service->namespace);
	rs_str_copy(out->name, sizeof(out->name), service->name);
	if (old) {
		memcpy(out->uid, old->uid, sizeof(out->uid));
		out->generation = old->generation + is_spec_changed;
		out->created_wall_ns = old->created_wall_ns;
		out->resource_version = old->resource_version;
	} else {
		rs_registry_make_uid(plan->registry, out->uid);
		out->generation = 1;
		out->created_wall_ns = plan->now_wall_ns;
	}
	r = rs_pairs_copy(&out->labels, &service->labels);
	if (r == 0)
		r = rs_pairs_set(&out->labels, RS_LABEL_SERVICE, service->name);
	if (r == 0)
		r = rs_pairs_copy(&out->annotations, &service->annotations);
	return r;
}

static void finish_service(struct plan *plan)
{
	struct rs_metadata *metadata = &plan->service->metadata;

	metadata->generate_name[0] = '\0';
	if (plan->old_service) {
		const struct rs_metadata *old = &plan->old_service->metadata;

		memcpy(metadata->uid, old->uid, sizeof(metadata->uid));
		metadata->generation = old->generation + (plan->template_changed || plan->traffic_changed);
		metadata->created_wall_ns = old->created_wall_ns;
		plan->service->status = plan->old_service->status;
	} else {
		rs_registry_make_uid(plan->registry, metadata->uid);
		metadata->generation = 1;
		metadata->created_wall_ns = plan->now_wall_ns;
		plan->service->status = (struct rs_service_status){0};
	}
}

static int make_configuration(struct plan *plan)
{
	const struct rs_configuration *old = plan->old_configuration;
	struct rs_configuration *next = plan->configuration = calloc(1, sizeof(*next));

	if (!next || child_metadata(plan, old ? &old->metadata : NULL, plan->template_changed, &next->metadata) < 0 ||
	    rs_template_copy(&next->template, &plan->service->template) < 0)
		return out_of_memory(plan);
	rs_str_copy(next->service, sizeof(next->service), plan->service->metadata.name);
	if (old) {
		memcpy(next->latest_created, old->latest_created, sizeof(next->latest_created));
		memcpy(next->latest_ready, old->latest_ready, sizeof(next->latest_ready));
		next->status = old->status;
	}
	return 0;
}

static int revision_metadata(struct plan *plan, const char *name, struct rs_metadata *out)
{
	const struct rs_metadata *configuration = &plan->configuration->metadata;
	const struct rs_metadata *service = &plan->service->metadata;
	const struct rs_template *template = &plan->service->template;
	char generation[24];
	int r;

	rs_str_copy(out->namespace, sizeof(out->namespace), service->namespace);
	rs_str_copy(out->name, sizeof(out->name), name);
	rs_registry_make_uid(plan->registry, out->uid);
	out->generation = 1;
	out->created_wall_ns = plan->now_wall_ns;
	snprintf(generation, sizeof(generation), "%lld", (long long)configuration->generation);
	r = rs_pairs_copy(&out->annotations, &template->annotations);
	if (r == 0)
		r = rs_pairs_copy(&out->labels, &template->labels);
	if (r == 0)
		r = rs_pairs_set(&out->labels, RS_LABEL_CONFIGURATION, configuration->name);
	if (r == 0)
		r = rs_pairs_set(&out->labels, RS_LABEL_CONFIGURATION_GENERATION, generation);
	if (r == 0)
		r = rs_pairs_set(&out->labels, RS_LABEL_CONFIGURATION_UID, configuration->uid);
	if (r == 0)
		r = rs_pairs_set(&out->labels, RS_LABEL_SERVICE, service->name);
	if (r == 0)
		r = rs_pairs_set(&out->labels, RS_LABEL_SERVICE_UID, service->uid);
	return r;
}

/* A revision knows its template by its own name, so that a manifest may go back to it by that name. */
static int create_revision(struct plan *plan, const char *name)
{
	struct rs_model_revision *next = plan->revision = calloc(1, sizeof(*next));

	if (!next || revision_metadata(plan, name, &next->metadata) < 0 ||
	    rs_template_copy(&next->template, &plan->service->template) < 0)
		return out_of_memory(plan);
	rs_str_copy(next->template.name, sizeof(next->template.name), name);
	rs_str_copy(next->service, sizeof(next->service), plan->service->metadata.name);
	rs_str_copy(next->configuration, sizeof(next->configuration), plan->configuration->metadata.name);
	next->configuration_generation = plan->configuration->metadata.generation;
	rs_str_copy(plan->configuration->latest_created, sizeof(plan->configuration->latest_created), name);
	return 0;
}

/* The manifest brings the name: a new one, or one that exists with the same template. */
static int use_named_revision(struct plan *plan, const char *name)
{
	static const char path[] = "spec.template.metadata.name";
	const struct rs_metadata *service = &plan->service->metadata;
	struct rs_configuration *configuration = plan->configuration;
	const struct rs_model_revision *existing = rs_registry_revision(plan->registry, service->namespace, name);
	const size_t length = strlen(service->name);

	if (strncmp(name, service->name, length) != 0 || name[length] != '-' || !name[length + 1])
		return rs_err_set(plan->err, -EINVAL, "%s: \"%s\" must begin with \"%s-\"", path, name, service->name);
	if (!existing)
		return create_revision(plan, name);
	if (strcmp(existing->service, service->name) != 0)
		return rs_err_set(plan->err, -EEXIST, "%s: \"%s\" is a revision of Service \"%s/%s\"; use another name",
				  path, name, service->namespace, existing->service);
	if (!rs_template_equal(&existing->template, &plan->service->template))
		return rs_err_set(plan->err, -EINVAL,
				  "%s: revision \"%s\" exists with another template, and revisions do not change; give "
				  "the new one another name, or none",
				  path, name);
	rs_str_copy(configuration->latest_created, sizeof(configuration->latest_created), name);
	if (rs_conditions_ready(&existing->status.conditions) == RS_TRUE)
		rs_str_copy(configuration->latest_ready, sizeof(configuration->latest_ready), name);
	return 0;
}

static int make_revision(struct plan *plan)
{
	struct rs_metadata *configuration = &plan->configuration->metadata;
	char name[RS_NAME_SIZE + 24];

	if (plan->service->template.name[0])
		return use_named_revision(plan, plan->service->template.name);
	/* A manifest may have brought the next number's name earlier: that number is passed over. */
	for (; configuration->generation <= RS_GENERATION_MAX; configuration->generation++) {
		snprintf(name, sizeof(name), "%s-%05lld", configuration->name, (long long)configuration->generation);
		if (strlen(name) > RS_NAME_MAX)
			break;
		if (!rs_registry_revision(plan->registry, configuration->namespace, name))
			return create_revision(plan, name);
	}
	return rs_err_set(plan->err, -ENOSPC,
			  "Service \"%s/%s\" has no number left for a revision: give spec.template.metadata.name",
			  configuration->namespace, configuration->name);
}

static int check_target(const struct plan *plan, size_t index)
{
	const struct rs_traffic_target *target = &plan->service->traffic.targets[index];
	const struct rs_configuration *configuration = plan->configuration;
	const struct rs_metadata *service = &plan->service->metadata;
	const char *latest =
		configuration->latest_ready[0] ? configuration->latest_ready : configuration->latest_created;
	const char *name = target->revision[0] ? target->revision : latest;
	const struct rs_model_revision *revision;

	if (plan->revision && strcmp(plan->revision->metadata.name, name) == 0)
		return 0;
	revision = rs_registry_revision(plan->registry, service->namespace, name);
	if (revision && strcmp(revision->service, service->name) == 0)
		return 0;
	if (!target->revision[0])
		return rs_err_set(plan->err, -EINVAL,
				  "spec.traffic[%zu].latestRevision: the latest revision, \"%s\", was deleted; change "
				  "the template to make a new one",
				  index, name);
	if (revision)
		return rs_err_set(plan->err, -EINVAL,
				  "spec.traffic[%zu].revisionName: \"%s\" is a revision of another service, \"%s\"",
				  index, name, revision->service);
	return rs_err_set(plan->err, -EINVAL,
			  "spec.traffic[%zu].revisionName: there is no revision \"%s\"; `rouse get revisions` lists "
			  "them",
			  index, name);
}

static uint32_t vip_of_tag(const struct rs_model_route *route, const char *tag)
{
	for (size_t i = 0; route && tag[0] && i < route->traffic.count; i++)
		if (strcmp(route->traffic.targets[i].tag, tag) == 0)
			return route->tag_vip[i];
	return RS_VIP_NONE;
}

static bool has_tag(const struct rs_traffic *traffic, const char *tag)
{
	for (size_t i = 0; i < traffic->count; i++)
		if (strcmp(traffic->targets[i].tag, tag) == 0)
			return true;
	return false;
}

/* Tags keep their VIPs by name; new ones get theirs at the commit, when it is certain. */
static int make_route(struct plan *plan)
{
	const struct rs_model_route *old = plan->old_route;
	struct rs_model_route *next = plan->route = calloc(1, sizeof(*next));
	uint32_t wanted = old ? 0 : 1;
	int r;

	if (!next || child_metadata(plan, old ? &old->metadata : NULL, plan->traffic_changed, &next->metadata) < 0)
		return out_of_memory(plan);
	rs_str_copy(next->service, sizeof(next->service), plan->service->metadata.name);
	next->traffic = plan->service->traffic;
	next->vip = old ? old->vip : RS_VIP_NONE;
	for (size_t i = 0; i < RS_ROUTE_TARGETS_MAX; i++)
		next->tag_vip[i] = RS_VIP_NONE;
	for (size_t i = 0; i < next->traffic.count; i++) {
		const char *tag = next->traffic.targets[i].tag;

		r = check_target(plan, i);
		if (r < 0)
			return r;
		next->tag_vip[i] = vip_of_tag(old, tag);
		wanted += tag[0] && next->tag_vip[i] == RS_VIP_NONE;
	}
	if (old) {
		next->status = old->status;
		next->user = old->user;
	}
	if (wanted > rs_vips_free_count(&plan->registry->vips))
		return rs_err_set(plan->err, -ENOSPC,
				  "all %u virtual addresses are taken: delete services or tags, or give the agent a "
				  "larger range",
				  plan->registry->vips.count);
	return 0;
}

static int reserve(struct plan *plan, struct rs_changes *changes)
{
	struct rs_registry *registry = plan->registry;

	for (int kind = 0; kind < RS_KIND_COUNT; kind++)
		if (rs_index_reserve(&registry->kinds[kind], 1) < 0)
			return out_of_memory(plan);
	if (rs_index_reserve(&registry->revisions, 1) < 0)
		return out_of_memory(plan);
	/* All revisions, three objects, VIPs taken and given back. */
	if (rs_changes_reserve(changes, plan->revisions + 1 + 3 + 1 + 2 * (size_t)RS_ROUTE_TARGETS_MAX +
						RS_CHANGES_COUNTERS) < 0)
		return out_of_memory(plan);
	return 0;
}

static void commit_vips(struct plan *plan, struct rs_changes *changes)
{
	struct rs_vips *vips = &plan->registry->vips;
	struct rs_model_route *next = plan->route;
	const struct rs_model_route *old = plan->old_route;

	if (next->vip == RS_VIP_NONE) {
		next->vip = rs_vips_take(vips);
		rs_changes_vip(changes, RS_CHANGE_VIP_ADD, next, "", next->vip);
	}
	for (size_t i = 0; i < next->traffic.count; i++) {
		const char *tag = next->traffic.targets[i].tag;

		if (!tag[0] || next->tag_vip[i] != RS_VIP_NONE)
			continue;
		next->tag_vip[i] = rs_vips_take(vips);
		rs_changes_vip(changes, RS_CHANGE_VIP_ADD, next, tag, next->tag_vip[i]);
	}
	for (size_t i = 0; old && i < old->traffic.count; i++) {
		const char *tag = old->traffic.targets[i].tag;

		if (!tag[0] || has_tag(&next->traffic, tag))
			continue;
		rs_vips_give_back(vips, old->tag_vip[i]);
		rs_changes_vip(changes, RS_CHANGE_VIP_REMOVE, old, tag, old->tag_vip[i]);
	}
}

/* The object keeps its address: what it was goes into `next`, to be freed with the plan. */
#define SWAP_INTO(old, next)                                                                                           \
	do {                                                                                                           \
		__typeof__(*(old)) was_ = *(old);                                                                      \
		*(old) = *(next);                                                                                      \
		*(next) = was_;                                                                                        \
	} while (0)

#define COMMIT(index, old, next)                                                                                       \
	({                                                                                                             \
		__typeof__(next) committed_ = (old);                                                                   \
		if (committed_) {                                                                                      \
			SWAP_INTO(committed_, (next));                                                                 \
		} else {                                                                                               \
			committed_ = rs_take_ptr(next);                                                                \
			rs_index_insert((index), committed_);                                                          \
		}                                                                                                      \
		committed_;                                                                                            \
	})

static void commit(struct plan *plan, struct rs_changes *changes)
{
	struct rs_registry *registry = plan->registry;
	const bool metadata_changed = plan->metadata_changed;
	struct rs_model_revision *revision = rs_take_ptr(plan->revision);
	struct rs_configuration *configuration;
	struct rs_model_route *route;
	struct rs_service *service;

	commit_vips(plan, changes);
	service = COMMIT(&registry->kinds[RS_KIND_SERVICE], plan->old_service, plan->service);
	configuration = COMMIT(&registry->kinds[RS_KIND_CONFIGURATION], plan->old_configuration, plan->configuration);
	route = COMMIT(&registry->kinds[RS_KIND_ROUTE], plan->old_route, plan->route);
	if (revision) {
		rs_index_insert(&registry->kinds[RS_KIND_REVISION], revision);
		rs_index_insert(&registry->revisions, revision);
	}
	rs_registry_route_revisions(registry, configuration, route, revision, plan->now_wall_ns, changes);
	if (plan->template_changed || metadata_changed)
		rs_changes_upsert(registry, changes, RS_KIND_CONFIGURATION, configuration, plan->is_new);
	if (plan->traffic_changed || metadata_changed)
		rs_changes_upsert(registry, changes, RS_KIND_ROUTE, route, plan->is_new);
	rs_changes_upsert(registry, changes, RS_KIND_SERVICE, service, plan->is_new);
	rs_changes_counters(registry, changes);
}

static void look_up(struct plan *plan)
{
	const struct rs_metadata *given = &plan->service->metadata;
	size_t first, end;

	plan->old_service = rs_registry_service(plan->registry, given->namespace, given->name);
	plan->old_configuration = rs_registry_configuration(plan->registry, given->namespace, given->name);
	plan->old_route = rs_registry_route(plan->registry, given->namespace, given->name);
	plan->is_new = !plan->old_service;
	plan->template_changed = plan->traffic_changed = plan->metadata_changed = plan->is_new;
	if (!plan->is_new) {
		const struct rs_service *old = plan->old_service;

		plan->template_changed = !rs_template_equal(&old->template, &plan->service->template);
		plan->traffic_changed = !rs_traffic_equal(&old->traffic, &plan->service->traffic);
		plan->metadata_changed = !rs_pairs_equal(&old->metadata.labels, &given->labels) ||
					 !rs_pairs_equal(&old->metadata.annotations, &given->annotations);
	}
	rs_registry_revisions_of(plan->registry, given->namespace, given->name, &first, &end);
	plan->revisions = end - first;
}

int rs_registry_apply(struct rs_registry *registry, struct rs_service *service, uint64_t now_wall_ns,
		      struct rs_changes *ret_changes, enum rs_applied *ret_applied, struct rs_err *err)
{
	auto_plan struct plan plan = {
		.registry = registry,
		.err = err,
		.now_wall_ns = rs_registry_whole_seconds(now_wall_ns),
		.service = service,
	};
	int r;

	*ret_changes = (struct rs_changes){0};
	r = name_service(&plan);
	if (r < 0)
		return r;
	look_up(&plan);
	r = check_version(&plan);
	if (r < 0)
		return r;
	if (!plan.template_changed && !plan.traffic_changed && !plan.metadata_changed) {
		*ret_applied = RS_APPLIED_UNCHANGED;
		return 0;
	}
	finish_service(&plan);
	r = make_configuration(&plan);
	if (r == 0 && plan.template_changed)
		r = make_revision(&plan);
	if (r == 0)
		r = make_route(&plan);
	if (r == 0)
		r = check_room(&plan);
	if (r == 0)
		r = reserve(&plan, ret_changes);
	if (r < 0)
		return r;
	commit(&plan, ret_changes);
	*ret_applied = plan.is_new ? RS_APPLIED_CREATED : RS_APPLIED_CONFIGURED;
	return 0;
}

const char *rs_applied_text(enum rs_applied applied)
{
	static const char *const texts[] = {
		[RS_APPLIED_UNCHANGED] = "unchanged",
		[RS_APPLIED_CREATED] = "created",
		[RS_APPLIED_CONFIGURED] = "configured",
	};

	return texts[applied];
}
