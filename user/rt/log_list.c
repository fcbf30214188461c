// SPDX-License-Identifier: BSD-2-Clause
#include "rt/log_list.h"

#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define LEVELS	 3 /* namespace, service, revision */
#define SERVICES 1 /* the level of a namespace's services */

struct walk {
	const struct rs_log_filter *filter;
	int (*each)(void *user, const struct rs_log_file *file);
	int (*each_service)(void *user, const char *namespace, const char *service); /* NULL = go on to the files */
	void *user;
	const char *names[LEVELS];
};

static bool is_wanted(const char *filter, const char *name)
{
	return !filter || strcmp(filter, name) == 0;
}

static uint64_t bytes_of(int directory, const char *name, const char *suffix)
{
	char path[RS_LOG_NAME_MAX + 16];
	struct stat status;
	snprintf(path, sizeof(path), "%s%s", name, suffix);
	return fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) == 0 ? (uint64_t)status.st_blocks * 512 : 0;
}

/* The sandbox locked it when it made it (prepare.c), and the lock lives as long as somebody has the file open for
 * writing: it tells who runs also when no agent has looked for a while. */
static bool is_locked(int directory, const char *name)
{
	rs_auto_fd int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static int visit_file(struct walk *walk, const char *directory_path, int directory, const char *name)
{
	char instance[RS_LOG_NAME_MAX], base[RS_LOG_NAME_MAX], path[PATH_MAX];
	struct stat status;
	struct rs_log_file file = {
		.path = path,
		.namespace = walk->names[0],
		.service = walk->names[1],
		.revision = walk->names[2],
		.instance = instance,
		.name = base,
	};
	if (rs_log_name_parse(name, instance, sizeof(instance), &file.started_ms) < 0)
		return 0;
	snprintf(base, sizeof(base), "%.*s", (int)(strlen(name) - strlen(RS_LOG_SUFFIX)), name);
	if (!is_wanted(walk->filter->instance, instance) || !is_wanted(walk->filter->name, base) ||
	    snprintf(path, sizeof(path), "%s/%s", directory_path, name) >= (int)sizeof(path) ||
	    fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode))
		return 0;
	file.changed_ms = (uint64_t)status.st_mtim.tv_sec * 1000 + (uint64_t)status.st_mtim.tv_nsec / 1000000;
	file.bytes = bytes_of(directory, name, "") + bytes_of(directory, name, RS_LOG_OLD_SUFFIX) +
		     bytes_of(directory, name, RS_LOG_TIMES_SUFFIX);
	file.is_written = is_locked(directory, name);
	return walk->each(walk->user, &file);
}

static int visit(struct walk *walk, const char *path, unsigned level)
{
	const char *const filters[LEVELS] = {walk->filter->namespace, walk->filter->service, walk->filter->revision};
	DIR *stream = opendir(path);
	if (!stream)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	int r = 0;
	for (struct dirent *entry; r == 0 && (entry = readdir(stream));) {
		if (entry->d_name[0] == '.')
			continue;
		if (level == LEVELS) {
			r = visit_file(walk, path, dirfd(stream), entry->d_name);
			continue;
		}
		if (!is_wanted(filters[level], entry->d_name))
			continue;
		if (level == SERVICES && walk->each_service) {
			r = walk->each_service(walk->user, walk->names[0], entry->d_name);
			continue;
		}
		rs_auto_free char *below = rs_str_format("%s/%s", path, entry->d_name);
		walk->names[level] = entry->d_name;
		r = below ? visit(walk, below, level + 1) : -ENOMEM;
	}
	closedir(stream);
	return r;
}

int rs_log_list_each(const char *logs, const struct rs_log_filter *filter,
		     int (*each)(void *user, const struct rs_log_file *file), void *user)
{
	struct walk walk = {.filter = filter, .each = each, .user = user};
	return visit(&walk, logs, 0);
}

int rs_log_list_services(const char *logs, const struct rs_log_filter *filter,
			 int (*each)(void *user, const char *namespace, const char *service), void *user)
{
	struct walk walk = {.filter = filter, .each_service = each, .user = user};
	return visit(&walk, logs, 0);
}

void rs_log_remove(const char *path)
{
	static const char *const suffixes[] = {RS_LOG_OLD_SUFFIX, RS_LOG_TIMES_SUFFIX, ""};
	char part[PATH_MAX];
	for (size_t i = 0; i < rs_array_length(suffixes); i++) {
		if (snprintf(part, sizeof(part), "%s%s", path, suffixes[i]) < (int)sizeof(part))
			unlink(part);
	}
	/* One that is not empty stays. */
	rs_str_copy(part, sizeof(part), path);
	for (unsigned level = 0; level < LEVELS; level++) {
		char *slash = strrchr(part, '/');
		if (!slash || slash == part)
			break;
		*slash = '\0';
		if (rmdir(part) < 0)
			break;
	}
}
