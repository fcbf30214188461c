/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of strings and of key-value pairs. Copies share one list until one of
 * them changes: an object's labels, its template's command and environment
 * stand in service, configuration and revision alike.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/model/model.h"

/* What stands before the items of every list that is not empty. */
struct sharing {
	size_t users;
};

static struct sharing *sharing_of(const void *items)
{
	return (struct sharing *)items - 1;
}

/* The items with room for `bytes`, or NULL; they have one user. */
static void *resize(void *items, size_t bytes)
{
	struct sharing *block = realloc(items ? sharing_of(items) : NULL, sizeof(*block) + bytes);

	if (!block)
		return NULL;
	block->users = 1;
	return block + 1;
}

static void share(const void *items)
{
	if (items)
		sharing_of(items)->users++;
}

static bool is_shared(const void *items)
{
	return items && sharing_of(items)->users > 1;
}

/* True when nobody else uses them: the caller frees what they own, and then them. */
static bool is_last(const void *items)
{
	return items && --sharing_of(items)->users == 0;
}

/* --- strings --------------------------------------------------------------------------------------------------- */

static int append_string(struct rs_strings *strings, const char *text)
{
	rs_auto_free char *copy = strdup(text);
	const char **items = resize(strings->items, (strings->count + 2) * sizeof(*items));

	if (items) {
		strings->items = items;
		items[strings->count] = NULL;
	}
	if (!items || !copy)
		return -ENOMEM;
	items[strings->count++] = rs_take_ptr(copy);
	items[strings->count] = NULL;
	return 0;
}

int rs_strings_add(struct rs_strings *strings, const char *text)
{
	struct rs_strings own = {0};
	int r = 0;

	if (!is_shared(strings->items))
		return append_string(strings, text);
	for (size_t i = 0; r == 0 && i < strings->count; i++)
		r = append_string(&own, strings->items[i]);
	if (r == 0)
		r = append_string(&own, text);
	if (r < 0) {
		rs_strings_done(&own);
		return r;
	}
	rs_strings_done(strings);
	*strings = own;
	return 0;
}

void rs_strings_copy(struct rs_strings *out, const struct rs_strings *from)
{
	share(from->items);
	*out = *from;
}

bool rs_strings_equal(const struct rs_strings *a, const struct rs_strings *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

void rs_strings_done(struct rs_strings *strings)
{
	if (is_last(strings->items)) {
		for (size_t i = 0; i < strings->count; i++)
			free((char *)strings->items[i]);
		free(sharing_of(strings->items));
	}
	*strings = (struct rs_strings){0};
}

/* --- pairs ----------------------------------------------------------------------------------------------------- */

/* Keys that stand in every revision, or in many: thousands of them share one. */
static const char *well_known(const char *key)
{
	static const char *const keys[] = {
		"serving.knative.dev/configuration",	"serving.knative.dev/configurationGeneration",
		"serving.knative.dev/configurationUID", "serving.knative.dev/service",
		"serving.knative.dev/serviceUID",	"autoscaling.knative.dev/initial-scale",
		"autoscaling.knative.dev/max-scale",	"autoscaling.knative.dev/min-scale",
		"autoscaling.knative.dev/target",
	};

	for (size_t i = 0; i < rs_array_length(keys); i++)
		if (strcmp(keys[i], key) == 0)
			return keys[i];
	return NULL;
}

/* One block, which begins with the value. */
static int pair_new(const char *key, const char *value, struct rs_pair *ret_pair)
{
	const char *known = well_known(key);
	const size_t key_size = known ? 0 : strlen(key) + 1, value_size = strlen(value) + 1;
	char *block = malloc(value_size + key_size);

	if (!block)
		return -ENOMEM;
	ret_pair->value = memcpy(block, value, value_size);
	ret_pair->key = known ? known : memcpy(block + value_size, key, key_size);
	return 0;
}

static void pair_done(struct rs_pair *pair)
{
	free((char *)pair->value);
}

static int insert(struct rs_pairs *pairs, size_t index, const char *key, const char *value)
{
	struct rs_pair *items, pair;

	if (pair_new(key, value, &pair) < 0)
		return -ENOMEM;
	items = resize(pairs->items, (pairs->count + 1) * sizeof(*items));
	if (!items) {
		pair_done(&pair);
		return -ENOMEM;
	}
	pairs->items = items;
	memmove(items + index + 1, items + index, (pairs->count - index) * sizeof(*items));
	items[index] = pair;
	pairs->count++;
	return 0;
}

/* Before every change. */
static int make_own(struct rs_pairs *pairs)
{
	struct rs_pairs own = {0};

	if (!is_shared(pairs->items))
		return 0;
	for (size_t i = 0; i < pairs->count; i++)
		if (insert(&own, i, pairs->items[i].key, pairs->items[i].value) < 0) {
			rs_pairs_done(&own);
			return -ENOMEM;
		}
	rs_pairs_done(pairs);
	*pairs = own;
	return 0;
}

int rs_pairs_add(struct rs_pairs *pairs, const char *key, const char *value)
{
	int r = make_own(pairs);

	return r < 0 ? r : insert(pairs, pairs->count, key, value);
}

int rs_pairs_set(struct rs_pairs *pairs, const char *key, const char *value)
{
	int r = make_own(pairs);

	if (r < 0)
		return r;
	for (size_t i = 0; i < pairs->count; i++) {
		const int order = strcmp(pairs->items[i].key, key);

		if (order == 0) {
			struct rs_pair pair;

			if (pair_new(key, value, &pair) < 0)
				return -ENOMEM;
			pair_done(&pairs->items[i]);
			pairs->items[i] = pair;
			return 0;
		}
		if (order > 0)
			return insert(pairs, i, key, value);
	}
	return insert(pairs, pairs->count, key, value);
}

int rs_pairs_remove(struct rs_pairs *pairs, const char *key)
{
	if (!rs_pairs_get(pairs, key))
		return 0;
	if (make_own(pairs) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < pairs->count; i++)
		if (strcmp(pairs->items[i].key, key) == 0) {
			if (pairs->count == 1) {
				rs_pairs_done(pairs);
				break;
			}
			pair_done(&pairs->items[i]);
			memmove(pairs->items + i, pairs->items + i + 1, (pairs->count - i - 1) * sizeof(*pairs->items));
			pairs->count--;
			break;
		}
	return 0;
}

const char *rs_pairs_get(const struct rs_pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (strcmp(pairs->items[i].key, key) == 0)
			return pairs->items[i].value;
	return NULL;
}

void rs_pairs_copy(struct rs_pairs *out, const struct rs_pairs *from)
{
	share(from->items);
	*out = *from;
}

bool rs_pairs_equal(const struct rs_pairs *a, const struct rs_pairs *b)
{
	if (a->count != b->count)
		return false;
	if (a->items == b->items)
		return true;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i].key, b->items[i].key) != 0 || strcmp(a->items[i].value, b->items[i].value) != 0)
			return false;
	return true;
}

void rs_pairs_done(struct rs_pairs *pairs)
{
	if (is_last(pairs->items)) {
		for (size_t i = 0; i < pairs->count; i++)
			pair_done(&pairs->items[i]);
		free(sharing_of(pairs->items));
	}
	*pairs = (struct rs_pairs){0};
}
