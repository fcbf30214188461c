/* SPDX-License-Identifier: BSD-2-Clause */
/* The options as a table, and Knative's maps: for the files that read, print and reload them. */
#ifndef RS_AGENT_CONFIG_OPTION_TABLE_H
#define RS_AGENT_CONFIG_OPTION_TABLE_H

#include "agent/config/options.h"

#include <stddef.h>

/* When a change takes effect. */
enum rs_option_when {
	RS_OPTION_LIVE,	   /* on a reload */
	RS_OPTION_RESTART, /* at the next start */
	RS_OPTION_CLEANUP, /* likewise, once `rouse cleanup` has removed what stands by its old value */
	RS_OPTION_CALL,	   /* it is no property of the agent: command line only */
};

enum rs_option_kind {
	RS_OPTION_STRING,
	RS_OPTION_RANGE,  /* of IPv4 */
	RS_OPTION_RANGE6, /* of IPv6 */
	RS_OPTION_NUMBER,
	RS_OPTION_POWER, /* a number that is a power of two */
	RS_OPTION_PORTS, /* a range of ports */
	RS_OPTION_WORD,	 /* one of `words`: an enum, by its position */
	RS_OPTION_USER,
	RS_OPTION_INTERFACES, /* the one list: each call adds to it */
	RS_OPTION_FLAG,
	RS_OPTION_CONFIG, /* --config: options.c reads it */
	RS_OPTION_SET,	  /* --set: likewise */
};

struct rs_option {
	const char *name;
	const char *argument; /* NULL = none */
	enum rs_option_kind kind;
	enum rs_option_when when;
	size_t offset; /* in struct rs_options */
	unsigned minimum, maximum;
	const char *const *words; /* ends with NULL */
	const char *range;	  /* for people; NULL = it follows from the above */
	const char *initial;	  /* for people: the value without a setting */
	const char *help;
};

extern const struct rs_option rs_option_rows[];
extern const size_t rs_option_count;

/* options.c: the built-in values. */
void rs_options_init(struct rs_options *options);
const struct rs_option *rs_option_find(const char *name);
/* Reads `text` into the option's field. -EINVAL with a sentence that goes behind the option's name. */
int rs_option_set(struct rs_options *options, const struct rs_option *row, const char *text, struct rs_err *err);
/* A copy that lives as long as the options. NULL when out of memory. */
const char *rs_option_keep(struct rs_options *options, const char *text);
/* The field as rs_option_set() reads it, "" when it is unset. Not for lists. */
void rs_option_print(const struct rs_options *options, const struct rs_option *row, char *out, size_t size);
/* The field of a live option as it is in `from`. */
void rs_option_copy(struct rs_options *options, const struct rs_options *from, const struct rs_option *row);
/* Where a range's prefix length stands. */
unsigned *rs_option_bits(const struct rs_options *options, const struct rs_option *row);
/* What values it has, for people. */
void rs_option_range(const struct rs_option *row, char *out, size_t size);

/* interfaces.c: one entry of the list of interfaces. -EINVAL as rs_option_set(). */
int rs_interface_option_parse(const char *text, struct rs_interface_option *ret_interface, struct rs_err *err);
/* What rs_interface_option_parse() reads. */
void rs_interface_option_print(const struct rs_interface_option *interface, char out[static RS_INTERFACE_TEXT_MAX]);

/* One of Knative's configuration maps. */
struct rs_section {
	const char *name;	/* in our file */
	const char *config_map; /* its ConfigMap */
	const struct rs_settings_table *table;
	size_t offset, size; /* of its struct in struct rs_options */
};

extern const struct rs_section rs_sections[];
extern const size_t rs_section_count;

/* Maps that have no counterpart here, and why. */
struct rs_refused_map {
	const char *config_map;
	const char *reason;
};
extern const struct rs_refused_map rs_refused_maps[];
extern const size_t rs_refused_map_count;

/* Sets one key of a section. As rs_setting_set(), with -ENOENT for an unknown key, and a suggestion. */
int rs_section_set(struct rs_options *options, const struct rs_section *section, const char *key, const char *text,
		   struct rs_err *err);
/* "KEY=VALUE" or "SECTION.KEY=VALUE", of --set. */
int rs_section_assign(struct rs_options *options, const char *assignment, struct rs_err *err);

/* config_file.c: reads one file, or the *.yaml of a directory in the order of their names. */
void rs_config_read(struct rs_options *options, const char *path, struct rs_problems *problems);
/* option_check.c: the bounds between options. */
void rs_options_check(const struct rs_options *options, struct rs_problems *problems);

#endif
