/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli */
#include <stdarg.h>
#include <errno.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/json.h"
#include "cli/manifest/manifest.h"

/* What a reading told, one line for each object ("SOURCE NAME") and for each failure ("! MESSAGE"). */
static struct rs_buf told;

static void on_object(void *user, const struct rs_manifest_source *source, cJSON *object)
{
	rs_auto_free char *where = rs_manifest_where(source);
	(void)user;
	rs_buf_printf(&told, "%s %s\n", where, rs_json_text(object, "name"));
}

static void on_broken(void *user, const struct rs_err *err)
{
	(void)user;
	rs_buf_printf(&told, "! %s\n", err->message);
}

/* The errors of two fields, as the agent would tell them. */
static void on_object_blame(void *user, const struct rs_manifest_source *source, cJSON *object)
{
	static const char *const messages[] = {"spec.traffic[1].percent: must be 0..100", "the agent is tired"};
	(void)user;
	(void)object;
	for (size_t i = 0; i < 2; i++) {
		struct rs_err err = {0};
		rs_err_set(&err, -EINVAL, "%s", messages[i]);
		rs_manifest_blame(source, i ? "" : "shop", &err);
		rs_buf_printf(&told, "%s\n", err.message);
	}
}

static struct rs_manifest_had had;
static const struct rs_manifest_visitor visitor = {.object = on_object, .broken = on_broken, .had = &had};

static const char *read_text(const char *name, const char *text)
{
	rs_buf_clear(&told);
	rs_buf_puts(&told, "");
	rs_manifest_parse(text, strlen(text), name, &visitor);
	rs_manifest_had_done(&had);
	return told.data;
}

static void test_a_field_is_blamed_where_it_stands(void **state)
{
	static const struct rs_manifest_visitor blame = {.object = on_object_blame, .broken = on_broken, .had = &had};
	static const char yaml[] = "kind: Service\n---\nkind: Service\nspec:\n  traffic:\n  - {}\n  - percent: 300\n";
	static const char list[] = "{\"kind\": \"List\", \"items\": [{},\n {\"spec\": {\"traffic\": [1]}}]}";
	(void)state;
	rs_buf_clear(&told);
	rs_manifest_parse(yaml, strlen(yaml), "f.yaml", &blame);
	rs_manifest_parse(list, strlen(list), "l.json", &blame);
	assert_string_equal(told.data, "f.yaml:1: service shop: spec.traffic[1].percent: must be 0..100\n"
				       "f.yaml:1: the agent is tired\n"
				       "f.yaml:7:5: service shop: spec.traffic[1].percent: must be 0..100\n"
				       "f.yaml:3: the agent is tired\n"
				       "l.json:1:28: service shop: spec.traffic[1].percent: must be 0..100\n"
				       "l.json:1:28: the agent is tired\n"
				       "l.json:2:12: service shop: spec.traffic[1].percent: must be 0..100\n"
				       "l.json:2:2: the agent is tired\n");
}

static void test_yaml_documents_with_their_lines(void **state)
{
	(void)state;
	assert_string_equal(read_text("f.yaml", "name: a\n"), "f.yaml:1 a\n");
	assert_string_equal(read_text("f.yaml", "name: a\n---\nname: b\n--- # c\n\nname: c"),
			    "f.yaml:1 a\nf.yaml:3 b\nf.yaml:6 c\n");
	assert_string_equal(read_text("f.yaml", "---\nname: a\n---\n---\n# nothing\n---\nname: b\n...\n"),
			    "f.yaml:2 a\nf.yaml:7 b\n");
	assert_string_equal(read_text("f.yaml", "name: a\r\n---\r\nname: b\r\n"), "f.yaml:1 a\nf.yaml:3 b\n");
	assert_string_equal(read_text("f.yaml", "%YAML 1.2\n---\nname: a\n---\nname: b\n"), "f.yaml:3 a\nf.yaml:5 b\n");
	assert_string_equal(read_text("f.yaml", "name: |\n  x\n  ---\n  y\n---\nname: b\n"),
			    "f.yaml:1 x\n---\ny\n\nf.yaml:6 b\n");
	assert_string_equal(read_text("f.yaml", ""), "");
	assert_string_equal(read_text("f.yaml", "---\n"), "");
}

static void test_a_broken_document_has_the_line_of_the_file(void **state)
{
	(void)state;
	const char *text = read_text("f.yaml", "name: a\n---\nname: b\nname: c\n---\nname: d\n");
	assert_true(rs_str_starts_with(text, "f.yaml:1 a\n! f.yaml:4:1: "));
	assert_non_null(strstr(text, "\nf.yaml:6 d\n"));
}

static void test_json(void **state)
{
	(void)state;
	assert_string_equal(read_text("f.json", "{\"name\":\"a\"}"), "f.json:1 a\n");
	assert_string_equal(read_text("-", "\n{\"name\":\"a\"}\n\n{\"name\":\"b\"}\n"), "-:2 a\n-:4 b\n");
	/* Flow YAML begins like JSON. */
	assert_string_equal(read_text("-", "{name: a}\n---\n{name: b}\n"), "-:1 a\n-:3 b\n");
	assert_string_equal(read_text("f.json", "{\"name\":\"a\"}\n{\"name\":\nx}\n"),
			    "f.json:1 a\n! f.json:3:1: is not JSON here\n");
	assert_string_equal(read_text("f.json", "{name: a}"), "! f.json:1:3: is not JSON here\n");
}

