// SPDX-License-Identifier: BSD-2-Clause
/* From argv to a command and its exit code. */
#include "cli/cli.h"

#include "base/str.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "cli/foreign.h"
#include "cli/edit/kn.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

/* What is said may quote a manifest, or what a program has written. */
static enum rs_exit complain(struct rs_cli *cli, char *text)
{
	if (text)
		rs_utf8_disarm(text, "\n\t");
	fflush(cli->out);
	fprintf(cli->err, "rouse: %s\n", text ? text : "out of memory");
	free(text);
	return RS_EXIT_FAILED;
}

#define MISSING_MAX 64

enum rs_exit rs_cli_fail(struct rs_cli *cli, const struct rs_err *err)
{
	/* Whoever read has seen enough: nothing to complain of. */
	if (err->code == -EPIPE)
		return RS_EXIT_FAILED;
	return complain(cli, strdup(*err->message ? err->message : err->code ? strerror(-err->code) : "failed"));
}

enum rs_exit rs_cli_failf(struct rs_cli *cli, const char *format, ...)
{
	va_list args;
	char *text = NULL;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return complain(cli, text);
}

enum rs_exit rs_cli_usage(struct rs_cli *cli, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fflush(cli->out);
	fputs("rouse: ", cli->err);
	vfprintf(cli->err, format, args);
	if (cli->command)
		fprintf(cli->err, "\nusage: rouse %s%s%s\n\"rouse help %s\" tells more.\n", cli->command->name,
			*cli->command->usage ? " " : "", cli->command->usage, cli->command->name);
	else
		fputs("\n\"rouse help\" lists the commands.\n", cli->err);
	va_end(args);
	return RS_EXIT_USAGE;
}

enum rs_exit rs_cli_written(struct rs_cli *cli, int r)
{
	if (r == 0 && fflush(cli->out) == 0 && !ferror(cli->out))
		return RS_EXIT_OK;
	if (r != -ENOMEM && errno == EPIPE)
		return RS_EXIT_FAILED;
	return rs_cli_failf(cli, "cannot write the output: %s", r == -ENOMEM ? "out of memory" : strerror(errno));
}

const char *rs_cli_namespace(const struct rs_args *args)
{
	return args->namespace ? args->namespace : "default";
}

const struct rs_command *rs_command_find(const char *name)
{
	for (const struct rs_command *command = rs_commands; command->name; command++) {
		if (rs_str_equal(command->name, name))
			return command;
	}
	return NULL;
}

bool rs_command_is_hidden(const struct rs_command *command)
{
	return rs_str_starts_with(command->name, "__");
}

static enum rs_exit unknown_command(struct rs_cli *cli, const char *name)
{
	struct rs_suggestion suggestion = {0};
	const char *advice = rs_foreign_command(name);
	if (advice)
		return rs_cli_usage(cli, "there is no command \"%s\": %s", name, advice);
	for (const struct rs_command *command = rs_commands; command->name; command++) {
		if (!rs_command_is_hidden(command))
			rs_suggest_offer(&suggestion, name, command->name);
	}
	if (suggestion.word)
		return rs_cli_usage(cli, "there is no command \"%s\"; did you mean \"%s\"?", name, suggestion.word);
	return rs_cli_usage(cli, "there is no command \"%s\"", name);
}

/* rouse service VERB, as kn has it: the command, or NULL with what is wrong said. */
static const struct rs_command *find_verb(struct rs_cli *cli, const char *noun, const char *verb)
{
	const struct rs_command *command = verb ? rs_kn_find(noun, verb) : NULL;
	if (command)
		return command;
	struct rs_buf verbs;
	rs_buf_init(&verbs, 256);
	rs_kn_list_verbs(noun, &verbs);
	const char *nearest = verb ? rs_kn_suggest(noun, verb) : NULL;
	if (nearest)
		rs_cli_usage(cli, "%s has no verb \"%s\"; did you mean \"%s\"?", noun, verb, nearest);
	else
		rs_cli_usage(cli, "%s needs a verb: %s", noun, verbs.data);
	rs_buf_done(&verbs);
	return NULL;
}

