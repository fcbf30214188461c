// SPDX-License-Identifier: BSD-2-Clause
/*
 * The XDP program and its links. It is an object of its own, over the maps of
 * the first: loaded when an interface first asks for it, so that a node without
 * an XDP uplink does not wait for its verification, and a kernel that refuses it
 * still has TC.
 */
#include "dp/internal.h"

#include "base/mem.h"
#include "rouse.skel.h"
#include "rouse_xdp.skel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef BPF_F_XDP_HAS_FRAGS
#define BPF_F_XDP_HAS_FRAGS (1U << 5)
#endif

/* --- the program ------------------------------------------------------------------------------------------------ */

static bool takes_frags_flag(void)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_flags = BPF_F_XDP_HAS_FRAGS);
	rs_auto_fd int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "probe", "GPL", pass, rs_array_length(pass), &options);
	return fd >= 0;
}

/* From 5.18 on a program may see frames in several buffers, but only from 6.3 on may it redirect them: the release that
 * gave devices their XDP features. Without it such frames are not for XDP, and the driver says so when the MTU asks for
 * them. */
static bool redirects_frags(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool is_known = btf && btf__find_by_name_kind(btf, "netdev_xdp_act", BTF_KIND_ENUM) > 0;
	btf__free(btf);
	return is_known;
}

/* Every map of the first object: pinned or not, there is one of each. */
static int share_maps(struct rs_dp *dp, struct rouse_xdp_bpf *xdp)
{
	struct bpf_map *map;
	bpf_object__for_each_map(map, xdp->obj)
	{
		const struct bpf_map *own = bpf_object__find_map_by_name(dp->skeleton->obj, bpf_map__name(map));
		if (bpf_map__is_internal(map))
			continue;
		int r = own ? bpf_map__reuse_fd(map, bpf_map__fd(own)) : -ENOENT;
		if (r == 0)
			r = bpf_map__set_pin_path(map, NULL); /* the first has pinned it */
		if (r < 0)
			return r;
	}
	return 0;
}

int rs_xdp_load(struct rs_dp *dp, struct rs_err *err)
{
	if (dp->xdp)
		return 0;
	struct rouse_xdp_bpf *xdp = rouse_xdp_bpf__open();
	if (!xdp)
		return rs_err_set(err, -errno, "cannot open the XDP object: %s", strerror(errno));
	if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_load_bytes, NULL) == 0) {
		rouse_xdp_bpf__destroy(xdp);
		return rs_err_set(err, -EOPNOTSUPP, "the kernel has no bpf_xdp_load_bytes, which came with 5.18");
	}
	bool has_frags = takes_frags_flag() && redirects_frags();
	memcpy((void *)&xdp->rodata->config, (const void *)&dp->skeleton->rodata->config, sizeof(struct rs_config));
	((struct rs_config *)&xdp->rodata->config)->xdp_has_frags = has_frags;
	if (has_frags)
		bpf_program__set_flags(xdp->progs.from_wire, BPF_F_XDP_HAS_FRAGS);
	int r = share_maps(dp, xdp);
	if (r == 0)
		r = rouse_xdp_bpf__load(xdp);
	if (r < 0) {
		rouse_xdp_bpf__destroy(xdp);
		return rs_err_set(err, r, "the kernel refuses the XDP program (%s)", strerror(-r));
	}
	dp->xdp = xdp;
	dp->xdp_has_frags = has_frags;
	return 0;
}

void rs_xdp_done(struct rs_dp *dp)
{
	if (dp->xdp)
		rouse_xdp_bpf__destroy(dp->xdp);
	dp->xdp = NULL;
}

bool rs_dp_xdp_has_frags(const struct rs_dp *dp)
{
	return dp->xdp_has_frags;
}

/* --- links ------------------------------------------------------------------------------------------------------ */

unsigned rs_xdp_mode(unsigned ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	if (bpf_xdp_query((int)ifindex, 0, &query) < 0)
		return 0;
	switch (query.attach_mode) {
	case XDP_ATTACHED_DRV:
		return RS_XDP_NATIVE;
	case XDP_ATTACHED_SKB:
		return RS_XDP_GENERIC;
	default:
		return 0;
	}
}

static bool is_veth(unsigned ifindex)
{
	struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq request = {.ifr_data = (char *)&driver};
	rs_auto_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && if_indextoname(ifindex, request.ifr_name) && ioctl(fd, SIOCETHTOOL, &request) == 0 &&
	       strcmp(driver.driver, "veth") == 0;
}

unsigned rs_xdp_flags(unsigned ifindex)
{
	return (rs_xdp_mode(ifindex) == RS_XDP_GENERIC ? RS_IFACE_XDP_GENERIC : 0) |
	       (is_veth(ifindex) ? RS_IFACE_XDP_VETH : 0);
}

/* Why the kernel refused: the program of somebody else, or the driver. */
static int explain(int code, unsigned ifindex, struct rs_err *err)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	char name[IF_NAMESIZE] = "";
	if_indextoname(ifindex, name);
	uint32_t id = bpf_xdp_query((int)ifindex, 0, &query) < 0 ? 0 : query.prog_id;
	if (!id && query.attach_mode == XDP_ATTACHED_MULTI)
		id = query.drv_prog_id ? query.drv_prog_id : query.skb_prog_id;
	if (id) {
		rs_auto_fd int fd = bpf_prog_get_fd_by_id(id);
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
			info.name[0] = '\0';
		return rs_err_set(err, code, "another XDP program stands on %s (%s, id %u)", name,
				  *info.name ? info.name : "nameless", id);
	}
	if (code == -EOPNOTSUPP)
		return rs_err_set(err, code, "the driver of %s has no native XDP", name);
	return rs_err_set(err, code, "the driver of %s refuses XDP (%s): its MTU, queues or LRO may be the cause", name,
			  strerror(-code));
}

static int create_link(struct rs_dp *dp, unsigned ifindex, unsigned modes)
{
	static const struct {
		unsigned mode;
		unsigned flags;
	} tries[] = {{RS_XDP_NATIVE, XDP_FLAGS_DRV_MODE}, {RS_XDP_GENERIC, XDP_FLAGS_SKB_MODE}};
	int r = -EOPNOTSUPP;
	for (size_t i = 0; i < rs_array_length(tries) && r < 0; i++) {
		LIBBPF_OPTS(bpf_link_create_opts, options, .flags = tries[i].flags);
		if (modes & tries[i].mode)
			r = bpf_link_create(bpf_program__fd(dp->xdp->progs.from_wire), (int)ifindex, BPF_XDP, &options);
	}
	return r;
}

int rs_xdp_attach(struct rs_dp *dp, unsigned ifindex, unsigned modes, struct rs_err *err)
{
	rs_auto_free char *path = rs_dp_pin_path(dp, RS_PIN_XDP, ifindex);
	if (!path)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rs_auto_fd int old = bpf_obj_get(path);
	int r = old < 0 ? -ENOLINK : bpf_link_update(old, bpf_program__fd(dp->xdp->progs.from_wire), NULL);
	if (r == 0)
		return 0;
	if (r != -ENOLINK)
		return rs_err_set(err, r, "the driver takes the new XDP program no more (%s)", strerror(-r));
	unlink(path); /* its interface went away */
	rs_auto_fd int fd = create_link(dp, ifindex, modes);
	if (fd < 0)
		return explain(fd, ifindex, err);
	r = bpf_obj_pin(fd, path);
	return r < 0 ? rs_err_set(err, r, "cannot pin %s: %s", path, strerror(-r)) : 0;
}
