/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The nouns: what `get` can list. Each has a file noun_NAME.c, which is a table
 * of its columns and one entry; nouns.c gathers them.
 */
#ifndef RS_CLI_NOUN_NOUN_H
#define RS_CLI_NOUN_NOUN_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/json.h"
#include "cli/print/table.h"

#define RS_NOUN_ALIASES_MAX 4

enum rs_column_form {
	RS_COLUMN_TEXT,	     /* a string or whole number at `path` */
	RS_COLUMN_AGE,	     /* a time at `path` */
	RS_COLUMN_MS,	     /* milliseconds at `path`, with one decimal */
	RS_COLUMN_BYTES,     /* a number of bytes at `path` */
	RS_COLUMN_CONDITION, /* the member `path[1]` of the condition `path[0]` */
	RS_COLUMN_OBJECT,    /* an object reference at `path`: revision/hello-00001 */
};

struct rs_column {
	const char *header;
	enum rs_column_form form;
	const char *path[RS_JSON_PATH_MAX + 1];
	bool is_wide; /* with -o wide alone */
};

struct rs_noun {
	const char *plural; /* as in paths */
	const char *kind;
	const char *group; /* of kubectl's names: "serving.knative.dev", "" for core */
	const char *api;   /* "/apis/serving.knative.dev/v1" */
	const char *aliases[RS_NOUN_ALIASES_MAX];
	const char *summary;
	bool has_names;	   /* single objects can be asked for by name */
	bool has_services; /* its list takes ?service= */
	bool can_delete;
	bool can_page; /* its list takes ?limit= and ?continue= */
	bool can_watch;
	const struct rs_column *columns;
	size_t column_count;
};

extern const struct rs_noun rs_noun_service, rs_noun_configuration, rs_noun_revision, rs_noun_route, rs_noun_instance,
	rs_noun_hold, rs_noun_flow, rs_noun_event;

/* All of them, ended by NULL. */
extern const struct rs_noun *const rs_nouns[];

/* By plural, kind or alias, in any case of letters. -EINVAL with the nearest that there is. */
int rs_noun_parse(const char *text, const struct rs_noun **ret_noun, struct rs_err *err);
/* NULL when there is none of that name. */
const struct rs_noun *rs_noun_find(const char *text);

/* By its header, in any case of letters. NULL when there is none. */
const struct rs_column *rs_noun_column(const struct rs_noun *noun, const char *header);

/* "service.serving.knative.dev/hello", "instance.rouse.dev/rouse-17", "event/x" into out. */
void rs_noun_full_name(const struct rs_noun *noun, const char *name, struct rs_buf *out);

/* Of a condition's status. */
enum rs_colour rs_truth_colour(const char *status);

/* What a column shows of an object, as JSON: what lists are sorted by. NULL when there is nothing. */
const cJSON *rs_column_value(const struct rs_column *column, const cJSON *object);
/* One cell, appended to `table`. */
void rs_column_cell(const struct rs_column *column, const cJSON *object, uint64_t now_wall_ns, struct rs_table *table);

#endif
