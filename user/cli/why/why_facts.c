// SPDX-License-Identifier: BSD-2-Clause
#include "cli/why/why_part.h"

#include "base/time.h"
#include "cli/noun/age.h"
#include "cli/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LABEL_REVISION "serving.knative.dev/revision"
/* Different clients of the holds are told apart up to so many. */
#define CLIENTS_MAX 64

bool rs_why_is_of(const cJSON *object, const char *label, const char *value)
{
	return rs_str_equal(rs_json_text(object, "metadata", "labels", label), value);
}

static void look_at_instances(const struct rs_why_facts *facts, struct rs_why_revision *seen)
{
	const cJSON *instance;
	double longest = -1;
	cJSON_ArrayForEach (instance, rs_json_get(facts->instances, "items")) {
		const char *stage = rs_json_text(instance, "status", "stage");
		double since = rs_json_number(instance, 0, "status", "stageMs");
		if (!rs_why_is_of(instance, LABEL_REVISION, seen->name))
			continue;
		if (rs_str_equal(stage, "Ready")) {
			seen->ready++;
			if (*rs_json_text(instance, "status", "complaint"))
				seen->ready_complaining = instance;
		} else if (rs_str_equal(stage, "Starting")) {
			seen->starting++;
			if (since > longest) {
				longest = since;
				seen->starting_instance = instance;
			}
		} else if (rs_str_equal(stage, "Unready")) {
			seen->unready++;
			seen->unready_instance = instance;
		} else if (rs_str_equal(stage, "Draining") || rs_str_equal(stage, "Stopping")) {
			seen->leaving++;
		}
	}
}

/* "10.0.0.1:43210" without its port. */
static size_t host_length(const char *endpoint)
{
	const char *colon = strrchr(endpoint, ':');
	return colon ? (size_t)(colon - endpoint) : strlen(endpoint);
}

static void look_at_holds(const struct rs_why_facts *facts, struct rs_why_revision *seen)
{
	const char *clients[CLIENTS_MAX];
	const cJSON *hold;
	double oldest = -1;
	cJSON_ArrayForEach (hold, rs_json_get(facts->holds, "items")) {
		const char *client = rs_json_text(hold, "status", "client");
		if (!rs_str_equal(rs_json_text(hold, "status", "revision"), seen->name))
			continue;
		seen->held++;
		double age = rs_json_number(hold, 0, "status", "ageMs");
		if (age > oldest) {
			oldest = age;
			seen->oldest_hold = hold;
		}
		unsigned i = 0;
		while (i < seen->held_clients && (host_length(clients[i]) != host_length(client) ||
						  strncmp(clients[i], client, host_length(client)) != 0))
			i++;
		if (i == seen->held_clients && i < CLIENTS_MAX)
			clients[seen->held_clients++] = client;
	}
	unsigned counted = (unsigned)rs_json_number(seen->rouse, 0, "held");
	if (!facts->holds)
		seen->held = counted;
}

static void look_at_events(const struct rs_why_facts *facts, struct rs_why_revision *seen)
{
	const cJSON *event;
	cJSON_ArrayForEach (event, rs_json_get(facts->events, "items")) {
		const char *reason = rs_json_text(event, "reason");
		/* What follows of a failure, and what is no failure of the revision, does not explain it. */
		if (rs_str_equal(rs_json_text(event, "involvedObject", "name"), seen->name) &&
		    rs_str_equal(rs_json_text(event, "type"), "Warning") && !rs_str_equal(reason, "HoldsReset") &&
		    !rs_str_equal(reason, "NodeFull"))
			seen->failure = event;
	}
}

static bool is_false(const cJSON *revision, const char *condition)
{
	return rs_str_equal(rs_json_text(rs_json_condition(revision, condition), "status"), "False");
}

/* A full node is no failure of the revision. */
static bool is_node_full(const cJSON *revision)
{
	return rs_str_equal(rs_json_text(rs_json_condition(revision, "ResourcesAvailable"), "reason"), "NodeFull");
}

static enum rs_why_state state_of(const struct rs_why_revision *seen)
{
	if (seen->ready)
		return RS_WHY_SERVING;
	if (seen->failures > 0 || seen->unready || is_false(seen->object, "ContainerHealthy") ||
	    (is_false(seen->object, "ResourcesAvailable") && !is_node_full(seen->object)))
		return RS_WHY_FAILING;
	if (seen->starting || seen->desired > 0 || seen->held)
		return RS_WHY_WAKING;
	if (seen->leaving)
		return RS_WHY_LEAVING;
	return seen->rouse ? RS_WHY_ASLEEP : RS_WHY_RETIRED;
}

void rs_why_look(const struct rs_why_facts *facts, const cJSON *revision, struct rs_why_revision *ret_seen)
{
	struct rs_why_revision seen = {
		.object = revision,
		.rouse = rs_json_get(revision, "status", "rouse"),
		.name = rs_json_text(revision, "metadata", "name"),
		.desired = (int)rs_json_number(revision, 0, "status", "desiredReplicas"),
		.failures = (int)rs_json_number(revision, 0, "status", "rouse", "failedStarts"),
	};
	look_at_instances(facts, &seen);
	look_at_holds(facts, &seen);
	look_at_events(facts, &seen);
	seen.state = state_of(&seen);
	*ret_seen = seen;
}

/* --- how things are written --------------------------------------------------------------------------------------- */

void rs_why_time(const struct rs_why_facts *facts, const char *time, char out[static RS_WHY_TIME_MAX])
{
	uint64_t at_ns;
	char today[RS_TIME_TEXT_MAX], age[RS_AGE_TEXT_MAX];
	*out = '\0';
	if (rs_age_parse_time(time, &at_ns) < 0)
		return;
	rs_time_rfc3339(facts->now_wall_ns, today);
	rs_age_since(time, facts->now_wall_ns, age);
	/* 2026-11-25T12:03:11Z: the date is of interest when it is another. */
	if (strncmp(time, today, strlen("2026-11-25")) == 0)
		snprintf(out, RS_WHY_TIME_MAX, "%.8sZ (%s ago)", time + strlen("2026-11-25T"), age);
	else
		snprintf(out, RS_WHY_TIME_MAX, "%.19sZ (%s ago)", time, age);
}

void rs_why_number(double value, char out[static RS_WHY_NUMBER_MAX])
{
	snprintf(out, RS_WHY_NUMBER_MAX, "%.2f", value);
	size_t length = strlen(out);
	while (length && out[length - 1] == '0')
		out[--length] = '\0';
	if (length && out[length - 1] == '.')
		out[--length] = '\0';
	/* "0" for what is a little more than nothing would be wrong. */
	if (value > 0 && value < 0.005)
		snprintf(out, RS_WHY_NUMBER_MAX, "less than 0.01");
}

void rs_why_span(double seconds, char out[static RS_WHY_NUMBER_MAX])
{
	char age[RS_AGE_TEXT_MAX];
	if (seconds < 0.9995) {
		snprintf(out, RS_WHY_NUMBER_MAX, "%.0f ms", seconds * 1000);
	} else if (seconds < 10 && seconds != floor(seconds)) {
		snprintf(out, RS_WHY_NUMBER_MAX, "%.1f s", seconds);
	} else if (seconds < 120) {
		snprintf(out, RS_WHY_NUMBER_MAX, "%.0f s", seconds);
	} else {
		rs_age_format((int64_t)seconds, age);
		snprintf(out, RS_WHY_NUMBER_MAX, "%.*s", RS_WHY_NUMBER_MAX - 1, age);
	}
}
