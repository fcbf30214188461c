// SPDX-License-Identifier: BSD-2-Clause
/*
 * What an agent changes on the host beside its own things: directories above
 * its own, the mounts that it needs, what cgroups pass on. Each is noted before
 * it is made (sys/undo.h), and `rouse cleanup` undoes it, unless somebody else
 * has put something there meanwhile.
 */
#include "agent/agent.h"

#include "base/mem.h"
#include "base/str.h"
#include "rt/cgroup.h"
#include "rt/message.h"
#include "sys/undo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/stat.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define BPFFS "/sys/fs/bpf"

/* --- noting ----------------------------------------------------------------------------------------------------- */

static int note(const struct rs_options *options, const char *what, const char *path, const char *value,
		struct rs_err *err)
{
	rs_auto_free char *key = rs_str_format("%s %s", what, path);
	int r = key ? rs_undo_note(options->run_dir, key, value) : -ENOMEM;
	return r < 0 ? rs_err_set(err, r, "cannot write %s/undo: %s", options->run_dir, strerror(-r)) : 0;
}

/* Notes the directories above `path` that are not there. */
static int note_parents(const struct rs_options *options, const char *path, struct rs_err *err)
{
	int r = 0;
	for (const char *slash = strchr(path + 1, '/'); r == 0 && slash; slash = strchr(slash + 1, '/')) {
		rs_auto_free char *parent = strndup(path, (size_t)(slash - path));
		if (!parent)
			return rs_err_set(err, -ENOMEM, "out of memory");
		if (access(parent, F_OK) < 0)
			r = note(options, "directory", parent, "", err);
	}
	return r;
}

