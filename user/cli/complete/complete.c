// SPDX-License-Identifier: BSD-2-Clause
#include "cli/complete/complete.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/edit/kn.h"
#include "cli/option.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An agent that does not answer must not hang a prompt. */
#define DEADLINE_S 3

#define FIRST_TAKES (RS_TAKES_ALWAYS | RS_TAKES(VERSION))

static uint64_t taken(const struct rs_complete *complete)
{
	return complete->command ? complete->command->takes | RS_TAKES_ALWAYS : FIRST_TAKES;
}

static int find_option(const struct rs_complete *complete, const char *word, size_t length)
{
	for (int i = 0; i < RS_OPTION_COUNT; i++) {
		const struct rs_option_entry *option = &rs_options[i];
		if (!(taken(complete) & (UINT64_C(1) << i)))
			continue;
		if (strlen(option->name) + 2 == length && rs_str_starts_with(word, "--") &&
		    memcmp(word + 2, option->name, length - 2) == 0)
			return i;
		if (length == 2 && word[0] == '-' && option->letter && word[1] == option->letter)
			return i;
	}
	return -1;
}

static void note_value(struct rs_complete *complete, int option, const char *value)
{
	if (option == RS_OPTION_NAMESPACE)
		complete->namespace = value;
	if (option == RS_OPTION_SOCKET)
		complete->socket = value;
}

/* kn's nouns have short names too: "svc list". */
static bool is_word(const char *typed, bool is_first, const char *word, size_t length)
{
	if (is_first && word[length] == ' ' && rs_kn_noun(typed))
		typed = rs_kn_noun(typed);
	return strlen(typed) == length && memcmp(typed, word, length) == 0;
}

/* The command may be of several words ("service list"): the longest that the words begin with. */
static size_t find_command(struct rs_complete *complete, char *const *words, size_t count)
{
	size_t best = 0;
	for (const struct rs_command *command = NULL; (command = rs_command_next(command));) {
		const char *at = command->name;
		size_t used = 0;
		while (*at && used < count) {
			size_t length = strcspn(at, " ");
			if (!is_word(words[used], used == 0, at, length))
				break;
			used++;
			at += length + (at[length] == ' ');
		}
		if (!*at && used > best) {
			best = used;
			complete->command = command;
		}
	}
	return best;
}

/* Reads one word before the cursor. Returns how many words it took; *ret_wants is the option whose value comes next. */
static size_t read_word(struct rs_complete *complete, char *const *words, size_t count, int *ret_wants)
{
	const char *word = words[0], *equals = strchr(word, '=');
	*ret_wants = -1;
	if (word[0] == '-' && word[1] != '\0' && !(word[1] >= '0' && word[1] <= '9')) {
		bool is_long = word[1] == '-';
		int option = find_option(complete, word, is_long && equals ? (size_t)(equals - word) : strlen(word));
		if (option < 0 || !rs_options[option].argument)
			return 1;
		if (is_long && equals) {
			note_value(complete, option, equals + 1);
			return 1;
		}
		if (count == 1) {
			*ret_wants = option;
			return 1;
		}
		note_value(complete, option, words[1]);
		return 2;
	}
	size_t used = complete->command ? 0 : find_command(complete, words, count);
	if (used)
		return used;
	rs_words_add(&complete->words, word);
	return 1;
}

/* --- what may stand there ----------------------------------------------------------------------------------------- */

static void offer_options(const struct rs_complete *complete)
{
	for (int i = 0; i < RS_OPTION_COUNT; i++) {
		char name[RS_OPTION_SPELLING_MAX];
		if (!(taken(complete) & (UINT64_C(1) << i)))
			continue;
		snprintf(name, sizeof(name), "--%s", rs_options[i].name);
		rs_complete_offer(complete, name, "", rs_options[i].help);
	}
}

/* The next word of the commands that begin with the words so far; of several commands with the same one it is said
 * once. */
static void offer_commands(const struct rs_complete *complete)
{
	const char *last = "";
	size_t last_length = 0;
	for (const struct rs_command *command = NULL; (command = rs_command_next(command));) {
		const char *at = command->name;
		size_t i = 0, length = 0;
		for (; i < complete->words.count && *at; i++) {
			length = strcspn(at, " ");
			if (!is_word(complete->words.items[i], i == 0, at, length))
				break;
			at += length + (at[length] == ' ');
		}
		length = strcspn(at, " ");
		if (i < complete->words.count || !length || rs_command_is_hidden(command) ||
		    (length == last_length && memcmp(at, last, length) == 0))
			continue;
		rs_auto_free char *word = strndup(at, length);
		if (word)
			rs_complete_offer(complete, word, "", at[length] ? "" : command->summary);
		last = at;
		last_length = length;
	}
}

static void answer(struct rs_complete *complete, int wants)
{
	const char *equals = strchr(complete->current, '=');
	int option = rs_str_starts_with(complete->current, "--") && equals
			     ? find_option(complete, complete->current, (size_t)(equals - complete->current))
			     : -1;
	if (wants >= 0) {
		rs_complete_value(complete, (enum rs_option)wants);
	} else if (option >= 0) {
		rs_auto_free char *prefix = strndup(complete->current, (size_t)(equals + 1 - complete->current));
		complete->prefix = prefix ? prefix : "";
		complete->current = equals + 1;
		rs_complete_value(complete, (enum rs_option)option);
		complete->prefix = "";
	} else if (complete->current[0] == '-') {
		offer_options(complete);
	} else if (!complete->command) {
		offer_commands(complete);
	} else {
		rs_complete_word(complete);
	}
}

enum rs_exit rs_complete(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_complete complete = {.cli = cli, .prefix = ""};
	char *const *words = (char *const *)(uintptr_t)args->names.items;
	size_t count = args->names.count;
	int wants = -1;
	if (count && rs_str_equal(words[0], "--")) {
		words++;
		count--;
	}
	complete.current = count ? words[count - 1] : "";
	size_t before = count ? count - 1 : 0;
	for (size_t i = 0; i < before;)
		i += read_word(&complete, words + i, before - i, &wants);
	if (complete.command && complete.command->is_raw && !rs_command_is_hidden(complete.command)) {
		/* Another program's options: files are the best guess. */
		fprintf(cli->out, "%s\n", RS_COMPLETE_FILES);
	} else {
		const char *socket = cli->client.socket;
		if (complete.socket)
			cli->client.socket = complete.socket;
		alarm(DEADLINE_S);
		answer(&complete, wants);
		alarm(0);
		cli->client.socket = socket;
	}
	free(complete.words.items);
	return RS_EXIT_OK;
}
