// SPDX-License-Identifier: BSD-2-Clause
#include "sys/outbound.h"

#include "base/mem.h"
#include "base/str.h"
#include "sys/undo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <nftables/libnftables.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* --- nft -------------------------------------------------------------------------------------------------------- */

#define NEEDED "nf_tables and its nat are needed: CONFIG_NF_TABLES, CONFIG_NFT_NAT, CONFIG_NFT_MASQ"

/* libnftables ends the process when it cannot have its sockets: on a kernel without netfilter, or with no descriptor
 * left. So they are tried before. */
static int try_sockets(struct rs_err *err)
{
	rs_auto_fd int netfilter = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (netfilter < 0)
		return rs_err_set(err, -errno, "cannot speak with the kernel's nft (" NEEDED "): %s", strerror(errno));
	rs_auto_fd int route = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	return route < 0 ? rs_err_set(err, -errno, "cannot open a netlink socket: %s", strerror(errno)) : 0;
}

static struct nft_ctx *open_nft(struct rs_err *err)
{
	if (try_sockets(err) < 0)
		return NULL;
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nft) {
		rs_err_set(err, -ENOMEM, "cannot set up libnftables");
		return NULL;
	}
	nft_ctx_buffer_error(nft);
	nft_ctx_buffer_output(nft);
	return nft;
}

static int run_nft(const char *commands, struct rs_err *err)
{
	struct rs_err why = {0};
	struct nft_ctx *nft = open_nft(&why);
	if (!nft)
		return rs_err_set(err, why.code, "%s", why.message);
	int r = 0;
	if (nft_run_cmd_from_buffer(nft, commands) != 0) {
		const char *text = nft_ctx_get_error_buffer(nft);
		r = rs_err_set(err, -EIO, "nft refused the agent's table (" NEEDED "): %.*s", (int)strcspn(text, "\n"),
			       text);
	}
	nft_ctx_free(nft);
	return r;
}

/* All of it is one transaction. "add" before "delete" makes the deletion succeed whether there was one or not. */
static int make_table(const struct rs_outbound_config *config, const char *name, const char *then, struct rs_err *err)
{
	char range[INET_ADDRSTRLEN];
	inet_ntop(AF_INET, &config->range, range, sizeof(range));
	rs_auto_free char *commands =
		rs_str_format("add table ip %s\n"
			      "delete table ip %s\n"
			      "table ip %s {\n"
			      "	chain postrouting {\n"
			      "		type nat hook postrouting priority srcnat;\n"
			      "		ip saddr %s/%u ip daddr != %s/%u masquerade\n"
			      "	}\n"
			      "}\n"
			      "%s",
			      name, name, name, range, config->range_bits, range, config->range_bits, then);
	return commands ? run_nft(commands, err) : rs_err_set(err, -ENOMEM, "out of memory");
}

int rs_outbound_check(const struct rs_outbound_config *config, struct rs_err *err)
{
	rs_auto_free char *name = rs_str_format("%s_check", config->name);
	rs_auto_free char *undo = name ? rs_str_format("delete table ip %s\n", name) : NULL;
	return undo ? make_table(config, name, undo, err) : rs_err_set(err, -ENOMEM, "out of memory");
}

int rs_outbound_setup(const struct rs_outbound_config *config, struct rs_err *err)
{
	return make_table(config, config->name, "", err);
}

/* A kernel without nft has no table of ours. */
static bool has_table(const struct rs_outbound_config *config)
{
	rs_auto_free char *command = rs_str_format("list table ip %s\n", config->name);
	return command && run_nft(command, NULL) == 0;
}

static int remove_table(const struct rs_outbound_config *config, struct rs_err *err)
{
	if (!has_table(config))
		return 0;
	rs_auto_free char *commands = rs_str_format("delete table ip %s\n", config->name);
	return commands ? run_nft(commands, err) : rs_err_set(err, -ENOMEM, "out of memory");
}

/* What `nft` prints for these commands. NULL when they fail. */
static char *ask_nft(const char *commands)
{
	struct nft_ctx *nft = open_nft(NULL);
	if (!nft)
		return NULL;
	char *text = NULL;
	if (nft_run_cmd_from_buffer(nft, commands) == 0)
		text = strdup(nft_ctx_get_output_buffer(nft));
	nft_ctx_free(nft);
	return text;
}

