// SPDX-License-Identifier: BSD-2-Clause
#include "agent/show/list.h"

#include "agent/watch/journal.h"
#include "agent/show/listing.h"
#include "agent/show/walk.h"
#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define FLOWS_DEFAULT 1000

/* What `each` stops a walk with. */
enum {
	PIECE_IS_FULL = 2,
	LIST_IS_FULL = 3,
};

struct rs_list {
	struct rs_agent *agent;
	struct rs_filter filter;
	struct rs_place place; /* of the walk */
	struct rs_place last;  /* of the last object that is in the list */
	uint64_t limit;	       /* UINT64_MAX = none */
	uint64_t count;
	uint64_t skip; /* events: older than the newest `limit` */
	uint64_t now_ns;
	bool has_begun;
	bool is_over;
	bool has_more; /* than `limit` */
	/* Of the piece in the making. */
	struct rs_buf *out;
	unsigned objects;
};

/* --- pieces ----------------------------------------------------------------------------------------------------- */

static void put_head(struct rs_list *list)
{
	enum rs_api_resource resource = list->filter.resource;
	list->has_begun = true;
	rs_buf_printf(list->out, "{\"apiVersion\":\"%s\",\"kind\":\"%sList\",\"items\":[",
		      rs_listing_api_version(resource), rs_listing_kind(resource));
}

/* Behind the items: only then it is known whether there are more. */
static void put_end(struct rs_list *list)
{
	char token[RS_PLACE_TEXT_SIZE];
	list->is_over = true;
	list->last.version = list->place.version;
	rs_place_print(&list->last, token);
	rs_buf_printf(list->out, "],\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\"", list->place.version);
	if (list->has_more)
		rs_buf_printf(list->out, ",\"continue\":\"%s\"", token);
	rs_buf_puts(list->out, "}}\n");
}

/* One more than the limit is looked for: whether there is one decides whether the list goes on. */
static bool is_full(struct rs_list *list)
{
	list->has_more = list->count >= list->limit;
	return list->has_more;
}

/* Takes the object over. */
static int put(struct rs_list *list, cJSON *object)
{
	rs_auto_free char *text = object ? cJSON_PrintUnformatted(object) : NULL;
	cJSON_Delete(object);
	if (!text)
		return -ENOMEM;
	if (list->count++)
		rs_buf_puts(list->out, ",");
	rs_buf_puts(list->out, text);
	list->last = list->place;
	list->objects++;
	return list->objects >= RS_PIECE_OBJECTS || list->out->length >= RS_PIECE_BYTES ? PIECE_IS_FULL : 0;
}

/* --- each resource ---------------------------------------------------------------------------------------------- */

static int put_object(void *user, void *object)
{
	struct rs_list *list = user;
	return is_full(list) ? LIST_IS_FULL : put(list, rs_walk_print(list->agent, list->filter.resource, object));
}

static int put_hold(void *user, const struct rs_hold *hold)
{
	struct rs_list *list = user;
	if (!rs_view_matches(rs_view_workload(list->agent, hold->revision), list->filter.namespace,
			     list->filter.service))
		return 0;
	return is_full(list) ? LIST_IS_FULL : put(list, rs_view_hold(list->agent, hold, list->now_ns));
}

static int put_flow(void *user, const struct rs_tuple *key, const struct rs_flow *flow)
{
	struct rs_list *list = user;
	if (!rs_view_matches(rs_view_workload(list->agent, flow->revision), list->filter.namespace,
			     list->filter.service))
		return 0;
	return is_full(list) ? LIST_IS_FULL : put(list, rs_view_flow(list->agent, key, flow, list->now_ns));
}

static int put_event(void *user, const struct rs_store_event *event)
{
	struct rs_list *list = user;
	bool takes = rs_filter_takes_event(&list->filter, list->agent, event);
	if (takes && !list->skip && is_full(list))
		return LIST_IS_FULL;
	/* A watch from here on sees what comes after the last one. */
	list->place.number = list->place.version = event->id;
	if (!takes)
		return 0;
	if (list->skip) {
		list->skip--;
		return 0;
	}
	return put(list, rs_view_event(event));
}

