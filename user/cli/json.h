/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading objects without ceremony: a missing member is an empty text or the
 * fallback, never a crash. A path is its members in order:
 *
 *	rs_json_text(object, "metadata", "labels", "serving.knative.dev/service")
 */
#ifndef RS_CLI_JSON_H
#define RS_CLI_JSON_H

#include <cjson/cJSON.h>
#include <stddef.h>

#define RS_JSON_PATH_MAX 5

/* The member at the end of a NULL-terminated path; NULL when there is none. */
const cJSON *rs_json_at(const cJSON *object, const char *const *path);
/* Its text; "" when it is missing or no string. */
const char *rs_json_text_at(const cJSON *object, const char *const *path);
/* Its number; `fallback` when it is missing or no number. */
double rs_json_number_at(const cJSON *object, double fallback, const char *const *path);

#define rs_json_get(object, ...)  rs_json_at(object, (const char *const[]){__VA_ARGS__, NULL})
#define rs_json_text(object, ...) rs_json_text_at(object, (const char *const[]){__VA_ARGS__, NULL})
#define rs_json_number(object, fallback, ...)                                                                          \
	rs_json_number_at(object, fallback, (const char *const[]){__VA_ARGS__, NULL})

/* The texts of an array, one after the other, or its ports ({port, protocol}) as "80/TCP"; "" when it is none. What
 * does not fit is left out. Returns `out`. */
const char *rs_json_join(const cJSON *array, const char *between, char *out, size_t size);
/* The element of status.conditions with that type, or NULL. */
const cJSON *rs_json_condition(const cJSON *object, const char *type);
/* The object member `key` of `parent`, made when there is none. NULL when out of memory or `parent` is no object. */
cJSON *rs_json_member(cJSON *parent, const char *key);

static inline void rs_json_cleanup(cJSON **json)
{
	cJSON_Delete(*json);
}

#define rs_auto_json __attribute__((cleanup(rs_json_cleanup)))

#endif
