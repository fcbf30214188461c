// SPDX-License-Identifier: BSD-2-Clause
#include "cli/noun/target.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOUNS_MAX 8 /* in one comma-separated list */

static int parse_noun(const char *text, size_t length, const struct rs_noun **ret_noun, struct rs_err *err)
{
	rs_auto_free char *copy = strndup(text, length);
	return copy ? rs_noun_parse(copy, ret_noun, err) : -ENOMEM;
}

static void add(struct rs_targets *targets, const struct rs_noun *noun, const char *name)
{
	targets->items[targets->count++] = (struct rs_target){.noun = noun, .name = name};
}

static int check_name(const struct rs_noun *noun, const char *name, struct rs_err *err)
{
	const char *slash = strchr(name, '/');
	if (slash) {
		/* Either form, not both: "instance revision/hello-00001" asks for what it cannot name. */
		rs_auto_free char *word = strndup(name, (size_t)(slash - name));
		const struct rs_noun *other = word ? rs_noun_find(word) : NULL;
		return rs_err_set(err, -EINVAL, "\"%s\" is no name: write \"%s NAME\"%s%s%s", name, noun->plural,
				  other ? ", or \"" : ", or NOUN/NAME", other ? name : "", other ? "\" alone" : "");
	}
	if (!noun->has_names)
		return rs_err_set(err, -EINVAL,
				  "%s have no names; list them all, or those of one service with --service",
				  noun->plural);
	if (!*name)
		return rs_err_set(err, -EINVAL, "a name must not be empty");
	return 0;
}

/* service/hello rev/web-00001 */
static int parse_slashes(const struct rs_words *words, struct rs_targets *targets, struct rs_err *err)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *slash = strchr(words->items[i], '/');
		const struct rs_noun *noun;
		if (!slash)
			return rs_err_set(err, -EINVAL, "\"%s\" is not NOUN/NAME like the words before it",
					  words->items[i]);
		int r = parse_noun(words->items[i], (size_t)(slash - words->items[i]), &noun, err);
		if (r == 0)
			r = check_name(noun, slash + 1, err);
		if (r < 0)
			return r;
		add(targets, noun, slash + 1);
	}
	return 0;
}

/* kubectl's `all`: what a service and its work are made of. */
static const struct rs_noun *const everyday[] = {&rs_noun_service, &rs_noun_configuration, &rs_noun_revision,
						 &rs_noun_route, &rs_noun_instance};

/* services,revisions [NAME...] */
static int parse_nouns(const struct rs_words *words, struct rs_targets *targets, struct rs_err *err)
{
	const struct rs_noun *nouns[NOUNS_MAX];
	size_t count = 0;
	if (words->count == 1 && rs_str_equal(words->items[0], "all")) {
		for (size_t i = 0; i < rs_array_length(everyday); i++)
			add(targets, everyday[i], NULL);
		return 0;
	}
	for (const char *text = words->items[0]; text; count++) {
		const char *comma = strchr(text, ',');
		if (count == NOUNS_MAX)
			return rs_err_set(err, -EINVAL, "at most %d kinds of objects at once", NOUNS_MAX);
		int r = parse_noun(text, comma ? (size_t)(comma - text) : strlen(text), &nouns[count], err);
		if (r < 0)
			return r;
		text = comma ? comma + 1 : NULL;
	}
	if (words->count > 1 && count > 1)
		return rs_err_set(err, -EINVAL, "names go with one kind of object; write NOUN/NAME for several");
	if (words->count == 1) {
		for (size_t i = 0; i < count; i++)
			add(targets, nouns[i], NULL);
		return 0;
	}
	for (size_t i = 1; i < words->count; i++) {
		int r = check_name(nouns[0], words->items[i], err);
		if (r < 0)
			return r;
		add(targets, nouns[0], words->items[i]);
	}
	return 0;
}

static int parse_names(const struct rs_words *words, const struct rs_noun *usual, struct rs_targets *targets,
		       struct rs_err *err)
{
	/* A noun alone is half a sentence, more likely than an object of that name. */
	const struct rs_noun *noun = rs_noun_find(words->items[0]);
	if (noun && words->count == 1)
		return rs_err_set(err, -EINVAL, "which %s? Give its name", words->items[0]);
	for (size_t i = 0; i < words->count; i++) {
		int r = check_name(usual, words->items[i], err);
		if (r < 0)
			return r;
		add(targets, usual, words->items[i]);
	}
	return 0;
}

int rs_targets_parse(const struct rs_words *words, const struct rs_noun *usual, struct rs_targets *ret_targets,
		     struct rs_err *err)
{
	size_t room = words->count > NOUNS_MAX ? words->count : NOUNS_MAX;
	struct rs_targets targets = {.items = calloc(room, sizeof(*targets.items))};
	if (!targets.items)
		return rs_err_set(err, -ENOMEM, "out of memory");
	int r;
	if (words->count == 0)
		r = rs_err_set(err, -EINVAL, "which objects? For example: services");
	else if (strchr(words->items[0], '/'))
		r = parse_slashes(words, &targets, err);
	else if (usual && (words->count == 1 || !rs_noun_find(words->items[0])))
		r = parse_names(words, usual, &targets, err);
	else
		r = parse_nouns(words, &targets, err);
	if (r < 0)
		rs_targets_done(&targets);
	else
		*ret_targets = targets;
	return r;
}

void rs_targets_done(struct rs_targets *targets)
{
	free(targets->items);
	*targets = (struct rs_targets){0};
}
