/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base core */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "core/model/annotations.h"
#include "core/model/families.h"

static void test_words(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum rs_ip_families families;
		bool v4, v6;
		unsigned count;
		enum rs_family first;
	} rows[] = {
		{"IPv4", RS_IPV4, true, false, 1, RS_V4},
		{"IPv6", RS_IPV6, false, true, 1, RS_V6},
		{"IPv4,IPv6", RS_IPV4_IPV6, true, true, 2, RS_V4},
		{" IPv6 , IPv4 ", RS_IPV6_IPV4, true, true, 2, RS_V6},
	};
	for (size_t i = 0; i < rs_array_length(rows); i++) {
		enum rs_ip_families families = RS_IP_FAMILIES_COUNT;
		enum rs_family list[RS_FAMILIES];
		assert_int_equal(rs_ip_families_parse(rows[i].text, &families, NULL), 0);
		assert_int_equal(families, rows[i].families);
		assert_int_equal(rs_ip_families_has(families, RS_V4), rows[i].v4);
		assert_int_equal(rs_ip_families_has(families, RS_V6), rows[i].v6);
		assert_int_equal(rs_ip_families_list(families, list), rows[i].count);
		assert_int_equal(list[0], rows[i].first);
	}
}

static void test_what_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"",	     "ipv4",	  "IPv5",      "IPv4,",
					    ",IPv6", "IPv4 IPv6", "IPv4,IPv4", "IPv4,IPv6,IPv4"};
	for (size_t i = 0; i < rs_array_length(texts); i++) {
		enum rs_ip_families families = RS_IP_FAMILIES_COUNT;
		struct rs_err err = {0};
		assert_int_equal(rs_ip_families_parse(texts[i], &families, &err), -EINVAL);
		assert_int_equal(families, RS_IP_FAMILIES_COUNT);
		assert_non_null(strstr(err.message, "must be \"IPv4\", \"IPv6\", \"IPv4,IPv6\" or \"IPv6,IPv4\""));
	}
}

static void check_service(const char *text, int wanted, const char *message)
{
	struct rs_metadata metadata = {0};
	struct rs_err err = {0};
	assert_int_equal(rs_pairs_set(&metadata.annotations, RS_ANNOTATION_IP_FAMILIES, text), 0);
	assert_int_equal(rs_annotations_check_service(&metadata, &err), wanted);
	assert_string_equal(err.message, message);
	rs_metadata_done(&metadata);
}

static void test_where_it_stands(void **state)
{
	(void)state;
	check_service("IPv6", 0, "");
	check_service("IPv7", -EINVAL,
		      "metadata.annotations[rouse.dev/ip-families]: \"IPv7\" must be \"IPv4\", \"IPv6\", "
		      "\"IPv4,IPv6\" or \"IPv6,IPv4\"");
	struct rs_template *template = rs_template_new();
	struct rs_err err = {0};
	assert_int_equal(rs_pairs_set(&template->annotations, RS_ANNOTATION_IP_FAMILIES, "IPv6"), 0);
	assert_int_equal(rs_annotations_derive(template, &err), -EINVAL);
	assert_non_null(strstr(err.message, "belongs in metadata.annotations of the Service"));
	rs_template_unref(template);
}

static void reached(const char *annotation, enum rs_ip_families fallback, bool has_v6, bool wanted,
		    enum rs_ip_families wanted_families)
{
	struct rs_metadata metadata = {0};
	enum rs_ip_families families = RS_IP_FAMILIES_COUNT;
	if (annotation)
		assert_int_equal(rs_pairs_set(&metadata.annotations, RS_ANNOTATION_IP_FAMILIES, annotation), 0);
	assert_int_equal(rs_metadata_reached_by(&metadata, fallback, has_v6, &families), wanted);
	assert_int_equal(families, wanted_families);
	rs_metadata_done(&metadata);
}

static void test_what_is_left_of_it(void **state)
{
	(void)state;
	reached(NULL, RS_IPV4, false, true, RS_IPV4);
	reached(NULL, RS_IPV6_IPV4, true, true, RS_IPV6_IPV4);
	reached(NULL, RS_IPV6_IPV4, false, true, RS_IPV4);
	reached("IPv4", RS_IPV6, true, true, RS_IPV4);
	reached("IPv6", RS_IPV4_IPV6, true, true, RS_IPV6);
	reached("IPv6", RS_IPV4_IPV6, false, false, RS_IP_FAMILIES_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_where_it_stands),
		cmocka_unit_test(test_what_is_left_of_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
