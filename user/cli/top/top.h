/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rouse top: what all revisions do, sample after sample.
 *
 *	top.c         the command, and the agent's answers as a sample
 *	top_rows.c    a sample as rows, rates from the one before, the order: pure
 *	top_screen.c  the terminal, by ncurses
 */
#ifndef RS_CLI_TOP_TOP_H
#define RS_CLI_TOP_TOP_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct rs_top_row {
	const char *namespace; /* borrowed from the sample's lists */
	const char *name;
	const char *why;
	const char *state;
	unsigned ready;
	unsigned starting;
	unsigned wanted;
	double in_flight;
	double concurrency;
	double held;
	double connections_total;      /* negative: not told, as for those asleep */
	double connections_per_second; /* negative: unknown */
};

struct rs_top_sample {
	cJSON *revisions; /* owned lists, as the API answered */
	cJSON *instances;
	cJSON *node;
	uint64_t at_ns;
	struct rs_top_row *rows; /* sorted by namespace and name */
	size_t count;
};

enum rs_top_order {
	RS_TOP_BY_LOAD, /* the default: who works, first */
	RS_TOP_BY_NAME,
	RS_TOP_BY_STATE, /* worst first */
	RS_TOP_BY_INSTANCES,
	RS_TOP_BY_IN_FLIGHT,
	RS_TOP_BY_CONNECTIONS,
	RS_TOP_BY_HELD,
	RS_TOP_ORDER_COUNT,
};

const char *rs_top_order_text(enum rs_top_order order);

/* Makes the rows of the lists that the sample has. `before` (NULL = none) gives the rates. -ENOMEM. */
int rs_top_read(struct rs_top_sample *sample, const struct rs_top_sample *before);
void rs_top_sample_done(struct rs_top_sample *sample);

/* Pointers to the rows, in an order. NULL when out of memory; the caller frees it. */
const struct rs_top_row **rs_top_sort(const struct rs_top_sample *sample, enum rs_top_order order);

/* The table: its first line is the headers, then a line for each row, in the order of `rows`. -ENOMEM. */
int rs_top_print(const struct rs_top_row *const *rows, size_t count, bool has_namespaces, FILE *out);
/* The line above it: the node in one sentence. */
void rs_top_summary(const struct rs_top_sample *sample, char *out, size_t size);

/* How the screen gets its samples. `take` fills an empty sample, or says why there is none. */
struct rs_top_source {
	int (*take)(void *user, struct rs_top_sample *sample, struct rs_err *err);
	void *user;
	double seconds;
	bool has_namespaces;
};

/* Until q, SIGINT, SIGTERM or SIGHUP; the terminal is as it was afterwards. -ENOTTY with a sentence when it cannot be
 * used. */
int rs_top_screen(const struct rs_top_source *source, struct rs_err *err);

#endif
