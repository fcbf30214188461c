// SPDX-License-Identifier: BSD-2-Clause
/* A path is walked as it is read, step by step: it is short, and read once for each object. */
#include "cli/print/json_path.h"

#include "base/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 256

enum step_kind {
	STEP_END,
	STEP_MEMBER, /* `word` */
	STEP_INDEX,  /* `index`, from the end when negative */
	STEP_ALL,
	STEP_FILTER, /* elements whose `word` (a path without its dot) is `value` */
};

struct step {
	enum step_kind kind;
	char word[WORD_MAX];
	char value[WORD_MAX];
	bool is_negated;
	long index;
};

static int copy(char out[static WORD_MAX], const char *from, size_t length)
{
	if (length >= WORD_MAX)
		return -E2BIG;
	memcpy(out, from, length);
	out[length] = '\0';
	return 0;
}

/* .name, up to the next '.', '[' or the end; a backslash takes the next letter as it is. */
static int read_member(const char **at, struct step *step)
{
	size_t length = 0;
	for (; **at && **at != '.' && **at != '['; (*at)++) {
		if (**at == '\\' && (*at)[1])
			(*at)++;
		if (length + 1 == WORD_MAX)
			return -E2BIG;
		step->word[length++] = **at;
	}
	step->word[length] = '\0';
	step->kind = rs_str_equal(step->word, "*") ? STEP_ALL : STEP_MEMBER;
	return length ? 0 : -EINVAL;
}

/* ?(@.type=="Ready"), ?(@.count!=3): `text` is what stands inside the brackets. */
static int read_filter(const char *text, size_t length, struct step *step)
{
	static const char begin[] = "?(@.";
	size_t skip = sizeof(begin) - 1;
	if (length <= skip || strncmp(text, begin, skip) != 0 || text[length - 1] != ')')
		return -EINVAL;
	const char *word = text + skip, *end = text + length - 1;
	const char *sign = memchr(word, '=', (size_t)(end - word));
	if (!sign || sign + 1 >= end || sign[1] != '=' || sign == word)
		sign = memchr(word, '!', (size_t)(end - word));
	if (!sign || sign + 1 >= end || sign[1] != '=' || sign == word)
		return -EINVAL;
	const char *value = sign + 2;
	step->kind = STEP_FILTER;
	step->is_negated = *sign == '!';
	while (sign > word && sign[-1] == ' ')
		sign--;
	while (value < end && *value == ' ')
		value++;
	while (end > value && end[-1] == ' ')
		end--;
	if (end - value >= 2 && (*value == '"' || *value == '\'') && end[-1] == *value) {
		value++;
		end--;
	}
	int r = copy(step->word, word, (size_t)(sign - word));
	return r < 0 ? r : copy(step->value, value, (size_t)(end - value));
}

/* [3], [*], ['name'], [?(...)]: *at stands behind the bracket. */
static int read_bracket(const char **at, struct step *step)
{
	const char *text = *at, *end = text;
	for (char quote = 0; *end && (quote || *end != ']'); end++) {
		if (quote)
			quote = *end == quote ? 0 : quote;
		else if (*end == '"' || *end == '\'')
			quote = *end;
	}
	if (*end != ']')
		return -EINVAL;
	size_t length = (size_t)(end - text);
	*at = end + 1;
	if (length == 1 && *text == '*') {
		step->kind = STEP_ALL;
		return 0;
	}
	if (length >= 3 && (*text == '\'' || *text == '"') && end[-1] == *text) {
		step->kind = STEP_MEMBER;
		return copy(step->word, text + 1, length - 2);
	}
	if (*text == '?')
		return read_filter(text, length, step);
	long long index;
	int r = copy(step->word, text, length);
	if (r == 0)
		r = rs_str_to_long(step->word, INT_MIN, INT_MAX, &index);
	if (r == 0) {
		step->kind = STEP_INDEX;
		step->index = (long)index;
	}
	return r;
}

