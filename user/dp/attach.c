// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which program stands on which interface: one hook each, XDP, TCX or clsact.
 * Links are pinned, so that the dataplane outlives the agent and the next agent
 * swaps the program without a gap. From one hook to another the new one stands
 * before the old one goes: what both see in between belongs to one of them only,
 * because nothing that the first one serves is for the second one any more.
 * Programs of others are neither replaced nor detached.
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

char *rs_dp_pin_path(const struct rs_dp *dp, enum rs_pin pin, unsigned ifindex)
{
	static const char *const prefix[] = {[RS_PIN_TCX] = "", [RS_PIN_TCX_NEW] = "new-", [RS_PIN_XDP] = "xdp-"};
	return rs_str_format("%s/links/%s%u", dp->bpf_dir, prefix[pin], ifindex);
}

const char *rs_dp_hook_name(const struct rs_dp *dp)
{
	return dp->use_tcx ? "tcx" : "clsact";
}

/* Without its pin the link would go too, but from a work queue some time later: until then packets still meet it, and a
 * new link is refused. Other kinds of links than ours to interfaces are left to that. */
void rs_dp_drop_link(const char *path)
{
	rs_auto_fd int fd = bpf_obj_get(path);
	if (fd >= 0)
		bpf_link_detach(fd);
	unlink(path);
}

static void drop_link_of(const struct rs_dp *dp, enum rs_pin pin, unsigned ifindex)
{
	rs_auto_free char *path = rs_dp_pin_path(dp, pin, ifindex);
	if (path)
		rs_dp_drop_link(path);
}

/* A link whose interface went away, or that somebody detached, has none. All kinds of links to an interface begin their
 * part of the information with its number; Debian 12's header does not know TCX. */
static bool stands(const struct rs_dp *dp, enum rs_pin pin, unsigned ifindex)
{
	struct bpf_link_info info = {.type = 0};
	__u32 size = sizeof(info);
	rs_auto_free char *path = rs_dp_pin_path(dp, pin, ifindex);
	rs_auto_fd int fd = path ? bpf_obj_get(path) : -1;
	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.xdp.ifindex == ifindex;
}

/* --- attaching -------------------------------------------------------------------------------------------------- */

static int write_iface(struct rs_dp *dp, unsigned ifindex, const struct rs_iface *iface, struct rs_err *err)
{
	int r = bpf_map_update_elem(bpf_map__fd(dp->skeleton->maps.ifaces), &ifindex, iface, BPF_ANY);
	return r < 0 ? rs_err_set(err, r, "cannot write the map ifaces: %s", strerror(-r)) : 0;
}

/* The entry as it is, but for what `side` and `way` say: which hook stands there changes when it does. */
static struct rs_iface read_iface(struct rs_dp *dp, unsigned ifindex, enum rs_dp_side side, enum rs_way way)
{
	struct rs_iface iface = {0};
	bpf_map_lookup_elem(bpf_map__fd(dp->skeleton->maps.ifaces), &ifindex, &iface);
	iface.way = way;
	iface.flags = (iface.flags & ~(unsigned)RS_IFACE_UPLINK) | (side == RS_DP_UPLINK ? RS_IFACE_UPLINK : 0);
	return iface;
}

int rs_dp_attach(struct rs_dp *dp, unsigned ifindex, enum rs_dp_side side, enum rs_way way, struct rs_err *err)
{
	struct rs_iface iface = read_iface(dp, ifindex, side, way), old = iface;
	if (!dp->use_tcx)
		iface.flags |= rs_clsact_flags(ifindex, old.flags);
	/* The way back first: a program that ran without it would leave replies to the stack. */
	int r = write_iface(dp, ifindex, &iface, err);
	int program = rs_dp_program_fd(dp, side);
	if (r == 0)
		r = dp->use_tcx ? rs_tcx_attach(dp, ifindex, program, err)
				: rs_clsact_attach(dp, ifindex, program, iface.flags, err);
	if (r < 0)
		return r;
	/* Of an agent that used another hook: a packet must meet us once. */
	drop_link_of(dp, RS_PIN_XDP, ifindex);
	if (dp->use_tcx) {
		rs_clsact_detach(dp->bpf_dir, ifindex, &old);
		iface.flags &= ~(unsigned)(RS_IFACE_CLSACT | RS_IFACE_CLSACT_QDISC);
	} else {
		drop_link_of(dp, RS_PIN_TCX, ifindex);
	}
	iface.flags &= ~(unsigned)(RS_IFACE_XDP_GENERIC | RS_IFACE_XDP_VETH);
	return write_iface(dp, ifindex, &iface, err);
}

