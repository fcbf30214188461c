// SPDX-License-Identifier: BSD-2-Clause
#include "agent/options.h"

#include "base/mem.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_BYTES_MAX (1024 * 1024)

enum {
	OPT_NAME = 256,
	OPT_BPF_DIR,
	OPT_STATE_DIR,
	OPT_RUN_DIR,
	OPT_CGROUP_ROOT,
	OPT_HOSTS_FILE,
	OPT_CONFIG,
	OPT_SANDBOX_HELPER,
	OPT_VIP_RANGE,
	OPT_INSTANCE_RANGE,
	OPT_INTERFACE,
	OPT_HOOK,
	OPT_POOL,
	OPT_MAX_INSTANCES,
	OPT_MAX_FLOWS,
	OPT_MAX_HOLDS,
	OPT_HOLDS_PER_SOURCE,
	OPT_USER,
	OPT_LOG_LEVEL,
	OPT_SET,
	OPT_CLEANUP,
	OPT_PURGE,
	OPT_CHECK_CONFIG,
	OPT_VERSION,
	OPT_HELP,
};

/* One row for an option: getopt's table and the help text are made from it. */
static const struct row {
	int id;
	const char *name;
	const char *argument; /* NULL = none */
	const char *help;
} rows[] = {
	{OPT_NAME, "name", "NAME", "names links, namespaces, cgroups and directories of this agent [rouse]"},
	{OPT_BPF_DIR, "bpf-dir", "DIR", "where maps and links are pinned, on a bpffs [/sys/fs/bpf/NAME]"},
	{OPT_STATE_DIR, "state-dir", "DIR", "store and logs [/var/lib/NAME]"},
	{OPT_RUN_DIR, "run-dir", "DIR", "socket, hosts file, records of instances [/run/NAME]"},
	{OPT_CGROUP_ROOT, "cgroup-root", "NAME", "cgroup of all instances, relative [the name]"},
	{OPT_HOSTS_FILE, "hosts-file", "FILE", "where service names are written [RUN-DIR/hosts]"},
	{OPT_CONFIG, "config", "FILE", "JSON object with Knative's autoscaler keys"},
	{OPT_SANDBOX_HELPER, "sandbox-helper", "FILE", "the program rouse-sandbox [beside roused]"},
	{OPT_VIP_RANGE, "vip-range", "CIDR", "addresses of services [198.18.0.0/16]"},
	{OPT_INSTANCE_RANGE, "instance-range", "CIDR", "addresses of instances [198.19.0.0/16]"},
	{OPT_INTERFACE, "interface", "NAME", "attach here; may be repeated [all virtual ones with an address]"},
	{OPT_HOOK, "hook", "auto|tcx|clsact", "how to attach [auto]"},
	{OPT_POOL, "pool", "N", "sandboxes kept ready [8]"},
	{OPT_MAX_INSTANCES, "max-instances", "N", "instances and sandboxes at most [1024]"},
	{OPT_MAX_FLOWS, "max-flows", "N", "tracked connections at most, a power of two [131072]"},
	{OPT_MAX_HOLDS, "max-holds", "N", "held SYNs at most, a power of two [16384]"},
	{OPT_HOLDS_PER_SOURCE, "holds-per-source", "N", "held SYNs of one client address at most [8192]"},
	{OPT_USER, "user", "NAME", "user of instances, unless the manifest says otherwise [nobody]"},
	{OPT_LOG_LEVEL, "log-level", "error|warn|info|debug", "how much to say [info]"},
	{OPT_SET, "set", "KEY=VALUE", "one key of the configuration; may be repeated"},
	{OPT_CLEANUP, "cleanup", NULL, "remove every trace of this agent from the host, and exit"},
	{OPT_PURGE, "purge", NULL, "with --cleanup: remove the services (STATE-DIR) as well"},
	{OPT_CHECK_CONFIG, "check-config", NULL, "read the configuration, say whether it is well, and exit"},
	{OPT_VERSION, "version", NULL, "print the version"},
	{OPT_HELP, "help", NULL, "print this"},
};