static const char *socket_path(const struct rs_args *args)
{
	static char of_name[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
	if (args->socket)
		return args->socket;
	if (args->agent) {
		snprintf(of_name, sizeof(of_name), "/run/%s/api.sock", args->agent);
		return of_name;
	}
	const char *environment = getenv("ROUSE_SOCKET");
	return environment && *environment ? environment : RS_CLIENT_SOCKET;
}

static bool is_help(const char *word)
{
	return rs_str_equal(word, "--help") || rs_str_equal(word, "-h");
}

static int parse_rest(const struct rs_command *command, struct rs_args *args, int argc, char *const *argv,
		      int *position, struct rs_err *err)
{
	if (!command->is_raw)
		return rs_args_parse(args, command->takes | RS_TAKES_ALWAYS, argc, argv, false, position, err);
	for (; *position < argc; (*position)++) {
		const char *word = argv[*position];
		if (rs_command_is_hidden(command))
			; /* other commands' words */
		else if (is_help(word))
			args->help = true;
		if (rs_words_add(&args->names, word) < 0)
			return rs_err_set(err, -ENOMEM, "out of memory");
	}
	return 0;
}

/* The word of the usage that nothing was given for: "NAME..." is NAME. */
static const char *missing(const struct rs_command *command, const struct rs_args *args, char word[static MISSING_MAX])
{
	const char *at = command->usage;
	for (size_t i = 0; i < args->names.count; i++)
		at += strcspn(at, " ") + (strchr(at, ' ') != NULL);
	snprintf(word, MISSING_MAX, "%.*s", (int)strcspn(at, " [.,"), at);
	return word;
}

static enum rs_exit run_command(struct rs_cli *cli, struct rs_args *args)
{
	const struct rs_command *command = cli->command;
	char word[MISSING_MAX];
	if (args->help) {
		rs_help_command(command, cli->out);
		return RS_EXIT_OK;
	}
	if (args->names.count < command->names_min)
		return rs_cli_usage(cli, "%s: %s is missing", command->name, missing(command, args, word));
	if (args->names.count > command->names_max)
		return rs_cli_usage(cli, "%s: unexpected argument \"%s\"", command->name,
				    args->names.items[command->names_max]);
	if (args->color != RS_COLOR_AUTO)
		cli->is_coloured = args->color == RS_COLOR_ALWAYS;
	rs_client_init(&cli->client, socket_path(args));
	enum rs_exit code = command->run(cli, args);
	rs_client_done(&cli->client);
	return code;
}

static enum rs_exit run(struct rs_cli *cli, struct rs_args *args, int argc, char *const *argv)
{
	struct rs_err err = {0};
	int position = 1;
	if (rs_args_parse(args, RS_TAKES_ALWAYS | RS_TAKES(VERSION), argc, argv, true, &position, &err) < 0)
		return rs_cli_usage(cli, "%s", err.message);
	if (args->version) {
		fprintf(cli->out, "rouse %s\n", RS_VERSION);
		return RS_EXIT_OK;
	}
	if (position >= argc) {
		rs_help_all(args->help ? cli->out : cli->err);
		return args->help ? RS_EXIT_OK : RS_EXIT_USAGE;
	}
	const char *name = argv[position++];
	const char *noun = rs_kn_noun(name);
	cli->command = rs_command_find(name);
	if (!cli->command && !noun)
		return unknown_command(cli, name);
	if (!cli->command && position < argc && is_help(argv[position])) {
		rs_help_noun(noun, cli->out);
		return RS_EXIT_OK;
	}
	if (!cli->command)
		cli->command = find_verb(cli, noun, position < argc ? argv[position++] : NULL);
	if (!cli->command)
		return RS_EXIT_USAGE;
	if (parse_rest(cli->command, args, argc, argv, &position, &err) < 0)
		return rs_cli_usage(cli, "%s", err.message);
	return run_command(cli, args);
}

enum rs_exit rs_cli_run(struct rs_cli *cli, int argc, char *const *argv)
{
	struct rs_args args;
	rs_args_init(&args);
	enum rs_exit code = run(cli, &args, argc, argv);
	if (code == RS_EXIT_OK)
		code = rs_cli_written(cli, 0);
	rs_args_done(&args);
	return code;
}
