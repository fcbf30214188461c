/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * YAML to JSON, for the command line. Plain scalars follow YAML 1.2's core
 * schema (so that `no` is a string), quoted ones stay strings. Refused, with
 * line and column: aliases and anchors, tags, duplicate keys, keys that are not
 * strings, and what is too deep or too large.
 */
#ifndef RS_WIRE_YAML_H
#define RS_WIRE_YAML_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "base/err.h"

#define RS_YAML_BYTES_MAX     (4 * 1024 * 1024)
#define RS_YAML_DOCUMENTS_MAX 256
#define RS_YAML_DEPTH_MAX     32
#define RS_YAML_NODES_MAX     65536

struct rs_yaml_documents {
	cJSON *items[RS_YAML_DOCUMENTS_MAX];
	size_t lines[RS_YAML_DOCUMENTS_MAX]; /* where each begins, from 1 */
	size_t count;
};

/* Reads a whole stream; empty documents are left out. -EINVAL with "NAME:LINE:COLUMN: reason"; `name` is a file's
 * name or "-". On failure there are no documents. */
int rs_yaml_parse(const char *text, size_t length, const char *name, struct rs_yaml_documents *ret_documents,
		  struct rs_err *err);
void rs_yaml_documents_done(struct rs_yaml_documents *documents);

/* JSON as YAML (block style, strings quoted where needed). NULL when out of memory; the caller frees it. */
char *rs_yaml_print(const cJSON *json);

#endif
