// SPDX-License-Identifier: BSD-2-Clause
/* rouse describe NOUN [NAME...]: objects, what belongs to each, and what happened to it lately. */
#include "cli/cli.h"

#include "cli/describe_part.h"
#include "cli/fetch.h"
#include "cli/noun/target.h"

#include <errno.h>
#include <string.h>

#define RECENT_EVENTS 10

struct describe {
	struct rs_cli *cli;
	const char *namespace;
	const cJSON *object;
	const char *name;
	const char *service; /* that it belongs to, or itself */
	cJSON *revisions;
	cJSON *instances;
	cJSON *events;
};

static const char *label_of(const cJSON *object, const char *label)
{
	return rs_json_text(object, "metadata", "labels", label);
}

static bool is_instance_of(const cJSON *instance, const void *revision)
{
	return rs_str_equal(label_of(instance, "serving.knative.dev/revision"), revision);
}

static bool is_about(const cJSON *event, const void *name)
{
	const char *object = rs_json_text(event, "involvedObject", "name");
	const char *kind = rs_json_text(event, "involvedObject", "kind");
	/* Instances tell about their revision in the message; services sum up all. */
	return rs_str_equal(object, name) || rs_str_equal(kind, "Instance");
}

/* Who may reach it, when not everyone may. */
static void describe_access(const struct describe *describe)
{
	const struct rs_cli *cli = describe->cli;
	const char *allowed = rs_json_text(describe->object, "metadata", "annotations", "rouse.dev/allow-from");
	const char *visibility =
		rs_json_text(describe->object, "metadata", "labels", "networking.knative.dev/visibility");
	if (!*allowed && !*visibility)
		return;
	if (*allowed)
		rs_describe_line(cli, "Allowed from", allowed);
	if (*visibility)
		rs_describe_line(cli, "Visibility", visibility);
	char denied[64];
	snprintf(denied, sizeof(denied), "SYNs kept out so far: %.0f",
		 rs_json_number(describe->object, 0, "status", "rouse", "deniedConnections"));
	rs_describe_line(cli, "Denied", denied);
}

static void describe_addresses(const struct describe *describe)
{
	const cJSON *addresses = rs_json_get(describe->object, "status", "rouse", "addresses");
	char line[256];
	rs_describe_line(describe->cli, cJSON_GetArraySize(addresses) > 1 ? "Addresses" : "Address",
			 rs_json_join(addresses, ", ", line, sizeof(line)));
}

/* Where it answers: at ports of its own addresses, and of any address of the node; whether a client stays. */
static void describe_ports(const struct describe *describe)
{
	char line[256];
	rs_describe_line(
		describe->cli, "Ports",
		rs_json_join(rs_json_get(describe->object, "status", "rouse", "ports"), ", ", line, sizeof(line)));
	rs_describe_line(describe->cli, "External",
			 rs_json_join(rs_json_get(describe->object, "status", "rouse", "externalPorts"), ", ", line,
				      sizeof(line)));
	rs_describe_line(describe->cli, "Sticky",
			 rs_json_text(describe->object, "metadata", "annotations", "rouse.dev/sticky"));
}

static void describe_service(const struct describe *describe)
{
	const struct rs_cli *cli = describe->cli;
	rs_describe_line(cli, "URL", rs_json_text(describe->object, "status", "url"));
	describe_addresses(describe);
	describe_ports(describe);
	describe_access(describe);
	rs_describe_conditions(cli, describe->object);
	rs_describe_traffic(cli, describe->object);
	rs_describe_list(cli, "Revisions", &rs_noun_revision, describe->revisions, NULL, NULL);
	rs_describe_list(cli, "Instances", &rs_noun_instance, describe->instances, NULL, NULL);
	rs_describe_list(cli, "Recent events", &rs_noun_event, describe->events, NULL, NULL);
}

static void describe_revision(const struct describe *describe)
{
	const struct rs_cli *cli = describe->cli;
	rs_describe_line(cli, "Service", describe->service);
	rs_describe_line(cli, "Pick", rs_json_text(describe->object, "status", "rouse", "pick"));
	rs_describe_conditions(cli, describe->object);
	rs_describe_scale(cli, describe->object);
	rs_describe_list(cli, "Instances", &rs_noun_instance, describe->instances, is_instance_of, describe->name);
	rs_describe_list(cli, "Recent events", &rs_noun_event, describe->events, is_about, describe->name);
}

