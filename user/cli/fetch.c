// SPDX-License-Identifier: BSD-2-Clause
#include "cli/fetch.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>

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

static char *list_path(const struct rs_noun *noun, const struct rs_query *query)
{
	struct rs_buf path;
	char separator = '?';
	rs_buf_init(&path, PATH_BYTES_MAX);
	append_collection(&path, noun, query->namespace);
	if (query->service && noun->has_services) {
		rs_buf_printf(&path, "%cservice=", separator);
		rs_path_escape(&path, query->service);
		separator = '&';
	}
	if (query->selector) {
		rs_buf_printf(&path, "%clabelSelector=", separator);
		rs_path_escape(&path, query->selector);
		separator = '&';
	}
	if (query->limit > 0 && noun->can_limit && noun != &rs_noun_event) {
		rs_buf_printf(&path, "%climit=%lld", separator, query->limit);
		separator = '&';
	}
	if (query->after)
		rs_buf_printf(&path, "%cafter=%" PRIu64, separator, query->after);
	char *text = rs_buf_take(&path);
	rs_buf_done(&path);
	return text;
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
		      cJSON **ret_list, struct rs_err *err)
{
	rs_auto_free char *path = list_path(noun, query);
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
	int r = fetch_page(client, &rs_noun_event, &query, &list, err);
	cJSON *items = cJSON_GetObjectItemCaseSensitive(list, "items");
	for (bool has_more = cJSON_GetArraySize(items) > 0; r == 0 && has_more;) {
		rs_auto_json cJSON *page = NULL;
		uint64_t newest = rs_fetch_newest_event(list, query.after);
		if (newest == query.after)
			break;
		query.after = newest;
		r = fetch_page(client, &rs_noun_event, &query, &page, err);
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

int rs_fetch_list(struct rs_client *client, const struct rs_noun *noun, const struct rs_query *query, cJSON **ret_list,
		  struct rs_err *err)
{
	if (noun == &rs_noun_event)
		return fetch_events(client, *query, ret_list, err);
	return fetch_page(client, noun, query, ret_list, err);
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
