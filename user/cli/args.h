/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments in kubectl's grammar: options may stand anywhere, as `-n NS`,
 * `-nNS`, `--namespace NS` or `--namespace=NS`; `--` ends them. Every option is
 * written once, in option.c; a command names those that it takes.
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
	RS_OUTPUT_JSONPATH,
	RS_OUTPUT_COUNT,
};

enum rs_color_when {
	RS_COLOR_AUTO, /* on a terminal, unless NO_COLOR is set */
	RS_COLOR_ALWAYS,
	RS_COLOR_NEVER,
	RS_COLOR_COUNT,
};

/* Two options may have one name when no command takes both: -f is a file to one, and "follow" to another. */
enum rs_option {
	RS_OPTION_SOCKET,
	RS_OPTION_AGENT,
	RS_OPTION_HELP,
	RS_OPTION_VERSION,
	RS_OPTION_COLOR,
	RS_OPTION_NAMESPACE,
	RS_OPTION_ALL_NAMESPACES,
	RS_OPTION_OUTPUT,
	RS_OPTION_NO_HEADERS,
	RS_OPTION_SELECTOR,
	RS_OPTION_WATCH,
	RS_OPTION_WATCH_ONLY,
	RS_OPTION_WATCH_EVENTS,
	RS_OPTION_SORT_BY,
	RS_OPTION_FILE,
	RS_OPTION_RECURSIVE,
	RS_OPTION_DRY_RUN,
	RS_OPTION_ALL,
	RS_OPTION_IGNORE_NOT_FOUND,
	RS_OPTION_WAIT,
	RS_OPTION_NO_WAIT,
	RS_OPTION_FOLLOW,
	RS_OPTION_TAIL,
	RS_OPTION_SINCE,
	RS_OPTION_SINCE_TIME,
	RS_OPTION_TIMESTAMPS,
	RS_OPTION_PREVIOUS,
	RS_OPTION_SERVICE,
	RS_OPTION_LIMIT,
	RS_OPTION_FOR,
	RS_OPTION_ABOUT,
	RS_OPTION_TIMEOUT,
	RS_OPTION_TRAFFIC,
	RS_OPTION_TAG,
	RS_OPTION_UNTAG,
	RS_OPTION_MIN,
	RS_OPTION_MAX,
	RS_OPTION_SCALE,
	RS_OPTION_SCALE_MIN,
	RS_OPTION_SCALE_MAX,
	RS_OPTION_SCALE_INIT,
	RS_OPTION_SCALE_TARGET,
	RS_OPTION_CONCURRENCY_LIMIT,
	RS_OPTION_PORT,
	RS_OPTION_RESOURCE_LIMIT,
	RS_OPTION_ENV,
	RS_OPTION_LABEL,
	RS_OPTION_ANNOTATION,
	RS_OPTION_CMD,
	RS_OPTION_ARG,
	RS_OPTION_IMAGE,
	RS_OPTION_FORCE,
	RS_OPTION_CLIENT,
	RS_OPTION_SECONDS,
	RS_OPTION_ONCE,
	RS_OPTION_OUTPUT_FILE,
	RS_OPTION_WITH_ENV,
	RS_OPTION_COUNT,
};

/* Options as a set, for a command's table entry: RS_TAKES(NAMESPACE) | RS_TAKES(OUTPUT). */
#define RS_TAKES(option) (UINT64_C(1) << RS_OPTION_##option)
_Static_assert(RS_OPTION_COUNT <= 64, "a set of options is 64 bits");
/* What every command takes, before or after its name. */
#define RS_TAKES_ALWAYS (RS_TAKES(SOCKET) | RS_TAKES(AGENT) | RS_TAKES(NAMESPACE) | RS_TAKES(HELP) | RS_TAKES(COLOR))

struct rs_words {
	const char **items; /* the words are borrowed from argv */
	size_t count;
};

int rs_words_add(struct rs_words *words, const char *word);

#define RS_ARGS_UNSET (-1LL)

struct rs_args {
	struct rs_words names; /* what is no option, without the command */

	const char *socket; /* NULL = not given, here and below */
	const char *agent;
	const char *namespace;
	enum rs_color_when color;
	bool help;
	bool version;
	bool all_namespaces;
	enum rs_output output;
	const char *jsonpath; /* of RS_OUTPUT_JSONPATH */
	bool no_headers;
	const char *selector;
	bool watch;
	bool watch_only;
	bool watch_events;
	const char *sort_by;
	struct rs_words files;
	bool recursive;
	bool dry_run;
	bool all;
	bool ignore_not_found;
	bool wait;
	bool no_wait;
	bool follow;
	long long tail;	  /* RS_ARGS_UNSET = all */
	int64_t since_ns; /* 0 = all */
	const char *since_time;
	bool timestamps;
	bool previous;
	const char *service;
	long long limit; /* RS_ARGS_UNSET = all */
	const char *wait_for;
	const char *about;
	int64_t timeout_ns;
	struct rs_words traffic;
	struct rs_words tags;
	struct rs_words untags;
	long long min_scale; /* numbers: RS_ARGS_UNSET = not given */
	long long max_scale;
	long long init_scale;
	long long scale_target;
	long long concurrency_limit;
	const char *port;
	struct rs_words limits;
	struct rs_words env;
	struct rs_words labels;
	struct rs_words annotations;
	struct rs_words cmd;
	struct rs_words cmd_args;
	const char *image;
	bool force;
	bool client_only;
	double seconds; /* negative = not given */
	bool once;
	const char *output_file; /* NULL = not given */
	bool with_env;
};

void rs_args_init(struct rs_args *args);
void rs_args_done(struct rs_args *args);

/* Reads argv[*position..argc), and leaves *position behind what it has read. With `until_name` it stops in front of
 * the first word that is no option. -EINVAL with what is wrong, -ENOMEM. */
int rs_args_parse(struct rs_args *args, uint64_t takes, int argc, char *const *argv, bool until_name, int *position,
		  struct rs_err *err);

#endif
