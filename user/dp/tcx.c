// SPDX-License-Identifier: BSD-2-Clause
/*
 * TCX links, and their place among the links of others. By bpf(2) itself:
 * libbpf 1.1 and Debian 12's linux/bpf.h know neither the attachment nor the
 * order (both came with 6.6).
 *
 * The order is the kernel's list of an interface: a program is put before or
 * after another, or at an end. A link that stands where it should is updated in
 * place; one that does not is followed by a new one in the right place, before
 * it goes itself. What others have put there is never touched.
 */
#include "dp/internal.h"

#include "base/mem.h"
#include "base/str.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* enum bpf_attach_type and the flags of an attachment, as 6.6 has them. */
#define TCX_INGRESS  46
#define FLAG_BEFORE  (1U << 3)
#define FLAG_AFTER   (1U << 4)
#define FLAG_ID	     (1U << 5)
#define PROGRAMS_MAX 64 /* BPF_MPROG_MAX */
#define PROGRAM_NAME 16 /* BPF_OBJ_NAME_LEN */

/* The parts of union bpf_attr that are newer than the header. */
struct create_attr {
	uint32_t program_fd;
	uint32_t ifindex;
	uint32_t attach_type;
	uint32_t flags;
	uint32_t relative_id;
	uint32_t pad;
	uint64_t expected_revision;
};

struct query_attr {
	uint32_t ifindex;
	uint32_t attach_type;
	uint32_t query_flags;
	uint32_t attach_flags;
	uint64_t program_ids;
	uint32_t count;
	uint32_t pad;
	uint64_t program_attach_flags;
	uint64_t link_ids;
	uint64_t link_attach_flags;
	uint64_t revision;
};

static int call_bpf(int command, void *attr, unsigned size)
{
	int r = (int)syscall(SYS_bpf, command, attr, size);
	return r < 0 ? -errno : r;
}

/* --- the order -------------------------------------------------------------------------------------------------- */

struct list {
	uint32_t ids[PROGRAMS_MAX];
	unsigned count;
};

static int read_list(unsigned ifindex, struct list *ret_list)
{
	struct query_attr attr = {
		.ifindex = ifindex,
		.attach_type = TCX_INGRESS,
		.program_ids = (uintptr_t)ret_list->ids,
		.count = PROGRAMS_MAX,
	};
	int r = call_bpf(BPF_PROG_QUERY, &attr, sizeof(attr));
	ret_list->count = r < 0 ? 0 : attr.count;
	return r == -ENOENT ? 0 : r; /* nothing was ever attached there */
}

/* Where the program stands, or the length of the list. */
static unsigned position(const struct list *list, uint32_t id)
{
	unsigned at = 0;
	while (at < list->count && list->ids[at] != id)
		at++;
	return at;
}

static bool is_named(uint32_t id, const char *name)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	rs_auto_fd int fd = bpf_prog_get_fd_by_id(id);
	/* The kernel keeps fifteen characters. */
	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
	       strncmp(info.name, name, PROGRAM_NAME - 1) == 0;
}

/* The program that the order names, by its number or its name; 0 when it is not on the list. */
static uint32_t find_other(const struct list *list, const struct rs_tcx_order *order, uint32_t own)
{
	long long id;
	bool is_number = rs_str_to_long(order->program, 1, UINT32_MAX, &id) == 0;
	for (unsigned i = 0; i < list->count; i++) {
		if (list->ids[i] != own &&
		    (is_number ? list->ids[i] == (uint32_t)id : is_named(list->ids[i], order->program)))
			return list->ids[i];
	}
	return 0;
}

static bool is_in_place(const struct list *list, const struct rs_tcx_order *order, uint32_t own, uint32_t other)
{
	unsigned at = position(list, own);
	if (at == list->count)
		return false;
	switch (order->place) {
	case RS_TCX_FIRST:
		return at == 0;
	case RS_TCX_LAST:
		return at == list->count - 1;
	case RS_TCX_BEFORE:
		return !other || at < position(list, other);
	case RS_TCX_AFTER:
		return !other || at > position(list, other);
	case RS_TCX_PLACE_COUNT:
		break;
	}
	return false;
}

