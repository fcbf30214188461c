/* SPDX-License-Identifier: BSD-2-Clause */
/* link: yaml */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "wire/yaml.h"

static void accept_yaml(const char *yaml, const char *json)
{
	struct rs_yaml_documents documents;
	struct rs_err err = {0};

	if (rs_yaml_parse(yaml, strlen(yaml), "a.yaml", &documents, &err) < 0)
		fail_msg("%s\n\twas refused: %s", yaml, err.message);
	assert_int_equal(documents.count, 1);
	rs_auto_free char *text = cJSON_PrintUnformatted(documents.items[0]);
	assert_string_equal(text, json);
	rs_yaml_documents_done(&documents);
}

static void refuse_yaml(const char *yaml, const char *message)
{
	struct rs_yaml_documents documents;
	struct rs_err err = {0};

	if (rs_yaml_parse(yaml, strlen(yaml), "a.yaml", &documents, &err) != -EINVAL)
		fail_msg("%s\n\twas accepted, not refused with: %s", yaml, message);
	assert_int_equal(documents.count, 0);
	if (strcmp(err.message, message) != 0)
		fail_msg("%s\n\tsays: %s\n\tnot:  %s", yaml, err.message, message);
}

static void test_core_schema(void **state)
{
	(void)state;
	static const struct {
		const char *yaml, *json;
	} rows[] = {
		{"[~, null, Null, NULL, ]", "[null,null,null,null]"},
		{"[true, True, TRUE, false]", "[true,true,true,false]"},
		{"[yes, no, on, off, y, nULL, tRUE]", "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"nULL\",\"tRUE\"]"},
		{"[1, -1, +1, 010, 0o17, 0x1F]", "[1,-1,1,10,15,31]"},
		{"[1.5, .5, 1., 1e3, -1E-1, +.5e+1]", "[1.5,0.5,1,1000,-0.1,5]"},
		{"[0o8, 0xg, 1_000, 1e, ., -, +, 0o, 0x, 1.2.3, 12:30]",
		 "[\"0o8\",\"0xg\",\"1_000\",\"1e\",\".\",\"-\",\"+\",\"0o\",\"0x\",\"1.2.3\",\"12:30\"]"},
		{"['1', \"true\", '~', \"\"]", "[\"1\",\"true\",\"~\",\"\"]"},
		{"a: |\n  x\n  y\nb: >\n  1\n  2\n", "{\"a\":\"x\\ny\\n\",\"b\":\"1 2\\n\"}"},
		{"a:\n- b: 1\n  c:\n- d\n", "{\"a\":[{\"b\":1,\"c\":null},\"d\"]}"},
		{"{\"a\": [1, {\"b\": null}]}", "{\"a\":[1,{\"b\":null}]}"},
		{"\"\\u00e4\\t\"", "\"\xc3\xa4\\t\""},
		{"'1': x\n'true': y\n", "{\"1\":\"x\",\"true\":\"y\"}"},
	};

	for (size_t i = 0; i < rs_array_length(rows); i++)
		accept_yaml(rows[i].yaml, rows[i].json);
}

