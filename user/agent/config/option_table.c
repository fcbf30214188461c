// SPDX-License-Identifier: BSD-2-Clause
#include "agent/config/option_table.h"

#include "abi/limits.h"
#include "base/mem.h"
#include "base/range.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFFSET(member) offsetof(struct rs_options, member)

static const char *const hooks[] = {"auto", "tcx", "clsact", NULL};
static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const formats[] = {"auto", "text", "journal", NULL};

_Static_assert(RS_HOOK_AUTO == 0 && RS_HOOK_TCX == 1 && RS_HOOK_CLSACT == 2, "the order of their words");
_Static_assert(RS_LOG_ERROR == 0 && RS_LOG_DEBUG == 3, "the order of their words");
_Static_assert(RS_LOG_FORMAT_AUTO == 0 && RS_LOG_FORMAT_TEXT == 1 && RS_LOG_FORMAT_JOURNAL == 2, "likewise");

/* clang-format off */
const struct rs_option rs_option_rows[] = {
	{"name", "NAME", RS_OPTION_STRING, RS_OPTION_RESTART, OFFSET(name),
	 .range = "1 to 12 of a-z, 0-9 and -, beginning with a letter, not ending in - and digits",
	 .initial = "rouse", .help = "names links, namespaces, cgroups and directories of this agent"},
	{"bpf-dir", "DIR", RS_OPTION_STRING, RS_OPTION_RESTART, OFFSET(bpf_dir), .initial = "/sys/fs/bpf/NAME",
	 .help = "where maps and links are pinned, on a bpffs"},
	{"state-dir", "DIR", RS_OPTION_STRING, RS_OPTION_RESTART, OFFSET(state_dir), .initial = "/var/lib/NAME",
	 .help = "store and logs"},
	{"run-dir", "DIR", RS_OPTION_STRING, RS_OPTION_RESTART, OFFSET(run_dir), .initial = "/run/NAME",
	 .help = "socket, hosts file, records of instances"},
	{"cgroup-root", "NAME", RS_OPTION_STRING, RS_OPTION_RESTART, OFFSET(cgroup_root), .initial = "the name",
	 .help = "cgroup of all instances, relative"},
	{"hosts-file", "FILE", RS_OPTION_STRING, RS_OPTION_RESTART, OFFSET(hosts_file), .initial = "RUN-DIR/hosts",
	 .help = "where service names are written"},
	{"sandbox-helper", "FILE", RS_OPTION_STRING, RS_OPTION_RESTART, OFFSET(sandbox_helper),
	 .initial = "beside roused, or ../libexec/rouse", .help = "the program rouse-sandbox"},
	{"vip-range", "CIDR", RS_OPTION_RANGE, RS_OPTION_CLEANUP, OFFSET(vip_range), .initial = "198.18.0.0/16",
	 .help = "addresses of services"},
	{"instance-range", "CIDR", RS_OPTION_RANGE, RS_OPTION_CLEANUP, OFFSET(instance_range),
	 .initial = "198.19.0.0/16", .help = "addresses of instances"},
	{"vip-range6", "CIDR", RS_OPTION_RANGE6, RS_OPTION_CLEANUP, OFFSET(vip_range6),
	 .initial = "vip-range behind fd72:6f75:7365::/96", .help = "IPv6 addresses of services, as many or more"},
	{"instance-range6", "CIDR", RS_OPTION_RANGE6, RS_OPTION_CLEANUP, OFFSET(instance_range6),
	 .initial = "instance-range behind fd72:6f75:7365::/96", .help = "IPv6 addresses of instances, as many or more"},
	{"ip-families", "FAMILIES", RS_OPTION_WORD, RS_OPTION_CLEANUP, OFFSET(ip_families),
	 .words = rs_ip_families_words, .initial = "IPv4",
	 .help = "how services are reached unless they say otherwise, the preferred one first"},
	{"interface", "NAME[=HOW]", RS_OPTION_INTERFACES, RS_OPTION_LIVE, OFFSET(interfaces),
	 .range = "at most 64 names of links, each with =auto, =tc, =xdp, =xdp-native, =xdp-generic, =off or =uplink",
	 .initial = "all virtual ones with an address",
	 .help = "attach here, by that hook; may be repeated"},
	{"external-port-range", "FIRST-LAST", RS_OPTION_PORTS, RS_OPTION_LIVE, OFFSET(external_ports),
	 .initial = "30000-32767", .help = "ports of the node that rouse.dev/external-port may ask for"},
	{"hook", "auto|tcx|clsact", RS_OPTION_WORD, RS_OPTION_RESTART, OFFSET(hook), .words = hooks,
	 .initial = "auto", .help = "how to attach to TC"},
	{"tcx-order", "PLACE", RS_OPTION_STRING, RS_OPTION_RESTART, OFFSET(tcx_order),
	 .range = "first, last, before:PROGRAM or after:PROGRAM (a name or an id)", .initial = "first",
	 .help = "where to stand among the TCX programs of an interface"},
	{"pool", "N", RS_OPTION_NUMBER, RS_OPTION_LIVE, OFFSET(pool), 1, 512, .initial = "8",
	 .help = "sandboxes kept ready"},
	{"max-instances", "N", RS_OPTION_NUMBER, RS_OPTION_LIVE, OFFSET(max_instances), 1, RS_INSTANCES_MAX - 1,
	 .initial = "1024", .help = "instances and sandboxes at most"},
	{"instance-mtu", "N", RS_OPTION_NUMBER, RS_OPTION_RESTART, OFFSET(instance_mtu), 0, 65535, .initial = "0",
	 .help = "MTU of the links of new instances, at least 1280; 0 = the smallest of the uplinks', or 1500"},
	{"max-flows", "N", RS_OPTION_POWER, RS_OPTION_CLEANUP, OFFSET(max_flows), RS_FLOWS_MIN, 1U << 24,
	 .initial = "131072", .help = "tracked connections at most, a power of two"},
	{"max-holds", "N", RS_OPTION_POWER, RS_OPTION_CLEANUP, OFFSET(max_holds), RS_HOLDS_MIN, 1U << 24,
	 .initial = "16384", .help = "held connections at most, a power of two"},
	{"max-routes", "N", RS_OPTION_NUMBER, RS_OPTION_CLEANUP, OFFSET(max_routes), 1, 1U << 20,
	 .initial = "32768", .help = "services and tags at most"},
	{"max-revisions", "N", RS_OPTION_NUMBER, RS_OPTION_CLEANUP, OFFSET(max_revisions), 1, 1U << 20,
	 .initial = "16384", .help = "revisions that a route may lead to, or that have instances, at most"},
	{"max-allowed", "N", RS_OPTION_NUMBER, RS_OPTION_CLEANUP, OFFSET(max_allowed), 1, 1U << 24,
	 .initial = "65536", .help = "ranges of all rouse.dev/allow-from lists at most"},
	{"holds-per-source", "N", RS_OPTION_NUMBER, RS_OPTION_RESTART, OFFSET(holds_per_source), 1, 1U << 24,
	 .initial = "8192", .help = "held connections of one client address at most"},
	{"udp-timeout", "N", RS_OPTION_NUMBER, RS_OPTION_RESTART, OFFSET(udp_timeout), 1, 86400,
	 .initial = "180", .help = "seconds that a UDP flow may be silent once it has been answered (RFC 4787: 120 or more)"},
	{"udp-unanswered-timeout", "N", RS_OPTION_NUMBER, RS_OPTION_RESTART, OFFSET(udp_unanswered_timeout), 1, 86400,
	 .initial = "30", .help = "seconds that it may be silent before"},
	{"user", "NAME", RS_OPTION_USER, RS_OPTION_LIVE, OFFSET(user), .range = "a user of this host",
	 .initial = "nobody", .help = "user of instances, unless the manifest says otherwise"},
	{"log-bytes", "N", RS_OPTION_NUMBER, RS_OPTION_LIVE, OFFSET(log_bytes), 65536, 1U << 30,
	 .initial = "10485760", .help = "size at which an instance's log is rotated; four times as much of it is kept"},
	{"log-keep", "N", RS_OPTION_NUMBER, RS_OPTION_LIVE, OFFSET(log_keep), 0, 10000,
	 .initial = "10", .help = "logs of gone instances kept for each service"},
	{"log-keep-days", "N", RS_OPTION_NUMBER, RS_OPTION_LIVE, OFFSET(log_keep_days), 0, 3650,
	 .initial = "7", .help = "days that they are kept at most; 0 = any"},
	{"log-total-mib", "N", RS_OPTION_NUMBER, RS_OPTION_LIVE, OFFSET(log_total_mib), 0, 1U << 24,
	 .initial = "1024", .help = "MiB of all logs together, above which the oldest go; 0 = any"},
	{"log-level", "error|warn|info|debug", RS_OPTION_WORD, RS_OPTION_LIVE, OFFSET(log_level), .words = levels,
	 .initial = "info", .help = "how much to say"},
	{"log-format", "auto|text|journal", RS_OPTION_WORD, RS_OPTION_LIVE, OFFSET(log_format), .words = formats,
	 .initial = "auto", .help = "with the time, or with priorities for the journal; auto looks who reads"},
	{"config", "FILE", RS_OPTION_CONFIG, RS_OPTION_CALL,
	 .initial = RS_CONFIG_PLACE "NAME.yaml, and NAME.d/*.yaml",
	 .help = "configuration, or a directory of them; may be repeated"},
	{"set", "KEY=VALUE", RS_OPTION_SET, RS_OPTION_CALL,
	 .help = "one of Knative's keys; may be repeated"},
	{"check-config", NULL, RS_OPTION_FLAG, RS_OPTION_CALL, OFFSET(check_config),
	 .help = "read the configuration, say whether it is well, and exit"},
	{"print-config", NULL, RS_OPTION_FLAG, RS_OPTION_CALL, OFFSET(print_config),
	 .help = "print what the configuration comes to, as a file, and exit"},
	{"print-options", NULL, RS_OPTION_FLAG, RS_OPTION_CALL, OFFSET(print_options),
	 .help = "print every option and key as JSON, and exit"},
	{"cleanup", NULL, RS_OPTION_FLAG, RS_OPTION_CALL, OFFSET(cleanup),
	 .help = "remove every trace of this agent from the host, and exit"},
	{"purge", NULL, RS_OPTION_FLAG, RS_OPTION_CALL, OFFSET(purge),
	 .help = "with --cleanup: remove the services (STATE-DIR) as well"},
	{"version", NULL, RS_OPTION_FLAG, RS_OPTION_CALL, OFFSET(version), .help = "print the version"},
	{"help", NULL, RS_OPTION_FLAG, RS_OPTION_CALL, OFFSET(help), .help = "print this"},
};
/* clang-format on */
const size_t rs_option_count = rs_array_length(rs_option_rows);

