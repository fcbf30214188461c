// SPDX-License-Identifier: BSD-2-Clause
#include "sys/outbound.h"

#include "base/mem.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <string.h>

#define REMEMBERED_MAX (1024 * 1024)

/* --- nft -------------------------------------------------------------------------------------------------------- */

static int run_nft(const char *commands, struct rs_err *err)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nft)
		return rs_err_set(err, -ENOMEM, "cannot set up libnftables");
	nft_ctx_buffer_error(nft);
	nft_ctx_buffer_output(nft);
	int r = 0;
	if (nft_run_cmd_from_buffer(nft, commands) != 0) {
		const char *text = nft_ctx_get_error_buffer(nft);
		r = rs_err_set(err, -EIO, "nft refused the agent's table: %.*s", (int)strcspn(text, "\n"), text);
	}
	nft_ctx_free(nft);
	return r;
}

int rs_outbound_setup(const struct rs_outbound_config *config, struct rs_err *err)
{
	char range[INET_ADDRSTRLEN];
	inet_ntop(AF_INET, &config->range, range, sizeof(range));
	/* "add" before "delete" makes the deletion succeed whether there was one or not; all of it is one transaction.
	 */
	rs_auto_free char *commands = rs_str_format("add table ip %s\n"
						    "delete table ip %s\n"
						    "table ip %s {\n"
						    "	chain postrouting {\n"
						    "		type nat hook postrouting priority srcnat;\n"
						    "		ip saddr %s/%u ip daddr != %s/%u masquerade\n"
						    "	}\n"
						    "}\n",
						    config->name, config->name, config->name, range, config->range_bits,
						    range, config->range_bits);
	return commands ? run_nft(commands, err) : rs_err_set(err, -ENOMEM, "out of memory");
}

static int remove_table(const struct rs_outbound_config *config, struct rs_err *err)
{
	rs_auto_free char *commands =
		rs_str_format("add table ip %s\ndelete table ip %s\n", config->name, config->name);
	return commands ? run_nft(commands, err) : rs_err_set(err, -ENOMEM, "out of memory");
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

/* Lines of "PATH VALUE". The first one for a path is the setting that the administrator had. */
static int remember(const struct rs_outbound_config *config, const char *path, const char *value)
{
	rs_auto_free char *file = rs_str_format("%s/sysctl", config->run_dir);
	rs_auto_free char *line = rs_str_format("%s %s\n", path, value);
	if (!file || !line)
		return -ENOMEM;
	rs_auto_fd int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	return write(fd, line, strlen(line)) < 0 ? -errno : 0;
}

int rs_outbound_allow(const struct rs_outbound_config *config, const char *link, struct rs_err *err)
{
	char path[128], value[16];
	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/forwarding", link);
	int r = read_setting(path, value, sizeof(value));
	if (r < 0)
		return r == -ENOENT ? 0 : rs_err_set(err, r, "cannot read %s: %s", path, strerror(-r));
	if (rs_str_equal(value, "1"))
		return 0;
	/* Remembered before it is changed: a kill in between must not lose it. */
	r = remember(config, path, value);
	if (r == 0)
		r = write_setting(path, "1");
	return r < 0 ? rs_err_set(err, r, "cannot let %s forward packets of instances: %s", link, strerror(-r)) : 0;
}

/* Sets each remembered setting back, the oldest line of a path last. */
static int restore(const struct rs_outbound_config *config, struct rs_err *err)
{
	rs_auto_free char *file = rs_str_format("%s/sysctl", config->run_dir);
	rs_auto_free char *text = malloc(REMEMBERED_MAX + 1);
	if (!file || !text)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rs_auto_fd int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : rs_err_set(err, -errno, "cannot open %s: %s", file, strerror(errno));
	ssize_t n = read(fd, text, REMEMBERED_MAX);
	if (n < 0)
		return rs_err_set(err, -errno, "cannot read %s: %s", file, strerror(errno));
	text[n] = '\0';
	while (n > 0) {
		text[--n] = '\0'; /* the newline */
		char *line = strrchr(text, '\n');
		line = line ? line + 1 : text;
		char *value = strchr(line, ' ');
		if (value) {
			*value++ = '\0';
			int r = write_setting(line, value);
			if (r < 0 && r != -ENOENT)
				return rs_err_set(err, r, "cannot set %s back to %s: %s", line, value, strerror(-r));
		}
		n = line - text;
	}
	return unlink(file) < 0 ? rs_err_set(err, -errno, "cannot remove %s: %s", file, strerror(errno)) : 0;
}

int rs_outbound_cleanup(const struct rs_outbound_config *config, struct rs_err *err)
{
	int r = remove_table(config, err);
	return r < 0 ? r : restore(config, err);
}
