// SPDX-License-Identifier: BSD-2-Clause
#include "cli/complete/complete.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/fetch.h"
#include "cli/option.h"

#include <ctype.h>
#include <glob.h>
#include <string.h>

#define TOKEN_MAX  64
#define TOKENS_MAX 8

void rs_complete_offer(const struct rs_complete *complete, const char *name, const char *end, const char *description)
{
	if (!rs_str_starts_with(name, complete->current))
		return;
	fprintf(complete->cli->out, "%s%s%s", complete->prefix, name, end);
	if (*description)
		fprintf(complete->cli->out, "\t%s", description);
	fputc('\n', complete->cli->out);
}

/* --- what is there ------------------------------------------------------------------------------------------------ */

static cJSON *list_of(const struct rs_complete *complete, const struct rs_noun *noun, const char *namespace)
{
	struct rs_err ignored = {0};
	struct rs_query query = {.namespace = namespace};
	cJSON *list = NULL;
	/* Who has no agent gets no names; a prompt is no place for complaints. */
	if (rs_fetch_list(&complete->cli->client, noun, &query, &list, &ignored) < 0)
		return NULL;
	return list;
}

/* Names of a noun, each behind `lead` ("revision/" or ""). */
static void offer_names(const struct rs_complete *complete, const struct rs_noun *noun, const char *lead)
{
	if (!noun->has_names)
		return;
	rs_auto_json cJSON *list = list_of(complete, noun, complete->namespace ? complete->namespace : "default");
	const cJSON *object;
	cJSON_ArrayForEach (object, rs_json_get(list, "items")) {
		rs_auto_free char *name = rs_str_format("%s%s", lead, rs_json_text(object, "metadata", "name"));
		if (name)
			rs_complete_offer(complete, name, "", "");
	}
}

static void offer_namespaces(const struct rs_complete *complete)
{
	rs_auto_json cJSON *list = list_of(complete, &rs_noun_service, NULL);
	const cJSON *object, *other;
	cJSON_ArrayForEach (object, rs_json_get(list, "items")) {
		const char *namespace = rs_json_text(object, "metadata", "namespace");
		/* Said by the first that is in it. */
		cJSON_ArrayForEach (other, rs_json_get(list, "items")) {
			if (rs_str_equal(rs_json_text(other, "metadata", "namespace"), namespace))
				break;
		}
		if (other == object)
			rs_complete_offer(complete, namespace, "", "");
	}
}

static void offer_nouns(const struct rs_complete *complete)
{
	/* services,revi... : the list goes on behind the comma */
	struct rs_complete last = *complete;
	const char *comma = strrchr(complete->current, ',');
	rs_auto_free char *prefix = comma ? strndup(complete->current, (size_t)(comma + 1 - complete->current)) : NULL;
	if (prefix) {
		last.prefix = prefix;
		last.current = comma + 1;
	}
	for (size_t i = 0; rs_nouns[i]; i++)
		rs_complete_offer(&last, rs_nouns[i]->plural, "", rs_nouns[i]->summary);
}

static void offer_commands(const struct rs_complete *complete)
{
	for (const struct rs_command *command = NULL; (command = rs_command_next(command));) {
		if (!rs_command_is_hidden(command))
			rs_complete_offer(complete, command->name, "", command->summary);
	}
}

/* --- a place in a usage line -------------------------------------------------------------------------------------- */

/* The noun that NAME means: of the words before, or of the command ("service list"), else the usual one. */
static const struct rs_noun *noun_so_far(const struct rs_complete *complete)
{
	char first[TOKEN_MAX];
	for (size_t i = 0; i < complete->words.count; i++) {
		const struct rs_noun *noun = rs_noun_find(complete->words.items[i]);
		if (noun)
			return noun;
	}
	rs_str_copy(first, sizeof(first), complete->command->name);
	first[strcspn(first, " ")] = '\0';
	const struct rs_noun *noun = rs_noun_find(first);
	return noun ? noun : &rs_noun_service;
}

/* The revisions of the service that the first word names, each with what its percent follows. */
static void offer_targets(const struct rs_complete *complete)
{
	rs_auto_json cJSON *list =
		list_of(complete, &rs_noun_revision, complete->namespace ? complete->namespace : "default");
	const cJSON *object;
	cJSON_ArrayForEach (object, rs_json_get(list, "items")) {
		if (rs_str_equal(rs_json_text(object, "metadata", "labels", "serving.knative.dev/service"),
				 complete->words.items[0]))
			rs_complete_offer(complete, rs_json_text(object, "metadata", "name"), "=", "");
	}
}

