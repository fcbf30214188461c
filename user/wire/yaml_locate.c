/* SPDX-License-Identifier: BSD-2-Clause */
/* Follows a path through libyaml's events; what is beside the path is skipped. */
#include "wire/yaml_locate.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "wire/yaml.h"

/* One word of a path: a key, or an index of a list. Keys in brackets may have dots and slashes in them. */
struct word {
	const char *text;
	size_t length;
};

struct search {
	yaml_parser_t parser;
	struct word words[RS_YAML_DEPTH_MAX];
	size_t word_count;
	size_t found; /* words that were found, from the path's beginning */
	yaml_mark_t mark;
	size_t depth;
};

static void event_cleanup(yaml_event_t *event)
{
	yaml_event_delete(event);
}
#define auto_event __attribute__((cleanup(event_cleanup)))

/* "a.b[0].c[x.y/z]: reason" to its words. */
static void split(struct search *search, const char *path)
{
	const char *at = path;

	while (*at && strncmp(at, ": ", 2) != 0 && search->word_count < RS_YAML_DEPTH_MAX) {
		bool is_bracket = *at == '[';
		const char *begin = at + (is_bracket || *at == '.');
		size_t length = strcspn(begin, is_bracket ? "]" : ".[: ");

		if (length == 0)
			return;
		search->words[search->word_count++] = (struct word){.text = begin, .length = length};
		at = begin + length;
		at += is_bracket && *at == ']';
	}
}

static bool next(struct search *search, yaml_event_t *event)
{
	memset(event, 0, sizeof(*event));
	return yaml_parser_parse(&search->parser, event);
}

static bool is_word(const struct search *search, size_t at, const char *text, size_t length)
{
	return at < search->word_count && search->words[at].length == length &&
	       memcmp(search->words[at].text, text, length) == 0;
}

static void take(struct search *search, size_t found, yaml_mark_t mark)
{
	if (found <= search->found)
		return;
	search->found = found;
	search->mark = mark;
}

static bool walk(struct search *search, const yaml_event_t *first, bool is_on_path, size_t at);

static bool walk_mapping(struct search *search, bool is_on_path, size_t at)
{
	for (;;) {
		auto_event yaml_event_t key, value;

		memset(&value, 0, sizeof(value));
		if (!next(search, &key) || key.type == YAML_MAPPING_END_EVENT)
			return key.type == YAML_MAPPING_END_EVENT;
		if (key.type != YAML_SCALAR_EVENT)
			return false;
		bool is_here =
			is_on_path && is_word(search, at, (const char *)key.data.scalar.value, key.data.scalar.length);
		if (is_here)
			take(search, at + 1, key.start_mark);
		if (!next(search, &value) || !walk(search, &value, is_here, at + 1))
			return false;
	}
}

static bool walk_sequence(struct search *search, bool is_on_path, size_t at)
{
	for (size_t index = 0;; index++) {
		char number[24];
		auto_event yaml_event_t item;

		if (!next(search, &item) || item.type == YAML_SEQUENCE_END_EVENT)
			return item.type == YAML_SEQUENCE_END_EVENT;
		snprintf(number, sizeof(number), "%zu", index);
		bool is_here = is_on_path && is_word(search, at, number, strlen(number));
		if (is_here)
			take(search, at + 1, item.start_mark);
		if (!walk(search, &item, is_here, at + 1))
			return false;
	}
}

/* The value that begins with `first`. False when the text ends or breaks in it, or the search is over. */
static bool walk(struct search *search, const yaml_event_t *first, bool is_on_path, size_t at)
{
	bool goes_on = true;

	if (search->found == search->word_count || search->depth == RS_YAML_DEPTH_MAX)
		return false;
	search->depth++;
	if (first->type == YAML_MAPPING_START_EVENT)
		goes_on = walk_mapping(search, is_on_path, at);
	else if (first->type == YAML_SEQUENCE_START_EVENT)
		goes_on = walk_sequence(search, is_on_path, at);
	search->depth--;
	return goes_on;
}

int rs_yaml_locate(const char *text, size_t length, const char *path, struct rs_yaml_place *ret_place)
{
	struct search search = {0};

	split(&search, path);
	if (search.word_count == 0 || !yaml_parser_initialize(&search.parser))
		return -ENOENT;
	yaml_parser_set_input_string(&search.parser, (const unsigned char *)text, length);
	for (;;) {
		auto_event yaml_event_t event;

		if (!next(&search, &event) || event.type == YAML_STREAM_END_EVENT)
			break;
		if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_START_EVENT) {
			walk(&search, &event, true, 0);
			break;
		}
	}
	yaml_parser_delete(&search.parser);
	if (search.found == 0)
		return -ENOENT;
	*ret_place = (struct rs_yaml_place){.line = search.mark.line + 1, .column = search.mark.column + 1};
	return 0;
}
