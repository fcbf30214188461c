// SPDX-License-Identifier: BSD-2-Clause
/* Text with paths in braces. */
#include "cli/print/json_path.h"

#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define RANGE_DEPTH_MAX 8

struct printing {
	struct rs_buf *out;
	struct rs_err *err;
	int depth;
	bool has_printed; /* a value of the present path */
	const char *body; /* of the present range */
	const char *after;
};

static int print_template(struct printing *printing, const char **at, const cJSON *node);

static int print_value(void *user, const cJSON *value)
{
	struct printing *printing = user;
	if (printing->has_printed)
		rs_buf_puts(printing->out, " ");
	printing->has_printed = true;
	return rs_json_path_print(value, printing->out);
}

static int print_range_element(void *user, const cJSON *element)
{
	struct printing own = *(struct printing *)user;
	const char *at = own.body;
	int r = print_template(&own, &at, element);
	((struct printing *)user)->after = at;
	return r;
}

/* {range PATH}: what is repeated is read once without an object, to find its end and what is wrong with it. */
static int print_range(struct printing *printing, const char *path, const char **at, const cJSON *node)
{
	struct printing own = *printing;
	if (++own.depth > RANGE_DEPTH_MAX)
		return rs_err_set(printing->err, -EINVAL, "more than %d ranges inside of each other", RANGE_DEPTH_MAX);
	own.body = own.after = *at;
	int r = rs_json_path_check(path, printing->err);
	if (r == 0)
		r = print_range_element(&own, NULL);
	*at = own.after;
	if (r == 0 && strncmp(*at, "{end}", 5) != 0)
		r = rs_err_set(printing->err, -EINVAL, "{range %s} has no {end}", path);
	if (r == 0)
		*at += 5;
	if (r == 0 && node)
		r = rs_json_path_each(path, node, print_range_element, &own);
	return r;
}

/* {"\n"} and the like. */
static int print_literal(struct printing *printing, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char letter = text[i];
		if (letter == '\\' && i + 1 < length) {
			letter = text[++i];
			letter = letter == 'n' ? '\n' : letter == 't' ? '\t' : letter == 'r' ? '\r' : letter;
		}
		rs_buf_append(printing->out, &letter, 1);
	}
	return printing->out->error;
}

/* The brace that closes; quoted ones do not. */
static const char *closing(const char *at)
{
	for (char quote = 0; *at && (quote || *at != '}'); at++) {
		if (quote && *at == '\\' && at[1])
			at++;
		else if (quote)
			quote = *at == quote ? 0 : quote;
		else if (*at == '"' || *at == '\'')
			quote = *at;
	}
	return *at ? at : NULL;
}

static int print_braces(struct printing *printing, const char **at, const cJSON *node)
{
	const char *inside = *at + 1, *end = closing(inside);
	if (!end)
		return rs_err_set(printing->err, -EINVAL, "\"%s\" has no closing brace", *at);
	size_t length = (size_t)(end - inside);
	rs_auto_free char *text = strndup(inside, length);
	if (!text)
		return -ENOMEM;
	*at = end + 1;
	if (length >= 2 && (*text == '"' || *text == '\''))
		return node ? print_literal(printing, text + 1, length - 2) : 0;
	if (rs_str_starts_with(text, "range "))
		return print_range(printing, text + strlen("range "), at, node);
	int r = rs_json_path_check(text, printing->err);
	printing->has_printed = false;
	return r < 0 || !node ? r : rs_json_path_each(text, node, print_value, printing);
}

/* Up to the end, or to the {end} of the range that it is in. */
static int print_template(struct printing *printing, const char **at, const cJSON *node)
{
	int r = 0;
	while (**at && r == 0) {
		if (strncmp(*at, "{end}", 5) == 0) {
			if (printing->depth > 0)
				return 0;
			return rs_err_set(printing->err, -EINVAL, "{end} without {range}");
		}
		if (**at == '{') {
			r = print_braces(printing, at, node);
			continue;
		}
		size_t length = strcspn(*at, "{");
		if (node)
			r = rs_buf_append(printing->out, *at, length);
		*at += length;
	}
	return r;
}

/* A template without braces is a path. */
static int run(const char *template, const cJSON *root, struct rs_buf *out, struct rs_err *err)
{
	struct printing printing = {.out = out, .err = err};
	rs_auto_free char *whole = strchr(template, '{') ? NULL : rs_str_format("{%s}", template);
	const char *at = whole ? whole : template;
	return print_template(&printing, &at, root);
}

int rs_json_template_check(const char *template, struct rs_err *err)
{
	struct rs_buf nothing;
	if (!*template)
		return rs_err_set(err, -EINVAL, "there is nothing in the template; for example {.metadata.name}");
	rs_buf_init(&nothing, 1);
	int r = run(template, NULL, &nothing, err);
	rs_buf_done(&nothing);
	return r;
}

int rs_json_template_print(const char *template, const cJSON *root, struct rs_buf *out)
{
	return run(template, root, out, NULL);
}
