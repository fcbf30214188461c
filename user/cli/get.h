/* SPDX-License-Identifier: BSD-2-Clause */
/* `rouse get`, in two files: what there is (get.c), and how it goes on (get_watch.c). */
#ifndef RS_CLI_GET_H
#define RS_CLI_GET_H

#include "cli/cli.h"
#include "cli/fetch.h"
#include "cli/noun/target.h"

/* What a target without a name lists. */
struct rs_query rs_get_query(const struct rs_args *args);

/* Lists (unless --watch-only) and goes on with changes: ends with a failure, or not at all. */
enum rs_exit rs_get_watch(struct rs_cli *cli, const struct rs_args *args, const struct rs_target *target);

#endif
