// SPDX-License-Identifier: BSD-2-Clause
/* Deletes the logs of gone instances that are not to be kept any longer. */
#include "rt/sandbox/sandbox.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "rt/log_list.h"
#include "rt/log_retention.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

struct sweep {
	struct rs_log_entry *entries;
	char **paths; /* by an entry's index */
	size_t count;
	size_t capacity;
	uint32_t services;
	char namespace[64], service[64]; /* of the last one: a service's logs come one after another */
};

static int grow(struct sweep *sweep)
{
	size_t capacity = sweep->capacity ? 2 * sweep->capacity : 64;
	struct rs_log_entry *entries = realloc(sweep->entries, capacity * sizeof(*entries));
	if (entries)
		sweep->entries = entries;
	char **paths = realloc(sweep->paths, capacity * sizeof(*paths));
	if (paths)
		sweep->paths = paths;
	if (!entries || !paths)
		return -ENOMEM;
	sweep->capacity = capacity;
	return 0;
}

static int take(void *user, const struct rs_log_file *file)
{
	struct sweep *sweep = user;
	if (sweep->count == sweep->capacity && grow(sweep) < 0)
		return -ENOMEM;
	if (!sweep->count || strcmp(sweep->namespace, file->namespace) != 0 ||
	    strcmp(sweep->service, file->service) != 0)
		sweep->services++;
	rs_str_copy(sweep->namespace, sizeof(sweep->namespace), file->namespace);
	rs_str_copy(sweep->service, sizeof(sweep->service), file->service);
	char *path = strdup(file->path);
	if (!path)
		return -ENOMEM;
	sweep->entries[sweep->count] = (struct rs_log_entry){
		.index = (uint32_t)sweep->count,
		.service = sweep->services,
		.changed_ms = file->changed_ms,
		.bytes = file->bytes,
		.is_written = file->is_written,
	};
	sweep->paths[sweep->count++] = path;
	return 0;
}

int rs_sandbox_sweep(const struct rs_sandbox_options *options, struct rs_err *err)
{
	static const struct rs_log_filter all;
	struct sweep sweep = {.count = 0};
	struct statvfs disk;
	if (!options->logs)
		return rs_err_set(err, -EINVAL, "sweep needs logs");
	struct rs_log_limits limits = {
		.per_service = (uint32_t)options->keep,
		.age_ms = (uint64_t)options->age * 1000,
		.bytes = (uint64_t)options->total,
	};
	uint64_t wanted = (uint64_t)options->spare, spare = 0;
	if (wanted && statvfs(options->logs, &disk) == 0)
		spare = (uint64_t)disk.f_bavail * disk.f_frsize;
	limits.wanted_bytes = wanted > spare ? wanted - spare : 0;
	int r = rs_log_list_each(options->logs, &all, take, &sweep);
	if (r < 0) {
		rs_err_set(err, r, "cannot look through the logs below %s: %s", options->logs, strerror(-r));
	} else {
		rs_log_retention_plan(sweep.entries, sweep.count, &limits, rs_wall_ns() / RS_NS_PER_MS);
		for (size_t i = 0; i < sweep.count; i++) {
			if (sweep.entries[i].is_doomed)
				rs_log_remove(sweep.paths[sweep.entries[i].index]);
		}
	}
	for (size_t i = 0; i < sweep.count; i++)
		free(sweep.paths[i]);
	free(sweep.paths);
	free(sweep.entries);
	return r;
}
