/* SPDX-License-Identifier: BSD-2-Clause */
/* What the agent was asked to be: every path, prefix and range is an option, so that agents can stand side by side. */
#ifndef RS_AGENT_OPTIONS_H
#define RS_AGENT_OPTIONS_H

#include "base/err.h"
#include "base/log.h"
#include "core/autoscale/config.h"
#include "dp/dp.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

#define RS_INTERFACES_MAX 64
#define RS_AGENT_NAME_MAX 12 /* with a digit behind it, it is a link's name */

struct rs_options {
	const char *name; /* of links, namespaces, cgroups, the nft table, and below of the directories */
	const char *bpf_dir;
	const char *state_dir;
	const char *run_dir;
	const char *cgroup_root;
	const char *hosts_file; /* NULL: RUN/hosts */
	const char *config_file;
	const char *sandbox_helper; /* NULL: beside roused */
	struct in_addr vip_range;
	unsigned vip_bits;
	struct in_addr instance_range;
	unsigned instance_bits;
	const char *interfaces[RS_INTERFACES_MAX]; /* empty: automatic */
	unsigned interface_count;
	enum rs_hook hook;
	unsigned pool;
	unsigned max_instances;
	unsigned max_flows;
	unsigned max_holds;
	unsigned holds_per_source;
	uid_t uid; /* of instances, unless the manifest says otherwise */
	gid_t gid;
	enum rs_log_level log_level;
	struct rs_autoscaler_config autoscaler;
	bool cleanup;	   /* remove every trace and exit */
	bool purge;	   /* with cleanup: the services as well */
	bool check_config; /* read the configuration and exit */
	bool version;
	bool help;
	char directories[3][32]; /* defaults, made from the name; the pointers above lead here */
};

/* Reads the command line and the configuration file that it names. Strings are borrowed from argv. */
int rs_options_parse(struct rs_options *options, int argc, char **argv, struct rs_err *err);

void rs_options_help(void);

#endif
