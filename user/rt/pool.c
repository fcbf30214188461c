// SPDX-License-Identifier: BSD-2-Clause
/* Sandboxes are built ahead of need, a few at a time, so that building never stands in front of a wake. */
#include "rt/internal.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "sys/links.h"
#include "sys/timer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Each takes a processor for some milliseconds, and the kernel's one lock of links for part of them. */
#define BUILDS_AT_ONCE 2
/* After a failure, doubled after each: what is broken (no helper, no cgroup) does not mend itself at once. The longest
 * is shorter than a hold may last, so that whoever waits is served when it is mended. */
#define REST_FIRST_NS RS_NS_PER_S
#define REST_MAX_NS   (16 * RS_NS_PER_S)

struct rs_box *rs_box_new(struct rs_rt *rt, uint32_t id)
{
	struct rs_box *box = calloc(1, sizeof(*box));
	if (!box)
		return NULL;
	box->rt = rt;
	box->pidfd = box->control = box->diag = box->record = -1;
	struct rs_rt_instance *instance = &box->instance;
	instance->id = id;
	snprintf(instance->name, sizeof(instance->name), "%s-%u", rt->config.name, id);
	instance->address = rs_rt_address(rt->config.range, rt->config.range_bits, id);
	instance->address6 = rs_rt_address6(&rt->config.range6, id);
	rs_rt_mac(instance->address, true, instance->mac);
	rs_rt_mac(instance->address, false, instance->host_mac);
	rt->boxes[id] = box;
	return box;
}

void rs_box_free(struct rs_box *box)
{
	sd_event_source_disable_unref(box->pid_source);
	sd_event_source_disable_unref(box->control_source);
	sd_event_source_disable_unref(box->kill_timer);
	if (box->pidfd >= 0)
		close(box->pidfd);
	if (box->control >= 0)
		close(box->control);
	if (box->diag >= 0)
		close(box->diag);
	if (box->record >= 0)
		close(box->record);
	box->rt->boxes[box->instance.id] = NULL;
	free(box);
}

static void pool_put(struct rs_rt *rt, struct rs_box *box)
{
	box->next = NULL;
	if (rt->pool_last)
		rt->pool_last->next = box;
	else
		rt->pool_first = box;
	rt->pool_last = box;
	rt->pooled++;
}

void rs_pool_drop(struct rs_rt *rt, struct rs_box *box)
{
	struct rs_box *before = NULL;
	for (struct rs_box *at = rt->pool_first; at; before = at, at = at->next) {
		if (at != box)
			continue;
		if (before)
			before->next = box->next;
		else
			rt->pool_first = box->next;
		if (rt->pool_last == box)
			rt->pool_last = before;
		box->next = NULL;
		rt->pooled--;
		return;
	}
}

struct rs_box *rs_pool_take(struct rs_rt *rt)
{
	struct rs_box *box = rt->pool_first;
	if (box)
		rs_pool_drop(rt, box);
	return box;
}

/* The next free id after the last one given: addresses rest as long as possible before they are used again. */
static uint32_t free_id(const struct rs_rt *rt)
{
	for (uint32_t i = 0; i < rt->config.max_instances; i++) {
		uint32_t id = (rt->last_id + i) % rt->config.max_instances + 1;
		if (!rt->boxes[id])
			return id;
	}
	return 0;
}

static void describe(struct rs_rt *rt, const struct rs_box *box, struct rs_job_args *args)
{
	char link[RS_SANDBOX_NAME_MAX + 1], address[INET_ADDRSTRLEN], gateway[INET_ADDRSTRLEN];
	rs_rt_link_name(rt->config.name, box->instance.id, link);
	inet_ntop(AF_INET, &box->instance.address, address, sizeof(address));
	inet_ntop(AF_INET, &rt->config.gateway, gateway, sizeof(gateway));
	rs_job_arg(args, "rouse-sandbox");
	rs_job_arg(args, "prepare");
	rs_job_arg(args, "name=%s", box->instance.name);
	rs_job_arg(args, "link=%s", link);
	rs_job_arg(args, "log=%s/%s.log", rt->waiting_logs, box->instance.name);
	rs_job_arg(args, "address=%s", address);
	rs_job_arg(args, "gateway=%s", gateway);
	rs_job_arg(args, "mtu=%u", rt->config.mtu);
	if (rt->config.range6.bits) {
		char address6[RS_ADDRESS_TEXT_MAX];
		rs_job_arg(args, "address6=%s", rs_address_print(&box->instance.address6, address6));
		rs_job_arg(args, "gateway6=%s", rs_address_print(&rt->config.gateway6, address6));
	}
	rs_job_arg(args, "hosts=%s", rt->config.hosts_file ? rt->config.hosts_file : "");
	rs_job_arg(args, "resolv-conf=%s", rt->config.resolv_conf ? rt->config.resolv_conf : "");
	rs_job_args_cgroups(args, &rt->cgroups);
}

