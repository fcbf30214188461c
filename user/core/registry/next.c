/* SPDX-License-Identifier: BSD-2-Clause */
/* The next state of each object of a service. Nothing of the registry changes here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/model/conditions.h"
#include "core/registry/plan.h"

int rs_apply_out_of_memory(struct rs_apply_plan *plan)
{
	return rs_err_set(plan->err, -ENOMEM, "out of memory while applying Service \"%s/%s\"",
			  plan->service->metadata.namespace, plan->service->metadata.name);
}

/* Labels and annotations of a service go down to its configuration and route, beside the owner's label. */
static int child_metadata(struct rs_apply_plan *plan, const struct rs_metadata *old, bool is_spec_changed,
			  struct rs_metadata *out)
{
	const struct rs_metadata *service = &plan->service->metadata;

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
	rs_pairs_copy(&out->annotations, &service->annotations);
	rs_pairs_copy(&out->labels, &service->labels);
	return rs_pairs_set(&out->labels, RS_LABEL_SERVICE, service->name);
}

void rs_apply_next_service(struct rs_apply_plan *plan)
{
	struct rs_metadata *metadata = &plan->service->metadata;

	free(metadata->generate_name);
	metadata->generate_name = NULL;
	if (plan->old_service) {
		const struct rs_metadata *old = &plan->old_service->metadata;

		/* An equal template is the same one: configuration and revision share it. */
		if (!plan->template_changed) {
			rs_template_unref(plan->service->template);
			plan->service->template = rs_template_ref(plan->old_service->template);
		}

		memcpy(metadata->uid, old->uid, sizeof(metadata->uid));
		metadata->generation = old->generation + (plan->template_changed || plan->traffic_changed);
		metadata->created_wall_ns = old->created_wall_ns;
	} else {
		rs_registry_make_uid(plan->registry, metadata->uid);
		metadata->generation = 1;
		metadata->created_wall_ns = plan->now_wall_ns;
	}
}

int rs_apply_next_configuration(struct rs_apply_plan *plan)
{
	const struct rs_configuration *old = plan->old_configuration;
	struct rs_configuration *next = plan->configuration = calloc(1, sizeof(*next));

	if (!next || child_metadata(plan, old ? &old->metadata : NULL, plan->template_changed, &next->metadata) < 0)
		return rs_apply_out_of_memory(plan);
	next->template = rs_template_ref(plan->service->template);
	if (old) {
		memcpy(next->latest_created, old->latest_created, sizeof(next->latest_created));
		memcpy(next->latest_ready, old->latest_ready, sizeof(next->latest_ready));
	}
	return 0;
}

static int revision_metadata(struct rs_apply_plan *plan, const char *name, struct rs_metadata *out)
{
	const struct rs_metadata *configuration = &plan->configuration->metadata;
	const struct rs_metadata *service = &plan->service->metadata;
	const struct rs_template *template = plan->service->template;
	char generation[24];
	int r;

	rs_str_copy(out->namespace, sizeof(out->namespace), service->namespace);
	rs_str_copy(out->name, sizeof(out->name), name);
	rs_registry_make_uid(plan->registry, out->uid);
	out->generation = 1;
	out->created_wall_ns = plan->now_wall_ns;
	snprintf(generation, sizeof(generation), "%lld", (long long)configuration->generation);
	rs_pairs_copy(&out->annotations, &template->annotations);
	rs_pairs_copy(&out->labels, &template->labels);
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

static int create_revision(struct rs_apply_plan *plan, const char *name)
{
	struct rs_model_revision *next = plan->revision = calloc(1, sizeof(*next));

	if (!next || revision_metadata(plan, name, &next->metadata) < 0)
		return rs_apply_out_of_memory(plan);
	next->template = rs_template_ref(plan->service->template);
	rs_str_copy(next->service, sizeof(next->service), plan->service->metadata.name);
	rs_str_copy(next->configuration, sizeof(next->configuration), plan->configuration->metadata.name);
	next->configuration_generation = plan->configuration->metadata.generation;
	rs_str_copy(plan->configuration->latest_created, sizeof(plan->configuration->latest_created), name);
	return 0;
}

/* The manifest brings the name: a new one, or one that exists with the same template. */
static int use_named_revision(struct rs_apply_plan *plan, const char *name)
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
	if (!rs_template_equal_unnamed(existing->template, plan->service->template))
		return rs_err_set(plan->err, -EINVAL,
				  "%s: revision \"%s\" exists with another template, and revisions do not change; give "
				  "the new one another name, or none",
				  path, name);
	rs_str_copy(configuration->latest_created, sizeof(configuration->latest_created), name);
	if (rs_conditions_ready(&existing->status.conditions) == RS_TRUE)
		rs_str_copy(configuration->latest_ready, sizeof(configuration->latest_ready), name);
	return 0;
}

int rs_apply_next_revision(struct rs_apply_plan *plan)
{
	struct rs_metadata *configuration = &plan->configuration->metadata;
	char name[RS_NAME_SIZE + 24];

	if (plan->service->template->name[0])
		return use_named_revision(plan, plan->service->template->name);
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

static int check_target(const struct rs_apply_plan *plan, size_t index)
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

/* Tags keep their VIPs by name; new ones get theirs at the commit, when it is certain. */
int rs_apply_next_route(struct rs_apply_plan *plan)
{
	const struct rs_model_route *old = plan->old_route;
	struct rs_model_route *next = plan->route = calloc(1, sizeof(*next));
	uint32_t wanted = old ? 0 : 1;
	int r;

	if (!next || child_metadata(plan, old ? &old->metadata : NULL, plan->traffic_changed, &next->metadata) < 0)
		return rs_apply_out_of_memory(plan);
	rs_traffic_copy(&next->traffic, &plan->service->traffic);
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
	if (wanted > rs_vips_free_count(&plan->registry->vips))
		return rs_err_set(plan->err, -ENOSPC,
				  "all %u virtual addresses are taken: delete services or tags, or start roused with a "
				  "larger --vip-range after `rouse cleanup`",
				  plan->registry->vips.count);
	return 0;
}
