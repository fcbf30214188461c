/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an `apply` means. The next state of every object is made first, beside
 * the present one; it takes its place when the transaction is committed, and
 * by then nothing can fail any more.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/registry/plan.h"
#include "core/registry/transaction.h"

static void plan_done(struct rs_apply_plan *plan)
{
	rs_service_free(plan->service);
	rs_configuration_free(plan->configuration);
	rs_model_route_free(plan->route);
	rs_model_revision_free(plan->revision);
}
#define auto_plan __attribute__((cleanup(plan_done)))

static int name_service(struct rs_apply_plan *plan)
{
	struct rs_metadata *metadata = &plan->service->metadata;

	while (!metadata->name[0]) {
		if (!metadata->generate_name)
			return rs_err_set(plan->err, -EINVAL, "metadata.name: is missing");
		rs_registry_make_name(plan->registry, metadata->generate_name, metadata->name);
		if (rs_registry_service(plan->registry, metadata->namespace, metadata->name) ||
		    rs_registry_is_busy(plan->registry, metadata->namespace, metadata->name))
			metadata->name[0] = '\0';
	}
	if (rs_registry_is_busy(plan->registry, metadata->namespace, metadata->name))
		return rs_registry_refuse_busy(metadata->namespace, metadata->name, plan->err);
	return 0;
}

static int check_version(const struct rs_apply_plan *plan)
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

static int check_room(const struct rs_apply_plan *plan)
{
	const struct rs_metadata *metadata = &plan->service->metadata;

	if (plan->revision && plan->revisions >= RS_SERVICE_REVISIONS_MAX)
		return rs_err_set(plan->err, -ENOSPC,
				  "Service \"%s/%s\" has %d revisions, which is the maximum: delete old ones first",
				  metadata->namespace, metadata->name, RS_SERVICE_REVISIONS_MAX);
	return 0;
}

static bool has_tag(const struct rs_traffic *traffic, const char *tag)
{
	for (size_t i = 0; i < traffic->count; i++)
		if (strcmp(traffic->targets[i].tag, tag) == 0)
			return true;
	return false;
}

/* Room in the indexes for this one and for those that wait for their commit. */
static int reserve(struct rs_apply_plan *plan)
{
	struct rs_registry *registry = plan->registry;
	const size_t extra = registry->pending_count + 1;

	for (int kind = 0; kind < RS_KIND_COUNT; kind++)
		if (rs_index_reserve(&registry->kinds[kind], extra) < 0)
			return rs_apply_out_of_memory(plan);
	return rs_index_reserve(&registry->revisions, extra) < 0 ? rs_apply_out_of_memory(plan) : 0;
}

static void list_vips(struct rs_apply_plan *plan, struct rs_changes *changes)
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

		if (tag[0] && !has_tag(&next->traffic, tag))
			rs_changes_vip(changes, RS_CHANGE_VIP_REMOVE, old, tag, old->tag_vip[i]);
	}
}

/* Every next state into a list that can be kept, and then be made. */
static int list(struct rs_apply_plan *plan, struct rs_transaction **ret_transaction)
{
	struct rs_registry *registry = plan->registry;
	const struct rs_metadata *metadata = &plan->service->metadata;
	int r = reserve(plan);

	if (r < 0)
		return r;
	/* All revisions, three objects, VIPs taken and given back. */
	struct rs_transaction *transaction = rs_transaction_new(
		registry, metadata->namespace, metadata->name,
		plan->revisions + 1 + 3 + 1 + 2 * (size_t)RS_ROUTE_TARGETS_MAX + RS_CHANGES_COUNTERS);
	if (!transaction)
		return rs_apply_out_of_memory(plan);
	list_vips(plan, &transaction->changes);
	if (rs_registry_route_revisions(transaction, plan->configuration, plan->route, plan->revision,
					plan->now_wall_ns) < 0) {
		rs_transaction_abandon(transaction);
		return rs_apply_out_of_memory(plan);
	}
	plan->revision = NULL; /* the transaction's, as all that follows */
	if (plan->template_changed || plan->metadata_changed)
		rs_transaction_upsert(transaction, RS_KIND_CONFIGURATION, rs_take_ptr(plan->configuration),
				      plan->is_new);
	if (plan->traffic_changed || plan->metadata_changed)
		rs_transaction_upsert(transaction, RS_KIND_ROUTE, rs_take_ptr(plan->route), plan->is_new);
	rs_transaction_upsert(transaction, RS_KIND_SERVICE, rs_take_ptr(plan->service), plan->is_new);
	rs_transaction_begin(transaction);
	*ret_transaction = transaction;
	return 0;
}

