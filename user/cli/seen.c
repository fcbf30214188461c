// SPDX-License-Identifier: BSD-2-Clause
#include "cli/seen.h"

#include "base/mem.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct sight {
	const char *namespace;
	const char *name;
	uint64_t looks;
	uint64_t round;
	struct sight *next_gone;
};

static int compare(const void *left, const void *right)
{
	const struct sight *a = left, *b = right;
	int difference = strcmp(a->namespace, b->namespace);
	return difference ? difference : strcmp(a->name, b->name);
}

void rs_seen_done(struct rs_seen *seen)
{
	if (!seen)
		return;
	tdestroy(seen->tree, free);
	seen->tree = NULL;
}

static struct sight key_of(const cJSON *object)
{
	return (struct sight){.namespace = rs_json_text(object, "metadata", "namespace"),
			      .name = rs_json_text(object, "metadata", "name")};
}

/* FNV-1a of the object without its version, which says nothing to a reader. 0 when out of memory. */
static uint64_t looks_of(const cJSON *object)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	cJSON *metadata = cJSON_GetObjectItemCaseSensitive(object, "metadata");
	cJSON *version = cJSON_DetachItemFromObjectCaseSensitive(metadata, "resourceVersion");
	rs_auto_free char *text = cJSON_PrintUnformatted(object);
	if (version)
		cJSON_AddItemToObject(metadata, "resourceVersion", version);
	if (!text)
		return 0;
	for (const char *letter = text; *letter; letter++)
		hash = (hash ^ (unsigned char)*letter) * UINT64_C(0x100000001b3);
	return hash ? hash : 1;
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
	uint64_t looks = looks_of(object);
	struct sight **found = tfind(&key, &seen->tree, compare);
	struct sight *sight = found ? *found : make(&key);
	if (!looks || !sight || (!found && !tsearch(sight, &seen->tree, compare))) {
		if (!found)
			free(sight);
		return -ENOMEM;
	}
	bool is_different = sight->looks != looks;
	*ret_change = found ? RS_CHANGE_MODIFIED : RS_CHANGE_ADDED;
	sight->looks = looks;
	sight->round = seen->round;
	return is_different;
}

static void forget(struct rs_seen *seen, const struct sight *key)
{
	struct sight **found = tfind(key, &seen->tree, compare);
	if (!found)
		return;
	struct sight *sight = *found;
	tdelete(sight, &seen->tree, compare);
	free(sight);
}

void rs_seen_forget(struct rs_seen *seen, const cJSON *object)
{
	const struct sight key = key_of(object);
	forget(seen, &key);
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
	rs_auto_json cJSON *object = cJSON_CreateObject();
	cJSON *metadata = rs_json_member(object, "metadata");
	if (!cJSON_AddStringToObject(metadata, "name", sight->name) ||
	    !cJSON_AddStringToObject(metadata, "namespace", sight->namespace))
		return rs_err_set(err, -ENOMEM, "out of memory");
	return gone(user, object, err);
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