static int put_events(struct rs_list *list)
{
	struct rs_err err = {0};
	uint64_t from = list->place.number;
	int r = rs_store_list_events(list->agent->store, from, RS_PIECE_LOOKS, list->filter.namespace,
				     list->filter.kind, NULL, put_event, list, &err);
	if (r < 0)
		return r;
	return list->has_more ? LIST_IS_FULL : list->place.number != from;
}

/* 0 when nothing is left, 1 or PIECE_IS_FULL when something may be, LIST_IS_FULL. */
static int put_some(struct rs_list *list)
{
	switch (list->filter.resource) {
	case RS_API_HOLDS:
		return rs_dp_holds_some(list->agent->dp, &list->place.number, put_hold, list);
	case RS_API_FLOWS:
		return rs_dp_flows_some(list->agent->dp, &list->place.number, put_flow, list);
	case RS_API_EVENTS:
		return put_events(list);
	default:
		return rs_walk(list->agent, &list->filter, &list->place, RS_PIECE_LOOKS, put_object, list);
	}
}

/* --- the source ------------------------------------------------------------------------------------------------- */

static int next(void *user, struct rs_buf *out)
{
	struct rs_list *list = user;
	if (list->is_over)
		return -ENODATA;
	list->out = out;
	list->objects = 0;
	if (!list->has_begun)
		put_head(list);
	int r = put_some(list);
	if (r < 0)
		return r == -ENODATA ? -EIO : r;
	if (r != 0 && r != LIST_IS_FULL)
		return 1;
	put_end(list);
	return -ENODATA;
}

static void done(void *user, enum rs_api_end end)
{
	struct rs_list *list = user;
	(void)end;
	rs_filter_done(&list->filter);
	free(list);
}

static const struct rs_api_source source = {.next = next, .done = done};

/* --- its start -------------------------------------------------------------------------------------------------- */

static int count_event(void *user, const struct rs_store_event *event)
{
	struct rs_list *list = user;
	list->skip += rs_filter_takes_event(&list->filter, list->agent, event);
	return 0;
}

/* A limit without a start means the newest events: how many there are before them. */
static int skip_older_events(struct rs_list *list, struct rs_err *err)
{
	int r = rs_store_list_events(list->agent->store, 0, RS_STORE_EVENTS_MAX, list->filter.namespace,
				     list->filter.kind, NULL, count_event, list, err);
	list->skip = list->skip > list->limit ? list->skip - list->limit : 0;
	return r;
}

/* A page is of a list whose changes since can still be watched. */
static int begin_place(struct rs_list *list, const struct rs_api_request *request, struct rs_err *err)
{
	uint64_t newest = rs_registry_version(list->agent->registry);
	list->place.version = newest;
	if (!request->continues) {
		list->place.number = request->after;
		return 0;
	}
	list->place = request->place;
	list->last = list->place;
	bool is_named = request->resource <= RS_API_INSTANCES;
	if (is_named && (list->place.version < rs_journal_floor(list->agent->journal) || list->place.version > newest))
		return rs_err_set(err, -ESTALE,
				  "the list that this continues is too old: begin it again without continue");
	return 0;
}

static int init(struct rs_list *list, const struct rs_api_request *request, struct rs_err *err)
{
	list->now_ns = rs_now_ns();
	list->limit = request->limit ? request->limit : UINT64_MAX;
	if (request->resource == RS_API_FLOWS && !request->limit)
		list->limit = FLOWS_DEFAULT;
	int r = rs_filter_init(&list->filter, request, err);
	if (r == 0)
		r = begin_place(list, request, err);
	if (r == 0 && request->resource == RS_API_EVENTS && request->limit && !request->after && !request->continues)
		r = skip_older_events(list, err);
	return r < 0 ? r : 0;
}

void rs_list_begin(struct rs_agent *agent, const struct rs_api_request *request)
{
	struct rs_err err = {0};
	struct rs_list *list = calloc(1, sizeof(*list));
	if (!list) {
		rs_err_set(&err, -ENOMEM, "out of memory");
		rs_request_refuse(agent, request, err.code, NULL, &err);
		return;
	}
	list->agent = agent;
	int r = init(list, request, &err);
	if (r < 0) {
		done(list, RS_API_END_LEFT);
		rs_request_refuse(agent, request, r, NULL, &err);
		return;
	}
	rs_api_answer_stream(agent->api, request->token, &source, list);
}