static void describe_route(const struct describe *describe)
{
	const struct rs_cli *cli = describe->cli;
	rs_describe_line(cli, "Service", describe->service);
	rs_describe_line(cli, "URL", rs_json_text(describe->object, "status", "url"));
	describe_addresses(describe);
	describe_ports(describe);
	describe_access(describe);
	rs_describe_conditions(cli, describe->object);
	rs_describe_traffic(cli, describe->object);
	rs_describe_list(cli, "Recent events", &rs_noun_event, describe->events, is_about, describe->name);
}

static void describe_configuration(const struct describe *describe)
{
	const struct rs_cli *cli = describe->cli;
	rs_describe_line(cli, "Created", rs_json_text(describe->object, "status", "latestCreatedRevisionName"));
	rs_describe_line(cli, "Ready", rs_json_text(describe->object, "status", "latestReadyRevisionName"));
	rs_describe_conditions(cli, describe->object);
	rs_describe_list(cli, "Revisions", &rs_noun_revision, describe->revisions, NULL, NULL);
	rs_describe_list(cli, "Recent events", &rs_noun_event, describe->events, is_about, describe->name);
}

/* Who has a name of its own in the event, or is named in its message. */
static bool mentions(const cJSON *event, const void *name)
{
	return rs_str_equal(rs_json_text(event, "involvedObject", "name"), name) ||
	       strstr(rs_json_text(event, "message"), name);
}

static void describe_instance(const struct describe *describe)
{
	const struct rs_cli *cli = describe->cli;
	static const char *const lines[][2] = {
		{"Stage", "stage"}, {"Address", "address"}, {"Complaint", "complaint"}, {"Log", "logPath"}};
	rs_describe_line(cli, "Service", describe->service);
	rs_describe_line(cli, "Revision", label_of(describe->object, "serving.knative.dev/revision"));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		rs_describe_line(cli, lines[i][0], rs_json_text(describe->object, "status", lines[i][1]));
	if (rs_json_get(describe->object, "status", "memoryBytes")) {
		char memory[32];
		snprintf(memory, sizeof(memory), "%.1f MiB",
			 rs_json_number(describe->object, 0, "status", "memoryBytes") / (1 << 20));
		rs_describe_line(cli, "Memory", memory);
	}
	fprintf(cli->out, "\npid %.0f, port %.0f, %.0f requests in flight on %.0f connections\n",
		rs_json_number(describe->object, 0, "status", "pid"),
		rs_json_number(describe->object, 0, "status", "port"),
		rs_json_number(describe->object, 0, "status", "inFlight"),
		rs_json_number(describe->object, 0, "status", "connections"));
	rs_describe_list(cli, "Recent events", &rs_noun_event, describe->events, mentions, describe->name);
}

static const struct {
	const struct rs_noun *noun;
	void (*print)(const struct describe *describe);
} descriptions[] = {
	{&rs_noun_service, describe_service},	{&rs_noun_revision, describe_revision},
	{&rs_noun_route, describe_route},	{&rs_noun_configuration, describe_configuration},
	{&rs_noun_instance, describe_instance},
};

/* What belongs to the service: asked for at once, so that the sections agree. */
static int fetch_related(struct describe *describe, struct rs_err *err)
{
	struct rs_client *client = &describe->cli->client;
	struct rs_query query = {.namespace = describe->namespace, .service = describe->service};
	int r = rs_fetch_list(client, &rs_noun_revision, &query, &describe->revisions, err);
	if (r == 0)
		r = rs_fetch_list(client, &rs_noun_instance, &query, &describe->instances, err);
	query.limit = RECENT_EVENTS;
	if (r == 0)
		r = rs_fetch_list(client, &rs_noun_event, &query, &describe->events, err);
	return r;
}

