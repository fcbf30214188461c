/* SPDX-License-Identifier: BSD-2-Clause */
/* Where an object of a manifest was written, for messages about it and about its fields. */
#ifndef RS_CLI_MANIFEST_MANIFEST_SOURCE_H
#define RS_CLI_MANIFEST_MANIFEST_SOURCE_H

#include <stddef.h>

#include "base/err.h"

struct rs_manifest_source {
	const char *file;
	size_t line;	  /* of its document's beginning */
	int item;	  /* its place in a List, or -1 */
	const char *text; /* the document's, perhaps with others behind it; not terminated */
	size_t length;
	size_t lines_before; /* in the file, before `text` */
};

/* FILE:LINE, with ": items[N]" in a List. The caller frees it; NULL when out of memory. */
char *rs_manifest_where(const struct rs_manifest_source *source);

/* Puts in front of an error's message where the object is; where the message begins with a field's path, the line and
 * column of that field. `name` (or "") is the service's. */
void rs_manifest_blame(const struct rs_manifest_source *source, const char *name, struct rs_err *err);

/* A copy that outlives the file; rs_manifest_source_free() takes NULL as well and returns NULL. */
struct rs_manifest_source *rs_manifest_source_copy(const struct rs_manifest_source *source);
struct rs_manifest_source *rs_manifest_source_free(struct rs_manifest_source *source);

#endif
