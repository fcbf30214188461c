/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/noun/target.h"

static struct rs_targets targets;
static struct rs_err err;

static int parse_words(const struct rs_noun *usual, const char *const *list)
{
	struct rs_words words = {0};
	for (; *list; list++)
		assert_int_equal(rs_words_add(&words, *list), 0);
	rs_targets_done(&targets);
	err = (struct rs_err){0};
	int r = rs_targets_parse(&words, usual, &targets, &err);
	free(words.items);
	return r;
}

#define parse(usual, ...) parse_words(usual, (const char *const[]){__VA_ARGS__, NULL})

static void expect(size_t index, const struct rs_noun *noun, const char *name)
{
	assert_true(index < targets.count);
	assert_ptr_equal(targets.items[index].noun, noun);
	if (name)
		assert_string_equal(targets.items[index].name, name);
	else
		assert_null(targets.items[index].name);
}

static void test_nouns_by_every_name(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const struct rs_noun *noun;
	} rows[] = {
		{"services", &rs_noun_service},
		{"service", &rs_noun_service},
		{"ksvc", &rs_noun_service},
		{"Service", &rs_noun_service},
		{"SVC", &rs_noun_service},
		{"services.serving.knative.dev", &rs_noun_service},
		{"rev", &rs_noun_revision},
		{"revisions", &rs_noun_revision},
		{"rt", &rs_noun_route},
		{"config", &rs_noun_configuration},
		{"inst", &rs_noun_instance},
		{"instances.rouse.dev", &rs_noun_instance},
		{"service.serving.knative.dev", &rs_noun_service},
		{"instance.rouse.dev", &rs_noun_instance},
		{"holds", &rs_noun_hold},
		{"hold", &rs_noun_hold},
		{"flows", &rs_noun_flow},
		{"ev", &rs_noun_event},
	};
	for (size_t i = 0; i < rs_array_length(rows); i++) {
		assert_int_equal(parse(NULL, rows[i].text), 0);
		assert_int_equal(targets.count, 1);
		expect(0, rows[i].noun, NULL);
	}
}

static void test_nouns_and_names(void **state)
{
	(void)state;
	assert_int_equal(parse(NULL, "services,rev"), 0);
	expect(0, &rs_noun_service, NULL);
	expect(1, &rs_noun_revision, NULL);
	assert_int_equal(parse(NULL, "service", "a", "b"), 0);
	assert_int_equal(targets.count, 2);
	expect(1, &rs_noun_service, "b");
	assert_int_equal(parse(NULL, "service/a", "rev/a-00001"), 0);
	expect(0, &rs_noun_service, "a");
	expect(1, &rs_noun_revision, "a-00001");
}

static void test_names_alone_where_a_command_has_a_noun(void **state)
{
	(void)state;
	assert_int_equal(parse(&rs_noun_service, "hello"), 0);
	expect(0, &rs_noun_service, "hello");
	assert_int_equal(parse(&rs_noun_service, "hello", "web"), 0);
	expect(1, &rs_noun_service, "web");
	assert_int_equal(parse(&rs_noun_service, "revision", "hello-00001"), 0);
	expect(0, &rs_noun_revision, "hello-00001");
	/* Half a sentence; a service of that name can still be named. */
	assert_int_equal(parse(&rs_noun_service, "service"), -EINVAL);
	assert_string_equal(err.message, "which service? Give its name");
	assert_int_equal(parse(&rs_noun_service, "service/service"), 0);
	expect(0, &rs_noun_service, "service");
}

static void test_what_makes_no_sense(void **state)
{
	(void)state;
	assert_int_equal(parse(NULL, "hello"), -EINVAL);
	assert_int_equal(parse(NULL, "services,"), -EINVAL);
	assert_int_equal(parse(NULL, "services,rev", "a"), -EINVAL);
	assert_int_equal(parse(NULL, "instance", "revision/a-00001"), -EINVAL);
	assert_string_equal(err.message, "\"revision/a-00001\" is no name: write \"instances NAME\", or "
					 "\"revision/a-00001\" alone");
	assert_int_equal(parse(NULL, "instance", "x/y"), -EINVAL);
	assert_string_equal(err.message, "\"x/y\" is no name: write \"instances NAME\", or NOUN/NAME");
	assert_int_equal(parse(NULL, "service/"), -EINVAL);
	assert_int_equal(parse(NULL, "service/a", "b"), -EINVAL);
	assert_int_equal(parse(NULL, "/a"), -EINVAL);
	assert_int_equal(parse(NULL, "service", ""), -EINVAL);
	assert_int_equal(parse(NULL, "holds", "x"), -EINVAL);
	assert_string_equal(err.message, "holds have no names; list them all, or those of one service with --service");
	assert_int_equal(parse(NULL, "svc,svc,svc,svc,svc,svc,svc,svc,svc"), -EINVAL);
	const char *const nothing[] = {NULL};
	assert_int_equal(parse_words(NULL, nothing), -EINVAL);
}

static int done(void **state)
{
	(void)state;
	rs_targets_done(&targets);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nouns_by_every_name),
		cmocka_unit_test(test_nouns_and_names),
		cmocka_unit_test(test_names_alone_where_a_command_has_a_noun),
		cmocka_unit_test(test_what_makes_no_sense),
	};
	return cmocka_run_group_tests(tests, NULL, done);
}
