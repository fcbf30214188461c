// SPDX-License-Identifier: BSD-2-Clause
#include "core/gc/gc.h"

#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define OFFSET(member) offsetof(struct rs_gc_config, member)

static const struct rs_setting rows[] = {
	{.key = "retain-since-create-time",
	 .kind = RS_SETTING_DURATION,
	 .offset = OFFSET(since_create_ns),
	 .maximum = HUGE_VAL,
	 .or_disabled = true,
	 .bounds = "at least 0s, or disabled",
	 .help = "a revision younger than this is not stale"},
	{.key = "retain-since-last-active-time",
	 .kind = RS_SETTING_DURATION,
	 .offset = OFFSET(since_active_ns),
	 .maximum = HUGE_VAL,
	 .or_disabled = true,
	 .bounds = "at least 0s, or disabled",
	 .help = "nor is one that a route named so recently"},
	{.key = "min-non-active-revisions",
	 .kind = RS_SETTING_WHOLE,
	 .offset = OFFSET(min_non_active),
	 .maximum = INT32_MAX,
	 .bounds = "a whole number, at least 0",
	 .help = "so many of a service stay although they are stale"},
	{.key = "max-non-active-revisions",
	 .kind = RS_SETTING_WHOLE,
	 .offset = OFFSET(max_non_active),
	 .maximum = INT32_MAX,
	 .or_disabled = true,
	 .bounds = "a whole number, at least 0, or disabled",
	 .help = "beyond so many of a service the oldest go, stale or not"},
};

const struct rs_settings_table rs_gc_settings = {rows, rs_array_length(rows)};

void rs_gc_config_init(struct rs_gc_config *config)
{
	*config = (struct rs_gc_config){
		.since_create_ns = 48 * 3600 * RS_NS_PER_S,
		.since_active_ns = 15 * 3600 * RS_NS_PER_S,
		.min_non_active = 20,
		.max_non_active = 1000,
	};
}

int rs_gc_config_check(const struct rs_gc_config *config, struct rs_err *err)
{
	if (config->max_non_active == RS_SETTING_DISABLED_WHOLE || config->min_non_active <= config->max_non_active)
		return 0;
	return rs_err_set(err, -EINVAL, "min-non-active-revisions: %d is above max-non-active-revisions, %d",
			  config->min_non_active, config->max_non_active);
}

static uint64_t last_active_ns(const struct rs_gc_revision *revision)
{
	return revision->active_ns ? revision->active_ns : revision->created_ns;
}

static bool is_older(uint64_t since_ns, uint64_t now_ns, uint64_t age_ns)
{
	return now_ns > since_ns && now_ns - since_ns > age_ns;
}

bool rs_gc_is_stale(const struct rs_gc_config *config, const struct rs_gc_revision *revision, uint64_t now_ns)
{
	bool by_create = config->since_create_ns != RS_SETTING_DISABLED_NS;
	bool by_active = config->since_active_ns != RS_SETTING_DISABLED_NS;
	if (!by_create && !by_active)
		return false;
	return (!by_create || is_older(revision->created_ns, now_ns, config->since_create_ns)) &&
	       (!by_active || is_older(last_active_ns(revision), now_ns, config->since_active_ns));
}

/* Kept ones last, the others by age. */
static int compare(const void *a, const void *b)
{
	const struct rs_gc_revision *x = a, *y = b;
	if (x->is_kept != y->is_kept)
		return x->is_kept ? 1 : -1;
	uint64_t x_ns = last_active_ns(x), y_ns = last_active_ns(y);
	if (x_ns != y_ns)
		return x_ns < y_ns ? -1 : 1;
	return x->created_ns < y->created_ns ? -1 : x->created_ns > y->created_ns;
}

static void swap(struct rs_gc_revision *a, struct rs_gc_revision *b)
{
	struct rs_gc_revision was = *a;
	*a = *b;
	*b = was;
}

size_t rs_gc_pick(const struct rs_gc_config *config, struct rs_gc_revision *revisions, size_t count, uint64_t now_ns)
{
	size_t minimum = (size_t)config->min_non_active, candidates = 0, gone = 0;
	if (count <= minimum)
		return 0;
	qsort(revisions, count, sizeof(*revisions), compare);
	while (candidates < count && !revisions[candidates].is_kept)
		candidates++;
	for (size_t i = 0; i < candidates && candidates - gone > minimum; i++) {
		/* To the front, behind those that go already: what is swapped with it stays, and is sorted again. */
		if (rs_gc_is_stale(config, &revisions[i], now_ns))
			swap(&revisions[gone++], &revisions[i]);
	}
	if (config->max_non_active == RS_SETTING_DISABLED_WHOLE)
		return gone;
	qsort(revisions + gone, candidates - gone, sizeof(*revisions), compare);
	while (candidates - gone > (size_t)config->max_non_active)
		gone++;
	return gone;
}
