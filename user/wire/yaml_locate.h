/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a field stands in a manifest's text, so that a message about it can name line and column. */
#ifndef RS_WIRE_YAML_LOCATE_H
#define RS_WIRE_YAML_LOCATE_H

#include <stddef.h>

struct rs_yaml_place {
	size_t line, column; /* from 1 */
};

/* `path` as errors name it: "spec.traffic[0].percent: must be …" (up to the first ": " or the end). Finds the field,
 * or when it is missing the deepest one around it. -ENOENT when not even the path's first word is there, or the text
 * is no YAML. Text with several documents: the first one. */
int rs_yaml_locate(const char *text, size_t length, const char *path, struct rs_yaml_place *ret_place);

#endif
