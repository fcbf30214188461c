// SPDX-License-Identifier: BSD-2-Clause
#include "cli/outside.h"

#include "base/files.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MESSAGE_MAX 640

struct look {
	struct rs_outside places;
	cJSON *parts;
	bool is_short_of_memory;
};

__attribute__((format(printf, 4, 5))) static void part(struct look *look, const char *name, bool ok, const char *format,
						       ...)
{
	char message[MESSAGE_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	cJSON *item = cJSON_CreateObject();
	if (!cJSON_AddStringToObject(item, "name", name) || !cJSON_AddBoolToObject(item, "ok", ok) ||
	    !cJSON_AddStringToObject(item, "message", message) || !cJSON_AddItemToArray(look->parts, item)) {
		cJSON_Delete(item);
		look->is_short_of_memory = true;
	}
}

void rs_outside_places(const char *socket, struct rs_outside *ret_places)
{
	struct rs_outside places = {0};
	const char *slash = strrchr(socket, '/');
	rs_str_copy(places.run_dir, sizeof(places.run_dir), slash ? socket : ".");
	if (slash)
		places.run_dir[(size_t)(slash - socket) < sizeof(places.run_dir) ? slash - socket : 0] = '\0';
	slash = strrchr(places.run_dir, '/');
	rs_str_copy(places.name, sizeof(places.name), slash ? slash + 1 : places.run_dir);
	snprintf(places.state_dir, sizeof(places.state_dir), "/var/lib/%s", places.name);
	snprintf(places.bpf_dir, sizeof(places.bpf_dir), "/sys/fs/bpf/%s", places.name);
	*ret_places = places;
}

/* Entries of a directory; a negative errno. */
static int count_entries(const char *path)
{
	DIR *directory = opendir(path);
	int count = 0;
	if (!directory)
		return -errno;
	for (struct dirent *entry; (entry = readdir(directory));)
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

/* The first process of that name; 0 when there is none. */
static long find_process(const char *name)
{
	long found = 0;
	DIR *processes = opendir("/proc");
	if (!processes)
		return 0;
	for (struct dirent *entry; !found && (entry = readdir(processes));) {
		char path[300], comm[32];
		long pid = strtol(entry->d_name, NULL, 10);
		snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
		if (pid <= 0 || rs_read_small(path, comm, sizeof(comm)) <= 0)
			continue;
		comm[strcspn(comm, "\n")] = '\0';
		if (rs_str_equal(comm, name))
			found = pid;
	}
	closedir(processes);
	return found;
}

/* --- the parts ---------------------------------------------------------------------------------------------------- */

static void look_at_agent(struct look *look, const char *socket, const char *why)
{
	long pid = find_process("roused");
	part(look, "agent", false, "%s", why);
	if (pid)
		part(look, "process", false,
		     "a roused runs as pid %ld: is it this one's, and stopped or stuck? Its log, and gdb -p %ld, tell",
		     pid, pid);
	else
		part(look, "process", false, "there is no process roused");
	if (access(socket, F_OK) == 0)
		part(look, "socket", true, "%s is there: the next agent takes its place", socket);
	else
		part(look, "socket", true, "%s: %s", socket, strerror(errno));
}

static void look_at_pins(struct look *look)
{
	struct statfs status;
	const char *directory = look->places.bpf_dir;
	if (statfs("/sys/fs/bpf", &status) < 0 || status.f_type != BPF_FS_MAGIC) {
		part(look, "pins", false, "there is no bpffs on /sys/fs/bpf: mount -t bpf bpf /sys/fs/bpf");
		return;
	}
	int count = count_entries(directory);
	if (count == -ENOENT)
		part(look, "pins", true, "none: no dataplane stands (nothing in %s)", directory);
	else if (count < 0)
		part(look, "pins", true, "%s: %s", directory, strerror(-count));
	else
		part(look, "pins", true,
		     "%d entries in %s: warm connections go on, new SYNs are held and expire. The next agent takes "
		     "them "
		     "over; roused --cleanup removes them",
		     count, directory);
}

static void look_at_links(struct look *look)
{
	char outer[IF_NAMESIZE], inner[IF_NAMESIZE];
	snprintf(outer, sizeof(outer), "%.12s0", look->places.name);
	snprintf(inner, sizeof(inner), "%.12s1", look->places.name);
	bool has_outer = if_nametoindex(outer), has_inner = if_nametoindex(inner);
	if (has_outer != has_inner)
		part(look, "links", false, "of the pair %s and %s one is left: the next agent makes both anew", outer,
		     inner);
	else
		part(look, "links", true, "%s and %s %s", outer, inner, has_outer ? "stand" : "are not there");
}

static void look_at_instances(struct look *look)
{
	char path[RS_OUTSIDE_PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/instances", look->places.run_dir);
	int count = count_entries(path);
	if (count > 0)
		part(look, "instances", true, "%d have records in %s: they run on, and the next agent adopts them",
		     count, path);
	else
		part(look, "instances", true, "none has a record in %s%s%s", path, count < 0 ? ": " : "",
		     count < 0 ? strerror(-count) : "");
}

static void look_at_store(struct look *look)
{
	char path[RS_OUTSIDE_PATH_MAX + 16];
	struct stat store;
	struct statvfs space;
	snprintf(path, sizeof(path), "%s/store.db", look->places.state_dir);
	if (stat(path, &store) < 0 || statvfs(path, &space) < 0)
		part(look, "store", errno == ENOENT, "%s: %s", path, strerror(errno));
	else
		part(look, "store", !(space.f_flag & ST_RDONLY), "%s, %lld KiB, %.1f GiB free%s", path,
		     (long long)store.st_size >> 10, (double)space.f_bavail * (double)space.f_frsize / (1 << 30),
		     space.f_flag & ST_RDONLY ? "; it is mounted read-only" : "");
}

static void look_at_kernel(struct look *look)
{
	struct utsname name = {0};
	uname(&name);
	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		part(look, "kernel", false,
		     "Linux %s: /sys/kernel/btf/vmlinux: %s: roused needs a kernel with CONFIG_DEBUG_INFO_BTF",
		     name.release, strerror(errno));
	else
		part(look, "kernel", true, "Linux %s: BTF", name.release);
}

cJSON *rs_outside_look(const char *socket, const char *why)
{
	struct look look = {0};
	cJSON *node = cJSON_CreateObject();
	cJSON *status = cJSON_AddStringToObject(node, "apiVersion", "rouse.dev/v1") &&
					cJSON_AddStringToObject(node, "kind", "NodeStatus")
				? cJSON_AddObjectToObject(node, "status")
				: NULL;
	look.parts = cJSON_AddBoolToObject(status, "answers", false) ? cJSON_AddArrayToObject(status, "parts") : NULL;
	rs_outside_places(socket, &look.places);
	if (look.parts) {
		look_at_agent(&look, socket, why);
		look_at_kernel(&look);
		look_at_pins(&look);
		look_at_links(&look);
		look_at_instances(&look);
		look_at_store(&look);
	}
	if (look.parts && !look.is_short_of_memory)
		return node;
	cJSON_Delete(node);
	return NULL;
}
