/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base core */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/model/annotations.h"
#include "core/model/model.h"

static void set_text(char **out, const char *text)
{
	free(*out);
	*out = strdup(text);
	assert_non_null(*out);
}

static struct rs_probe *filled_probe(void)
{
	struct rs_probe *probe = calloc(1, sizeof(*probe));

	assert_non_null(probe);
	probe->handler = RS_HANDLER_HTTP_GET;
	set_text(&probe->path, "/ok");
	set_text(&probe->host, "a.b");
	probe->port = 81;
	rs_strings_add(&probe->command, "true");
	probe->initial_delay_ms = 1000;
	probe->period_ms = 2000;
	probe->timeout_ms = 3000;
	probe->success_threshold = 4;
	probe->failure_threshold = 5;
	return probe;
}

static struct rs_template *filled(void)
{
	struct rs_template *template = rs_template_new();
	struct rs_container *container = &template->container;

	rs_str_copy(template->name, RS_NAME_SIZE, "hello-1");
	rs_pairs_set(&template->labels, "app", "x");
	rs_pairs_set(&template->annotations, "autoscaling.knative.dev/max-scale", "5");
	set_text(&container->image, "example.org/x");
	rs_strings_add(&container->command, "server");
	rs_strings_add(&container->args, "-v");
	rs_pairs_add(&container->env, "A", "1");
	set_text(&container->working_dir, "/srv");
	rs_str_copy(container->port.name, sizeof(container->port.name), "h2c");
	container->readiness = filled_probe();
	container->liveness = filled_probe();
	container->startup = filled_probe();
	return template;
}

/* Every field that a manifest can change makes another template. */
#define CHANGES(statement)                                                                                             \
	do {                                                                                                           \
		struct rs_template *copy = filled();                                                                   \
		assert_true(rs_template_equal(copy, template));                                                        \
		struct rs_container *container = &copy->container;                                                     \
		struct rs_probe *probe = container->liveness;                                                          \
		(void)container;                                                                                       \
		(void)probe;                                                                                           \
		statement;                                                                                             \
		if (rs_template_equal(copy, template))                                                                 \
			fail_msg("no other template: " #statement);                                                    \
		rs_template_unref(copy);                                                                               \
	} while (0)

static void test_templates_are_equal_until_changed(void **state)
{
	(void)state;
	struct rs_template *template = filled();

	CHANGES(copy->name[0] = 'x');
	CHANGES(rs_pairs_set(&copy->labels, "app", "y"));
	CHANGES(rs_pairs_remove(&copy->annotations, "autoscaling.knative.dev/max-scale"));
	CHANGES(copy->container_concurrency++);
	CHANGES(copy->timeout_seconds++);
	CHANGES(container->name[0] = 'x');
	CHANGES(set_text(&container->image, "y"));
	CHANGES(rs_strings_add(&container->command, "y"));
	CHANGES(rs_strings_add(&container->args, "y"));
	CHANGES(rs_pairs_add(&container->env, "Y", "y"));
	CHANGES(set_text(&container->working_dir, "/"));
	CHANGES(container->port.name[0] = 'x');
	CHANGES(container->port.number++);
	CHANGES(container->port.is_udp = true);
	CHANGES(rs_container_add_port(container, &(struct rs_port){.number = 9000}));
	CHANGES(container->cpu_millis++);
	CHANGES(container->memory_bytes++);
	CHANGES(container->run_as_user++);
	CHANGES(container->readiness->port++);
	CHANGES(container->startup->port++);
	CHANGES(probe->handler = RS_HANDLER_EXEC);
	CHANGES(probe->path[0] = 'x');
	CHANGES(probe->host[0] = 'x');
	CHANGES(probe->port++);
	CHANGES(rs_strings_add(&probe->command, "x"));
	CHANGES(probe->initial_delay_ms++);
	CHANGES(probe->period_ms++);
	CHANGES(probe->timeout_ms++);
	CHANGES(probe->success_threshold++);
	CHANGES(probe->failure_threshold++);
	rs_template_unref(template);
}

static void test_a_shared_template_goes_with_its_last_user(void **state)
{
	(void)state;
	struct rs_template *template = filled(), *renamed = filled();

	assert_ptr_equal(rs_template_ref(template), template);
	assert_null(rs_template_unref(template));
	assert_string_equal(template->container.image, "example.org/x");
	rs_str_copy(renamed->name, RS_NAME_SIZE, "hello-2");
	assert_false(rs_template_equal(template, renamed));
	assert_true(rs_template_equal_unnamed(template, renamed));
	rs_template_unref(template);
	rs_template_unref(renamed);
}

static void test_pairs_stay_sorted(void **state)
{
	(void)state;
	static const char *const keys[] = {"m", "a", "z", "b", "m"};
	struct rs_pairs pairs = {0};

	for (size_t i = 0; i < rs_array_length(keys); i++)
		assert_int_equal(rs_pairs_set(&pairs, keys[i], i == 4 ? "last" : "x"), 0);
	assert_int_equal(pairs.count, 4);
	for (size_t i = 1; i < pairs.count; i++)
		assert_true(strcmp(pairs.items[i - 1].key, pairs.items[i].key) < 0);
	assert_string_equal(rs_pairs_get(&pairs, "m"), "last");
	rs_pairs_remove(&pairs, "nobody");
	for (size_t i = 0; i < 4; i++)
		rs_pairs_remove(&pairs, keys[i]);
	assert_int_equal(pairs.count, 0);
	assert_null(pairs.items);
	rs_pairs_done(&pairs);
}

static void test_strings_end_with_null(void **state)
{
	(void)state;
	struct rs_strings strings = {0}, copy;

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(rs_strings_add(&strings, "x"), 0);
		assert_null(strings.items[strings.count]);
	}
	rs_strings_copy(&copy, &strings);
	assert_true(rs_strings_equal(&copy, &strings));
	rs_strings_done(&copy);
	rs_strings_done(&strings);
}

