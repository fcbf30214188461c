/* SPDX-License-Identifier: BSD-2-Clause */
/* link: base user/agent/health/pressure.c */
/* What was full is told once, with the number that was reached and the option that raises it; and not what an earlier
 * agent has seen. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "base/mem.h"
#include "base/time.h"

static uint64_t counters[RS_REASON_COUNT];
static char told[4096];
static struct rs_options options = {.name = "rouse", .holds_per_source = 64};

int rs_dp_counters(struct rs_dp *dp, struct rs_counters *ret_total)
{
	(void)dp;
	memcpy(ret_total, counters, sizeof(counters));
	return 0;
}

struct rs_dp_sizes rs_dp_sizes(const struct rs_dp *dp)
{
	(void)dp;
	return (struct rs_dp_sizes){.flows = 65536, .holds = 8192};
}

void rs_record(struct rs_agent *agent, const char *type, const char *reason, const char *namespace, const char *kind,
	       const char *name, const char *format, ...)
{
	size_t length = strlen(told);
	va_list args;
	(void)agent;
	length += (size_t)snprintf(told + length, sizeof(told) - length, "%s %s %s %s/%s: ", type, reason, namespace,
				   kind, name);
	va_start(args, format);
	length += (size_t)vsnprintf(told + length, sizeof(told) - length, format, args);
	va_end(args);
	snprintf(told + length, sizeof(told) - length, "\n");
}

static const char *look(struct rs_agent *agent, uint64_t seconds)
{
	told[0] = '\0';
	rs_pressure_look(agent, seconds * RS_NS_PER_S);
	return told;
}

static void test_each_has_its_words(void **state)
{
	static const struct {
		enum rs_reason reason;
		const char *event, *number, *advice;
	} rows[] = {
		{RS_REASON_flow_table_full, "FlowTableFull", "all of its 65536", "--max-flows"},
		{RS_REASON_flow_evicted, "HalfOpenEvicted", "have room", "--max-flows"},
		{RS_REASON_flow_unwatched, "FlowRingFull", "65536 places", "--max-flows"},
		{RS_REASON_hold_shed_node, "HoldsFull", "holds has room for", "--max-holds"},
		{RS_REASON_hold_shed_source, "HoldsFullForSource", "has 64", "--holds-per-source"},
		{RS_REASON_hold_shed_revision, "HoldsFullForRevision", "which is the maximum", ""},
		{RS_REASON_hold_shed_map, "HoldIndexFull", "without memory, of ", "--max-holds"},
		{RS_REASON_port_clash, "PortsExhausted", "", "more instances"},
		{RS_REASON_rewrite_failed, "RewriteFailed", "", "no memory"},
		{RS_REASON_event_lost, "EventsLost", "", "looked at everything"},
	};
	struct rs_agent agent = {.options = &options};
	(void)state;
	memset(counters, 0, sizeof(counters));
	assert_int_equal(rs_pressure_new(&agent), 0);
	for (size_t i = 0; i < rs_array_length(rows); i++) {
		char begin[96];
		counters[rows[i].reason] += 7;
		snprintf(begin, sizeof(begin), "Warning %s default Node/rouse: ", rows[i].event);
		const char *text = look(&agent, 1000 + i);
		assert_ptr_equal(strstr(text, begin), text);
		assert_non_null(strstr(text, rows[i].number));
		assert_non_null(strstr(text, rows[i].advice));
		assert_non_null(strstr(text, "(7 times)\n"));
		/* Only this one. */
		assert_ptr_equal(strchr(text, '\n') + 1, text + strlen(text));
	}
	rs_pressure_free(agent.pressure);
}

static void test_once_a_minute_and_nothing_is_lost(void **state)
{
	struct rs_agent agent = {.options = &options};
	(void)state;
	memset(counters, 0, sizeof(counters));
	counters[RS_REASON_event_lost] = 100; /* an earlier agent's */
	assert_int_equal(rs_pressure_new(&agent), 0);
	assert_string_equal(look(&agent, 1000), "");
	counters[RS_REASON_event_lost] += 1;
	assert_non_null(strstr(look(&agent, 1001), "(1 times)"));
	assert_string_equal(look(&agent, 1002), "");
	counters[RS_REASON_event_lost] += 2;
	assert_string_equal(look(&agent, 1003), "");
	counters[RS_REASON_event_lost] += 3;
	assert_string_equal(look(&agent, 1060), "");
	assert_non_null(strstr(look(&agent, 1061), "(5 times)"));
	assert_string_equal(look(&agent, 2000), "");
	rs_pressure_free(agent.pressure);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_has_its_words),
		cmocka_unit_test(test_once_a_minute_and_nothing_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
