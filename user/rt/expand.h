/* SPDX-License-Identifier: BSD-2-Clause */
/* $(VAR) in commands and environment values, by Kubernetes' rules. Pure. */
#ifndef RS_RT_EXPAND_H
#define RS_RT_EXPAND_H

#include "base/str.h"

#include <stddef.h>

/* The value of `name` in NAME=value entries, NULL when there is none. The last entry of a name counts. */
const char *rs_env_get(char *const *entries, size_t count, const char *name, size_t name_length);

/* Appends `text` to `out`: $(NAME) becomes NAME's value, or stays as it is when NAME is unknown; $$ becomes $;
 * any other $ stays. What is inserted is not expanded again. Returns out's error. */
int rs_expand(struct rs_buf *out, const char *text, char *const *entries, size_t count);

#endif
