// SPDX-License-Identifier: BSD-2-Clause
#include "rt/sandbox/sandbox.h"

#include "rt/names.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int remove_named(const struct rs_sandbox_options *options, const char *name, const char *link,
			struct rs_err *err)
{
	/* In this order: when the cgroups are gone nothing of the instance runs any more. Tries everything. */
	int result = rs_groups_remove(options, name, err);
	int r = rs_mounts_unname_netns(name, err);
	if (r < 0)
		result = r;
	r = rs_network_delete_link(link, err);
	return r < 0 ? r : result;
}

int rs_sandbox_remove(const struct rs_sandbox_options *options, struct rs_err *err)
{
	if (!options->name || !options->link || !options->group_count)
		return rs_err_set(err, -EINVAL, "remove needs name, link and cgroup");
	if (options->log)
		unlink(options->log);
	return remove_named(options, options->name, options->link, err);
}

static int remove_id(const struct rs_sandbox_options *options, uint32_t id, struct rs_err *err)
{
	char name[64], link[IF_NAMESIZE];
	snprintf(name, sizeof(name), "%s-%u", options->name, id);
	snprintf(link, sizeof(link), "%s%u", options->link, id);
	return remove_named(options, name, link, err);
}

/* Whatever directory betrays an id: namespaces, and each hierarchy of cgroups. */
static int remove_found_in(const struct rs_sandbox_options *options, const char *directory, struct rs_err *err)
{
	DIR *stream = opendir(directory);
	if (!stream)
		return 0;
	char prefix[64];
	snprintf(prefix, sizeof(prefix), "%s-", options->name);
	int result = 0;
	for (struct dirent *entry; (entry = readdir(stream));) {
		uint32_t id = rs_rt_id_of(entry->d_name, prefix);
		int r = id ? remove_id(options, id, err) : 0;
		if (r < 0)
			result = r;
	}
	closedir(stream);
	return result;
}

static int remove_links(const struct rs_sandbox_options *options, struct rs_err *err)
{
	struct if_nameindex *links = if_nameindex();
	int result = 0;
	for (struct if_nameindex *link = links; link && link->if_index; link++) {
		int r = rs_rt_id_of(link->if_name, options->link) ? rs_network_delete_link(link->if_name, err) : 0;
		if (r < 0)
			result = r;
	}
	if_freenameindex(links);
	return result;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

static int remove_tree(const char *path, struct rs_err *err)
{
	if (!path || access(path, F_OK) < 0)
		return 0;
	if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0)
		return rs_err_set(err, -errno, "cannot remove %s: %m", path);
	return 0;
}

int rs_sandbox_cleanup(const struct rs_sandbox_options *options, struct rs_err *err)
{
	if (!options->name || !options->link || !options->group_count)
		return rs_err_set(err, -EINVAL, "cleanup needs name, link and cgroup");
	int result = remove_found_in(options, RS_SANDBOX_NETNS_DIR, err);
	for (size_t i = 0; i < options->group_count; i++) {
		int r = remove_found_in(options, options->groups[i], err);
		if (r < 0)
			result = r;
		/* Another agent's instances may be in it. */
		if (rmdir(options->groups[i]) < 0 && errno != ENOENT && errno != EBUSY && errno != ENOTEMPTY)
			result = rs_err_set(err, -errno, "cannot remove the cgroup %s: %m", options->groups[i]);
	}
	int r = remove_links(options, err);
	if (r == 0)
		r = remove_tree(options->records, err);
	if (r == 0)
		r = remove_tree(options->logs, err);
	return r < 0 ? r : result;
}
