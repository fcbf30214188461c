/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the agent was asked to be: every path, prefix and range is an option, so
 * that agents can stand side by side.
 *
 *	option_table.c  the options: one row each, which everything else is made from
 *	option_range.c  IPv6 ranges beside those of IPv4
 *	sections.c      Knative's configuration maps
 *	interfaces.c    the list of interfaces
 *	config_file.c   files to options
 *	options.c       built-in values < files < command line
 *	option_print.c  the help, and the options as YAML and as data
 *	option_check.c  what no option can know alone
 */
#ifndef RS_AGENT_CONFIG_OPTIONS_H
#define RS_AGENT_CONFIG_OPTIONS_H

#include "base/err.h"
#include "base/log.h"
#include "base/problems.h"
#include "base/range.h"
#include "core/autoscale/config.h"
#include "core/gc/gc.h"
#include "core/model/defaults.h"
#include "core/model/families.h"
#include "dp/dp.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#define RS_INTERFACES_MAX   64
#define RS_AGENT_NAME_MAX   12 /* with a digit behind it, it is a link's name */
#define RS_CONFIG_FILES_MAX 64
/* Where an agent's files are: its name, and ".yaml" for one or ".d" for several, as RS_CONFIG_PLACE "rouse.yaml". */
#define RS_CONFIG_PLACE RS_SYSCONFDIR "/rouse/"

/* What an interface is to carry for the clients behind it. */
enum rs_carry {
	RS_CARRY_AUTO, /* native XDP on a physical uplink whose driver has it; TC on all else */
	RS_CARRY_TC,
	RS_CARRY_XDP,	      /* native, else generic, else TC */
	RS_CARRY_XDP_NATIVE,  /* native, else TC */
	RS_CARRY_XDP_GENERIC, /* generic, else TC */
	RS_CARRY_OFF,	      /* nothing, whatever it is */
	RS_CARRY_COUNT,
};

/* NAME[=WORD[+WORD]]: --interface. */
struct rs_interface_option {
	char name[IFNAMSIZ];
	enum rs_carry carry;
	bool is_uplink; /* it leads out of this node, though it is not physical */
};
#define RS_INTERFACE_TEXT_MAX (IFNAMSIZ + 32)

struct rs_port_range {
	unsigned first, last;
};

struct rs_options {
	const char *name; /* of links, namespaces, cgroups, the nft table, and below of the directories */
	const char *bpf_dir;
	const char *state_dir;
	const char *run_dir;
	const char *cgroup_root;
	const char *hosts_file;	    /* NULL: RUN/hosts */
	const char *sandbox_helper; /* NULL: where it is installed */
	struct in_addr vip_range;
	unsigned vip_bits;
	struct in_addr instance_range;
	unsigned instance_bits;
	struct in6_addr vip_range6;
	unsigned vip6_bits; /* 0: rs_options_vip_range6() knows */
	struct in6_addr instance_range6;
	unsigned instance6_bits;
	enum rs_ip_families ip_families; /* of services, unless the manifest says otherwise */
	bool has_v6;			 /* one of them is IPv6, and the host has it: rs_agent_find_families() */
	struct rs_interface_option interfaces[RS_INTERFACES_MAX];
	unsigned interface_count;
	struct rs_port_range external_ports; /* that rouse.dev/external-port may ask for */
	enum rs_hook hook;
	const char *tcx_order; /* rs_tcx_order_parse() takes it; NULL = first */
	unsigned pool;
	unsigned max_instances;
	unsigned instance_mtu; /* 0 = the uplinks' */
	unsigned max_flows;
	unsigned max_routes;
	unsigned max_revisions;
	unsigned max_allowed;
	unsigned max_holds;
	unsigned holds_per_source;
	unsigned udp_timeout; /* seconds, as the next */
	unsigned udp_unanswered_timeout;
	char user[33]; /* of instances, unless the manifest says otherwise */
	uid_t uid;     /* the same as numbers */
	gid_t gid;
	/* Of instances: rt/rt.h. */
	unsigned log_bytes;
	unsigned log_keep;
	unsigned log_keep_days;
	unsigned log_total_mib;
	enum rs_log_level log_level; /* the agent's own */
	enum rs_log_format log_format;
	struct rs_autoscaler_config autoscaler;
	struct rs_defaults_config defaults;
	struct rs_gc_config gc;

	/* What is to be done instead of running. */
	bool cleanup;	    /* remove every trace and exit */
	bool purge;	    /* with cleanup: the services as well */
	bool check_config;  /* read the configuration and exit */
	bool print_config;  /* print what it comes to and exit */
	bool print_options; /* print the table of options and exit */
	bool version;
	bool help;

	const char *config_files[RS_CONFIG_FILES_MAX]; /* that were read, in order */
	unsigned config_file_count;

	/* The strings above, which rs_options_done() frees. */
	char **strings;
	size_t string_count;
};

/* Reads the files and the command line: built-in values < files in order < command line. Goes on after an error, so
 * that `problems` has all of them; 0, or -EINVAL when it has an error. The caller ends it with rs_options_done(), also
 * after a failure. */
int rs_options_read(struct rs_options *options, int argc, char **argv, struct rs_problems *problems);
void rs_options_done(struct rs_options *options);

/* Takes over from `fresh` what can change while the agent runs. Writes the names of the others that differ, which need
 * a restart, into `ret_restart` ("vip-range (after rouse cleanup), hook"; empty when there is none). */
void rs_options_update(struct rs_options *options, const struct rs_options *fresh, char *ret_restart, size_t size);

/* The entry for a link of this name; NULL when it is not named. */
const struct rs_interface_option *rs_options_interface(const struct rs_options *options, const char *name);
/* True when the links to serve are named one by one: some entry is not just "off". */
bool rs_options_name_interfaces(const struct rs_options *options);
/* The IPv6 ranges, place for place beside those of IPv4: as given, or made of those. */
struct rs_range rs_options_vip_range6(const struct rs_options *options);
struct rs_range rs_options_instance_range6(const struct rs_options *options);

/* What only the host knows: whether the paths can be what they are meant to be. For --check-config; whoever starts
 * finds out anyway. */
void rs_options_check_host(const struct rs_options *options, struct rs_problems *problems);

/* What --help prints. */
void rs_options_help(FILE *out);
/* All options as a configuration file that reads back as the same. NULL when out of memory; the caller frees it. */
char *rs_options_yaml(const struct rs_options *options);
/* The table itself, as JSON: what the documents are made from. NULL when out of memory; the caller frees it. */
char *rs_options_json(void);

#endif
