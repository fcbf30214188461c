/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading JSON objects by tables: a field is known and read, or known and
 * refused with a reason, or unknown, and then the nearest known name is told.
 * Where a value stands is a chain on the stack; it becomes text only when
 * somebody has to be told.
 */
#ifndef RS_WIRE_FIELD_H
#define RS_WIRE_FIELD_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/model/model.h"

/* spec.template.metadata.annotations[key], spec.traffic[2].tag */
struct rs_at {
	const struct rs_at *up;
	const char *name; /* .name, or with in_brackets [name]; NULL = [index] */
	size_t index;
	bool in_brackets;
};

#define RS_AT_FIELD(up, name) (&(const struct rs_at){(up), (name), 0, false})
#define RS_AT_KEY(up, name)   (&(const struct rs_at){(up), (name), 0, true})
#define RS_AT_INDEX(up, i)    (&(const struct rs_at){(up), NULL, (i), false})

#define RS_AT_TEXT_SIZE 320
void rs_at_text(const struct rs_at *at, char out[static RS_AT_TEXT_SIZE]);

/* "path: message"; returns -EINVAL. */
int rs_refuse(const struct rs_at *at, struct rs_err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int rs_refuse_memory(const struct rs_at *at, struct rs_err *err);

typedef int rs_field_read(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err);

struct rs_field {
	const char *name;
	rs_field_read *read;	/* NULL: refused */
	const char *refused;	/* the reason. A value that says nothing (false, 0, "", {}, []) is let through */
	bool is_always_refused; /* also then */
};

/* Reads an object. Fields are read in the table's order, not in the object's, so that one may build on another.
 * null is the same as leaving the field out. */
int rs_fields_read(const struct rs_field *fields, size_t count, void *out, const cJSON *json, const struct rs_at *at,
		   struct rs_err *err);
#define RS_FIELDS_READ(fields, out, json, at, err)                                                                     \
	rs_fields_read((fields), sizeof(fields) / sizeof(*(fields)), (out), (json), (at), (err))

/* A field that is known and of no consequence: status, and what the server sets. */
rs_field_read rs_field_read_past;

/* --- values. Each gives -EINVAL with a sentence that says what to write instead ---------------------------------- */

int rs_read_text(const cJSON *json, const struct rs_at *at, size_t maximum, const char **ret_text, struct rs_err *err);
int rs_read_name(const cJSON *json, const struct rs_at *at, char out[static RS_NAME_SIZE], struct rs_err *err);
/* Into new memory; *out is replaced. */
int rs_read_string(const cJSON *json, const struct rs_at *at, size_t maximum, char **out, struct rs_err *err);
int rs_read_bool(const cJSON *json, const struct rs_at *at, bool *ret_value, struct rs_err *err);
int rs_read_integer(const cJSON *json, const struct rs_at *at, int64_t minimum, int64_t maximum, int64_t *ret_value,
		    struct rs_err *err);
int rs_read_list(const cJSON *json, const struct rs_at *at, size_t maximum, struct rs_err *err);
int rs_read_strings(const cJSON *json, const struct rs_at *at, size_t maximum, struct rs_strings *out,
		    struct rs_err *err);
/* Labels, annotations: sorted, each key once. */
int rs_read_pairs(const cJSON *json, const struct rs_at *at, size_t value_maximum, struct rs_pairs *out,
		  struct rs_err *err);

#endif
