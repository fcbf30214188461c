// SPDX-License-Identifier: BSD-2-Clause
/* The programs that see UDP sockets being bound: on the cgroup that all instances are below, by links that stay. */
#include "dp/internal.h"

#include "base/mem.h"
#include "base/str.h"
#include "rouse.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void rs_dp_choose_binds(struct rs_dp *dp)
{
	struct rouse_bpf *skeleton = dp->skeleton;
	dp->has_binds = libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_CGROUP_SOCK, NULL) == 1;
	bpf_program__set_autoload(skeleton->progs.on_bind4, dp->has_binds);
	bpf_program__set_autoload(skeleton->progs.on_bind6, dp->has_binds);
}

/* The new link stands before the old one goes: both say the same of a socket in between. Without its pin the old one
 * would go too, some time later. */
static int attach(const struct rs_dp *dp, const struct bpf_program *program, int cgroup, struct rs_err *err)
{
	const char *name = bpf_program__name(program);
	rs_auto_free char *path = rs_str_format("%s/links/%s", dp->bpf_dir, name);
	if (!path)
		return rs_err_set(err, -ENOMEM, "out of memory");
	rs_auto_fd int link =
		bpf_link_create(bpf_program__fd(program), cgroup, bpf_program__expected_attach_type(program), NULL);
	if (link < 0)
		return rs_err_set(err, link, "cannot attach %s to the instances' cgroup: %s", name, strerror(-link));
	rs_dp_drop_link(path);
	int r = bpf_obj_pin(link, path);
	return r < 0 ? rs_err_set(err, r, "cannot pin %s: %s", path, strerror(-r)) : 0;
}

int rs_dp_attach_binds(struct rs_dp *dp, const char *cgroup, struct rs_err *err)
{
	if (!dp->has_binds)
		return rs_err_set(err, -EOPNOTSUPP, "the kernel has no BPF programs for cgroups (CONFIG_CGROUP_BPF)");
	rs_auto_fd int fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return rs_err_set(err, -errno, "cannot open the cgroup %s: %m", cgroup);
	int r = attach(dp, dp->skeleton->progs.on_bind4, fd, err);
	return r < 0 ? r : attach(dp, dp->skeleton->progs.on_bind6, fd, err);
}

int rs_dp_cookie_set(struct rs_dp *dp, unsigned long long cookie, unsigned instance)
{
	return cookie ? bpf_map_update_elem(bpf_map__fd(dp->skeleton->maps.netns_cookies), &cookie, &instance, BPF_ANY)
		      : 0;
}

void rs_dp_cookie_delete(struct rs_dp *dp, unsigned long long cookie)
{
	bpf_map_delete_elem(bpf_map__fd(dp->skeleton->maps.netns_cookies), &cookie);
}

void rs_dp_cookies_sweep(struct rs_dp *dp, bool (*is_known)(void *user, unsigned instance), void *user)
{
	int map = bpf_map__fd(dp->skeleton->maps.netns_cookies);
	unsigned long long cookie, next;
	unsigned instance;
	bool more = bpf_map_get_next_key(map, NULL, &cookie) == 0;
	while (more) {
		more = bpf_map_get_next_key(map, &cookie, &next) == 0;
		if (bpf_map_lookup_elem(map, &cookie, &instance) == 0 && !is_known(user, instance))
			bpf_map_delete_elem(map, &cookie);
		cookie = next;
	}
}
