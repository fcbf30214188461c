/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From libyaml's events to cJSON. What has no counterpart in JSON, or would
 * let a small file grow large (aliases), is refused where it stands.
 */
#include "wire/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/mem.h"
#include "wire/yaml_scalar.h"

/* Each new key is compared with all before it. */
#define KEYS_MAX 1024

struct reader {
	yaml_parser_t parser;
	const char *name;
	struct rs_err *err;
	size_t nodes;
	size_t depth;
};

static void event_cleanup(yaml_event_t *event)
{
	yaml_event_delete(event);
}
#define auto_event __attribute__((cleanup(event_cleanup)))

static int refuse(struct reader *reader, yaml_mark_t mark, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct reader *reader, yaml_mark_t mark, const char *format, ...)
{
	char message[RS_ERR_MESSAGE_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	return rs_err_set(reader->err, -EINVAL, "%.200s:%zu:%zu: %s", reader->name, mark.line + 1, mark.column + 1,
			  message);
}

static int out_of_memory(struct reader *reader)
{
	return rs_err_set(reader->err, -ENOMEM, "%.200s: out of memory", reader->name);
}

/* The usual slip has a sentence of its own. */
static int refuse_syntax(struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	yaml_mark_t mark = parser->problem_mark;

	if (parser->error == YAML_MEMORY_ERROR)
		return out_of_memory(reader);
	if (parser->error == YAML_READER_ERROR)
		return rs_err_set(reader->err, -EINVAL, "%.200s: byte %zu: %s", reader->name, parser->problem_offset,
				  parser->problem ? parser->problem : "cannot be read");
	if (parser->problem && strcmp(parser->problem, "found character that cannot start any token") == 0)
		return refuse(
			reader, mark,
			"no value begins with this character (a tab, @ or `): indent with spaces, or put the value in "
			"quotes");
	if (parser->context)
		return refuse(reader, mark, "%s (%s that began at line %zu)",
			      parser->problem ? parser->problem : "is not YAML", parser->context,
			      parser->context_mark.line + 1);
	return refuse(reader, mark, "%s", parser->problem ? parser->problem : "is not YAML");
}

static int next_event(struct reader *reader, yaml_event_t *event)
{
	memset(event, 0, sizeof(*event));
	return yaml_parser_parse(&reader->parser, event) ? 0 : refuse_syntax(reader);
}

static int check_plainness(struct reader *reader, const yaml_event_t *event, const yaml_char_t *anchor,
			   const yaml_char_t *tag)
{
	if (anchor)
		return refuse(reader, event->start_mark,
			      "&%s: anchors are not supported: write the value again where it "
			      "is needed",
			      (const char *)anchor);
	if (tag)
		return refuse(reader, event->start_mark, "tags such as %s are not supported: leave it out",
			      (const char *)tag);
	if (++reader->nodes > RS_YAML_NODES_MAX)
		return refuse(reader, event->start_mark, "more than %d values", RS_YAML_NODES_MAX);
	return 0;
}

static int check_scalar(struct reader *reader, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;

	if (strlen(text) != event->data.scalar.length)
		return refuse(reader, event->start_mark, "text cannot contain the character NUL");
	return check_plainness(reader, event, event->data.scalar.anchor, event->data.scalar.tag);
}

static int read_scalar(struct reader *reader, const yaml_event_t *event, cJSON **ret_json)
{
	const char *text = (const char *)event->data.scalar.value;
	enum rs_yaml_type type = RS_YAML_STRING;
	cJSON *json = NULL;
	double number = 0;
	int r = check_scalar(reader, event);

	if (r < 0)
		return r;
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		type = rs_yaml_resolve(text, &number);
	switch (type) {
	case RS_YAML_STRING:
		json = cJSON_CreateString(text);
		break;
	case RS_YAML_NULL:
		json = cJSON_CreateNull();
		break;
	case RS_YAML_TRUE:
	case RS_YAML_FALSE:
		json = cJSON_CreateBool(type == RS_YAML_TRUE);
		break;
	case RS_YAML_NUMBER:
		json = cJSON_CreateNumber(number);
		break;
	case RS_YAML_NO_JSON:
		return refuse(reader, event->start_mark, "%.40s is not a number that JSON has: put text in quotes",
			      text);
	}
	if (!json)
		return out_of_memory(reader);
	*ret_json = json;
	return 0;
}

static int read_node(struct reader *reader, const yaml_event_t *event, cJSON **ret_json);

static int read_sequence(struct reader *reader, cJSON *array)
{
	int r;

	while (1) {
		auto_event yaml_event_t event;
		cJSON *item;

		r = next_event(reader, &event);
		if (r < 0 || event.type == YAML_SEQUENCE_END_EVENT)
			return r;
		r = read_node(reader, &event, &item);
		if (r < 0)
			return r;
		cJSON_AddItemToArray(array, item);
	}
}

static int check_key(struct reader *reader, const yaml_event_t *event, const cJSON *object, size_t count)
{
	const char *text = (const char *)event->data.scalar.value;
	double number;
	int r;

	if (event->type == YAML_ALIAS_EVENT)
		return refuse(reader, event->start_mark, "*%s: aliases are not supported: write the key itself",
			      (const char *)event->data.alias.anchor);
	if (event->type != YAML_SCALAR_EVENT)
		return refuse(reader, event->start_mark, "a key must be text, not a list or an object");
	r = check_scalar(reader, event);
	if (r < 0)
		return r;
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		if (strcmp(text, "<<") == 0)
			return refuse(reader, event->start_mark,
				      "<<: merging is not supported: write the fields again");
		if (rs_yaml_resolve(text, &number) != RS_YAML_STRING)
			return refuse(reader, event->start_mark,
				      "the key %.40s must be text: put it in quotes, \"%.40s\"", text, text);
	}
	if (cJSON_GetObjectItemCaseSensitive(object, text))
		return refuse(reader, event->start_mark, "the key \"%.80s\" is given twice", text);
	if (count >= KEYS_MAX)
		return refuse(reader, event->start_mark, "more than %d keys in one object", KEYS_MAX);
	return 0;
}

