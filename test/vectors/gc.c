/* SPDX-License-Identifier: BSD-2-Clause */
/* Garbage collection: which revisions go, and which settings are accepted. */
#include <string.h>

#include "core/gc/gc.h"
#include "vectors/vectors.h"

#define NOW_S	      2e9
#define REVISIONS_MAX 64

static uint64_t ago_ns(double age_s)
{
	return (uint64_t)((NOW_S - age_s) * 1e9);
}

static uint64_t retain_ns(struct vector_case *c, const cJSON *object, const char *key)
{
	double seconds = vector_number(c, object, key);
	return seconds < 0 ? RS_SETTING_DISABLED_NS : vector_duration_ns(seconds);
}

static void read_ages(struct vector_case *c, const cJSON *json, struct rs_gc_revision *out)
{
	out->created_ns = ago_ns(vector_number(c, json, "age_s"));
	out->active_ns =
		vector_is_set(json, "last_active_age_s") ? ago_ns(vector_number(c, json, "last_active_age_s")) : 0;
}

void check_revision_stale(struct vector_case *c)
{
	struct rs_gc_config config = {
		.since_create_ns = retain_ns(c, c->json, "retain_since_create_s"),
		.since_active_ns = retain_ns(c, c->json, "retain_since_last_active_s"),
	};
	struct rs_gc_revision revision = {0};
	read_ages(c, c->json, &revision);
	vector_expect_bool(c, "stale", rs_gc_is_stale(&config, &revision, ago_ns(0)),
			   vector_bool(c, c->json, "expect_stale"));
}

void check_revision_gc(struct vector_case *c)
{
	const cJSON *settings = vector_get(c, c->json, "config"), *list = vector_get(c, c->json, "revisions");
	const cJSON *expected = vector_get(c, c->json, "expect_deleted_in_order");
	if (!settings || !list || !expected)
		return;
	struct rs_gc_config config = {
		.since_create_ns = retain_ns(c, settings, "retain_since_create_s"),
		.since_active_ns = retain_ns(c, settings, "retain_since_last_active_s"),
		.min_non_active = (int32_t)vector_number(c, settings, "min_non_active"),
		.max_non_active = (int32_t)vector_number(c, settings, "max_non_active"),
	};
	const char *latest = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c->json, "latest_ready"));
	struct rs_gc_revision revisions[REVISIONS_MAX];
	size_t count = 0;
	for (const cJSON *json = list->child; json && count < REVISIONS_MAX; json = json->next) {
		const char *name = vector_text(c, json, "name");
		const cJSON *no_gc = cJSON_GetObjectItemCaseSensitive(json, "no_gc");
		bool is_kept = strcmp(vector_text(c, json, "routing"), "reserve") != 0 || cJSON_IsTrue(no_gc) ||
			       (latest && strcmp(name, latest) == 0);
		revisions[count] = (struct rs_gc_revision){.revision = name, .is_kept = is_kept};
		read_ages(c, json, &revisions[count++]);
	}
	size_t gone = rs_gc_pick(&config, revisions, count, ago_ns(0));
	vector_expect_number(c, "deleted", (double)gone, cJSON_GetArraySize(expected), 0);
	for (size_t i = 0; i < gone && !c->failed; i++) {
		const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(expected, (int)i));
		if (!name || strcmp(revisions[i].revision, name) != 0)
			vector_fail(c, "deleted %s, expected %s", (const char *)revisions[i].revision, name);
	}
}

void check_gc_config_validation(struct vector_case *c)
{
	const cJSON *input = vector_get(c, c->json, "input");
	struct rs_gc_config config;
	struct rs_err err = {0};
	int r = 0;
	rs_gc_config_init(&config);
	for (const cJSON *item = input ? input->child : NULL; r >= 0 && item; item = item->next) {
		const struct rs_setting *row = rs_setting_find(&rs_gc_settings, item->string);
		if (!row || !cJSON_IsString(item)) {
			vector_fail(c, "there is no key %s", item->string);
			return;
		}
		r = rs_setting_set(row, &config, item->valuestring, &err);
	}
	if (r >= 0)
		r = rs_gc_config_check(&config, &err);
	if ((r >= 0) != vector_bool(c, c->json, "valid"))
		vector_fail(c, "%s: %s", r < 0 ? "refused" : "accepted", err.message);
}
