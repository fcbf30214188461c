// SPDX-License-Identifier: BSD-2-Clause
#include "agent/watch/watch.h"

#include "agent/watch/journal.h"
#include "agent/show/listing.h"
#include "agent/watch/shown.h"
#include "agent/show/walk.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "sys/timer.h"
#include "wire/service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BOOKMARK_NS   (30 * RS_NS_PER_S)
#define TIMER_LATE_US (200 * 1000)

struct rs_watches {
	struct rs_agent *agent;
	struct rs_watch *first;
	sd_event_source *timer; /* the next bookmark or end */
	struct rs_watch_counters counters;
};

struct rs_watch {
	struct rs_watches *watches;
	struct rs_watch *next;
	struct rs_filter filter;
	uint64_t token;
	bool is_first_list; /* what there is, before what changes */
	bool is_recalling;  /* which objects its client knows, before what changes */
	bool remembers;	    /* it selects by labels, and these may change */
	struct rs_shown shown;
	struct rs_place listed;
	uint64_t place;	  /* in the journal */
	uint64_t version; /* everything up to this one is sent, or is not for this watch */
	/* The version up to which its client knows the objects: what was born later is ADDED. Moves when all is sent.
	 */
	uint64_t known;
	uint64_t ends_ns;     /* 0 = never */
	uint64_t bookmark_ns; /* 0 = never */
	bool has_sent;	      /* since the last bookmark */
	bool is_over;
	/* Of the piece in the making. */
	struct rs_buf *out;
	unsigned objects;
};

/* --- lines ------------------------------------------------------------------------------------------------------ */

static int put_text(struct rs_watch *watch, const char *type, const char *object)
{
	rs_buf_puts(watch->out, "{\"type\":\"");
	rs_buf_puts(watch->out, type);
	rs_buf_puts(watch->out, "\",\"object\":");
	rs_buf_puts(watch->out, object);
	watch->objects++;
	watch->has_sent = true;
	return rs_buf_puts(watch->out, "}\n");
}

/* Takes the object over. */
static int put(struct rs_watch *watch, const char *type, cJSON *object)
{
	rs_auto_free char *text = object ? cJSON_PrintUnformatted(object) : NULL;
	cJSON_Delete(object);
	return text ? put_text(watch, type, text) : -ENOMEM;
}

static bool is_full(const struct rs_watch *watch)
{
	return watch->objects >= RS_PIECE_OBJECTS || watch->out->length >= RS_PIECE_BYTES;
}

/* The last line: the client lists again, and watches from there. */
static int put_expired(struct rs_watch *watch, const char *message)
{
	watch->is_over = true;
	watch->watches->counters.expired++;
	return put(watch, "ERROR", rs_api_status_object(410, "Expired", message));
}

static int put_bookmark(struct rs_watch *watch)
{
	char text[256];
	watch->bookmark_ns = rs_now_ns() + BOOKMARK_NS;
	snprintf(text, sizeof(text),
		 "{\"apiVersion\":\"%s\",\"kind\":\"%s\",\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\"}}",
		 rs_listing_api_version(watch->filter.resource), rs_listing_kind(watch->filter.resource),
		 watch->version);
	return put_text(watch, "BOOKMARK", text);
}

/* --- the journal ------------------------------------------------------------------------------------------------ */

static void *find(const struct rs_watch *watch, const struct rs_journal_entry *entry)
{
	struct rs_agent *agent = watch->watches->agent;
	if (entry->resource == RS_API_INSTANCES)
		return rs_instance_by_id(agent, entry->instance);
	return rs_registry_find(agent->registry, (enum rs_kind)entry->resource, entry->namespace, entry->name);
}

/* The owner of what is gone stands in its labels; a Service is its own. */
static bool owner_matches(const struct rs_watch *watch, const cJSON *object, const char *name)
{
	const cJSON *labels =
		cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(object, "metadata"), "labels");
	const char *owner =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(labels, "serving.knative.dev/service"));
	return rs_filter_takes_owner(&watch->filter, owner ? owner : name);
}

static const char *label_of_json(const void *object, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static int put_deleted(struct rs_watch *watch, const struct rs_journal_entry *entry)
{
	cJSON *object = entry->last ? cJSON_Parse(entry->last) : NULL;
	const cJSON *labels =
		cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(object, "metadata"), "labels");
	int r = 0;
	if (!object)
		r = -ENOMEM;
	else if (watch->remembers ? rs_shown_remove(&watch->shown, entry->namespace, entry->name)
				  : owner_matches(watch, object, entry->name) &&
					    rs_selector_matches(watch->filter.labels, label_of_json, labels))
		r = put_text(watch, "DELETED", entry->last);
	cJSON_Delete(object);
	return r;
}

