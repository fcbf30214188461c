/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base core user/cli/args.c user/cli/option.c user/cli/foreign.c user/cli/print/json_path.c */
/* link: user/cli/print/json_template.c */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/args.h"
#include "cli/option.h"

#define TAKES                                                                                                          \
	(RS_TAKES_ALWAYS | RS_TAKES(OUTPUT) | RS_TAKES(ALL_NAMESPACES) | RS_TAKES(FILE) | RS_TAKES(TAIL) |             \
	 RS_TAKES(TIMEOUT) | RS_TAKES(TAG) | RS_TAKES(DRY_RUN) | RS_TAKES(SCALE))

static struct rs_args args;
static struct rs_err err;

#define parse(...) parse_words((const char *const[]){__VA_ARGS__, NULL})

static int parse_words(const char *const *words)
{
	int count = 0, position = 0;
	while (words[count])
		count++;
	rs_args_done(&args);
	err = (struct rs_err){0};
	return rs_args_parse(&args, TAKES, count, (char *const *)(uintptr_t)words, false, &position, &err);
}

static void test_options_in_all_their_spellings(void **state)
{
	(void)state;
	static const char *const spellings[][2] = {
		{"-o", "json"}, {"-ojson", NULL}, {"-o=json", NULL}, {"--output", "json"}, {"--output=json", NULL}};
	for (size_t i = 0; i < rs_array_length(spellings); i++) {
		assert_int_equal(parse_words((const char *const[]){spellings[i][0], spellings[i][1], NULL}), 0);
		assert_int_equal(args.output, RS_OUTPUT_JSON);
		assert_int_equal(args.names.count, 0);
	}
}

static void test_options_stand_anywhere(void **state)
{
	(void)state;
	assert_int_equal(parse("services", "-n", "shop", "hello", "-A"), 0);
	assert_int_equal(args.names.count, 2);
	assert_string_equal(args.names.items[0], "services");
	assert_string_equal(args.names.items[1], "hello");
	assert_string_equal(args.namespace, "shop");
	assert_true(args.all_namespaces);
}

static void test_letters_are_bundled(void **state)
{
	(void)state;
	assert_int_equal(parse("-Anshop"), 0);
	assert_true(args.all_namespaces);
	assert_string_equal(args.namespace, "shop");
}

static void test_words_that_are_no_options(void **state)
{
	(void)state;
	assert_int_equal(parse("-", "-00002=10", "--", "--output", "-A"), 0);
	assert_int_equal(args.names.count, 4);
	assert_string_equal(args.names.items[1], "-00002=10");
	assert_string_equal(args.names.items[2], "--output");
	assert_false(args.all_namespaces);
	assert_int_equal(parse("-f", "-"), 0);
	assert_string_equal(args.files.items[0], "-");
}

