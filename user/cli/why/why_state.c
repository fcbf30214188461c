// SPDX-License-Identifier: BSD-2-Clause
#include "cli/why/why_part.h"

#include "cli/json.h"

const char *rs_why_state_text(enum rs_why_state state)
{
	static const char *const texts[RS_WHY_STATE_COUNT] = {
		[RS_WHY_FAILING] = "failing", [RS_WHY_WAKING] = "waking",	   [RS_WHY_SERVING] = "serving",
		[RS_WHY_ASLEEP] = "asleep",   [RS_WHY_LEAVING] = "going to sleep", [RS_WHY_RETIRED] = "retired",
	};
	return state < RS_WHY_STATE_COUNT ? texts[state] : "unknown";
}

static void say_asleep(const struct rs_why_facts *facts, const struct rs_why_revision *seen, struct rs_buf *out)
{
	char since[RS_WHY_TIME_MAX], window[RS_WHY_NUMBER_MAX], grace[RS_WHY_NUMBER_MAX];
	bool was_routed = cJSON_IsTrue(rs_json_get(seen->rouse, "reachable"));
	rs_why_time(facts, rs_json_text(seen->rouse, "scaledTime"), since);
	rs_why_span(rs_json_number(seen->rouse, 0, "stableWindowSeconds"), window);
	rs_why_span(rs_json_number(seen->rouse, 0, "graceSeconds"), grace);
	if (!*since) {
		rs_buf_puts(out,
			    "  Asleep: nothing has asked for it since the agent's start. The next connection wakes "
			    "it.\n");
		return;
	}
	rs_buf_printf(out, "  Asleep since %s: ", since);
	if (was_routed)
		rs_buf_printf(out, "nothing for the stable window of %s and the grace period of %s", window, grace);
	else
		rs_buf_printf(out, "no route points to it, and nothing came for the stable window of %s", window);
	double retention = rs_json_number(seen->rouse, 0, "retentionSeconds");
	if (retention > 0) {
		rs_why_span(retention, window);
		rs_buf_printf(out, ", and its last instance was kept for %s more", window);
	}
	rs_buf_puts(out, ". The next connection wakes it.\n");
}

/* What the newest failure said, without the instance's name where the sentence has it already. */
static void say_failure(const struct rs_why_facts *facts, const struct rs_why_revision *seen, struct rs_buf *out)
{
	char when[RS_WHY_TIME_MAX];
	if (seen->failure) {
		rs_why_time(facts, rs_json_text(seen->failure, "eventTime"), when);
		rs_buf_printf(out, "  Last failure, at %s: %s.\n", when, rs_json_text(seen->failure, "message"));
		return;
	}
	static const char *const conditions[] = {"ContainerHealthy", "ResourcesAvailable"};
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		const cJSON *condition = rs_json_condition(seen->object, conditions[i]);
		if (rs_str_equal(rs_json_text(condition, "status"), "False"))
			rs_buf_printf(out, "  %s: %s: %s.\n", conditions[i], rs_json_text(condition, "reason"),
				      rs_json_text(condition, "message"));
	}
}

static void say_starting(const struct rs_why_revision *seen, struct rs_buf *out)
{
	char since[RS_WHY_NUMBER_MAX];
	const cJSON *instance = seen->starting_instance;
	if (!instance)
		return;
	const char *complaint = rs_json_text(instance, "status", "complaint");
	rs_why_span(rs_json_number(instance, 0, "status", "stageMs") / 1000, since);
	rs_buf_printf(out, "  %s is starting since %s", rs_json_text(instance, "metadata", "name"), since);
	if (seen->starting > 1)
		rs_buf_printf(out, ", with %u more", seen->starting - 1);
	if (*complaint)
		rs_buf_printf(out, ": %s.\n", complaint);
	else if (rs_json_get(instance, "status", "listenMs"))
		rs_buf_puts(out, ": it listens; its probe has not succeeded yet, or nothing was sent to it yet.\n");
	else
		rs_buf_puts(out, ": it runs and does not listen on its port yet.\n");
}

static void say_unready(const struct rs_why_revision *seen, struct rs_buf *out)
{
	char since[RS_WHY_NUMBER_MAX];
	if (!seen->unready)
		return;
	const char *complaint = rs_json_text(seen->unready_instance, "status", "complaint");
	rs_why_span(rs_json_number(seen->unready_instance, 0, "status", "stageMs") / 1000, since);
	rs_buf_printf(out, "  Out of rotation: %s since %s", rs_json_text(seen->unready_instance, "metadata", "name"),
		      since);
	if (seen->unready > 1)
		rs_buf_printf(out, ", and %u more", seen->unready - 1);
	rs_buf_printf(out, "%s%s. It gets connections again when it is well.\n", *complaint ? ": " : "", complaint);
}

