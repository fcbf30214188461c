/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what the API tells to sentences for a person: where a service is, what
 * was decided last and with which numbers, who waits and for what, why traffic
 * goes where it goes, and what to do when something is wrong.
 *
 * Pure: facts in, text out. What a part of the API did not answer is NULL, and
 * the text says less. why.c asks and prints.
 */
#ifndef RS_CLI_WHY_WHY_H
#define RS_CLI_WHY_WHY_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "base/str.h"

struct rs_why_facts {
	const cJSON *service;	/* a Service */
	const cJSON *revisions; /* lists, of this service */
	const cJSON *instances;
	const cJSON *holds;
	const cJSON *events;   /* oldest first */
	const cJSON *node;     /* a NodeStatus */
	const cJSON *pressure; /* events about the node itself: what was full */
	const char *only;      /* explain this revision alone; NULL = all that matter */
	uint64_t now_wall_ns;
};

/* Where a revision is, worst first. */
enum rs_why_state {
	RS_WHY_FAILING, /* its starts fail, and nothing serves */
	RS_WHY_WAKING,	/* wanted, and not ready yet */
	RS_WHY_SERVING,
	RS_WHY_LEAVING, /* its last instances end */
	RS_WHY_ASLEEP,
	RS_WHY_RETIRED, /* nothing is kept for it: no route names it */
	RS_WHY_STATE_COUNT,
};

const char *rs_why_state_text(enum rs_why_state state);

/* Appends the explanation. Returns the buffer's error. */
int rs_why_explain(const struct rs_why_facts *facts, struct rs_buf *out);

#endif