static void test_copies_share_until_one_changes(void **state)
{
	(void)state;
	struct rs_strings strings = {0}, strings_copy;
	struct rs_pairs pairs = {0}, pairs_copy;

	rs_strings_copy(&strings_copy, &strings);
	assert_null(strings_copy.items);
	rs_strings_add(&strings, "one");
	rs_strings_copy(&strings_copy, &strings);
	assert_ptr_equal(strings_copy.items, strings.items);
	assert_int_equal(rs_strings_add(&strings_copy, "two"), 0);
	assert_int_equal(strings.count, 1);
	assert_null(strings.items[1]);
	assert_int_equal(strings_copy.count, 2);
	assert_null(strings_copy.items[2]);
	rs_strings_done(&strings);
	assert_string_equal(strings_copy.items[0], "one");
	rs_strings_done(&strings_copy);

	rs_pairs_set(&pairs, "a", "1");
	rs_pairs_set(&pairs, "b", "2");
	for (int change = 0; change < 4; change++) {
		rs_pairs_copy(&pairs_copy, &pairs);
		assert_ptr_equal(pairs_copy.items, pairs.items);
		assert_int_equal(change == 0   ? rs_pairs_set(&pairs_copy, "b", "changed")
				 : change == 1 ? rs_pairs_add(&pairs_copy, "c", "3")
				 : change == 2 ? rs_pairs_remove(&pairs_copy, "a")
					       : rs_pairs_set(&pairs_copy, "aa", "between"),
				 0);
		assert_false(rs_pairs_equal(&pairs_copy, &pairs));
		assert_int_equal(pairs.count, 2);
		assert_string_equal(rs_pairs_get(&pairs, "a"), "1");
		assert_string_equal(rs_pairs_get(&pairs, "b"), "2");
		rs_pairs_done(&pairs_copy);
	}
	/* Removing nothing changes nothing. */
	rs_pairs_copy(&pairs_copy, &pairs);
	assert_int_equal(rs_pairs_remove(&pairs_copy, "nobody"), 0);
	assert_ptr_equal(pairs_copy.items, pairs.items);
	rs_pairs_done(&pairs);
	assert_string_equal(rs_pairs_get(&pairs_copy, "b"), "2");
	rs_pairs_done(&pairs_copy);
}

static void test_kinds(void **state)
{
	(void)state;
	static const char *const spellings[RS_KIND_COUNT][4] = {
		{"Service", "services", "service", "ksvc"},
		{"Configuration", "configurations", "configuration", "config"},
		{"Revision", "revisions", "revision", "rev"},
		{"Route", "routes", "route", "rt"},
	};
	enum rs_kind kind;

	for (int i = 0; i < RS_KIND_COUNT; i++) {
		for (int k = 0; k < 4; k++) {
			assert_int_equal(rs_kind_parse(spellings[i][k], &kind), 0);
			assert_int_equal(kind, i);
		}
		assert_string_equal(rs_kind_text((enum rs_kind)i), spellings[i][0]);
		assert_string_equal(rs_kind_plural((enum rs_kind)i), spellings[i][1]);
	}
	assert_int_equal(rs_kind_parse("pods", &kind), -EINVAL);
}

