// SPDX-License-Identifier: BSD-2-Clause
/*
 * clsact filters, for kernels without TCX. Agents stand side by side at one
 * priority, each with a handle of its own; the qdisc is made when there is none
 * and goes with the last filter.
 */
#include "dp/internal.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/classifier.h>
#include <string.h>

/* Our place among clsact filters: early, and recognisable. Agents stand side by side at one priority, each with a
 * handle of its own. The bit says that the qdisc came with agents, and goes with the last of them. */
#define RS_CLSACT_PRIORITY    1
#define RS_CLSACT_HANDLE      0x526f0000
#define RS_CLSACT_HANDLE_MASK 0xffff0000
#define RS_CLSACT_MADE_QDISC  0x8000

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

unsigned rs_clsact_flags(unsigned ifindex, unsigned old)
{
	bool made = (old & RS_IFACE_CLSACT_QDISC) || !has_clsact(ifindex) || is_agents_qdisc(ifindex);
	return RS_IFACE_CLSACT | (made ? RS_IFACE_CLSACT_QDISC : 0);
}

int rs_clsact_attach(struct rs_dp *dp, unsigned ifindex, int program, unsigned flags, struct rs_err *err)
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

void rs_clsact_detach(const char *bpf_dir, unsigned ifindex, const struct rs_iface *iface)
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

bool rs_clsact_stands(const char *bpf_dir, unsigned ifindex, const struct rs_iface *iface)
{
	if (!(iface->flags & RS_IFACE_CLSACT))
		return false;
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = clsact_handle(bpf_dir, iface->flags & RS_IFACE_CLSACT_QDISC),
		    .priority = RS_CLSACT_PRIORITY);
	return bpf_tc_query(&hook, &options) == 0;
}
