// SPDX-License-Identifier: BSD-2-Clause
/* Where connections go, and why there. */
#include "cli/why/why_part.h"

#include "cli/json.h"

static double share_of(const struct rs_why_facts *facts, const char *revision, const char **ret_tag,
		       bool *ret_is_latest)
{
	double percent = 0;
	const cJSON *target;
	*ret_tag = "";
	*ret_is_latest = false;
	cJSON_ArrayForEach (target, rs_json_get(facts->service, "status", "traffic")) {
		if (!rs_str_equal(rs_json_text(target, "revisionName"), revision))
			continue;
		percent += rs_json_number(target, 0, "percent");
		if (*rs_json_text(target, "tag"))
			*ret_tag = rs_json_text(target, "tag");
		*ret_is_latest |= cJSON_IsTrue(rs_json_get(target, "latestRevision"));
	}
	return percent;
}

void rs_why_say_share(const struct rs_why_facts *facts, const struct rs_why_revision *seen, struct rs_buf *out)
{
	const char *tag;
	bool is_latest;
	double percent = share_of(facts, seen->name, &tag, &is_latest);
	if (percent > 0)
		rs_buf_printf(out, " (%.0f %% of the traffic%s%s)", percent, is_latest ? ", the latest" : "",
			      *tag ? ", tagged" : "");
	else if (*tag)
		rs_buf_printf(out, " (no percent of the traffic; reachable by its tag %s)", tag);
	else
		rs_buf_puts(out, " (no traffic)");
}

/* @latest is the newest that is ready; say what keeps a newer one out. */
static void say_latest(const struct rs_why_facts *facts, struct rs_buf *out)
{
	const char *created = rs_json_text(facts->service, "status", "latestCreatedRevisionName");
	const char *ready = rs_json_text(facts->service, "status", "latestReadyRevisionName");
	if (!*created || rs_str_equal(created, ready))
		return;
	if (*ready)
		rs_buf_printf(out, "  @latest is still %s: ", ready);
	else
		rs_buf_puts(out, "  @latest is no revision yet: ");
	const cJSON *revision;
	cJSON_ArrayForEach (revision, rs_json_get(facts->revisions, "items")) {
		const cJSON *condition = rs_json_condition(revision, "Ready");
		/* What its starts failed with, its own paragraph tells. */
		bool is_told = rs_json_number(revision, 0, "status", "rouse", "failedStarts") > 0;
		const char *message = is_told ? "" : rs_json_text(condition, "message");
		if (!rs_str_equal(rs_json_text(revision, "metadata", "name"), created))
			continue;
		rs_buf_printf(out, "%s, the newest, is not ready", created);
		if (*rs_json_text(condition, "reason"))
			rs_buf_printf(out, " (%s%s%s)", rs_json_text(condition, "reason"), *message ? ": " : "",
				      message);
		rs_buf_puts(out, ".\n");
		return;
	}
	rs_buf_printf(out, "%s, the newest, is not ready.\n", created);
}

/* Who may come at all: a client that is kept out sees the same silence as one of a service that is down. */
static void say_access(const struct rs_why_facts *facts, struct rs_buf *out)
{
	const char *allowed = rs_json_text(facts->service, "metadata", "annotations", "rouse.dev/allow-from");
	const char *visibility =
		rs_json_text(facts->service, "metadata", "labels", "networking.knative.dev/visibility");
	double denied = rs_json_number(facts->service, 0, "status", "rouse", "deniedConnections");
	if (*allowed)
		rs_buf_printf(out, "  Only %s may connect: rouse.dev/allow-from says so.\n", allowed);
	if (rs_str_equal(visibility, "cluster-local"))
		rs_buf_puts(out, "  Only this host and its instances may connect: its visibility is cluster-local.\n");
	if (denied > 0)
		rs_buf_printf(out, "  %.0f %s kept out.\n", denied,
			      denied == 1 ? "connection was" : "connections were");
	const cJSON *event, *newest = NULL;
	cJSON_ArrayForEach (event, rs_json_get(facts->events, "items")) {
		const char *reason = rs_json_text(event, "reason");
		if (rs_str_equal(reason, "NotAllowed") || rs_str_equal(reason, "NotVisible"))
			newest = event;
	}
	if (newest) {
		char when[RS_WHY_TIME_MAX];
		rs_why_time(facts, rs_json_text(newest, "eventTime"), when);
		rs_buf_printf(out, "  At %s %s.\n", when, rs_json_text(newest, "message"));
	}
}

/* At which ports, and whether a client stays with what it was given. */
static void say_ports(const struct rs_why_facts *facts, struct rs_buf *out)
{
	char ports[256], external[256];
	rs_json_join(rs_json_get(facts->service, "status", "rouse", "ports"), ", ", ports, sizeof(ports));
	rs_json_join(rs_json_get(facts->service, "status", "rouse", "externalPorts"), ", ", external, sizeof(external));
	if (*ports)
		rs_buf_printf(out, "  It answers at %s.\n", ports);
	if (*external)
		rs_buf_printf(out, "  And the node's own addresses at %s: rouse.dev/external-port says so.\n",
			      external);
	if (*rs_json_text(facts->service, "metadata", "annotations", "rouse.dev/sticky"))
		rs_buf_puts(out, "  A client keeps its revision: rouse.dev/sticky says so.\n");
}

void rs_why_say_pick(const struct rs_why_revision *seen, struct rs_buf *out)
{
	const char *pick = rs_json_text(seen->rouse, "pick");
	if (rs_str_equal(pick, "hash"))
		rs_buf_puts(out,
			    "  A client's address says which of its instances takes the connection (pick: hash).\n");
	else if (rs_str_equal(pick, "first-available"))
		rs_buf_puts(out, "  Its instances are filled one after the other (pick: first-available).\n");
}

void rs_why_say_traffic(const struct rs_why_facts *facts, struct rs_buf *out)
{
	const cJSON *traffic = rs_json_get(facts->service, "status", "traffic");
	char address[256];
	rs_json_join(rs_json_get(facts->service, "status", "rouse", "addresses"), " and ", address, sizeof(address));
	rs_buf_puts(out, "\nTraffic\n");
	if (*address)
		rs_buf_printf(out, "  %s is %s.\n", rs_json_text(facts->service, "status", "url"), address);
	say_ports(facts, out);
	const cJSON *target;
	cJSON_ArrayForEach (target, traffic) {
		const char *tag = rs_json_text(target, "tag"), *name = rs_json_text(target, "revisionName");
		double percent = rs_json_number(target, 0, "percent");
		if (percent > 0)
			rs_buf_printf(out, "  %.0f %% of new connections go to %s, %s.\n", percent, name,
				      cJSON_IsTrue(rs_json_get(target, "latestRevision"))
					      ? "because @latest does"
					      : "because the service's traffic names it");
		if (*tag)
			rs_buf_printf(out, "  %s always goes to %s: that is its tag %s.\n", rs_json_text(target, "url"),
				      name, tag);
	}
	if (cJSON_GetArraySize(traffic) == 0)
		rs_buf_puts(out, "  Nowhere: there is no revision that a connection could go to.\n");
	const cJSON *routes = rs_json_condition(facts->service, "RoutesReady");
	if (rs_str_equal(rs_json_text(routes, "status"), "False"))
		rs_buf_printf(out, "  The route is not ready: %s: %s\n", rs_json_text(routes, "reason"),
			      rs_json_text(routes, "message"));
	say_latest(facts, out);
	say_access(facts, out);
	if (cJSON_GetArraySize(traffic) > 0)
		rs_buf_puts(out, "  Connections that are open stay where they are when this changes.\n");
}
