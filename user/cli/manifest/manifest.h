/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Manifests: the objects of files, directories and standard input, one after
 * another. YAML documents are taken apart before they are parsed, so that one
 * that is broken does not hide the others. Lists give their items. An object that
 * one command is given twice, in one file or in two, is broken the second time.
 */
#ifndef RS_CLI_MANIFEST_MANIFEST_H
#define RS_CLI_MANIFEST_MANIFEST_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "cli/manifest/manifest_source.h"

#define RS_MANIFEST_BYTES_MAX (256UL * 1024 * 1024)

/* What was read so far, of all that one command is given. Begins as {0}. */
struct rs_manifest_had {
	const char *namespace; /* of objects that name none; NULL is "default" */
	void *objects;	       /* of tsearch(3) */
};

void rs_manifest_had_done(struct rs_manifest_had *had);

struct rs_manifest_visitor {
	/* An object that was read. Both are borrowed during the call; the object may be changed. */
	void (*object)(void *user, const struct rs_manifest_source *source, cJSON *object);
	/* A file or document that cannot be read: err says which, where and why. */
	void (*broken)(void *user, const struct rs_err *err);
	void *user;
	struct rs_manifest_had *had;
	bool is_recursive; /* directories inside of directories are read as well */
};

/* `path` is a file, a directory (its *.yaml, *.yml and *.json, in the order of their names) or "-" for `in`. */
void rs_manifest_read(const char *path, FILE *in, const struct rs_manifest_visitor *visitor);
/* The same for text that is already here; `name` is for messages. */
void rs_manifest_parse(const char *text, size_t length, const char *name, const struct rs_manifest_visitor *visitor);

#endif
