/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/cli/print/json_path.c user/cli/print/json_template.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "cli/print/json_path.h"

static cJSON *root;

/* What a path leads to, apart by '|'. */
static int append(void *user, const cJSON *value)
{
	struct rs_buf *text = user;
	if (text->length)
		rs_buf_puts(text, "|");
	return rs_json_path_print(value, text);
}

static void assert_leads_to(const char *path, const char *want)
{
	struct rs_err err = {0};
	struct rs_buf text;
	rs_buf_init(&text, 4096);
	rs_buf_puts(&text, "");
	if (rs_json_path_check(path, &err) < 0)
		fail_msg("%s: %s", path, err.message);
	assert_int_equal(rs_json_path_each(path, root, append, &text), 0);
	assert_string_equal(text.data, want);
	rs_buf_done(&text);
}

static void test_members(void **state)
{
	(void)state;
	assert_leads_to(".metadata.name", "hello");
	assert_leads_to("metadata.name", "hello");
	assert_leads_to("{.metadata.name}", "hello");
	assert_leads_to("{$.metadata.name}", "hello");
	assert_leads_to("{$['metadata'][\"name\"]}", "hello");
	assert_leads_to(".metadata.labels.rouse\\.dev/x", "1");
	assert_leads_to(".metadata.labels['rouse.dev/x']", "1");
	assert_leads_to(".metadata.labels", "{\"rouse.dev/x\":\"1\"}");
	assert_leads_to(".metadata.nothing.at.all", "");
	assert_leads_to(".metadata.name.further", "");
}

static void test_elements(void **state)
{
	(void)state;
	assert_leads_to(".items[0].n", "1");
	assert_leads_to(".items[-1].n", "3");
	assert_leads_to(".items[*].n", "1|2|3");
	assert_leads_to(".items.*.n", "1|2|3");
	assert_leads_to(".items[7].n", "");
	assert_leads_to(".items[-7].n", "");
	assert_leads_to(".items[?(@.kind==\"b\")].n", "2");
	assert_leads_to(".items[?(@.kind == 'b')].n", "2");
	assert_leads_to(".items[?(@.kind!=\"b\")].n", "1|3");
	assert_leads_to(".items[?(@.n==3)].kind", "x]y");
	assert_leads_to(".items[?(@.kind==\"x]y\")].n", "3");
	assert_leads_to(".items[?(@.is==true)].n", "2");
}

static void test_what_is_no_path(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		".a..b",	".a[",		".a[]",		  ".a[x]",	     ".a[?(@.b)]", ".a[?(b==1)]",
		".a[?(@.b=1)]", ".a[?(@.==1)]", "{.a}{.b}extra[", ".a[99999999999]", ".a['']x["};
	for (size_t i = 0; i < rs_array_length(wrong); i++) {
		struct rs_err err = {0};
		if (rs_json_path_check(wrong[i], &err) != -EINVAL)
			fail_msg("%s was taken", wrong[i]);
		assert_non_null(strstr(err.message, "is no path like"));
	}
}

static void assert_prints(const char *template, const char *want)
{
	struct rs_err err = {0};
	struct rs_buf text;
	rs_buf_init(&text, 4096);
	rs_buf_puts(&text, "");
	if (rs_json_template_check(template, &err) < 0)
		fail_msg("%s: %s", template, err.message);
	assert_int_equal(rs_json_template_print(template, root, &text), 0);
	assert_string_equal(text.data, want);
	rs_buf_done(&text);
}

static void test_templates(void **state)
{
	(void)state;
	assert_prints("{.metadata.name}", "hello");
	assert_prints(".metadata.name", "hello");
	assert_prints("name: {.metadata.name}!", "name: hello!");
	assert_prints("{.items[*].n}", "1 2 3");
	assert_prints("{range .items[*]}{.kind}={.n}{\"\\n\"}{end}.", "a=1\nb=2\nx]y=3\n.");
	assert_prints("{range .items[*]}{range .list[*]}<{.}>{end}{\"\\t\"}{end}", "<1><2>\t\t\t");
	assert_prints("{'}'}", "}");
}

static void test_broken_templates(void **state)
{
	(void)state;
	static const char *const wrong[][2] = {
		{"", "nothing in the template"},
		{"{.a", "has no closing brace"},
		{"{range .a}x", "has no {end}"},
		{"x{end}", "{end} without {range}"},
		{"{range .a[}x{end}", "is no path"},
		{"{range .a}{range .b}{range .c}{range .d}{range .e}{range .f}{range .g}{range .h}{range .i}",
		 "more than 8 ranges"},
	};
	for (size_t i = 0; i < rs_array_length(wrong); i++) {
		struct rs_err err = {0};
		assert_int_equal(rs_json_template_check(wrong[i][0], &err), -EINVAL);
		if (!strstr(err.message, wrong[i][1]))
			fail_msg("%s: %s", wrong[i][0], err.message);
	}
}

static int init(void **state)
{
	(void)state;
	root = cJSON_Parse("{\"metadata\":{\"name\":\"hello\",\"labels\":{\"rouse.dev/x\":\"1\"}},\"items\":["
			   "{\"n\":1,\"kind\":\"a\",\"list\":[1,2]},{\"n\":2,\"kind\":\"b\",\"is\":true},"
			   "{\"n\":3,\"kind\":\"x]y\"}]}");
	return root ? 0 : -1;
}

static int done(void **state)
{
	(void)state;
	cJSON_Delete(root);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),		 cmocka_unit_test(test_elements),
		cmocka_unit_test(test_what_is_no_path),	 cmocka_unit_test(test_templates),
		cmocka_unit_test(test_broken_templates),
	};
	return cmocka_run_group_tests(tests, init, done);
}