/* An object may come into the selection, and leave it. */
static int put_selected(struct rs_watch *watch, const struct rs_journal_entry *entry, void *object)
{
	bool was_shown = rs_shown_has(&watch->shown, entry->namespace, entry->name);
	if (!rs_filter_takes(&watch->filter, object)) {
		if (!rs_shown_remove(&watch->shown, entry->namespace, entry->name))
			return 0;
		return put(watch, "DELETED", rs_wire_metadata_print((enum rs_kind)entry->resource, object));
	}
	if (rs_shown_add(&watch->shown, entry->namespace, entry->name) < 0)
		return -ENOMEM;
	return put(watch, was_shown ? "MODIFIED" : "ADDED",
		   rs_walk_print(watch->watches->agent, entry->resource, object));
}

static int put_entry(struct rs_watch *watch, const struct rs_journal_entry *entry)
{
	enum rs_api_resource resource = watch->filter.resource;
	if (entry->resource != resource || !rs_filter_takes_place(&watch->filter, entry->namespace, entry->name))
		return 0;
	if (entry->touch == RS_TOUCH_DELETED)
		return put_deleted(watch, entry);
	void *object = find(watch, entry);
	/* Else a newer entry has it. */
	if (!object || rs_walk_version(resource, object) != entry->version)
		return 0;
	if (watch->remembers)
		return put_selected(watch, entry, object);
	if (!rs_filter_takes(&watch->filter, object))
		return 0;
	return put(watch, entry->born > watch->known ? "ADDED" : "MODIFIED",
		   rs_walk_print(watch->watches->agent, resource, object));
}

/* 1 = there may be more, 0 = all is sent. */
static int next_changes(struct rs_watch *watch)
{
	const struct rs_journal *journal = watch->watches->agent->journal;
	if (rs_journal_has_lost(journal, watch->place))
		return put_expired(watch,
				   "this watch was slower than the changes, and some that it had not read are gone: "
				   "list again and watch from there");
	for (unsigned looks = 0; !is_full(watch) && looks < RS_PIECE_LOOKS; looks++) {
		const struct rs_journal_entry *entry = rs_journal_at(journal, watch->place);
		if (!entry) {
			watch->known = watch->version = rs_registry_version(watch->watches->agent->registry);
			return 0;
		}
		int r = put_entry(watch, entry);
		if (r < 0)
			return r;
		watch->place++;
		watch->version = entry->version;
	}
	return 1;
}

/* --- what there is ---------------------------------------------------------------------------------------------- */

static int put_first(void *user, void *object)
{
	struct rs_watch *watch = user;
	const struct rs_place *place = &watch->listed;
	if (watch->remembers && rs_shown_add(&watch->shown, place->namespace, place->name) < 0)
		return -ENOMEM;
	int r = put(watch, "ADDED", rs_walk_print(watch->watches->agent, watch->filter.resource, object));
	return r < 0 ? r : is_full(watch);
}

static int next_first(struct rs_watch *watch)
{
	int r = rs_walk(watch->watches->agent, &watch->filter, &watch->listed, RS_PIECE_LOOKS, put_first, watch);
	if (r == 0)
		watch->is_first_list = false;
	return r < 0 ? r : 1;
}

/* The client has listed before: it knows what matched as of its version. What has changed since may have matched then:
 * better one deletion too many is told than one too few. */
static int recall(void *user, void *object)
{
	struct rs_watch *watch = user;
	const struct rs_journal *journal = watch->watches->agent->journal;
	const struct rs_metadata *metadata = object;
	bool has_changed = metadata->resource_version > watch->known;
	const struct rs_journal_entry *entry =
		has_changed ? rs_journal_at(journal, rs_journal_place(journal, metadata->resource_version - 1)) : NULL;
	if ((entry && entry->born > watch->known) || !rs_filter_takes_fixed(&watch->filter, object) ||
	    (!has_changed && !rs_filter_takes_labels(&watch->filter, object)))
		return 0;
	return rs_shown_add(&watch->shown, metadata->namespace, metadata->name);
}

