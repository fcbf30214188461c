/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

static void test_what_is_utf8(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int bad; /* where, -1 = nowhere */
	} rows[] = {
		{"", -1},
		{"plain", -1},
		{"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", -1},
		{"\xef\xbf\xbd", -1}, /* the replacement character itself */
		{"a\xff", 1},
		{"\x80", 0},
		{"ab\xc3", 2},		 /* ends too early */
		{"\xc0\x80", 0},	 /* overlong */
		{"\xe0\x80\x80", 0},	 /* overlong */
		{"\xed\xa0\x80", 0},	 /* a surrogate */
		{"\xf4\x90\x80\x80", 0}, /* behind the last code point */
	};
	for (size_t i = 0; i < rs_array_length(rows); i++) {
		const char *bad = rs_utf8_find_bad(rows[i].text);
		assert_int_equal(bad ? bad - rows[i].text : -1, rows[i].bad);
	}
}

static void test_nothing_drives_the_terminal(void **state)
{
	(void)state;
	static const struct {
		const char *text, *kept, *want;
	} rows[] = {
		{"\x1b]0;title\a\x1b[2J", "", " ]0;title  [2J"},
		{"\xc2\x9b"
		 "2J",
		 "", "  2J"}, /* CSI in one character */
		{"\x9b"
		 "2J",
		 "", " 2J"}, /* and in one byte */
		{"a\r\nb\tc\x7f", "\n", "a \nb c "},
		{"\xc3\xa4 \xe2\x82\xac", "", "\xc3\xa4 \xe2\x82\xac"},
	};
	for (size_t i = 0; i < rs_array_length(rows); i++) {
		rs_auto_free char *text = strdup(rows[i].text);
		assert_non_null(text);
		rs_utf8_disarm(text, rows[i].kept);
		assert_string_equal(text, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_utf8),
		cmocka_unit_test(test_nothing_drives_the_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