static void look_up(struct rs_apply_plan *plan)
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

		plan->template_changed = !rs_template_equal(old->template, plan->service->template);
		plan->traffic_changed = !rs_traffic_equal(&old->traffic, &plan->service->traffic);
		plan->metadata_changed = !rs_pairs_equal(&old->metadata.labels, &given->labels) ||
					 !rs_pairs_equal(&old->metadata.annotations, &given->annotations);
	}
	rs_registry_revisions_of(plan->registry, given->namespace, given->name, &first, &end);
	plan->revisions = end - first;
}

/* Makes every next state; nothing has changed when it returns. */
static int prepare(struct rs_apply_plan *plan, enum rs_applied *ret_applied)
{
	int r = name_service(plan);

	if (r < 0)
		return r;
	look_up(plan);
	r = check_version(plan);
	if (r < 0)
		return r;
	if (!plan->template_changed && !plan->traffic_changed && !plan->metadata_changed) {
		*ret_applied = RS_APPLIED_UNCHANGED;
		return 0;
	}
	rs_apply_next_service(plan);
	r = rs_apply_next_configuration(plan);
	if (r == 0 && plan->template_changed)
		r = rs_apply_next_revision(plan);
	if (r == 0)
		r = rs_apply_next_route(plan);
	if (r == 0)
		r = check_room(plan);
	if (r == 0)
		*ret_applied = plan->is_new ? RS_APPLIED_CREATED : RS_APPLIED_CONFIGURED;
	return r;
}

static struct rs_apply_plan begin(struct rs_registry *registry, struct rs_service *service, uint64_t now_wall_ns,
				  struct rs_err *err)
{
	return (struct rs_apply_plan){
		.registry = registry,
		.err = err,
		.now_wall_ns = rs_registry_whole_seconds(now_wall_ns),
		.service = service,
	};
}

int rs_registry_prepare_apply(struct rs_registry *registry, struct rs_service *service, uint64_t now_wall_ns,
			      struct rs_transaction **ret_transaction, enum rs_applied *ret_applied, struct rs_err *err)
{
	auto_plan struct rs_apply_plan plan = begin(registry, service, now_wall_ns, err);
	enum rs_applied applied = RS_APPLIED_UNCHANGED;
	int r = prepare(&plan, &applied);

	*ret_transaction = NULL;
	if (r == 0 && applied != RS_APPLIED_UNCHANGED)
		r = list(&plan, ret_transaction);
	if (r == 0)
		*ret_applied = applied;
	return r;
}

int rs_registry_apply(struct rs_registry *registry, struct rs_service *service, uint64_t now_wall_ns,
		      struct rs_changes *ret_changes, enum rs_applied *ret_applied, struct rs_err *err)
{
	struct rs_transaction *transaction;
	int r = rs_registry_prepare_apply(registry, service, now_wall_ns, &transaction, ret_applied, err);

	*ret_changes = (struct rs_changes){0};
	if (r == 0 && transaction)
		rs_transaction_commit(transaction, ret_changes);
	return r;
}

int rs_registry_dry_run(struct rs_registry *registry, struct rs_service *service, uint64_t now_wall_ns,
			struct rs_service **ret_service, enum rs_applied *ret_applied, struct rs_err *err)
{
	auto_plan struct rs_apply_plan plan = begin(registry, service, now_wall_ns, err);
	int r = prepare(&plan, ret_applied);

	if (r < 0)
		return r;
	*ret_service = rs_take_ptr(plan.service);
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
