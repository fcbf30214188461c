// SPDX-License-Identifier: BSD-2-Clause
/* The process's part in the node's health: the program that it starts, its limits, its clock. */
#include "agent/health/health.h"

#include "base/time.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timex.h>

/* Of the clock against the monotonic one; below it is the work of NTP. */
#define JUMP_NS (2 * RS_NS_PER_S)
/* An instance needs about five descriptors: its pidfds, its log, its end of a pipe. */
#define FILES_OF_INSTANCE 5
/* Before that day nobody had Rouse: the clock was never set. */
#define FIRST_DAY_NS (1704067200ULL * RS_NS_PER_S)

struct rs_health_part rs_health_sandbox(struct rs_agent *agent)
{
	struct rs_agent_paths paths = {0};
	struct rs_rt_config config;
	struct rs_err err = {0};
	if (rs_agent_rt_config(agent->options, &paths, &config, &err) < 0) {
		rs_agent_paths_done(&paths);
		return rs_health_part(false, "%s", err.message);
	}
	struct rs_health_part part =
		access(paths.helper, X_OK) < 0
			? rs_health_part(false, "%s: %s: no instance can be started; install it again", paths.helper,
					 strerror(errno))
			: rs_health_part(true, "%s", paths.helper);
	rs_agent_paths_done(&paths);
	return part;
}

struct rs_health_part rs_health_clock(struct rs_agent *agent)
{
	struct timex timex = {0};
	int state = adjtimex(&timex);
	uint64_t wall_ns = rs_wall_ns(), now_ns = rs_now_ns();
	int64_t jumped_ns = (int64_t)(wall_ns - now_ns - agent->clock_offset_ns);
	const char *kept = state == TIME_ERROR || (timex.status & STA_UNSYNC) ? "it runs free (no NTP)" : "kept by NTP";
	if (wall_ns < FIRST_DAY_NS)
		return rs_health_part(
			false, "it was never set: the times of events and objects are wrong. Set it (date -s, or "
			       "an NTP service)");
	if (jumped_ns > (int64_t)JUMP_NS || jumped_ns < -(int64_t)JUMP_NS)
		return rs_health_part(
			true,
			"%s; it has moved by %.0f s since the agent's start: times of earlier events are off by "
			"that, nothing else is",
			kept, (double)jumped_ns / 1e9);
	return rs_health_part(true, "%s", kept);
}

static unsigned count_files(void)
{
	unsigned count = 0;
	DIR *directory = opendir("/proc/self/fd");
	if (!directory)
		return 0;
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

struct rs_health_part rs_health_limits(struct rs_agent *agent)
{
	struct rlimit files, locked;
	unsigned open_now = count_files();
	rlim_t wanted = (rlim_t)agent->options->max_instances * FILES_OF_INSTANCE;
	getrlimit(RLIMIT_NOFILE, &files);
	getrlimit(RLIMIT_MEMLOCK, &locked);
	/* Since 5.11 maps are charged to the memory cgroup: memlock does not matter. */
	if (files.rlim_cur != RLIM_INFINITY && open_now + 64 > files.rlim_cur)
		return rs_health_part(
			false, "%u of %llu file descriptors are open: raise nofile (LimitNOFILE= of the service)",
			open_now, (unsigned long long)files.rlim_cur);
	if (files.rlim_cur < wanted)
		return rs_health_part(
			true,
			"nofile %llu (%u open) is less than %u instances may need (%llu); memlock does not matter",
			(unsigned long long)files.rlim_cur, open_now, agent->options->max_instances,
			(unsigned long long)wanted);
	return rs_health_part(true, "nofile %llu, %u open; memlock does not matter", (unsigned long long)files.rlim_cur,
			      open_now);
}
