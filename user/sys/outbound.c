// SPDX-License-Identifier: BSD-2-Clause
#include "sys/outbound.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

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

static const char *nft_family(enum rs_family family)
{
	return family == RS_V4 ? "ip" : "ip6";
}

/* "add" before "delete" makes the deletion succeed whether there was one or not. */
static void put_table(struct rs_buf *out, const struct rs_outbound_config *config, enum rs_family family,
		      const char *name)
{
	const char *of = nft_family(family);
	char range[RS_RANGE_TEXT_MAX];
	rs_range_print(config->range[family], range);
	rs_buf_printf(out,
		      "add table %s %s\n"
		      "delete table %s %s\n"
		      "table %s %s {\n"
		      "	chain postrouting {\n"
		      "		type nat hook postrouting priority srcnat;\n"
		      "		%s saddr %s %s daddr != %s masquerade\n"
		      "	}\n"
		      "}\n",
		      of, name, of, name, of, name, of, range, of, range);
}

/* All of it is one transaction. */
static int make_tables(const struct rs_outbound_config *config, const char *name, bool is_check, struct rs_err *err)
{
	struct rs_buf commands;
	rs_buf_init(&commands, 4096);
	for (int family = 0; family < RS_FAMILIES; family++) {
		if (config->range[family].bits)
			put_table(&commands, config, (enum rs_family)family, name);
	}
	for (int family = 0; is_check && family < RS_FAMILIES; family++) {
		if (config->range[family].bits)
			rs_buf_printf(&commands, "delete table %s %s\n", nft_family((enum rs_family)family), name);
	}
	int r = commands.error ? rs_err_set(err, commands.error, "out of memory") : run_nft(commands.data, err);
	rs_buf_done(&commands);
	return r;
}

int rs_outbound_check(const struct rs_outbound_config *config, struct rs_err *err)
{
	rs_auto_free char *name = rs_str_format("%s_check", config->name);
	return name ? make_tables(config, name, true, err) : rs_err_set(err, -ENOMEM, "out of memory");
}

int rs_outbound_setup(const struct rs_outbound_config *config, struct rs_err *err)
{
	return make_tables(config, config->name, false, err);
}

/* A kernel without nft has no table of ours. */
static int remove_table(const struct rs_outbound_config *config, enum rs_family family, struct rs_err *err)
{
	rs_auto_free char *look = rs_str_format("list table %s %s\n", nft_family(family), config->name);
	rs_auto_free char *removal = rs_str_format("delete table %s %s\n", nft_family(family), config->name);
	if (!look || !removal)
		return rs_err_set(err, -ENOMEM, "out of memory");
	return run_nft(look, NULL) == 0 ? run_nft(removal, err) : 0;
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

static bool speaks_of(struct rs_range range, const char *table, const char *chain)
{
	char text[RS_RANGE_TEXT_MAX];
	rs_auto_free char *command = rs_str_format("list chain %s %s\n", table, chain);
	rs_auto_free char *rules = command ? ask_nft(command) : NULL;
	return rules && strstr(rules, rs_range_print(range, text));
}

/* One of our families that goes by tables of this one ("ip", "ip6", "inet"), and that the chain does not speak of. */
static bool drops_ours(const struct rs_outbound_config *config, const char *table, const char *chain,
		       enum rs_family *ret_family)
{
	for (int family = 0; family < RS_FAMILIES; family++) {
		bool is_other = rs_str_starts_with(table, family == RS_V4 ? "ip6 " : "ip ");
		if (is_other || !config->range[family].bits || speaks_of(config->range[family], table, chain))
			continue;
		*ret_family = (enum rs_family)family;
		return true;
	}
	return false;
}

int rs_outbound_dropped(const struct rs_outbound_config *config, char *out, size_t size, enum rs_family *ret_family)
{
	rs_auto_free char *chains = ask_nft("list chains\n");
	char table[96] = "", chain[96] = "";
	char *rest = chains;
	for (char *line; rest && (line = strsep(&rest, "\n"));) {
		char family[16], name[64];
		if (sscanf(line, " table %15s %63s", family, name) == 2)
			snprintf(table, sizeof(table), "%s %s", family, name);
		sscanf(line, " chain %95s", chain);
		if (!strstr(line, "hook forward") || !strstr(line, "policy drop") ||
		    !drops_ours(config, table, chain, ret_family))
			continue;
		snprintf(out, size, "%s %s", table, chain);
		return 1;
	}
	return 0;
}

int rs_outbound_cleanup(const struct rs_outbound_config *config, struct rs_err *err)
{
	int r = remove_table(config, RS_V4, err);
	return r < 0 ? r : remove_table(config, RS_V6, err);
}
