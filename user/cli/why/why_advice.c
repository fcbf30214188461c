// SPDX-License-Identifier: BSD-2-Clause
/* What to do when something is wrong, by what the failure says. */
#include "cli/why/why_part.h"

#include "base/time.h"
#include "cli/noun/age.h"
#include "cli/json.h"

#include <string.h>

#define RECENT_NS (600 * RS_NS_PER_S)

/* The first that is found in the failure's words. Order: the special before the general. */
static const struct {
	const char *words;
	const char *advice;
} remedies[] = {
	{"exited with code 127", "The shell did not find a command (127): give its whole path, or set PATH in env."},
	{"exited with code 126",
	 "A command was found and may not be run (126): see its mode, and the user that runs it."},
	{"cannot be run",
	 "Correct the command in spec.template.spec.containers[0]: the whole path, and executable by the "
	 "instance's user (nobody, unless runAsUser says otherwise)."},
	{"no program", "Correct the command in spec.template.spec.containers[0]: the whole path, and executable by the "
		       "instance's user (nobody, unless runAsUser says otherwise)."},
	{"127.0.0.1 only", "Let the program bind to 0.0.0.0: its network namespace is its own, nobody else gets in."},
	{"bind to ::",
	 "Let the program bind to ::, which takes both families, or give the service rouse.dev/ip-families of "
	 "the one that it listens on."},
	{"containerPort is", "Let the program listen on $PORT, or name the port that it listens on in containerPort."},
	{"out of memory", "Raise resources.limits.memory in the manifest, or let the program use less."},
	{"not listen on", "Let the program listen on $PORT, on all addresses, or name its port in containerPort."},
	{"refuse", "It has stopped listening: see what it wrote, or let a liveness probe end it."},
	{"signal 9", "SIGKILL comes from the memory limit or from a person: see resources.limits.memory, and dmesg."},
	{"probe", "Look at the probe in the manifest: its path, its port, and how long the program may take."},
	{"progress deadline", "The program needs longer than serving.knative.dev/progress-deadline, or never listens."},
	{"exited with code", "Its own output says more."},
};

static const char *failure_words(const struct rs_why_revision *seen)
{
	static const char *const conditions[] = {"ContainerHealthy", "ResourcesAvailable"};
	const cJSON *const complaining[] = {seen->starting_instance, seen->unready_instance, seen->ready_complaining};
	for (size_t i = 0; i < sizeof(complaining) / sizeof(complaining[0]); i++) {
		const char *complaint = rs_json_text(complaining[i], "status", "complaint");
		if (*complaint)
			return complaint;
	}
	if (seen->failure && (seen->failures || seen->state == RS_WHY_FAILING))
		return rs_json_text(seen->failure, "message");
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		const cJSON *condition = rs_json_condition(seen->object, conditions[i]);
		if (rs_str_equal(rs_json_text(condition, "status"), "False"))
			return rs_json_text(condition, "message");
	}
	return "";
}

void rs_why_say_advice(const struct rs_why_facts *facts, const struct rs_why_revision *seen, struct rs_buf *out)
{
	const char *reason = rs_json_text(rs_json_condition(seen->object, "ResourcesAvailable"), "reason");
	const char *words = failure_words(seen);
	(void)facts;
	if (seen->state != RS_WHY_FAILING && seen->failures == 0 && !*words)
		return;
	rs_buf_puts(out, "  What to do\n");
	if (rs_str_equal(reason, "NodeFull")) {
		rs_buf_puts(out, "    See who has the places: rouse get instances -A.\n"
				 "    Lower the max-scale of others, or give roused more room (--max-instances).\n");
		return;
	}
	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
		if (strstr(words, remedies[i].words)) {
			rs_buf_printf(out, "    %s\n", remedies[i].advice);
			break;
		}
	}
	const char *namespace = rs_json_text(seen->object, "metadata", "namespace");
	bool is_default = !*namespace || rs_str_equal(namespace, "default");
	rs_buf_printf(out, "    See what it wrote: rouse logs revision/%s --tail 20%s%s\n", seen->name,
		      is_default ? "" : " -n ", is_default ? "" : namespace);
	rs_buf_puts(out, "    Then apply the corrected manifest: that makes a new revision, which starts without "
			 "back-off.\n");
}

/* What was full is everyone's trouble: a client of this service may be among those that were dropped. */
static void say_pressure(const struct rs_why_facts *facts, struct rs_buf *out)
{
	const cJSON *event;
	bool is_first = true;
	cJSON_ArrayForEach (event, rs_json_get(facts->pressure, "items")) {
		char when[RS_WHY_TIME_MAX];
		uint64_t at_ns = 0;
		const char *time = rs_json_text(event, "eventTime");
		if (rs_age_parse_time(time, &at_ns) < 0 || at_ns + RECENT_NS < facts->now_wall_ns)
			continue;
		rs_why_time(facts, time, when);
		if (is_first)
			rs_buf_puts(out, "\nThe node was short of something lately\n");
		is_first = false;
		rs_buf_printf(out, "  %s  %s %s\n", when, rs_json_text(event, "reason"),
			      rs_json_text(event, "message"));
	}
}

void rs_why_say_node(const struct rs_why_facts *facts, struct rs_buf *out)
{
	bool is_first = true;
	const cJSON *part;
	cJSON_ArrayForEach (part, rs_json_get(facts->node, "status", "parts")) {
		if (!cJSON_IsFalse(rs_json_get(part, "ok")))
			continue;
		if (is_first)
			rs_buf_puts(out, "\nThis node is not well (rouse status)\n");
		is_first = false;
		rs_buf_printf(out, "  %s: %s\n", rs_json_text(part, "name"), rs_json_text(part, "message"));
	}
	say_pressure(facts, out);
}
