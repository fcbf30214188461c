/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects of the API by noun, namespace and name. */
#ifndef RS_CLI_FETCH_H
#define RS_CLI_FETCH_H

#include <cjson/cJSON.h>

#include "base/err.h"
#include "cli/args.h"
#include "cli/client.h"
#include "cli/noun/noun.h"

/* The path of one object. NULL when out of memory; the caller frees it. */
char *rs_fetch_path(const struct rs_noun *noun, const char *namespace, const char *name);

struct rs_query {
	const char *namespace; /* NULL = all */
	const char *name;      /* NULL = all */
	const char *service;   /* NULL = all; counts for nouns that have it */
	const char *selector;  /* of labels, NULL = all */
	long long limit;       /* <= 0 = all; of events the newest */
	uint64_t after;	       /* events newer than this id */
};

/* On failure err has the server's sentence. The caller deletes the object. */
int rs_fetch_object(struct rs_client *client, const struct rs_noun *noun, const char *namespace, const char *name,
		    cJSON **ret_object, struct rs_err *err);

/* A list, page by page: what is big is never here as a whole. Each page is a List with `items`, and is deleted when
 * `page` returns; a return that is not 0 ends it, and is returned. *ret_version (may be NULL) is the list's
 * resourceVersion, which the caller frees. */
#define RS_FETCH_PAGE 500
typedef int (*rs_page_fn)(void *user, const cJSON *list, struct rs_err *err);
int rs_fetch_pages(struct rs_client *client, const struct rs_noun *noun, const struct rs_query *query, rs_page_fn page,
		   void *user, char **ret_version, struct rs_err *err);
/* The whole list at once. */
int rs_fetch_list(struct rs_client *client, const struct rs_noun *noun, const struct rs_query *query, cJSON **ret_list,
		  struct rs_err *err);
/* The path that watches what the query lists, from `version` on (of events: from query->after on). NULL when out of
 * memory; the caller frees it. */
char *rs_fetch_watch_path(const struct rs_noun *noun, const struct rs_query *query, const char *version);

/* The highest id of a list of events, or `id` when that is higher: what the next query's `after` is. */
uint64_t rs_fetch_newest_event(const cJSON *list, uint64_t id);

/* GET, change, PUT with the resourceVersion that was read; once more from the start when someone else was faster.
 * `change` edits the object; a negative return ends it with its err. The caller releases the reply. */
#define RS_FETCH_TRIES 5
int rs_fetch_change(struct rs_client *client, const struct rs_noun *noun, const char *namespace, const char *name,
		    int (*change)(cJSON *object, void *user, struct rs_err *err), void *user,
		    struct rs_reply *ret_reply, struct rs_err *err);

#endif
