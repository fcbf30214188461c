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
#include <linux/pkt_sched.h>
#include <net/if.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/route/classifier.h>
#include <string.h>

/* bpf_attach_type of TCX ingress (6.6); Debian 12's linux/bpf.h is older. */
#define RS_BPF_TCX_INGRESS 46
#define RS_BPF_F_BEFORE	   8 /* with no other program named: before all */
/* Our place among clsact filters: early, and recognisable. Agents stand side by side at one priority, each with a
 * handle of its own. The bit says that the qdisc came with agents, and goes with the last of them. */
#define RS_CLSACT_PRIORITY    1
#define RS_CLSACT_HANDLE      0x526f0000
#define RS_CLSACT_HANDLE_MASK 0xffff0000
#define RS_CLSACT_MADE_QDISC  0x8000

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

/* Detaches now. Without its pin the link would go too, but from a work queue some time later: until then packets still
 * meet it, and a new link is refused. Other kinds of links than TCX are left to that. */
static void drop_link(const char *path)
{
	rs_auto_fd int fd = bpf_obj_get(path);
	if (fd >= 0)
		bpf_link_detach(fd);
	unlink(path);
}

/* The program's pinned link on this very interface is swapped to `program`; -ENOENT when there is none. */
static int update_link(const char *path, int program)
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
	return 0;
}

/* A link whose interface went away, or that somebody detached, has none. All kinds of links to an interface begin their
 * part of the information with its number; Debian 12's header does not know TCX. */
static bool stands(const char *path, unsigned ifindex)
{
	struct bpf_link_info info = {.type = 0};
	__u32 size = sizeof(info);
	rs_auto_fd int fd = bpf_obj_get(path);
	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.xdp.ifindex == ifindex;
}

static int attach_tcx(struct rs_dp *dp, unsigned ifindex, int program, struct rs_err *err)
{
	rs_auto_free char *path = pin_path(dp, ifindex);
	if (!path)
		return -ENOMEM;
	if (update_link(path, program) == 0)
		return 0;
	/* First, so that no program of others that accepts a packet hides it from ours; ours hides none. */
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = RS_BPF_F_BEFORE);
	rs_auto_fd int fd = bpf_link_create(program, (int)ifindex, RS_BPF_TCX_INGRESS, &options);
	if (fd < 0)
		return rs_err_set(err, fd, "cannot attach to TCX ingress of interface %u: %s", ifindex, strerror(-fd));
	int r = bpf_obj_pin(fd, path);
	if (r < 0)
		return rs_err_set(err, r, "cannot pin %s: %s", path, strerror(-r));
	return 0;
}

/* The handle of this agent's filters: its directory of pins tells it from others, also when only that is left. */
static unsigned clsact_handle(const char *bpf_dir, bool made_qdisc)
{
	unsigned hash = 2166136261U; /* FNV-1a */
	for (const char *at = bpf_dir; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 16777619U;
	hash = (hash ^ hash >> 15) & (RS_CLSACT_MADE_QDISC - 1);
	return RS_CLSACT_HANDLE | hash | (made_qdisc ? RS_CLSACT_MADE_QDISC : 0);
}

/* The filters of one direction. NULL when nobody can tell. */
static struct nl_cache *read_filters(unsigned ifindex, unsigned minor)
{
	struct nl_sock *socket = nl_socket_alloc();
	struct nl_cache *filters = NULL;
	if (socket && nl_connect(socket, NETLINK_ROUTE) == 0)
		rtnl_cls_alloc_cache(socket, (int)ifindex, TC_H_MAKE(TC_H_CLSACT, minor), &filters);
	nl_socket_free(socket);
	return filters;
}

/* True when the clsact qdisc has a filter in this direction, or nobody can tell. */
static bool has_filters(unsigned ifindex, unsigned minor)
{
	struct nl_cache *filters = read_filters(ifindex, minor);
	bool has = !filters || nl_cache_nitems(filters) > 0;
	nl_cache_free(filters);
	return has;
}

/* Another agent made the qdisc: whoever goes last removes it. */
static bool is_agents_qdisc(unsigned ifindex)
{
	struct nl_cache *filters = read_filters(ifindex, TC_H_MIN_INGRESS);
	bool made = false;
	for (struct nl_object *o = filters ? nl_cache_get_first(filters) : NULL; o; o = nl_cache_get_next(o)) {
		unsigned handle = rtnl_tc_get_handle(TC_CAST(o));
		made |= (handle & RS_CLSACT_HANDLE_MASK) == RS_CLSACT_HANDLE && (handle & RS_CLSACT_MADE_QDISC);
	}
	nl_cache_free(filters);
	return made;
}

static int note_qdisc(struct nl_msg *message, void *user)
{
	if (nlmsg_hdr(message)->nlmsg_type == RTM_NEWQDISC)
		*(bool *)user = true;
	return NL_OK;
}

/* True when there is a clsact or ingress qdisc. Where there never was one the kernel refuses the question; where one
 * was removed it may agree, and says nothing. */
static bool has_clsact(unsigned ifindex)
{
	struct nl_sock *socket = nl_socket_alloc();
	struct tcmsg question = {.tcm_family = AF_UNSPEC, .tcm_ifindex = (int)ifindex, .tcm_parent = TC_H_CLSACT};
	bool found = false;
	if (socket && nl_connect(socket, NETLINK_ROUTE) == 0 &&
	    nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, note_qdisc, &found) == 0 &&
	    nl_send_simple(socket, RTM_GETQDISC, NLM_F_ACK, &question, sizeof(question)) >= 0)
		nl_wait_for_ack(socket);
	nl_socket_free(socket);
	return found;
}

