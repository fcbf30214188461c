/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs programs in rounds (harness.h), from the user's side. Every function ends the program when it fails: a
 * benchmark without its ground has nothing to say. */
#ifndef RS_BENCH_RUN_H
#define RS_BENCH_RUN_H

#include "dataplane/frame.h"
#include "dataplane/harness.h"

#include <stdbool.h>

enum bench_hook {
	BENCH_TC,
	BENCH_XDP,
	BENCH_XDP_FRAGS,
};

/* Verdicts. */
#define BENCH_TC_NEXT	   (-1)
#define BENCH_TC_DROP	   2
#define BENCH_TC_REDIRECT  7
#define BENCH_XDP_DROP	   1
#define BENCH_XDP_PASS	   2
#define BENCH_XDP_REDIRECT 4

struct bench_harness;

/* Descriptors of the dataplane's maps. */
struct bench_harness *bench_harness_open(int flows_map, int replies_map);
void bench_harness_close(struct bench_harness *harness);

/* What is sent, and what must come of it. */
struct bench_case {
	enum bench_hook hook;
	int program;		    /* descriptor of the program under test */
	unsigned ifindex;	    /* 0: lo, which alone has what XDP_TEST_RUN asks of an interface */
	struct bench_packet packet; /* its client's end is that of connection 0; `source` or `destination` is a VIP */
	bool is_reply;		    /* from an instance: the client is the destination */
	enum bench_order order;
	unsigned first; /* number of the first connection; BENCH_NEXT */
	unsigned connections;
	unsigned services;
	unsigned mark;
	int verdict;
};

enum bench_target {
	BENCH_NOTHING, /* a program that does nothing */
	BENCH_FIND,    /* one that looks the connection up */
	BENCH_PROGRAM, /* that of the case */
	BENCH_TARGETS,
};

/* Mean ns of `repeat` rounds. The verdict of the case's own program is checked. */
double bench_run(struct bench_harness *harness, const struct bench_case *what, enum bench_target target,
		 unsigned repeat);

/* Says it on standard error and ends the program. */
void bench_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
