/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be seen of a node whose agent does not answer: for `rouse status` and `rouse sysdump`. */
#ifndef RS_CLI_DUMP_OUTSIDE_H
#define RS_CLI_DUMP_OUTSIDE_H

#include <cjson/cJSON.h>

#include "base/err.h"

/* Where an agent keeps its things, from its socket, RUN-DIR/api.sock: as the configuration in /etc/rouse says that has
 * this run directory, else with the defaults of the name that RUN-DIR ends in. What an agent was told on its command
 * line nobody knows but itself. */
#define RS_OUTSIDE_NAME_MAX 64
#define RS_OUTSIDE_PATH_MAX 256
struct rs_outside {
	char name[RS_OUTSIDE_NAME_MAX];
	char run_dir[RS_OUTSIDE_PATH_MAX];
	char state_dir[RS_OUTSIDE_PATH_MAX];
	char bpf_dir[RS_OUTSIDE_PATH_MAX];
};

void rs_outside_places(const char *socket, struct rs_outside *ret_places);
/* The same by the NAME.yaml (and NAME.d) files of another directory. */
void rs_outside_places_by(const char *configuration, const char *socket, struct rs_outside *ret_places);

/* A NodeStatus as the agent's, of which `why` is the trouble with the agent. NULL when out of memory. */
cJSON *rs_outside_look(const char *socket, const char *why);

#endif