const struct rs_option *rs_option_find(const char *name)
{
	for (size_t i = 0; i < rs_option_count; i++) {
		if (strcmp(rs_option_rows[i].name, name) == 0)
			return &rs_option_rows[i];
	}
	return NULL;
}

const char *rs_option_keep(struct rs_options *options, const char *text)
{
	char **grown = realloc(options->strings, (options->string_count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	options->strings = grown;
	grown[options->string_count] = strdup(text);
	return grown[options->string_count] ? grown[options->string_count++] : NULL;
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

/* "a-1" would have a link "a-10", as the agent "a" has for its tenth sandbox. nft's names begin with a letter. */
static bool is_agent_name(const char *name)
{
	size_t length = strlen(name);
	const char *dash = strrchr(name, '-');
	bool is_word = length && length <= RS_AGENT_NAME_MAX && *name >= 'a' && *name <= 'z' &&
		       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
	return is_word && (!dash || dash[1 + strspn(dash + 1, "0123456789")]);
}

static int set_string(struct rs_options *options, const struct rs_option *row, const char *text, struct rs_err *err)
{
	if (!*text)
		return rs_err_set(err, -EINVAL, "must not be empty");
	if (row->offset == OFFSET(name) && !is_agent_name(text))
		return rs_err_set(err, -EINVAL, "must be %s, is \"%.80s\"", row->range, text);
	struct rs_tcx_order order;
	if (row->offset == OFFSET(tcx_order) && rs_tcx_order_parse(text, &order) < 0)
		return rs_err_set(err, -EINVAL, "must be %s, is \"%.80s\"", row->range, text);
	const char *kept = rs_option_keep(options, text);
	if (!kept)
		return rs_err_set(err, -ENOMEM, "out of memory");
	*(const char **)((char *)options + row->offset) = kept;
	return 0;
}

unsigned *rs_option_bits(const struct rs_options *options, const struct rs_option *row)
{
	static const struct {
		size_t range, bits;
	} pairs[] = {
		{OFFSET(vip_range), OFFSET(vip_bits)},
		{OFFSET(instance_range), OFFSET(instance_bits)},
		{OFFSET(vip_range6), OFFSET(vip6_bits)},
		{OFFSET(instance_range6), OFFSET(instance6_bits)},
	};
	for (size_t i = 0; i < rs_array_length(pairs); i++) {
		if (pairs[i].range == row->offset)
			return (unsigned *)((char *)(uintptr_t)options + pairs[i].bits);
	}
	assert(!"a range without a length");
	return NULL;
}

static int set_range(struct rs_options *options, const struct rs_option *row, const char *text, struct rs_err *err)
{
	bool is_v4 = row->kind == RS_OPTION_RANGE;
	unsigned shortest = is_v4 ? 8 : 32, longest = is_v4 ? 28 : 124;
	struct rs_range range, masked;
	if (!strchr(text, '/') || rs_range_parse(text, &range) < 0 || rs_range_is_v4(&range) != is_v4 ||
	    rs_range_bits(&range) < shortest || rs_range_bits(&range) > longest)
		return rs_err_set(err, -EINVAL, "\"%.80s\" is not an %s range like %s (from /%u to /%u)", text,
				  rs_family_text(is_v4 ? RS_V4 : RS_V6), is_v4 ? row->initial : "fd00:1::/112",
				  shortest, longest);
	masked = range;
	if (rs_range_mask(&masked))
		return rs_err_set(err, -EINVAL, "\"%s\" has bits set behind its prefix", text);
	memcpy((char *)options + row->offset, &range.address.byte[is_v4 ? 12 : 0], is_v4 ? 4 : 16);
	*rs_option_bits(options, row) = rs_range_bits(&range);
	return 0;
}

static int set_number(struct rs_options *options, const struct rs_option *row, const char *text, struct rs_err *err)
{
	long long value;
	if (rs_str_to_long(text, row->minimum, row->maximum, &value) < 0)
		return rs_err_set(err, -EINVAL, "must be in %u..%u, is \"%.80s\"", row->minimum, row->maximum, text);
	if (row->kind == RS_OPTION_POWER && (value & (value - 1)))
		return rs_err_set(err, -EINVAL, "must be a power of two, is %lld", value);
	*(unsigned *)((char *)options + row->offset) = (unsigned)value;
	return 0;
}

static int set_ports(struct rs_options *options, const struct rs_option *row, const char *text, struct rs_err *err)
{
	char copy[16];
	long long first, last;
	char *dash = rs_str_copy(copy, sizeof(copy), text) == 0 ? strchr(copy, '-') : NULL;
	if (dash)
		*dash++ = '\0';
	if (!dash || rs_str_to_long(copy, 1, 65535, &first) < 0 || rs_str_to_long(dash, first, 65535, &last) < 0)
		return rs_err_set(err, -EINVAL, "\"%.80s\" is not a range of ports like %s", text, row->initial);
	*(struct rs_port_range *)((char *)options + row->offset) =
		(struct rs_port_range){(unsigned)first, (unsigned)last};
	return 0;
}

static int set_word(struct rs_options *options, const struct rs_option *row, const char *text, struct rs_err *err)
{
	char range[64];
	for (int i = 0; row->words[i]; i++) {
		if (strcmp(row->words[i], text) == 0) {
			*(int *)((char *)options + row->offset) = i;
			return 0;
		}
	}
	rs_option_range(row, range, sizeof(range));
	return rs_err_set(err, -EINVAL, "must be %s, is \"%.80s\"", range, text);
}

static int set_user(struct rs_options *options, const char *text, struct rs_err *err)
{
	const struct passwd *user = getpwnam(text);
	if (!user || rs_str_copy(options->user, sizeof(options->user), text) < 0)
		return rs_err_set(err, -EINVAL, "there is no user \"%.80s\" on this host", text);
	options->uid = user->pw_uid;
	options->gid = user->pw_gid;
	return 0;
}

static int add_interface(struct rs_options *options, const char *text, struct rs_err *err)
{
	if (options->interface_count == RS_INTERFACES_MAX)
		return rs_err_set(err, -E2BIG, "at most %d", RS_INTERFACES_MAX);
	int r = rs_interface_option_parse(text, &options->interfaces[options->interface_count], err);
	if (r < 0)
		return r;
	options->interface_count++;
	return 0;
}

int rs_option_set(struct rs_options *options, const struct rs_option *row, const char *text, struct rs_err *err)
{
	switch (row->kind) {
	case RS_OPTION_STRING:
		return set_string(options, row, text, err);
	case RS_OPTION_RANGE:
	case RS_OPTION_RANGE6:
		return set_range(options, row, text, err);
	case RS_OPTION_NUMBER:
	case RS_OPTION_POWER:
		return set_number(options, row, text, err);
	case RS_OPTION_PORTS:
		return set_ports(options, row, text, err);
	case RS_OPTION_WORD:
		return set_word(options, row, text, err);
	case RS_OPTION_USER:
		return set_user(options, text, err);
	case RS_OPTION_INTERFACES:
		return add_interface(options, text, err);
	case RS_OPTION_FLAG:
		*(bool *)((char *)options + row->offset) = true;
		return 0;
	case RS_OPTION_CONFIG:
	case RS_OPTION_SET:
		break;
	}
	return rs_err_set(err, -EINVAL, "cannot stand here");
}

/* --- printing --------------------------------------------------------------------------------------------------- */

void rs_option_print(const struct rs_options *options, const struct rs_option *row, char *out, size_t size)
{
	const void *field = (const char *)options + row->offset;
	char address[INET_ADDRSTRLEN], range[RS_RANGE_TEXT_MAX];
	const char *string;
	*out = '\0';
	switch (row->kind) {
	case RS_OPTION_STRING:
		string = *(const char *const *)field;
		rs_str_copy(out, size, string ? string : "");
		break;
	case RS_OPTION_RANGE:
		inet_ntop(AF_INET, field, address, sizeof(address));
		snprintf(out, size, "%s/%u", address, *rs_option_bits(options, row));
		break;
	case RS_OPTION_RANGE6:
		rs_range_print(row->offset == OFFSET(vip_range6) ? rs_options_vip_range6(options)
								 : rs_options_instance_range6(options),
			       range);
		rs_str_copy(out, size, range);
		break;
	case RS_OPTION_NUMBER:
	case RS_OPTION_POWER:
		snprintf(out, size, "%u", *(const unsigned *)field);
		break;
	case RS_OPTION_PORTS:
		snprintf(out, size, "%u-%u", ((const struct rs_port_range *)field)->first,
			 ((const struct rs_port_range *)field)->last);
		break;
	case RS_OPTION_WORD:
		rs_str_copy(out, size, row->words[*(const int *)field]);
		break;
	case RS_OPTION_USER:
		rs_str_copy(out, size, options->user);
		break;
	case RS_OPTION_INTERFACES:
	case RS_OPTION_FLAG:
	case RS_OPTION_CONFIG:
	case RS_OPTION_SET:
		break;
	}
}

void rs_option_copy(struct rs_options *options, const struct rs_options *from, const struct rs_option *row)
{
	void *field = (char *)options + row->offset;
	const void *theirs = (const char *)from + row->offset;
	switch (row->kind) {
	case RS_OPTION_NUMBER:
	case RS_OPTION_POWER:
		*(unsigned *)field = *(const unsigned *)theirs;
		break;
	case RS_OPTION_PORTS:
		*(struct rs_port_range *)field = *(const struct rs_port_range *)theirs;
		break;
	case RS_OPTION_WORD:
		*(int *)field = *(const int *)theirs;
		break;
	case RS_OPTION_USER:
		memcpy(options->user, from->user, sizeof(options->user));
		options->uid = from->uid;
		options->gid = from->gid;
		break;
	case RS_OPTION_INTERFACES:
		memcpy(options->interfaces, from->interfaces, sizeof(options->interfaces));
		options->interface_count = from->interface_count;
		break;
	case RS_OPTION_STRING:
	case RS_OPTION_RANGE:
	case RS_OPTION_RANGE6:
	case RS_OPTION_FLAG:
	case RS_OPTION_CONFIG:
	case RS_OPTION_SET:
		assert(!"others point to them: they need a restart");
	}
}

void rs_option_range(const struct rs_option *row, char *out, size_t size)
{
	size_t n = 0;
	*out = '\0';
	if (row->range) {
		rs_str_copy(out, size, row->range);
	} else if (row->kind == RS_OPTION_NUMBER || row->kind == RS_OPTION_POWER) {
		snprintf(out, size, "%u..%u", row->minimum, row->maximum);
	} else if (row->kind == RS_OPTION_RANGE) {
		rs_str_copy(out, size, "IPv4, from /8 to /28");
	} else if (row->kind == RS_OPTION_PORTS) {
		rs_str_copy(out, size, "FIRST-LAST in 1..65535");
	} else if (row->kind == RS_OPTION_RANGE6) {
		rs_str_copy(out, size, "IPv6, from /32 to /124");
	}
	for (int i = 0; row->words && row->words[i] && n < size; i++) {
		const char *before = i == 0 ? "" : row->words[i + 1] ? ", " : " or ";
		n += (size_t)snprintf(out + n, size - n, "%s%s", before, row->words[i]);
	}
}