static int build(struct rs_rt *rt, uint32_t id, struct rs_err *err)
{
	struct rs_box *box = rs_box_new(rt, id);
	if (!box)
		return rs_err_set(err, -ENOMEM, "out of memory");
	int ends[2];
	/* Blocking on the helper's side, which waits in recv(); the agent's asks for MSG_DONTWAIT. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		int r = rs_err_set(err, -errno, "cannot make a socket pair: %m");
		rs_box_free(box);
		return r;
	}
	box->control = ends[0];
	rs_auto_fd int theirs = ends[1];
	struct rs_job_args args = {.count = 0};
	describe(rt, box, &args);
	int r = rs_job_spawn(rt->config.sandbox_helper, &args, theirs, -1, &box->instance.pid, &box->pidfd);
	rs_job_args_done(&args);
	if (r < 0)
		rs_err_set(err, r, "cannot run %s: %s", rt->config.sandbox_helper, strerror(-r));
	else if ((r = rs_box_watch(box)) < 0)
		rs_err_set(err, r, "cannot watch a sandbox: %s", strerror(-r));
	if (r < 0) {
		/* The helper finds its socket closed and ends. */
		rs_box_free(box);
		return r;
	}
	rt->last_id = id;
	rt->building++;
	return 0;
}

void rs_pool_rest(struct rs_rt *rt)
{
	uint64_t now_ns = rs_now_ns();
	/* Of two that are built at a time both fail. */
	if (now_ns < rt->pool_rest_until_ns)
		return;
	rt->pool_rest_ns = rt->pool_rest_ns ? 2 * rt->pool_rest_ns : REST_FIRST_NS;
	if (rt->pool_rest_ns > REST_MAX_NS)
		rt->pool_rest_ns = REST_MAX_NS;
	rt->pool_rest_until_ns = now_ns + rt->pool_rest_ns;
}

static int on_pool_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_rt *rt = user;
	(void)source;
	(void)usec;
	struct rs_err err = {0};
	while (rt->building < BUILDS_AT_ONCE && rt->pooled + rt->building < rt->config.pool_size) {
		uint32_t id = free_id(rt);
		if (!id)
			return 0; /* a removal makes room, and comes back here */
		if (build(rt, id, &err) < 0) {
			rs_err_prefix(&err, "cannot prepare a sandbox");
			rs_pool_rest(rt);
			rs_pool_wanted(rt, 0);
			rt->callbacks.on_failed(rt->user, &err);
			return 0;
		}
	}
	return 0;
}

void rs_pool_wanted(struct rs_rt *rt, uint64_t delay_us)
{
	if (!rt->pool_open || rt->building >= BUILDS_AT_ONCE || rt->pooled + rt->building >= rt->config.pool_size)
		return;
	uint64_t at = rs_now_ns() + delay_us * RS_NS_PER_US;
	if (at < rt->pool_rest_until_ns)
		at = rt->pool_rest_until_ns;
	uint64_t due = 0;
	if (rs_timer_is_set(rt->pool_timer) && sd_event_source_get_time(rt->pool_timer, &due) >= 0 &&
	    due <= at / RS_NS_PER_US)
		return;
	if (rs_timer_at(rt->event, &rt->pool_timer, at, 0, on_pool_timer, rt) >= 0)
		sd_event_source_set_priority(rt->pool_timer, SD_EVENT_PRIORITY_NORMAL + 10);
}

void rs_pool_built(struct rs_box *box, const struct rs_report *report)
{
	struct rs_rt *rt = box->rt;
	rt->building--;
	rt->pool_rest_ns = 0;
	box->state = RS_BOX_POOLED;
	box->announced = true;
	box->instance.ifindex = report->ifindex;
	box->instance.netns_inode = report->netns_inode;
	box->instance.netns_cookie = report->netns_cookie;
	box->instance.mtu = rs_link_mtu(report->ifindex);
	rs_record_prepare(box);
	pool_put(rt, box);
	rs_pool_wanted(rt, 0);
	rt->callbacks.on_prepared(rt->user, &box->instance);
}

void rs_pool_build_failed(struct rs_box *box)
{
	struct rs_rt *rt = box->rt;
	struct rs_err err;
	rs_err_set(&err, box->failure ? -box->failure : -EIO, "cannot prepare a sandbox: %s",
		   *box->failure_text ? box->failure_text : "the helper ended before the sandbox was built");
	rt->building--;
	rs_pool_rest(rt);
	rs_removal_start(box);
	rs_pool_wanted(rt, 0);
	rt->callbacks.on_failed(rt->user, &err);
}
