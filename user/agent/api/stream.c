// SPDX-License-Identifier: BSD-2-Clause
/*
 * Answers that are made while they are sent: long lists, watches. A piece is
 * asked for when the one before it has left, so a client that does not read
 * costs one piece of memory and, after RS_API_STALL_SECONDS, its connection.
 * While there is nothing to send the connection is suspended.
 */
#include "agent/api/exchange.h"

#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK	  16384
#define PIECE_MAX (RS_API_BODY_MAX + 8 * 1024 * 1024) /* the largest object, with escapes and status */
#define TURN_NS	  (2 * RS_NS_PER_MS) /* of one turn of the loop, for the pieces of all answers together */
#define KEEP	  (128 * 1024)	     /* a buffer that grew beyond this is given back */

struct rs_api_stream {
	const struct rs_api_source *source;
	void *user;
	struct rs_buf piece;
	size_t sent;
	bool is_over;
};

/* The next piece. 1 = there is one, 0 = not now, -ENODATA = no more, others = broken off. */
static int refill(struct rs_api_stream *stream)
{
	if (stream->is_over)
		return -ENODATA;
	if (stream->piece.capacity > KEEP)
		rs_buf_done(&stream->piece);
	stream->piece.maximum = PIECE_MAX;
	rs_buf_clear(&stream->piece);
	stream->sent = 0;
	int r = stream->source->next(stream->user, &stream->piece);
	if (r < 0 && r != -ENODATA)
		return r;
	if (stream->piece.error)
		return stream->piece.error;
	stream->is_over = r == -ENODATA;
	if (stream->piece.length)
		return 1;
	return stream->is_over ? -ENODATA : r == 1 ? -EAGAIN : 0;
}

static void pause_for(struct rs_api_exchange *exchange)
{
	MHD_suspend_connection(exchange->connection);
	exchange->is_waiting = true;
}

static ssize_t read_piece(void *user, uint64_t position, char *out, size_t size)
{
	struct rs_api_exchange *exchange = user;
	struct rs_api_stream *stream = exchange->stream;
	(void)position;
	if (exchange->is_gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (stream->sent == stream->piece.length) {
		/* Its turn comes again. */
		bool is_late = rs_now_ns() - exchange->api->run_ns > TURN_NS;
		int r = is_late ? -EAGAIN : refill(stream);
		if (r == 0 || r == -EAGAIN)
			pause_for(exchange);
		/* It looked at much and found nothing: the others first, then on. */
		if (r == -EAGAIN)
			rs_api_follow_wake(exchange);
		if (r == 0 || r == -EAGAIN)
			return 0;
		if (r < 0)
			return r == -ENODATA ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
	}
	size_t left = stream->piece.length - stream->sent;
	if (left > size)
		left = size;
	memcpy(out, stream->piece.data + stream->sent, left);
	stream->sent += left;
	return (ssize_t)left;
}

void rs_api_stream_done(struct rs_api_exchange *exchange, enum rs_api_end end)
{
	struct rs_api_stream *stream = exchange->stream;
	if (!stream)
		return;
	exchange->stream = NULL;
	stream->source->done(stream->user, end);
	rs_buf_done(&stream->piece);
	free(stream);
}

void rs_api_answer_stream(struct rs_api *api, uint64_t token, const struct rs_api_source *source, void *user)
{
	struct rs_api_exchange *exchange = rs_api_find(api, token);
	struct rs_api_stream *stream = exchange ? calloc(1, sizeof(*stream)) : NULL;
	if (!stream || rs_api_follow_hangup(exchange) < 0) {
		free(stream);
		source->done(user, RS_API_END_LEFT);
		rs_api_answer_error(api, token, -EAGAIN, NULL, "out of memory: try again");
		return;
	}
	stream->source = source;
	stream->user = user;
	rs_buf_init(&stream->piece, PIECE_MAX);
	exchange->stream = stream;
	MHD_set_connection_option(exchange->connection, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)RS_API_STALL_SECONDS);
	struct MHD_Response *response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_piece, exchange, NULL);
	if (response)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
	rs_api_finish(exchange, MHD_HTTP_OK, response);
}

void rs_api_wake(struct rs_api *api, uint64_t token)
{
	struct rs_api_exchange *exchange = api ? api->exchanges[token % RS_API_CONNECTIONS_MAX] : NULL;
	if (exchange && exchange->token == token && exchange->stream)
		rs_api_follow_wake(exchange);
}
