// SPDX-License-Identifier: BSD-2-Clause
#include "cli/man/man.h"

#include "base/str.h"
#include "cli/option.h"
#include "cli/man/roff.h"

#include <string.h>

void rs_man_name(const struct rs_command *command, char out[static RS_MAN_NAME_MAX])
{
	snprintf(out, RS_MAN_NAME_MAX, "rouse-%s", command->name);
	for (char *space = out; (space = strchr(space, ' '));)
		*space = '-';
}

static void print_options(uint64_t takes, struct rs_roff *page)
{
	for (int i = 0; i < RS_OPTION_COUNT; i++) {
		char term[RS_OPTION_SPELLING_MAX];
		const struct rs_option_entry *option = &rs_options[i];
		if (!(takes & (UINT64_C(1) << i)))
			continue;
		if (option->letter)
			snprintf(term, sizeof(term), "-%c, --%s", option->letter, option->name);
		else
			snprintf(term, sizeof(term), "--%s", option->name);
		rs_roff_term(page, term, option->argument, option->help);
	}
}

/* --- a command's text --------------------------------------------------------------------------------------------- */

static size_t line_length(const char *line)
{
	size_t length = strcspn(line, "\n");
	return length + (line[length] == '\n');
}

/* Indented lines that begin with a program are examples; others are tables. */
static bool is_example(const char *line)
{
	static const char *const programs[] = {"  rouse ", "  sudo rouse ", "  source <(rouse ", "  curl "};
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (rs_str_starts_with(line, programs[i]))
			return true;
	}
	return false;
}

/* Paragraphs flow, indented lines stay lines; examples wait for their own section. */
static void print_prose(const char *text, struct rs_roff *page)
{
	for (const char *at = text; *at;) {
		const char *begin = at;
		if (*at == '\n' || is_example(at)) {
			at += line_length(at);
			continue;
		}
		bool is_table = rs_str_starts_with(at, "  ");
		while (*at && *at != '\n' && !is_example(at) && rs_str_starts_with(at, "  ") == is_table)
			at += line_length(at);
		if (is_table) {
			rs_roff_literal(page, begin, (size_t)(at - begin));
		} else {
			rs_roff_prose(page, begin, (size_t)(at - begin));
		}
	}
}

static void print_examples(const char *text, struct rs_roff *page)
{
	bool is_first = true;
	for (const char *at = text; *at; at += line_length(at)) {
		if (!is_example(at))
			continue;
		if (is_first) {
			rs_roff_section(page, "EXAMPLES");
			fputs(".nf\n", page->out);
		}
		is_first = false;
		rs_roff_text(page, at + 2, line_length(at + 2));
	}
	if (!is_first)
		fputs(".fi\n", page->out);
}

void rs_man_command(const struct rs_command *command, FILE *out)
{
	struct rs_roff roff = {.out = out}, *page = &roff;
	char name[RS_MAN_NAME_MAX];
	rs_man_name(command, name);
	rs_roff_begin(page, name, 1, command->summary);
	rs_roff_section(page, "SYNOPSIS");
	fprintf(page->out, ".B rouse %s\n", command->name);
	if (*command->usage) {
		rs_roff_text(page, command->usage, strlen(command->usage));
		fputc('\n', page->out);
	}
	if (command->text) {
		const char *text = command->text;
		/* A command of which there is nothing to say but examples has no description. */
		if (!is_example(text)) {
			rs_roff_section(page, "DESCRIPTION");
			print_prose(text, page);
		}
		print_examples(text, page);
	}
	rs_roff_section(page, "OPTIONS");
	print_options(command->takes | RS_TAKES_ALWAYS, page);
	rs_roff_section(page, "EXIT STATUS");
	rs_roff_text(page, rs_help_exit(command), strlen(rs_help_exit(command)));
	fputc('\n', page->out);
	rs_roff_section(page, "SEE ALSO");
	rs_roff_reference(page, "rouse", 1, ",");
	rs_roff_reference(page, "roused", 8, "");
}

/* --- rouse(1) ----------------------------------------------------------------------------------------------------- */

static void print_commands(struct rs_roff *page)
{
	for (int group = 0; group < RS_GROUP_COUNT; group++) {
		rs_roff_subsection(page, rs_help_group((enum rs_command_group)group));
		for (const struct rs_command *command = NULL; (command = rs_command_next(command));) {
			if ((int)command->group == group && !rs_command_is_hidden(command))
				rs_roff_term(page, command->name, *command->usage ? command->usage : NULL,
					     command->summary);
		}
	}
}

void rs_man_overview(FILE *out)
{
	struct rs_roff roff = {.out = out}, *page = &roff;
	rs_roff_begin(page, "rouse", 1, "services sleep at zero, and the kernel wakes them");
	rs_roff_section(page, "SYNOPSIS");
	fputs(".B rouse\n\\fICOMMAND\\fR [\\fIARGUMENT\\fR...] [\\fIOPTION\\fR...]\n", page->out);
	rs_roff_section(page, "DESCRIPTION");
	rs_roff_paragraph(page, "rouse talks to the node agent, roused(8), over its Unix socket: it changes and shows "
				"services, explains why they are at their scale, and looks after the node.");
	rs_roff_paragraph(page, "Options may stand anywhere; -- ends them. Objects are named as kubectl does: "
				"\"service hello\", \"service/hello\", \"svc/hello\".");
	rs_roff_section(page, "COMMANDS");
	print_commands(page);
	rs_roff_section(page, "OPTIONS");
	print_options(RS_TAKES_ALWAYS | RS_TAKES(VERSION), page);
	rs_roff_section(page, "ENVIRONMENT");
	rs_roff_term(page, "ROUSE_SOCKET", NULL, "the agent's socket, when --socket is not given");
	rs_roff_term(page, "NO_COLOR", NULL, "when it is set and not empty: no colour, also on a terminal");
	rs_roff_term(
		page, "COLUMNS", NULL,
		"where sentences of why, describe, status and events are broken, also into a pipe; otherwise as wide "
		"as the terminal is");
	rs_roff_section(page, "FILES");
	rs_roff_term(page, "/run/rouse/api.sock", NULL, "the agent's socket");
	rs_roff_term(page, "/etc/rouse/rouse.yaml", NULL, "the agent's configuration, rouse.yaml(5)");
	rs_roff_section(page, "EXIT STATUS");
	fputs("0: well. 1: failed, with the reason on standard error. 2: wrong usage. rouse-diff(1) is as diff(1): 1: "
	      "something differs, 2: trouble.\n",
	      page->out);
	rs_roff_section(page, "SEE ALSO");
	for (const struct rs_command *command = NULL; (command = rs_command_next(command));) {
		char name[RS_MAN_NAME_MAX];
		rs_man_name(command, name);
		if (!rs_command_is_hidden(command))
			rs_roff_reference(page, name, 1, ",");
	}
	rs_roff_reference(page, "rouse.yaml", 5, ",");
	rs_roff_reference(page, "roused", 8, "");
}
