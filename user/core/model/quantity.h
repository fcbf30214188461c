/* SPDX-License-Identifier: BSD-2-Clause */
/* Kubernetes quantities ("500m", "0.5", "350Mi", "1e3"), Go durations ("1m30s") and plain numbers, from text. */
#ifndef RS_CORE_MODEL_QUANTITY_H
#define RS_CORE_MODEL_QUANTITY_H

#include <stdint.h>

/* Value times 1000, rounded up as Kubernetes does. -EINVAL when it is no quantity or negative, -ERANGE when it
 * does not fit. */
int rs_quantity_millis(const char *text, uint64_t *ret_millis);
/* Whole units, rounded up. */
int rs_quantity_units(const char *text, uint64_t *ret_units);

/* As Go's time.ParseDuration. -EINVAL, or -ERANGE beyond about 292 years. */
int rs_duration_parse(const char *text, int64_t *ret_ns);

/* A finite decimal number, nothing else in the text ("0x10", "inf", "nan", spaces are refused). */
int rs_number_parse(const char *text, double *ret_value);

#endif
