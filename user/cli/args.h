/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments in kubectl's grammar: options may stand anywhere, as `-n NS`,
 * `-nNS`, `--namespace NS` or `--namespace=NS`; `--` ends them. Every option is
 * written once, in args.c; a command names those that it takes.
 */
#ifndef RS_CLI_ARGS_H
#define RS_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum rs_output {
	RS_OUTPUT_TABLE,
	RS_OUTPUT_WIDE,
	RS_OUTPUT_JSON,
	RS_OUTPUT_YAML,
	RS_OUTPUT_NAME,
	RS_OUTPUT_COUNT,
};

enum rs_option {
	RS_OPTION_SOCKET,
	RS_OPTION_HELP,
	RS_OPTION_VERSION,
	RS_OPTION_NAMESPACE,
	RS_OPTION_ALL_NAMESPACES,
	RS_OPTION_OUTPUT,
	RS_OPTION_NO_HEADERS,
	RS_OPTION_FILE,
	RS_OPTION_DRY_RUN,
	RS_OPTION_IGNORE_NOT_FOUND,
	RS_OPTION_FOLLOW,
	RS_OPTION_TAIL,
	RS_OPTION_SERVICE,
	RS_OPTION_LIMIT,
	RS_OPTION_FOR,
	RS_OPTION_TIMEOUT,
	RS_OPTION_TAG,
	RS_OPTION_UNTAG,
	RS_OPTION_MIN,
	RS_OPTION_MAX,
	RS_OPTION_CLIENT,
	RS_OPTION_COUNT,
};

/* Options as a set, for a command's table entry: RS_TAKES(NAMESPACE) | RS_TAKES(OUTPUT). */
#define RS_TAKES(option) (UINT64_C(1) << RS_OPTION_##option)
/* What every command takes, before or after its name. */
#define RS_TAKES_ALWAYS (RS_TAKES(SOCKET) | RS_TAKES(NAMESPACE) | RS_TAKES(HELP))

struct rs_words {
	const char **items; /* the words are borrowed from argv */
	size_t count;
};

int rs_words_add(struct rs_words *words, const char *word);

#define RS_ARGS_UNSET (-1LL)

struct rs_args {
	struct rs_words names; /* what is no option, without the command */

	const char *socket;    /* NULL = not given */
	const char *namespace; /* NULL = not given */
	bool help;
	bool version;
	bool all_namespaces;
	enum rs_output output;
	bool no_headers;
	struct rs_words files;
	bool dry_run;
	bool ignore_not_found;
	bool follow;
	long long tail; /* RS_ARGS_UNSET = all */
	const char *service;
	long long limit; /* RS_ARGS_UNSET = the server's */
	const char *wait_for;
	int64_t timeout_ns;
	struct rs_words tags;
	struct rs_words untags;
	long long min_scale;
	long long max_scale;
	bool client_only;
};

void rs_args_init(struct rs_args *args);
void rs_args_done(struct rs_args *args);

/* Reads argv[*position..argc), and leaves *position behind what it has read. With `until_name` it stops in front of
 * the first word that is no option. -EINVAL with what is wrong, -ENOMEM. */
int rs_args_parse(struct rs_args *args, uint64_t takes, int argc, char *const *argv, bool until_name, int *position,
		  struct rs_err *err);

/* One line of help for an option: "-n, --namespace NS" and what it does. */
#define RS_OPTION_SPELLING_MAX 64
const char *rs_option_help(enum rs_option option, char spelling[static RS_OPTION_SPELLING_MAX]);

#endif
