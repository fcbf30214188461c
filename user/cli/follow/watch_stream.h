/* SPDX-License-Identifier: BSD-2-Clause */
/* One transfer of the API's watch: a line of JSON for each change, until it ends. */
#ifndef RS_CLI_FOLLOW_WATCH_STREAM_H
#define RS_CLI_FOLLOW_WATCH_STREAM_H

#include "cli/follow/watch.h"

/* Calls `changed` for each change, until it returns something other than 0, which is returned. 0 when the server ends
 * the stream; -EKEYEXPIRED when the version is too old to go on from; -ETIMEDOUT at the deadline (0 = none);
 * -EPIPE when nobody reads `out` (may be NULL) any more; else as rs_client_call(). */
int rs_watch_stream(const struct rs_client *client, const char *path,
		    int (*changed)(void *user, enum rs_change change, const cJSON *object, struct rs_err *err),
		    void *user, FILE *out, uint64_t deadline_ns, struct rs_err *err);

#endif
