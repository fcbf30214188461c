// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which addresses are whose, in both families. A place in an IPv4 range is the
 * same place in the IPv6 range beside it; the last ones of the instances' range
 * are the node's own.
 */
#include "agent/agent.h"

#include "base/files.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define DISABLED "/proc/sys/net/ipv6/conf/all/disable_ipv6"

/* --- IPv6 or not ------------------------------------------------------------------------------------------------ */

/* Why this host has no IPv6; NULL when it has. */
static const char *why_no_v6(void)
{
	char text[8] = "";
	rs_auto_fd int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || rs_read_small(DISABLED, text, sizeof(text)) < 0)
		return "its kernel has none, or was started with ipv6.disable=1";
	return *text == '1' ? "net.ipv6.conf.all.disable_ipv6 is 1" : NULL;
}

int rs_agent_find_families(struct rs_options *options, struct rs_err *err)
{
	const char *why = why_no_v6();
	bool is_wanted = rs_ip_families_has(options->ip_families, RS_V6);
	options->has_v6 = is_wanted && !why;
	if (!is_wanted || !why)
		return 0;
	if (options->ip_families == RS_IPV6)
		return rs_err_set(err, -EAFNOSUPPORT,
				  "ip-families: IPv6 alone, but this host has no IPv6 (%s): make it IPv4, or give the "
				  "host IPv6",
				  why);
	rs_warn("this host has no IPv6, services are reached over IPv4 alone why=%s", rs_log_value(why));
	return 0;
}

int rs_agent_check_families(const struct rs_agent *agent, const struct rs_metadata *metadata, struct rs_err *err)
{
	const struct rs_options *options = agent->options;
	enum rs_ip_families families;
	int r = rs_metadata_ip_families(metadata, RS_IPV4, &families, err);
	if (r < 0 || options->has_v6 || !rs_ip_families_has(families, RS_V6))
		return r;
	const char *why = why_no_v6();
	if (why)
		return rs_err_set(err, -EINVAL, "metadata.annotations[%s]: this host has no IPv6 (%s)",
				  RS_ANNOTATION_IP_FAMILIES, why);
	return rs_err_set(
		err, -EINVAL,
		"metadata.annotations[%s]: this agent serves IPv4 alone; `rouse cleanup`, and then start it with "
		"--ip-families IPv4,IPv6",
		RS_ANNOTATION_IP_FAMILIES);
}

/* --- the agent's ranges ----------------------------------------------------------------------------------------- */

struct rs_ranges rs_agent_ranges(const struct rs_options *options)
{
	struct rs_ranges ranges = {
		.vip = {rs_range_v4(options->vip_range, options->vip_bits)},
		.instances = {rs_range_v4(options->instance_range, options->instance_bits)},
	};
	if (options->has_v6) {
		ranges.vip[RS_V6] = rs_options_vip_range6(options);
		ranges.instances[RS_V6] = rs_options_instance_range6(options);
	}
	return ranges;
}

/* Counted from the end, which nobody has (0: the broadcast address of old). */
static struct rs_address own_address(const struct rs_options *options, enum rs_family family, uint32_t from_end)
{
	const struct rs_ranges ranges = rs_agent_ranges(options);
	uint32_t last = ~0U >> options->instance_bits;
	return rs_address_plus(&ranges.instances[family].address, last - from_end);
}

struct rs_address rs_agent_node_address(const struct rs_options *options, enum rs_family family)
{
	return own_address(options, family, 1);
}

struct rs_address rs_agent_gateway(const struct rs_options *options, enum rs_family family)
{
	return own_address(options, family, 2);
}

struct rs_address rs_agent_vip(const struct rs_options *options, uint32_t vip, enum rs_family family)
{
	const struct rs_ranges ranges = rs_agent_ranges(options);
	return rs_address_plus(&ranges.vip[family].address, vip);
}

struct rs_outbound_config rs_agent_outbound_config(const struct rs_options *options)
{
	struct rs_ranges ranges = rs_agent_ranges(options);
	struct rs_outbound_config config = {.name = options->name, .run_dir = options->run_dir};
	memcpy(config.range, ranges.instances, sizeof(config.range));
	return config;
}
