// SPDX-License-Identifier: BSD-2-Clause
#include "cli/dump/outside.h"

#include "abi/version.h"
#include "base/files.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/lock.h"

#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
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

/* --- the parts ---------------------------------------------------------------------------------------------------- */

static void look_at_process(struct look *look, const char *lock, pid_t pid)
{
	char path[64], text[4096];
	const char *state = NULL;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (rs_read_small(path, text, sizeof(text)) > 0)
		state = strstr(text, "\nState:\t");
	switch (state ? state[strlen("\nState:\t")] : 'X') {
	case 'X':
	case 'Z':
		part(look, "process", false, "pid %d has ended, and its parent does not collect it", (int)pid);
		break;
	case 'T':
	case 't':
		part(look, "process", false, "pid %d has the lock %s, and is stopped: kill -CONT %d lets it go on",
		     (int)pid, lock, (int)pid);
		break;
	default:
		part(look, "process", false,
		     "pid %d has the lock %s: it starts, or is stuck. Its log, and gdb -p %d, tell", (int)pid, lock,
		     (int)pid);
		break;
	}
}

static void look_at_agent(struct look *look, const char *socket, const char *why)
{
	char lock[RS_OUTSIDE_PATH_MAX + 8];
	part(look, "agent", false, "%s", why);
	/* Whoever has the lock is this agent, and no other that runs here, nor a process that got its pid since. */
	snprintf(lock, sizeof(lock), "%s/lock", look->places.run_dir);
	pid_t pid = rs_lock_holder(lock);
	if (pid > 0)
		look_at_process(look, lock, pid);
	else if (pid == 0)
		part(look, "process", false, "none: nobody has the lock %s", lock);
	else
		part(look, "process", false, "%s: %s", lock,
		     pid == -EBUSY ? "a process that is not seen from here has the lock" : strerror(-pid));
	if (access(socket, F_OK) == 0)
		part(look, "socket", true, "%s is there: the next agent takes its place", socket);
	else
		part(look, "socket", errno == ENOENT, "%s: %s", socket,
		     errno == ENOENT ? "is not there; the agent makes it" : strerror(errno));
}

/* The version of the pinned maps, by the system calls that it takes: their one entry never changes its layout
 * (abi/version.h). 0 when it cannot be read. */
static unsigned read_abi(const char *directory)
{
	char path[RS_OUTSIDE_PATH_MAX + 8];
	struct rs_abi abi = {0};
	uint32_t zero = 0;
	snprintf(path, sizeof(path), "%s/abi", directory);
	union bpf_attr open = {.pathname = (uint64_t)(uintptr_t)path};
	rs_auto_fd int map = (int)syscall(SYS_bpf, BPF_OBJ_GET, &open, sizeof(open));
	if (map < 0)
		return 0;
	union bpf_attr info_of = {0};
	struct bpf_map_info info = {0};
	info_of.info.bpf_fd = (uint32_t)map;
	info_of.info.info_len = sizeof(info);
	info_of.info.info = (uint64_t)(uintptr_t)&info;
	/* The kernel writes as much as the map says: nothing else is read into our entry. */
	if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &info_of, sizeof(info_of)) < 0 || info.value_size != sizeof(abi) ||
	    info.key_size != sizeof(zero))
		return 0;
	union bpf_attr look_up = {0};
	look_up.map_fd = (uint32_t)map;
	look_up.key = (uint64_t)(uintptr_t)&zero;
	look_up.value = (uint64_t)(uintptr_t)&abi;
	return syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &look_up, sizeof(look_up)) < 0 ? 0 : abi.version;
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
	else if (read_abi(directory) && read_abi(directory) != RS_ABI_VERSION)
		part(look, "pins", false,
		     "%d entries in %s are of ABI %u, those of this version have %d: start the roused that made them, "
		     "or end warm connections with roused --cleanup",
		     count, directory, read_abi(directory), RS_ABI_VERSION);
	else
		part(look, "pins", true,
		     "%d entries in %s%s: warm connections go on, new SYNs are held and expire. The next agent takes "
		     "them over; roused --cleanup removes them",
		     count, directory, read_abi(directory) ? ", of this version's ABI" : "");
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
