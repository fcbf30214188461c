// SPDX-License-Identifier: BSD-2-Clause
/* What no option can know alone: the ranges against each other, the paths against the host. */
#include "agent/config/option_table.h"

#include "base/mem.h"
#include "base/range.h"
#include "base/str.h"
#include "sys/links.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/vfs.h>

#define INSTANCES_RESERVED 4 /* of the range: the network, the node's two, the broadcast */

static void check_pair(const struct rs_options *options, const char *vip_option, const char *instance_option,
		       struct rs_problems *problems)
{
	char vips[RS_RANGE_TEXT_MAX], instances[RS_RANGE_TEXT_MAX];
	struct rs_range vip, instance;
	rs_option_print(options, rs_option_find(vip_option), vips, sizeof(vips));
	rs_option_print(options, rs_option_find(instance_option), instances, sizeof(instances));
	if (rs_range_parse(vips, &vip) == 0 && rs_range_parse(instances, &instance) == 0 &&
	    rs_range_overlaps(vip, instance))
		rs_problems_add(problems, false,
				"%s: %s overlaps %s, %s: an address is either a service's or an instance's", vip_option,
				vips, instance_option, instances);
}

/* What has a place in the IPv4 range has the same in the IPv6 range. */
static void check_sizes(const char *option, unsigned bits, unsigned bits6, struct rs_problems *problems)
{
	if (bits6 > RS_RANGE_V4_BITS + bits)
		rs_problems_add(problems, false, "%s6: /%u has fewer addresses than %s, /%u: make it /%u or larger",
				option, bits6, option, bits, RS_RANGE_V4_BITS + bits);
}

static void check_ranges(const struct rs_options *options, struct rs_problems *problems)
{
	check_pair(options, "vip-range", "instance-range", problems);
	/* Made of those of IPv4 they are apart when those are. */
	if (options->vip6_bits || options->instance6_bits)
		check_pair(options, "vip-range6", "instance-range6", problems);
	check_sizes("vip-range", options->vip_bits, rs_options_vip_range6(options).bits, problems);
	check_sizes("instance-range", options->instance_bits, rs_options_instance_range6(options).bits, problems);
}

static void check_paths(const struct rs_options *options, struct rs_problems *problems)
{
	const struct {
		const char *name, *path;
	} paths[] = {
		{"bpf-dir", options->bpf_dir},
		{"state-dir", options->state_dir},
		{"run-dir", options->run_dir},
		{"hosts-file", options->hosts_file},
		{"sandbox-helper", options->sandbox_helper},
	};
	for (size_t i = 0; i < rs_array_length(paths); i++) {
		if (paths[i].path && strlen(paths[i].path) >= PATH_MAX / 2)
			rs_problems_add(problems, false, "%s: is longer than %d bytes", paths[i].name, PATH_MAX / 2);
	}
	struct sockaddr_un address;
	if (options->run_dir && strlen(options->run_dir) + strlen("/api.sock") >= sizeof(address.sun_path))
		rs_problems_add(problems, false,
				"run-dir: %s/api.sock is longer than the %zu bytes that Linux allows for a socket",
				options->run_dir, sizeof(address.sun_path) - 1);
}

/* IPv6 asks it of every link (RFC 8200 5). */
static void check_mtu(const struct rs_options *options, struct rs_problems *problems)
{
	if (options->instance_mtu && options->instance_mtu < RS_LINK_MTU_MIN)
		rs_problems_add(problems, false, "instance-mtu: must be 0 or at least %d, is %u", RS_LINK_MTU_MIN,
				options->instance_mtu);
}

void rs_options_check(const struct rs_options *options, struct rs_problems *problems)
{
	struct rs_err err = {0};
	check_ranges(options, problems);
	check_paths(options, problems);
	check_mtu(options, problems);
	if (rs_autoscaler_config_check(&options->autoscaler, &err) < 0)
		rs_problems_add(problems, false, "autoscaler.%s", err.message);
	if (rs_defaults_config_check(&options->defaults, &err) < 0)
		rs_problems_add(problems, false, "defaults.%s", err.message);
	if (rs_gc_config_check(&options->gc, &err) < 0)
		rs_problems_add(problems, false, "gc.%s", err.message);
}

/* --- the host ---------------------------------------------------------------------------------------------------- */

/* The deepest directory of a path that is there: what is below it the agent makes. */
static int nearest_directory(const char *path, char out[static PATH_MAX], struct stat *ret_status)
{
	if (rs_str_copy(out, PATH_MAX, path) < 0)
		return -ENAMETOOLONG;
	while (stat(out, ret_status) < 0) {
		char *slash = strrchr(out, '/');
		if (errno != ENOENT || !slash)
			return errno == ENOENT ? 0 : -errno;
		slash[slash == out] = '\0';
		if (slash == out)
			return stat(out, ret_status) < 0 ? -errno : 0;
	}
	return 0;
}

static void check_directory(const char *name, const char *path, struct rs_problems *problems)
{
	char directory[PATH_MAX];
	struct stat status = {0};
	struct statvfs file_system;
	int r = nearest_directory(path, directory, &status);
	if (r < 0)
		rs_problems_add(problems, false, "%s: %s: %s", name, path, strerror(-r));
	else if (status.st_mode && !S_ISDIR(status.st_mode))
		rs_problems_add(problems, false, "%s: %s is not a directory", name, directory);
	else if (statvfs(directory, &file_system) == 0 && (file_system.f_flag & ST_RDONLY))
		rs_problems_add(problems, false, "%s: %s is mounted read-only", name, directory);
}

void rs_options_check_host(const struct rs_options *options, struct rs_problems *problems)
{
	char directory[PATH_MAX];
	struct stat status = {0};
	struct statfs file_system;
	check_directory("state-dir", options->state_dir, problems);
	check_directory("run-dir", options->run_dir, problems);
	check_directory("bpf-dir", options->bpf_dir, problems);
	if (nearest_directory(options->bpf_dir, directory, &status) == 0 && statfs(directory, &file_system) == 0 &&
	    file_system.f_type != BPF_FS_MAGIC)
		rs_problems_add(problems, false, "bpf-dir: %s is not on a bpffs: mount -t bpf bpf /sys/fs/bpf",
				options->bpf_dir);
	if (options->sandbox_helper && access(options->sandbox_helper, X_OK) < 0)
		rs_problems_add(problems, false, "sandbox-helper: cannot run %s: %s", options->sandbox_helper,
				strerror(errno));
	uint64_t addresses = (1ULL << (32 - options->instance_bits)) - INSTANCES_RESERVED;
	if (options->max_instances > addresses)
		rs_problems_add(problems, true,
				"max-instances: %u, but instance-range has addresses for %llu: that many run at most",
				options->max_instances, (unsigned long long)addresses);
	for (unsigned i = 0; i < options->interface_count; i++) {
		if (if_nametoindex(options->interfaces[i].name) == 0)
			rs_problems_add(problems, true,
					"interface: there is no link \"%s\" now: it is used when it comes",
					options->interfaces[i].name);
	}
}
