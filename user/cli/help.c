// SPDX-License-Identifier: BSD-2-Clause
/* rouse help [COMMAND]: written from the tables, so that it cannot be wrong. */
#include "cli/cli.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/suggest.h"
#include "cli/foreign.h"
#include "cli/edit/kn.h"
#include "cli/option.h"

static const char *const groups[RS_GROUP_COUNT] = {
	[RS_GROUP_EVERYDAY] = "Services",
	[RS_GROUP_LOOK] = "Looking",
	[RS_GROUP_NODE] = "The node",
};

const char *rs_help_group(enum rs_command_group group)
{
	return groups[group];
}

const char *rs_help_exit(const struct rs_command *command)
{
	static const struct {
		const char *command, *text;
	} special[] = {
		{"diff", "0: nothing would change. 1: something would. 2: it cannot be told, or wrong usage. More: the "
			 "program ROUSE_DIFF's own."},
		{"wait", "0: it is so. 1: it is not when the time is over, or cannot become so. 2: wrong usage."},
		{"status", "0: every part is well. 1: a part is not, or the agent does not answer. 2: wrong usage."},
		{"cleanup", "0: every trace is gone. 1: something stands, or the agent still runs. 2: wrong usage."},
	};
	for (size_t i = 0; i < rs_array_length(special); i++) {
		if (rs_str_equal(special[i].command, command->name))
			return special[i].text;
	}
	return "0: well. 1: failed, in whole or in part. 2: wrong usage.";
}

static void print_options(uint64_t takes, FILE *out)
{
	for (int i = 0; i < RS_OPTION_COUNT; i++) {
		char spelling[RS_OPTION_SPELLING_MAX];
		if (!(takes & (UINT64_C(1) << i)))
			continue;
		const char *help = rs_option_help((enum rs_option)i, spelling);
		fprintf(out, "  %-28s %s\n", spelling, help);
	}
}

/* Of one noun, or all. */
static void print_kn(const char *noun, FILE *out)
{
	for (const struct rs_command *command = rs_kn_commands; command->name; command++) {
		if (!noun || rs_str_starts_with(command->name, noun))
			fprintf(out, "  %-18s %s\n", command->name, command->summary);
	}
}

void rs_help_noun(const char *noun, FILE *out)
{
	fprintf(out, "rouse %s: kn's verbs\n\n", noun);
	print_kn(noun, out);
	fprintf(out, "\n\"rouse help %s VERB\" tells more.\n", noun);
}

void rs_help_all(FILE *out)
{
	fputs("rouse: services sleep at zero, and the kernel wakes them\n\nusage: rouse COMMAND [ARGUMENT...] "
	      "[OPTION...]\n",
	      out);
	for (int group = 0; group < RS_GROUP_COUNT; group++) {
		fprintf(out, "\n%s\n", groups[group]);
		for (const struct rs_command *command = rs_commands; command->name; command++) {
			if ((int)command->group == group && !rs_command_is_hidden(command))
				fprintf(out, "  %-12s %s\n", command->name, command->summary);
		}
	}
	fputs("\nAs kn has them\n", out);
	print_kn(NULL, out);
	fputs("\nOptions of every command\n", out);
	print_options(RS_TAKES_ALWAYS | RS_TAKES(VERSION), out);
	fputs("\n\"rouse help COMMAND\" tells more. Exit codes: 0 well, 1 failed, 2 wrong usage (of diff: 1 differs, 2 "
	      "failed).\n",
	      out);
}

void rs_help_command(const struct rs_command *command, FILE *out)
{
	fprintf(out, "rouse %s: %s\n\nusage: rouse %s%s%s\n", command->name, command->summary, command->name,
		*command->usage ? " " : "", command->usage);
	if (command->text)
		fprintf(out, "\n%s", command->text);
	fputs("\nOptions\n", out);
	print_options(command->takes | RS_TAKES_ALWAYS, out);
	fprintf(out, "\nExit codes\n  %s\n", rs_help_exit(command));
}

enum rs_exit rs_help(struct rs_cli *cli, const struct rs_args *args)
{
	if (args->names.count == 0) {
		rs_help_all(cli->out);
		return RS_EXIT_OK;
	}
	const struct rs_command *command = rs_command_find(args->names.items[0]);
	const char *noun = rs_kn_noun(args->names.items[0]);
	if (!command && noun && args->names.count > 1)
		command = rs_kn_find(noun, args->names.items[1]);
	if (command || noun) {
		if (command)
			rs_help_command(command, cli->out);
		else
			rs_help_noun(noun, cli->out);
		return RS_EXIT_OK;
	}
	struct rs_suggestion suggestion = {0};
	const char *advice = rs_foreign_command(args->names.items[0]);
	cli->command = NULL;
	if (advice)
		return rs_cli_usage(cli, "there is no command \"%s\": %s", args->names.items[0], advice);
	for (command = rs_commands; command->name; command++) {
		if (!rs_command_is_hidden(command))
			rs_suggest_offer(&suggestion, args->names.items[0], command->name);
	}
	return rs_cli_usage(cli, "there is no command \"%s\"%s%s%s", args->names.items[0],
			    suggestion.word ? "; did you mean \"" : "", suggestion.word ? suggestion.word : "",
			    suggestion.word ? "\"?" : "");
}
