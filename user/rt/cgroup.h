/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control groups of instances. The version 2 hierarchy kills and freezes; the
 * limits come from it too, or on hybrid machines from the version 1
 * hierarchies of cpu and memory.
 */
#ifndef RS_RT_CGROUP_H
#define RS_RT_CGROUP_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define RS_CGROUP_PATH_MAX 192

enum rs_hierarchy {
	RS_HIERARCHY_UNIFIED,
	RS_HIERARCHY_CPU,    /* version 1; empty path where there is none or the unified one does it */
	RS_HIERARCHY_MEMORY, /* version 1, likewise */
	RS_HIERARCHY_COUNT,
};

struct rs_cgroups {
	char path[RS_HIERARCHY_COUNT][RS_CGROUP_PATH_MAX]; /* of the agent's group, parent of the instances' */
	bool limits_cpu;
	bool limits_memory;
	char complaint[320]; /* which limits cannot be enforced and why; empty when all can */
};

/* Finds the hierarchies and makes `root` in each. -ENOENT when there is no version 2 hierarchy. */
int rs_cgroups_init(struct rs_cgroups *cgroups, const char *root, struct rs_err *err);
/* Finds them and makes nothing: for removal. */
int rs_cgroups_find(struct rs_cgroups *cgroups, const char *root, struct rs_err *err);

/* Limits of one instance's group; 0 = none. Skips what cannot be enforced. */
int rs_cgroup_limit(const struct rs_cgroups *cgroups, const char *name, uint64_t cpu_millis, uint64_t memory_bytes);
/* SIGKILL to everything in the group. */
int rs_cgroup_kill(const struct rs_cgroups *cgroups, const char *name);
int rs_cgroup_freeze(const struct rs_cgroups *cgroups, const char *name, bool frozen);
/* True when the kernel has killed one of the instance's processes because memory ran out. */
bool rs_cgroup_ran_out_of_memory(const struct rs_cgroups *cgroups, const char *name);
/* Bytes that the group has, as its limit counts them: the page cache of its files too. -ENOENT where nobody counts. */
int64_t rs_cgroup_memory(const struct rs_cgroups *cgroups, const char *name);
bool rs_cgroup_is_frozen(const struct rs_cgroups *cgroups, const char *name);
/* True when the process is in the instance's group. */
bool rs_cgroup_has(const char *name, int pid);

#endif
