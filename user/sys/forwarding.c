// SPDX-License-Identifier: BSD-2-Clause
/*
 * The settings below /proc/sys/net by which packets are forwarded, and how each
 * was before: a note "KEY LINK" with the value (sys/undo.h). Links stand there
 * by their number: one may be renamed, and another may get its name.
 */
#include "sys/outbound.h"

#include "base/mem.h"
#include "base/str.h"
#include "sys/undo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* How many notes there may be before those of links that are gone are dropped. */
#define NOTES_BYTES_MAX 65536
/* Instead of a link's number. */
#define OF_ALL	   "all"
#define OF_DEFAULT "default"

/* What is changed for forwarding's sake. */
static const struct setting {
	const char *key; /* of its notes */
	const char *family;
	const char *name;
} settings[] = {
	{"forwarding", "ipv4", "forwarding"},
	{"forwarding6", "ipv6", "force_forwarding"},
	{"router6", "ipv6", "forwarding"},
	{"accept-ra", "ipv6", "accept_ra"},
};

enum { FORWARDING, FORWARDING6, ROUTER6, ACCEPT_RA };

static void print_path(const struct setting *setting, const char *link, char out[static 128])
{
	snprintf(out, 128, "/proc/sys/net/%s/conf/%s/%s", setting->family, link, setting->name);
}

static int read_setting(const struct setting *setting, const char *link, char *out, size_t size)
{
	char path[128];
	print_path(setting, link, path);
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

static int write_setting(const struct setting *setting, const char *link, const char *value)
{
	char path[128];
	print_path(setting, link, path);
	rs_auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

/* --- notes ------------------------------------------------------------------------------------------------------ */

/* Reads "KEY LINK". False when it is none of ours; no link ("") when that is gone. */
static bool read_key(const char *key, const struct setting **ret_setting, char ret_link[static IF_NAMESIZE])
{
	const char *space = strchr(key, ' ');
	unsigned ifindex;
	*ret_setting = NULL;
	for (size_t i = 0; space && i < rs_array_length(settings); i++) {
		if (strlen(settings[i].key) == (size_t)(space - key) && rs_str_starts_with(key, settings[i].key))
			*ret_setting = &settings[i];
	}
	if (!*ret_setting)
		return false;
	rs_str_copy(ret_link, IF_NAMESIZE, space + 1);
	if (!rs_str_equal(ret_link, OF_ALL) && !rs_str_equal(ret_link, OF_DEFAULT) &&
	    (sscanf(ret_link, "%u", &ifindex) != 1 || !if_indextoname(ifindex, ret_link)))
		ret_link[0] = '\0';
	return true;
}

static bool is_of_gone_link(const char *key)
{
	const struct setting *setting;
	char link[IF_NAMESIZE];
	return read_key(key, &setting, link) && !*link;
}

static int note(const struct rs_outbound_config *config, const struct setting *setting, const char *link,
		const char *value)
{
	char key[48];
	struct stat status;
	if (rs_str_equal(link, OF_ALL) || rs_str_equal(link, OF_DEFAULT))
		snprintf(key, sizeof(key), "%s %s", setting->key, link);
	else
		snprintf(key, sizeof(key), "%s %u", setting->key, if_nametoindex(link));
	rs_auto_free char *path = rs_str_format("%s/undo", config->run_dir);
	if (!path)
		return -ENOMEM;
	int r = stat(path, &status) == 0 && status.st_size > NOTES_BYTES_MAX
			? rs_undo_compact(config->run_dir, is_of_gone_link)
			: 0;
	return r < 0 ? r : rs_undo_note(config->run_dir, key, value);
}

/* --- changing --------------------------------------------------------------------------------------------------- */

/* From any value but `value`, if `only` is NULL; else only from that one. -ENOENT when the kernel has it not. */
static int change(const struct rs_outbound_config *config, const struct setting *setting, const char *link,
		  const char *only, const char *value)
{
	char before[16];
	int r = read_setting(setting, link, before, sizeof(before));
	if (r < 0 || rs_str_equal(before, value) || (only && !rs_str_equal(before, only)))
		return r;
	r = note(config, setting, link, before);
	return r < 0 ? r : write_setting(setting, link, value);
}

/* A host that begins to route goes on to hear of routers. */
static int keep_hearing_routers(const struct rs_outbound_config *config)
{
	DIR *stream = opendir("/proc/sys/net/ipv6/conf");
	int r = stream ? 0 : -errno;
	for (struct dirent *entry; r == 0 && (entry = readdir(stream));) {
		if (*entry->d_name != '.' && !rs_str_equal(entry->d_name, OF_ALL))
			r = change(config, &settings[ACCEPT_RA], entry->d_name, "1", "2");
		if (r == -ENOENT)
			r = 0; /* gone meanwhile */
	}
	if (stream)
		closedir(stream);
	return r;
}

static int allow_v6(const struct rs_outbound_config *config, const char *link)
{
	char value[16];
	int r = change(config, &settings[FORWARDING6], link, NULL, "1");
	if (r != -ENOENT || read_setting(&settings[ROUTER6], OF_ALL, value, sizeof(value)) < 0 ||
	    rs_str_equal(value, "1"))
		return r;
	r = keep_hearing_routers(config);
	return r < 0 ? r : change(config, &settings[ROUTER6], OF_ALL, NULL, "1");
}

int rs_outbound_allow(const struct rs_outbound_config *config, const char *link, struct rs_err *err)
{
	int r = if_nametoindex(link) ? change(config, &settings[FORWARDING], link, NULL, "1") : -ENOENT;
	if ((r == 0 || r == -ENOENT) && config->range[RS_V6].bits && if_nametoindex(link))
		r = allow_v6(config, link);
	return r < 0 && r != -ENOENT
		       ? rs_err_set(err, r, "cannot let %s forward packets of instances: %s", link, strerror(-r))
		       : 0;
}

int rs_outbound_undo(const char *key, const char *value, struct rs_err *err)
{
	const struct setting *setting;
	char link[IF_NAMESIZE], path[128];
	if (!read_key(key, &setting, link))
		return -ENOENT;
	int r = *link ? write_setting(setting, link, value) : 0;
	if (r == 0 || r == -ENOENT)
		return 0;
	print_path(setting, link, path);
	return rs_err_set(err, r, "cannot set %s back to %s: %s", path, value, strerror(-r));
}
