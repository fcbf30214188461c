/* SPDX-License-Identifier: BSD-2-Clause */
/* link: wire */
/* JSON Merge Patch: the examples of RFC 7396 whose target and patch are objects. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "wire/merge.h"

static void test_the_examples(void **state)
{
	static const struct {
		const char *target, *patch, *merged;
	} table[] = {
		{"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
		{"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
		{"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
		{"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
		{"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
		{"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
		{"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
		{"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
		{"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
		{"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
		{"{\"a\":1}", "{}", "{\"a\":1}"},
	};
	(void)state;
	for (size_t i = 0; i < rs_array_length(table); i++) {
		cJSON *target = cJSON_Parse(table[i].target), *patch = cJSON_Parse(table[i].patch);
		assert_int_equal(rs_wire_merge(target, patch), 0);
		char *text = cJSON_PrintUnformatted(target);
		assert_string_equal(text, table[i].merged);
		cJSON_free(text);
		cJSON_Delete(target);
		cJSON_Delete(patch);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_examples)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