/* What the entry says when our filter stands. It is written before anything is made: a kill in between leaves nothing
 * that cleanup does not know of. */
static unsigned clsact_flags(unsigned ifindex, unsigned old)
{
	bool made = (old & RS_IFACE_CLSACT_QDISC) || !has_clsact(ifindex) || is_agents_qdisc(ifindex);
	return RS_IFACE_CLSACT | (made ? RS_IFACE_CLSACT_QDISC : 0);
}

static int attach_clsact(struct rs_dp *dp, unsigned ifindex, int program, unsigned flags, struct rs_err *err)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = clsact_handle(dp->bpf_dir, flags & RS_IFACE_CLSACT_QDISC),
		    .priority = RS_CLSACT_PRIORITY, .prog_fd = program, .flags = BPF_TC_F_REPLACE);
	int r = bpf_tc_hook_create(&hook);
	if (r < 0 && r != -EEXIST)
		return rs_err_set(err, r, "cannot create clsact on interface %u: %s", ifindex, strerror(-r));
	r = bpf_tc_attach(&hook, &options);
	if (r < 0)
		return rs_err_set(err, r, "cannot attach to clsact ingress of interface %u: %s", ifindex, strerror(-r));
	return 0;
}

/* Removes our filter, and the qdisc if it is the agents' and nobody else has put a filter in it. */
static void detach_clsact(const char *bpf_dir, unsigned ifindex, const struct rs_iface *iface)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = clsact_handle(bpf_dir, iface->flags & RS_IFACE_CLSACT_QDISC),
		    .priority = RS_CLSACT_PRIORITY);
	char name[IF_NAMESIZE];
	if (!(iface->flags & RS_IFACE_CLSACT) || !if_indextoname(ifindex, name))
		return;
	bpf_tc_detach(&hook, &options);
	if (!(iface->flags & RS_IFACE_CLSACT_QDISC) || has_filters(ifindex, TC_H_MIN_INGRESS) ||
	    has_filters(ifindex, TC_H_MIN_EGRESS))
		return;
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS; /* means the qdisc itself */
	bpf_tc_hook_destroy(&hook);
}

int rs_dp_attach(struct rs_dp *dp, unsigned ifindex, enum rs_dp_side side, enum rs_way way, struct rs_err *err)
{
	int map = bpf_map__fd(dp->skeleton->maps.ifaces);
	struct rs_iface old = {0};
	bpf_map_lookup_elem(map, &ifindex, &old);
	/* The way back first: a program that ran without it would leave replies to the stack. */
	unsigned kind = side == RS_DP_UPLINK ? RS_IFACE_UPLINK : 0;
	unsigned old_flags = old.flags & ~(unsigned)RS_IFACE_UPLINK;
	struct rs_iface iface = {.way = way,
				 .flags = kind | (dp->use_tcx ? old_flags : clsact_flags(ifindex, old_flags))};
	int r = bpf_map_update_elem(map, &ifindex, &iface, BPF_ANY);
	if (r < 0)
		return rs_err_set(err, r, "cannot write the map ifaces: %s", strerror(-r));
	int program = rs_dp_program_fd(dp, side);
	if (dp->use_tcx) {
		r = attach_tcx(dp, ifindex, program, err);
		if (r < 0)
			return r;
		/* Of an agent that used the other hook: a packet must meet us once. */
		detach_clsact(dp->bpf_dir, ifindex, &old);
		iface.flags = kind;
	} else {
		r = attach_clsact(dp, ifindex, program, iface.flags, err);
		if (r < 0)
			return r;
		rs_auto_free char *path = pin_path(dp, ifindex);
		if (path)
			drop_link(path);
	}
	r = bpf_map_update_elem(map, &ifindex, &iface, BPF_ANY);
	return r < 0 ? rs_err_set(err, r, "cannot write the map ifaces: %s", strerror(-r)) : 0;
}