static int read_mapping(struct reader *reader, cJSON *object)
{
	int r;

	for (size_t count = 0;; count++) {
		auto_event yaml_event_t key;
		auto_event yaml_event_t value = {0};
		cJSON *item;

		r = next_event(reader, &key);
		if (r < 0 || key.type == YAML_MAPPING_END_EVENT)
			return r;
		r = check_key(reader, &key, object, count);
		if (r == 0)
			r = next_event(reader, &value);
		if (r == 0)
			r = read_node(reader, &value, &item);
		if (r < 0)
			return r;
		if (!cJSON_AddItemToObject(object, (const char *)key.data.scalar.value, item)) {
			cJSON_Delete(item);
			return out_of_memory(reader);
		}
	}
}

static int read_collection(struct reader *reader, const yaml_event_t *event, cJSON **ret_json)
{
	const bool is_sequence = event->type == YAML_SEQUENCE_START_EVENT;
	cJSON *json;
	int r;

	if (is_sequence)
		r = check_plainness(reader, event, event->data.sequence_start.anchor, event->data.sequence_start.tag);
	else
		r = check_plainness(reader, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
	if (r < 0)
		return r;
	if (reader->depth >= RS_YAML_DEPTH_MAX)
		return refuse(reader, event->start_mark, "more than %d levels deep", RS_YAML_DEPTH_MAX);
	json = is_sequence ? cJSON_CreateArray() : cJSON_CreateObject();
	if (!json)
		return out_of_memory(reader);
	reader->depth++;
	r = is_sequence ? read_sequence(reader, json) : read_mapping(reader, json);
	reader->depth--;
	if (r < 0) {
		cJSON_Delete(json);
		return r;
	}
	*ret_json = json;
	return 0;
}

static int read_node(struct reader *reader, const yaml_event_t *event, cJSON **ret_json)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(reader, event, ret_json);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return read_collection(reader, event, ret_json);
	case YAML_ALIAS_EVENT:
		return refuse(reader, event->start_mark, "*%s: aliases are not supported: write the value itself",
			      (const char *)event->data.alias.anchor);
	default:
		return refuse(reader, event->start_mark, "a value is missing");
	}
}

/* After its start: the root and the end. */
static int read_document(struct reader *reader, struct rs_yaml_documents *documents)
{
	auto_event yaml_event_t root;
	auto_event yaml_event_t end = {0};
	cJSON *json = NULL;
	int r = next_event(reader, &root);

	if (r == 0)
		r = read_node(reader, &root, &json);
	if (r < 0)
		return r;
	r = next_event(reader, &end);
	if (r < 0 || cJSON_IsNull(json)) {
		cJSON_Delete(json);
		return r;
	}
	if (documents->count == RS_YAML_DOCUMENTS_MAX) {
		cJSON_Delete(json);
		return refuse(reader, root.start_mark, "more than %d documents", RS_YAML_DOCUMENTS_MAX);
	}
	documents->lines[documents->count] = root.start_mark.line + 1;
	documents->items[documents->count++] = json;
	return 0;
}

static int read_stream(struct reader *reader, struct rs_yaml_documents *documents)
{
	int r;

	while (1) {
		auto_event yaml_event_t event;

		r = next_event(reader, &event);
		if (r < 0 || event.type == YAML_STREAM_END_EVENT)
			return r;
		if (event.type != YAML_DOCUMENT_START_EVENT)
			continue;
		r = read_document(reader, documents);
		if (r < 0)
			return r;
	}
}

int rs_yaml_parse(const char *text, size_t length, const char *name, struct rs_yaml_documents *ret_documents,
		  struct rs_err *err)
{
	struct reader reader = {.name = name, .err = err};
	int r;

	ret_documents->count = 0;
	if (length > RS_YAML_BYTES_MAX)
		return rs_err_set(err, -EINVAL, "%.200s: has %zu bytes, at most %d are possible", name, length,
				  RS_YAML_BYTES_MAX);
	if (!yaml_parser_initialize(&reader.parser))
		return out_of_memory(&reader);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);
	r = read_stream(&reader, ret_documents);
	if (r < 0)
		rs_yaml_documents_done(ret_documents);
	yaml_parser_delete(&reader.parser);
	return r;
}

void rs_yaml_documents_done(struct rs_yaml_documents *documents)
{
	for (size_t i = 0; i < documents->count; i++)
		cJSON_Delete(documents->items[i]);
	documents->count = 0;
}
