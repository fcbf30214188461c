// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a start leaves to do: writing the adoption record and naming the log
 * take longer than the start itself, and nobody needs them at once. An agent
 * that is killed in these milliseconds leaves an instance without a record,
 * which the next agent removes like an old pool.
 */
#include "rt/internal.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SETTLE_AFTER_US (5 * 1000)

int rs_make_directories(const char *path, bool whole)
{
	char part[512];
	for (const char *at = strchr(path + 1, '/'); at || whole; at = strchr(at + 1, '/')) {
		size_t length = at ? (size_t)(at - path) : strlen(path);
		if (length >= sizeof(part))
			return -ENAMETOOLONG;
		memcpy(part, path, length);
		part[length] = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
		if (!at)
			return 0;
	}
	return 0;
}

/* STATE/logs/NAMESPACE/REVISION/NAME.log. What an earlier instance of this name wrote becomes NAME.log.1. */
static void name_log(struct rs_box *box)
{
	const char *path = box->instance.log_path;
	rs_auto_free char *waiting = rs_str_format("%s/%s.log", box->rt->waiting_logs, box->instance.name);
	rs_auto_free char *old = rs_str_format("%s.1", path);
	if (!waiting || !old)
		return;
	rename(path, old);
	if (rename(waiting, path) < 0 && errno == ENOENT && rs_make_directories(path, false) == 0)
		rename(waiting, path);
}

void rs_box_settle(struct rs_box *box)
{
	if (!box->unsettled)
		return;
	box->unsettled = false;
	name_log(box);
	rs_record_save(box);
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
	int enabled = SD_EVENT_OFF;
	if (rt->settle_timer)
		sd_event_source_get_enabled(rt->settle_timer, &enabled);
	if (enabled != SD_EVENT_OFF)
		return;
	uint64_t at = rs_now_ns() / RS_NS_PER_US + SETTLE_AFTER_US;
	int r = 0;
	if (!rt->settle_timer) {
		r = sd_event_add_time(rt->event, &rt->settle_timer, CLOCK_MONOTONIC, at, 1000, on_settle, rt);
		if (r >= 0)
			sd_event_source_set_priority(rt->settle_timer, SD_EVENT_PRIORITY_NORMAL + 5);
	} else {
		sd_event_source_set_time(rt->settle_timer, at);
		sd_event_source_set_enabled(rt->settle_timer, SD_EVENT_ONESHOT);
	}
	if (r < 0)
		rs_box_settle(box);
}
