/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of an explanation (why.h), each in a file of its own; why_explain.c puts them in order. */
#ifndef RS_CLI_WHY_WHY_PART_H
#define RS_CLI_WHY_WHY_PART_H

#include <stdbool.h>

#include "cli/why/why.h"

/* A revision with what belongs to it, counted once for all parts. */
struct rs_why_revision {
	const cJSON *object;
	const cJSON *rouse; /* status.rouse; NULL when the agent keeps nothing for it */
	const char *name;
	enum rs_why_state state;
	unsigned ready;
	unsigned starting;
	unsigned unready;		/* were ready, and are out of rotation */
	unsigned leaving;		/* draining or stopping */
	const cJSON *starting_instance; /* that starts longest */
	const cJSON *unready_instance;	/* one of them */
	const cJSON *ready_complaining; /* is ready, and not well: deaf in a family */
	unsigned held;
	unsigned held_clients;	  /* different addresses */
	const cJSON *oldest_hold; /* NULL when none is held */
	const cJSON *failure;	  /* the newest event of what went wrong */
	int desired;
	int failures; /* starts in a row */
};

/* why_facts.c */
void rs_why_look(const struct rs_why_facts *facts, const cJSON *revision, struct rs_why_revision *ret_seen);
/* True for an object with that label value. */
bool rs_why_is_of(const cJSON *object, const char *label, const char *value);
/* "12:03:11Z (4m10s ago)", with the date when that is not today; "" when `time` is none. */
#define RS_WHY_TIME_MAX 64
void rs_why_time(const struct rs_why_facts *facts, const char *time, char out[static RS_WHY_TIME_MAX]);
/* A number with at most two decimals, and none that say nothing: 14.2, 7, 0.05. */
#define RS_WHY_NUMBER_MAX 32
void rs_why_number(double value, char out[static RS_WHY_NUMBER_MAX]);
/* 850 ms, 1.2 s, 45 s, 3m12s. */
void rs_why_span(double seconds, char out[static RS_WHY_NUMBER_MAX]);

/* why_state.c: where it is, and since when. */
void rs_why_say_state(const struct rs_why_facts *facts, const struct rs_why_revision *seen, struct rs_buf *out);
/* why_scale.c: the last decision with its numbers. */
void rs_why_say_scale(const struct rs_why_facts *facts, const struct rs_why_revision *seen, struct rs_buf *out);
/* why_wait.c: who is held, and for what. */
void rs_why_say_holds(const struct rs_why_facts *facts, const struct rs_why_revision *seen, struct rs_buf *out);
/* why_traffic.c: where connections go, and why. */
void rs_why_say_traffic(const struct rs_why_facts *facts, struct rs_buf *out);
/* Which of its instances takes a connection, when that is not the least loaded. */
void rs_why_say_pick(const struct rs_why_revision *seen, struct rs_buf *out);
/* How much of the traffic the revision gets, or that it has none. */
void rs_why_say_share(const struct rs_why_facts *facts, const struct rs_why_revision *seen, struct rs_buf *out);
/* why_advice.c: what to do. Says nothing when nothing is wrong. */
void rs_why_say_advice(const struct rs_why_facts *facts, const struct rs_why_revision *seen, struct rs_buf *out);
void rs_why_say_node(const struct rs_why_facts *facts, struct rs_buf *out);

#endif
