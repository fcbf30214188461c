/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting by a watch, not by asking again and again. */
#ifndef RS_CLI_WAIT_WAIT_UNTIL_H
#define RS_CLI_WAIT_WAIT_UNTIL_H

#include "cli/cli.h"
#include "cli/noun/target.h"
#include "cli/wait/wait_for.h"

/* 0 when it is so; -ETIMEDOUT at the deadline (of rs_now_ns()), with what the object says about itself; -ENOENT when
 * there is no such object; else as rs_watch(). */
int rs_wait_until(struct rs_cli *cli, const struct rs_target *target, const char *namespace,
		  const struct rs_wait_for *wait, uint64_t deadline_ns, struct rs_err *err);

/* RS_WAIT_ZERO and RS_WAIT_INSTANCES, of a service (NULL = any) and revision (NULL = any) that need not be there. */
int rs_wait_until_instances(struct rs_cli *cli, const char *namespace, const char *service, const char *revision,
			    const struct rs_wait_for *wait, uint64_t deadline_ns, struct rs_err *err);

#endif