static int describe_object(struct rs_cli *cli, const struct rs_noun *noun, const char *namespace, const cJSON *object,
			   struct rs_err *err)
{
	const char *name = rs_json_text(object, "metadata", "name");
	const char *service = label_of(object, "serving.knative.dev/service");
	struct describe describe = {
		.cli = cli,
		.namespace = namespace,
		.object = object,
		.name = name,
		.service = noun == &rs_noun_service || !*service ? name : service,
	};
	int r = fetch_related(&describe, err);
	if (r == 0) {
		rs_describe_metadata(cli, object);
		for (size_t i = 0; i < sizeof(descriptions) / sizeof(descriptions[0]); i++) {
			if (descriptions[i].noun == noun)
				descriptions[i].print(&describe);
		}
	}
	cJSON_Delete(describe.revisions);
	cJSON_Delete(describe.instances);
	cJSON_Delete(describe.events);
	return r;
}

struct describing {
	struct rs_cli *cli;
	const struct rs_args *args;
	const struct rs_noun *noun;
	size_t count;
};

static int describe_next(struct describing *describing, const cJSON *object, struct rs_err *err)
{
	const char *namespace = rs_json_text(object, "metadata", "namespace");
	if (describing->count++)
		fputs("\n\n", describing->cli->out);
	return describe_object(describing->cli, describing->noun,
			       *namespace ? namespace : rs_cli_namespace(describing->args), object, err);
}

static int describe_page(void *user, const cJSON *list, struct rs_err *err)
{
	const cJSON *object;
	int r = 0;
	cJSON_ArrayForEach (object, rs_json_get(list, "items")) {
		r = describe_next(user, object, err);
		if (r < 0)
			break;
	}
	return r;
}

static int describe_target(struct describing *describing, const struct rs_target *target, struct rs_err *err)
{
	const struct rs_args *args = describing->args;
	struct rs_client *client = &describing->cli->client;
	rs_auto_json cJSON *object = NULL;
	describing->noun = target->noun;
	if (target->name) {
		int r = rs_fetch_object(client, target->noun, rs_cli_namespace(args), target->name, &object, err);
		return r < 0 ? r : describe_next(describing, object, err);
	}
	const struct rs_query query = {
		.namespace = args->all_namespaces ? NULL : rs_cli_namespace(args),
		.selector = args->selector,
	};
	return rs_fetch_pages(client, target->noun, &query, describe_page, describing, NULL, err);
}

static bool can_describe(const struct rs_noun *noun)
{
	for (size_t i = 0; i < sizeof(descriptions) / sizeof(descriptions[0]); i++) {
		if (descriptions[i].noun == noun)
			return true;
	}
	return false;
}

static int check(const struct rs_args *args, const struct rs_targets *targets, struct rs_err *err)
{
	for (size_t i = 0; i < targets->count; i++) {
		const struct rs_target *target = &targets->items[i];
		if (!can_describe(target->noun))
			return rs_err_set(err, -EINVAL, "%s have nothing more to tell than \"rouse get %s -o wide\"",
					  target->noun->plural, target->noun->plural);
		if (target->name && (args->selector || args->all_namespaces))
			return rs_err_set(err, -EINVAL, "either names, or -l and -A");
	}
	return 0;
}

/* A noun alone means all of them; a word that is none is a service. */
static int parse(const struct rs_args *args, struct rs_targets *targets, struct rs_err *err)
{
	bool is_noun = args->names.count == 1 && rs_noun_find(args->names.items[0]);
	int r = rs_targets_parse(&args->names, is_noun ? NULL : &rs_noun_service, targets, err);
	if (r < 0)
		return r;
	r = check(args, targets, err);
	if (r < 0)
		rs_targets_done(targets);
	return r;
}

enum rs_exit rs_describe(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	struct rs_targets targets;
	struct describing describing = {.cli = cli, .args = args};
	if (args->names.count == 0)
		return rs_cli_usage(cli, "describe: what? For example: rouse describe service hello, or rouse describe "
					 "services for all of them");
	if (parse(args, &targets, &err) < 0)
		return rs_cli_usage(cli, "describe: %s", err.message);
	enum rs_exit code = RS_EXIT_OK;
	for (size_t i = 0; i < targets.count; i++) {
		if (describe_target(&describing, &targets.items[i], &err) < 0)
			code = rs_cli_fail(cli, &err);
	}
	if (describing.count == 0 && code == RS_EXIT_OK)
		fputs("There is nothing to describe.\n", cli->err);
	rs_targets_done(&targets);
	return code;
}
