/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns a spec into the message that a waiting sandbox takes. Pure. */
#ifndef RS_RT_START_H
#define RS_RT_START_H

#include "base/str.h"
#include "rt/rt.h"

/* Appends the START message to `out` (maximum RS_START_BYTES_MAX). `uid`, `gid` are those to run as.
 * -EINVAL with err for a spec that cannot be run, -E2BIG for one that is too long. */
int rs_start_build(struct rs_buf *out, const struct rs_rt_spec *spec, uid_t uid, gid_t gid, struct rs_err *err);

#endif
