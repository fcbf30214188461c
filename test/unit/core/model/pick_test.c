/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base core */
/* rouse.dev/pick on a template, rouse.dev/sticky on a Service. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "core/model/annotations.h"

static void check_pick(const char *value, uint32_t container_concurrency, int wanted, enum rs_pick_policy policy)
{
	struct rs_template *template = rs_template_new();
	struct rs_err err = {0};

	template->container_concurrency = container_concurrency;
	if (value)
		assert_int_equal(rs_pairs_set(&template->annotations, RS_ANNOTATION_PICK, value), 0);
	assert_int_equal(rs_annotations_derive(template, &err), wanted);
	if (wanted == 0)
		assert_int_equal(template->pick, policy);
	else
		assert_string_equal(err.message,
				    "spec.template.metadata.annotations[rouse.dev/pick]: \"random\" must be "
				    "\"least-loaded\", \"hash\" or \"first-available\"");
	rs_template_unref(template);
}

static void test_pick(void **state)
{
	(void)state;
	check_pick("least-loaded", 1, 0, RS_PICK_LEAST_LOADED);
	check_pick("hash", 0, 0, RS_PICK_HASH);
	check_pick("first-available", 0, 0, RS_PICK_FIRST);
	check_pick("random", 0, -EINVAL, 0);
}

static void test_pick_by_limit(void **state)
{
	(void)state;
	check_pick(NULL, 0, 0, RS_PICK_LEAST_LOADED);
	check_pick(NULL, 1, 0, RS_PICK_FIRST);
	check_pick(NULL, 3, 0, RS_PICK_FIRST);
	check_pick(NULL, 4, 0, RS_PICK_LEAST_LOADED);
}

static int check_service(const char *key, const char *value, struct rs_err *err)
{
	struct rs_metadata metadata = {0};
	int r;

	assert_int_equal(rs_pairs_set(&metadata.annotations, key, value), 0);
	r = rs_annotations_check_service(&metadata, err);
	if (r == 0)
		assert_int_equal(rs_metadata_is_sticky(&metadata), strcmp(key, RS_ANNOTATION_STICKY) == 0);
	rs_metadata_done(&metadata);
	return r;
}

static void test_sticky(void **state)
{
	(void)state;
	struct rs_err err = {0};

	assert_int_equal(check_service(RS_ANNOTATION_STICKY, "client", &err), 0);
	assert_int_equal(check_service("example.com/other", "client", &err), 0);
	assert_int_equal(check_service(RS_ANNOTATION_STICKY, "cookie", &err), -EINVAL);
	assert_string_equal(err.message, "metadata.annotations[rouse.dev/sticky]: \"cookie\" must be \"client\": a "
					 "client's address keeps its revision");
}

static void test_where_they_stand(void **state)
{
	(void)state;
	struct rs_template *template = rs_template_new();
	struct rs_err err = {0};

	assert_int_equal(check_service(RS_ANNOTATION_PICK, "hash", &err), -EINVAL);
	assert_non_null(strstr(err.message, "belongs in spec.template.metadata.annotations"));
	assert_int_equal(rs_pairs_set(&template->annotations, RS_ANNOTATION_STICKY, "client"), 0);
	assert_int_equal(rs_annotations_derive(template, &err), -EINVAL);
	assert_non_null(strstr(err.message, "belongs in metadata.annotations of the Service"));
	rs_template_unref(template);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pick),
		cmocka_unit_test(test_pick_by_limit),
		cmocka_unit_test(test_sticky),
		cmocka_unit_test(test_where_they_stand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
