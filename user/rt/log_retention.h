/* SPDX-License-Identifier: BSD-2-Clause */
/* Which logs of gone instances are kept, and how long. Pure. */
#ifndef RS_RT_LOG_RETENTION_H
#define RS_RT_LOG_RETENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rs_log_entry {
	uint32_t index;	     /* the caller's */
	uint32_t service;    /* any number that is the same for logs of one service */
	uint64_t changed_ms; /* when it was last written to, since 1970 */
	uint64_t bytes;
	bool is_written; /* its instance runs: it stays */
	bool is_doomed;	 /* out */
};

struct rs_log_limits {
	uint32_t per_service;  /* gone instances' logs */
	uint64_t age_ms;       /* 0 = any */
	uint64_t bytes;	       /* of all logs together, those of running instances too; 0 = any */
	uint64_t wanted_bytes; /* the disk is that much too full */
};

/*
 * 1. What is written stays.
 * 2. What is older than the age goes.
 * 3. Of each service the youngest stay, as many as it may have.
 * 4. While all together are too large, or the disk too full, the oldest goes.
 *
 * Sorts the entries, youngest first. Returns how many are doomed.
 */
size_t rs_log_retention_plan(struct rs_log_entry *entries, size_t count, const struct rs_log_limits *limits,
			     uint64_t now_ms);

#endif
