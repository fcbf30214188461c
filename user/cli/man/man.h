/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manual pages, from the tables that the programs work with: `make man`
 * runs `rouse __man DIR`, which writes rouse(1) and a page for each command,
 * and `roused --print-options | rouse __man DIR -`, which adds roused(8) and
 * rouse.yaml(5).
 */
#ifndef RS_CLI_MAN_MAN_H
#define RS_CLI_MAN_MAN_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "cli/cli.h"

/* man_page.c */
void rs_man_command(const struct rs_command *command, FILE *out);
void rs_man_overview(FILE *out);
/* "rouse-service-list" for "service list". */
#define RS_MAN_NAME_MAX 64
void rs_man_name(const struct rs_command *command, char out[static RS_MAN_NAME_MAX]);

/* man_agent.c: from what `roused --print-options` says. */
void rs_man_agent(const cJSON *options, FILE *out);
void rs_man_configuration(const cJSON *options, FILE *out);

#endif
