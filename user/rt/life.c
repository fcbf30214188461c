// SPDX-License-Identifier: BSD-2-Clause
/* What happens to a sandbox's process, and what can be done to it. */
#include "rt/internal.h"

#include "base/mem.h"
#include "base/str.h"
#include "sys/timer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct rs_box *rs_box_of(struct rs_rt_instance *instance)
{
	return rs_container_of(instance, struct rs_box, instance);
}

static void close_control(struct rs_box *box)
{
	box->control_source = sd_event_source_disable_unref(box->control_source);
	if (box->control >= 0)
		close(box->control);
	box->control = -1;
}

/* Reads what the helper has to say. An end of file after EXEC says that exec succeeded. */
static void read_reports(struct rs_box *box)
{
	while (box->control >= 0) {
		struct rs_report report;
		ssize_t n = recv(box->control, &report, sizeof(report), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n != (ssize_t)sizeof(report)) {
			close_control(box);
			return;
		}
		if (report.kind == RS_REPORT_READY && box->state == RS_BOX_BUILDING) {
			rs_pool_built(box, &report);
			return; /* the callback may have started it */
		}
		if (report.kind == RS_REPORT_EXEC)
			box->instance.exec_ns = report.time_ns;
		if (report.kind == RS_REPORT_FAILED) {
			box->failure = report.error ? report.error : EIO;
			report.text[sizeof(report.text) - 1] = '\0';
			rs_str_copy(box->failure_text, sizeof(box->failure_text), report.text);
		}
	}
}

static int on_report(sd_event_source *source, int fd, uint32_t events, void *user)
{
	(void)source;
	(void)fd;
	(void)events;
	read_reports(user);
	return 0;
}

/* How a child ended; one that was adopted is nobody's child here. */
static enum rs_rt_exit collect(struct rs_box *box, int *ret_value)
{
	siginfo_t info = {.si_pid = 0};
	*ret_value = 0;
	if (waitid(P_PIDFD, (id_t)box->pidfd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
		return RS_RT_EXIT_UNKNOWN;
	*ret_value = info.si_status;
	return info.si_code == CLD_EXITED ? RS_RT_EXIT_CODE : RS_RT_EXIT_SIGNAL;
}

void rs_box_reap(struct rs_box *box)
{
	int value;
	if (box->pidfd >= 0)
		(void)collect(box, &value);
}

static void exited(struct rs_box *box)
{
	struct rs_rt *rt = box->rt;
	int value;
	enum rs_rt_exit how = collect(box, &value);
	const char *text = NULL;
	if (box->failure) {
		how = RS_RT_EXIT_EXEC;
		value = box->failure;
		text = box->failure_text;
	} else if ((how == RS_RT_EXIT_UNKNOWN || (how == RS_RT_EXIT_SIGNAL && value == SIGKILL)) &&
		   rs_cgroup_ran_out_of_memory(&rt->cgroups, box->instance.name))
		how = RS_RT_EXIT_OOM;
	rs_box_settle(box);
	rs_logs_ended(box);
	box->state = RS_BOX_EXITED;
	box->kill_timer = sd_event_source_disable_unref(box->kill_timer);
	rt->callbacks.on_exited(rt->user, &box->instance, how, value, text);
}

static int on_process_ended(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct rs_box *box = user;
	(void)fd;
	(void)events;
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	/* Its last words came before its end, but may be read after: READY first, then those of the start. */
	if (box->state == RS_BOX_BUILDING)
		read_reports(box);
	read_reports(box);
	switch (box->state) {
	case RS_BOX_BUILDING:
		rs_pool_build_failed(box);
		break;
	case RS_BOX_POOLED: {
		struct rs_err err;
		rs_err_set(&err, -ECHILD, "the waiting sandbox %s ended: %s", box->instance.name,
			   *box->failure_text ? box->failure_text : "somebody killed it");
		rs_pool_rest(box->rt);
		rs_removal_start(box);
		box->rt->callbacks.on_failed(box->rt->user, &err);
		break;
	}
	case RS_BOX_RUNNING:
		exited(box);
		break;
	case RS_BOX_EXITED:
	case RS_BOX_REMOVING:
	case RS_BOX_STATE_COUNT:
		break;
	}
	return 0;
}

int rs_box_watch(struct rs_box *box)
{
	sd_event *event = box->rt->event;
	int r = sd_event_add_io(event, &box->pid_source, box->pidfd, EPOLLIN, on_process_ended, box);
	if (r >= 0 && box->control >= 0)
		r = sd_event_add_io(event, &box->control_source, box->control, EPOLLIN, on_report, box);
	/* What was said before the end is handled before it. */
	if (r >= 0)
		r = sd_event_source_set_priority(box->pid_source, SD_EVENT_PRIORITY_NORMAL + 1);
	return r < 0 ? r : 0;
}

static int on_grace_over(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_box *box = user;
	(void)source;
	(void)usec;
	rs_cgroup_kill(&box->rt->cgroups, box->instance.name);
	return 0;
}

int rs_rt_stop(struct rs_rt *rt, struct rs_rt_instance *instance, int signal, uint32_t grace_ms)
{
	struct rs_box *box = rs_box_of(instance);
	if (box->state != RS_BOX_RUNNING)
		return 0;
	/* A frozen process cannot hear the signal. */
	if (box->frozen)
		rs_rt_thaw(rt, instance);
	if (signal == SIGKILL || !grace_ms) {
		if (signal != SIGKILL)
			syscall(SYS_pidfd_send_signal, box->pidfd, signal, NULL, 0);
		return rs_cgroup_kill(&rt->cgroups, instance->name);
	}
	if (syscall(SYS_pidfd_send_signal, box->pidfd, signal, NULL, 0) < 0 && errno != ESRCH)
		return -errno;
	/* Who ignores the signal must not stay for ever because there was no memory for a timer. */
	if (rs_timer_after(rt->event, &box->kill_timer, grace_ms * 1000ULL, 1000, on_grace_over, box) < 0)
		return rs_cgroup_kill(&rt->cgroups, instance->name);
	return 0;
}

static int set_frozen(struct rs_rt *rt, struct rs_rt_instance *instance, bool frozen)
{
	struct rs_box *box = rs_box_of(instance);
	if (box->state != RS_BOX_RUNNING)
		return -ESRCH;
	int r = rs_cgroup_freeze(&rt->cgroups, instance->name, frozen);
	if (r == 0)
		box->frozen = frozen;
	return r;
}

int64_t rs_rt_memory(const struct rs_rt *rt, const struct rs_rt_instance *instance)
{
	return rs_cgroup_memory(&rt->cgroups, instance->name);
}

int rs_rt_freeze(struct rs_rt *rt, struct rs_rt_instance *instance)
{
	return set_frozen(rt, instance, true);
}

int rs_rt_thaw(struct rs_rt *rt, struct rs_rt_instance *instance)
{
	return set_frozen(rt, instance, false);
}
