// SPDX-License-Identifier: BSD-2-Clause
#include "cli/fetch.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES_MAX 4096

static void append_collection(struct rs_buf *path, const struct rs_noun *noun, const char *namespace)
{
	rs_buf_puts(path, noun->api);
	if (namespace) {
		rs_buf_puts(path, "/namespaces/");
		rs_path_escape(path, namespace);
	}
	rs_buf_printf(path, "/%s", noun->plural);
}

char *rs_fetch_path(const struct rs_noun *noun, const char *namespace, const char *name)
{
	struct rs_buf path;
	rs_buf_init(&path, PATH_BYTES_MAX);
	append_collection(&path, noun, namespace);
	rs_buf_puts(&path, "/");
	rs_path_escape(&path, name);
	char *text = rs_buf_take(&path);
	rs_buf_done(&path);
	return text;
}

static void append_parameter(struct rs_buf *path, const char *key, const char *value)
{
	if (!value)
		return;
	rs_buf_printf(path, "%c%s=", path->data && strchr(path->data, '?') ? '&' : '?', key);
	rs_path_escape(path, value);
}

static void append_query(struct rs_buf *path, const struct rs_noun *noun, const struct rs_query *query)
{
	append_collection(path, noun, query->namespace);
	if (noun->has_services)
		append_parameter(path, "service", query->service);
	append_parameter(path, "labelSelector", query->selector);
	if (query->name) {
		rs_auto_free char *selector = rs_str_format("metadata.name=%s", query->name);
		append_parameter(path, "fieldSelector", selector ? selector : "");
	}
	if (query->after) {
		char after[24];
		snprintf(after, sizeof(after), "%" PRIu64, query->after);
		append_parameter(path, "after", after);
	}
}

static char *take_path(struct rs_buf *path)
{
	char *text = rs_buf_take(path);
	rs_buf_done(path);
	return text;
}

/* `token` is where the page before ended, NULL for the first. */
static char *page_path(const struct rs_noun *noun, const struct rs_query *query, long long limit, const char *token)
{
	struct rs_buf path;
	char number[24];
	rs_buf_init(&path, PATH_BYTES_MAX);
	append_query(&path, noun, query);
	snprintf(number, sizeof(number), "%lld", limit);
	append_parameter(&path, "limit", limit > 0 ? number : NULL);
	append_parameter(&path, "continue", token);
	return take_path(&path);
}

char *rs_fetch_watch_path(const struct rs_noun *noun, const struct rs_query *query, const char *version)
{
	struct rs_buf path;
	rs_buf_init(&path, PATH_BYTES_MAX);
	append_query(&path, noun, query);
	append_parameter(&path, "watch", "true");
	if (noun != &rs_noun_event)
		append_parameter(&path, "resourceVersion", version);
	return take_path(&path);
}

int rs_fetch_object(struct rs_client *client, const struct rs_noun *noun, const char *namespace, const char *name,
		    cJSON **ret_object, struct rs_err *err)
{
	rs_auto_free char *path = rs_fetch_path(noun, namespace, name);
	if (!path)
		return rs_err_set(err, -ENOMEM, "the name is too long, or memory is out");
	return rs_client_get(client, path, ret_object, err);
}

static int fetch_page(struct rs_client *client, const struct rs_noun *noun, const struct rs_query *query,
		      long long limit, const char *token, cJSON **ret_list, struct rs_err *err)
{
	rs_auto_free char *path = page_path(noun, query, limit, token);
	if (!path)
		return rs_err_set(err, -ENOMEM, "the name is too long, or memory is out");
	return rs_client_get(client, path, ret_list, err);
}

uint64_t rs_fetch_newest_event(const cJSON *list, uint64_t id)
{
	const cJSON *event;
	cJSON_ArrayForEach (event, rs_json_get(list, "items")) {
		uint64_t own = (uint64_t)rs_json_number(event, 0, "id");
		if (own > id)
			id = own;
	}
	return id;
}

