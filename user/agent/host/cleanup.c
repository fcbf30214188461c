// SPDX-License-Identifier: BSD-2-Clause
/* `rouse cleanup`: takes every trace of an agent with these options off the host, whatever state it was left in. */
#include "agent/agent.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/outbound.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STRAY_GONE_MS 10000

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	if (remove(path) == 0 || errno == ENOENT)
		return 0;
	/* Somebody mounted the directory itself: its content is ours, the mount is theirs. */
	return errno == EBUSY && walk->level == 0 ? 0 : -1;
}

static int remove_tree(const char *path, struct rs_err *err)
{
	if (access(path, F_OK) < 0)
		return 0;
	if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0)
		return rs_err_set(err, -errno, "cannot remove %s: %s", path, strerror(errno));
	return 0;
}

/* Takes our own names out of a directory, and the directory when it is empty then: an option that names a directory
 * of somebody else must not cost them anything. */
static int remove_names(const char *directory, const char *const *names, struct rs_err *err)
{
	int r = 0;
	for (; r == 0 && *names; names++) {
		rs_auto_free char *path = rs_str_format("%s/%s", directory, *names);
		r = path ? remove_tree(path, err) : rs_err_set(err, -ENOMEM, "out of memory");
	}
	if (r == 0 && rmdir(directory) < 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EBUSY)
		r = rs_err_set(err, -errno, "cannot remove %s: %s", directory, strerror(errno));
	return r;
}

/* --- helpers that a dead agent left at work --------------------------------------------------------------------- */

/* A helper that builds a sandbox goes on for a moment when its agent is killed, and what it makes then nobody would
 * find. Its arguments say whose it is. */
static bool is_stray(const char *pid, const char *logs, const char *records)
{
	char path[64], text[4096];
	snprintf(path, sizeof(path), "/proc/%.20s/cmdline", pid);
	rs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	if (!rs_str_equal(text, "rouse-sandbox"))
		return false;
	for (const char *at = text; at < text + n; at += strlen(at) + 1) {
		if (rs_str_starts_with(at, logs) || rs_str_equal(at, records))
			return true;
	}
	return false;
}

static void end_process(pid_t pid)
{
	rs_auto_fd int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0 || syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0)
		return;
	struct pollfd gone = {.fd = pidfd, .events = POLLIN};
	poll(&gone, 1, STRAY_GONE_MS);
}

static void end_strays(const struct rs_options *options)
{
	rs_auto_free char *logs = rs_str_format("log=%s/logs/", options->state_dir);
	rs_auto_free char *records = rs_str_format("records=%s/instances", options->run_dir);
	DIR *stream = logs && records ? opendir("/proc") : NULL;
	long long pid;
	for (struct dirent *entry; stream && (entry = readdir(stream));) {
		if (rs_str_to_long(entry->d_name, 1, INT32_MAX, &pid) == 0 && is_stray(entry->d_name, logs, records))
			end_process((pid_t)pid);
	}
	if (stream)
		closedir(stream);
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

/* Every part is tried, whatever the others say; the first error is the one that is told. */
static void note(int r, const struct rs_err *err, int *first)
{
	if (r >= 0)
		return;
	rs_error("%s", err->message);
	if (*first == 0)
		*first = r;
}

int rs_agent_cleanup(const struct rs_options *options)
{
	struct rs_err err = {0};
	int lock = -1, first = 0;
	int r = rs_agent_lock(options, &lock, &err);
	if (r < 0) {
		rs_error("%s", err.message);
		return r;
	}
	/* Before anything goes: is it ours? */
	r = rs_hostlink_check(options->name, options->run_dir, &err);
	if (r < 0) {
		rs_error("%s", err.message);
		close(lock);
		return r;
	}
	end_strays(options);
	struct rs_agent_paths paths = {0};
	struct rs_rt_config config;
	r = rs_agent_rt_config(options, &paths, &config, &err);
	note(r < 0 ? r : rs_rt_cleanup(&config, &err), &err, &first);
	rs_agent_paths_done(&paths);
	struct rs_outbound_config outbound = rs_agent_outbound_config(options);
	note(rs_outbound_cleanup(&outbound, &err), &err, &first);
	note(rs_dp_cleanup(options->bpf_dir, &err), &err, &first);
	note(rs_hostlink_cleanup(options->name, options->run_dir, &err), &err, &first);
	note(rs_names_cleanup(options, &err), &err, &first);
	static const char *const state[] = {"logs", NULL};
	static const char *const services[] = {"store.db",	   "store.db-wal",  "store.db-shm",
					       "store.db-journal", "store.db.lock", NULL};
	static const char *const run[] = {"instances", "undo.new", "api.sock", "hosts", "lock", NULL};
	note(remove_names(options->state_dir, state, &err), &err, &first);
	if (options->purge)
		note(remove_names(options->state_dir, services, &err), &err, &first);
	note(rs_traces_undo(options, &err), &err, &first);
	note(remove_names(options->run_dir, run, &err), &err, &first);
	close(lock);
	if (first == 0 && !options->purge && access(options->state_dir, F_OK) == 0)
		rs_info("the services stay; --purge removes them as well directory=%s",
			rs_log_value(options->state_dir));
	return first;
}