static void offer_alternative(const struct rs_complete *complete, const char *alternative)
{
	static const struct {
		const char *word;
		const struct rs_noun *noun;
	} kinds[] = {
		{"SERVICE", &rs_noun_service},	 {"REVISION", &rs_noun_revision},	    {"ROUTE", &rs_noun_route},
		{"INSTANCE", &rs_noun_instance}, {"CONFIGURATION", &rs_noun_configuration},
	};
	const char *slash = strchr(alternative, '/');
	char lead[TOKEN_MAX];
	for (size_t i = 0; i < rs_array_length(kinds); i++) {
		if (rs_str_equal(alternative, kinds[i].word))
			offer_names(complete, kinds[i].noun, "");
	}
	if (rs_str_equal(alternative, "NOUN")) {
		offer_nouns(complete);
	} else if (rs_str_equal(alternative, "NAME")) {
		offer_names(complete, noun_so_far(complete), "");
	} else if (rs_str_equal(alternative, "COMMAND")) {
		offer_commands(complete);
	} else if (rs_str_equal(alternative, "TARGET")) {
		rs_complete_offer(complete, "@latest", "=", "the newest revision that is ready");
		offer_targets(complete);
	} else if (slash) {
		/* revision/NAME: the names when it is begun, the noun before. */
		snprintf(lead, sizeof(lead), "%.*s", (int)(slash + 1 - alternative), alternative);
		if (rs_str_starts_with(complete->current, lead)) {
			lead[slash - alternative] = '\0';
			const struct rs_noun *noun = rs_noun_find(lead);
			lead[slash - alternative] = '/';
			if (noun)
				offer_names(complete, noun, lead);
		} else {
			rs_complete_offer(complete, lead, "", "");
		}
	} else if (islower((unsigned char)alternative[0])) {
		rs_complete_offer(complete, alternative, "", "");
	}
}

/* "[NOUN]" without its brackets, dots and what is repeated behind a comma. */
static void strip(const char *token, size_t length, char out[static TOKEN_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < length && n + 1 < TOKEN_MAX && token[i] != '='; i++) {
		if (token[i] == '[' && i > 0)
			break; /* NOUN[,NOUN...] */
		if (!strchr("[].,", token[i]))
			out[n++] = token[i];
	}
	out[n] = '\0';
}

/* The alternatives of one token: "SERVICE|revision/NAME...". */
static void offer_token(const struct rs_complete *complete, const char *token, size_t length)
{
	while (length) {
		size_t part = 0;
		while (part < length && token[part] != '|')
			part++;
		char alternative[TOKEN_MAX];
		strip(token, part, alternative);
		offer_alternative(complete, alternative);
		token += part + (part < length);
		length -= part + (part < length);
	}
}

struct token {
	const char *text;
	size_t length;
};

/* "NAME...", "[NAME...]" and "NAME...|-l", but not "NOUN[,NOUN...]", which is one word. */
static bool is_repeated(const struct token *token)
{
	const char *dots = memmem(token->text, token->length, "...", 3);
	const char *end = token->text + token->length, *next = dots ? dots + 3 : end;
	return dots && (next == end || *next == '|' || token->text[0] == '[');
}

/* The words of a usage line up to its options, or to what may stand instead of all this. */
static size_t read_usage(const char *usage, struct token tokens[static TOKENS_MAX])
{
	size_t count = 0;
	while (*usage && count < TOKENS_MAX) {
		size_t length = strcspn(usage, " ");
		if (*usage == '-' || *usage == '|' || rs_str_starts_with(usage, "[-"))
			break;
		tokens[count++] = (struct token){usage, length};
		if (is_repeated(&tokens[count - 1]))
			break;
		usage += length;
		usage += strspn(usage, " ");
	}
	return count;
}

void rs_complete_word(const struct rs_complete *complete)
{
	struct token tokens[TOKENS_MAX];
	size_t count = read_usage(complete->command->usage, tokens), place = complete->words.count;
	/* NAME... goes on for ever. */
	if (place >= count && count && is_repeated(&tokens[count - 1]))
		place = count - 1;
	if (place >= count)
		return;
	offer_token(complete, tokens[place].text, tokens[place].length);
	/* [NOUN] NAME: this word may be the name already. */
	if (tokens[place].text[0] == '[' && place + 1 < count)
		offer_token(complete, tokens[place + 1].text, tokens[place + 1].length);
}

/* The agents of this host, by what each keeps in its run directory. */
static void offer_agents(const struct rs_complete *complete)
{
	glob_t paths = {0};
	if (glob("/run/*/instances", GLOB_ONLYDIR, NULL, &paths) == 0) {
		for (size_t i = 0; i < paths.gl_pathc; i++) {
			char *name = paths.gl_pathv[i] + strlen("/run/");
			name[strcspn(name, "/")] = '\0';
			rs_complete_offer(complete, name, "", "");
		}
	}
	globfree(&paths);
}

/* --- a value of an option ----------------------------------------------------------------------------------------- */

void rs_complete_value(const struct rs_complete *complete, enum rs_option option)
{
	static const struct {
		const char *argument; /* of the option, in its help */
		const char *values[8];
	} fixed[] = {
		{"FORMAT", {"wide", "json", "yaml", "name", "jsonpath="}},
		{"WHEN", {"auto", "always", "never"}},
		{"WHAT", {"condition=Ready", "ready", "zero", "instances=", "delete"}},
	};
	const char *argument = rs_options[option].argument;
	for (size_t i = 0; i < rs_array_length(fixed); i++) {
		for (size_t j = 0; rs_str_equal(argument, fixed[i].argument) && j < 8 && fixed[i].values[j]; j++)
			rs_complete_offer(complete, fixed[i].values[j], "", "");
	}
	if (rs_str_equal(argument, "NS"))
		offer_namespaces(complete);
	else if (rs_str_equal(argument, "AGENT"))
		offer_agents(complete);
	else if (option == RS_OPTION_SERVICE)
		offer_names(complete, &rs_noun_service, "");
	else if (rs_str_equal(argument, "FILE") || rs_str_equal(argument, "PATH") || rs_str_equal(argument, "DIR"))
		fprintf(complete->cli->out, "%s\n", RS_COMPLETE_FILES);
}