static bool speaks_of_us(const struct rs_outbound_config *config, const char *table, const char *chain)
{
	char range[INET_ADDRSTRLEN + 4], address[INET_ADDRSTRLEN];
	inet_ntop(AF_INET, &config->range, address, sizeof(address));
	snprintf(range, sizeof(range), "%s/%u", address, config->range_bits);
	rs_auto_free char *command = rs_str_format("list chain %s %s\n", table, chain);
	rs_auto_free char *rules = command ? ask_nft(command) : NULL;
	return rules && strstr(rules, range);
}

int rs_outbound_dropped(const struct rs_outbound_config *config, char *out, size_t size)
{
	rs_auto_free char *chains = ask_nft("list chains\n");
	char table[96] = "", chain[96] = "";
	char *rest = chains;
	for (char *line; rest && (line = strsep(&rest, "\n"));) {
		char family[16], name[64];
		if (sscanf(line, " table %15s %63s", family, name) == 2)
			snprintf(table, sizeof(table), "%s %s", family, name);
		sscanf(line, " chain %95s", chain);
		if (!strstr(line, "hook forward") || !strstr(line, "policy drop") || rs_str_starts_with(table, "ip6 "))
			continue;
		if (speaks_of_us(config, table, chain))
			continue;
		snprintf(out, size, "%s %s", table, chain);
		return 1;
	}
	return 0;
}

/* --- settings --------------------------------------------------------------------------------------------------- */

static int read_setting(const char *path, char *out, size_t size)
{
	rs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, out, size - 1);
	if (n < 0)
		return -errno;
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return 0;
}

static int write_setting(const char *path, const char *value)
{
	rs_auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

static bool is_of_gone_link(const char *key)
{
	char name[IF_NAMESIZE];
	unsigned ifindex;
	return sscanf(key, "forwarding %u", &ifindex) == 1 && !if_indextoname(ifindex, name);
}

/* How many notes there may be before those of links that are gone are dropped. */
#define NOTES_BYTES_MAX 65536

/* By the link's number: it may be renamed, and another may get its name. */
static int note(const struct rs_outbound_config *config, unsigned ifindex, const char *value)
{
	char key[32];
	struct stat status;
	snprintf(key, sizeof(key), "forwarding %u", ifindex);
	rs_auto_free char *path = rs_str_format("%s/undo", config->run_dir);
	if (!path)
		return -ENOMEM;
	int r = stat(path, &status) == 0 && status.st_size > NOTES_BYTES_MAX
			? rs_undo_compact(config->run_dir, is_of_gone_link)
			: 0;
	return r < 0 ? r : rs_undo_note(config->run_dir, key, value);
}

int rs_outbound_allow(const struct rs_outbound_config *config, const char *link, struct rs_err *err)
{
	char path[128], value[16];
	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/forwarding", link);
	int r = read_setting(path, value, sizeof(value));
	if (r < 0)
		return r == -ENOENT ? 0 : rs_err_set(err, r, "cannot read %s: %s", path, strerror(-r));
	unsigned ifindex = if_nametoindex(link);
	if (rs_str_equal(value, "1") || !ifindex)
		return 0;
	r = note(config, ifindex, value);
	if (r == 0)
		r = write_setting(path, "1");
	return r < 0 && r != -ENOENT
		       ? rs_err_set(err, r, "cannot let %s forward packets of instances: %s", link, strerror(-r))
		       : 0;
}

int rs_outbound_undo(const char *key, const char *value, struct rs_err *err)
{
	char link[IF_NAMESIZE], path[128];
	unsigned ifindex;
	if (sscanf(key, "forwarding %u", &ifindex) != 1)
		return -ENOENT;
	if (!if_indextoname(ifindex, link))
		return 0;
	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/forwarding", link);
	int r = write_setting(path, value);
	return r < 0 && r != -ENOENT ? rs_err_set(err, r, "cannot set %s back to %s: %s", path, value, strerror(-r))
				     : 0;
}

int rs_outbound_cleanup(const struct rs_outbound_config *config, struct rs_err *err)
{
	return remove_table(config, err);
}