static int next_recalled(struct rs_watch *watch)
{
	struct rs_filter all = {.resource = watch->filter.resource};
	int r = rs_walk(watch->watches->agent, &all, &watch->listed, RS_PIECE_LOOKS, recall, watch);
	if (r == 0)
		watch->is_recalling = false;
	return r < 0 ? r : 1;
}

/* --- events ----------------------------------------------------------------------------------------------------- */

static int put_event(void *user, const struct rs_store_event *event)
{
	struct rs_watch *watch = user;
	watch->version = event->id;
	if (!rs_filter_takes_event(&watch->filter, watch->watches->agent, event))
		return 0;
	int r = put(watch, "ADDED", rs_view_event(event));
	return r < 0 ? r : is_full(watch);
}

static int next_events(struct rs_watch *watch)
{
	const struct rs_filter *filter = &watch->filter;
	struct rs_err err = {0};
	uint64_t from = watch->version;
	int r = rs_store_list_events(watch->watches->agent->store, from, RS_PIECE_LOOKS, filter->namespace,
				     filter->kind, NULL, put_event, watch, &err);
	if (r < 0)
		return r;
	return watch->version != from;
}

/* --- the source ------------------------------------------------------------------------------------------------- */

static void set_timer(struct rs_watches *watches);

static int next(void *user, struct rs_buf *out)
{
	struct rs_watch *watch = user;
	uint64_t now_ns = rs_now_ns();
	int r;
	if (watch->is_over)
		return -ENODATA;
	watch->out = out;
	watch->objects = 0;
	if (watch->filter.resource == RS_API_EVENTS)
		r = next_events(watch);
	else
		r = watch->is_first_list  ? next_first(watch)
		    : watch->is_recalling ? next_recalled(watch)
					  : next_changes(watch);
	if (r == 0 && watch->bookmark_ns && now_ns >= watch->bookmark_ns)
		r = put_bookmark(watch);
	/* What has changed until now is sent, then it ends. */
	if (r == 0 && watch->ends_ns && now_ns >= watch->ends_ns)
		watch->is_over = true;
	return r < 0 ? r : watch->is_over ? -ENODATA : r;
}

static void done(void *user, enum rs_api_end end)
{
	struct rs_watch *watch = user;
	struct rs_watches *watches = watch->watches;
	for (struct rs_watch **at = &watches->first; *at; at = &(*at)->next) {
		if (*at == watch) {
			*at = watch->next;
			watches->counters.open--;
			break;
		}
	}
	if (end == RS_API_END_STALLED) {
		watches->counters.stalled++;
		rs_warn("a watch ended: its client does not read resource=%s version=%" PRIu64 " seconds=%d",
			rs_listing_plural(watch->filter.resource), watch->version, RS_API_STALL_SECONDS);
	}
	rs_filter_done(&watch->filter);
	rs_shown_done(&watch->shown);
	free(watch);
	set_timer(watches);
}

static const struct rs_api_source source = {.next = next, .done = done};

/* --- all of them ------------------------------------------------------------------------------------------------ */

static void wake(struct rs_watches *watches, enum rs_api_resource resource)
{
	for (struct rs_watch *watch = watches->first; watch; watch = watch->next) {
		if (watch->filter.resource == resource)
			rs_api_wake(watches->agent->api, watch->token);
	}
}

static void on_changed(void *user, enum rs_api_resource resource)
{
	wake(user, resource);
}

static void on_events(void *user)
{
	wake(user, RS_API_EVENTS);
}

static uint64_t due_ns(const struct rs_watch *watch)
{
	uint64_t due = UINT64_MAX;
	if (watch->bookmark_ns)
		due = watch->bookmark_ns;
	if (watch->ends_ns && watch->ends_ns < due)
		due = watch->ends_ns;
	return due;
}

static int on_timer(sd_event_source *timer, uint64_t usec, void *user)
{
	struct rs_watches *watches = user;
	uint64_t now_ns = rs_now_ns();
	(void)timer;
	(void)usec;
	for (struct rs_watch *watch = watches->first; watch; watch = watch->next) {
		if (due_ns(watch) > now_ns)
			continue;
		rs_api_wake(watches->agent->api, watch->token);
	}
	set_timer(watches);
	return 0;
}

static void set_timer(struct rs_watches *watches)
{
	uint64_t at_ns = UINT64_MAX, now_ns = rs_now_ns();
	for (const struct rs_watch *watch = watches->first; watch; watch = watch->next) {
		if (due_ns(watch) < at_ns)
			at_ns = due_ns(watch);
	}
	if (at_ns == UINT64_MAX) {
		watches->timer = sd_event_source_disable_unref(watches->timer);
		return;
	}
	/* One that does not read stays due: once a second is enough for it. */
	if (at_ns < now_ns)
		at_ns = now_ns + RS_NS_PER_S;
	rs_timer_at(watches->agent->event, &watches->timer, at_ns, TIMER_LATE_US, on_timer, watches);
}

