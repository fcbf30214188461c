// SPDX-License-Identifier: BSD-2-Clause
#include "cli/args.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/suggest.h"
#include "core/model/quantity.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_TIMEOUT_NS (30 * INT64_C(1000000000))

static const struct {
	const char *name;
	char letter;
	const char *argument; /* NULL = a switch */
	const char *help;
} options[RS_OPTION_COUNT] = {
	[RS_OPTION_SOCKET] = {"socket", 0, "PATH", "the agent's socket (ROUSE_SOCKET, else /run/rouse/api.sock)"},
	[RS_OPTION_HELP] = {"help", 'h', NULL, "how to use this command"},
	[RS_OPTION_VERSION] = {"version", 0, NULL, "the version of this program"},
	[RS_OPTION_NAMESPACE] = {"namespace", 'n', "NS", "the namespace (\"default\" when not given)"},
	[RS_OPTION_ALL_NAMESPACES] = {"all-namespaces", 'A', NULL, "all namespaces"},
	[RS_OPTION_OUTPUT] = {"output", 'o', "FORMAT", "wide, json, yaml or name"},
	[RS_OPTION_NO_HEADERS] = {"no-headers", 0, NULL, "a table without its first line"},
	[RS_OPTION_FILE] = {"filename", 'f', "FILE", "a manifest, a directory of them, or - for standard input"},
	[RS_OPTION_DRY_RUN] = {"dry-run", 0, NULL, "let the agent check everything and change nothing"},
	[RS_OPTION_IGNORE_NOT_FOUND] = {"ignore-not-found", 0, NULL, "what is not there counts as deleted"},
	[RS_OPTION_FOLLOW] = {"follow", 'f', NULL, "go on with what comes"},
	[RS_OPTION_TAIL] = {"tail", 0, "N", "only the last N lines"},
	[RS_OPTION_SERVICE] = {"service", 0, "NAME", "only what belongs to this service"},
	[RS_OPTION_LIMIT] = {"limit", 0, "N", "at most N objects"},
	[RS_OPTION_FOR] = {"for", 0, "WHAT",
			   "condition=TYPE[=STATUS], ready, zero, instances=N (at least N ready) or delete"},
	[RS_OPTION_TIMEOUT] = {"timeout", 0, "TIME", "give up after this time (30s when not given)"},
	[RS_OPTION_TAG] = {"tag", 0, "REV=TAG", "give a revision an address of its own"},
	[RS_OPTION_UNTAG] = {"untag", 0, "TAG", "take a tag away"},
	[RS_OPTION_MIN] = {"min", 0, "N", "never fewer instances"},
	[RS_OPTION_MAX] = {"max", 0, "N", "never more instances (0 = no limit)"},
	[RS_OPTION_CLIENT] = {"client", 0, NULL, "do not ask the agent"},
};

static const char *const outputs[RS_OUTPUT_COUNT] = {
	[RS_OUTPUT_TABLE] = "table", [RS_OUTPUT_WIDE] = "wide", [RS_OUTPUT_JSON] = "json",
	[RS_OUTPUT_YAML] = "yaml",   [RS_OUTPUT_NAME] = "name",
};

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
	};
}

void rs_args_done(struct rs_args *args)
{
	free(args->names.items);
	free(args->files.items);
	free(args->tags.items);
	free(args->untags.items);
	rs_args_init(args);
}

static int set_output(struct rs_args *args, const char *value, struct rs_err *err)
{
	for (int i = 0; i < RS_OUTPUT_COUNT; i++) {
		if (rs_str_equal(value, outputs[i])) {
			args->output = (enum rs_output)i;
			return 0;
		}
	}
	return rs_err_set(err, -EINVAL, "--output: must be wide, json, yaml or name, is \"%s\"", value);
}

static int set_number(enum rs_option option, const char *value, long long *ret_number, struct rs_err *err)
{
	if (rs_str_to_long(value, 0, INT_MAX, ret_number) < 0)
		return rs_err_set(err, -EINVAL, "--%s: must be a number from 0, is \"%s\"", options[option].name,
				  value);
	return 0;
}

static int set_timeout(struct rs_args *args, const char *value, struct rs_err *err)
{
	if (rs_duration_parse(value, &args->timeout_ns) < 0 || args->timeout_ns < 0)
		return rs_err_set(err, -EINVAL, "--timeout: must be a duration like 30s or 1m30s, is \"%s\"", value);
	return 0;
}