static struct rs_template *derive(const char *key, const char *value, const char *message)
{
	struct rs_template *template = rs_template_new();
	struct rs_err err = {0};
	int r;

	rs_pairs_set(&template->annotations, key, value);
	r = rs_annotations_derive(template, &err);
	if (message && (r != -EINVAL || !strstr(err.message, message)))
		fail_msg("%s: %s: %d, %s\n\tnot %s", key, value, r, err.message, message);
	if (!message && r < 0)
		fail_msg("%s: %s was refused: %s", key, value, err.message);
	return template;
}

#define DERIVES(key, value, condition)                                                                                 \
	do {                                                                                                           \
		struct rs_template *template = derive(key, value, NULL);                                               \
		const struct rs_autoscaling *a = &template->autoscaling;                                               \
		(void)a;                                                                                               \
		if (!(condition))                                                                                      \
			fail_msg(key ": " value ": not " #condition);                                                  \
		rs_template_unref(template);                                                                           \
	} while (0)

#define A "autoscaling.knative.dev/"
static void test_annotations_are_read(void **state)
{
	(void)state;
	DERIVES("other.example/x", "y", a->min_scale == -1 && a->max_scale == -1 && a->target == RS_UNSET);
	DERIVES(A "class", "kpa.autoscaling.knative.dev", a->metric == RS_METRIC_CONCURRENCY);
	DERIVES(A "metric", "rps", a->metric == RS_METRIC_RPS);
	DERIVES(A "target", "0.01", a->target == 0.01);
	DERIVES(A "target-utilization-percentage", "70", a->target_utilization_percent == 70);
	DERIVES(A "targetUtilizationPercentage", "70", a->target_utilization_percent == 70);
	DERIVES(A "target-burst-capacity", "-1", a->has_target_burst_capacity && a->target_burst_capacity == -1);
	DERIVES(A "targetBurstCapacity", "0", a->has_target_burst_capacity && a->target_burst_capacity == 0);
	DERIVES(A "min-scale", "3", a->min_scale == 3);
	DERIVES(A "maxScale", "3", a->max_scale == 3);
	DERIVES(A "initial-scale", "0", a->initial_scale == 0);
	DERIVES(A "activation-scale", "2", a->activation_scale == 2);
	DERIVES(A "scale-down-delay", "1h", a->scale_down_delay_ns == 3600000000000);
	DERIVES(A "window", "6s", a->window_ns == 6000000000);
	DERIVES(A "panic-window-percentage", "1", a->panic_window_percent == 1);
	DERIVES(A "panic-threshold-percentage", "110", a->panic_threshold_percent == 110);
	DERIVES(A "scale-to-zero-pod-retention-period", "1.5s", a->retention_ns == 1500000000);
	DERIVES(A "metric-aggregation-algorithm", "weighted-exponential",
		a->aggregation == RS_AGGREGATION_WEIGHTED_EXPONENTIAL);
	DERIVES("serving.knative.dev/progress-deadline", "30s", a->progress_deadline_ns == 30000000000);
	DERIVES("rouse.dev/hold-timeout", "1500ms", template->hold_timeout_ms == 1500);
	DERIVES("rouse.dev/stop-signal", "QUIT", template->stop_signal == SIGQUIT);
	DERIVES("rouse.dev/stop-grace-period", "0s", template->grace_ms == 0);
}

static void test_annotations_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *key, *value, *message;
	} rows[] = {
		{A "class", "hpa.autoscaling.knative.dev", "the HPA is a part of Kubernetes"},
		{A "class", "x", "no autoscaler of the class \"x\" runs here"},
		{A "metric", "cpu", "must be \"concurrency\" or \"rps\""},
		{A "target", "0", "must be a number >= 0.01"},
		{A "target", "ten", "must be a number >= 0.01"},
		{A "target-utilization-percentage", "101", "must be a number 1..100"},
		{A "target-burst-capacity", "-2", "must be a number >= 0, or -1"},
		{A "target-burst-capacity", "-0.5", "must be a number >= 0, or -1"},
		{A "min-scale", "-1", "must be a whole number 0..2147483647"},
		{A "max-scale", "2147483648", "must be a whole number 0..2147483647"},
		{A "activation-scale", "1", "must be a whole number 2..2147483647"},
		{A "scale-down-delay", "61m", "must be 0s..1h"},
		{A "scale-down-delay", "1500ms", "must be whole seconds"},
		{A "window", "5s", "must be 6s..1h"},
		{A "window", "60", "must be a duration such as"},
		{A "panic-window-percentage", "0.5", "must be a number 1..100"},
		{A "panic-threshold-percentage", "100", "must be a number 110..1000"},
		{A "metric-aggregation-algorithm", "x", "must be \"linear\" or \"weighted-exponential\""},
		{A "maximum-scale", "1", "is not an annotation that Rouse knows"},
		{"serving.knative.dev/rollout-duration", "1s", "belongs in metadata.annotations of the Service"},
		{"serving.knative.dev/no-gc", "yes", "must be \"true\" or \"false\""},
		{"queue.sidecar.serving.knative.dev/cpu-resource-limit", "1", "there is no queue-proxy"},
		{"rouse.dev/hold-timeout", "999ms", "must be 1s..1h"},
		{"rouse.dev/stop-signal", "SIGSEGV", "must be SIGTERM, SIGINT"},
		{"rouse.dev/unheard", "x", "is not an annotation that Rouse knows"},
	};

	for (size_t i = 0; i < rs_array_length(rows); i++) {
		struct rs_template *template = derive(rows[i].key, rows[i].value, rows[i].message);

		rs_template_unref(template);
	}
}

