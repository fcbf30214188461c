// SPDX-License-Identifier: BSD-2-Clause
/* Text to objects; manifest_file.c reads the text. */
#include "cli/manifest/manifest.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/json.h"
#include "wire/yaml.h"

#include <ctype.h>
#include <errno.h>
#include <search.h>
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

/* A file that is being read. */
struct reading {
	const struct rs_manifest_visitor *visitor;
	const char *name;
};

struct had {
	char *source;
	char *key; /* kind, namespace and name */
};

static int compare(const void *left, const void *right)
{
	return strcmp(((const struct had *)left)->key, ((const struct had *)right)->key);
}

static void free_had(void *item)
{
	struct had *had = item;
	free(had->source);
	free(had->key);
	free(had);
}

void rs_manifest_had_done(struct rs_manifest_had *had)
{
	tdestroy(had->objects, free_had);
	had->objects = NULL;
}

/* Where this object was read before, or NULL: remembered from now on. Objects that are not whole are told by whoever
 * wants to use them. */
static const char *find_twin(const struct reading *reading, const struct rs_manifest_source *source,
			     const cJSON *object)
{
	struct rs_manifest_had *all = reading->visitor->had;
	const char *name = rs_json_text(object, "metadata", "name");
	const char *namespace = rs_json_text(object, "metadata", "namespace");
	struct had *had = *name ? calloc(1, sizeof(*had)) : NULL;
	if (!had)
		return NULL;
	had->source = rs_manifest_where(source);
	had->key = rs_str_format("%s %s %s/%s", rs_json_text(object, "apiVersion"), rs_json_text(object, "kind"),
				 *namespace	  ? namespace
				 : all->namespace ? all->namespace
						  : "default",
				 name);
	struct had **found = had->source && had->key ? tsearch(had, &all->objects, compare) : NULL;
	if (found && *found == had)
		return NULL;
	free_had(had);
	return found ? (*found)->source : NULL;
}

static void visit_object(struct reading *reading, const struct rs_manifest_source *source, cJSON *object)
{
	const struct rs_manifest_visitor *visitor = reading->visitor;
	const char *twin = find_twin(reading, source, object);
	if (!twin) {
		visitor->object(visitor->user, source, object);
		return;
	}
	struct rs_err err = {0};
	rs_err_set(&err, -EEXIST, "metadata.name: %s \"%s\" is written twice: first at %s; keep one of them",
		   rs_json_text(object, "kind"), rs_json_text(object, "metadata", "name"), twin);
	rs_manifest_blame(source, "", &err);
	visitor->broken(visitor->user, &err);
}

static void visit_items(struct reading *reading, struct rs_manifest_source *source, const cJSON *items)
{
	cJSON *item;
	cJSON_ArrayForEach (item, items) {
		source->item++;
		visit_object(reading, source, item);
	}
}

/* One object, or those of a List. */
static void visit(struct reading *reading, struct rs_manifest_source source, cJSON *object)
{
	struct rs_err err = {0};
	cJSON *items = cJSON_GetObjectItemCaseSensitive(object, "items");
	const char *kind = rs_json_text(object, "kind");
	size_t length = strlen(kind);
	source.file = reading->name;
	source.item = -1;
	if (!cJSON_IsObject(object)) {
		rs_err_set(&err, -EINVAL, "is no object with apiVersion, kind, metadata and spec");
		rs_manifest_blame(&source, "", &err);
		reading->visitor->broken(reading->visitor->user, &err);
	} else if (cJSON_IsArray(items) && length >= 4 && rs_str_equal(kind + length - 4, "List")) {
		visit_items(reading, &source, items);
	} else {
		visit_object(reading, &source, object);
	}
}

/* --- JSON: one value after another ----------------------------------------------------------------------------------
 */

/* Where in the text, in the words of a compiler: LINE:COLUMN. */
static void say_no_json(const struct reading *reading, const char *text, const char *at)
{
	struct rs_err err = {0};
	const char *line = at;
	while (line > text && line[-1] != '\n')
		line--;
	rs_err_set(&err, -EINVAL, "%s:%zu:%zu: is not JSON here", reading->name, 1 + count_lines(text, at),
		   (size_t)(at - line) + 1);
	reading->visitor->broken(reading->visitor->user, &err);
}

/* False when the text is no JSON, and nothing was visited. */
static bool parse_json(struct reading *reading, const char *text, bool must_be)
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
			say_no_json(reading, text, end ? end : at);
			return true;
		}
		visit(reading,
		      (struct rs_manifest_source){
			      .line = line, .text = at, .length = (size_t)(end - at), .lines_before = line - 1},
		      value);
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

static void parse_document(struct reading *reading, const char *text, size_t length, size_t lines_before)
{
	/* Too large for the stack. */
	rs_auto_free struct rs_yaml_documents *documents = calloc(1, sizeof(*documents));
	struct rs_err err = {0};
	int r = documents ? rs_yaml_parse(text, length, reading->name, documents, &err)
			  : rs_err_set(&err, -ENOMEM, "%s: out of memory", reading->name);
	if (r < 0) {
		shift_line(&err, reading->name, lines_before);
		reading->visitor->broken(reading->visitor->user, &err);
		return;
	}
	for (size_t i = 0; i < documents->count; i++)
		visit(reading,
		      (struct rs_manifest_source){.line = lines_before + documents->lines[i],
						  .text = text,
						  .length = length,
						  .lines_before = lines_before},
		      documents->items[i]);
	rs_yaml_documents_done(documents);
}

static void parse_yaml(struct reading *reading, const char *text, size_t length)
{
	/* Directives belong to the document behind the marker: such a stream stays whole. */
	if (length && text[0] == '%') {
		parse_document(reading, text, length, 0);
		return;
	}
	const char *end = text + length;
	size_t lines = 0;
	for (const char *at = text; at < end;) {
		const char *next = end_of_document(at, end);
		parse_document(reading, at, (size_t)(next - at), lines);
		lines += count_lines(at, next);
		at = next;
	}
}

void rs_manifest_parse(const char *text, size_t length, const char *name, const struct rs_manifest_visitor *visitor)
{
	struct reading reading = {.visitor = visitor, .name = name};
	size_t name_length = strlen(name);
	bool is_json = name_length > 5 && rs_str_equal(name + name_length - 5, ".json");
	const char *first = text;
	while (isspace((unsigned char)*first))
		first++;
	/* Flow YAML begins like JSON; what JSON's parser does not take at once is YAML's. */
	bool begins_like_json = is_json || *first == '{' || *first == '[';
	if (!begins_like_json || !parse_json(&reading, text, is_json))
		parse_yaml(&reading, text, length);
}
