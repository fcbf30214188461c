// SPDX-License-Identifier: BSD-2-Clause
#include "cli/follow/seen.h"

#include "base/mem.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct sight {
	const char *namespace;
	const char *name;
	char *text; /* as it was last */
	uint64_t round;
	struct sight *next_gone;
};

static int compare(const void *left, const void *right)
{
	const struct sight *a = left, *b = right;
	int difference = strcmp(a->namespace, b->namespace);
	return difference ? difference : strcmp(a->name, b->name);
}

static void sight_free(void *item)
{
	struct sight *sight = item;
	free(sight->text);
	free(sight);
}

void rs_seen_done(struct rs_seen *seen)
{
	if (!seen)
		return;
	tdestroy(seen->tree, sight_free);
	seen->tree = NULL;
}

static struct sight key_of(const cJSON *object)
{
	return (struct sight){.namespace = rs_json_text(object, "metadata", "namespace"),
			      .name = rs_json_text(object, "metadata", "name")};
}

/* The object without its version, which says nothing to a reader. NULL when out of memory. */
static char *text_of(const cJSON *object)
{
	cJSON *metadata = cJSON_GetObjectItemCaseSensitive(object, "metadata");
	cJSON *version = cJSON_DetachItemFromObjectCaseSensitive(metadata, "resourceVersion");
	char *text = cJSON_PrintUnformatted(object);
	if (version)
		cJSON_AddItemToObject(metadata, "resourceVersion", version);
	return text;
}

/* Names stand behind it, in one piece of memory. */
static struct sight *make(const struct sight *key)
{
	size_t namespace = strlen(key->namespace) + 1, name = strlen(key->name) + 1;
	struct sight *sight = malloc(sizeof(*sight) + namespace + name);
	if (!sight)
		return NULL;
	char *text = (char *)(sight + 1);
	memcpy(text, key->namespace, namespace);
	memcpy(text + namespace, key->name, name);
	*sight = (struct sight){.namespace = text, .name = text + namespace};
	return sight;
}

int rs_seen_note(struct rs_seen *seen, const cJSON *object, enum rs_change *ret_change)
{
	const struct sight key = key_of(object);
	rs_auto_free char *text = text_of(object);
	struct sight **found = tfind(&key, &seen->tree, compare);
	struct sight *sight = found ? *found : make(&key);
	if (!text || !sight || (!found && !tsearch(sight, &seen->tree, compare))) {
		if (!found)
			free(sight);
		return -ENOMEM;
	}
	*ret_change = found ? RS_CHANGE_MODIFIED : RS_CHANGE_ADDED;
	sight->round = seen->round;
	if (sight->text && strcmp(sight->text, text) == 0)
		return 0;
	free(sight->text);
	sight->text = rs_take_ptr(text);
	return 1;
}

static void forget(struct rs_seen *seen, const struct sight *key)
{
	struct sight **found = tfind(key, &seen->tree, compare);
	if (!found)
		return;
	struct sight *sight = *found;
	tdelete(sight, &seen->tree, compare);
	sight_free(sight);
}

cJSON *rs_seen_take(struct rs_seen *seen, const cJSON *object)
{
	const struct sight key = key_of(object);
	struct sight **found = tfind(&key, &seen->tree, compare);
	cJSON *last = found ? cJSON_Parse((*found)->text) : NULL;
	forget(seen, &key);
	cJSON *metadata = last ? cJSON_Duplicate(rs_json_get(object, "metadata"), 1) : NULL;
	if (metadata && !cJSON_ReplaceItemInObjectCaseSensitive(last, "metadata", metadata))
		cJSON_Delete(metadata);
	return last;
}

void rs_seen_begin(struct rs_seen *seen)
{
	seen->round++;
}

struct gone {
	uint64_t round;
	struct sight *first;
};

/* A tree is not changed while it is walked. */
static void collect_gone(const void *node, VISIT visit, void *user)
{
	struct sight *sight = *(struct sight *const *)node;
	struct gone *gone = user;
	if ((visit != postorder && visit != leaf) || sight->round == gone->round)
		return;
	sight->next_gone = gone->first;
	gone->first = sight;
}

static int tell(const struct sight *sight, int (*gone)(void *user, const cJSON *object, struct rs_err *err), void *user,
		struct rs_err *err)
{
	rs_auto_json cJSON *object = cJSON_Parse(sight->text);
	return object ? gone(user, object, err) : rs_err_set(err, -ENOMEM, "out of memory");
}

int rs_seen_end(struct rs_seen *seen, int (*gone)(void *user, const cJSON *object, struct rs_err *err), void *user,
		struct rs_err *err)
{
	struct gone all = {.round = seen->round};
	int r = 0;
	twalk_r(seen->tree, collect_gone, &all);
	for (struct sight *sight = all.first, *next; sight && r == 0; sight = next) {
		next = sight->next_gone;
		r = tell(sight, gone, user, err);
		forget(seen, sight);
	}
	return r;
}
