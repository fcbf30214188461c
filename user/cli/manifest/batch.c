// SPDX-License-Identifier: BSD-2-Clause
#include "cli/manifest/batch.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* As many changes can share one write to the disk; the agent has 256 connections for everyone. */
#define UNDER_WAY_MAX 64
#define WAIT_MS	      1000

struct request {
	struct rs_transfer *transfer;
	char *path;
	void *item;
	bool is_answered;
	struct rs_reply reply;
	struct rs_err err;
};

struct rs_batch {
	const struct rs_client *client;
	CURLM *multi;
	rs_batch_done *done;
	void *user;
	struct request requests[UNDER_WAY_MAX]; /* a ring */
	size_t first, count;
};

struct rs_batch *rs_batch_new(const struct rs_client *client, rs_batch_done *done, void *user)
{
	struct rs_batch *batch = calloc(1, sizeof(*batch));
	if (!batch)
		return NULL;
	*batch = (struct rs_batch){.client = client, .done = done, .user = user, .multi = curl_multi_init()};
	if (!batch->multi || curl_multi_setopt(batch->multi, CURLMOPT_MAXCONNECTS, (long)UNDER_WAY_MAX) != CURLM_OK)
		return rs_batch_free(batch);
	return batch;
}

static struct request *nth(struct rs_batch *batch, size_t index)
{
	return &batch->requests[(batch->first + index) % UNDER_WAY_MAX];
}

static void request_done(struct rs_batch *batch, struct request *request)
{
	if (request->transfer)
		curl_multi_remove_handle(batch->multi, rs_transfer_handle(request->transfer));
	rs_transfer_free(request->transfer);
	rs_reply_done(&request->reply);
	free(request->path);
	*request = (struct request){0};
}

struct rs_batch *rs_batch_free(struct rs_batch *batch)
{
	if (!batch)
		return NULL;
	for (size_t i = 0; i < batch->count; i++)
		request_done(batch, nth(batch, i));
	if (batch->multi)
		curl_multi_cleanup(batch->multi);
	free(batch);
	return NULL;
}

static void take_answer(struct rs_batch *batch, const CURLMsg *message)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct request *request = nth(batch, i);
		if (!request->transfer || rs_transfer_handle(request->transfer) != message->easy_handle)
			continue;
		rs_transfer_finish(request->transfer, message->data.result, &request->reply, &request->err);
		curl_multi_remove_handle(batch->multi, message->easy_handle);
		request->transfer = rs_transfer_free(request->transfer);
		request->is_answered = true;
		return;
	}
}

static void fail_all(struct rs_batch *batch, CURLMcode code)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct request *request = nth(batch, i);
		if (request->is_answered)
			continue;
		rs_err_set(&request->err, -EIO, "the agent at %s: %s", batch->client->socket,
			   curl_multi_strerror(code));
		request->is_answered = true;
	}
}

/* Tells the answers that are next in order. */
static void tell(struct rs_batch *batch)
{
	while (batch->count && nth(batch, 0)->is_answered) {
		struct request *request = nth(batch, 0);
		batch->done(batch->user, request->item, &request->reply, request->err.code ? &request->err : NULL);
		request_done(batch, request);
		batch->first = (batch->first + 1) % UNDER_WAY_MAX;
		batch->count--;
	}
}

static bool take_answers(struct rs_batch *batch)
{
	bool is_news = false;
	int left;
	for (CURLMsg *message; (message = curl_multi_info_read(batch->multi, &left)); is_news = true) {
		if (message->msg == CURLMSG_DONE)
			take_answer(batch, message);
	}
	return is_news;
}

/* Lets the transfers go on; waits for news of one when `must_wait`. */
static void go_on(struct rs_batch *batch, bool must_wait)
{
	int running;
	CURLMcode code = curl_multi_perform(batch->multi, &running);
	bool is_news = take_answers(batch);
	while (code == CURLM_OK && must_wait && running && !is_news) {
		code = curl_multi_poll(batch->multi, NULL, 0, WAIT_MS, NULL);
		if (code == CURLM_OK)
			code = curl_multi_perform(batch->multi, &running);
		is_news = take_answers(batch);
	}
	if (code != CURLM_OK)
		fail_all(batch, code);
	tell(batch);
}

static bool is_under_way(struct rs_batch *batch, const char *path)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (strcmp(nth(batch, i)->path, path) == 0)
			return true;
	}
	return false;
}

int rs_batch_add(struct rs_batch *batch, const char *method, const char *path, const cJSON *body, void *item)
{
	while (batch->count == UNDER_WAY_MAX || is_under_way(batch, path))
		go_on(batch, true);
	struct request request = {
		.transfer = rs_transfer_new(batch->client, method, path, body),
		.path = strdup(path),
		.item = item,
	};
	if (!request.transfer || !request.path ||
	    curl_multi_add_handle(batch->multi, rs_transfer_handle(request.transfer)) != CURLM_OK) {
		rs_transfer_free(request.transfer);
		free(request.path);
		return -ENOMEM;
	}
	*nth(batch, batch->count++) = request;
	go_on(batch, false);
	return 0;
}

void rs_batch_finish(struct rs_batch *batch)
{
	while (batch->count)
		go_on(batch, true);
}
