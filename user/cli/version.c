// SPDX-License-Identifier: BSD-2-Clause
/* rouse version: this program's and the agent's. */
#include "cli/cli.h"

#include "cli/json.h"
#include "cli/print/printer.h"

#include <errno.h>

/* As `rs_printer_print_object`. */
static int print_object(const struct rs_cli *cli, const struct rs_args *args, const cJSON *server)
{
	rs_auto_json cJSON *both = cJSON_CreateObject();
	if (!cJSON_AddStringToObject(rs_json_member(both, "client"), "version", RS_VERSION))
		return -ENOMEM;
	if (server)
		cJSON_AddItemToObject(both, "server", cJSON_Duplicate(server, true));
	return rs_printer_print_object(args, cli->out, both);
}

enum rs_exit rs_version(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	rs_auto_json cJSON *server = NULL;
	int asked = args->client_only ? 0 : rs_client_get(&cli->client, "/version", &server, &err);
	int r = print_object(cli, args, server);
	if (r > 0) {
		fprintf(cli->out, "client: %s\n", RS_VERSION);
		if (server)
			fprintf(cli->out, "server: %s (ABI %.0f)\n", rs_json_text(server, "version"),
				rs_json_number(server, 0, "abi"));
	}
	if (asked < 0)
		return rs_cli_fail(cli, &err);
	return rs_cli_written(cli, r < 0 ? r : 0);
}
