// SPDX-License-Identifier: BSD-2-Clause
#include "cli/noun/noun.h"

#include "base/suggest.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

const struct rs_noun *const rs_nouns[] = {
	&rs_noun_service, &rs_noun_revision, &rs_noun_route, &rs_noun_configuration, &rs_noun_instance, &rs_noun_hold,
	&rs_noun_flow,	  &rs_noun_event,    NULL,
};

static bool is_called(const struct rs_noun *noun, const char *text)
{
	if (strcasecmp(text, noun->plural) == 0 || strcasecmp(text, noun->kind) == 0)
		return true;
	for (size_t i = 0; i < RS_NOUN_ALIASES_MAX && noun->aliases[i]; i++) {
		if (strcasecmp(text, noun->aliases[i]) == 0)
			return true;
	}
	/* kubectl's full form, services.serving.knative.dev, and what is printed: service.serving.knative.dev/hello */
	const char *dot = strchr(text, '.');
	if (!dot || !*noun->group || strcasecmp(dot + 1, noun->group) != 0)
		return false;
	size_t length = (size_t)(dot - text);
	return (length == strlen(noun->plural) && strncasecmp(text, noun->plural, length) == 0) ||
	       (length == strlen(noun->kind) && strncasecmp(text, noun->kind, length) == 0);
}

const struct rs_noun *rs_noun_find(const char *text)
{
	for (size_t i = 0; rs_nouns[i]; i++) {
		if (is_called(rs_nouns[i], text))
			return rs_nouns[i];
	}
	return NULL;
}

int rs_noun_parse(const char *text, const struct rs_noun **ret_noun, struct rs_err *err)
{
	const struct rs_noun *noun = rs_noun_find(text);
	if (noun) {
		*ret_noun = noun;
		return 0;
	}
	struct rs_suggestion suggestion = {0};
	for (size_t i = 0; rs_nouns[i]; i++) {
		rs_suggest_offer(&suggestion, text, rs_nouns[i]->plural);
		rs_suggest_offer(&suggestion, text, rs_nouns[i]->kind);
	}
	if (suggestion.word)
		return rs_err_set(err, -EINVAL, "there is no kind of object \"%s\"; did you mean %s?", text,
				  suggestion.word);
	return rs_err_set(err, -EINVAL,
			  "there is no kind of object \"%s\"; there are services, revisions, routes, "
			  "configurations, instances, holds, flows and events",
			  text);
}

const struct rs_column *rs_noun_column(const struct rs_noun *noun, const char *header)
{
	for (size_t i = 0; i < noun->column_count; i++) {
		if (strcasecmp(noun->columns[i].header, header) == 0)
			return &noun->columns[i];
	}
	return NULL;
}

void rs_noun_full_name(const struct rs_noun *noun, const char *name, struct rs_buf *out)
{
	for (const char *letter = noun->kind; *letter; letter++)
		rs_buf_printf(out, "%c", tolower((unsigned char)*letter));
	rs_buf_printf(out, "%s%s/%s", *noun->group ? "." : "", noun->group, name);
}
