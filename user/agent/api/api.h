/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The HTTP API on a Unix socket: libmicrohttpd on the agent's loop. This floor
 * parses paths, queries and bodies and prints answers; what they mean is the
 * backend's business (backend.c). docs/api.md describes it for users.
 *
 * Every request has a token. The backend answers it exactly once with
 * rs_api_answer() or rs_api_answer_file(), from inside handle() or later (the
 * connection is suspended until then). A client that goes away is no error: the
 * answer is dropped.
 */
#ifndef RS_AGENT_API_API_H
#define RS_AGENT_API_API_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/api/place.h"
#include "agent/api/tail.h"
#include "base/err.h"
#include "base/str.h"
#include "core/model/model.h"

#define RS_API_BODY_MAX	       (3 * 1024 * 1024) /* Kubernetes' request limit */
#define RS_API_CONNECTIONS_MAX 256
#define RS_API_FOLLOWERS_MAX   128 /* of them: they stay open for as long as they like */
#define RS_API_IDLE_SECONDS    60
#define RS_API_STALL_SECONDS   30 /* of a client that does not read what is made for it while it is sent */

/* What a path names. */
enum rs_api_resource {
	RS_API_SERVICES, /* the first four in the order of enum rs_kind */
	RS_API_CONFIGURATIONS,
	RS_API_REVISIONS,
	RS_API_ROUTES,
	RS_API_INSTANCES, /* /apis/rouse.dev/v1/... */
	RS_API_HOLDS,
	RS_API_FLOWS,
	RS_API_EVENTS, /* /api/v1/.../events */
	RS_API_STATUS, /* /apis/rouse.dev/v1/status */
	RS_API_LOGS,   /* /apis/rouse.dev/v1/.../logs: of running instances and of gone ones */
	RS_API_RESOURCE_COUNT,
};

enum rs_api_verb {
	RS_API_GET,    /* one object */
	RS_API_LIST,   /* all of a namespace, or of all namespaces */
	RS_API_CREATE, /* POST: -EEXIST when there is one */
	RS_API_APPLY,  /* PUT: create or replace */
	RS_API_DELETE,
	RS_API_LOG,   /* GET .../instances/NAME/log, .../logs/NAME/log */
	RS_API_PATCH, /* application/merge-patch+json */
	RS_API_VERB_COUNT,
};

struct rs_api_request {
	uint64_t token; /* never 0 */
	enum rs_api_verb verb;
	enum rs_api_resource resource;
	const char *namespace;	 /* NULL = all namespaces (LIST alone) */
	const char *name;	 /* NULL for LIST and CREATE */
	const cJSON *body;	 /* CREATE, APPLY, PATCH: an object; DELETE: DeleteOptions or NULL; else NULL */
	bool dry_run;		 /* ?dryRun=All */
	const char *service;	 /* ?service=NAME: revisions, instances, events, holds, flows of one service; or NULL */
	const char *kind;	 /* ?kind=Revision: events about one kind; or NULL */
	uint64_t after;		 /* ?after=ID: events newer than that */
	uint64_t limit;		 /* ?limit=N, 0 = the resource's default */
	const char *propagation; /* DELETE: ?propagationPolicy=, NULL = as always */
	/* LIST */
	bool continues; /* ?continue=: from `place` on */
	struct rs_place place;
	const char *label_selector; /* ?labelSelector=, NULL = all */
	const char *field_selector;
	bool watch;	  /* ?watch=true: what changes after `version` */
	bool has_version; /* ?resourceVersion=N; without: all that there is as ADDED, then what changes */
	uint64_t version;
	uint64_t timeout_seconds; /* the watch ends after that; 0 = never */
	bool bookmarks;		  /* ?allowWatchBookmarks, true by default */
	const char *revision;	  /* ?revision=NAME, ?instance=NAME: logs of one; or NULL */
	const char *instance;
	/* LOG: ?tailLines=N, ?offset=N, ?sinceSeconds=N or ?sinceTime=TIME, ?timestamps=true; ?follow=true goes on
	 * until the instance is gone or the client leaves. */
	struct rs_tail_options log;
};

struct rs_api_backend {
	/* Pointers in *request are valid during the call. */
	void (*handle)(void *user, const struct rs_api_request *request);
	/* /metrics: Prometheus text. */
	void (*metrics)(void *user, struct rs_buf *out);
	/* /readyz: true when requests are served; else `out` says why not. */
	bool (*ready)(void *user, struct rs_buf *out);
};

struct rs_api;

/* Listens on `path` (a stale socket of a dead agent is replaced; mode 0660), or serves a socket that listens there
 * already and was passed to us, -1 = none. Takes it over, also on failure. */
int rs_api_new(sd_event *event, const char *path, int passed_fd, const struct rs_api_backend *backend, void *user,
	       struct rs_api **ret_api, struct rs_err *err);
/* Stops listening, drops open requests, removes the socket if it made it. Accepts NULL; returns NULL. */
struct rs_api *rs_api_free(struct rs_api *api);

/* What the header X-Rouse-Applied of the coming answer says: rs_applied_text(). Lost if the answer is an error. */
void rs_api_note_applied(struct rs_api *api, uint64_t token, const char *applied);
/* Answers with `status` (HTTP) and a JSON body, which it takes over (NULL = a 500 that says out of memory). */
void rs_api_answer(struct rs_api *api, uint64_t token, int status, cJSON *body);
/* Answers with a Kubernetes Status object made from a negative errno and a sentence: -ENOENT 404 NotFound,
 * -EEXIST 409 (reason AlreadyExists or Conflict as given), -EINVAL 422 Invalid, -EPERM 403 Forbidden, -EBUSY 409,
 * -ENOSPC 507, -ESTALE 410, -EUSERS 429, -EAGAIN 503, others 500. `reason` NULL = the usual one. */
void rs_api_answer_error(struct rs_api *api, uint64_t token, int code, const char *reason, const char *message);
/* Answers with the text of a log, as the options say. With `follow`, goes on with what is appended, over rotations,
 * until rs_api_end_follow(path) or the client leaves. */
void rs_api_answer_file(struct rs_api *api, uint64_t token, const char *path, const struct rs_tail_options *options);
enum rs_api_end {
	RS_API_END_SENT,    /* all of it */
	RS_API_END_LEFT,    /* the client left, or it broke off */
	RS_API_END_STALLED, /* the client has not read for RS_API_STALL_SECONDS */
};

/* What an answer that is made while it is sent comes from. */
struct rs_api_source {
	/* Appends what comes next: some kilobytes, a millisecond's work. Returns 1 when there may be more, 0 when there
	 * is nothing at the moment (rs_api_wake() when there is), -ENODATA with the last piece, or after it; another
	 * negative errno breaks the answer off. */
	int (*next)(void *user, struct rs_buf *out);
	/* Called once, when the answer is over. */
	void (*done)(void *user, enum rs_api_end end);
};

/* Answers 200 with JSON from a source. Should that not succeed, `done` is called at once. */
void rs_api_answer_stream(struct rs_api *api, uint64_t token, const struct rs_api_source *source, void *user);
/* The token's source has news. */
void rs_api_wake(struct rs_api *api, uint64_t token);
/* Whoever writes `path` is gone: its followers get what is there, then the end. Accepts NULL. */
void rs_api_end_follow(struct rs_api *api, const char *path);

/* Builds {"kind":"Status","apiVersion":"v1","status":"Failure",...} as rs_api_answer_error sends it. */
cJSON *rs_api_status_object(int http_status, const char *reason, const char *message);

#endif
