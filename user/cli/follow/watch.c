// SPDX-License-Identifier: BSD-2-Clause
#include "cli/follow/watch.h"

#include "base/mem.h"
#include "base/time.h"
#include "cli/follow/watch_stream.h"

#include <errno.h>
#include <time.h>

#define RETRY_MS_MIN 50
#define RETRY_MS_MAX 1000

struct watch {
	struct rs_client *client;
	const struct rs_noun *noun;
	struct rs_query query;
	const struct rs_watch_visitor *visitor;
	uint64_t deadline_ns;
	FILE *notices;
	bool has_listed;  /* once */
	bool has_noticed; /* said that the agent is away */
	long retry_ms;
};

const char *rs_change_text(enum rs_change change)
{
	static const char *const texts[RS_CHANGE_COUNT] = {
		[RS_CHANGE_ADDED] = "ADDED", [RS_CHANGE_MODIFIED] = "MODIFIED", [RS_CHANGE_DELETED] = "DELETED"};
	return texts[change];
}

static int on_page(void *user, const cJSON *list, struct rs_err *err)
{
	struct watch *watch = user;
	if (watch->noun == &rs_noun_event)
		watch->query.after = rs_fetch_newest_event(list, watch->query.after);
	return watch->visitor->page(watch->visitor->user, list, err);
}

static int on_change(void *user, enum rs_change change, const cJSON *object, struct rs_err *err)
{
	struct watch *watch = user;
	uint64_t id = (uint64_t)rs_json_number(object, 0, "id");
	/* Something came through: whatever was wrong is over. */
	watch->retry_ms = 0;
	if (watch->noun == &rs_noun_event && id > watch->query.after)
		watch->query.after = id;
	return watch->visitor->changed(watch->visitor->user, change, object, err);
}

/* Whether the agent may be there again later. */
static bool is_passing(int r)
{
	return r == -ECONNREFUSED || r == -EACCES || r == -EIO || r == -EAGAIN || r == -ETIMEDOUT;
}

/* 0 after a pause, -ETIMEDOUT when the deadline comes first. */
static int pause_before_retry(struct watch *watch)
{
	watch->retry_ms = watch->retry_ms ? 2 * watch->retry_ms : RETRY_MS_MIN;
	if (watch->retry_ms > RETRY_MS_MAX)
		watch->retry_ms = RETRY_MS_MAX;
	uint64_t wake_ns = rs_now_ns() + (uint64_t)watch->retry_ms * RS_NS_PER_MS;
	bool is_late = watch->deadline_ns && wake_ns >= watch->deadline_ns;
	if (is_late)
		wake_ns = watch->deadline_ns;
	const struct timespec wake = {.tv_sec = (time_t)(wake_ns / RS_NS_PER_S),
				      .tv_nsec = (long)(wake_ns % RS_NS_PER_S)};
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL);
	return is_late ? -ETIMEDOUT : 0;
}

static void notice(struct watch *watch, bool is_away)
{
	if (watch->has_noticed == is_away)
		return;
	watch->has_noticed = is_away;
	fprintf(watch->notices, is_away ? "The agent at %s went away; waiting for it.\n" : "The agent at %s is back.\n",
		watch->client->socket);
	fflush(watch->notices);
}

/* Lists, waiting for the agent if it must. */
static int list(struct watch *watch, char **ret_version, struct rs_err *err)
{
	for (;;) {
		int r = watch->visitor->begun ? watch->visitor->begun(watch->visitor->user, err) : 0;
		if (r == 0)
			r = rs_fetch_pages(watch->client, watch->noun, &watch->query, on_page, watch, ret_version, err);
		if (r == 0 && watch->visitor->listed)
			r = watch->visitor->listed(watch->visitor->user, err);
		if (r >= 0) {
			notice(watch, false);
			watch->has_listed = true;
			/* A limit is for the past. */
			watch->query.limit = 0;
			return r;
		}
		if (!watch->has_listed || !is_passing(r))
			return r;
		notice(watch, true);
		r = pause_before_retry(watch);
		if (r < 0)
			return r;
	}
}

static int stream(struct watch *watch, const char *version, struct rs_err *err)
{
	rs_auto_free char *path = rs_fetch_watch_path(watch->noun, &watch->query, version);
	if (!path)
		return rs_err_set(err, -ENOMEM, "the name is too long, or memory is out");
	return rs_watch_stream(watch->client, path, on_change, watch, watch->visitor->out, watch->deadline_ns, err);
}

int rs_watch(struct rs_client *client, const struct rs_noun *noun, const struct rs_query *query,
	     const struct rs_watch_visitor *visitor, uint64_t deadline_ns, FILE *notices, struct rs_err *err)
{
	struct watch watch = {.client = client,
			      .noun = noun,
			      .query = *query,
			      .visitor = visitor,
			      .deadline_ns = deadline_ns,
			      .notices = notices};
	for (;;) {
		rs_auto_free char *version = NULL;
		int r = list(&watch, &version, err);
		if (r != 0)
			return r;
		r = stream(&watch, version, err);
		/* A stream ends well when the agent does. */
		if (r != 0 && r != -EKEYEXPIRED && !is_passing(r))
			return r;
		if (deadline_ns && rs_now_ns() >= deadline_ns)
			return -ETIMEDOUT;
		r = pause_before_retry(&watch);
		if (r < 0)
			return r;
	}
}