static void test_lists_keep_their_order(void **state)
{
	(void)state;
	assert_int_equal(parse("-f", "a", "-fb", "--filename=c", "--filename", "d", "-f", "e"), 0);
	assert_int_equal(args.files.count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(args.files.items[i][0], 'a' + (int)i);
}

static void test_values_are_checked(void **state)
{
	(void)state;
	assert_int_equal(args.tail, RS_ARGS_UNSET);
	assert_int_equal(parse("--tail", "20", "--timeout", "1m30s"), 0);
	assert_int_equal(args.tail, 20);
	assert_int_equal(args.timeout_ns, 90 * INT64_C(1000000000));
	assert_int_equal(parse("--tail", "many"), -EINVAL);
	assert_string_equal(err.message, "--tail: must be a number from 0, is \"many\"");
	assert_int_equal(parse("--tail", "-1"), -EINVAL);
	assert_int_equal(parse("--timeout", "soon"), -EINVAL);
	assert_int_equal(parse("--timeout", "-1s"), -EINVAL);
	assert_int_equal(parse("-o", "xml"), -EINVAL);
	assert_string_equal(err.message, "--output: must be wide, json, yaml, name or jsonpath=TEMPLATE, is \"xml\"");
	assert_int_equal(parse("-n", ""), -EINVAL);
}

static void test_what_is_wrong_is_said(void **state)
{
	(void)state;
	assert_int_equal(parse("--outptu", "json"), -EINVAL);
	assert_string_equal(err.message, "unknown option --outptu; did you mean --output?");
	assert_int_equal(parse("-x"), -EINVAL);
	assert_string_equal(err.message, "unknown option -x");
	assert_int_equal(parse("--output"), -EINVAL);
	assert_string_equal(err.message, "--output needs a value");
	assert_int_equal(parse("-o"), -EINVAL);
	assert_string_equal(err.message, "-o needs a value");
	assert_int_equal(parse("--all-namespaces=yes"), -EINVAL);
	assert_string_equal(err.message, "--all-namespaces is true when it is there; it can not be \"yes\"");
	assert_int_equal(parse("--replicas=3"), -EINVAL);
	assert_string_equal(err.message,
			    "there is no option --replicas here: instances come by demand; --min and --max bound their "
			    "number");
	assert_int_equal(parse("-L", "app"), -EINVAL);
	assert_true(rs_str_starts_with(err.message, "there is no option -L here: "));
	/* Another command's option is unknown here. */
	assert_int_equal(parse("--follow"), -EINVAL);
}

static void test_switches_with_a_value(void **state)
{
	(void)state;
	assert_int_equal(parse("--all-namespaces=true"), 0);
	assert_true(args.all_namespaces);
	assert_int_equal(parse("--all-namespaces=false"), 0);
	assert_false(args.all_namespaces);
	static const char *const spellings[] = {"--dry-run", "--dry-run=server", "--dry-run=client", "--dry-run=true"};
	for (size_t i = 0; i < rs_array_length(spellings); i++) {
		assert_int_equal(parse(spellings[i]), 0);
		assert_true(args.dry_run);
	}
	assert_int_equal(parse("--dry-run=none"), 0);
	assert_false(args.dry_run);
	assert_int_equal(parse("--dry-run=maybe"), -EINVAL);
}

static void test_a_scale_is_a_range(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		long long least, most;
	} good[] = {{"3", 3, 3}, {"1..5", 1, 5}, {"2..", 2, RS_ARGS_UNSET}, {"..5", RS_ARGS_UNSET, 5}, {"0..0", 0, 0}};
	static const char *const bad[] = {"..", "x", "1..x", "-1", "1...5", "1..2..3"};
	for (size_t i = 0; i < rs_array_length(good); i++) {
		assert_int_equal(parse("--scale", good[i].text), 0);
		assert_int_equal(args.min_scale, good[i].least);
		assert_int_equal(args.max_scale, good[i].most);
	}
	for (size_t i = 0; i < rs_array_length(bad); i++)
		assert_int_equal(parse("--scale", bad[i]), -EINVAL);
	assert_string_equal(err.message, "--scale: must be like 3, 1..5, 1.. or ..5, is \"1..2..3\"");
}

static void test_it_stops_at_the_command(void **state)
{
	(void)state;
	char *words[] = {(char *)"rouse", (char *)"-n", (char *)"shop", (char *)"get", (char *)"--nonsense"};
	int position = 1;
	rs_args_done(&args);
	assert_int_equal(rs_args_parse(&args, TAKES, 5, words, true, &position, &err), 0);
	assert_int_equal(position, 3);
	assert_string_equal(args.namespace, "shop");
	assert_int_equal(args.names.count, 0);
}

static void test_every_option_has_help(void **state)
{
	(void)state;
	for (int i = 0; i < RS_OPTION_COUNT; i++) {
		char spelling[RS_OPTION_SPELLING_MAX];
		const char *help = rs_option_help((enum rs_option)i, spelling);
		assert_non_null(help);
		assert_non_null(strstr(spelling, "--"));
	}
}

static int done(void **state)
{
	(void)state;
	rs_args_done(&args);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_in_all_their_spellings),
		cmocka_unit_test(test_options_stand_anywhere),
		cmocka_unit_test(test_letters_are_bundled),
		cmocka_unit_test(test_words_that_are_no_options),
		cmocka_unit_test(test_lists_keep_their_order),
		cmocka_unit_test(test_values_are_checked),
		cmocka_unit_test(test_what_is_wrong_is_said),
		cmocka_unit_test(test_switches_with_a_value),
		cmocka_unit_test(test_a_scale_is_a_range),
		cmocka_unit_test(test_it_stops_at_the_command),
		cmocka_unit_test(test_every_option_has_help),
	};
	return cmocka_run_group_tests(tests, NULL, done);
}