/* With no other program named, before and after mean: of all. */
static struct create_attr create_attr(int program, unsigned ifindex, const struct rs_tcx_order *order, uint32_t other)
{
	bool is_before = order->place == RS_TCX_FIRST || order->place == RS_TCX_BEFORE;
	return (struct create_attr){
		.program_fd = (uint32_t)program,
		.ifindex = ifindex,
		.attach_type = TCX_INGRESS,
		.flags = (is_before ? FLAG_BEFORE : FLAG_AFTER) | (other ? FLAG_ID : 0),
		.relative_id = other,
	};
}

/* --- links ------------------------------------------------------------------------------------------------------ */

bool rs_dp_probe_tcx(struct rs_dp *dp)
{
	/* rouse1 is ours and exists: a link there is real, and closed at once. */
	static const struct rs_tcx_order last = {.place = RS_TCX_LAST};
	struct create_attr attr = create_attr(rs_dp_program_fd(dp, RS_DP_CLIENT), dp->config.rouse1_ifindex, &last, 0);
	rs_auto_fd int fd = call_bpf(BPF_LINK_CREATE, &attr, sizeof(attr));
	return fd >= 0;
}

/* The pinned link's program, if the link stands on this interface; 0 = none. */
static uint32_t pinned_program(int link, unsigned ifindex)
{
	struct bpf_link_info info = {.type = 0};
	__u32 size = sizeof(info);
	return link >= 0 && bpf_obj_get_info_by_fd(link, &info, &size) == 0 && info.xdp.ifindex == ifindex
		       ? info.prog_id
		       : 0;
}

/* A new link in the right place, and then its pin in the old one's: a kill in between leaves the old one as it was, and
 * beside it a pin that the next attachment removes. */
static int replace(int old, const char *path, const char *path_new, struct create_attr *attr, struct rs_err *err)
{
	rs_dp_drop_link(path_new);
	rs_auto_fd int fd = call_bpf(BPF_LINK_CREATE, attr, sizeof(*attr));
	if (fd < 0)
		return rs_err_set(err, fd, "cannot attach to TCX ingress of interface %u: %s", attr->ifindex,
				  strerror(-fd));
	int r = bpf_obj_pin(fd, path_new);
	if (r == 0 && rename(path_new, path) < 0)
		r = -errno;
	if (r < 0)
		return rs_err_set(err, r, "cannot pin %s: %s", path, strerror(-r));
	if (old >= 0)
		bpf_link_detach(old);
	return 0;
}

int rs_tcx_attach(struct rs_dp *dp, unsigned ifindex, int program, struct rs_err *err)
{
	rs_auto_free char *path = rs_dp_pin_path(dp, RS_PIN_TCX, ifindex);
	rs_auto_free char *path_new = rs_dp_pin_path(dp, RS_PIN_TCX_NEW, ifindex);
	if (!path || !path_new)
		return rs_err_set(err, -ENOMEM, "out of memory");
	struct list list;
	int r = read_list(ifindex, &list);
	if (r < 0)
		return rs_err_set(err, r, "cannot read the TCX programs of interface %u: %s", ifindex, strerror(-r));
	rs_auto_fd int old = bpf_obj_get(path);
	const struct rs_tcx_order *order = &dp->tcx_order;
	uint32_t own = pinned_program(old, ifindex);
	bool is_relative = order->place == RS_TCX_BEFORE || order->place == RS_TCX_AFTER;
	uint32_t other = is_relative ? find_other(&list, order, own) : 0;
	if (own && is_in_place(&list, order, own, other) && bpf_link_update(old, program, NULL) == 0)
		return 0;
	struct create_attr attr = create_attr(program, ifindex, order, other);
	return replace(old, path, path_new, &attr, err);
}
