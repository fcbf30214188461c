/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base core */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "core/model/selector.h"

/* "app=x" and "empty=" are there, nothing else. */
static const char *get(const void *object, const char *key)
{
	(void)object;
	return strcmp(key, "app") == 0 ? "x" : strcmp(key, "empty") == 0 ? "" : NULL;
}

static void test_what_is_selected(void **state)
{
	static const struct {
		const char *text;
		bool matches;
	} table[] = {
		{"", true},
		{"  ", true},
		{"app", true},
		{"!app", false},
		{"other", false},
		{"!other", true},
		{"app=x", true},
		{"app==x", true},
		{" app = x ", true},
		{"app=y", false},
		{"app!=x", false},
		{"app!=y", true},
		{"other!=y", true},
		{"empty=", true},
		{"empty=,app=x", true},
		{"empty=,app=y", false},
		{"app in (a,x)", true},
		{"app in (a, b)", false},
		{"app notin (a, b)", true},
		{"app notin(x)", false},
		{"other notin (x)", true},
		{"empty in (,x)", true},
		{"in=x", false},
		{"serving.knative.dev/service notin (x),app", true},
	};
	(void)state;
	for (size_t i = 0; i < rs_array_length(table); i++) {
		struct rs_selector *selector = NULL;
		struct rs_err err = {0};
		if (rs_selector_parse_labels(table[i].text, &selector, &err) < 0)
			fail_msg("\"%s\": %s", table[i].text, err.message);
		if (rs_selector_matches(selector, get, NULL) != table[i].matches)
			fail_msg("\"%s\" %s", table[i].text, table[i].matches ? "does not match" : "matches");
		rs_selector_free(selector);
	}
}

static void test_what_is_refused(void **state)
{
	static const struct {
		const char *text, *part;
	} table[] = {
		{",", "a key is wanted at character 1"},
		{"app=x,", "a key is wanted at character 7"},
		{"app near x", "\"notin\" or \",\" is wanted at character 5"},
		{"app in x", "\"(\" is wanted at character 8"},
		{"app in (x", "\")\" is wanted at character 10"},
		{"app=x tier", "\",\" is wanted at character 7"},
		{"app>3", "is wanted at character 4"},
	};
	(void)state;
	for (size_t i = 0; i < rs_array_length(table); i++) {
		struct rs_selector *selector = NULL;
		struct rs_err err = {0};
		assert_int_equal(rs_selector_parse_labels(table[i].text, &selector, &err), -EINVAL);
		if (!strstr(err.message, table[i].part))
			fail_msg("\"%s\": %s", table[i].text, err.message);
	}
}

static void test_maxima(void **state)
{
	char text[RS_SELECTOR_BYTES_MAX + 2];
	struct rs_selector *selector = NULL;
	struct rs_err err = {0};
	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(rs_selector_parse_labels(text, &selector, &err), -EINVAL);
	for (size_t i = 1; i < sizeof(text) - 1; i += 2)
		text[i] = ',';
	text[2 * RS_SELECTOR_TERMS_MAX + 1] = '\0';
	assert_int_equal(rs_selector_parse_labels(text, &selector, &err), -EINVAL);
	assert_non_null(strstr(err.message, "more than 32 terms"));
	text[2 * RS_SELECTOR_TERMS_MAX - 1] = '\0';
	assert_int_equal(rs_selector_parse_labels(text, &selector, &err), 0);
	selector = rs_selector_free(selector);
	size_t length = (size_t)snprintf(text, sizeof(text), "k in (v");
	for (int i = 0; i < RS_SELECTOR_VALUES_MAX; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, ",v");
	snprintf(text + length, sizeof(text) - length, ")");
	assert_int_equal(rs_selector_parse_labels(text, &selector, &err), -EINVAL);
	assert_non_null(strstr(err.message, "more than 128 values"));
}

static void test_fields(void **state)
{
	static const char *const known[] = {"app", "empty", NULL};
	struct rs_selector *selector = NULL;
	struct rs_err err = {0};
	(void)state;
	assert_int_equal(rs_selector_parse_fields("app=x,empty!=y", known, &selector, &err), 0);
	assert_true(rs_selector_matches(selector, get, NULL));
	selector = rs_selector_free(selector);
	assert_int_equal(rs_selector_parse_fields("spec.x=1", known, &selector, &err), -EINVAL);
	assert_non_null(strstr(err.message, "no field \"spec.x\""));
	assert_int_equal(rs_selector_parse_fields("app in (x)", known, &selector, &err), -EINVAL);
	assert_int_equal(rs_selector_parse_fields("app", known, &selector, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_selected),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_maxima),
		cmocka_unit_test(test_fields),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