void rs_options_help(void)
{
	printf("roused: the node agent of Rouse\n\nusage: roused [option...]\n\n");
	for (size_t i = 0; i < rs_array_length(rows); i++) {
		char left[64];
		snprintf(left, sizeof(left), "--%s %s", rows[i].name, rows[i].argument ? rows[i].argument : "");
		printf("  %-36s %s\n", left, rows[i].help);
	}
}

static int parse_range(const char *option, const char *text, struct in_addr *ret_address, unsigned *ret_bits,
		       struct rs_err *err)
{
	char copy[64];
	long long bits;
	if (rs_str_copy(copy, sizeof(copy), text) < 0)
		return rs_err_set(err, -EINVAL, "--%s: \"%s\" is not an IPv4 range like 198.18.0.0/16", option, text);
	char *slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	struct in_addr address;
	if (!slash || inet_pton(AF_INET, copy, &address) != 1 || rs_str_to_long(slash, 8, 28, &bits) < 0)
		return rs_err_set(err, -EINVAL, "--%s: \"%s\" is not an IPv4 range like 198.18.0.0/16 (from /8 to /28)",
				  option, text);
	if (ntohl(address.s_addr) & (~0U >> bits))
		return rs_err_set(err, -EINVAL, "--%s: \"%s\" has bits set behind its prefix", option, text);
	*ret_address = address;
	*ret_bits = (unsigned)bits;
	return 0;
}

static int parse_number(const char *option, const char *text, unsigned minimum, unsigned maximum, unsigned *ret_value,
			struct rs_err *err)
{
	long long value;
	if (rs_str_to_long(text, minimum, maximum, &value) < 0)
		return rs_err_set(err, -EINVAL, "--%s: must be in %u..%u, is \"%s\"", option, minimum, maximum, text);
	*ret_value = (unsigned)value;
	return 0;
}

static int parse_power(const char *option, const char *text, unsigned *ret_value, struct rs_err *err)
{
	int r = parse_number(option, text, 1024, 1U << 24, ret_value, err);
	if (r == 0 && (*ret_value & (*ret_value - 1)))
		return rs_err_set(err, -EINVAL, "--%s: must be a power of two, is %u", option, *ret_value);
	return r;
}

static int parse_hook(const char *text, enum rs_hook *ret_hook, struct rs_err *err)
{
	static const char *const names[RS_HOOK_COUNT] = {
		[RS_HOOK_AUTO] = "auto", [RS_HOOK_TCX] = "tcx", [RS_HOOK_CLSACT] = "clsact"};
	for (int i = 0; i < RS_HOOK_COUNT; i++) {
		if (rs_str_equal(text, names[i])) {
			*ret_hook = (enum rs_hook)i;
			return 0;
		}
	}
	return rs_err_set(err, -EINVAL, "--hook: must be auto, tcx or clsact, is \"%s\"", text);
}

static int parse_user(struct rs_options *options, const char *name, struct rs_err *err)
{
	const struct passwd *user = getpwnam(name);
	if (!user)
		return rs_err_set(err, -EINVAL, "--user: there is no user \"%s\" on this host", name);
	options->uid = user->pw_uid;
	options->gid = user->pw_gid;
	return 0;
}

static int parse_set(struct rs_options *options, const char *text, struct rs_err *err)
{
	const char *equals = strchr(text, '=');
	if (!equals)
		return rs_err_set(err, -EINVAL, "--set: \"%s\" is not KEY=VALUE", text);
	rs_auto_free char *key = strndup(text, (size_t)(equals - text));
	if (!key)
		return -ENOMEM;
	int r = rs_autoscaler_config_set(&options->autoscaler, key, equals + 1, err);
	if (r < 0)
		rs_err_prefix(err, "--set");
	return r;
}

