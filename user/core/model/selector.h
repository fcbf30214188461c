/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kubernetes' selectors: which labels (or fields) an object must have. Pure.
 *
 *	app=web,tier!=db,env in (test, staging),track notin (old),canary,!legacy
 */
#ifndef RS_CORE_MODEL_SELECTOR_H
#define RS_CORE_MODEL_SELECTOR_H

#include <stdbool.h>

#include "base/err.h"

#define RS_SELECTOR_BYTES_MAX  4096
#define RS_SELECTOR_TERMS_MAX  32
#define RS_SELECTOR_VALUES_MAX 128 /* of all sets together */

struct rs_selector;

/* "" selects everything (*ret_selector is NULL then). -EINVAL with the place and what is wanted there, -ENOMEM. */
int rs_selector_parse_labels(const char *text, struct rs_selector **ret_selector, struct rs_err *err);
/* The same for fields, which know =, == and != alone. `known`: the fields that there are, ended by NULL. */
int rs_selector_parse_fields(const char *text, const char *const *known, struct rs_selector **ret_selector,
			     struct rs_err *err);
/* Accepts NULL; returns NULL. */
struct rs_selector *rs_selector_free(struct rs_selector *selector);

/* `get` gives a key's value, NULL when there is none. NULL selects everything. */
bool rs_selector_matches(const struct rs_selector *selector, const char *(*get)(const void *object, const char *key),
			 const void *object);

#endif
