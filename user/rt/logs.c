// SPDX-License-Identifier: BSD-2-Clause
/*
 * Logs are appended to by the instances themselves, so that they go on without
 * an agent. What is left to do: to write down when they had which length, to
 * keep each from growing, and to delete those of gone instances in time. What
 * takes time of that is done by rouse-sandbox.
 */
#include "rt/internal.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "rt/log_times.h"
#include "sys/timer.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* Between two looks a log may outgrow its maximum by far; no more than this of it is kept in ".1". */
#define KEPT_TIMES 4
/* One that grew by a quarter of its maximum since the last look is looked at again soon: at a gigabyte a second a flood
 * writes some hundred megabytes until its rotation is over. */
#define FLOOD_PART     4
#define FLOOD_AFTER_US (100 * 1000)
/* After an instance has gone, and else now and then, for those that become too old. */
#define SWEEP_AFTER_US (5 * 1000 * 1000ULL)
#define SWEEP_EVERY_US (3600 * 1000 * 1000ULL)
#define JOB_TIMEOUT_MS 60000
/* What the logs leave of a disk: a twentieth, and not more than this. */
#define SPARE_BYTES_MAX (64ULL << 20)
#define SPARE_PART	20
/* Somebody fills it as fast as room is made: that is said now and then, not each second. */
#define DISK_TOLD_NS (600 * RS_NS_PER_S)

/* --- rotation --------------------------------------------------------------------------------------------------- */

static void trouble(struct rs_rt *rt, const char *what, const char *path, const char *text)
{
	struct rs_err err;
	rs_err_set(&err, -EIO, "cannot %s %s: %s", what, path, *text ? text : "the helper failed");
	rt->callbacks.on_trouble(rt->user, &err);
}

static void read_cut(struct rs_box *box)
{
	struct rs_log_times times = RS_LOG_TIMES_NONE;
	if (rs_log_times_read(&times, box->instance.log_path) == 0)
		box->log_cut = times.cut;
	rs_log_times_done(&times);
}

static void on_rotated(void *user, enum rs_job_end end, int value, const char *text)
{
	struct rs_box *box = user;
	box->rotation = NULL;
	read_cut(box);
	if (end != RS_JOB_EXITED || value != 0)
		trouble(box->rt, "rotate the log", box->instance.log_path, text);
}

static void rotate(struct rs_box *box)
{
	struct rs_job_args args = {.count = 0};
	rs_job_arg(&args, "rouse-sandbox");
	rs_job_arg(&args, "rotate");
	rs_job_arg(&args, "path=%s", box->instance.log_path);
	rs_job_arg(&args, "keep=%" PRIu64, KEPT_TIMES * box->rt->config.logs.bytes);
	(void)rs_job_start(box->rt, &args, JOB_TIMEOUT_MS, on_rotated, box, &box->rotation);
	rs_job_args_done(&args);
}

/* --- what a log's length was, and when -------------------------------------------------------------------------- */

/* Returns how much it has grown. Not while it is rotated: its length means nothing then. */
static uint64_t note_length(struct rs_box *box)
{
	struct stat status;
	if (box->rotation || box->unsettled || stat(box->instance.log_path, &status) < 0)
		return 0;
	if (!box->log_is_known) {
		box->log_is_known = true;
		read_cut(box);
	}
	uint64_t length = box->log_cut + (uint64_t)status.st_size;
	if (length <= box->log_length)
		return 0;
	uint64_t grown = length - box->log_length;
	box->log_length = length;
	(void)rs_log_times_note(box->instance.log_path, rs_wall_ns() / RS_NS_PER_MS, length);
	return grown;
}

void rs_logs_ended(struct rs_box *box)
{
	note_length(box);
	rs_logs_sweep_after(box->rt, SWEEP_AFTER_US);
}

/* --- gone instances --------------------------------------------------------------------------------------------- */

static uint64_t spare_bytes(const struct rs_rt *rt, uint64_t *ret_free)
{
	struct statvfs disk;
	*ret_free = UINT64_MAX;
	if (statvfs(rt->waiting_logs, &disk) < 0)
		return 0;
	uint64_t size = (uint64_t)disk.f_blocks * disk.f_frsize;
	*ret_free = (uint64_t)disk.f_bavail * disk.f_frsize;
	return size / SPARE_PART < SPARE_BYTES_MAX ? size / SPARE_PART : SPARE_BYTES_MAX;
}

