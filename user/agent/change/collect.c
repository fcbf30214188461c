// SPDX-License-Identifier: BSD-2-Clause
/* Revisions that nobody needs any more: looked for now and then, and deleted as if somebody had asked for it. */
#include "agent/agent.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "core/gc/gc.h"
#include "sys/timer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_AFTER_US (30 * 1000 * 1000ULL)
#define LATE_US	      (1000 * 1000ULL)
#define AT_ONCE_MAX   64 /* the rest goes at the next look, which comes soon then */
#define LOOK_AGAIN_US (100 * 1000ULL)

struct look {
	struct rs_agent *agent;
	uint64_t now_ns;
	/* Of one configuration. */
	const struct rs_configuration *configuration;
	struct rs_gc_revision revisions[RS_SERVICE_REVISIONS_MAX];
	size_t count;
	/* Of all: the registry must not change while it is looked through. */
	struct rs_model_revision *gone[AT_ONCE_MAX];
	size_t gone_count;
};

static int add_revision(void *user, struct rs_model_revision *revision)
{
	struct look *look = user;
	if (look->count == RS_SERVICE_REVISIONS_MAX)
		return 1;
	look->revisions[look->count++] = (struct rs_gc_revision){
		.revision = revision,
		.is_kept = revision->routing_state != RS_ROUTING_RESERVE || rs_model_revision_is_kept(revision) ||
			   strcmp(revision->metadata.name, look->configuration->latest_ready) == 0,
		.created_ns = revision->metadata.created_wall_ns,
		.active_ns = revision->routing_state_wall_ns,
	};
	return 0;
}

static int look_at_configuration(void *user, void *object)
{
	struct look *look = user;
	const struct rs_metadata *metadata = &((struct rs_configuration *)object)->metadata;
	look->configuration = object;
	look->count = 0;
	rs_registry_each_revision(look->agent->registry, metadata->namespace, metadata->name, add_revision, look);
	size_t gone = rs_gc_pick(&look->agent->options->gc, look->revisions, look->count, look->now_ns);
	for (size_t i = 0; i < gone; i++) {
		if (look->gone_count == AT_ONCE_MAX)
			return 1;
		look->gone[look->gone_count++] = (struct rs_model_revision *)(uintptr_t)look->revisions[i].revision;
	}
	return 0;
}

static void on_deleted(struct rs_agent *agent, const struct rs_asker *asker, const struct rs_err *err)
{
	if (!err)
		rs_record(agent, "Normal", "Collected", asker->namespace, "Service", asker->service,
			  "revision %s: no route names it, and newer ones are kept (gc of the configuration)",
			  asker->name);
}

/* -EINPROGRESS: its service is busy, with the deletion of another one perhaps. */
static int delete_revision(struct rs_agent *agent, const struct rs_model_revision *revision)
{
	struct rs_asker asker = {.kind = RS_KIND_REVISION, .is_deletion = true};
	struct rs_transaction *transaction;
	struct rs_err err = {0};
	rs_str_copy(asker.namespace, sizeof(asker.namespace), revision->metadata.namespace);
	rs_str_copy(asker.name, sizeof(asker.name), revision->metadata.name);
	rs_str_copy(asker.service, sizeof(asker.service), revision->service);
	int r = rs_registry_prepare_remove(agent->registry, RS_KIND_REVISION, asker.namespace, asker.name, &transaction,
					   &err);
	if (r == 0)
		r = rs_change_begin(agent, transaction, &asker, on_deleted);
	else if (r != -EINPROGRESS)
		rs_error("cannot collect a revision revision=%s/%s error=%s", asker.namespace, asker.name,
			 rs_log_value(err.message));
	return r;
}

/* Each service has one revision at least: with no more than the minimum beside them, none has too many. */
static bool is_worth_a_look(const struct rs_agent *agent)
{
	size_t revisions = rs_registry_count(agent->registry, RS_KIND_REVISION);
	return revisions > (size_t)agent->options->gc.min_non_active;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_agent *agent = user;
	struct look *look = is_worth_a_look(agent) ? malloc(sizeof(*look)) : NULL;
	uint64_t after_us = LOOK_AFTER_US;
	(void)source;
	(void)usec;
	if (look) {
		look->agent = agent;
		look->now_ns = rs_wall_ns();
		look->gone_count = 0;
		rs_registry_each(agent->registry, RS_KIND_CONFIGURATION, NULL, look_at_configuration, look);
		bool has_more = look->gone_count == AT_ONCE_MAX;
		for (size_t i = 0; i < look->gone_count; i++)
			has_more |= delete_revision(agent, look->gone[i]) == -EINPROGRESS;
		if (has_more)
			after_us = LOOK_AGAIN_US;
		free(look);
	}
	return rs_timer_after(agent->event, &agent->collect_timer, after_us, LATE_US, on_timer, agent);
}

int rs_collect_soon(struct rs_agent *agent)
{
	return rs_timer_after(agent->event, &agent->collect_timer, LATE_US, LATE_US, on_timer, agent);
}
