// SPDX-License-Identifier: BSD-2-Clause
#include "rt/cgroup.h"

#include "base/files.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CPU_PERIOD_US 100000

static int write_text(const char *path, const char *text)
{
	rs_auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* Writes a file of an instance's group. */
static int write_file(const struct rs_cgroups *cgroups, enum rs_hierarchy hierarchy, const char *name, const char *file,
		      const char *text)
{
	char path[RS_CGROUP_PATH_MAX + 96];
	snprintf(path, sizeof(path), "%s/%s/%s", cgroups->path[hierarchy], name, file);
	return write_text(path, text);
}

static bool has_word(const char *list, const char *word, const char *separators)
{
	size_t length = strlen(word);
	while (*list) {
		size_t n = strcspn(list, separators);
		if (n == length && !strncmp(list, word, n))
			return true;
		list += n;
		list += strspn(list, separators);
	}
	return false;
}

static bool has_controller(const char *group, const char *controller)
{
	char path[RS_CGROUP_PATH_MAX + 32], line[256] = "";
	snprintf(path, sizeof(path), "%s/cgroup.controllers", group);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	bool found = fgets(line, sizeof(line), file) && has_word(line, controller, " \n");
	fclose(file);
	return found;
}

/* One line of mountinfo: "... MOUNTPOINT OPTIONS [TAGS] - TYPE SOURCE SUPEROPTIONS". */
static void read_mount(struct rs_cgroups *cgroups, char *line)
{
	char point[RS_CGROUP_PATH_MAX], type[32], options[256];
	char *tail = strstr(line, " - ");
	if (!tail || sscanf(line, "%*s %*s %*s %*s %191s", point) != 1 ||
	    sscanf(tail, " - %31s %*s %255s", type, options) != 2)
		return;
	if (rs_str_equal(type, "cgroup2"))
		rs_str_copy(cgroups->path[RS_HIERARCHY_UNIFIED], RS_CGROUP_PATH_MAX, point);
	if (!rs_str_equal(type, "cgroup"))
		return;
	if (has_word(options, "cpu", ","))
		rs_str_copy(cgroups->path[RS_HIERARCHY_CPU], RS_CGROUP_PATH_MAX, point);
	if (has_word(options, "memory", ","))
		rs_str_copy(cgroups->path[RS_HIERARCHY_MEMORY], RS_CGROUP_PATH_MAX, point);
}

static int find_mounts(struct rs_cgroups *cgroups, struct rs_err *err)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	if (!file)
		return rs_err_set(err, -errno, "cannot read /proc/self/mountinfo: %m");
	rs_auto_free char *line = NULL;
	size_t capacity = 0;
	while (getline(&line, &capacity, file) > 0)
		read_mount(cgroups, line);
	fclose(file);
	const char *unified = cgroups->path[RS_HIERARCHY_UNIFIED];
	char probe[RS_CGROUP_PATH_MAX + 32];
	snprintf(probe, sizeof(probe), "%s/cgroup.procs", unified);
	if (!*unified || access(probe, F_OK) < 0)
		return rs_err_set(err, -ENOENT,
				  "no cgroup version 2 hierarchy can be seen: mount one with `mount -t cgroup2 none "
				  "/sys/fs/cgroup/unified` (inside `ip netns exec` use `nsenter --net=` instead)");
	return 0;
}

static int append_root(char path[RS_CGROUP_PATH_MAX], const char *root)
{
	size_t length = strlen(path);
	int n = snprintf(path + length, RS_CGROUP_PATH_MAX - length, "/%s", root);
	return n < 0 || (size_t)n >= RS_CGROUP_PATH_MAX - length ? -ENAMETOOLONG : 0;
}

int rs_cgroups_find(struct rs_cgroups *cgroups, const char *root, struct rs_err *err)
{
	*cgroups = (struct rs_cgroups){.limits_cpu = false};
	int r = find_mounts(cgroups, err);
	if (r < 0)
		return r;
	for (int h = 0; h < RS_HIERARCHY_COUNT; h++) {
		if (*cgroups->path[h] && append_root(cgroups->path[h], root) < 0)
			return rs_err_set(err, -ENAMETOOLONG, "the cgroup's path %s is too long", cgroups->path[h]);
	}
	return 0;
}

