// SPDX-License-Identifier: BSD-2-Clause
/* Removal by the helper: deleting a link waits for the kernel's grace periods, which the agent must not. */
#include "rt/internal.h"

#include "sys/timer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REMOVALS_AT_ONCE 4
#define TIMEOUT_MS	 30000
#define AGAIN_MS	 2000

static void run_next(struct rs_rt *rt);

static void put_last(struct rs_box *box)
{
	struct rs_rt *rt = box->rt;
	box->next = NULL;
	if (rt->removal_last)
		rt->removal_last->next = box;
	else
		rt->removal_first = box;
	rt->removal_last = box;
}

static int on_turn(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_box *box = user;
	(void)source;
	(void)usec;
	box->kill_timer = sd_event_source_disable_unref(box->kill_timer);
	put_last(box);
	run_next(box->rt);
	return 0;
}

static void come_back(struct rs_box *box, uint64_t after_ms)
{
	box->kill_timer = sd_event_source_disable_unref(box->kill_timer);
	rs_timer_after(box->rt->event, &box->kill_timer, after_ms * 1000, 1000, on_turn, box);
}

static void failed(struct rs_box *box, const char *text)
{
	struct rs_rt *rt = box->rt;
	struct rs_err err;
	rs_err_set(&err, -EIO, "cannot remove the sandbox %s, trying again: %s", box->instance.name, text);
	come_back(box, AGAIN_MS);
	rt->callbacks.on_trouble(rt->user, &err);
}

static void on_removed(void *user, enum rs_job_end end, int value, const char *text)
{
	struct rs_box *box = user;
	struct rs_rt *rt = box->rt;
	rt->removing--;
	if (end != RS_JOB_EXITED || value != 0) {
		failed(box, end == RS_JOB_TIMEOUT ? "it takes too long" : *text ? text : "the helper failed");
		run_next(rt);
		return;
	}
	rs_box_reap(box);
	rs_record_delete(box);
	if (box->announced)
		rt->callbacks.on_gone(rt->user, &box->instance);
	rs_box_free(box);
	run_next(rt);
	rs_pool_wanted(rt, 0);
}

static int remove_now(struct rs_box *box)
{
	struct rs_rt *rt = box->rt;
	char link[RS_SANDBOX_NAME_MAX + 1];
	struct rs_job_args args = {.count = 0};
	rs_rt_link_name(rt->config.name, box->instance.id, link);
	rs_job_arg(&args, "rouse-sandbox");
	rs_job_arg(&args, "remove");
	rs_job_arg(&args, "name=%s", box->instance.name);
	rs_job_arg(&args, "link=%s", link);
	rs_job_arg(&args, "log=%s/%s.log", rt->waiting_logs, box->instance.name);
	rs_job_args_cgroups(&args, &rt->cgroups);
	int r = rs_job_start(rt, &args, TIMEOUT_MS, on_removed, box, NULL);
	rs_job_args_done(&args);
	return r;
}

static void run_next(struct rs_rt *rt)
{
	while (rt->removal_first && rt->removing < REMOVALS_AT_ONCE) {
		struct rs_box *box = rt->removal_first;
		rt->removal_first = box->next;
		if (!rt->removal_first)
			rt->removal_last = NULL;
		box->next = NULL;
		int r = remove_now(box);
		if (r < 0)
			failed(box, strerror(-r));
		else
			rt->removing++;
	}
}

void rs_removal_start(struct rs_box *box)
{
	struct rs_rt *rt = box->rt;
	if (box->state == RS_BOX_POOLED)
		rs_pool_drop(rt, box);
	rs_box_settle(box);
	box->state = RS_BOX_REMOVING;
	box->rotation = rs_job_cancel(box->rotation);
	rs_probes_cancel(rt, box);
	come_back(box, 0);
}

int rs_rt_remove(struct rs_rt *rt, struct rs_rt_instance *instance)
{
	struct rs_box *box = rs_box_of(instance);
	(void)rt;
	if (box->state != RS_BOX_RUNNING && box->state != RS_BOX_EXITED)
		return box->state == RS_BOX_REMOVING ? 0 : -EINVAL;
	rs_removal_start(box);
	return 0;
}
