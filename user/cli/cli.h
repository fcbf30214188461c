/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every command has in common: where it writes, the agent that it talks
 * to, and how it ends.
 *
 * A command is one file NAME.c with one function rs_NAME() and its entry in
 * commands.c. It gets its arguments parsed and counted, and returns an exit
 * code; what went wrong it has said by then, once, on `err`.
 */
#ifndef RS_CLI_CLI_H
#define RS_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "cli/args.h"
#include "cli/client.h"

enum rs_exit {
	RS_EXIT_OK = 0,
	RS_EXIT_FAILED = 1,
	RS_EXIT_USAGE = 2,
};

struct rs_cli;

enum rs_command_group {
	RS_GROUP_EVERYDAY,
	RS_GROUP_LOOK,
	RS_GROUP_NODE,
	RS_GROUP_COUNT,
};

#define RS_NAMES_ANY SIZE_MAX

struct rs_command {
	const char *name;
	enum rs_command_group group;
	const char *usage;   /* what follows "rouse NAME" */
	const char *summary; /* one line */
	const char *text;    /* the rest of its help: paragraphs and examples, or NULL */
	uint64_t takes;	     /* options, beside RS_TAKES_ALWAYS */
	size_t names_min;
	size_t names_max;
	bool is_raw; /* what follows the command is not parsed, and becomes args->names */
	enum rs_exit (*run)(struct rs_cli *cli, const struct rs_args *args);
};

struct rs_cli {
	FILE *in;
	FILE *out;
	FILE *err;
	bool is_coloured; /* `out` is a terminal that wants colour */
	size_t columns;	  /* prose on `out` is broken there; 0 = lines stay whole (wrap.h) */
	struct rs_client client;
	const struct rs_command *command; /* that runs */
};

/* Runs a command line. Returns the exit code. */
enum rs_exit rs_cli_run(struct rs_cli *cli, int argc, char *const *argv);

/* Says "rouse: MESSAGE" on cli->err. Returns RS_EXIT_FAILED. */
enum rs_exit rs_cli_fail(struct rs_cli *cli, const struct rs_err *err);
enum rs_exit rs_cli_failf(struct rs_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, and where the help is. Returns RS_EXIT_USAGE. */
enum rs_exit rs_cli_usage(struct rs_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* For the end of a command: 0 is RS_EXIT_OK, what is negative is said as a failure to write the output. */
enum rs_exit rs_cli_written(struct rs_cli *cli, int r);

/* "default" unless another was given. */
const char *rs_cli_namespace(const struct rs_args *args);

/* commands.c: all of them, ended by a NULL name. */
extern const struct rs_command rs_commands[];
/* The one behind `command` (NULL = the first): these, then kn's (kn.h). NULL at the end. */
const struct rs_command *rs_command_next(const struct rs_command *command);
/* NULL when there is none. */
const struct rs_command *rs_command_find(const char *name);
/* Those that programs use: no help, no completion. */
bool rs_command_is_hidden(const struct rs_command *command);
/* help.c */
void rs_help_all(FILE *out);
const char *rs_help_group(enum rs_command_group group);
/* What the exit codes of a command mean: where it says nothing else, those of every command. */
const char *rs_help_exit(const struct rs_command *command);
/* kn's verbs of a noun: "service". */
void rs_help_noun(const char *noun, FILE *out);
void rs_help_command(const struct rs_command *command, FILE *out);

/* The commands. */
enum rs_exit rs_apply(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_cleanup(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_complete(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_completion(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_delete(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_describe(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_diff(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_events(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_get(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_help(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_logs(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_man(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_scale(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_status(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_sysdump(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_top(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_traffic(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_version(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_wait(struct rs_cli *cli, const struct rs_args *args);
enum rs_exit rs_why(struct rs_cli *cli, const struct rs_args *args);

#endif
