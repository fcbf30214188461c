// SPDX-License-Identifier: BSD-2-Clause
/* rouse status: each part of the node, whether it is well, and what to do. */
#include "cli/cli.h"

#include "base/str.h"
#include "cli/noun/age.h"
#include "cli/json.h"
#include "cli/dump/outside.h"
#include "cli/print/printer.h"
#include "cli/print/table.h"

#include <errno.h>

#define STATUS_PATH "/apis/rouse.dev/v1/status"
#define MIB	    (1024.0 * 1024.0)

static void print_summary(const struct rs_cli *cli, const cJSON *status)
{
	char uptime[RS_AGE_TEXT_MAX];
	rs_age_format((int64_t)rs_json_number(status, 0, "uptimeSeconds"), uptime);
	fprintf(cli->out, "agent %s, pid %.0f, up %s, %.1f MiB (maps %.1f MiB)\n", rs_json_text(status, "version"),
		rs_json_number(status, 0, "pid"), uptime, rs_json_number(status, 0, "rssBytes") / MIB,
		rs_json_number(status, 0, "mapBytes") / MIB);
	double services = rs_json_number(status, 0, "services"), instances = rs_json_number(status, 0, "instances"),
	       flows = rs_json_number(status, 0, "flows");
	fprintf(cli->out, "%.0f %s, %.0f %s, %.0f %s tracked, %.0f held\n\n", services,
		services == 1 ? "service" : "services", instances, instances == 1 ? "instance" : "instances", flows,
		flows == 1 ? "connection" : "connections", rs_json_number(status, 0, "held"));
}

static int print_parts(const struct rs_cli *cli, const cJSON *status)
{
	struct rs_table table;
	rs_table_init(&table, cli->is_coloured);
	table.columns = cli->columns;
	rs_table_column(&table, "PART");
	rs_table_column(&table, "WELL");
	rs_table_column(&table, "MESSAGE");
	const cJSON *part;
	cJSON_ArrayForEach (part, rs_json_get(status, "parts")) {
		bool is_well = cJSON_IsTrue(rs_json_get(part, "ok"));
		rs_table_cell(&table, RS_COLOUR_NONE, rs_json_text(part, "name"));
		rs_table_cell(&table, is_well ? RS_COLOUR_GOOD : RS_COLOUR_BAD, is_well ? "yes" : "NO");
		rs_table_cell(&table, RS_COLOUR_NONE, rs_json_text(part, "message"));
	}
	int r = rs_table_print(&table, cli->out);
	rs_table_done(&table);
	return r;
}

static unsigned count_instances(const cJSON *interfaces)
{
	const cJSON *item;
	unsigned count = 0;
	cJSON_ArrayForEach (item, interfaces)
		count += rs_str_equal(rs_json_text(item, "as"), "instance") &&
			 cJSON_IsTrue(rs_json_get(item, "attached"));
	return count;
}

/* Those of instances are many, and all alike: they are counted. */
static int print_interfaces(const struct rs_cli *cli, const cJSON *status)
{
	const cJSON *interfaces = rs_json_get(status, "interfaces"), *item;
	struct rs_table table;
	if (!interfaces)
		return 0; /* an older agent's */
	fputc('\n', cli->out);
	rs_table_init(&table, cli->is_coloured);
	table.columns = cli->columns;
	rs_table_column(&table, "INTERFACE");
	rs_table_column(&table, "CARRIES");
	rs_table_column(&table, "WHY");
	cJSON_ArrayForEach (item, interfaces) {
		bool is_attached = cJSON_IsTrue(rs_json_get(item, "attached"));
		const char *as = rs_json_text(item, "as");
		if (is_attached && rs_str_equal(as, "instance"))
			continue;
		char carries[64] = "nothing";
		if (is_attached)
			snprintf(carries, sizeof(carries), "%s, %s", as, rs_json_text(item, "hook"));
		bool is_missing = as && *as && !is_attached;
		rs_table_cell(&table, RS_COLOUR_NONE, rs_json_text(item, "name"));
		rs_table_cell(&table,
			      is_attached  ? RS_COLOUR_GOOD
			      : is_missing ? RS_COLOUR_BAD
					   : RS_COLOUR_NONE,
			      carries);
		rs_table_cell(&table, RS_COLOUR_NONE, rs_json_text(item, "message"));
	}
	int r = rs_table_print(&table, cli->out);
	rs_table_done(&table);
	unsigned instances = count_instances(interfaces);
	if (instances)
		fprintf(cli->out, "%u more %s an instance or a waiting sandbox behind it\n", instances,
			instances == 1 ? "has" : "have");
	return r;
}

static int count_sick(const cJSON *status)
{
	const cJSON *part;
	int sick = 0;
	cJSON_ArrayForEach (part, rs_json_get(status, "parts"))
		sick += !cJSON_IsTrue(rs_json_get(part, "ok"));
	return sick;
}

static int print(const struct rs_cli *cli, const struct rs_args *args, const cJSON *node)
{
	int printed = rs_printer_print_object(args, cli->out, node);
	if (printed <= 0)
		return printed;
	const cJSON *status = rs_json_get(node, "status");
	if (cJSON_IsFalse(rs_json_get(status, "answers")))
		fputs("no agent answers; seen from outside:\n\n", cli->out);
	else
		print_summary(cli, status);
	int r = print_parts(cli, status);
	return r < 0 ? r : print_interfaces(cli, status);
}

enum rs_exit rs_status(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	rs_auto_json cJSON *node = NULL;
	int answer = rs_client_get(&cli->client, STATUS_PATH, &node, &err);
	if (answer == -ECONNREFUSED || answer == -ETIMEDOUT)
		node = rs_outside_look(cli->client.socket, err.message);
	else if (answer < 0)
		return rs_cli_fail(cli, &err);
	if (!node)
		return rs_cli_failf(cli, "out of memory");
	int r = print(cli, args, node);
	int sick = count_sick(rs_json_get(node, "status"));
	if (r < 0 || sick == 0)
		return rs_cli_written(cli, r);
	if (answer < 0)
		return rs_cli_failf(cli, "the agent does not answer");
	return rs_cli_failf(cli, "%d %s not well", sick, sick == 1 ? "part of this node is" : "parts of this node are");
}
