/* SPDX-License-Identifier: BSD-2-Clause */
/* link: cli */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/json.h"
#include "cli/edit/traffic_edit.h"

static const char revisions_text[] = "{\"items\":[{\"metadata\":{\"name\":\"hello-00001\"}},{\"metadata\":{\"name\":"
				     "\"hello-00002\"}},{\"metadata\":{\"name\":\"hello-blue\"}}]}";

static struct rs_err err;

static struct rs_words words_of(const char *text, char *memory)
{
	struct rs_words words = {0};
	strcpy(memory, text);
	for (char *word = strtok(memory, " "); word; word = strtok(NULL, " "))
		assert_int_equal(rs_words_add(&words, word), 0);
	return words;
}

/* Applies an edit to a service with that spec.traffic (JSON), and compares what comes of it; NULL = refused. */
static void check(const char *before, const char *percents, const char *tags, const char *untags, const char *after)
{
	char memory[3][256], text[1024];
	snprintf(text, sizeof(text), "{\"metadata\":{\"name\":\"hello\"},\"spec\":{\"traffic\":%s}}", before);
	rs_auto_json cJSON *service = cJSON_Parse(text);
	rs_auto_json cJSON *revisions = cJSON_Parse(revisions_text);
	struct rs_words p = words_of(percents, memory[0]), t = words_of(tags, memory[1]),
			u = words_of(untags, memory[2]);
	const struct rs_traffic_edit edit = {&p, &t, &u};
	assert_non_null(service);
	err = (struct rs_err){0};
	int r = rs_traffic_edit(service, revisions, &edit, &err);
	free(p.items);
	free(t.items);
	free(u.items);
	if (!after) {
		assert_int_equal(r, -EINVAL);
		assert_true(*err.message);
		return;
	}
	if (r < 0)
		print_error("%s\n", err.message);
	assert_int_equal(r, 0);
	rs_auto_free char *printed = cJSON_PrintUnformatted(rs_json_get(service, "spec", "traffic"));
	assert_string_equal(printed, after);
}

#define ALL_LATEST "[{\"latestRevision\":true,\"percent\":100}]"

static void test_percents_to_revisions_in_all_spellings(void **state)
{
	(void)state;
	static const char *const spellings[] = {"hello-00001", "v1", "1", "00001", "-00001", "v00001"};
	for (size_t i = 0; i < rs_array_length(spellings); i++) {
		char percents[64];
		snprintf(percents, sizeof(percents), "%s=90 @latest=10", spellings[i]);
		check(ALL_LATEST, percents, "", "",
		      "[{\"latestRevision\":true,\"percent\":10},{\"revisionName\":\"hello-00001\",\"percent\":90}]");
	}
	check(ALL_LATEST, "blue=100%", "", "", "[{\"revisionName\":\"hello-blue\",\"percent\":100}]");
}

static void test_a_service_without_traffic_follows_the_latest(void **state)
{
	(void)state;
	check("[]", "v1=20 @latest=80", "", "",
	      "[{\"latestRevision\":true,\"percent\":80},{\"revisionName\":\"hello-00001\",\"percent\":20}]");
	check("null", "", "v1=old", "",
	      "[{\"latestRevision\":true,\"percent\":100},{\"revisionName\":\"hello-00001\",\"percent\":0,\"tag\":"
	      "\"old\"}]");
}

static void test_percents_must_add_up(void **state)
{
	(void)state;
	check(ALL_LATEST, "v1=90", "", "", NULL);
	assert_string_equal(err.message, "the percents must add up to 100, they add up to 90");
	check(ALL_LATEST, "v1=60 v2=60", "", "", NULL);
	check(ALL_LATEST, "v1=50 1=50", "", "", NULL);
	check(ALL_LATEST, "v1=101", "", "", NULL);
	check(ALL_LATEST, "v1=-1", "", "", NULL);
	check(ALL_LATEST, "v1=50.5 v2=49.5", "", "", NULL);
	check(ALL_LATEST, "v1", "", "", NULL);
	check(ALL_LATEST, "=100", "", "", NULL);
	check(ALL_LATEST, "v1=", "", "", NULL);
	check(ALL_LATEST, "v1=%", "", "", NULL);
}

static void test_an_unknown_target_is_refused(void **state)
{
	(void)state;
	check(ALL_LATEST, "v3=100", "", "", NULL);
	assert_non_null(strstr(err.message, "no revision or tag \"v3\""));
	check(ALL_LATEST, "other-00001=100", "", "", NULL);
	check(ALL_LATEST, "v0=100", "", "", NULL);
}

static void test_tags(void **state)
{
	(void)state;
	/* A tagged target stays, and its tag is a name for it. */
	check("[{\"latestRevision\":true,\"percent\":100},{\"revisionName\":\"hello-00001\",\"percent\":0,\"tag\":"
	      "\"old\"}]",
	      "old=30 @latest=70", "", "",
	      "[{\"latestRevision\":true,\"percent\":70},{\"revisionName\":\"hello-00001\",\"tag\":\"old\",\"percent\":"
	      "30}]");
	check("[{\"latestRevision\":true,\"percent\":70},{\"revisionName\":\"hello-00001\",\"percent\":30,\"tag\":"
	      "\"old\"}]",
	      "@latest=100", "", "",
	      "[{\"latestRevision\":true,\"percent\":100},{\"revisionName\":\"hello-00001\",\"tag\":\"old\","
	      "\"percent\":0}]");
	check(ALL_LATEST, "", "@latest=next", "", "[{\"latestRevision\":true,\"percent\":100,\"tag\":\"next\"}]");
	/* A second tag needs a target of its own; the same tag again changes nothing. */
	check("[{\"latestRevision\":true,\"percent\":100,\"tag\":\"a\"}]", "", "@latest=b @latest=a", "",
	      "[{\"latestRevision\":true,\"percent\":100,\"tag\":\"a\"},{\"latestRevision\":true,\"percent\":0,\"tag\":"
	      "\"b\"}]");
}

static void test_tags_move_only_when_untagged(void **state)
{
	(void)state;
	static const char before[] = "[{\"latestRevision\":true,\"percent\":100},{\"revisionName\":\"hello-00001\","
				     "\"percent\":0,\"tag\":\"t\"}]";
	check(before, "", "v2=t", "", NULL);
	assert_non_null(strstr(err.message, "--untag t"));
	check(before, "", "v2=t", "t",
	      "[{\"latestRevision\":true,\"percent\":100},{\"revisionName\":\"hello-00002\",\"percent\":0,\"tag\":"
	      "\"t\"}]");
	check(before, "", "", "t", ALL_LATEST);
	check(before, "", "", "x", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percents_to_revisions_in_all_spellings),
		cmocka_unit_test(test_a_service_without_traffic_follows_the_latest),
		cmocka_unit_test(test_percents_must_add_up),
		cmocka_unit_test(test_an_unknown_target_is_refused),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_tags_move_only_when_untagged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
