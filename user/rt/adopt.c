// SPDX-License-Identifier: BSD-2-Clause
/* Instances outlive their agent. What the next one needs to know stands in RUN/instances/ID. */
#include "rt/internal.h"

#include "base/files.h"
#include "base/mem.h"
#include "base/str.h"
#include "rt/record.h"
#include "sys/links.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static uint64_t pid_start(pid_t pid)
{
	char path[64], text[1024];
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return rs_read_small(path, text, sizeof(text)) > 0 ? rs_record_pid_start(text) : 0;
}

static char *record_path(const struct rs_rt *rt, uint32_t id)
{
	return rs_str_format("%s/%u", rt->records, id);
}

static char *partial_path(const struct rs_rt *rt, uint32_t id)
{
	return rs_str_format("%s/.%u", rt->records, id);
}

void rs_record_prepare(struct rs_box *box)
{
	rs_auto_free char *partial = partial_path(box->rt, box->instance.id);
	box->pid_start = pid_start(box->instance.pid);
	box->record = partial ? open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
}

/* Written aside and renamed: a record is whole or not there. It need not survive a reboot, so no fsync. */
void rs_record_save(struct rs_box *box)
{
	struct rs_record record = {.instance = box->instance, .pid_start = box->pid_start};
	rs_auto_free char *path = record_path(box->rt, box->instance.id);
	rs_auto_free char *partial = partial_path(box->rt, box->instance.id);
	rs_auto_free char *text = rs_record_print(&record);
	rs_auto_fd int fd = rs_take_fd(box->record);
	size_t length = text ? strlen(text) : 0;
	/* Without a record the instance works all the same, and the next agent starts another. */
	if (path && partial &&
	    (!text || fd < 0 || write(fd, text, length) != (ssize_t)length || rename(partial, path) < 0))
		unlink(partial);
}

void rs_record_delete(struct rs_box *box)
{
	rs_auto_free char *path = record_path(box->rt, box->instance.id);
	rs_auto_free char *partial = partial_path(box->rt, box->instance.id);
	if (path)
		unlink(path);
	if (partial)
		unlink(partial);
}

/* True when the record tells of a process that runs, in its own cgroup and namespace, behind its link. */
static bool is_true(struct rs_rt *rt, uint32_t id, const struct rs_record *record, int pidfd)
{
	const struct rs_rt_instance *instance = &record->instance;
	char name[32], path[96], link[RS_SANDBOX_NAME_MAX + 1], actual[IF_NAMESIZE] = "";
	struct stat status;
	snprintf(name, sizeof(name), "%s-%u", rt->config.name, id);
	snprintf(path, sizeof(path), RS_SANDBOX_NETNS_DIR "/%s", name);
	rs_rt_link_name(rt->config.name, id, link);
	if_indextoname(instance->ifindex, actual);
	/* A pidfd can be read once its process has ended, also while nobody has waited for it. */
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};
	const struct rs_address address6 = rs_rt_address6(&rt->config.range6, id);
	return pidfd >= 0 && poll(&ended, 1, 0) == 0 && instance->id == id && rs_str_equal(instance->name, name) &&
	       instance->address.s_addr == rs_rt_address(rt->config.range, rt->config.range_bits, id).s_addr &&
	       rs_address_equal(&instance->address6, &address6) && rs_str_equal(actual, link) &&
	       stat(path, &status) == 0 && status.st_ino == instance->netns_inode && record->pid_start &&
	       pid_start(instance->pid) == record->pid_start && rs_cgroup_has(name, instance->pid);
}

/* Fills the box from its record. Returns false when there is nothing to adopt. */
static bool adopt(struct rs_box *box)
{
	struct rs_rt *rt = box->rt;
	struct rs_rt_instance *instance = &box->instance;
	char text[RS_RECORD_BYTES_MAX];
	struct rs_record record;
	rs_auto_free char *path = record_path(rt, instance->id);
	if (!path || rs_read_small(path, text, sizeof(text)) < 0 || rs_record_parse(text, &record) < 0)
		return false;
	rs_auto_fd int pidfd = (int)syscall(SYS_pidfd_open, record.instance.pid, 0);
	if (!is_true(rt, instance->id, &record, pidfd))
		return false;
	record.instance.exec_ns = 0;
	record.instance.mtu = rs_link_mtu(record.instance.ifindex);
	memcpy(record.instance.mac, instance->mac, 6);
	memcpy(record.instance.host_mac, instance->host_mac, 6);
	*instance = record.instance;
	box->pidfd = rs_take_fd(pidfd);
	box->pid_start = record.pid_start;
	box->state = RS_BOX_RUNNING;
	box->announced = true;
	/* An earlier agent may have frozen it; rs_rt_stop() has to know. */
	box->frozen = rs_cgroup_is_frozen(&rt->cgroups, instance->name);
	/* Its agent may have been killed before it named the log. */
	box->unsettled = true;
	rs_box_settle(box);
	return rs_box_watch(box) == 0;
}

/* Makes a box of every id that `directory` has a name for. */
static int find_in(struct rs_rt *rt, const char *directory, const char *prefix)
{
	DIR *stream = opendir(directory);
	if (!stream)
		return errno == ENOENT ? 0 : -errno;
	int r = 0;
	for (struct dirent *entry; r == 0 && (entry = readdir(stream));) {
		uint32_t id = rs_rt_id_of(entry->d_name, prefix);
		if (id && id <= RS_INSTANCES_MAX && !rt->boxes[id] && !rs_box_new(rt, id))
			r = -ENOMEM;
	}
	closedir(stream);
	return r;
}

int rs_rt_adopt(struct rs_rt *rt, void (*each)(void *user, struct rs_rt_instance *instance), struct rs_err *err)
{
	char prefix[64];
	snprintf(prefix, sizeof(prefix), "%s-", rt->config.name);
	int r = find_in(rt, rt->records, "");
	if (r == 0)
		r = find_in(rt, RS_SANDBOX_NETNS_DIR, prefix);
	for (int h = 0; r == 0 && h < RS_HIERARCHY_COUNT; h++) {
		if (*rt->cgroups.path[h])
			r = find_in(rt, rt->cgroups.path[h], prefix);
	}
	if (r < 0)
		return rs_err_set(err, r, "cannot look for instances of an earlier agent: %s", strerror(-r));
	for (uint32_t id = 1; id <= RS_INSTANCES_MAX; id++) {
		struct rs_box *box = rt->boxes[id];
		if (!box || box->state != RS_BOX_BUILDING || box->pidfd >= 0)
			continue; /* not from the search above */
		if (adopt(box)) {
			if (each)
				each(rt->user, &box->instance);
		} else {
			box->announced = false;
			rs_removal_start(box);
		}
	}
	return 0;
}