/* The server gives the oldest events first, a page at a time; a limit here means the newest. */
static int fetch_events(struct rs_client *client, struct rs_query query, cJSON **ret_list, struct rs_err *err)
{
	cJSON *list = NULL;
	int r = fetch_page(client, &rs_noun_event, &query, 0, NULL, &list, err);
	cJSON *items = cJSON_GetObjectItemCaseSensitive(list, "items");
	for (bool has_more = cJSON_GetArraySize(items) > 0; r == 0 && has_more;) {
		rs_auto_json cJSON *page = NULL;
		uint64_t newest = rs_fetch_newest_event(list, query.after);
		if (newest == query.after)
			break;
		query.after = newest;
		r = fetch_page(client, &rs_noun_event, &query, 0, NULL, &page, err);
		cJSON *more = cJSON_GetObjectItemCaseSensitive(page, "items");
		has_more = cJSON_GetArraySize(more) > 0;
		while (cJSON_GetArraySize(more) > 0)
			cJSON_AddItemToArray(items, cJSON_DetachItemFromArray(more, 0));
	}
	for (int excess = query.limit > 0 ? cJSON_GetArraySize(items) - (int)query.limit : 0; excess > 0; excess--)
		cJSON_DeleteItemFromArray(items, 0);
	if (r < 0)
		cJSON_Delete(list);
	else
		*ret_list = list;
	return r;
}

static int fetch_all_events(struct rs_client *client, const struct rs_query *query, rs_page_fn page, void *user,
			    struct rs_err *err)
{
	rs_auto_json cJSON *list = NULL;
	int r = fetch_events(client, *query, &list, err);
	return r < 0 ? r : page(user, list, err);
}

static char *copy_version(const cJSON *list)
{
	return strdup(rs_json_text(list, "metadata", "resourceVersion"));
}

int rs_fetch_pages(struct rs_client *client, const struct rs_noun *noun, const struct rs_query *query, rs_page_fn page,
		   void *user, char **ret_version, struct rs_err *err)
{
	rs_auto_free char *token = NULL;
	rs_auto_free char *version = NULL;
	long long left = query->limit > 0 ? query->limit : LLONG_MAX;
	int r = 0;
	if (noun == &rs_noun_event)
		return fetch_all_events(client, query, page, user, err);
	do {
		rs_auto_json cJSON *list = NULL;
		long long limit = left < RS_FETCH_PAGE ? left : RS_FETCH_PAGE;
		r = fetch_page(client, noun, query, noun->can_page ? limit : query->limit, token, &list, err);
		if (r < 0)
			break;
		/* What changes while pages are read comes again by the watch: it begins where the first page was. */
		if (!version && ret_version && !(version = copy_version(list)))
			return rs_err_set(err, -ENOMEM, "out of memory");
		left -= cJSON_GetArraySize(rs_json_get(list, "items"));
		free(token);
		const char *next = rs_json_text(list, "metadata", "continue");
		token = *next ? strdup(next) : NULL;
		if (*next && !token)
			return rs_err_set(err, -ENOMEM, "out of memory");
		r = page(user, list, err);
	} while (r == 0 && token && left > 0);
	if (ret_version && r == 0)
		*ret_version = rs_take_ptr(version);
	return r;
}

static int keep_page(void *user, const cJSON *list, struct rs_err *err)
{
	cJSON **whole = user;
	/* Taken out of the page, which is deleted without them. */
	cJSON *page = (cJSON *)(uintptr_t)list, *items = cJSON_GetObjectItemCaseSensitive(page, "items");
	if (!*whole)
		*whole = cJSON_CreateObject();
	cJSON *all = cJSON_GetObjectItemCaseSensitive(*whole, "items");
	if (!all && !(all = cJSON_AddArrayToObject(*whole, "items")))
		return rs_err_set(err, -ENOMEM, "out of memory");
	while (items && items->child)
		cJSON_AddItemToArray(all, cJSON_DetachItemViaPointer(items, items->child));
	return 0;
}

int rs_fetch_list(struct rs_client *client, const struct rs_noun *noun, const struct rs_query *query, cJSON **ret_list,
		  struct rs_err *err)
{
	cJSON *list = NULL;
	int r = rs_fetch_pages(client, noun, query, keep_page, &list, NULL, err);
	if (r < 0)
		cJSON_Delete(list);
	else
		*ret_list = list;
	return r;
}

int rs_fetch_change(struct rs_client *client, const struct rs_noun *noun, const char *namespace, const char *name,
		    int (*change)(cJSON *object, void *user, struct rs_err *err), void *user,
		    struct rs_reply *ret_reply, struct rs_err *err)
{
	rs_auto_free char *path = rs_fetch_path(noun, namespace, name);
	if (!path)
		return rs_err_set(err, -ENOMEM, "the name is too long, or memory is out");
	int r = -ESTALE;
	for (int i = 0; i < RS_FETCH_TRIES && r == -ESTALE; i++) {
		cJSON *object = NULL;
		r = rs_client_get(client, path, &object, err);
		if (r == 0)
			r = change(object, user, err);
		if (r == 0)
			r = rs_client_call(client, "PUT", path, object, ret_reply, err);
		cJSON_Delete(object);
	}
	return r;
}