static void on_swept(void *user, enum rs_job_end end, int value, const char *text)
{
	struct rs_rt *rt = user;
	rt->sweep = NULL;
	if (end != RS_JOB_EXITED || value != 0)
		trouble(rt, "delete old logs below", rt->config.state_dir, text);
	rs_logs_sweep_after(rt, SWEEP_EVERY_US);
}

static int on_sweep(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_rt *rt = user;
	const struct rs_rt_config *config = &rt->config;
	struct rs_job_args args = {.count = 0};
	uint64_t left;
	(void)source;
	(void)usec;
	if (rt->sweep)
		return 0;
	rs_job_arg(&args, "rouse-sandbox");
	rs_job_arg(&args, "sweep");
	rs_job_arg(&args, "logs=%s/logs", config->state_dir);
	rs_job_arg(&args, "keep=%u", config->logs.keep);
	rs_job_arg(&args, "age=%" PRIu64, config->logs.keep_seconds);
	rs_job_arg(&args, "total=%" PRIu64, config->logs.total_bytes);
	rs_job_arg(&args, "spare=%" PRIu64, spare_bytes(rt, &left));
	int r = rs_job_start(rt, &args, JOB_TIMEOUT_MS, on_swept, rt, &rt->sweep);
	rs_job_args_done(&args);
	if (r < 0) {
		trouble(rt, "delete old logs below", config->state_dir, strerror(-r));
		rs_logs_sweep_after(rt, SWEEP_EVERY_US);
	}
	return 0;
}

void rs_logs_sweep_after(struct rs_rt *rt, uint64_t after_us)
{
	uint64_t due_us = 0, at_ns = rs_now_ns() + after_us * RS_NS_PER_US;
	if (rs_timer_is_set(rt->sweep_timer) && sd_event_source_get_time(rt->sweep_timer, &due_us) >= 0 &&
	    due_us <= at_ns / RS_NS_PER_US)
		return;
	rs_timer_at(rt->event, &rt->sweep_timer, at_ns, 1000 * 1000, on_sweep, rt);
}

/* --- the round -------------------------------------------------------------------------------------------------- */

/* Instances go on, and what they say is lost until there is room. */
static void look_at_disk(struct rs_rt *rt)
{
	uint64_t left, spare = spare_bytes(rt, &left);
	struct rs_err err;
	uint64_t now_ns = rs_now_ns();
	if (left >= spare)
		return;
	rs_logs_sweep_after(rt, rt->disk_told_ns ? SWEEP_AFTER_US : 0);
	if (rt->disk_told_ns && now_ns - rt->disk_told_ns < DISK_TOLD_NS)
		return;
	rt->disk_told_ns = now_ns;
	rs_err_set(&err, -ENOSPC,
		   "the disk of %s has %" PRIu64 " MiB left: instances go on, logs of gone ones are deleted, and what "
		   "finds no room is lost",
		   rt->config.state_dir, left >> 20);
	rt->callbacks.on_trouble(rt->user, &err);
}

static int on_flood(sd_event_source *source, uint64_t usec, void *user)
{
	(void)source;
	(void)usec;
	rs_rt_rotate_logs(user);
	return 0;
}

void rs_rt_rotate_logs(struct rs_rt *rt)
{
	uint64_t maximum = rt->config.logs.bytes;
	bool is_flooded = false;
	for (uint32_t id = 1; id <= RS_INSTANCES_MAX; id++) {
		struct rs_box *box = rt->boxes[id];
		if (!box || box->state != RS_BOX_RUNNING || box->unsettled)
			continue;
		uint64_t grown = note_length(box);
		is_flooded |= maximum && (grown > maximum / FLOOD_PART || box->rotation);
		if (maximum && !box->rotation && box->log_length - box->log_cut > maximum)
			rotate(box);
	}
	look_at_disk(rt);
	if (is_flooded)
		rs_timer_after(rt->event, &rt->flood_timer, FLOOD_AFTER_US, 1000, on_flood, rt);
}
