// SPDX-License-Identifier: BSD-2-Clause
/*
 * Answers that are files. The file is read only when the connection has room
 * for more, so a client that does not read costs one block of memory and, after
 * RS_API_IDLE_SECONDS, its connection. While there is nothing to send the
 * connection is suspended, and a timer looks at the file.
 */
#include "agent/api/exchange.h"

#include "sys/timer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#define BLOCK	16384
#define LOOK_US (100 * 1000)

void rs_api_follow_wake(struct rs_api_exchange *exchange)
{
	if (!exchange->is_waiting)
		return;
	exchange->is_waiting = false;
	rs_api_resume(exchange);
}

static int on_look(sd_event_source *source, uint64_t usec, void *user);

static void look_later(struct rs_api *api)
{
	rs_timer_after(api->event, &api->follow_timer, LOOK_US, 10000, on_look, api);
}

static int on_look(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_api *api = user;
	bool anybody_waits = false;
	(void)source;
	(void)usec;
	for (int i = 0; i < RS_API_CONNECTIONS_MAX; i++) {
		struct rs_api_exchange *exchange = api->exchanges[i];
		if (!exchange || !exchange->is_waiting || !exchange->tail)
			continue;
		if (rs_tail_has_news(exchange->tail))
			rs_api_follow_wake(exchange);
		else
			anybody_waits = true;
	}
	if (anybody_waits)
		look_later(api);
	return 0;
}

/* The connection waits for the file: on_look() or on_hangup() resumes it. */
static void wait_for_news(struct rs_api_exchange *exchange)
{
	MHD_suspend_connection(exchange->connection);
	exchange->is_waiting = true;
	if (!rs_timer_is_set(exchange->api->follow_timer))
		look_later(exchange->api);
}

static ssize_t read_block(void *user, uint64_t position, char *out, size_t size)
{
	struct rs_api_exchange *exchange = user;
	(void)position;
	if (exchange->is_gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	ssize_t n = rs_tail_read(exchange->tail, out, size);
	if (n > 0)
		return n;
	if (n == 0) {
		wait_for_news(exchange);
		return 0;
	}
	return n == -ENODATA ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
}

/* A suspended connection is not watched by libmicrohttpd: without this a client that left would stay for as long as
 * the file does not grow. */
static int on_hangup(sd_event_source *source, int fd, uint32_t revents, void *user)
{
	struct rs_api_exchange *exchange = user;
	(void)fd;
	(void)revents;
	exchange->is_gone = true;
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	rs_api_follow_wake(exchange);
	return 0;
}

int rs_api_follow_hangup(struct rs_api_exchange *exchange)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (!info)
		return -ENOTCONN;
	/* No event is asked for: EPOLLHUP comes unasked, and a client that only closed its sending half goes on. */
	return sd_event_add_io(exchange->api->event, &exchange->hangup, info->connect_fd, 0, on_hangup, exchange);
}

static int start(struct rs_api_exchange *exchange, const char *path, const struct rs_tail_options *options)
{
	int r = rs_tail_open(path, options, &exchange->tail);
	if (r < 0 || !options->follow)
		return r;
	exchange->is_follower = true;
	exchange->api->followers++;
	return rs_api_follow_hangup(exchange);
}

void rs_api_follow_done(struct rs_api_exchange *exchange)
{
	exchange->api->followers -= exchange->is_follower;
	exchange->is_follower = false;
	exchange->hangup = sd_event_source_disable_unref(exchange->hangup);
	exchange->tail = rs_tail_free(exchange->tail);
}

void rs_api_answer_file(struct rs_api *api, uint64_t token, const char *path, const struct rs_tail_options *options)
{
	struct rs_api_exchange *exchange = rs_api_find(api, token);
	char message[RS_ERR_MESSAGE_MAX];
	if (!exchange)
		return;
	if (options->follow && exchange->api->followers >= RS_API_FOLLOWERS_MAX) {
		snprintf(message, sizeof(message),
			 "%d logs are being followed, the most that can be: end one, or read without follow",
			 RS_API_FOLLOWERS_MAX);
		rs_api_answer_error(api, token, -EUSERS, NULL, message);
		return;
	}
	int r = start(exchange, path, options);
	if (r < 0) {
		rs_api_follow_done(exchange);
		snprintf(message, sizeof(message), "cannot read %s: %s", path, strerror(-r));
		rs_api_answer_error(api, token, r, NULL, message);
		return;
	}
	struct MHD_Response *response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_block, exchange, NULL);
	if (response) {
		char offset[24];
		snprintf(offset, sizeof(offset), "%" PRIu64, exchange->tail->offset);
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
		/* Whoever is cut off goes on from there and what it has got. */
		MHD_add_response_header(response, "X-Rouse-Log-Offset", offset);
	}
	rs_api_finish(exchange, MHD_HTTP_OK, response);
}

void rs_api_end_follow(struct rs_api *api, const char *path)
{
	for (int i = 0; api && i < RS_API_CONNECTIONS_MAX; i++) {
		struct rs_api_exchange *exchange = api->exchanges[i];
		if (!exchange || !exchange->tail || strcmp(exchange->tail->path, path) != 0)
			continue;
		exchange->tail->ended = true;
		rs_api_follow_wake(exchange);
	}
}
