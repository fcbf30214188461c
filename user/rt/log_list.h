/* SPDX-License-Identifier: BSD-2-Clause */
/* The logs that there are, found by their names: those of running instances and of gone ones. */
#ifndef RS_RT_LOG_LIST_H
#define RS_RT_LOG_LIST_H

#include "rt/log_name.h"

#include <stdbool.h>

struct rs_log_file {
	const char *path; /* all text is valid during the visit */
	const char *namespace;
	const char *service;
	const char *revision;
	const char *instance;
	const char *name; /* of the file, without its suffix: no other log has it */
	uint64_t started_ms;
	uint64_t changed_ms; /* when it was last written to */
	uint64_t bytes;	     /* with what rotation took off, and the times */
	bool is_written;     /* somebody has it open: the instance's processes, or what they left behind */
};

/* Which: each NULL means any. */
struct rs_log_filter {
	const char *namespace;
	const char *service;
	const char *revision;
	const char *instance;
	const char *name;
};

/* Visits them in no order; below `logs` lie namespaces, services, revisions. Stops at the first non-zero return. */
int rs_log_list_each(const char *logs, const struct rs_log_filter *filter,
		     int (*each)(void *user, const struct rs_log_file *file), void *user);
/* The services that have some, by the names of their directories alone: a list of many is made service by service. */
int rs_log_list_services(const char *logs, const struct rs_log_filter *filter,
			 int (*each)(void *user, const char *namespace, const char *service), void *user);
/* Removes a log with what lies beside it, and the directories above it that are empty then. */
void rs_log_remove(const char *path);

#endif
