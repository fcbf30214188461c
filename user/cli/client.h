/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The agent's API over its Unix socket: one request, one answer. The connection
 * is kept from request to request.
 */
#ifndef RS_CLI_CLIENT_H
#define RS_CLI_CLIENT_H

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

#define RS_CLIENT_SOCKET "/run/rouse/api.sock"

/* An answer larger than this is refused: 10 000 services are about 30 MB. */
#define RS_CLIENT_BODY_MAX (512UL * 1024 * 1024)

struct rs_client {
	const char *socket;
	CURL *curl; /* made by the first request */
};

struct rs_reply {
	int status;	  /* HTTP */
	cJSON *body;	  /* NULL when the answer is not JSON */
	char applied[16]; /* X-Rouse-Applied: created, configured, unchanged, or "" */
};

/* `socket` is borrowed. */
void rs_client_init(struct rs_client *client, const char *socket);
void rs_client_done(struct rs_client *client);

/* Sends `body` (NULL = none) as JSON and waits for the answer, which the caller releases with rs_reply_done().
 * An answer that is no success is a failure, and its Status object's message becomes err's: -ENOENT for 404,
 * -EEXIST or -ESTALE for 409 AlreadyExists or Conflict, -EKEYEXPIRED for 410, -EINVAL for other 4xx, -EAGAIN for 503,
 * -EREMOTEIO for the rest. -ECONNREFUSED when there is no agent. */
int rs_client_call(struct rs_client *client, const char *method, const char *path, const cJSON *body,
		   struct rs_reply *ret_reply, struct rs_err *err);
/* GET, of which the body alone matters. */
int rs_client_get(struct rs_client *client, const char *path, cJSON **ret_body, struct rs_err *err);

void rs_reply_done(struct rs_reply *reply);

/* The same in pieces, for those who have many requests under way (batch.c). NULL when out of memory. `body` is
 * borrowed during the call. */
struct rs_transfer;
struct rs_transfer *rs_transfer_new(const struct rs_client *client, const char *method, const char *path,
				    const cJSON *body);
/* Its handle must not be under way. Accepts NULL; returns NULL. */
struct rs_transfer *rs_transfer_free(struct rs_transfer *transfer);
CURL *rs_transfer_handle(const struct rs_transfer *transfer);
/* After curl has ended it with `code`: as rs_client_call(). */
int rs_transfer_finish(struct rs_transfer *transfer, CURLcode code, struct rs_reply *ret_reply, struct rs_err *err);

/* A transfer to the agent's socket, with what every transfer needs set: for streams (stream.c). NULL when out of
 * memory. */
CURL *rs_client_transfer(const struct rs_client *client, const char *path);
/* What a failed transfer means to a person. Returns err's code. */
int rs_client_explain(const struct rs_client *client, CURL *curl, CURLcode code, struct rs_err *err);
/* What an answer that is no success means; `body` may be NULL. */
int rs_client_refused(int status, const cJSON *body, struct rs_err *err);

/* --- paths -------------------------------------------------------------------------------------------------------- */

/* Appends one segment, with what has a meaning in a path or query escaped. */
int rs_path_escape(struct rs_buf *path, const char *segment);

#endif
