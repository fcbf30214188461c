/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON as YAML, in the block style that Kubernetes' tools print. */
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "wire/yaml.h"
#include "wire/yaml_scalar.h"

#define BYTES_MAX	((size_t)64 * 1024 * 1024)
#define KEY_IN_LINE_MAX 160

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Readers of YAML 1.1 see booleans, dates and base 60 where 1.2 sees text: for their sake too. */
static bool is_other_in_yaml_1_1(const char *text)
{
	static const char *const words[] = {"y", "n", "yes", "no", "on", "off"};

	for (size_t i = 0; i < rs_array_length(words); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return text[0] >= '0' && text[0] <= '9' && text[strspn(text, "0123456789abcdefABCDEFxXoTtZz:._+- ")] == '\0';
}

/* Without quotes it must be the same text again, inside of a block and without a thought. */
static bool is_plain(const char *text)
{
	double number;

	if (!is_letter_or_digit(text[0]) && text[0] != '/' && text[0] != '_' && text[0] != '$')
		return false;
	for (const char *c = text; *c; c++) {
		if (is_letter_or_digit(*c) || strchr("-_./@+=()$,%;", *c))
			continue;
		if (*c == ':' && c[1] && c[1] != ' ')
			continue;
		if (*c == ' ' && c[1] && c[1] != ' ')
			continue;
		return false;
	}
	return rs_yaml_resolve(text, &number) == RS_YAML_STRING && !is_other_in_yaml_1_1(text);
}

/* What YAML does not let stand in a file, and what it takes for a line break. */
static bool must_be_escaped(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029 ||
	       point == 0xfeff || point == 0xfffd || point == 0xfffe || point == 0xffff;
}

static void put_quoted(struct rs_buf *out, const char *text)
{
	uint32_t point;
	size_t length;

	rs_buf_puts(out, "\"");
	for (; *text; text += length) {
		length = rs_utf8_next(text, &point);
		if (point == '"' || point == '\\')
			rs_buf_printf(out, "\\%c", (int)point);
		else if (point == '\n')
			rs_buf_puts(out, "\\n");
		else if (point == '\t')
			rs_buf_puts(out, "\\t");
		else if (must_be_escaped(point))
			rs_buf_printf(out, "\\u%04x", point);
		else
			rs_buf_append(out, text, length);
	}
	rs_buf_puts(out, "\"");
}

static void put_text(struct rs_buf *out, const char *text)
{
	if (is_plain(text))
		rs_buf_puts(out, text);
	else
		put_quoted(out, text);
}

static void put_number(struct rs_buf *out, const cJSON *json)
{
	rs_auto_free char *text = cJSON_PrintUnformatted(json);

	/* No memory: "null" would be a lie, so that the whole print fails. */
	if (!text)
		out->error = out->error ? out->error : -1;
	else
		rs_buf_puts(out, text);
}

static void indent(struct rs_buf *out, size_t depth)
{
	for (size_t i = 0; i < depth; i++)
		rs_buf_puts(out, "  ");
}

/* A key that stands before its colon on one line has at most 1024 characters (YAML 1.2, 7.4.3), escapes included. */
static void put_key(struct rs_buf *out, const char *key, size_t depth)
{
	const bool is_long = strlen(key) > KEY_IN_LINE_MAX;

	if (is_long)
		rs_buf_puts(out, "? ");
	put_text(out, key);
	if (is_long) {
		rs_buf_puts(out, "\n");
		indent(out, depth);
	}
	rs_buf_puts(out, ":");
}

static void put_block(struct rs_buf *out, const cJSON *json, size_t depth);

/* What follows "key:" or "-", up to and with the end of its line or lines. */
static void put_value(struct rs_buf *out, const cJSON *json, size_t depth, bool is_item)
{
	if ((cJSON_IsObject(json) || cJSON_IsArray(json)) && json->child) {
		/* An item's first line stands behind its dash; a list stands under its key without further indent. */
		rs_buf_puts(out, is_item ? " " : "\n");
		put_block(out, json, is_item || cJSON_IsObject(json) ? depth + 1 : depth);
		return;
	}
	rs_buf_puts(out, " ");
	if (cJSON_IsString(json))
		put_text(out, json->valuestring);
	else if (cJSON_IsNumber(json))
		put_number(out, json);
	else if (cJSON_IsBool(json))
		rs_buf_puts(out, cJSON_IsTrue(json) ? "true" : "false");
	else
		rs_buf_puts(out, cJSON_IsObject(json) ? "{}" : cJSON_IsArray(json) ? "[]" : "null");
	rs_buf_puts(out, "\n");
}

/* A collection with entries, each on lines of its own; the first one's indent is already there behind a dash. */
static void put_block(struct rs_buf *out, const cJSON *json, size_t depth)
{
	bool is_behind_dash = out->length > 0 && out->data[out->length - 1] == ' ';
	const cJSON *child;

	cJSON_ArrayForEach (child, json) {
		if (!is_behind_dash)
			indent(out, depth);
		is_behind_dash = false;
		if (cJSON_IsArray(json)) {
			rs_buf_puts(out, "-");
		} else {
			put_key(out, child->string ? child->string : "", depth);
		}
		put_value(out, child, depth, cJSON_IsArray(json));
	}
}

char *rs_yaml_print(const cJSON *json)
{
	struct rs_buf out;
	char *text;

	rs_buf_init(&out, BYTES_MAX);
	if ((cJSON_IsObject(json) || cJSON_IsArray(json)) && json->child) {
		put_block(&out, json, 0);
		text = rs_buf_take(&out);
	} else {
		put_value(&out, json, 0, true);
		text = rs_buf_take(&out);
		if (text)
			memmove(text, text + 1, strlen(text)); /* the space behind a dash that is not there */
	}
	rs_buf_done(&out);
	return text;
}