int rs_dp_detach(struct rs_dp *dp, unsigned ifindex)
{
	rs_auto_free char *path = pin_path(dp, ifindex);
	if (!path)
		return -ENOMEM;
	drop_link(path);
	int map = bpf_map__fd(dp->skeleton->maps.ifaces);
	struct rs_iface iface;
	if (bpf_map_lookup_elem(map, &ifindex, &iface) == 0)
		detach_clsact(dp->bpf_dir, ifindex, &iface);
	bpf_map_delete_elem(map, &ifindex);
	return 0;
}

const char *rs_dp_hook_at(const struct rs_dp *dp, unsigned ifindex)
{
	struct rs_iface iface;
	rs_auto_free char *path = pin_path(dp, ifindex);
	if (path && stands(path, ifindex))
		return "tcx";
	if (bpf_map_lookup_elem(bpf_map__fd(dp->skeleton->maps.ifaces), &ifindex, &iface) < 0 ||
	    !(iface.flags & RS_IFACE_CLSACT))
		return NULL;
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = clsact_handle(dp->bpf_dir, iface.flags & RS_IFACE_CLSACT_QDISC),
		    .priority = RS_CLSACT_PRIORITY);
	return bpf_tc_query(&hook, &options) == 0 ? "clsact" : NULL;
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

static int drop_pins(const char *dir, void (*drop)(const char *path))
{
	DIR *stream = opendir(dir);
	if (!stream)
		return errno == ENOENT ? 0 : -errno;
	int r = 0;
	for (struct dirent *entry; r == 0 && (entry = readdir(stream));) {
		if (entry->d_name[0] == '.' || entry->d_type == DT_DIR)
			continue;
		rs_auto_free char *path = rs_str_format("%s/%s", dir, entry->d_name);
		if (path)
			drop(path);
		else
			r = -ENOMEM;
	}
	closedir(stream);
	return r;
}

static void drop_map(const char *path)
{
	unlink(path);
}

int rs_dp_remove_pins(const char *bpf_dir, struct rs_err *err)
{
	rs_auto_free char *links = rs_str_format("%s/links", bpf_dir);
	rs_auto_free char *ifaces = rs_str_format("%s/ifaces", bpf_dir);
	if (!links || !ifaces)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rs_auto_fd int map = bpf_obj_get(ifaces);
	unsigned key, *previous = NULL;
	while (map >= 0 && bpf_map_get_next_key(map, previous, &key) == 0) {
		struct rs_iface iface;
		if (bpf_map_lookup_elem(map, &key, &iface) == 0)
			detach_clsact(bpf_dir, key, &iface);
		previous = &key;
	}
	int r = drop_pins(links, drop_link);
	if (r == 0)
		r = drop_pins(bpf_dir, drop_map);
	if (r == 0 && rmdir(links) < 0 && errno != ENOENT)
		r = -errno;
	return r < 0 ? rs_err_set(err, r, "cannot remove the pins in %s: %s", bpf_dir, strerror(-r)) : 0;
}

int rs_dp_cleanup(const char *bpf_dir, struct rs_err *err)
{
	rs_auto_fd int lock = -1;
	if (access(bpf_dir, F_OK) < 0)
		return 0;
	int r = rs_dp_lock(bpf_dir, &lock, err);
	if (r == 0)
		r = rs_dp_remove_pins(bpf_dir, err);
	/* A mount of its own is somebody's, as is what else lies in it. */
	if (r == 0 && rmdir(bpf_dir) < 0 && errno != ENOENT && errno != EBUSY && errno != ENOTEMPTY)
		r = rs_err_set(err, -errno, "cannot remove %s: %s", bpf_dir, strerror(errno));
	return r;
}
