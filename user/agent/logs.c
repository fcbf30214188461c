// SPDX-License-Identifier: BSD-2-Clause
/*
 * What instances have written, as the API shows it: also that of instances that
 * are gone and of revisions that were removed, for as long as it is kept.
 */
#include "agent/listing.h"

#include "base/mem.h"
#include "base/str.h"
#include "rt/log_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

/* There are not more than retention leaves, so the list is one piece. */
static cJSON *print_list(const struct search *search, size_t limit)
{
	cJSON *list = cJSON_CreateObject();
	cJSON *metadata = cJSON_AddObjectToObject(list, "metadata");
	bool whole = cJSON_AddStringToObject(list, "apiVersion", rs_listing_api_version(RS_API_LOGS)) &&
		     cJSON_AddStringToObject(list, "kind", "LogList") &&
		     /* They are files, and no objects that have versions. */
		     cJSON_AddStringToObject(metadata, "resourceVersion", "");
	cJSON *items = cJSON_AddArrayToObject(list, "items");
	for (size_t i = 0; whole && i < limit; i++) {
		cJSON *log = rs_view_log(&search->items[i].file);
		whole = log && cJSON_AddItemToArray(items, log);
	}
	if (whole && items)
		return list;
	cJSON_Delete(list);
	return NULL;
}

void rs_logs_list(struct rs_agent *agent, const struct rs_api_request *request)
{
	struct rs_log_filter filter = {
		.namespace = request->namespace,
		.service = request->service,
		.revision = request->revision,
		.instance = request->instance,
	};
	struct search search = {.count = 0};
	struct rs_err err = {0};
	if (search_logs(agent, &filter, &search, &err) < 0) {
		rs_request_refuse(agent, request, err.code, NULL, &err);
		search_done(&search);
		return;
	}
	size_t limit = request->limit && request->limit < search.count ? (size_t)request->limit : search.count;
	rs_api_answer(agent->api, request->token, 200, print_list(&search, limit));
	search_done(&search);
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
