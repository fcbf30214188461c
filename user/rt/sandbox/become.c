// SPDX-License-Identifier: BSD-2-Clause
/* From the START message to exec: this stands in the way of a wake-up, so there is nothing here that can wait. */
#include "rt/sandbox/sandbox.h"

#include "base/time.h"
#include "rt/message.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static char message[RS_START_BYTES_MAX] __attribute__((aligned(8)));
static char *strings[RS_START_STRINGS_MAX];

struct plan {
	const char *directory;
	char **arguments;
	char **environment;
	uid_t uid;
	gid_t gid;
};

/* Takes `count` strings and a NULL. Returns where they end, NULL when the message is not whole. */
static char **take(char **out, uint32_t count, char **at, const char *end)
{
	for (uint32_t i = 0; i < count; i++) {
		size_t left = (size_t)(end - *at);
		size_t length = strnlen(*at, left);
		if (length == left || out >= strings + RS_START_STRINGS_MAX - 1)
			return NULL;
		*out++ = *at;
		*at += length + 1;
	}
	*out++ = NULL;
	return out;
}

static int parse(ssize_t size, struct plan *plan)
{
	struct rs_start start;
	if ((size_t)size < sizeof(start))
		return -EBADMSG;
	memcpy(&start, message, sizeof(start));
	if (start.size != (size_t)size || !start.arguments)
		return -EBADMSG;
	char *at = message + sizeof(start), *end = message + size;
	plan->arguments = take(strings, 1, &at, end);
	plan->environment = plan->arguments ? take(plan->arguments, start.arguments, &at, end) : NULL;
	if (!plan->environment || !take(plan->environment, start.environment, &at, end))
		return -EBADMSG;
	plan->directory = strings[0];
	plan->uid = start.uid;
	plan->gid = start.gid;
	return 0;
}

/* The helper has waited with real-time priority; the instance has none. */
static int be_ordinary(struct rs_err *err)
{
	struct sched_param param = {.sched_priority = 0};
	if (sched_setscheduler(0, SCHED_OTHER, &param) < 0)
		return rs_err_set(err, -errno, "cannot give up the real-time priority: %m");
	return 0;
}

static int execute(const struct plan *plan, struct rs_err *err)
{
	struct rs_report report = {.kind = RS_REPORT_EXEC, .time_ns = rs_now_ns()};
	if (send(RS_SANDBOX_FD, &report, sizeof(report), MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return rs_err_set(err, -errno, "cannot report: %m");
	/* execvp() searches the PATH of the spec. */
	environ = plan->environment;
	execvp(plan->arguments[0], plan->arguments);
	int r = -errno;
	const char *command = plan->arguments[0];
	if (r == -ENOENT && !strchr(command, '/'))
		return rs_err_set(err, r, "command \"%s\" is not in PATH (%s)", command, getenv("PATH"));
	if (r == -ENOENT)
		return rs_err_set(err, r, "command \"%s\", or the interpreter that it names, does not exist", command);
	if (r == -EACCES)
		return rs_err_set(err, r, "command \"%s\" may not be executed by user %u", command, plan->uid);
	return rs_err_set(err, r, "command \"%s\" cannot be executed: %s", command, strerror(-r));
}

int rs_become(struct rs_err *err)
{
	ssize_t size;
	/* A busy machine must not keep a wake-up waiting for its turn: this process has some microseconds of work.
	 * Where the kernel does not allow it (real-time groups), it takes its turn. */
	struct sched_param first = {.sched_priority = 1};
	(void)sched_setscheduler(0, SCHED_FIFO, &first);
	do {
		size = recv(RS_SANDBOX_FD, message, sizeof(message), 0);
	} while (size < 0 && errno == EINTR);
	if (size <= 0)
		_exit(0); /* the agent is gone, and no instance shall become of this sandbox */
	struct plan plan;
	int r = parse(size, &plan);
	if (r < 0)
		return rs_err_set(err, r, "the start message is damaged");
	r = be_ordinary(err);
	if (r == 0)
		r = rs_identity_become(plan.uid, plan.gid, err);
	if (r == 0 && chdir(plan.directory) < 0)
		r = rs_err_set(err, -errno, "cannot change to the working directory %s: %m", plan.directory);
	return r < 0 ? r : execute(&plan, err);
}
