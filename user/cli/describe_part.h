/* SPDX-License-Identifier: BSD-2-Clause */
/* The sections that descriptions are made of. Each prints nothing when there is nothing to say. */
#ifndef RS_CLI_DESCRIBE_PART_H
#define RS_CLI_DESCRIBE_PART_H

#include <cjson/cJSON.h>

#include "cli/cli.h"
#include "cli/noun/noun.h"

/* "Name:          hello" */
void rs_describe_line(const struct rs_cli *cli, const char *label, const char *text);
/* Name, namespace, age, labels' and annotations' keys and values. */
void rs_describe_metadata(const struct rs_cli *cli, const cJSON *object);
void rs_describe_conditions(const struct rs_cli *cli, const cJSON *object);
/* status.traffic (of a service or route): percents, revisions, tags and their URLs. */
void rs_describe_traffic(const struct rs_cli *cli, const cJSON *object);
/* A revision's scale and the reason of the last decision. */
void rs_describe_scale(const struct rs_cli *cli, const cJSON *revision);
/* The noun's table over `list`, whose items `wanted` (NULL = all) accepts. */
void rs_describe_list(const struct rs_cli *cli, const char *title, const struct rs_noun *noun, const cJSON *list,
		      bool (*wanted)(const cJSON *object, const void *user), const void *user);

#endif
