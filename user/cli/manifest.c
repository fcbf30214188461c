// SPDX-License-Identifier: BSD-2-Clause
/* Text to objects; manifest_file.c reads the text. */
#include "cli/manifest.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/json.h"
#include "wire/yaml.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static size_t count_lines(const char *from, const char *to)
{
	size_t lines = 0;
	for (; from < to; from++)
		lines += *from == '\n';
	return lines;
}

static void visit_items(const struct rs_manifest_visitor *visitor, const char *list, const cJSON *items)
{
	cJSON *item;
	size_t index = 0;
	cJSON_ArrayForEach (item, items) {
		rs_auto_free char *source = rs_str_format("%s: items[%zu]", list, index++);
		visitor->object(visitor->user, source ? source : list, item);
	}
}

/* One object, or those of a List. */
static void visit(const struct rs_manifest_visitor *visitor, const char *name, size_t line, cJSON *object)
{
	rs_auto_free char *source = rs_str_format("%s:%zu", name, line);
	struct rs_err err = {0};
	cJSON *items = cJSON_GetObjectItemCaseSensitive(object, "items");
	const char *kind = rs_json_text(object, "kind");
	size_t length = strlen(kind);
	if (!source || !cJSON_IsObject(object)) {
		rs_err_set(&err, -EINVAL, "%s:%zu: is no object with apiVersion, kind, metadata and spec", name, line);
		visitor->broken(visitor->user, &err);
	} else if (cJSON_IsArray(items) && length >= 4 && rs_str_equal(kind + length - 4, "List")) {
		visit_items(visitor, source, items);
	} else {
		visitor->object(visitor->user, source, object);
	}
}

/* --- JSON: one value after another ----------------------------------------------------------------------------------
 */

/* False when the text is no JSON, and nothing was visited. */
static bool parse_json(const char *text, const char *name, bool must_be, const struct rs_manifest_visitor *visitor)
{
	bool is_first = true;
	size_t line = 1;
	for (const char *at = text, *counted = text;; is_first = false) {
		while (isspace((unsigned char)*at))
			at++;
		line += count_lines(counted, at);
		counted = at;
		if (!*at)
			return true;
		const char *end = NULL;
		rs_auto_json cJSON *value = cJSON_ParseWithOpts(at, &end, false);
		if (!value && is_first && !must_be)
			return false;
		if (!value) {
			struct rs_err err = {0};
			rs_err_set(&err, -EINVAL, "%s:%zu: is not JSON here", name,
				   line + (end ? count_lines(at, end) : 0));
			visitor->broken(visitor->user, &err);
			return true;
		}
		visit(visitor, name, line, value);
		at = end;
	}
}

/* --- YAML: one document after another -------------------------------------------------------------------------------
 */

/* "---" at the beginning of a line is a marker wherever it stands: YAML forbids it inside of scalars. */
static bool is_marker(const char *line, const char *end)
{
	return end - line >= 3 && memcmp(line, "---", 3) == 0 && (end - line == 3 || isspace((unsigned char)line[3]));
}

/* Where the document that begins at `at` ends: at the next marker after its first line, or at the end. */
static const char *end_of_document(const char *at, const char *end)
{
	for (;;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			return end;
		at = newline + 1;
		if (is_marker(at, end))
			return at;
	}
}

/* The parser counts lines from the document's beginning: "NAME:LINE:..." gets the file's. */
static void shift_line(struct rs_err *err, const char *name, size_t lines_before)
{
	size_t skip = strlen(name);
	if (strncmp(err->message, name, skip) != 0 || err->message[skip] != ':')
		return;
	char *end;
	unsigned long line = strtoul(err->message + skip + 1, &end, 10);
	if (end == err->message + skip + 1)
		return;
	rs_auto_free char *rest = strdup(end);
	if (rest)
		rs_err_set(err, err->code, "%s:%zu%s", name, line + lines_before, rest);
}

static void parse_document(const char *text, size_t length, const char *name, size_t lines_before,
			   const struct rs_manifest_visitor *visitor)
{
	/* Too large for the stack. */
	rs_auto_free struct rs_yaml_documents *documents = calloc(1, sizeof(*documents));
	struct rs_err err = {0};
	int r = documents ? rs_yaml_parse(text, length, name, documents, &err)
			  : rs_err_set(&err, -ENOMEM, "%s: out of memory", name);
	if (r < 0) {
		shift_line(&err, name, lines_before);
		visitor->broken(visitor->user, &err);
		return;
	}
	for (size_t i = 0; i < documents->count; i++)
		visit(visitor, name, lines_before + documents->lines[i], documents->items[i]);
	rs_yaml_documents_done(documents);
}

static void parse_yaml(const char *text, size_t length, const char *name, const struct rs_manifest_visitor *visitor)
{
	/* Directives belong to the document behind the marker: such a stream stays whole. */
	if (length && text[0] == '%') {
		parse_document(text, length, name, 0, visitor);
		return;
	}
	const char *end = text + length;
	size_t lines = 0;
	for (const char *at = text; at < end;) {
		const char *next = end_of_document(at, end);
		parse_document(at, (size_t)(next - at), name, lines, visitor);
		lines += count_lines(at, next);
		at = next;
	}
}

void rs_manifest_parse(const char *text, size_t length, const char *name, const struct rs_manifest_visitor *visitor)
{
	size_t name_length = strlen(name);
	bool is_json = name_length > 5 && rs_str_equal(name + name_length - 5, ".json");
	const char *first = text;
	while (isspace((unsigned char)*first))
		first++;
	/* Flow YAML begins like JSON; what JSON's parser does not take at once is YAML's. */
	if ((is_json || *first == '{' || *first == '[') && parse_json(text, name, is_json, visitor))
		return;
	parse_yaml(text, length, name, visitor);
}
