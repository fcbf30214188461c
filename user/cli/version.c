// SPDX-License-Identifier: BSD-2-Clause
/* rouse version: this program's and the agent's. */
#include "cli/cli.h"

#include "base/mem.h"
#include "cli/json.h"
#include "wire/yaml.h"

#include <errno.h>

static int print_as_object(struct rs_cli *cli, enum rs_output output, const cJSON *server)
{
	rs_auto_json cJSON *both = cJSON_CreateObject();
	if (!cJSON_AddStringToObject(rs_json_member(both, "client"), "version", RS_VERSION))
		return -ENOMEM;
	if (server)
		cJSON_AddItemToObject(both, "server", cJSON_Duplicate(server, true));
	rs_auto_free char *text = output == RS_OUTPUT_YAML ? rs_yaml_print(both) : cJSON_Print(both);
	if (!text)
		return -ENOMEM;
	fprintf(cli->out, output == RS_OUTPUT_YAML ? "%s" : "%s\n", text);
	return 0;
}

enum rs_exit rs_version(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	rs_auto_json cJSON *server = NULL;
	int asked = args->client_only ? 0 : rs_client_get(&cli->client, "/version", &server, &err);
	int r = 0;
	if (args->output == RS_OUTPUT_JSON || args->output == RS_OUTPUT_YAML) {
		r = print_as_object(cli, args->output, server);
	} else {
		fprintf(cli->out, "client: %s\n", RS_VERSION);
		if (server)
			fprintf(cli->out, "server: %s (ABI %.0f)\n", rs_json_text(server, "version"),
				rs_json_number(server, 0, "abi"));
	}
	if (asked < 0)
		return rs_cli_fail(cli, &err);
	return rs_cli_written(cli, r);
}
