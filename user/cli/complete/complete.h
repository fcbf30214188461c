/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Completion: what could stand where the cursor is. All shells ask the same
 * hidden command, `rouse __complete -- WORD...`, of which the last word is the
 * one under the cursor; it answers a line for each candidate, with a tab and a
 * description where there is one, or ":files" when the shell should offer its
 * files.
 *
 * Commands, options and nouns come from their tables, and what a command's
 * words are comes from its usage line: SERVICE, REVISION, INSTANCE, NOUN, NAME
 * and COMMAND stand for what is there, words in small letters for themselves.
 *
 *	complete.c       reads the words up to the cursor
 *	complete_word.c  the candidates for a place in a usage line
 *	completion.c     the scripts for the shells
 */
#ifndef RS_CLI_COMPLETE_COMPLETE_H
#define RS_CLI_COMPLETE_COMPLETE_H

#include "cli/cli.h"
#include "cli/noun/noun.h"

#define RS_COMPLETE_FILES ":files"

/* What the words before the cursor have said. */
struct rs_complete {
	struct rs_cli *cli;
	const struct rs_command *command; /* NULL = none yet */
	const char *current;		  /* the word under the cursor, as far as it goes */
	const char *prefix;		  /* what stands before the candidates: "--output=", or "" */
	const char *namespace;		  /* NULL = none was given */
	const char *socket;		  /* NULL = none was given */
	struct rs_words words;		  /* of the command that are no options */
};

/* One candidate, if it begins with what is typed. `end` follows its name: "=" or "/", or "". */
void rs_complete_offer(const struct rs_complete *complete, const char *name, const char *end, const char *description);
/* The value of an option. */
void rs_complete_value(const struct rs_complete *complete, enum rs_option option);
/* The next word of the command's usage. */
void rs_complete_word(const struct rs_complete *complete);

#endif