/* mkdir -p, for a root of several levels. On version 2, cpu and memory are passed on to the children. */
static int make_group(const char *path, bool unified)
{
	char part[RS_CGROUP_PATH_MAX + 32];
	for (const char *at = strchr(path + 1, '/');; at = strchr(at + 1, '/')) {
		size_t length = at ? (size_t)(at - path) : strlen(path);
		memcpy(part, path, length);
		part[length] = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST && errno != EROFS)
			return -errno;
		if (unified) {
			/* One by one: a controller that is not there must not spoil the other. */
			snprintf(part + length, sizeof(part) - length, "/cgroup.subtree_control");
			(void)write_text(part, "+cpu");
			(void)write_text(part, "+memory");
		}
		if (!at)
			return 0;
	}
}

static void complain(struct rs_cgroups *cgroups)
{
	if (cgroups->limits_cpu && cgroups->limits_memory)
		return;
	snprintf(cgroups->complaint, sizeof(cgroups->complaint),
		 "limits of %s cannot be enforced: the controller is neither in %s nor in a hierarchy of its own",
		 cgroups->limits_cpu	  ? "memory"
		 : cgroups->limits_memory ? "cpu"
					  : "cpu and memory",
		 cgroups->path[RS_HIERARCHY_UNIFIED]);
}

int rs_cgroups_init(struct rs_cgroups *cgroups, const char *root, struct rs_err *err)
{
	int r = rs_cgroups_find(cgroups, root, err);
	if (r < 0)
		return r;
	const char *unified = cgroups->path[RS_HIERARCHY_UNIFIED];
	r = make_group(unified, true);
	if (r < 0)
		return rs_err_set(err, r, "cannot make the cgroup %s: %s", unified, strerror(-r));
	static const char *const controller[RS_HIERARCHY_COUNT] = {
		[RS_HIERARCHY_CPU] = "cpu",
		[RS_HIERARCHY_MEMORY] = "memory",
	};
	bool *const limits[RS_HIERARCHY_COUNT] = {
		[RS_HIERARCHY_CPU] = &cgroups->limits_cpu,
		[RS_HIERARCHY_MEMORY] = &cgroups->limits_memory,
	};
	for (int h = RS_HIERARCHY_CPU; h < RS_HIERARCHY_COUNT; h++) {
		bool in_unified = has_controller(unified, controller[h]);
		/* A version 1 hierarchy that cannot be written is as good as none. */
		if (in_unified || (*cgroups->path[h] && make_group(cgroups->path[h], false) < 0))
			*cgroups->path[h] = '\0';
		*limits[h] = in_unified || *cgroups->path[h];
	}
	complain(cgroups);
	return 0;
}

static int limit_cpu(const struct rs_cgroups *cgroups, const char *name, uint64_t millis)
{
	char text[64];
	uint64_t quota = millis * CPU_PERIOD_US / 1000;
	/* The kernel refuses quotas below a millisecond. */
	if (quota < 1000)
		quota = 1000;
	if (!*cgroups->path[RS_HIERARCHY_CPU]) {
		snprintf(text, sizeof(text), "%" PRIu64 " %d", quota, CPU_PERIOD_US);
		return write_file(cgroups, RS_HIERARCHY_UNIFIED, name, "cpu.max", text);
	}
	snprintf(text, sizeof(text), "%d", CPU_PERIOD_US);
	int r = write_file(cgroups, RS_HIERARCHY_CPU, name, "cpu.cfs_period_us", text);
	snprintf(text, sizeof(text), "%" PRIu64, quota);
	return r < 0 ? r : write_file(cgroups, RS_HIERARCHY_CPU, name, "cpu.cfs_quota_us", text);
}

static int limit_memory(const struct rs_cgroups *cgroups, const char *name, uint64_t bytes)
{
	char text[32];
	snprintf(text, sizeof(text), "%" PRIu64, bytes);
	if (*cgroups->path[RS_HIERARCHY_MEMORY])
		return write_file(cgroups, RS_HIERARCHY_MEMORY, name, "memory.limit_in_bytes", text);
	int r = write_file(cgroups, RS_HIERARCHY_UNIFIED, name, "memory.max", text);
	/* Out of memory ends the instance as a whole, not one of its processes. */
	(void)write_file(cgroups, RS_HIERARCHY_UNIFIED, name, "memory.oom.group", "1");
	return r;
}

