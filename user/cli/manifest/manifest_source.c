// SPDX-License-Identifier: BSD-2-Clause
#include "cli/manifest/manifest_source.h"

#include "base/mem.h"
#include "base/str.h"
#include "wire/yaml_locate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

char *rs_manifest_where(const struct rs_manifest_source *source)
{
	if (source->item < 0)
		return rs_str_format("%s:%zu", source->file, source->line);
	return rs_str_format("%s:%zu: items[%d]", source->file, source->line, source->item);
}

/* Messages without a path have nothing that could be found. JSON is found as well: it is YAML. */
static bool find_field(const struct rs_manifest_source *source, const char *message, struct rs_yaml_place *ret_place)
{
	rs_auto_free char *path =
		source->item < 0 ? strdup(message) : rs_str_format("items[%d].%s", source->item, message);
	return path && rs_yaml_locate(source->text, source->length, path, ret_place) == 0;
}

void rs_manifest_blame(const struct rs_manifest_source *source, const char *name, struct rs_err *err)
{
	struct rs_yaml_place place;
	rs_auto_free char *where =
		find_field(source, err->message, &place)
			? rs_str_format("%s:%zu:%zu", source->file, source->lines_before + place.line, place.column)
			: rs_manifest_where(source);
	if (*name)
		rs_err_prefix(err, "%s: service %s", where ? where : source->file, name);
	else
		rs_err_prefix(err, "%s", where ? where : source->file);
}

struct rs_manifest_source *rs_manifest_source_copy(const struct rs_manifest_source *source)
{
	struct rs_manifest_source *copy = malloc(sizeof(*copy));
	if (!copy)
		return NULL;
	*copy = *source;
	copy->file = strdup(source->file);
	copy->text = strndup(source->text, source->length);
	return copy->file && copy->text ? copy : rs_manifest_source_free(copy);
}

struct rs_manifest_source *rs_manifest_source_free(struct rs_manifest_source *source)
{
	if (source) {
		free((char *)source->file);
		free((char *)source->text);
		free(source);
	}
	return NULL;
}