static int read_file(const char *path, char **ret_text, struct rs_err *err)
{
	FILE *file = fopen(path, "re");
	if (!file)
		return rs_err_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
	rs_auto_free char *text = malloc(CONFIG_BYTES_MAX + 1);
	size_t length = text ? fread(text, 1, CONFIG_BYTES_MAX, file) : 0;
	fclose(file);
	if (!text)
		return -ENOMEM;
	if (length == CONFIG_BYTES_MAX)
		return rs_err_set(err, -EFBIG, "%s: larger than %d bytes", path, CONFIG_BYTES_MAX);
	text[length] = '\0';
	*ret_text = rs_take_ptr(text);
	return 0;
}

static int read_config(struct rs_options *options, struct rs_err *err)
{
	char *read = NULL;
	int r = read_file(options->config_file, &read, err);
	if (r < 0)
		return r;
	rs_auto_free char *text = read;
	const char *end = NULL;
	cJSON *json = cJSON_ParseWithOpts(text, &end, false);
	if (!cJSON_IsObject(json)) {
		cJSON_Delete(json);
		return rs_err_set(err, -EINVAL, "%s: not a JSON object (byte %td)", options->config_file,
				  end ? end - text : (ptrdiff_t)0);
	}
	const cJSON *item;
	cJSON_ArrayForEach (item, json) {
		char number[32];
		const char *value = cJSON_GetStringValue(item);
		if (cJSON_IsBool(item))
			value = cJSON_IsTrue(item) ? "true" : "false";
		if (cJSON_IsNumber(item)) {
			snprintf(number, sizeof(number), "%.17g", item->valuedouble);
			value = number;
		}
		r = value ? rs_autoscaler_config_set(&options->autoscaler, item->string, value, err)
			  : rs_err_set(err, -EINVAL, "%s: must be a string, a number or a boolean", item->string);
		if (r < 0) {
			rs_err_prefix(err, "%s", options->config_file);
			break;
		}
	}
	cJSON_Delete(json);
	return r;
}

/* "a-1" would have a link "a-10", as the agent "a" has for its tenth sandbox. */
static int check_name(const char *name, struct rs_err *err)
{
	size_t length = strlen(name);
	const char *dash = strrchr(name, '-');
	bool is_word = length && length <= RS_AGENT_NAME_MAX && *name != '-' &&
		       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
	if (is_word && (!dash || dash[1 + strspn(dash + 1, "0123456789")]))
		return 0;
	return rs_err_set(
		err, -EINVAL,
		"--name: must be 1 to %d of a-z, 0-9 and -, not begin with - nor end in - and digits, is \"%s\"",
		RS_AGENT_NAME_MAX, name);
}

/* What was not given has the agent's name. */
static void fill_directories(struct rs_options *options)
{
	static const char *const parents[] = {"/sys/fs/bpf", "/var/lib", "/run"};
	const char **const fields[] = {&options->bpf_dir, &options->state_dir, &options->run_dir};
	for (size_t i = 0; i < rs_array_length(fields); i++) {
		snprintf(options->directories[i], sizeof(options->directories[i]), "%s/%s", parents[i], options->name);
		if (!*fields[i])
			*fields[i] = options->directories[i];
	}
	if (!options->cgroup_root)
		options->cgroup_root = options->name;
}

