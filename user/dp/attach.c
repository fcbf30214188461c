// SPDX-License-Identifier: BSD-2-Clause
/*
 * Attachment to TC ingress: TCX links where the kernel has them, else clsact
 * filters. Links are pinned as links/IFINDEX, so that the dataplane outlives
 * the agent and the next agent can swap the program without a gap. Programs of
 * others are neither replaced nor detached.
 */
#include "dp/internal.h"

#include "base/mem.h"
#include "base/str.h"
#include "rouse.skel.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>

/* bpf_attach_type of TCX ingress (6.6); Debian 12's linux/bpf.h is older. */
#define RS_BPF_TCX_INGRESS 46
/* Our place among clsact filters: early, and recognisable. */
#define RS_CLSACT_PRIORITY 1
#define RS_CLSACT_HANDLE   0x526f

static char *pin_path(const struct rs_dp *dp, unsigned ifindex)
{
	return rs_str_format("%s/links/%u", dp->bpf_dir, ifindex);
}

bool rs_dp_probe_tcx(struct rs_dp *dp)
{
	/* rouse1 is ours and exists: a link there is real, and closed at once. */
	int fd = bpf_link_create(rs_dp_program_fd(dp, RS_DP_CLIENT), (int)dp->config.rouse1_ifindex, RS_BPF_TCX_INGRESS,
				 NULL);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

const char *rs_dp_hook_name(const struct rs_dp *dp)
{
	return dp->use_tcx ? "tcx" : "clsact";
}

/* The program's pinned link on this very interface is swapped to `program`; -ENOENT when there is none. */
static int update_link(const char *path, int program, unsigned ifindex)
{
	rs_auto_fd int fd = bpf_obj_get(path);
	if (fd < 0)
		return -ENOENT;
	/* A link whose interface went away is defunct: it says -ENOLINK, and its pin is stale. */
	int r = bpf_link_update(fd, program, NULL);
	if (r < 0) {
		unlink(path);
		return -ENOENT;
	}
	(void)ifindex;
	return 0;
}

static int attach_tcx(struct rs_dp *dp, unsigned ifindex, int program, struct rs_err *err)
{
	rs_auto_free char *path = pin_path(dp, ifindex);
	if (!path)
		return -ENOMEM;
	if (update_link(path, program, ifindex) == 0)
		return 0;
	rs_auto_fd int fd = bpf_link_create(program, (int)ifindex, RS_BPF_TCX_INGRESS, NULL);
	if (fd < 0)
		return rs_err_set(err, fd, "cannot attach to TCX ingress of interface %u: %s", ifindex, strerror(-fd));
	int r = bpf_obj_pin(fd, path);
	if (r < 0)
		return rs_err_set(err, r, "cannot pin %s: %s", path, strerror(-r));
	return 0;
}

static int attach_clsact(unsigned ifindex, int program, struct rs_err *err)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = RS_CLSACT_HANDLE, .priority = RS_CLSACT_PRIORITY,
		    .prog_fd = program, .flags = BPF_TC_F_REPLACE);
	int r = bpf_tc_hook_create(&hook);
	if (r < 0 && r != -EEXIST)
		return rs_err_set(err, r, "cannot create clsact on interface %u: %s", ifindex, strerror(-r));
	r = bpf_tc_attach(&hook, &options);
	if (r < 0)
		return rs_err_set(err, r, "cannot attach to clsact ingress of interface %u: %s", ifindex, strerror(-r));
	return 0;
}

int rs_dp_attach(struct rs_dp *dp, unsigned ifindex, enum rs_dp_side side, enum rs_way way, struct rs_err *err)
{
	struct rs_iface iface = {.way = way};
	int r = bpf_map_update_elem(bpf_map__fd(dp->skeleton->maps.ifaces), &ifindex, &iface, BPF_ANY);
	if (r < 0)
		return rs_err_set(err, r, "cannot write the map ifaces: %s", strerror(-r));
	int program = rs_dp_program_fd(dp, side);
	return dp->use_tcx ? attach_tcx(dp, ifindex, program, err) : attach_clsact(ifindex, program, err);
}

/* Removes our filter, and the qdisc when nobody else has a filter in it. */
static void detach_clsact(unsigned ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = RS_CLSACT_HANDLE, .priority = RS_CLSACT_PRIORITY);
	bpf_tc_detach(&hook, &options);
}

int rs_dp_detach(struct rs_dp *dp, unsigned ifindex)
{
	rs_auto_free char *path = pin_path(dp, ifindex);
	if (!path)
		return -ENOMEM;
	unlink(path); /* the link goes with its last reference */
	if (!dp->use_tcx)
		detach_clsact(ifindex);
	bpf_map_delete_elem(bpf_map__fd(dp->skeleton->maps.ifaces), &ifindex);
	return 0;
}

void rs_dp_prune(struct rs_dp *dp)
{
	int map = bpf_map__fd(dp->skeleton->maps.ifaces);
	unsigned key, next;
	unsigned *previous = NULL;
	char name[IF_NAMESIZE];
	while (bpf_map_get_next_key(map, previous, &next) == 0) {
		if (previous && !if_indextoname(key, name))
			rs_dp_detach(dp, key);
		key = next;
		previous = &key;
	}
	if (previous && !if_indextoname(key, name))
		rs_dp_detach(dp, key);
}

static int unlink_all(const char *dir)
{
	DIR *stream = opendir(dir);
	if (!stream)
		return errno == ENOENT ? 0 : -errno;
	int r = 0;
	for (struct dirent *entry; (entry = readdir(stream));) {
		if (entry->d_name[0] == '.')
			continue;
		if (unlinkat(dirfd(stream), entry->d_name, 0) < 0 && errno != EISDIR && errno != ENOENT)
			r = -errno;
	}
	closedir(stream);
	return r;
}

int rs_dp_cleanup(const char *bpf_dir, struct rs_err *err)
{
	rs_auto_free char *links = rs_str_format("%s/links", bpf_dir);
	rs_auto_free char *ifaces = rs_str_format("%s/ifaces", bpf_dir);
	if (!links || !ifaces)
		return -ENOMEM;
	int map = bpf_obj_get(ifaces);
	if (map >= 0) {
		unsigned key, *previous = NULL;
		while (bpf_map_get_next_key(map, previous, &key) == 0) {
			detach_clsact(key);
			previous = &key;
		}
		close(map);
	}
	int r = unlink_all(links);
	if (r == 0)
		r = unlink_all(bpf_dir);
	if (r == 0 &&
	    ((rmdir(links) < 0 && errno != ENOENT) || (rmdir(bpf_dir) < 0 && errno != ENOENT && errno != EBUSY)))
		r = -errno;
	return r < 0 ? rs_err_set(err, r, "cannot remove the pins in %s: %s", bpf_dir, strerror(-r)) : 0;
}