static void say_next_start(const struct rs_why_revision *seen, struct rs_buf *out)
{
	char wait[RS_WHY_NUMBER_MAX];
	const cJSON *available = rs_json_condition(seen->object, "ResourcesAvailable");
	double retry = rs_json_number(seen->rouse, 0, "retrySeconds");
	if (retry > 0 && seen->desired > (int)(seen->ready + seen->starting)) {
		rs_why_span(retry, wait);
		rs_buf_printf(out, "  Back-off: the next start is in %s.\n", wait);
	} else if (rs_str_equal(rs_json_text(available, "reason"), "NodeFull") &&
		   cJSON_IsTrue(rs_json_get(seen->rouse, "waitsForSandbox"))) {
		rs_buf_printf(out, "  The node is full: %s.\n", rs_json_text(available, "message"));
	} else if (cJSON_IsTrue(rs_json_get(seen->rouse, "waitsForSandbox"))) {
		rs_buf_puts(out, "  It waits for a sandbox: the pool is empty, others are being built.\n");
	} else if (seen->state == RS_WHY_WAKING && !seen->starting) {
		rs_buf_puts(out, "  A start has been asked for.\n");
	}
}

static void say_serving(const struct rs_why_revision *seen, struct rs_buf *out)
{
	double in_flight = rs_json_number(seen->rouse, 0, "inFlight");
	rs_buf_printf(out, "  Serving: %u %s ready", seen->ready, seen->ready == 1 ? "instance is" : "instances are");
	if (seen->starting || seen->leaving) {
		rs_buf_puts(out, " (");
		if (seen->starting)
			rs_buf_printf(out, "%u starting%s", seen->starting, seen->leaving ? ", " : "");
		if (seen->leaving)
			rs_buf_printf(out, "%u ending", seen->leaving);
		rs_buf_puts(out, ")");
	}
	rs_buf_printf(out, ", %d wanted; %.0f %s in flight.\n", seen->desired, in_flight,
		      in_flight == 1 ? "request" : "requests");
}

static void say_complaint(const struct rs_why_revision *seen, struct rs_buf *out)
{
	const cJSON *instance = seen->ready_complaining;
	if (instance)
		rs_buf_printf(out, "  Not well: %s: %s.\n", rs_json_text(instance, "metadata", "name"),
			      rs_json_text(instance, "status", "complaint"));
}

void rs_why_say_state(const struct rs_why_facts *facts, const struct rs_why_revision *seen, struct rs_buf *out)
{
	switch (seen->state) {
	case RS_WHY_FAILING:
		rs_buf_printf(out, "  Failing: no instance is ready");
		if (seen->failures)
			rs_buf_printf(out, ", %d %s in a row failed", seen->failures,
				      seen->failures == 1 ? "start" : "starts");
		rs_buf_puts(out, seen->desired > 0 ? ".\n" : "; it is not wanted at the moment.\n");
		say_failure(facts, seen, out);
		say_unready(seen, out);
		say_starting(seen, out);
		say_next_start(seen, out);
		break;
	case RS_WHY_WAKING:
		rs_buf_printf(out, "  Waking: %d %s wanted, none is ready yet.\n", seen->desired,
			      seen->desired == 1 ? "instance is" : "instances are");
		say_starting(seen, out);
		say_next_start(seen, out);
		break;
	case RS_WHY_SERVING:
		say_serving(seen, out);
		say_complaint(seen, out);
		say_unready(seen, out);
		if (seen->failures)
			say_failure(facts, seen, out);
		if (seen->starting || seen->desired > (int)seen->ready) {
			say_starting(seen, out);
			say_next_start(seen, out);
		}
		break;
	case RS_WHY_LEAVING:
		rs_buf_printf(out,
			      "  Going to sleep: its last %s no new connections and %s when the requests in flight "
			      "have ended.\n",
			      seen->leaving == 1 ? "instance takes" : "instances take",
			      seen->leaving == 1 ? "ends" : "end");
		break;
	case RS_WHY_ASLEEP:
		say_asleep(facts, seen, out);
		break;
	case RS_WHY_RETIRED:
	case RS_WHY_STATE_COUNT:
		rs_buf_puts(out, "  Retired: no route names it, and the node keeps nothing for it.\n");
		break;
	}
}
