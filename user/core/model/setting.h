/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of settings: a key, where its value lives, its bounds. Each of
 * Knative's configuration maps is one such table; reading, printing, "did you
 * mean" and the documents are made from it. Pure.
 */
#ifndef RS_CORE_MODEL_SETTING_H
#define RS_CORE_MODEL_SETTING_H

#include "base/err.h"
#include "base/suggest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rs_setting_kind {
	RS_SETTING_NUMBER,     /* double */
	RS_SETTING_PERCENTAGE, /* double in (0, 1]: "70" and "0.7" mean the same, "1" is the whole */
	RS_SETTING_WHOLE,      /* int32_t */
	RS_SETTING_DURATION,   /* uint64_t ns */
	RS_SETTING_SECONDS,    /* uint64_t ns, whole seconds */
	RS_SETTING_BOOLEAN,    /* bool, as Go's strconv.ParseBool reads it */
	RS_SETTING_CPU,	       /* uint64_t in 1/1000, a Kubernetes quantity */
	RS_SETTING_BYTES,      /* uint64_t, a Kubernetes quantity */
	RS_SETTING_WORD,       /* nothing is kept: `bounds` is the one word that is accepted */
	RS_SETTING_ANY,	       /* nothing is kept, anything is accepted */
	RS_SETTING_KIND_COUNT,
};

/* What "disabled" is kept as, where it may be said. */
#define RS_SETTING_DISABLED_NS	  UINT64_MAX
#define RS_SETTING_DISABLED_WHOLE (-1)

struct rs_setting {
	const char *key;
	enum rs_setting_kind kind;
	size_t offset;
	double minimum, maximum; /* of durations in seconds */
	bool above;		 /* the minimum itself is refused */
	bool or_minus_one;	 /* -1 is accepted as well */
	bool or_disabled;	 /* "disabled" is accepted as well */
	const char *bounds;	 /* the sentence that names them, after "must be" */
	const char *help;
	const char *refused;   /* not supported: why. Such rows need nothing but the key */
	const char *no_effect; /* checked, but without a meaning here: why */
};

struct rs_settings_table {
	const struct rs_setting *rows;
	size_t count;
};

#define RS_SETTING_TEXT_MAX 64

/* The row of a key, NULL when there is none. */
const struct rs_setting *rs_setting_find(const struct rs_settings_table *table, const char *key);
/* Offers each key that is not refused. */
void rs_setting_suggest(const struct rs_settings_table *table, const char *key, struct rs_suggestion *suggestion);
/* Reads `text` into the row's field of `object`. -EINVAL with the bounds ("must be ..."), -ENOTSUP with the reason
 * of a refused row. 1, with the reason in `err`, when it is accepted and has no effect. */
int rs_setting_set(const struct rs_setting *row, void *object, const char *text, struct rs_err *err);
/* The field as rs_setting_set() reads it. Rows that keep nothing: the empty text. */
void rs_setting_print(const struct rs_setting *row, const void *object, char out[static RS_SETTING_TEXT_MAX]);
const char *rs_setting_kind_text(enum rs_setting_kind kind);

#endif
