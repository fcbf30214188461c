/* SPDX-License-Identifier: BSD-2-Clause */
/* What is written down about a started instance, so that the next agent can adopt it. Pure: text in, text out. */
#ifndef RS_RT_RECORD_H
#define RS_RT_RECORD_H

#include "rt/rt.h"

#define RS_RECORD_BYTES_MAX 4096

struct rs_record {
	struct rs_rt_instance
		instance;   /* id, name, owner, address, ifindex, netns_inode, pid, port, started_ns, log_path */
	uint64_t pid_start; /* of the process, in ticks since boot: a pid alone may have been given again */
};

/* One line of JSON in new memory, NULL when out of memory. */
char *rs_record_print(const struct rs_record *record);
/* -EINVAL for anything that rs_record_print() does not write. */
int rs_record_parse(const char *text, struct rs_record *ret_record);
/* The start time in a /proc/PID/stat line; 0 when it is none. */
uint64_t rs_record_pid_start(const char *stat);

#endif
