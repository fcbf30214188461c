/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which revisions nobody needs any more, by the rules of Knative's config-gc.
 *
 *  1. Kept whatever else: those that a route names or that are not routed yet,
 *     the latest ready one, those with serving.knative.dev/no-gc.
 *  2. The rest is not active. It is ordered by when it was last routed to (else:
 *     made), oldest first.
 *  3. Stale ones, which are older than every age that is enabled, go while more
 *     than the minimum are left.
 *  4. Of what is left the oldest go while more than the maximum are left.
 *
 * Source: Knative pkg/reconciler/gc/gc.go, pkg/gc/config.go.
 */
#ifndef RS_CORE_GC_GC_H
#define RS_CORE_GC_GC_H

#include "base/err.h"
#include "core/model/setting.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rs_gc_config {
	uint64_t since_create_ns; /* retain-since-create-time; RS_SETTING_DISABLED_NS */
	uint64_t since_active_ns; /* retain-since-last-active-time; RS_SETTING_DISABLED_NS */
	int32_t min_non_active;
	int32_t max_non_active; /* RS_SETTING_DISABLED_WHOLE */
};

extern const struct rs_settings_table rs_gc_settings;

/* Knative's defaults. */
void rs_gc_config_init(struct rs_gc_config *config);
/* The bounds between keys: after the last set. */
int rs_gc_config_check(const struct rs_gc_config *config, struct rs_err *err);

struct rs_gc_revision {
	const void *revision; /* the caller's */
	bool is_kept;	      /* rule 1 */
	uint64_t created_ns;  /* of one clock with now_ns */
	uint64_t active_ns;   /* until when a route named it; 0 = never known */
};

bool rs_gc_is_stale(const struct rs_gc_config *config, const struct rs_gc_revision *revision, uint64_t now_ns);

/* Moves those that go to the front of `revisions`, in the order in which they go, and returns how many these are. */
size_t rs_gc_pick(const struct rs_gc_config *config, struct rs_gc_revision *revisions, size_t count, uint64_t now_ns);

#endif