static int set(struct rs_args *args, enum rs_option option, const char *value, struct rs_err *err)
{
	switch (option) {
	case RS_OPTION_SOCKET:
		args->socket = value;
		return 0;
	case RS_OPTION_HELP:
		args->help = true;
		return 0;
	case RS_OPTION_VERSION:
		args->version = true;
		return 0;
	case RS_OPTION_NAMESPACE:
		args->namespace = value;
		return *value ? 0 : rs_err_set(err, -EINVAL, "--namespace: must not be empty");
	case RS_OPTION_ALL_NAMESPACES:
		args->all_namespaces = true;
		return 0;
	case RS_OPTION_OUTPUT:
		return set_output(args, value, err);
	case RS_OPTION_NO_HEADERS:
		args->no_headers = true;
		return 0;
	case RS_OPTION_FILE:
		return rs_words_add(&args->files, value);
	case RS_OPTION_DRY_RUN:
		args->dry_run = true;
		return 0;
	case RS_OPTION_IGNORE_NOT_FOUND:
		args->ignore_not_found = true;
		return 0;
	case RS_OPTION_FOLLOW:
		args->follow = true;
		return 0;
	case RS_OPTION_TAIL:
		return set_number(option, value, &args->tail, err);
	case RS_OPTION_SERVICE:
		args->service = value;
		return 0;
	case RS_OPTION_LIMIT:
		return set_number(option, value, &args->limit, err);
	case RS_OPTION_FOR:
		args->wait_for = value;
		return 0;
	case RS_OPTION_TIMEOUT:
		return set_timeout(args, value, err);
	case RS_OPTION_TAG:
		return rs_words_add(&args->tags, value);
	case RS_OPTION_UNTAG:
		return rs_words_add(&args->untags, value);
	case RS_OPTION_MIN:
		return set_number(option, value, &args->min_scale, err);
	case RS_OPTION_MAX:
		return set_number(option, value, &args->max_scale, err);
	case RS_OPTION_CLIENT:
		args->client_only = true;
		return 0;
	case RS_OPTION_COUNT:
		break;
	}
	return -EINVAL;
}

/* An option that is not taken here: unknown, or another command's, or mistyped. */
static int refuse(const char *word, size_t length, uint64_t takes, struct rs_err *err)
{
	struct rs_suggestion suggestion = {0};
	rs_auto_free char *typed = strndup(word, length);
	if (!typed)
		return -ENOMEM;
	for (int i = 0; i < RS_OPTION_COUNT; i++) {
		if (takes & (UINT64_C(1) << i) && rs_str_starts_with(typed, "--"))
			rs_suggest_offer(&suggestion, typed + 2, options[i].name);
	}
	if (suggestion.word)
		return rs_err_set(err, -EINVAL, "unknown option %s; did you mean --%s?", typed, suggestion.word);
	return rs_err_set(err, -EINVAL, "unknown option %s", typed);
}

static int find_long(const char *name, size_t length, uint64_t takes)
{
	for (int i = 0; i < RS_OPTION_COUNT; i++) {
		if (takes & (UINT64_C(1) << i) && strlen(options[i].name) == length &&
		    memcmp(options[i].name, name, length) == 0)
			return i;
	}
	return -ENOENT;
}

static int find_letter(char letter, uint64_t takes)
{
	for (int i = 0; i < RS_OPTION_COUNT; i++) {
		if (takes & (UINT64_C(1) << i) && options[i].letter == letter)
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
	if (options[option].argument) {
		int r = value_of(word, equals ? equals + 1 : NULL, argc, argv, position, &value, err);
		if (r < 0)
			return r;
	} else if (equals) {
		return rs_err_set(err, -EINVAL, "--%s takes no value", options[option].name);
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
		if (!options[option].argument) {
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

const char *rs_option_help(enum rs_option option, char spelling[static RS_OPTION_SPELLING_MAX])
{
	char letter[8] = "    ";
	if (options[option].letter)
		snprintf(letter, sizeof(letter), "-%c, ", options[option].letter);
	snprintf(spelling, RS_OPTION_SPELLING_MAX, "%s--%s%s%s", letter, options[option].name,
		 options[option].argument ? " " : "", options[option].argument ? options[option].argument : "");
	return options[option].help;
}
