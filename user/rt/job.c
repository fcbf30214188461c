// SPDX-License-Identifier: BSD-2-Clause
#include "rt/internal.h"

#include "base/mem.h"
#include "base/str.h"
#include "sys/timer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct rs_job {
	struct rs_rt *rt;
	struct rs_job *next;
	pid_t pid;
	int pidfd;
	int complaints;
	sd_event_source *source;
	sd_event_source *timer;
	bool timed_out;
	rs_job_done *done;
	void *user;
};

void rs_job_arg(struct rs_job_args *args, const char *format, ...)
{
	if (args->error || args->count + 1 >= RS_JOB_ARGS_MAX) {
		args->error = args->error ? args->error : -E2BIG;
		return;
	}
	va_list list;
	va_start(list, format);
	int n = vasprintf(&args->items[args->count], format, list);
	va_end(list);
	if (n < 0) {
		args->items[args->count] = NULL;
		args->error = -ENOMEM;
		return;
	}
	args->items[++args->count] = NULL;
}

void rs_job_args_cgroups(struct rs_job_args *args, const struct rs_cgroups *cgroups)
{
	for (int h = 0; h < RS_HIERARCHY_COUNT; h++) {
		if (*cgroups->path[h])
			rs_job_arg(args, "cgroup=%s", cgroups->path[h]);
	}
}

void rs_job_args_done(struct rs_job_args *args)
{
	while (args->count)
		free(args->items[--args->count]);
}

int rs_job_spawn(const char *helper, struct rs_job_args *args, int control, int complaints, pid_t *ret_pid,
		 int *ret_pidfd)
{
	if (args->error)
		return args->error;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	int r = posix_spawn_file_actions_init(&actions);
	if (r)
		return -r;
	posix_spawnattr_init(&attributes);
	/* The agent blocks signals and ignores some; an instance must not inherit that. */
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	/* A group of its own, so that a job can be killed with what it started. */
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	if (control >= 0)
		r = posix_spawn_file_actions_adddup2(&actions, control, RS_SANDBOX_FD);
	if (!r && complaints >= 0)
		r = posix_spawn_file_actions_adddup2(&actions, complaints, STDERR_FILENO);
	pid_t pid = -1;
	if (!r)
		r = posix_spawn(&pid, helper, &actions, &attributes, args->items, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (r)
		return -r;
	/* Nobody else waits for our children, so the number still means this one. */
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		r = -errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return r;
	}
	*ret_pid = pid;
	*ret_pidfd = pidfd;
	return 0;
}

static void job_free(struct rs_job *job)
{
	for (struct rs_job **at = &job->rt->jobs; *at; at = &(*at)->next) {
		if (*at == job) {
			*at = job->next;
			break;
		}
	}
	sd_event_source_disable_unref(job->source);
	sd_event_source_disable_unref(job->timer);
	close(job->pidfd);
	if (job->complaints >= 0)
		close(job->complaints);
	free(job);
}

static void read_complaint(struct rs_job *job, char text[static RS_JOB_TEXT_MAX])
{
	ssize_t n = read(job->complaints, text, RS_JOB_TEXT_MAX - 1);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static int on_job_ended(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct rs_job *job = user;
	siginfo_t info = {.si_pid = 0};
	(void)source;
	(void)events;
	if (waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0)
		return 0;
	if (!job->done) {
		job_free(job);
		return 0;
	}
	char text[RS_JOB_TEXT_MAX];
	read_complaint(job, text);
	enum rs_job_end end = job->timed_out		   ? RS_JOB_TIMEOUT
			      : info.si_code == CLD_EXITED ? RS_JOB_EXITED
							   : RS_JOB_KILLED;
	rs_job_done *done = job->done;
	void *done_user = job->user;
	int value = info.si_status;
	job_free(job);
	done(done_user, end, value, text);
	return 0;
}

static int on_job_timeout(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_job *job = user;
	(void)source;
	(void)usec;
	job->timed_out = true;
	kill(-job->pid, SIGKILL);
	return 0;
}

int rs_job_start(struct rs_rt *rt, struct rs_job_args *args, uint32_t timeout_ms, rs_job_done *done, void *user,
		 struct rs_job **ret_job)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	rs_auto_fd int write_end = ends[1];
	struct rs_job *job = calloc(1, sizeof(*job));
	if (!job) {
		close(ends[0]);
		return -ENOMEM;
	}
	*job = (struct rs_job){.rt = rt, .pidfd = -1, .complaints = ends[0], .done = done, .user = user};
	int r = rs_job_spawn(rt->config.sandbox_helper, args, -1, write_end, &job->pid, &job->pidfd);
	if (r < 0) {
		close(ends[0]);
		free(job);
		return r;
	}
	job->next = rt->jobs;
	rt->jobs = job;
	r = sd_event_add_io(rt->event, &job->source, job->pidfd, EPOLLIN, on_job_ended, job);
	if (r >= 0 && timeout_ms)
		r = rs_timer_after(rt->event, &job->timer, timeout_ms * 1000ULL, 1000, on_job_timeout, job);
	if (r < 0) {
		rs_job_cancel(job);
		return r;
	}
	if (ret_job)
		*ret_job = job;
	return 0;
}

struct rs_job *rs_job_cancel(struct rs_job *job)
{
	if (!job)
		return NULL;
	kill(-job->pid, SIGKILL);
	job->done = NULL;
	/* It ends when the kernel lets it, which a device that hangs may put off: the loop is not to wait for that. */
	siginfo_t info = {.si_pid = 0};
	int patience = job->source ? WNOHANG : 0;
	if (waitid(P_PIDFD, (id_t)job->pidfd, &info, WEXITED | patience) < 0 || info.si_pid)
		job_free(job);
	return NULL;
}

void rs_jobs_abandon(struct rs_rt *rt)
{
	while (rt->jobs)
		job_free(rt->jobs);
}