int rs_cgroup_limit(const struct rs_cgroups *cgroups, const char *name, uint64_t cpu_millis, uint64_t memory_bytes)
{
	int r = cpu_millis && cgroups->limits_cpu ? limit_cpu(cgroups, name, cpu_millis) : 0;
	int m = memory_bytes && cgroups->limits_memory ? limit_memory(cgroups, name, memory_bytes) : 0;
	return r < 0 ? r : m;
}

/* Kernels before 5.14 have no cgroup.kill. Repeats while a fork may have slipped through. */
static int kill_one_by_one(const struct rs_cgroups *cgroups, const char *name)
{
	char path[RS_CGROUP_PATH_MAX + 96];
	snprintf(path, sizeof(path), "%s/%s/cgroup.procs", cgroups->path[RS_HIERARCHY_UNIFIED], name);
	for (int round = 0; round < 16; round++) {
		FILE *file = fopen(path, "re");
		if (!file)
			return -errno;
		int pid, found = 0;
		while (fscanf(file, "%d", &pid) == 1)
			found += kill(pid, SIGKILL) == 0;
		fclose(file);
		if (!found)
			return 0;
	}
	return -EAGAIN;
}

int rs_cgroup_kill(const struct rs_cgroups *cgroups, const char *name)
{
	int r = write_file(cgroups, RS_HIERARCHY_UNIFIED, name, "cgroup.kill", "1");
	return r == -ENOENT || r == -EACCES ? kill_one_by_one(cgroups, name) : r;
}

int rs_cgroup_freeze(const struct rs_cgroups *cgroups, const char *name, bool frozen)
{
	return write_file(cgroups, RS_HIERARCHY_UNIFIED, name, "cgroup.freeze", frozen ? "1" : "0");
}

bool rs_cgroup_is_frozen(const struct rs_cgroups *cgroups, const char *name)
{
	char path[RS_CGROUP_PATH_MAX + 96], state = '0';
	snprintf(path, sizeof(path), "%s/%s/cgroup.freeze", cgroups->path[RS_HIERARCHY_UNIFIED], name);
	rs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, &state, 1) == 1 && state == '1';
}

bool rs_cgroup_ran_out_of_memory(const struct rs_cgroups *cgroups, const char *name)
{
	char path[RS_CGROUP_PATH_MAX + 96], text[1024];
	/* One file of either version, with a line "oom_kill N" among others. */
	if (*cgroups->path[RS_HIERARCHY_MEMORY])
		snprintf(path, sizeof(path), "%s/%s/memory.oom_control", cgroups->path[RS_HIERARCHY_MEMORY], name);
	else
		snprintf(path, sizeof(path), "%s/%s/memory.events", cgroups->path[RS_HIERARCHY_UNIFIED], name);
	if (rs_read_small(path, text, sizeof(text)) < 0)
		return false;
	const char *line = strstr(text, "oom_kill ");
	unsigned long long kills = 0;
	return line && sscanf(line, "oom_kill %llu", &kills) == 1 && kills;
}

int64_t rs_cgroup_memory(const struct rs_cgroups *cgroups, const char *name)
{
	char path[RS_CGROUP_PATH_MAX + 96], text[32];
	long long bytes;
	if (*cgroups->path[RS_HIERARCHY_MEMORY])
		snprintf(path, sizeof(path), "%s/%s/memory.usage_in_bytes", cgroups->path[RS_HIERARCHY_MEMORY], name);
	else
		snprintf(path, sizeof(path), "%s/%s/memory.current", cgroups->path[RS_HIERARCHY_UNIFIED], name);
	ssize_t length = rs_read_small(path, text, sizeof(text));
	if (length < 0)
		return length;
	text[strcspn(text, "\n")] = '\0';
	return rs_str_to_long(text, 0, INT64_MAX, &bytes) < 0 ? -EIO : bytes;
}

bool rs_cgroup_has(const char *name, int pid)
{
	char path[64], line[512], tail[96];
	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	snprintf(tail, sizeof(tail), "/%s\n", name);
	bool found = false;
	while (!found && fgets(line, sizeof(line), file)) {
		size_t length = strlen(line), tail_length = strlen(tail);
		found = !strncmp(line, "0::", 3) && length >= tail_length && !strcmp(line + length - tail_length, tail);
	}
	fclose(file);
	return found;
}
