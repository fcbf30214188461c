// SPDX-License-Identifier: BSD-2-Clause
/* Logs are appended to by the instances themselves; all that is left to do is to keep them from growing. */
#include "rt/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

/* Between two looks a log may outgrow its maximum by far; no more than this of it is kept in ".1". */
#define KEPT_TIMES 4

static void on_rotated(void *user, enum rs_job_end end, int value, const char *text)
{
	struct rs_box *box = user;
	struct rs_rt *rt = box->rt;
	box->rotation = NULL;
	if (end == RS_JOB_EXITED && value == 0)
		return;
	struct rs_err err;
	rs_err_set(&err, -EIO, "cannot rotate the log %s: %s", box->instance.log_path,
		   *text ? text : "the helper failed");
	rt->callbacks.on_trouble(rt->user, &err);
}

static void rotate(struct rs_box *box)
{
	struct stat status;
	if (box->rotation || stat(box->instance.log_path, &status) < 0 ||
	    (uint64_t)status.st_size <= box->rt->config.log_bytes_max)
		return;
	struct rs_job_args args = {.count = 0};
	rs_job_arg(&args, "rouse-sandbox");
	rs_job_arg(&args, "rotate");
	rs_job_arg(&args, "path=%s", box->instance.log_path);
	rs_job_arg(&args, "keep=%" PRIu64, KEPT_TIMES * box->rt->config.log_bytes_max);
	(void)rs_job_start(box->rt, &args, 0, on_rotated, box, &box->rotation);
	rs_job_args_done(&args);
}

void rs_rt_rotate_logs(struct rs_rt *rt)
{
	for (uint32_t id = 1; rt->config.log_bytes_max && id <= RS_INSTANCES_MAX; id++) {
		struct rs_box *box = rt->boxes[id];
		if (box && box->state == RS_BOX_RUNNING && !box->unsettled)
			rotate(box);
	}
}
