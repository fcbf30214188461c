/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the API: one request with its answer, from the headers to the last
 * byte. For user/agent/api alone.
 *
 *	server.c    the daemon on the loop; connections call into exchange.c
 *	exchange.c  reads, asks the backend, queues the answer
 *	answer.c    what the backend calls
 *	follow.c    answers that are files, and grow
 *	stream.c    answers that are made while they are sent
 */
#ifndef RS_AGENT_API_EXCHANGE_H
#define RS_AGENT_API_EXCHANGE_H

#include "agent/api/api.h"
#include "agent/api/path.h"
#include "agent/api/query.h"
#include "agent/api/tail.h"

#include <microhttpd.h>

/* All bodies that are being read together: a full set of connections must not cost a node its memory. */
#define RS_API_BODIES_MAX (64 * 1024 * 1024)

struct rs_api_exchange {
	struct rs_api *api;
	struct MHD_Connection *connection;
	uint64_t token;
	struct rs_api_target target;
	struct rs_buf body;
	uint64_t excess; /* bytes of the body beyond what is read */
	/* Refused by its headers: answered once the body is past. */
	int refusal; /* HTTP status, 0 = none */
	struct rs_err refusal_err;
	bool is_handled; /* the backend was asked, or an answer made here */
	bool is_suspended;

	struct MHD_Response *response;
	unsigned status;
	const char *applied; /* X-Rouse-Applied, a literal */
	size_t answer_bytes;

	struct rs_tail *tail;
	struct rs_api_stream *stream;
	sd_event_source *hangup; /* notices a client that leaves while nothing is sent */
	bool is_waiting;	 /* suspended until the file, or the source, has news */
	bool is_gone;
	bool is_follower;
};

struct rs_api {
	sd_event *event;
	const struct rs_api_backend *backend;
	void *user;
	char *path;
	int listen_fd;
	bool is_passed; /* listen_fd is systemd's as well */
	struct MHD_Daemon *daemon;
	sd_event_source *io_source;
	sd_event_source *timer;	       /* MHD's own timeouts */
	sd_event_source *follow_timer; /* runs while somebody waits for a file to grow */
	struct rs_api_exchange *exchanges[RS_API_CONNECTIONS_MAX];
	uint64_t serial;
	size_t body_bytes;
	bool is_due;	      /* MHD_run() is, at once */
	unsigned connections; /* as of its last run */
	unsigned followers;   /* of logs, with follow=true */
	uint64_t run_ns;      /* since when it runs */
};

/* server.c */
/* Lets a suspended connection go on, at the loop's next turn. */
void rs_api_resume(struct rs_api_exchange *exchange);

/* exchange.c: libmicrohttpd's callbacks. */
enum MHD_Result rs_api_on_request(void *user, struct MHD_Connection *connection, const char *path, const char *method,
				  const char *version, const char *upload, size_t *upload_size, void **state);
void rs_api_on_completed(void *user, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode how);

/* answer.c */
/* The open exchange of a token that has no answer yet, or NULL. */
struct rs_api_exchange *rs_api_find(struct rs_api *api, uint64_t token);
/* Takes the response over (NULL = out of memory) and lets the connection go on if it waits. */
void rs_api_finish(struct rs_api_exchange *exchange, unsigned status, struct MHD_Response *response);
void rs_api_finish_error(struct rs_api_exchange *exchange, int http_status, const char *reason, const char *message);
void rs_api_finish_json(struct rs_api_exchange *exchange, int http_status, cJSON *body);
void rs_api_finish_text(struct rs_api_exchange *exchange, int http_status, const char *type, struct rs_buf *text);

/* follow.c */
/* Releases what follow.c holds for it. */
void rs_api_follow_done(struct rs_api_exchange *exchange);
/* Resumes it, when it waits. */
void rs_api_follow_wake(struct rs_api_exchange *exchange);
/* From now on a client that leaves is noticed also while nothing is sent. */
int rs_api_follow_hangup(struct rs_api_exchange *exchange);

/* stream.c */
/* Tells the source, and releases what stream.c holds. */
void rs_api_stream_done(struct rs_api_exchange *exchange, enum rs_api_end end);

#endif