static void test_lists_give_their_items(void **state)
{
	(void)state;
	assert_string_equal(read_text("-", "kind: List\nitems:\n- name: a\n- name: b\n"),
			    "-:1: items[0] a\n-:1: items[1] b\n");
	assert_string_equal(read_text("-", "kind: ServiceList\nitems: []\n"), "");
	/* Something that has items, but is no list. */
	assert_string_equal(read_text("-", "kind: Thing\nname: x\nitems: [1]\n"), "-:1 x\n");
	assert_true(rs_str_starts_with(read_text("-", "just text\n"), "! -:1: is no object"));
	assert_true(rs_str_starts_with(read_text("-", "[1]"), "! -:1: is no object"));
}

#define NAMED(kind, name) "kind: " kind "\nname: x\nmetadata: {name: " name "}\n"

static void test_what_is_written_twice(void **state)
{
	(void)state;
	assert_string_equal(
		read_text("f.yaml", NAMED("Service", "a") "---\n" NAMED("Service", "b") "---\n" NAMED("Service", "a")),
		"f.yaml:1 x\nf.yaml:5 x\n! f.yaml:11:12: metadata.name: Service \"a\" is written twice: first at "
		"f.yaml:1; keep "
		"one of them\n");
	assert_string_equal(read_text("f.yaml", NAMED("Service", "a") "---\n" NAMED("Route", "a")),
			    "f.yaml:1 x\nf.yaml:5 x\n");
	assert_string_equal(
		read_text("-", "{\"kind\":\"List\",\"items\":[{\"kind\":\"Service\",\"metadata\":{\"name\":\"a\"}},"
			       "{\"kind\":\"Service\",\"metadata\":{\"name\":\"a\",\"namespace\":\"x\"}},"
			       "{\"kind\":\"Service\",\"metadata\":{\"name\":\"a\"}}]}"),
		"-:1: items[0] \n-:1: items[1] \n! -:1:157: metadata.name: Service \"a\" is written twice: first at "
		"-:1: items[0]; "
		"keep one of them\n");
	/* No namespace and "default" are the same one. */
	assert_non_null(
		strstr(read_text("f.yaml", NAMED("Service", "a") "---\n" NAMED("Service", "a, namespace: default")),
		       "f.yaml:7:12: metadata.name: Service \"a\" is written twice"));
	/* Two files of one command; but one namespace beside another. */
	static const char text[] = NAMED("Service", "a"), other[] = NAMED("Service", "a, namespace: other");
	rs_buf_clear(&told);
	rs_manifest_parse(text, strlen(text), "one.yaml", &visitor);
	rs_manifest_parse(other, strlen(other), "two.yaml", &visitor);
	rs_manifest_parse(text, strlen(text), "three.yaml", &visitor);
	rs_manifest_had_done(&had);
	assert_string_equal(told.data, "one.yaml:1 x\ntwo.yaml:1 x\n! three.yaml:3:12: metadata.name: Service \"a\" is "
				       "written twice: first at one.yaml:1; keep one of them\n");
}

static void write_file(const char *directory, const char *name, const char *text)
{
	rs_auto_free char *path = rs_str_format("%s/%s", directory, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static void test_directories_in_the_order_of_names(void **state)
{
	(void)state;
	static const char *const names[] = {"b.yml", "a.yaml", "c.json", "d.txt", ".yaml"};
	char directory[] = "/tmp/rouse-cli-XXXXXX";
	assert_non_null(mkdtemp(directory));
	rs_buf_clear(&told);
	rs_manifest_read(directory, NULL, &visitor);
	assert_non_null(strstr(told.data, "has no file *.yaml, *.yml or *.json"));
	for (size_t i = 0; i < rs_array_length(names); i++)
		write_file(directory, names[i], "{\"name\": \"x\"}");
	rs_buf_clear(&told);
	rs_manifest_read(directory, NULL, &visitor);
	rs_auto_free char *want =
		rs_str_format("%s/a.yaml:1 x\n%s/b.yml:1 x\n%s/c.json:1 x\n", directory, directory, directory);
	assert_string_equal(told.data, want);
	for (size_t i = 0; i < rs_array_length(names); i++) {
		rs_auto_free char *path = rs_str_format("%s/%s", directory, names[i]);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(directory), 0);
}

static void test_directories_inside_of_directories(void **state)
{
	(void)state;
	char directory[] = "/tmp/rouse-cli-XXXXXX";
	assert_non_null(mkdtemp(directory));
	rs_auto_free char *inner = rs_str_format("%s/inner", directory);
	rs_auto_free char *file = rs_str_format("%s/a.yaml", inner);
	rs_auto_free char *want = rs_str_format("%s:1 x\n", file);
	assert_int_equal(mkdir(inner, 0700), 0);
	write_file(inner, "a.yaml", "{\"name\": \"x\"}");
	rs_buf_clear(&told);
	rs_manifest_read(directory, NULL, &visitor);
	assert_non_null(strstr(told.data, "-R looks into its directories, too"));
	struct rs_manifest_visitor deep = visitor;
	deep.is_recursive = true;
	rs_buf_clear(&told);
	rs_manifest_read(directory, NULL, &deep);
	assert_string_equal(told.data, want);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(inner), 0);
	assert_int_equal(rmdir(directory), 0);
}

static int init(void **state)
{
	(void)state;
	rs_buf_init(&told, 65536);
	return rs_buf_puts(&told, "");
}

static int done(void **state)
{
	(void)state;
	rs_buf_done(&told);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_field_is_blamed_where_it_stands),
		cmocka_unit_test(test_yaml_documents_with_their_lines),
		cmocka_unit_test(test_a_broken_document_has_the_line_of_the_file),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_lists_give_their_items),
		cmocka_unit_test(test_what_is_written_twice),
		cmocka_unit_test(test_directories_in_the_order_of_names),
		cmocka_unit_test(test_directories_inside_of_directories),
	};
	return cmocka_run_group_tests(tests, init, done);
}