static void test_scales_must_fit_together(void **state)
{
	(void)state;
	static const struct {
		const char *min, *max, *activation, *message;
	} rows[] = {
		{"2", "2", "2", NULL},
		{"2", "0", "5", NULL}, /* 0 = no maximum */
		{"3", "2", NULL, "max-scale]: 2 is less than min-scale, 3"},
		{"3", NULL, "2", "activation-scale]: 2 is less than min-scale, 3"},
		{NULL, "4", "5", "activation-scale]: 5 is more than max-scale, 4"},
	};

	for (size_t i = 0; i < rs_array_length(rows); i++) {
		struct rs_template *template = rs_template_new();
		struct rs_err err = {0};

		if (rows[i].min)
			rs_pairs_set(&template->annotations, A "min-scale", rows[i].min);
		if (rows[i].max)
			rs_pairs_set(&template->annotations, A "max-scale", rows[i].max);
		if (rows[i].activation)
			rs_pairs_set(&template->annotations, A "activation-scale", rows[i].activation);
		assert_int_equal(rs_annotations_derive(template, &err), rows[i].message ? -EINVAL : 0);
		if (rows[i].message && !strstr(err.message, rows[i].message))
			fail_msg("\"%s\" does not say \"%s\"", err.message, rows[i].message);
		rs_template_unref(template);
	}
}

static void test_both_spellings_at_once_are_refused(void **state)
{
	(void)state;
	struct rs_template *template = rs_template_new();
	struct rs_err err = {0};

	rs_pairs_set(&template->annotations, A "min-scale", "1");
	rs_pairs_set(&template->annotations, A "minScale", "1");
	assert_int_equal(rs_annotations_derive(template, &err), -EINVAL);
	assert_non_null(strstr(err.message, "is given twice, also as"));
	rs_template_unref(template);
}

static void test_what_the_configuration_allows(void **state)
{
	(void)state;
	struct rs_template *template = derive(A "initial-scale", "0", NULL);
	struct rs_err err = {0};

	assert_int_equal(rs_annotations_check_config(template, true, 0, &err), 0);
	assert_int_equal(rs_annotations_check_config(template, false, 0, &err), -EINVAL);
	assert_non_null(strstr(err.message, "allow-zero-initial-scale"));
	rs_template_unref(template);
	template = derive(A "max-scale", "0", NULL);
	assert_int_equal(rs_annotations_check_config(template, false, 10, &err), -EINVAL);
	assert_non_null(strstr(err.message, "0 must be 1..10 (max-scale-limit of the configuration)"));
	rs_template_unref(template);
	template = derive(A "max-scale", "10", NULL);
	assert_int_equal(rs_annotations_check_config(template, false, 10, &err), 0);
	assert_int_equal(rs_annotations_check_config(template, false, 9, &err), -EINVAL);
	rs_template_unref(template);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_templates_are_equal_until_changed),
		cmocka_unit_test(test_a_shared_template_goes_with_its_last_user),
		cmocka_unit_test(test_pairs_stay_sorted),
		cmocka_unit_test(test_strings_end_with_null),
		cmocka_unit_test(test_copies_share_until_one_changes),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_annotations_are_read),
		cmocka_unit_test(test_annotations_are_refused),
		cmocka_unit_test(test_scales_must_fit_together),
		cmocka_unit_test(test_both_spellings_at_once_are_refused),
		cmocka_unit_test(test_what_the_configuration_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
