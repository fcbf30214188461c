/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The annotations of a template: autoscaling.knative.dev/... as Knative accepts
 * them, serving.knative.dev/progress-deadline and rouse.dev/... What nobody here
 * reads in one of these domains is refused; other domains are free.
 */
#ifndef RS_CORE_MODEL_ANNOTATIONS_H
#define RS_CORE_MODEL_ANNOTATIONS_H

#include "core/model/model.h"

/* Fills what is derived from template->annotations, timeout_seconds and
 * container_concurrency: autoscaling, hold_timeout_ms, stop_signal,
 * grace_ms, pick. -EINVAL with the annotation's path. */
int rs_annotations_derive(struct rs_template *template, struct rs_err *err);

/* The annotations and labels of a Service: refuses those that belong on the template. */
int rs_annotations_check_service(const struct rs_metadata *metadata, struct rs_err *err);

/* What depends on the agent's configuration: allow-zero-initial-scale and max-scale-limit (0 = none). */
int rs_annotations_check_config(const struct rs_template *template, bool allow_zero_initial_scale,
				int32_t max_scale_limit, struct rs_err *err);

#endif
