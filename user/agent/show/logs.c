// SPDX-License-Identifier: BSD-2-Clause
/*
 * What instances have written, as the API shows it: also that of instances that
 * are gone and of revisions that were removed, for as long as it is kept.
 */
#include "agent/show/listing.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "rt/log_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One turn of the loop. */
#define PIECE_NS    RS_NS_PER_MS
#define PIECE_BYTES (16 * 1024)

/* --- the list --------------------------------------------------------------------------------------------------- */

struct found {
	struct rs_log_file file; /* its texts are owned */
};

struct search {
	struct found *items;
	size_t count;
	size_t capacity;
};

static void found_done(struct found *found)
{
	free((char *)found->file.path);
	free((char *)found->file.namespace);
	free((char *)found->file.service);
	free((char *)found->file.revision);
	free((char *)found->file.instance);
	free((char *)found->file.name);
}

static void search_done(struct search *search)
{
	for (size_t i = 0; i < search->count; i++)
		found_done(&search->items[i]);
	free(search->items);
}

static int remember(void *user, const struct rs_log_file *file)
{
	struct search *search = user;
	struct found *grown = rs_grow(search->items, search->count, &search->capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	search->items = grown;
	struct found *found = &search->items[search->count++];
	found->file = *file;
	found->file.path = strdup(file->path);
	found->file.namespace = strdup(file->namespace);
	found->file.service = strdup(file->service);
	found->file.revision = strdup(file->revision);
	found->file.instance = strdup(file->instance);
	found->file.name = strdup(file->name);
	bool whole = found->file.path && found->file.namespace && found->file.service && found->file.revision &&
		     found->file.instance && found->file.name;
	return whole ? 0 : -ENOMEM;
}

/* In the order in which they were begun. */
static int compare(const void *a, const void *b)
{
	const struct rs_log_file *x = &((const struct found *)a)->file, *y = &((const struct found *)b)->file;
	if (x->started_ms != y->started_ms)
		return x->started_ms < y->started_ms ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int search_logs(struct rs_agent *agent, const struct rs_log_filter *filter, struct search *search,
		       struct rs_err *err)
{
	rs_auto_free char *logs = rs_str_format("%s/logs", agent->options->state_dir);
	int r = logs ? rs_log_list_each(logs, filter, remember, search) : -ENOMEM;
	if (r < 0)
		return rs_err_set(err, r, "cannot look through the logs: %s", strerror(-r));
	if (search->count)
		qsort(search->items, search->count, sizeof(*search->items), compare);
	return 0;
}

/* Services are looked through one after another, and what each has is sent before the next: however many there are, the
 * agent's loop goes on between them. */
struct listing {
	struct rs_agent *agent;
	struct rs_log_filter filter; /* its texts are owned */
	struct place {
		char *namespace;
		char *service;
	} * services;
	size_t service_count, service_capacity;
	size_t next; /* service */
	struct search search;
	bool is_whole; /* sorted as a whole: what one instance's name stands for has lain in several services */
	size_t limit, printed;
	bool has_begun;
};

static void listing_done(void *user, enum rs_api_end end)
{
	struct listing *listing = user;
	(void)end;
	for (size_t i = 0; i < listing->service_count; i++) {
		free(listing->services[i].namespace);
		free(listing->services[i].service);
	}
	free(listing->services);
	free((char *)listing->filter.namespace);
	free((char *)listing->filter.service);
	free((char *)listing->filter.revision);
	free((char *)listing->filter.instance);
	search_done(&listing->search);
	free(listing);
}

static int add_service(void *user, const char *namespace, const char *service)
{
	struct listing *listing = user;
	struct place *grown =
		rs_grow(listing->services, listing->service_count, &listing->service_capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	listing->services = grown;
	struct place *place = &listing->services[listing->service_count++];
	*place = (struct place){.namespace = strdup(namespace), .service = strdup(service)};
	return place->namespace && place->service ? 0 : -ENOMEM;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = strcmp(x->namespace, y->namespace);
	return order ? order : strcmp(x->service, y->service);
}

static int print_found(struct listing *listing, struct rs_buf *out)
{
	struct search *search = &listing->search;
	for (size_t i = 0; i < search->count && listing->printed < listing->limit; i++) {
		cJSON *log = rs_view_log(&search->items[i].file);
		rs_auto_free char *text = log ? cJSON_PrintUnformatted(log) : NULL;
		cJSON_Delete(log);
		if (!text)
			return -ENOMEM;
		rs_buf_puts(out, listing->printed++ ? "," : "");
		rs_buf_puts(out, text);
	}
	search_done(search);
	*search = (struct search){0};
	return 0;
}

static int look_through(struct listing *listing, struct rs_buf *out)
{
	const struct place *place = &listing->services[listing->next++];
	struct rs_log_filter filter = listing->filter;
	struct rs_err err = {0};
	filter.namespace = place->namespace;
	filter.service = place->service;
	int r = search_logs(listing->agent, &filter, &listing->search, &err);
	return r < 0 || listing->is_whole ? r : print_found(listing, out);
}

static int listing_next(void *user, struct rs_buf *out)
{
	struct listing *listing = user;
	uint64_t end_ns = rs_now_ns() + PIECE_NS;
	int r = 0;
	if (!listing->has_begun)
		rs_buf_printf(out, "{\"apiVersion\":\"%s\",\"kind\":\"LogList\",\"items\":[",
			      rs_listing_api_version(RS_API_LOGS));
	listing->has_begun = true;
	while (r == 0 && listing->next < listing->service_count && listing->printed < listing->limit) {
		r = look_through(listing, out);
		if (r == 0 && (rs_now_ns() >= end_ns || out->length >= PIECE_BYTES))
			return 1;
	}
	if (r == 0)
		r = print_found(listing, out);
	if (r < 0)
		return r == -ENODATA ? -EIO : r;
	/* They are files, and no objects that have versions. */
	rs_buf_puts(out, "],\"metadata\":{\"resourceVersion\":\"\"}}\n");
	return -ENODATA;
}

static const struct rs_api_source listing_source = {.next = listing_next, .done = listing_done};

static int keep(const char **ret_copy, const char *text)
{
	*ret_copy = text ? strdup(text) : NULL;
	return text && !*ret_copy ? -ENOMEM : 0;
}

static int listing_begin(struct listing *listing, const struct rs_api_request *request)
{
	struct rs_log_filter *filter = &listing->filter;
	rs_auto_free char *logs = rs_str_format("%s/logs", listing->agent->options->state_dir);
	listing->limit = request->limit ? (size_t)request->limit : SIZE_MAX;
	listing->is_whole = request->instance != NULL;
	if (!logs || keep(&filter->namespace, request->namespace) < 0 || keep(&filter->service, request->service) < 0 ||
	    keep(&filter->revision, request->revision) < 0 || keep(&filter->instance, request->instance) < 0)
		return -ENOMEM;
	int r = rs_log_list_services(logs, filter, add_service, listing);
	if (r == 0 && listing->service_count)
		qsort(listing->services, listing->service_count, sizeof(*listing->services), compare_places);
	return r;
}

void rs_logs_list(struct rs_agent *agent, const struct rs_api_request *request)
{
	struct rs_err err = {0};
	struct listing *listing = calloc(1, sizeof(*listing));
	if (listing)
		listing->agent = agent;
	int r = listing ? listing_begin(listing, request) : -ENOMEM;
	if (r < 0) {
		rs_err_set(&err, r, "cannot look through the logs: %s", strerror(-r));
		rs_request_refuse(agent, request, err.code, NULL, &err);
		if (listing)
			listing_done(listing, RS_API_END_LEFT);
		return;
	}
	rs_api_answer_stream(agent->api, request->token, &listing_source, listing);
}

/* --- one -------------------------------------------------------------------------------------------------------- */

void rs_logs_answer(struct rs_agent *agent, const struct rs_api_request *request)
{
	bool is_instance = request->resource == RS_API_INSTANCES;
	/* An instance's name is used again; the youngest log is meant. */
	struct rs_log_filter filter = {
		.namespace = request->namespace,
		.instance = is_instance ? request->name : NULL,
		.name = is_instance ? NULL : request->name,
	};
	struct search search = {.count = 0};
	struct rs_err err = {0};
	if (search_logs(agent, &filter, &search, &err) < 0)
		rs_request_refuse(agent, request, err.code, NULL, &err);
	else if (!search.count)
		rs_request_not_found(agent, request, is_instance ? "The log of the instance" : "Log");
	if (search.count && err.code == 0) {
		const struct rs_log_file *file = &search.items[search.count - 1].file;
		rs_api_answer_file(agent->api, request->token, file->path, &request->log);
		if (!file->is_written)
			rs_api_end_follow(agent->api, file->path);
	}
	search_done(&search);
}
