/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vector runner: what a section of a vector file is run by.
 *
 * A section is a list of cases of one shape; README.md describes the shapes. To
 * turn a section on, write a function that checks one case and put it into the
 * table of run.c in place of the reason why it is skipped.
 */
#ifndef RS_TEST_VECTORS_H
#define RS_TEST_VECTORS_H

#include <cJSON.h>
#include <stdbool.h>
#include <stdint.h>

/* One case under test. Checks and look-ups that fail mark it and say why, once. */
struct vector_case {
	const char *section;
	const char *name; /* its id, note or number */
	const cJSON *json;
	bool failed;
	char why[256];
};

typedef void vector_check(struct vector_case *c);

/* Marks the case as failed; the first reason is kept. */
void vector_fail(struct vector_case *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Look-ups in an object. Those without a default fail the case when the key is
 * missing, null or of another type. */
const cJSON *vector_get(struct vector_case *c, const cJSON *object, const char *key);
double vector_number(struct vector_case *c, const cJSON *object, const char *key);
double vector_number_or(struct vector_case *c, const cJSON *object, const char *key, double otherwise);
bool vector_bool(struct vector_case *c, const cJSON *object, const char *key);
const char *vector_text(struct vector_case *c, const cJSON *object, const char *key);
bool vector_is_set(const cJSON *object, const char *key); /* present and not null */

/* Checks. */
void vector_expect_number(struct vector_case *c, const char *what, double got, double want, double tolerance);
void vector_expect_bool(struct vector_case *c, const char *what, bool got, bool want);
/* The same against `key` of `expect`, when it is there. */
void vector_expect_key(struct vector_case *c, const cJSON *expect, const char *key, double got, double tolerance);
void vector_expect_key_bool(struct vector_case *c, const cJSON *expect, const char *key, bool got);

/* Vectors count from an arbitrary 0 and may go below it; the code under test has
 * unsigned times. The origin is a multiple of every granularity in use. */
#define VECTOR_EPOCH_S 7200000.0
uint64_t vector_time_ns(double seconds);
uint64_t vector_duration_ns(double seconds); /* negative becomes 0 */

/* autoscale.c */
vector_check check_decide, check_start_mode, check_initial_status, check_same_sign;
vector_check check_average, check_smoothing_coefficient, check_ewma_example, check_rounding;
vector_check check_max_window, check_max_time_window;
vector_check check_target, check_panic_window, check_initial_scale;
vector_check check_apply_scale, check_pa_status, check_active_condition;
vector_check check_request_stats;

/* gc.c */
vector_check check_revision_gc, check_revision_stale, check_gc_config_validation;

/* validate.c */
vector_check check_config_validation, check_annotation_validation;

#endif
