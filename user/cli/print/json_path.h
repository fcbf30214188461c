/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kubectl's JSONPath, as far as people use it at a prompt. Pure.
 *
 *	.metadata.name   {.metadata.name}   metadata.labels['app']   .metadata.labels.rouse\.dev/x
 *	.items[0]   .items[-1]   .items[*]   .status.conditions[?(@.type=="Ready")].status
 */
#ifndef RS_CLI_PRINT_JSON_PATH_H
#define RS_CLI_PRINT_JSON_PATH_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

/* -EINVAL with what is wrong with the path. */
int rs_json_path_check(const char *path, struct rs_err *err);

/* Calls `visit` for each value that a checked path leads to; a return that is not 0 ends it, and is returned. */
int rs_json_path_each(const char *path, const cJSON *root, int (*visit)(void *user, const cJSON *value), void *user);
/* The first of them, or NULL. */
const cJSON *rs_json_path_first(const char *path, const cJSON *root);

/* A value as a person reads it: strings bare, the rest as JSON. */
int rs_json_path_print(const cJSON *value, struct rs_buf *out);

/* A template is text with paths in braces; {"\n"} and {"\t"} are literals, {range PATH}...{end} repeats. Values of one
 * path are apart by spaces. -EINVAL with what is wrong, and `out` is not complete then. */
int rs_json_template_check(const char *template, struct rs_err *err);
int rs_json_template_print(const char *template, const cJSON *root, struct rs_buf *out);

#endif
