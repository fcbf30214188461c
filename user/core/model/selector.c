/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/model/selector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum operator{
	IS_ONE_OF,
	IS_NONE_OF, /* also when there is no such label */
	EXISTS,
	EXISTS_NOT,
};

struct term {
	enum operator operator;
	const char *key;
	unsigned first_value, value_count;
};

struct rs_selector {
	struct term terms[RS_SELECTOR_TERMS_MAX];
	unsigned term_count;
	const char *values[RS_SELECTOR_VALUES_MAX];
	unsigned value_count;
	const char *const *known; /* of fields; NULL = labels */
	char text[];		  /* cut into keys and values */
};

/* Reads `text`, which is whole, and cuts the selector's copy at the same places. */
struct reader {
	struct rs_selector *selector;
	const char *text;
	size_t at;
	struct rs_err *err;
};

static int refuse(const struct reader *reader, const char *wanted)
{
	return rs_err_set(reader->err, -EINVAL, "the selector \"%.128s\": %s is wanted at character %zu", reader->text,
			  wanted, reader->at + 1);
}

static void skip_blanks(struct reader *reader)
{
	reader->at += strspn(reader->text + reader->at, " \t");
}

static bool take(struct reader *reader, const char *token)
{
	const size_t length = strlen(token);

	skip_blanks(reader);
	if (strncmp(reader->text + reader->at, token, length) != 0)
		return false;
	reader->at += length;
	return true;
}

/* A key, a value or a word. May be empty. */
static const char *take_word(struct reader *reader)
{
	char *word;
	size_t length;

	skip_blanks(reader);
	word = reader->selector->text + reader->at;
	length = strcspn(reader->text + reader->at, "=!,() \t<>");
	reader->at += length;
	/* What follows stands in `text`, which is not cut. */
	word[length] = '\0';
	return word;
}

static int add_value(struct reader *reader, struct term *term)
{
	struct rs_selector *selector = reader->selector;

	if (selector->value_count == RS_SELECTOR_VALUES_MAX)
		return rs_err_set(reader->err, -EINVAL, "the selector has more than %d values", RS_SELECTOR_VALUES_MAX);
	selector->values[selector->value_count++] = take_word(reader);
	term->value_count++;
	return 0;
}

static int read_set(struct reader *reader, struct term *term)
{
	int r;

	if (!take(reader, "("))
		return refuse(reader, "\"(\"");
	do {
		r = add_value(reader, term);
		if (r < 0)
			return r;
	} while (take(reader, ","));
	return take(reader, ")") ? 0 : refuse(reader, "\",\" or \")\"");
}

static int read_operator(struct reader *reader, struct term *term)
{
	const bool is_label = !reader->selector->known;
	size_t before;
	const char *word;

	if (take(reader, "!=")) {
		term->operator= IS_NONE_OF;
		return add_value(reader, term);
	}
	if (take(reader, "==") || take(reader, "="))
		return add_value(reader, term);
	if (!is_label)
		return refuse(reader, "\"=\", \"==\" or \"!=\"");
	skip_blanks(reader);
	if (!reader->text[reader->at] || reader->text[reader->at] == ',') {
		term->operator= EXISTS;
		return 0;
	}
	before = reader->at;
	word = take_word(reader);
	if (strcmp(word, "notin") == 0)
		term->operator= IS_NONE_OF;
	else if (strcmp(word, "in") != 0) {
		reader->at = before;
		return refuse(reader, "\"=\", \"==\", \"!=\", \"in\", \"notin\" or \",\"");
	}
	return read_set(reader, term);
}

static int check_field(const struct reader *reader, const char *key)
{
	const char *const *known = reader->selector->known;

	for (; *known; known++)
		if (strcmp(*known, key) == 0)
			return 0;
	return rs_err_set(reader->err, -EINVAL, "there is no field \"%.64s\" to select by here; there is \"%s\"%s%s%s",
			  key, reader->selector->known[0], reader->selector->known[1] ? ", \"" : "",
			  reader->selector->known[1] ? reader->selector->known[1] : "",
			  reader->selector->known[1] ? "\" ..." : "");
}

static int read_term(struct reader *reader)
{
	struct rs_selector *selector = reader->selector;
	struct term *term = &selector->terms[selector->term_count];
	bool is_negated;

	if (selector->term_count == RS_SELECTOR_TERMS_MAX)
		return rs_err_set(reader->err, -EINVAL, "the selector has more than %d terms", RS_SELECTOR_TERMS_MAX);
	selector->term_count++;
	is_negated = !selector->known && take(reader, "!");
	*term = (struct term){.operator= is_negated ? EXISTS_NOT : IS_ONE_OF, .first_value = selector->value_count};
	term->key = take_word(reader);
	if (!term->key[0])
		return refuse(reader, "a key");
	if (selector->known && check_field(reader, term->key) < 0)
		return -EINVAL;
	return is_negated ? 0 : read_operator(reader, term);
}

static int read_all(struct reader *reader)
{
	int r;

	do {
		r = read_term(reader);
		if (r < 0)
			return r;
	} while (take(reader, ","));
	skip_blanks(reader);
	return reader->text[reader->at] ? refuse(reader, "\",\"") : 0;
}

static int parse(const char *text, const char *const *known, struct rs_selector **ret_selector, struct rs_err *err)
{
	const size_t length = strlen(text);
	struct reader reader = {.text = text, .err = err};
	int r;

	skip_blanks(&reader);
	if (!text[reader.at]) {
		*ret_selector = NULL;
		return 0;
	}
	if (length > RS_SELECTOR_BYTES_MAX)
		return rs_err_set(err, -EINVAL, "the selector is longer than %d characters", RS_SELECTOR_BYTES_MAX);
	reader.selector = calloc(1, sizeof(*reader.selector) + length + 1);
	if (!reader.selector)
		return rs_err_set(err, -ENOMEM, "out of memory");
	memcpy(reader.selector->text, text, length);
	reader.selector->known = known;
	r = read_all(&reader);
	if (r < 0) {
		rs_selector_free(reader.selector);
		return r;
	}
	*ret_selector = reader.selector;
	return 0;
}

int rs_selector_parse_labels(const char *text, struct rs_selector **ret_selector, struct rs_err *err)
{
	return parse(text, NULL, ret_selector, err);
}

int rs_selector_parse_fields(const char *text, const char *const *known, struct rs_selector **ret_selector,
			     struct rs_err *err)
{
	return parse(text, known, ret_selector, err);
}

struct rs_selector *rs_selector_free(struct rs_selector *selector)
{
	free(selector);
	return NULL;
}

static bool is_in(const struct rs_selector *selector, const struct term *term, const char *value)
{
	for (unsigned i = 0; i < term->value_count; i++)
		if (strcmp(selector->values[term->first_value + i], value) == 0)
			return true;
	return false;
}

bool rs_selector_matches(const struct rs_selector *selector, const char *(*get)(const void *object, const char *key),
			 const void *object)
{
	for (unsigned i = 0; selector && i < selector->term_count; i++) {
		const struct term *term = &selector->terms[i];
		const char *value = get(object, term->key);
		bool matches = false;

		switch (term->operator) {
		case IS_ONE_OF:
			matches = value && is_in(selector, term, value);
			break;
		case IS_NONE_OF:
			matches = !value || !is_in(selector, term, value);
			break;
		case EXISTS:
			matches = value != NULL;
			break;
		case EXISTS_NOT:
			matches = value == NULL;
			break;
		}
		if (!matches)
			return false;
	}
	return true;
}
