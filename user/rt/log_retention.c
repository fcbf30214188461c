// SPDX-License-Identifier: BSD-2-Clause
#include "rt/log_retention.h"

#include <stdlib.h>

static int by_service(const void *a, const void *b)
{
	const struct rs_log_entry *x = a, *y = b;
	if (x->service != y->service)
		return x->service < y->service ? -1 : 1;
	return x->changed_ms > y->changed_ms ? -1 : x->changed_ms < y->changed_ms;
}

static int by_age(const void *a, const void *b)
{
	const struct rs_log_entry *x = a, *y = b;
	return x->changed_ms > y->changed_ms ? -1 : x->changed_ms < y->changed_ms;
}

size_t rs_log_retention_plan(struct rs_log_entry *entries, size_t count, const struct rs_log_limits *limits,
			     uint64_t now_ms)
{
	size_t doomed = 0;
	uint64_t total = 0, freed = 0;
	uint32_t kept = 0;
	if (count)
		qsort(entries, count, sizeof(*entries), by_service);
	for (size_t i = 0; i < count; i++) {
		struct rs_log_entry *entry = &entries[i];
		if (i == 0 || entry->service != entries[i - 1].service)
			kept = 0;
		bool is_old = limits->age_ms && entry->changed_ms + limits->age_ms < now_ms;
		entry->is_doomed = !entry->is_written && (is_old || kept == limits->per_service);
		kept += !entry->is_written && !entry->is_doomed;
		doomed += entry->is_doomed;
		*(entry->is_doomed ? &freed : &total) += entry->bytes;
	}
	if (count)
		qsort(entries, count, sizeof(*entries), by_age);
	for (size_t i = count; i-- > 0;) {
		struct rs_log_entry *entry = &entries[i];
		bool is_too_much = (limits->bytes && total > limits->bytes) || freed < limits->wanted_bytes;
		if (!is_too_much)
			break;
		if (entry->is_written || entry->is_doomed)
			continue;
		entry->is_doomed = true;
		doomed++;
		total -= entry->bytes;
		freed += entry->bytes;
	}
	return doomed;
}
