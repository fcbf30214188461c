/* SPDX-License-Identifier: BSD-2-Clause */
/* link: wire sys user/agent/api/place.c user/agent/api/query.c user/agent/api/status.c */
/* link: user/agent/show/backend.c user/agent/change/change.c user/agent/show/filter.c user/agent/watch/journal.c */
/* link: user/agent/host/addresses.c user/agent/config/option_range.c user/agent/show/list.c */
/* link: user/agent/show/listing.c user/agent/show/metrics.c user/agent/show/objects.c */
/* link: user/agent/record.c user/agent/revision/settings.c user/agent/show/view.c user/agent/show/view_scale.c */
/* link: user/agent/show/walk.c */
/* link: user/agent/change/waiting.c user/agent/watch/shown.c user/agent/watch/watch.c */
/* link: user/agent/show/logs.c user/rt/log_list.c user/rt/log_name.c */
#include "unit/agent/backend_fixture.h"

static void print_metrics(struct fixture *f, struct rs_buf *out)
{
	rs_buf_clear(out);
	rs_agent_backend.metrics(&f->agent, out);
	assert_int_equal(out->error, 0);
}

/* The format: every family has its two comment lines once, before its samples, and they stand together. */
static void assert_exposition(const char *text)
{
	char families[128][64], family[64] = "";
	int count = 0;
	while (*text) {
		size_t length = strcspn(text, "\n");
		assert_int_equal(text[length], '\n');
		if (strncmp(text, "# HELP ", 7) == 0) {
			snprintf(family, sizeof(family), "%.*s", (int)strcspn(text + 7, " "), text + 7);
			for (int i = 0; i < count; i++)
				assert_string_not_equal(families[i], family);
			assert_true(count < (int)rs_array_length(families));
			strcpy(families[count++], family);
		} else if (strncmp(text, "# TYPE ", 7) == 0) {
			assert_memory_equal(text + 7, family, strlen(family));
		} else {
			assert_int_equal(strcspn(text, "{ "), strlen(family));
			assert_memory_equal(text, family, strlen(family));
			assert_memory_equal(text, "rouse_", 6);
			char *end, *number = strndup(text, length);
			assert_non_null(strrchr(number, ' '));
			strtod(strrchr(number, ' ') + 1, &end);
			assert_true(*end == '\0');
			free(number);
		}
		text += length + 1;
	}
}

static void test_metrics(void **state)
{
	struct fixture *f = *state;
	struct rs_buf out;
	rs_buf_init(&out, 64 * 1024 * 1024);
	put(f, .name = "hello");
	f->agent.workloads[1]->stable_value = 0.1;
	print_metrics(f, &out);
	assert_exposition(out.data);
	assert_non_null(strstr(out.data, "rouse_packets_total{reason=\"forwarded\"} 12345\n"));
#define X(name, text) assert_non_null(strstr(out.data, "{reason=\"" #name "\"} "));
	RS_REASONS(X)
#undef X
	assert_non_null(strstr(out.data, "rouse_revision_stable_concurrency{namespace=\"ns\",service=\"hello\","
					 "revision=\"hello-00001\"} 0.1\n"));
	/* Asleep: the state alone. */
	f->agent.workloads[1]->active = false;
	print_metrics(f, &out);
	assert_exposition(out.data);
	assert_null(strstr(out.data, "rouse_revision_held{"));
	assert_non_null(strstr(out.data, "rouse_revision_state{namespace=\"ns\",service=\"hello\","
					 "revision=\"hello-00001\",state=\"Activating\"} 1\n"));
	assert_non_null(strstr(out.data, "rouse_series_dropped_total 0\n"));
	rs_buf_done(&out);
}

static void test_metrics_have_a_maximum(void **state)
{
	struct fixture *f = *state;
	struct rs_buf out;
	struct rs_model_revision revision = {.service = "many"};
	rs_buf_init(&out, 64 * 1024 * 1024);
	rs_auto_free struct rs_workload *many = calloc(5000, sizeof(*many));
	for (unsigned i = 0; i < 5000; i++) {
		many[i] = (struct rs_workload){.agent = &f->agent, .revision = &revision, .id = i + 1, .active = true};
		f->agent.workloads[i + 1] = &many[i];
	}
	print_metrics(f, &out);
	for (unsigned i = 0; i < 5000; i++)
		f->agent.workloads[i + 1] = NULL;
	size_t samples = 0;
	for (const char *at_ = out.data; (at_ = strstr(at_, "{namespace=")); at_++)
		samples++;
	assert_in_range(samples, 19000, 20000);
	assert_int_equal(f->agent.counters.series_dropped, 5000 * 12 - samples);
	rs_buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_agent(test_metrics),
		with_agent(test_metrics_have_a_maximum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