/* --- its start -------------------------------------------------------------------------------------------------- */

static int refuse(struct rs_agent *agent, const struct rs_api_request *request, int code, const char *reason,
		  const char *message)
{
	rs_api_answer_error(agent->api, request->token, code, reason, message);
	return code;
}

static int check_version(struct rs_agent *agent, const struct rs_api_request *request)
{
	char message[RS_ERR_MESSAGE_MAX];
	uint64_t floor = rs_journal_floor(agent->journal), newest = rs_registry_version(agent->registry);
	if (request->resource == RS_API_EVENTS || !request->has_version)
		return 0;
	if (request->version >= floor && request->version <= newest)
		return 0;
	snprintf(message, sizeof(message),
		 "the version %" PRIu64 " is %s; changes since %" PRIu64 " are known: list again and watch from there",
		 request->version, request->version < floor ? "too old" : "none that this agent has given", floor);
	return refuse(agent, request, -ESTALE, "Expired", message);
}

static struct rs_watch *new_watch(struct rs_agent *agent, const struct rs_api_request *request, struct rs_err *err)
{
	struct rs_watch *watch = calloc(1, sizeof(*watch));
	if (!watch) {
		rs_err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	if (rs_filter_init(&watch->filter, request, err) < 0) {
		free(watch);
		return NULL;
	}
	uint64_t now_ns = rs_now_ns();
	watch->watches = agent->watches;
	watch->token = request->token;
	watch->bookmark_ns = request->bookmarks ? now_ns + BOOKMARK_NS : 0;
	if (request->timeout_seconds && request->timeout_seconds < UINT32_MAX)
		watch->ends_ns = now_ns + request->timeout_seconds * RS_NS_PER_S;
	if (request->resource == RS_API_EVENTS) {
		watch->version =
			request->has_version && request->version > request->after ? request->version : request->after;
		return watch;
	}
	watch->is_first_list = !request->has_version;
	watch->remembers = watch->filter.labels && request->resource != RS_API_INSTANCES;
	watch->is_recalling = watch->remembers && request->has_version;
	watch->version = request->has_version ? request->version : rs_registry_version(agent->registry);
	watch->known = watch->version;
	watch->place = rs_journal_place(agent->journal, watch->version);
	return watch;
}

void rs_watch_begin(struct rs_agent *agent, const struct rs_api_request *request)
{
	struct rs_watches *watches = agent->watches;
	struct rs_err err = {0};
	char message[128];
	if (watches->counters.open >= RS_WATCHES_MAX) {
		watches->counters.refused++;
		snprintf(message, sizeof(message),
			 "%d watches are open, the most that there are: end one, or try again", RS_WATCHES_MAX);
		refuse(agent, request, -EUSERS, NULL, message);
		return;
	}
	if (check_version(agent, request) < 0)
		return;
	struct rs_watch *watch = new_watch(agent, request, &err);
	if (!watch) {
		rs_request_refuse(agent, request, err.code, NULL, &err);
		return;
	}
	watch->next = watches->first;
	watches->first = watch;
	watches->counters.open++;
	watches->counters.begun++;
	set_timer(watches);
	rs_api_answer_stream(agent->api, request->token, &source, watch);
}

struct rs_watch_counters rs_watches_counters(const struct rs_watches *watches)
{
	return watches ? watches->counters : (struct rs_watch_counters){0};
}

int rs_watches_new(struct rs_agent *agent, struct rs_watches **ret_watches)
{
	struct rs_watches *watches = calloc(1, sizeof(*watches));
	if (!watches)
		return -ENOMEM;
	watches->agent = agent;
	rs_journal_listen(agent->journal, on_changed, watches);
	rs_store_listen(agent->store, on_events, watches);
	*ret_watches = watches;
	return 0;
}

struct rs_watches *rs_watches_free(struct rs_watches *watches)
{
	if (!watches)
		return NULL;
	sd_event_source_disable_unref(watches->timer);
	rs_journal_listen(watches->agent->journal, NULL, NULL);
	rs_store_listen(watches->agent->store, NULL, NULL);
	free(watches);
	return NULL;
}
