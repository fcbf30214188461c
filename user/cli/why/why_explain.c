// SPDX-License-Identifier: BSD-2-Clause
#include "cli/why/why_part.h"

#include "cli/json.h"

/* Revisions that get connections, or have something of their own to tell; others are history. */
static bool matters(const struct rs_why_facts *facts, const struct rs_why_revision *seen)
{
	if (facts->only)
		return rs_str_equal(seen->name, facts->only);
	if (seen->state == RS_WHY_FAILING || seen->state == RS_WHY_WAKING || seen->state == RS_WHY_SERVING ||
	    seen->state == RS_WHY_LEAVING || seen->held)
		return true;
	const cJSON *target;
	cJSON_ArrayForEach (target, rs_json_get(facts->service, "status", "traffic")) {
		if (rs_str_equal(rs_json_text(target, "revisionName"), seen->name))
			return true;
	}
	return rs_str_equal(rs_json_text(facts->service, "status", "latestCreatedRevisionName"), seen->name);
}

static bool is_routed(const struct rs_why_facts *facts, const char *revision)
{
	const cJSON *target;
	cJSON_ArrayForEach (target, rs_json_get(facts->service, "status", "traffic")) {
		if (rs_str_equal(rs_json_text(target, "revisionName"), revision))
			return true;
	}
	return false;
}

/* The service's state is the worst of those that its connections go to. */
static void say_headline(const struct rs_why_facts *facts, struct rs_buf *out)
{
	enum rs_why_state worst = RS_WHY_STATE_COUNT;
	unsigned ready = 0, held = 0;
	const cJSON *revision;
	cJSON_ArrayForEach (revision, rs_json_get(facts->revisions, "items")) {
		struct rs_why_revision seen;
		rs_why_look(facts, revision, &seen);
		if (facts->only ? !rs_str_equal(seen.name, facts->only) : !is_routed(facts, seen.name))
			continue;
		ready += seen.ready;
		held += seen.held;
		if (seen.state < worst)
			worst = seen.state;
	}
	rs_buf_puts(out, facts->only ? facts->only : rs_json_text(facts->service, "metadata", "name"));
	if (worst == RS_WHY_STATE_COUNT) {
		const cJSON *condition = rs_json_condition(facts->service, "Ready");
		rs_buf_printf(out, " has no revision to send connections to: %s%s%s\n",
			      rs_json_text(condition, "reason"), *rs_json_text(condition, "message") ? ": " : "",
			      rs_json_text(condition, "message"));
		return;
	}
	rs_buf_printf(out, " is %s: %u %s ready, %u %s held.\n", rs_why_state_text(worst), ready,
		      ready == 1 ? "instance" : "instances", held, held == 1 ? "connection" : "connections");
}

int rs_why_explain(const struct rs_why_facts *facts, struct rs_buf *out)
{
	const cJSON *revision;
	say_headline(facts, out);
	cJSON_ArrayForEach (revision, rs_json_get(facts->revisions, "items")) {
		struct rs_why_revision seen;
		rs_why_look(facts, revision, &seen);
		if (!matters(facts, &seen))
			continue;
		rs_buf_printf(out, "\n%s", seen.name);
		rs_why_say_share(facts, &seen, out);
		rs_buf_puts(out, "\n");
		rs_why_say_state(facts, &seen, out);
		rs_why_say_holds(facts, &seen, out);
		rs_why_say_scale(facts, &seen, out);
		rs_why_say_pick(&seen, out);
		rs_why_say_advice(facts, &seen, out);
	}
	rs_why_say_traffic(facts, out);
	rs_why_say_node(facts, out);
	return out->error;
}