static bool is_mount(const char *path)
{
	struct statx status;
	return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &status) == 0 &&
	       (status.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* The first sandbox makes the directory of names a mount, as `ip netns` does. */
static int note_namespaces(const struct rs_options *options, struct rs_err *err)
{
	int r = 0;
	if (access(RS_SANDBOX_NETNS_DIR, F_OK) < 0)
		r = note(options, "directory", RS_SANDBOX_NETNS_DIR, "", err);
	if (r == 0 && !is_mount(RS_SANDBOX_NETNS_DIR))
		r = note(options, "mount", RS_SANDBOX_NETNS_DIR, "", err);
	return r;
}

static int note_bpffs(const struct rs_options *options, struct rs_err *err)
{
	struct statfs fs;
	if (rs_str_starts_with(options->bpf_dir, BPFFS "/") && statfs(BPFFS, &fs) == 0 && fs.f_type != BPF_FS_MAGIC)
		return note(options, "mount", BPFFS, "", err);
	return 0;
}

static bool has_controller(const char *group, const char *file, const char *controller)
{
	rs_auto_free char *path = rs_str_format("%s/%s", group, file);
	char line[256] = "";
	FILE *stream = path ? fopen(path, "re") : NULL;
	if (!stream)
		return false;
	bool found = false;
	if (fgets(line, sizeof(line), stream)) {
		char *rest = line;
		for (char *word; !found && (word = strsep(&rest, " \n"));)
			found = rs_str_equal(word, controller);
	}
	fclose(stream);
	return found;
}

/* A group above ours begins to pass cpu and memory on to its children. */
static int note_controllers(const struct rs_options *options, const char *root, struct rs_err *err)
{
	static const char *const controllers[] = {"cpu", "memory"};
	int r = 0;
	for (const char *slash = strchr(root + 1, '/'); r == 0 && slash; slash = strchr(slash + 1, '/')) {
		rs_auto_free char *group = strndup(root, (size_t)(slash - root));
		if (!group)
			return rs_err_set(err, -ENOMEM, "out of memory");
		for (size_t i = 0; r == 0 && i < rs_array_length(controllers); i++) {
			if (has_controller(group, "cgroup.controllers", controllers[i]) &&
			    !has_controller(group, "cgroup.subtree_control", controllers[i]))
				r = note(options, i ? "memory-of" : "cpu-of", group, "", err);
		}
	}
	return r;
}

static int note_cgroups(const struct rs_options *options, struct rs_err *err)
{
	struct rs_cgroups cgroups;
	int r = rs_cgroups_find(&cgroups, options->cgroup_root, err);
	for (int h = 0; r == 0 && h < RS_HIERARCHY_COUNT; h++) {
		if (*cgroups.path[h])
			r = note_parents(options, cgroups.path[h], err);
	}
	return r < 0 ? r : note_controllers(options, cgroups.path[RS_HIERARCHY_UNIFIED], err);
}

int rs_traces_note(const struct rs_options *options, struct rs_err *err)
{
	int r = note_bpffs(options, err);
	if (r == 0)
		r = note_parents(options, options->bpf_dir, err);
	if (r == 0)
		r = note_parents(options, options->state_dir, err);
	if (r == 0)
		r = note_namespaces(options, err);
	return r < 0 ? r : note_cgroups(options, err);
}

int rs_traces_make_directory(const struct rs_options *options, const char *path, struct rs_err *err)
{
	/* The run directory's own parents can be noted only once it is there. */
	struct rs_buf made;
	rs_buf_init(&made, 4096);
	int r = 0;
	for (const char *slash = strchr(path + 1, '/'); r == 0 && slash; slash = strchr(slash + 1, '/')) {
		rs_auto_free char *parent = strndup(path, (size_t)(slash - path));
		if (!parent)
			r = -ENOMEM;
		else if (mkdir(parent, 0755) == 0)
			r = rs_buf_append(&made, parent, strlen(parent) + 1);
	}
	if (r == 0 && mkdir(path, 0755) < 0 && errno != EEXIST)
		r = -errno;
	if (r < 0)
		rs_err_set(err, r, "cannot create the directory %s: %s", path, strerror(-r));
	for (size_t at = 0; r == 0 && at < made.length; at += strlen(made.data + at) + 1)
		r = note(options, "directory", made.data + at, "", err);
	rs_buf_done(&made);
	return r;
}

/* --- undoing ---------------------------------------------------------------------------------------------------- */

static bool is_empty(const char *path)
{
	DIR *stream = opendir(path);
	bool empty = stream != NULL;
	for (struct dirent *entry; empty && (entry = readdir(stream));) {
		/* The kernel's own, in each bpffs. */
		bool is_kernels =
			rs_str_equal(entry->d_name, "maps.debug") || rs_str_equal(entry->d_name, "progs.debug");
		empty = is_kernels || rs_str_equal(entry->d_name, ".") || rs_str_equal(entry->d_name, "..");
	}
	if (stream)
		closedir(stream);
	return empty;
}

static int undo_directory(const char *path, struct rs_err *err)
{
	if (rmdir(path) == 0 || errno == ENOENT || errno == ENOTEMPTY || errno == EBUSY)
		return 0;
	return rs_err_set(err, -errno, "cannot remove the directory %s: %s", path, strerror(errno));
}

static int undo_mount(const char *path, struct rs_err *err)
{
	if (!is_mount(path) || !is_empty(path) || umount2(path, MNT_DETACH) == 0)
		return 0;
	return rs_err_set(err, -errno, "cannot unmount %s: %s", path, strerror(errno));
}

static int undo_controller(const char *group, const char *change)
{
	rs_auto_free char *path = rs_str_format("%s/cgroup.subtree_control", group);
	rs_auto_fd int fd = path ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	/* Others that need it by now keep it: the kernel refuses. */
	if (fd >= 0 && write(fd, change, strlen(change)) < 0)
		errno = 0;
	return 0;
}

static int undo(const char *key, const char *value, struct rs_err *err)
{
	const char *path = strchr(key, ' ');
	int r = rs_outbound_undo(key, value, err);
	if (r != -ENOENT || !path++)
		return r == -ENOENT ? 0 : r;
	if (rs_str_starts_with(key, "directory "))
		return undo_directory(path, err);
	if (rs_str_starts_with(key, "mount "))
		return undo_mount(path, err);
	if (rs_str_starts_with(key, "cpu-of "))
		return undo_controller(path, "-cpu");
	if (rs_str_starts_with(key, "memory-of "))
		return undo_controller(path, "-memory");
	return 0; /* a newer agent's */
}

/* --- another agent ---------------------------------------------------------------------------------------------- */

struct search {
	const struct rs_options *options;
	struct rs_agent_tag tag;
};

static int on_link(void *user, const struct rs_link_info *link)
{
	struct search *search = user;
	return link->kind == RS_LINK_AGENT && rs_agent_tag_parse(link->alias, &search->tag) == 0 &&
	       !rs_str_equal(search->tag.run_dir, search->options->run_dir) && access(search->tag.run_dir, W_OK) == 0;
}

int rs_traces_undo(const struct rs_options *options, struct rs_err *err)
{
	struct search search = {.options = options};
	int r = rs_links_each(on_link, &search, err);
	if (r < 0)
		return r;
	/* What is still in use is the other one's to undo. */
	return r > 0 ? rs_undo_hand_over(options->run_dir, search.tag.run_dir, err)
		     : rs_undo_run(options->run_dir, undo, err);
}
