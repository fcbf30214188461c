// SPDX-License-Identifier: BSD-2-Clause
/* From the START message to exec: this stands in the way of a wake-up, so there is nothing here that can wait. */
#include "rt/sandbox/sandbox.h"

#include "base/mem.h"
#include "base/time.h"
#include "rt/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char message[RS_START_BYTES_MAX] __attribute__((aligned(8)));
static char *strings[RS_START_STRINGS_MAX];

struct plan {
	const char *log;
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
	char **files = strings;
	plan->arguments = take(files, 2, &at, end);
	plan->environment = plan->arguments ? take(plan->arguments, start.arguments, &at, end) : NULL;
	if (!plan->environment || !take(plan->environment, start.environment, &at, end))
		return -EBADMSG;
	plan->log = files[0];
	plan->directory = files[1];
	plan->uid = start.uid;
	plan->gid = start.gid;
	return 0;
}

/* STATE/logs/NAMESPACE/REVISION/NAME.log; the first instance of a revision makes the directories. */
static int make_directories(const char *path)
{
	char part[512];
	for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		size_t length = (size_t)(at - path);
		if (length >= sizeof(part))
			return -ENAMETOOLONG;
		memcpy(part, path, length);
		part[length] = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int open_log(const char *path, struct rs_err *err)
{
	int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
	rs_auto_fd int fd = open(path, flags, 0640);
	if (fd < 0 && errno == ENOENT && make_directories(path) == 0)
		fd = open(path, flags, 0640);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		return rs_err_set(err, -errno, "cannot open the log %s: %m", path);
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
	do {
		size = recv(RS_SANDBOX_FD, message, sizeof(message), 0);
	} while (size < 0 && errno == EINTR);
	if (size <= 0)
		_exit(0); /* the agent is gone, and no instance shall become of this sandbox */
	struct plan plan;
	int r = parse(size, &plan);
	if (r < 0)
		return rs_err_set(err, r, "the start message is damaged");
	r = open_log(plan.log, err);
	if (r == 0)
		r = rs_identity_become(plan.uid, plan.gid, err);
	if (r == 0 && chdir(plan.directory) < 0)
		r = rs_err_set(err, -errno, "cannot change to the working directory %s: %m", plan.directory);
	return r < 0 ? r : execute(&plan, err);
}
