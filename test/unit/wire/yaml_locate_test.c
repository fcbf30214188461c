/* SPDX-License-Identifier: BSD-2-Clause */
/* link: yaml */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "wire/yaml_locate.h"

static const char text[] = "# a comment\n"
			   "kind: Service\n"
			   "metadata: {name: shop, annotations: {rouse.dev/a.b: x}}\n"
			   "spec:\n"
			   "  template:\n"
			   "    metadata:\n"
			   "      annotations:\n"
			   "        autoscaling.knative.dev/max-scale: 5\n"
			   "  traffic:\n"
			   "    - {revisionName: shop-00001, percent: 80}\n"
			   "    - latestRevision: true\n"
			   "      percent: 30\n"
			   "---\n"
			   "second: document\n";

static void test_places(void **state)
{
	static const struct {
		const char *path;
		size_t line, column;
	} rows[] = {
		{"kind", 2, 1},
		{"kind: must be \"Service\"", 2, 1},
		{"metadata.name: is too long", 3, 12},
		{"metadata.annotations[rouse.dev/a.b]: is unknown", 3, 38},
		{"spec.template.metadata.annotations[autoscaling.knative.dev/max-scale]: must be text", 8, 9},
		{"spec.traffic[0].percent: must be 0..100", 10, 34},
		{"spec.traffic[1].percent", 12, 7},
		{"spec.traffic[1]: is one too many", 11, 7},
		/* What is missing is looked for where it should be. */
		{"spec.traffic[1].tag: is missing", 11, 7},
		{"spec.traffic[2]", 9, 3},
		{"spec.template.spec.containers: is missing", 5, 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rs_yaml_place place = {0};

		if (rs_yaml_locate(text, strlen(text), rows[i].path, &place) < 0)
			fail_msg("%s was not found", rows[i].path);
		if (place.line != rows[i].line || place.column != rows[i].column)
			fail_msg("%s is at %zu:%zu, not %zu:%zu", rows[i].path, rows[i].line, rows[i].column,
				 place.line, place.column);
	}
}

static void test_nowhere(void **state)
{
	static const char *const paths[] = {"", ": x", "status", "second", "out of memory", "[", "...", "name"};
	struct rs_yaml_place place;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (rs_yaml_locate(text, strlen(text), paths[i], &place) != -ENOENT)
			fail_msg("\"%s\" was found", paths[i]);
	assert_int_equal(rs_yaml_locate("", 0, "kind", &place), -ENOENT);
	assert_int_equal(rs_yaml_locate("[{", 2, "kind", &place), -ENOENT);
	assert_int_equal(rs_yaml_locate("a: {b: [", 8, "a.b[0]", &place), 0);
	assert_int_equal(place.column, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_nowhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