static int apply(struct rs_options *options, int id, const char *value, struct rs_err *err)
{
	switch (id) {
	case OPT_NAME:
		options->name = value;
		return check_name(value, err);
	case OPT_BPF_DIR:
		options->bpf_dir = value;
		return 0;
	case OPT_STATE_DIR:
		options->state_dir = value;
		return 0;
	case OPT_RUN_DIR:
		options->run_dir = value;
		return 0;
	case OPT_CGROUP_ROOT:
		options->cgroup_root = value;
		return 0;
	case OPT_HOSTS_FILE:
		options->hosts_file = value;
		return 0;
	case OPT_CONFIG:
		options->config_file = value;
		return 0;
	case OPT_SANDBOX_HELPER:
		options->sandbox_helper = value;
		return 0;
	case OPT_VIP_RANGE:
		return parse_range("vip-range", value, &options->vip_range, &options->vip_bits, err);
	case OPT_INSTANCE_RANGE:
		return parse_range("instance-range", value, &options->instance_range, &options->instance_bits, err);
	case OPT_INTERFACE:
		if (options->interface_count == RS_INTERFACES_MAX)
			return rs_err_set(err, -E2BIG, "--interface: at most %d", RS_INTERFACES_MAX);
		options->interfaces[options->interface_count++] = value;
		return 0;
	case OPT_HOOK:
		return parse_hook(value, &options->hook, err);
	case OPT_POOL:
		return parse_number("pool", value, 1, 512, &options->pool, err);
	case OPT_MAX_INSTANCES:
		return parse_number("max-instances", value, 1, RS_INSTANCES_MAX - 1, &options->max_instances, err);
	case OPT_MAX_FLOWS:
		return parse_power("max-flows", value, &options->max_flows, err);
	case OPT_MAX_HOLDS:
		return parse_power("max-holds", value, &options->max_holds, err);
	case OPT_HOLDS_PER_SOURCE:
		return parse_number("holds-per-source", value, 1, 1U << 24, &options->holds_per_source, err);
	case OPT_USER:
		return parse_user(options, value, err);
	case OPT_LOG_LEVEL:
		return rs_log_parse_level(value, &options->log_level) < 0
			       ? rs_err_set(err, -EINVAL, "--log-level: must be error, warn, info or debug")
			       : 0;
	case OPT_SET:
		return parse_set(options, value, err);
	case OPT_CLEANUP:
		options->cleanup = true;
		return 0;
	case OPT_PURGE:
		options->purge = true;
		return 0;
	case OPT_CHECK_CONFIG:
		options->check_config = true;
		return 0;
	case OPT_VERSION:
		options->version = true;
		return 0;
	case OPT_HELP:
		options->help = true;
		return 0;
	default:
		return rs_err_set(err, -EINVAL, "unknown option; --help lists them");
	}
}

int rs_options_parse(struct rs_options *options, int argc, char **argv, struct rs_err *err)
{
	*options = (struct rs_options){
		.name = "rouse",
		.vip_range.s_addr = htonl(0xc6120000),
		.vip_bits = 16,
		.instance_range.s_addr = htonl(0xc6130000),
		.instance_bits = 16,
		.pool = 8,
		.max_instances = 1024,
		.uid = 65534,
		.gid = 65534,
		.log_level = RS_LOG_INFO,
	};
	rs_autoscaler_config_init(&options->autoscaler);

	struct option table[rs_array_length(rows) + 1];
	for (size_t i = 0; i < rs_array_length(rows); i++) {
		table[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].argument ? required_argument : no_argument,
			.val = rows[i].id,
		};
	}
	table[rs_array_length(rows)] = (struct option){0};

	/* Two rounds: the configuration file is read before --set, which overrides it. */
	for (int round = 0; round < 2; round++) {
		optind = 1;
		opterr = 0;
		if (round == 0)
			options->interface_count = 0;
		for (int id; (id = getopt_long(argc, argv, "", table, NULL)) != -1;) {
			if (id == '?')
				return rs_err_set(err, -EINVAL,
						  "%s: unknown option or missing argument; --help lists them",
						  argv[optind - 1]);
			if ((id == OPT_SET) != (round == 1))
				continue;
			int r = apply(options, id, optarg, err);
			if (r < 0)
				return r;
		}
		if (optind < argc)
			return rs_err_set(err, -EINVAL, "%s: unexpected argument; --help lists the options",
					  argv[optind]);
		if (round == 0 && options->config_file) {
			int r = read_config(options, err);
			if (r < 0)
				return r;
		}
	}
	fill_directories(options);
	return rs_autoscaler_config_check(&options->autoscaler, err);
}
