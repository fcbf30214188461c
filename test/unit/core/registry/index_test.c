// SPDX-License-Identifier: BSD-2-Clause
/* link: user/core/registry/index.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/registry/index.h"

#define OBJECTS 300
#define CHANGES 20000

struct object {
	char name[16];
	bool is_in;
};

static struct object objects[OBJECTS];

static struct rs_index_key key_of(const void *object)
{
	return (struct rs_index_key){"", "", ((const struct object *)object)->name};
}

static void prepare(void)
{
	for (int i = 0; i < OBJECTS; i++) {
		snprintf(objects[i].name, sizeof(objects[i].name), "o%d", i);
		objects[i].is_in = false;
	}
}

static void check(const struct rs_index *index)
{
	size_t count = 0;

	for (int i = 0; i < OBJECTS; i++) {
		assert_ptr_equal(rs_index_find(index, key_of(&objects[i])), objects[i].is_in ? &objects[i] : NULL);
		count += objects[i].is_in;
	}
	assert_int_equal(index->count, count);
	for (size_t i = 1; i < index->count; i++)
		assert_true(strcmp(key_of(index->items[i - 1]).name, key_of(index->items[i]).name) < 0);
}

/* Whatever is inserted and removed in whatever order: what is in is found, and nothing else. */
static void churn(bool is_hashed)
{
	struct rs_index index = {.key = key_of, .is_hashed = is_hashed};
	unsigned random = 1;

	prepare();
	for (int change = 0; change < CHANGES; change++) {
		random = random * 1103515245 + 12345;
		struct object *object = &objects[random / 65536 % OBJECTS];

		if (object->is_in) {
			assert_int_equal(rs_index_insert(&index, object), -EEXIST);
			rs_index_remove(&index, object);
		} else {
			assert_int_equal(rs_index_insert(&index, object), 0);
		}
		object->is_in = !object->is_in;
		if (change % 100 == 0)
			check(&index);
	}
	rs_index_done(&index);
}

static void test_churn(void **state)
{
	(void)state;
	churn(false);
	churn(true);
}

static void test_appended_objects_are_sorted_at_the_end(void **state)
{
	struct rs_index index = {.key = key_of, .is_hashed = true};

	(void)state;
	prepare();
	rs_index_sort(&index); /* of nothing */
	for (int i = OBJECTS - 1; i >= 0; i--) {
		assert_int_equal(rs_index_append(&index, &objects[i]), 0);
		objects[i].is_in = true;
		assert_ptr_equal(rs_index_find(&index, key_of(&objects[i])), &objects[i]);
	}
	assert_int_equal(rs_index_append(&index, &objects[7]), -EEXIST);
	rs_index_sort(&index);
	check(&index);
	rs_index_done(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_churn),
		cmocka_unit_test(test_appended_objects_are_sorted_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
