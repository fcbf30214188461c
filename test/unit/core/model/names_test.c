/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/core/model/names.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "core/model/limits.h"
#include "core/model/names.h"

#define LONG_63 "a12345678901234567890123456789012345678901234567890123456789012"

static void check(int r, const struct rs_err *err, const char *name, const char *message)
{
	if (!message && r != 0)
		fail_msg("\"%s\" was refused: %s", name, err->message);
	if (message && (r != -EINVAL || strcmp(err->message, message) != 0))
		fail_msg("\"%s\": %d, %s\n\tnot %s", name, r, err->message, message);
}

static void test_labels_of_dns(void **state)
{
	(void)state;
	static const struct {
		const char *name, *message;
	} rows[] = {
		{"a", NULL},
		{"hello-2", NULL},
		{LONG_63, NULL},
		{"", "p: is missing"},
		{LONG_63 "x", "p: \"" LONG_63 "x\" has 64 characters, at most 63 are possible"},
		{"2a", "p: \"2a\" must be lower-case letters, digits and '-', begin with a letter and not end with '-' "
		       "(DNS-1035); try \"a\""},
		{"My_App.x",
		 "p: \"My_App.x\" must be lower-case letters, digits and '-', begin with a letter and not end "
		 "with '-' (DNS-1035); try \"my-app-x\""},
		{"a-", "p: \"a-\" must be lower-case letters, digits and '-', begin with a letter and not end with '-' "
		       "(DNS-1035); try \"a\""},
		{"---",
		 "p: \"---\" must be lower-case letters, digits and '-', begin with a letter and not end with '-' "
		 "(DNS-1035)"},
	};

	for (size_t i = 0; i < rs_array_length(rows); i++) {
		struct rs_err err = {0};

		check(rs_name_check_1035(rows[i].name, RS_NAME_MAX, "p", &err), &err, rows[i].name, rows[i].message);
	}
	assert_int_equal(rs_name_check_1123("2a", RS_NAME_MAX, "p", NULL), 0);
	assert_int_equal(rs_name_check_1123("-a", RS_NAME_MAX, "p", NULL), -EINVAL);
}

static void test_keys_and_values(void **state)
{
	(void)state;
	static const char *const good[] = {"a", "A.b_c-d", "a.b/c", "serving.knative.dev/x", "0"};
	static const char *const bad[] = {"",	"/",   "a/",  "/a",	"a/b/c",    "-a",
					  "a-", "A/b", "a b", "a..b/c", LONG_63 "x"};

	for (size_t i = 0; i < rs_array_length(good); i++)
		assert_int_equal(rs_name_check_key(good[i], "p", NULL), 0);
	for (size_t i = 0; i < rs_array_length(bad); i++)
		if (rs_name_check_key(bad[i], "p", NULL) != -EINVAL)
			fail_msg("\"%s\" was accepted", bad[i]);
	assert_int_equal(rs_name_check_label_value("", "p", NULL), 0);
	assert_int_equal(rs_name_check_label_value("A_1", "p", NULL), 0);
	assert_int_equal(rs_name_check_label_value("a/b", "p", NULL), -EINVAL);
	assert_int_equal(rs_name_check_label_value(LONG_63 "x", "p", NULL), -EINVAL);
}

static void test_environment(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "1A", "A B", "A=B", "PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"};
	struct rs_err err = {0};

	assert_int_equal(rs_name_check_env("_A.b-1", "p", NULL), 0);
	assert_int_equal(rs_name_check_env("PORTS", "p", NULL), 0);
	for (size_t i = 0; i < rs_array_length(bad); i++)
		if (rs_name_check_env(bad[i], "p", NULL) != -EINVAL)
			fail_msg("\"%s\" was accepted", bad[i]);
	check(rs_name_check_env("PORT", "p", &err), &err, "PORT", "p: PORT is set by Rouse and cannot be changed");
}

static void test_ports(void **state)
{
	(void)state;
	static const char *const good[] = {"h2c", "http1", "grpc", "a", "1a", "a-b", "abcdefghijklmno"};
	static const char *const bad[] = {"", "80", "-a", "a-", "a--b", "A", "abcdefghijklmnop", "a_b"};

	for (size_t i = 0; i < rs_array_length(good); i++)
		assert_int_equal(rs_name_check_port(good[i], "p", NULL), 0);
	for (size_t i = 0; i < rs_array_length(bad); i++)
		if (rs_name_check_port(bad[i], "p", NULL) != -EINVAL)
			fail_msg("\"%s\" was accepted", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels_of_dns),
		cmocka_unit_test(test_keys_and_values),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
