/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knative's config-defaults: what a manifest means where it says nothing, and
 * the most that it may say. Like Knative's webhook, the agent fills the
 * defaults in when a manifest arrives; revisions that are there keep theirs.
 * Source: Knative pkg/apis/config/defaults.go.
 */
#ifndef RS_CORE_MODEL_DEFAULTS_H
#define RS_CORE_MODEL_DEFAULTS_H

#include "core/model/model.h"
#include "core/model/setting.h"

struct rs_defaults_config {
	int32_t timeout_seconds;     /* revision-timeout-seconds */
	int32_t timeout_seconds_max; /* max-revision-timeout-seconds */
	int32_t container_concurrency;
	int32_t container_concurrency_max;
	bool allow_concurrency_zero; /* allow-container-concurrency-zero */
	uint64_t cpu_millis;	     /* revision-cpu-limit; 0 = none */
	uint64_t memory_bytes;	     /* revision-memory-limit; 0 = none */
};

extern const struct rs_settings_table rs_defaults_settings;

/* Knative's defaults. */
void rs_defaults_config_init(struct rs_defaults_config *config);
/* The bounds between keys: after the last set. */
int rs_defaults_config_check(const struct rs_defaults_config *config, struct rs_err *err);

/* What the manifest says itself. */
struct rs_defaults_given {
	bool timeout_seconds;
	bool container_concurrency;
	bool cpu;
	bool memory;
};

/* Fills in what is not given, and what is derived from it. */
int rs_defaults_apply(const struct rs_defaults_config *config, const struct rs_defaults_given *given,
		      struct rs_template *template, struct rs_err *err);
/* -EINVAL with the field's path, when the template says more than the configuration allows. */
int rs_defaults_check(const struct rs_defaults_config *config, const struct rs_template *template, struct rs_err *err);

#endif
