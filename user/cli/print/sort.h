/* SPDX-License-Identifier: BSD-2-Clause */
/* The order of a list: by a path, or by a column. Pure. */
#ifndef RS_CLI_PRINT_SORT_H
#define RS_CLI_PRINT_SORT_H

#include "cli/noun/noun.h"

/* -EINVAL when `key` is neither a path nor a column of the noun. */
int rs_sort_check(const char *key, const struct rs_noun *noun, struct rs_err *err);

/* Sorts the array `items`: numbers by size, texts with the numbers in them by size (hello-9 before hello-10), what has
 * no value first; equals keep their order. -ENOMEM. */
int rs_sort_items(cJSON *items, const char *key, const struct rs_noun *noun);

#endif
