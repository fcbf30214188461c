/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of strings and of key-value pairs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/model/model.h"

int rs_strings_add(struct rs_strings *strings, const char *text)
{
	rs_auto_free char *copy = strdup(text);
	char **items = realloc(strings->items, (strings->count + 2) * sizeof(*items));

	if (items)
		strings->items = items;
	if (!items || !copy) {
		if (items)
			items[strings->count] = NULL;
		return -ENOMEM;
	}
	items[strings->count++] = rs_take_ptr(copy);
	items[strings->count] = NULL;
	return 0;
}

int rs_strings_copy(struct rs_strings *out, const struct rs_strings *from)
{
	struct rs_strings copy = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->count; i++)
		r = rs_strings_add(&copy, from->items[i]);
	if (r < 0)
		rs_strings_done(&copy);
	*out = copy;
	return r;
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
	for (size_t i = 0; i < strings->count; i++)
		free(strings->items[i]);
	free(strings->items);
	*strings = (struct rs_strings){0};
}

static int insert(struct rs_pairs *pairs, size_t index, const char *key, const char *value)
{
	rs_auto_free char *key_copy = strdup(key), *value_copy = strdup(value);
	struct rs_pair *items = realloc(pairs->items, (pairs->count + 1) * sizeof(*items));

	if (items)
		pairs->items = items;
	if (!items || !key_copy || !value_copy)
		return -ENOMEM;
	memmove(items + index + 1, items + index, (pairs->count - index) * sizeof(*items));
	items[index] = (struct rs_pair){.key = rs_take_ptr(key_copy), .value = rs_take_ptr(value_copy)};
	pairs->count++;
	return 0;
}

int rs_pairs_add(struct rs_pairs *pairs, const char *key, const char *value)
{
	return insert(pairs, pairs->count, key, value);
}

int rs_pairs_set(struct rs_pairs *pairs, const char *key, const char *value)
{
	for (size_t i = 0; i < pairs->count; i++) {
		const int order = strcmp(pairs->items[i].key, key);

		if (order == 0) {
			char *copy = strdup(value);

			if (!copy)
				return -ENOMEM;
			free(pairs->items[i].value);
			pairs->items[i].value = copy;
			return 0;
		}
		if (order > 0)
			return insert(pairs, i, key, value);
	}
	return insert(pairs, pairs->count, key, value);
}

void rs_pairs_remove(struct rs_pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (strcmp(pairs->items[i].key, key) == 0) {
			free(pairs->items[i].key);
			free(pairs->items[i].value);
			memmove(pairs->items + i, pairs->items + i + 1, (pairs->count - i - 1) * sizeof(*pairs->items));
			if (--pairs->count == 0) {
				free(pairs->items);
				pairs->items = NULL;
			}
			return;
		}
}

const char *rs_pairs_get(const struct rs_pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (strcmp(pairs->items[i].key, key) == 0)
			return pairs->items[i].value;
	return NULL;
}

int rs_pairs_copy(struct rs_pairs *out, const struct rs_pairs *from)
{
	struct rs_pairs copy = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->count; i++)
		r = rs_pairs_add(&copy, from->items[i].key, from->items[i].value);
	if (r < 0)
		rs_pairs_done(&copy);
	*out = copy;
	return r;
}

bool rs_pairs_equal(const struct rs_pairs *a, const struct rs_pairs *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i].key, b->items[i].key) != 0 || strcmp(a->items[i].value, b->items[i].value) != 0)
			return false;
	return true;
}

void rs_pairs_done(struct rs_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->items[i].key);
		free(pairs->items[i].value);
	}
	free(pairs->items);
	*pairs = (struct rs_pairs){0};
}
