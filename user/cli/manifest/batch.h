/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many requests, some of them under way at a time, so that the agent can put
 * many changes on the disk at once. Answers are told in the order of the
 * requests. Two requests for one object are never under way together.
 */
#ifndef RS_CLI_MANIFEST_BATCH_H
#define RS_CLI_MANIFEST_BATCH_H

#include "cli/client.h"

struct rs_batch;

/* Called for each request, in the order of rs_batch_add(). `err` is NULL on success; reply->body and *err are borrowed.
 * `item` is what rs_batch_add() was given. */
typedef void rs_batch_done(void *user, void *item, const struct rs_reply *reply, struct rs_err *err);

/* NULL when out of memory. `client` is borrowed. */
struct rs_batch *rs_batch_new(const struct rs_client *client, rs_batch_done *done, void *user);
/* Drops what is under way. Accepts NULL; returns NULL. */
struct rs_batch *rs_batch_free(struct rs_batch *batch);

/* Sends a request as soon as there is room, and tells the answers that have come until then. `body` is borrowed, and
 * may be NULL. On failure (-ENOMEM) `done` is not called for it. */
int rs_batch_add(struct rs_batch *batch, const char *method, const char *path, const cJSON *body, void *item);
/* Waits for all answers, and tells them. */
void rs_batch_finish(struct rs_batch *batch);

#endif