static void test_refused_with_line_and_column(void **state)
{
	(void)state;
	static const struct {
		const char *yaml, *message;
	} rows[] = {
		{"a: &x 1\n", "a.yaml:1:4: &x: anchors are not supported: write the value again where it is needed"},
		{"a: 1\nb: *x\n", "a.yaml:2:4: *x: aliases are not supported: write the value itself"},
		{"*x : 1\n", "a.yaml:1:1: *x: aliases are not supported: write the key itself"},
		{"a: !!str 1\n", "a.yaml:1:4: tags such as tag:yaml.org,2002:str are not supported: leave it out"},
		{"a: !mine {}\n", "a.yaml:1:4: tags such as !mine are not supported: leave it out"},
		{"a: 1\nb:\n  c: 1\n  c: 2\n", "a.yaml:4:3: the key \"c\" is given twice"},
		{"a: 1\n\"a\": 2\n", "a.yaml:2:1: the key \"a\" is given twice"},
		{"8080: x\n", "a.yaml:1:1: the key 8080 must be text: put it in quotes, \"8080\""},
		{"x: {true: 1}\n", "a.yaml:1:5: the key true must be text: put it in quotes, \"true\""},
		{"? [a]\n: 1\n", "a.yaml:1:3: a key must be text, not a list or an object"},
		{"a:\n  <<: {}\n", "a.yaml:2:3: <<: merging is not supported: write the fields again"},
		{"a: .inf\n", "a.yaml:1:4: .inf is not a number that JSON has: put text in quotes"},
		{"a: 1e999\n", "a.yaml:1:4: 1e999 is not a number that JSON has: put text in quotes"},
		{"a: \"x\\0y\"\n", "a.yaml:1:4: text cannot contain the character NUL"},
		{"a:\n\tb: 2\n", "a.yaml:2:1: no value begins with this character (a tab, @ or `): indent with "
				 "spaces, or put the value "
				 "in quotes"},
		{"a: [1, 2\n",
		 "a.yaml:2:1: did not find expected ',' or ']' (while parsing a flow sequence that began at line 1)"},
		{"a: b: c\n", "a.yaml:1:5: mapping values are not allowed in this context"},
		{"a: \"x\n", "a.yaml:2:1: found unexpected end of stream (while scanning a quoted scalar that began at "
			     "line 1)"},
		{"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "a.yaml:1:33: more than 32 levels deep"},
		{"a: \xff\n", "a.yaml: byte 3: invalid leading UTF-8 octet"},
	};

	for (size_t i = 0; i < rs_array_length(rows); i++)
		refuse_yaml(rows[i].yaml, rows[i].message);
}

static void test_documents(void **state)
{
	(void)state;
	static const char text[] = "# nothing\n---\n---\na: 1\n---\n# empty\n---\n\nb: 2\n...\n";
	struct rs_yaml_documents documents;

	assert_int_equal(rs_yaml_parse(text, strlen(text), "-", &documents, NULL), 0);
	assert_int_equal(documents.count, 2);
	assert_int_equal(documents.lines[0], 4);
	assert_int_equal(documents.lines[1], 9);
	rs_yaml_documents_done(&documents);
	assert_int_equal(rs_yaml_parse("", 0, "-", &documents, NULL), 0);
	assert_int_equal(documents.count, 0);
}

static void test_bounds(void **state)
{
	(void)state;
	struct rs_yaml_documents documents;
	struct rs_err err = {0};
	struct rs_buf text;

	assert_int_equal(rs_yaml_parse("", RS_YAML_BYTES_MAX + 1, "-", &documents, &err), -EINVAL);
	assert_string_equal(err.message, "-: has 4194305 bytes, at most 4194304 are possible");
	rs_buf_init(&text, RS_YAML_BYTES_MAX);
	for (int i = 0; i <= RS_YAML_DOCUMENTS_MAX; i++)
		rs_buf_puts(&text, "---\nx\n");
	assert_int_equal(rs_yaml_parse(text.data, text.length, "-", &documents, &err), -EINVAL);
	assert_string_equal(err.message, "-:514:1: more than 256 documents");
	rs_buf_clear(&text);
	for (int i = 0; i < RS_YAML_NODES_MAX; i++)
		rs_buf_puts(&text, "- 1\n");
	assert_int_equal(rs_yaml_parse(text.data, text.length, "-", &documents, &err), -EINVAL);
	assert_string_equal(err.message, "-:65536:3: more than 65536 values");
	rs_buf_clear(&text);
	for (int i = 0; i <= 1024; i++)
		rs_buf_printf(&text, "k%d: 1\n", i);
	assert_int_equal(rs_yaml_parse(text.data, text.length, "-", &documents, &err), -EINVAL);
	assert_string_equal(err.message, "-:1025:1: more than 1024 keys in one object");
	rs_buf_done(&text);
}

static void test_print(void **state)
{
	(void)state;
	static const struct {
		const char *json, *yaml;
	} rows[] = {
		{"{\"a\":1,\"b\":{\"c\":[1,{\"d\":true,\"e\":null},[2,[3]],{},[]]},\"f\":\"\"}",
		 "a: 1\nb:\n  c:\n  - 1\n  - d: true\n    e: null\n  - - 2\n    - - 3\n  - {}\n  - []\nf: \"\"\n"},
		{"[{\"a\":[1,2]},{\"b\":{\"c\":1}}]", "- a:\n  - 1\n  - 2\n- b:\n    c: 1\n"},
		{"[\"plain\",\"two words\",\"a:b\",\"http://x.y/z\",\"$(PORT)\",\"/bin/x\",\"-m\"]",
		 "- plain\n- two words\n- a:b\n- http://x.y/z\n- $(PORT)\n- /bin/x\n- \"-m\"\n"},
		{"[\"1\",\"true\",\"no\",\"~\",\"0x1\",\"1e3\",\"12:30\",\"2026-11-23T08:00:00Z\",\"5d\"]",
		 "- \"1\"\n- \"true\"\n- \"no\"\n- \"~\"\n- \"0x1\"\n- \"1e3\"\n- \"12:30\"\n- "
		 "\"2026-11-23T08:00:00Z\"\n- \"5d\"\n"},
		{"[\"a: b\",\"a #b\",\" a\",\"a \",\"a:\",\"- a\",\"*a\",\"a\\nb\",\"\\\"\\\\\",\"\xc3\xa4\"]",
		 "- \"a: b\"\n- \"a #b\"\n- \" a\"\n- \"a \"\n- \"a:\"\n- \"- a\"\n- \"*a\"\n- \"a\\nb\"\n- "
		 "\"\\\"\\\\\"\n- \"\xc3\xa4\"\n"},
		{"\"x\"", "x\n"},
		{"{}", "{}\n"},
		{"null", "null\n"},
		{"1.5", "1.5\n"},
	};

	for (size_t i = 0; i < rs_array_length(rows); i++) {
		cJSON *json = cJSON_Parse(rows[i].json);
		rs_auto_free char *text = rs_yaml_print(json);
		rs_auto_free char *compact = cJSON_PrintUnformatted(json);

		assert_string_equal(text, rows[i].yaml);
		if (!cJSON_IsNull(json))
			accept_yaml(text, compact);
		cJSON_Delete(json);
	}
}

/* Every byte and every special code point reads back, in the middle and at the ends. */
static void test_print_of_any_text_reads_back(void **state)
{
	(void)state;
	static const uint32_t points[] = {0x80,	  0x85,	  0x9f,	  0xa0,	  0xff,	  0x7ff,  0x800,   0x2028,  0x2029,
					  0xd7ff, 0xe000, 0xfeff, 0xfffd, 0xfffe, 0xffff, 0x10000, 0x10ffff};

	for (size_t i = 0; i < 0x7f + rs_array_length(points); i++) {
		const uint32_t c = i < 0x7f ? (uint32_t)i + 1 : points[i - 0x7f];
		char utf8[5] = "";

		if (c < 0x80)
			snprintf(utf8, sizeof(utf8), "%c", (int)c);
		else if (c < 0x800)
			snprintf(utf8, sizeof(utf8), "%c%c", (int)(0xc0 | c >> 6), (int)(0x80 | (c & 0x3f)));
		else if (c < 0x10000)
			snprintf(utf8, sizeof(utf8), "%c%c%c", (int)(0xe0 | c >> 12), (int)(0x80 | (c >> 6 & 0x3f)),
				 (int)(0x80 | (c & 0x3f)));
		else
			snprintf(utf8, sizeof(utf8), "%c%c%c%c", (int)(0xf0 | c >> 18), (int)(0x80 | (c >> 12 & 0x3f)),
				 (int)(0x80 | (c >> 6 & 0x3f)), (int)(0x80 | (c & 0x3f)));
		rs_auto_free char *text = rs_str_format("%sa%sb %s", utf8, utf8, utf8);
		cJSON *json = cJSON_CreateObject();

		cJSON_AddStringToObject(json, text, text);
		rs_auto_free char *yaml = rs_yaml_print(json);
		rs_auto_free char *compact = cJSON_PrintUnformatted(json);
		accept_yaml(yaml, compact);
		cJSON_Delete(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_core_schema), cmocka_unit_test(test_refused_with_line_and_column),
		cmocka_unit_test(test_documents),   cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_print),	    cmocka_unit_test(test_print_of_any_text_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
