// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a start leaves to do: giving the log its name takes longer than the
 * start itself, and nobody needs it at once. The record is not left for later:
 * it stands before the program runs.
 */
#include "rt/internal.h"

#include "base/files.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/timer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SETTLE_AFTER_US (5 * 1000)

static void name_log(struct rs_box *box)
{
	const char *path = box->instance.log_path;
	rs_auto_free char *waiting = rs_str_format("%s/%s.log", box->rt->waiting_logs, box->instance.name);
	if (!waiting)
		return;
	if (rename(waiting, path) < 0 && errno == ENOENT && rs_make_directories_of(path) == 0)
		rename(waiting, path);
}

void rs_box_settle(struct rs_box *box)
{
	if (!box->unsettled)
		return;
	box->unsettled = false;
	name_log(box);
}

static int on_settle(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_rt *rt = user;
	(void)source;
	(void)usec;
	for (uint32_t id = 1; id <= RS_INSTANCES_MAX; id++) {
		if (rt->boxes[id])
			rs_box_settle(rt->boxes[id]);
	}
	return 0;
}

void rs_box_settle_later(struct rs_box *box)
{
	struct rs_rt *rt = box->rt;
	box->unsettled = true;
	if (rs_timer_is_set(rt->settle_timer))
		return;
	if (rs_timer_after(rt->event, &rt->settle_timer, SETTLE_AFTER_US, 1000, on_settle, rt) < 0)
		rs_box_settle(box);
	else
		sd_event_source_set_priority(rt->settle_timer, SD_EVENT_PRIORITY_NORMAL + 5);
}
