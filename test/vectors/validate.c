/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Validation: Knative's configuration and annotations, as they are accepted here.
 * What Knative accepts and one node cannot do (another autoscaler class, the
 * HPA's metrics) must be refused here: that is checked as well.
 */
#include <stdio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/autoscale/config.h"
#include "core/model/annotations.h"
#include "vectors/vectors.h"

#define KPA "kpa.autoscaling.knative.dev"

/* --- configuration ---------------------------------------------------------------------------------------------- */

static int set_all(const cJSON *input, const char *except, struct rs_autoscaler_config *config, struct rs_err *err)
{
	int r = 0;
	rs_autoscaler_config_init(config);
	for (const cJSON *item = input->child; r >= 0 && item; item = item->next) {
		const struct rs_setting *row = rs_setting_find(&rs_autoscaler_settings, item->string);
		if (except && strcmp(item->string, except) == 0)
			continue;
		if (!row || !cJSON_IsString(item))
			return rs_err_set(err, -ENOENT, "there is no key %s", item->string);
		r = rs_setting_set(row, config, item->valuestring, err);
	}
	return r < 0 ? r : rs_autoscaler_config_check(config, err);
}

static void check_effective(struct vector_case *c, const struct rs_autoscaler_config *config)
{
	const cJSON *effective = cJSON_GetObjectItemCaseSensitive(c->json, "effective");
	if (!effective)
		return;
	vector_expect_key(c, effective, "concurrency_target_fraction", config->concurrency_fraction, 1e-9);
	vector_expect_key(c, effective, "scale_down_delay_s", (double)config->scale_down_delay_ns / 1e9, 0);
	vector_expect_key(c, effective, "retention_s", (double)config->retention_ns / 1e9, 0);
}

void check_config_validation(struct vector_case *c)
{
	static const char class_key[] = "pod-autoscaler-class";
	const cJSON *input = vector_get(c, c->json, "input");
	bool valid = vector_bool(c, c->json, "valid");
	struct rs_autoscaler_config config;
	struct rs_err err = {0};
	if (!input)
		return;
	const char *class = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(input, class_key));
	int r = set_all(input, NULL, &config, &err);
	if (class && strcmp(class, KPA) != 0) {
		if (r >= 0)
			vector_fail(c, "the class %s was accepted, and nothing of it runs here", class);
		r = set_all(input, class_key, &config, &err);
	}
	if ((r >= 0) != valid)
		vector_fail(c, "%s: %s", valid ? "refused" : "accepted", err.message);
	if (r >= 0)
		check_effective(c, &config);
}

/* --- annotations ------------------------------------------------------------------------------------------------ */

static int derive(const cJSON *annotations, const cJSON *config, struct rs_err *err)
{
	struct rs_template *template = rs_template_new();
	int r = template ? 0 : rs_err_set(err, -ENOMEM, "out of memory");
	for (const cJSON *item = annotations->child; r == 0 && item; item = item->next) {
		char key[128];
		const char *value = item->valuestring;
		snprintf(key, sizeof(key), "autoscaling.knative.dev/%s", item->string);
		if (strcmp(item->string, "class") == 0 && strcmp(value, "kpa") == 0)
			value = KPA;
		if (strcmp(item->string, "class") == 0 && strcmp(value, "hpa") == 0)
			value = "hpa.autoscaling.knative.dev";
		r = rs_pairs_add(&template->annotations, key, value);
	}
	if (r == 0)
		r = rs_annotations_derive(template, err);
	const cJSON *limit = cJSON_GetObjectItemCaseSensitive(config, "max-scale-limit");
	if (r == 0)
		r = rs_annotations_check_config(template, false,
						cJSON_IsNumber(limit) ? (int32_t)limit->valuedouble : 0, err);
	rs_template_unref(template);
	return r;
}

void check_annotation_validation(struct vector_case *c)
{
	const cJSON *annotations = vector_get(c, c->json, "annotations");
	bool valid = vector_bool(c, c->json, "valid");
	struct rs_err err = {0};
	if (!annotations)
		return;
	const char *class = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(annotations, "class"));
	bool has_other_class = class && strcmp(class, "kpa") != 0;
	int r = derive(annotations, cJSON_GetObjectItemCaseSensitive(c->json, "config"), &err);
	if (has_other_class && r >= 0)
		vector_fail(c, "the class %s was accepted, and nothing of it runs here", class);
	else if (!has_other_class && (r >= 0) != valid)
		vector_fail(c, "%s: %s", valid ? "refused" : "accepted", err.message);
}
