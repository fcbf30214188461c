// SPDX-License-Identifier: BSD-2-Clause
#include "cli/args.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/suggest.h"
#include "cli/foreign.h"
#include "cli/option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_TIMEOUT_NS (30 * INT64_C(1000000000))

int rs_words_add(struct rs_words *words, const char *word)
{
	/* Grown at powers of two: the count alone says how much room there is. */
	if ((words->count & (words->count - 1)) == 0) {
		size_t capacity = words->count ? 2 * words->count : 1;
		const char **items = realloc(words->items, capacity * sizeof(*items));
		if (!items)
			return -ENOMEM;
		words->items = items;
	}
	words->items[words->count++] = word;
	return 0;
}

void rs_args_init(struct rs_args *args)
{
	*args = (struct rs_args){
		.tail = RS_ARGS_UNSET,
		.limit = RS_ARGS_UNSET,
		.timeout_ns = DEFAULT_TIMEOUT_NS,
		.min_scale = RS_ARGS_UNSET,
		.max_scale = RS_ARGS_UNSET,
		.seconds = RS_ARGS_UNSET,
		.init_scale = RS_ARGS_UNSET,
		.scale_target = RS_ARGS_UNSET,
		.concurrency_limit = RS_ARGS_UNSET,
	};
}

void rs_args_done(struct rs_args *args)
{
	struct rs_words *const words[] = {&args->names,	 &args->files,	  &args->traffic, &args->tags,
					  &args->untags, &args->env,	  &args->labels,  &args->annotations,
					  &args->cmd,	 &args->cmd_args, &args->limits};
	for (size_t i = 0; i < rs_array_length(words); i++)
		free(words[i]->items);
	rs_args_init(args);
}

static int set(struct rs_args *args, enum rs_option option, const char *value, struct rs_err *err)
{
	return rs_options[option].set(args, &rs_options[option], value, err);
}

/* An option that is not taken here: unknown, or another command's, or mistyped. */
static int refuse(const char *word, size_t length, uint64_t takes, struct rs_err *err)
{
	struct rs_suggestion suggestion = {0};
	rs_auto_free char *typed = strndup(word, length);
	if (!typed)
		return -ENOMEM;
	const char *advice = rs_foreign_option(typed);
	if (advice)
		return rs_err_set(err, -EINVAL, "there is no option %s here: %s", typed, advice);
	for (int i = 0; i < RS_OPTION_COUNT; i++) {
		if (takes & (UINT64_C(1) << i) && rs_str_starts_with(typed, "--"))
			rs_suggest_offer(&suggestion, typed + 2, rs_options[i].name);
	}
	if (suggestion.word)
		return rs_err_set(err, -EINVAL, "unknown option %s; did you mean --%s?", typed, suggestion.word);
	return rs_err_set(err, -EINVAL, "unknown option %s", typed);
}

static int find_long(const char *name, size_t length, uint64_t takes)
{
	for (int i = 0; i < RS_OPTION_COUNT; i++) {
		if (takes & (UINT64_C(1) << i) && strlen(rs_options[i].name) == length &&
		    memcmp(rs_options[i].name, name, length) == 0)
			return i;
	}
	return -ENOENT;
}

static int find_letter(char letter, uint64_t takes)
{
	for (int i = 0; i < RS_OPTION_COUNT; i++) {
		if (takes & (UINT64_C(1) << i) && rs_options[i].letter == letter)
			return i;
	}
	return -ENOENT;
}

/* The value of an option: what stands behind it in the same word, or the next word. */
static int value_of(const char *spelled, const char *attached, int argc, char *const *argv, int *position,
		    const char **ret_value, struct rs_err *err)
{
	if (attached) {
		*ret_value = attached;
		return 0;
	}
	if (*position >= argc)
		return rs_err_set(err, -EINVAL, "%s needs a value", spelled);
	*ret_value = argv[(*position)++];
	return 0;
}

/* A switch may be spelled with the value that it has by itself, or with the one that it has without being there:
 * --watch=true, --wait=false. --dry-run=server is kubectl's; the agent checks as much as --dry-run=client would. */
static int read_switch(const char *value, const struct rs_option_entry *entry, bool *ret_is_on, struct rs_err *err)
{
	bool is_dry_run = entry == &rs_options[RS_OPTION_DRY_RUN];
	*ret_is_on = rs_str_equal(value, "true") ||
		     (is_dry_run && (rs_str_equal(value, "server") || rs_str_equal(value, "client")));
	if (*ret_is_on || rs_str_equal(value, "false") || (is_dry_run && rs_str_equal(value, "none")))
		return 0;
	return rs_err_set(err, -EINVAL, "--%s is true when it is there; it can not be \"%s\"", entry->name, value);
}

static int parse_long(struct rs_args *args, uint64_t takes, int argc, char *const *argv, int *position,
		      struct rs_err *err)
{
	const char *word = argv[(*position)++];
	const char *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : strlen(word);
	int option = find_long(word + 2, length - 2, takes);
	if (option < 0)
		return refuse(word, length, takes, err);
	const char *value = NULL;
	if (rs_options[option].argument) {
		int r = value_of(word, equals ? equals + 1 : NULL, argc, argv, position, &value, err);
		if (r < 0)
			return r;
	} else if (equals) {
		bool is_on = false;
		int r = read_switch(equals + 1, &rs_options[option], &is_on, err);
		if (r < 0 || !is_on)
			return r;
	}
	return set(args, (enum rs_option)option, value, err);
}

/* Letters may be bundled; the first that takes a value takes the rest of the word: -An prod, -ojson, -o=json. */
static int parse_letters(struct rs_args *args, uint64_t takes, int argc, char *const *argv, int *position,
			 struct rs_err *err)
{
	const char *word = argv[(*position)++];
	for (const char *letter = word + 1; *letter; letter++) {
		char spelled[] = {'-', *letter, '\0'};
		int option = find_letter(*letter, takes);
		if (option < 0)
			return refuse(spelled, 2, takes, err);
		if (!rs_options[option].argument) {
			int r = set(args, (enum rs_option)option, NULL, err);
			if (r < 0)
				return r;
			continue;
		}
		const char *attached = letter[1] == '\0' ? NULL : letter + 1 + (letter[1] == '=');
		const char *value = NULL;
		int r = value_of(spelled, attached, argc, argv, position, &value, err);
		return r < 0 ? r : set(args, (enum rs_option)option, value, err);
	}
	return 0;
}

int rs_args_parse(struct rs_args *args, uint64_t takes, int argc, char *const *argv, bool until_name, int *position,
		  struct rs_err *err)
{
	bool only_names = false;
	while (*position < argc) {
		const char *word = argv[*position];
		/* "-" is standard input, "-00002" a revision. */
		bool is_name = only_names || word[0] != '-' || word[1] == '\0' || (word[1] >= '0' && word[1] <= '9');
		int r = 0;
		if (is_name) {
			if (until_name)
				return 0;
			(*position)++;
			r = rs_words_add(&args->names, word);
		} else if (rs_str_equal(word, "--")) {
			(*position)++;
			only_names = true;
		} else if (word[1] == '-') {
			r = parse_long(args, takes, argc, argv, position, err);
		} else {
			r = parse_letters(args, takes, argc, argv, position, err);
		}
		if (r < 0)
			return r;
	}
	return 0;
}