int rs_dp_attach_xdp(struct rs_dp *dp, unsigned ifindex, enum rs_dp_side side, enum rs_way way, unsigned modes,
		     struct rs_err *err)
{
	int r = rs_xdp_load(dp, err);
	if (r < 0)
		return r;
	/* The kernel does not change a link's mode: TC takes over for as long as there is none. */
	unsigned mode = stands(dp, RS_PIN_XDP, ifindex) ? rs_xdp_mode(ifindex) : 0;
	if (mode && !(mode & modes)) {
		r = rs_dp_attach(dp, ifindex, side, way, err);
		if (r < 0)
			return r;
	}
	struct rs_iface iface = read_iface(dp, ifindex, side, way), old = iface;
	r = write_iface(dp, ifindex, &iface, err);
	if (r == 0)
		r = rs_xdp_attach(dp, ifindex, modes, err);
	if (r < 0)
		return r;
	rs_clsact_detach(dp->bpf_dir, ifindex, &old);
	drop_link_of(dp, RS_PIN_TCX, ifindex);
	iface.flags &= ~(unsigned)(RS_IFACE_CLSACT | RS_IFACE_CLSACT_QDISC | RS_IFACE_XDP_GENERIC | RS_IFACE_XDP_VETH);
	iface.flags |= rs_xdp_flags(ifindex);
	return write_iface(dp, ifindex, &iface, err);
}

void rs_dp_iface_mtu(struct rs_dp *dp, unsigned ifindex, unsigned mtu)
{
	int map = bpf_map__fd(dp->skeleton->maps.ifaces);
	struct rs_iface iface;
	if (bpf_map_lookup_elem(map, &ifindex, &iface) < 0 || iface.mtu == mtu)
		return;
	iface.mtu = mtu;
	bpf_map_update_elem(map, &ifindex, &iface, BPF_EXIST);
}

int rs_dp_detach(struct rs_dp *dp, unsigned ifindex)
{
	drop_link_of(dp, RS_PIN_XDP, ifindex);
	drop_link_of(dp, RS_PIN_TCX, ifindex);
	drop_link_of(dp, RS_PIN_TCX_NEW, ifindex);
	int map = bpf_map__fd(dp->skeleton->maps.ifaces);
	struct rs_iface iface;
	if (bpf_map_lookup_elem(map, &ifindex, &iface) == 0)
		rs_clsact_detach(dp->bpf_dir, ifindex, &iface);
	bpf_map_delete_elem(map, &ifindex);
	return 0;
}

const char *rs_dp_hook_at(const struct rs_dp *dp, unsigned ifindex)
{
	struct rs_iface iface;
	if (stands(dp, RS_PIN_XDP, ifindex))
		return rs_xdp_mode(ifindex) == RS_XDP_GENERIC ? "xdp-generic" : "xdp";
	if (stands(dp, RS_PIN_TCX, ifindex))
		return "tcx";
	if (bpf_map_lookup_elem(bpf_map__fd(dp->skeleton->maps.ifaces), &ifindex, &iface) < 0)
		return NULL;
	return rs_clsact_stands(dp->bpf_dir, ifindex, &iface) ? "clsact" : NULL;
}

/* --- removing --------------------------------------------------------------------------------------------------- */

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
			rs_clsact_detach(bpf_dir, key, &iface);
		previous = &key;
	}
	int r = drop_pins(links, rs_dp_drop_link);
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
