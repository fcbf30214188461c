/* SPDX-License-Identifier: BSD-2-Clause */
/* The options: how each is spelled, what it means, and where its value goes. */
#ifndef RS_CLI_OPTION_H
#define RS_CLI_OPTION_H

#include "cli/args.h"

struct rs_option_entry {
	const char *name;
	char letter;
	const char *argument; /* NULL = a switch */
	const char *help;
	int (*set)(struct rs_args *args, const struct rs_option_entry *entry, const char *value, struct rs_err *err);
	size_t offset; /* in struct rs_args, of what is set */
};

extern const struct rs_option_entry rs_options[RS_OPTION_COUNT];

/* One line of help for an option: "-n, --namespace NS" and what it does. */
#define RS_OPTION_SPELLING_MAX 64
const char *rs_option_help(enum rs_option option, char spelling[static RS_OPTION_SPELLING_MAX]);

#endif
