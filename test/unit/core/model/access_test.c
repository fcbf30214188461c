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
#include "core/model/access.h"
#include "core/model/annotations.h"

static void test_what_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"", "is empty: leave it out to let everyone in"},
		{" , ", "is empty: leave it out to let everyone in"},
		{"localhost", "\"localhost\" is neither an address nor a range like 10.0.0.0/8"},
		{"10.0.0", "\"10.0.0\" is neither an address nor a range like 10.0.0.0/8"},
		{"10.0.0.256", "\"10.0.0.256\" is neither an address nor a range like 10.0.0.0/8"},
		{"10.0.0.0/", "\"10.0.0.0/\": a prefix has 0 to 32 bits here"},
		{"10.0.0.0/33", "\"10.0.0.0/33\": a prefix has 0 to 32 bits here"},
		{"10.0.0.0/-1", "\"10.0.0.0/-1\": a prefix has 0 to 32 bits here"},
		{"2001:db8::/129", "\"2001:db8::/129\": a prefix has 0 to 128 bits here"},
		{"10.0.0.0/8/8", "\"10.0.0.0/8/8\": a prefix has 0 to 32 bits here"},
		{"10.1.2.3/8", "\"10.1.2.3/8\" has bits set behind its prefix; its range is 10.0.0.0/8"},
		{"2001:db8::1/32", "\"2001:db8::1/32\" has bits set behind its prefix; its range is 2001:db8::/32"},
		{"10.0.0.1, 10.0.0.1/32", "\"10.0.0.1/32\" is given twice"},
		{"0123456789012345678901234567890123456789012345678901234567890123456789",
		 "\"012345678901234567890123456789012345678901234567890123456789\" is neither an address nor a range "
		 "like 10.0.0.0/8"},
	};
	for (size_t i = 0; i < rs_array_length(rows); i++) {
		struct rs_allow_from ranges;
		struct rs_err err = {0};
		assert_int_equal(rs_allow_from_parse(rows[i].text, &ranges, &err), -EINVAL);
		assert_string_equal(err.message, rows[i].message);
	}
}

static void test_what_is_meant(void **state)
{
	(void)state;
	struct rs_allow_from ranges;
	struct rs_err err = {0};
	assert_int_equal(
		rs_allow_from_parse(" 10.0.0.0/8,192.0.2.7\n0.0.0.0/0 , 2001:db8::/32,::ffff:192.0.2.8", &ranges, &err),
		0);
	assert_int_equal(ranges.count, 5);
	static const unsigned bits[] = {104, 128, 96, 32, 128};
	static const bool is_v4[] = {true, true, true, false, true};
	for (size_t i = 0; i < ranges.count; i++) {
		assert_int_equal(ranges.items[i].bits, bits[i]);
		assert_int_equal(rs_range_is_v4(&ranges.items[i]), is_v4[i]);
	}
	static const unsigned char ten[16] = {[10] = 0xff, [11] = 0xff, [12] = 10};
	assert_memory_equal(ranges.items[0].address.byte, ten, 16);
	struct rs_allow_from other = ranges;
	assert_true(rs_allow_from_equal(&ranges, &other));
	other.items[1].bits = 127;
	assert_false(rs_allow_from_equal(&ranges, &other));
	other.count = 1;
	assert_false(rs_allow_from_equal(&ranges, &other));
}

static void test_sixty_four_and_no_more(void **state)
{
	(void)state;
	struct rs_allow_from ranges;
	struct rs_err err = {0};
	char text[1024] = "";
	for (int i = 0; i < RS_ALLOW_FROM_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "10.0.0.%d ", i);
	assert_int_equal(rs_allow_from_parse(text, &ranges, &err), 0);
	assert_int_equal(ranges.count, RS_ALLOW_FROM_MAX);
	strcat(text, "10.0.1.0");
	assert_int_equal(rs_allow_from_parse(text, &ranges, &err), -EINVAL);
	assert_string_equal(err.message, "at most 64 ranges are possible");
}

static void check_service(const char *allow_from, int wanted, const char *message)
{
	struct rs_metadata metadata = {0};
	struct rs_err err = {0};
	assert_int_equal(rs_pairs_set(&metadata.annotations, RS_ANNOTATION_ALLOW_FROM, allow_from), 0);
	assert_int_equal(rs_annotations_check_service(&metadata, &err), wanted);
	assert_string_equal(err.message, message);
	rs_metadata_done(&metadata);
}

static void test_where_it_stands(void **state)
{
	(void)state;
	check_service("10.0.0.0/8", 0, "");
	check_service("nowhere", -EINVAL,
		      "metadata.annotations[rouse.dev/allow-from]: \"nowhere\" is neither an address nor a range like "
		      "10.0.0.0/8");
	check_service("10.0.0.0/8 2001:db8::/32", 0, "");
	struct rs_template *template = rs_template_new();
	struct rs_err err = {0};
	assert_int_equal(rs_pairs_set(&template->annotations, RS_ANNOTATION_ALLOW_FROM, "10.0.0.0/8"), 0);
	assert_int_equal(rs_annotations_derive(template, &err), -EINVAL);
	assert_non_null(strstr(err.message, "belongs in metadata.annotations of the Service"));
	rs_template_unref(template);
	struct rs_metadata none = {0};
	struct rs_allow_from ranges;
	assert_int_equal(rs_metadata_allow_from(&none, &ranges, &err), 0);
	assert_int_equal(ranges.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_what_is_meant),
		cmocka_unit_test(test_sixty_four_and_no_more),
		cmocka_unit_test(test_where_it_stands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
