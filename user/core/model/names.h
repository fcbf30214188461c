/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names that Kubernetes accepts, and what to write instead of those that it
 * does not. Each check returns 0, or -EINVAL with "`path`: ..." in err.
 */
#ifndef RS_CORE_MODEL_NAMES_H
#define RS_CORE_MODEL_NAMES_H

#include <stddef.h>

#include "base/err.h"

/* Lower-case letters, digits and '-', beginning with a letter (DNS-1035), at most `maximum` characters. */
int rs_name_check_1035(const char *name, size_t maximum, const char *path, struct rs_err *err);
/* The same, but may begin with a digit (DNS-1123 label): namespaces, containers. */
int rs_name_check_1123(const char *name, size_t maximum, const char *path, struct rs_err *err);
/* The key of a label or annotation: [subdomain/]name. */
int rs_name_check_key(const char *key, const char *path, struct rs_err *err);
int rs_name_check_label_value(const char *value, const char *path, struct rs_err *err);
/* The name of an environment variable. */
int rs_name_check_env(const char *name, const char *path, struct rs_err *err);
/* IANA service name: 1..15 of a-z 0-9 '-', at least one letter. */
int rs_name_check_port(const char *name, const char *path, struct rs_err *err);

#endif
