/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two directories, LIVE and MERGED, with a YAML file for each object, and a
 * program that compares them: as kubectl diff does it, so that its programs
 * work here.
 */
#ifndef RS_CLI_MANIFEST_DIFF_TREE_H
#define RS_CLI_MANIFEST_DIFF_TREE_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/err.h"

struct rs_diff_tree {
	char *root;
	char *live;
	char *merged;
};

int rs_diff_tree_init(struct rs_diff_tree *tree, struct rs_err *err);
/* Removes the directories. Accepts one that was not made, or not whole. */
void rs_diff_tree_done(struct rs_diff_tree *tree);

/* `live` and `merged` may be NULL: then there is no file on that side. */
int rs_diff_tree_add(struct rs_diff_tree *tree, const char *name, const cJSON *live, const cJSON *merged,
		     struct rs_err *err);

/* Runs `program` (words apart by spaces) with both directories behind it, and passes its output on. Returns its exit
 * code, or a negative errno. */
int rs_diff_tree_show(const struct rs_diff_tree *tree, const char *program, FILE *out, struct rs_err *err);

#endif
