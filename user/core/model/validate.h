/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What makes a Service one that can run here. Types and unknown fields are the
 * codec's business (user/wire); this is about the values.
 */
#ifndef RS_CORE_MODEL_VALIDATE_H
#define RS_CORE_MODEL_VALIDATE_H

#include "core/model/model.h"

/* Derives what comes from annotations, then checks everything. 0, or -EINVAL with "field.path: reason" in err. */
int rs_service_validate(struct rs_service *service, struct rs_err *err);

/* The traffic block alone, for callers that change nothing else (`rouse traffic`). */
int rs_traffic_validate(const struct rs_traffic *traffic, const char *service, struct rs_err *err);

#endif