/* Paths come bare or in braces, with or without a leading dot or "$". */
static char *bare(const char *path)
{
	size_t length = strlen(path);
	if (length >= 2 && *path == '{' && path[length - 1] == '}') {
		path++;
		length -= 2;
	}
	if (length && *path == '$') {
		path++;
		length--;
	}
	/* "." alone is the object itself. */
	if (length == 1 && *path == '.')
		length = 0;
	return strndup(path, length);
}

static int read_step(const char **at, struct step *step)
{
	*step = (struct step){.kind = STEP_END};
	if (!**at)
		return 0;
	if (**at == '[') {
		(*at)++;
		return read_bracket(at, step);
	}
	*at += **at == '.';
	/* As in {.items[*].metadata}, and .[0]. */
	if (**at == '[')
		return read_step(at, step);
	return read_member(at, step);
}

int rs_json_path_check(const char *path, struct rs_err *err)
{
	rs_auto_free char *text = bare(path);
	struct step step = {.kind = STEP_MEMBER};
	if (!text)
		return -ENOMEM;
	for (const char *at = text; step.kind != STEP_END;) {
		if (read_step(&at, &step) < 0)
			return rs_err_set(err, -EINVAL,
					  "\"%s\" is no path like .metadata.name, .items[0] or "
					  ".status.conditions[?(@.type==\"Ready\")].status",
					  path);
	}
	return 0;
}

/* A number equals what it is written as; true and false as well. */
static bool is_value(const cJSON *item, const char *value)
{
	struct rs_buf text;
	rs_buf_init(&text, 4096);
	bool is_equal = item && rs_json_path_print(item, &text) == 0 && rs_str_equal(text.data, value);
	rs_buf_done(&text);
	return is_equal;
}

static int walk(const char *at, const cJSON *node, int (*visit)(void *user, const cJSON *value), void *user);

static int walk_elements(const struct step *step, const char *rest, const cJSON *node,
			 int (*visit)(void *user, const cJSON *value), void *user)
{
	const cJSON *element;
	int r = 0;
	cJSON_ArrayForEach (element, node) {
		if (step->kind == STEP_FILTER &&
		    is_value(rs_json_path_first(step->word, element), step->value) == step->is_negated)
			continue;
		r = walk(rest, element, visit, user);
		if (r != 0)
			break;
	}
	return r;
}

static int walk(const char *at, const cJSON *node, int (*visit)(void *user, const cJSON *value), void *user)
{
	struct step step;
	int r = read_step(&at, &step);
	if (r < 0 || !node)
		return r < 0 ? r : 0;
	switch (step.kind) {
	case STEP_END:
		return visit(user, node);
	case STEP_MEMBER:
		return walk(at, cJSON_GetObjectItemCaseSensitive(node, step.word), visit, user);
	case STEP_INDEX:
		if (step.index < 0)
			step.index += cJSON_GetArraySize(node);
		return walk(at, step.index < 0 ? NULL : cJSON_GetArrayItem(node, (int)step.index), visit, user);
	case STEP_ALL:
	case STEP_FILTER:
		return walk_elements(&step, at, node, visit, user);
	}
	return -EINVAL;
}

int rs_json_path_each(const char *path, const cJSON *root, int (*visit)(void *user, const cJSON *value), void *user)
{
	rs_auto_free char *text = bare(path);
	return text ? walk(text, root, visit, user) : -ENOMEM;
}

static int keep_first(void *user, const cJSON *value)
{
	*(const cJSON **)user = value;
	return 1;
}

const cJSON *rs_json_path_first(const char *path, const cJSON *root)
{
	const cJSON *first = NULL;
	return rs_json_path_each(path, root, keep_first, (void *)&first) < 0 ? NULL : first;
}

int rs_json_path_print(const cJSON *value, struct rs_buf *out)
{
	const char *text = cJSON_GetStringValue(value);
	if (text)
		return rs_buf_puts(out, text);
	rs_auto_free char *json = cJSON_PrintUnformatted(value);
	return json ? rs_buf_puts(out, json) : -ENOMEM;
}
