// SPDX-License-Identifier: BSD-2-Clause
/* The decision: the numbers that the autoscaler had, and what became of them. */
#include "cli/why/why_part.h"

#include "cli/json.h"

#include <math.h>

#define RECENT_DECISIONS 3

/* "concurrency 14.2 over the last 60 s, target 7 each (10 x 70 %)" */
static void say_numbers(const struct rs_why_revision *seen, struct rs_buf *out)
{
	char value[RS_WHY_NUMBER_MAX], window[RS_WHY_NUMBER_MAX], target[RS_WHY_NUMBER_MAX], total[RS_WHY_NUMBER_MAX],
		percent[RS_WHY_NUMBER_MAX];
	bool panicking = cJSON_IsTrue(rs_json_get(seen->rouse, "panicking"));
	bool is_rps = rs_str_equal(rs_json_text(seen->rouse, "metric"), "rps");
	double target_value = rs_json_number(seen->rouse, 0, "target");
	double total_value = rs_json_number(seen->rouse, 0, "targetTotal");
	rs_why_number(rs_json_number(seen->rouse, 0, panicking ? "panicConcurrency" : "stableConcurrency"), value);
	rs_why_span(rs_json_number(seen->rouse, 0, panicking ? "panicWindowSeconds" : "stableWindowSeconds"), window);
	rs_why_number(target_value, target);
	rs_buf_printf(out, "%s %s over the last %s, target %s each", is_rps ? "requests a second" : "concurrency",
		      value, window, target);
	if (total_value > 0 && total_value != target_value) {
		rs_why_number(total_value, total);
		rs_why_number(100 * target_value / total_value, percent);
		rs_buf_printf(out, " (%s x %s %%)", total, percent);
	}
}

/* Why the number is not what the load alone would ask for. */
static void say_bounds(const struct rs_why_revision *seen, struct rs_buf *out)
{
	double target = rs_json_number(seen->rouse, 0, "target");
	double stable = rs_json_number(seen->rouse, 0, "stableConcurrency");
	int minimum = (int)rs_json_number(seen->rouse, 0, "minScale");
	int maximum = (int)rs_json_number(seen->rouse, 0, "maxScale");
	int asked = target > 0 ? (int)ceil(stable / target) : 0;
	if (minimum > 0 && seen->desired == minimum && asked < minimum)
		rs_buf_printf(out, "; min-scale is %d", minimum);
	if (maximum > 0 && seen->desired == maximum && asked >= maximum)
		rs_buf_printf(out, "; max-scale %d allows no more", maximum);
	else if (!cJSON_IsTrue(rs_json_get(seen->rouse, "panicking")) && seen->desired > asked && asked > 0 &&
		 seen->desired != minimum)
		rs_buf_printf(out, "; that asks for %d, and the scale falls step by step", asked);
}

static void say_panic(const struct rs_why_revision *seen, struct rs_buf *out)
{
	char window[RS_WHY_NUMBER_MAX];
	if (!cJSON_IsTrue(rs_json_get(seen->rouse, "panicking")))
		return;
	rs_why_span(rs_json_number(seen->rouse, 0, "stableWindowSeconds"), window);
	rs_buf_printf(out,
		      "  It panics: the load rose to twice what its instances carry (or the agent has just begun to "
		      "measure). The scale only rises until %s without such a load have passed.\n",
		      window);
}

static const struct {
	const char *reason;
	const char *text;
} waits[] = {
	{"NoData", "there is no measurement yet"},
	{"ScaleToZeroDisabled", "idle, but enable-scale-to-zero is off: one instance stays"},
	{"Activating", "a start is under way; the scale is not lowered before it is over"},
	{"StartTimeout", "the start took longer than the progress deadline"},
	{"Deactivated", "idle for the stable window: it becomes inactive, and ends after the grace period"},
	{"StableWindow", "idle: one instance stays until the rest of the stable window is over"},
	{"HoldPathNotArmed", "idle, but the dataplane does not hold SYNs for it yet: one instance stays until it does"},
	{"Retention", "idle: the last instance is kept for the retention period"},
	{"GracePeriod", "idle: one instance stays until the grace period is over"},
};

static void say_decision(const struct rs_why_revision *seen, struct rs_buf *out)
{
	const char *reason = rs_json_text(seen->rouse, "whyReason");
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		if (rs_str_equal(reason, waits[i].reason))
			rs_buf_printf(out, "  The scale waits: %s.\n", waits[i].text);
	}
	if (!*reason && *rs_json_text(seen->rouse, "why"))
		rs_buf_printf(out, "  Decided: %s.\n", rs_json_text(seen->rouse, "why"));
}

static void say_events(const struct rs_why_facts *facts, const struct rs_why_revision *seen, struct rs_buf *out)
{
	const cJSON *recent[RECENT_DECISIONS] = {0};
	unsigned count = 0;
	const cJSON *event;
	cJSON_ArrayForEach (event, rs_json_get(facts->events, "items")) {
		const char *reason = rs_json_text(event, "reason");
		if (rs_str_equal(rs_json_text(event, "involvedObject", "name"), seen->name) &&
		    (rs_str_equal(reason, "Scaled") || rs_str_equal(reason, "HoldsReset") ||
		     rs_str_equal(reason, "NodeFull")))
			recent[count++ % RECENT_DECISIONS] = event;
	}
	if (count)
		rs_buf_puts(out, "  Decided lately\n");
	for (unsigned i = count > RECENT_DECISIONS ? count - RECENT_DECISIONS : 0; i < count; i++) {
		char when[RS_WHY_TIME_MAX];
		event = recent[i % RECENT_DECISIONS];
		double times = rs_json_number(event, 1, "count");
		rs_why_time(facts, rs_json_text(event, "eventTime"), when);
		rs_buf_printf(out, "    %s  %s %s", when, rs_json_text(event, "reason"),
			      rs_json_text(event, "message"));
		rs_buf_printf(out, times > 1 ? " (%.0f times)\n" : "\n", times);
	}
}

void rs_why_say_scale(const struct rs_why_facts *facts, const struct rs_why_revision *seen, struct rs_buf *out)
{
	if (!seen->rouse)
		return;
	if (seen->state != RS_WHY_ASLEEP) {
		rs_buf_printf(out, "  %d %s: ", seen->desired, seen->desired == 1 ? "instance" : "instances");
		say_numbers(seen, out);
		say_bounds(seen, out);
		if (seen->held)
			rs_buf_printf(out, "; %u held %s as load", seen->held,
				      seen->held == 1 ? "connection counts" : "connections count");
		rs_buf_puts(out, ".\n");
		say_panic(seen, out);
		say_decision(seen, out);
	}
	say_events(facts, seen, out);
}
