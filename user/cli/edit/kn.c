// SPDX-License-Identifier: BSD-2-Clause
#include "cli/edit/kn.h"

#include "base/mem.h"
#include "base/suggest.h"
#include "cli/noun/noun.h"

#include <stdlib.h>
#include <string.h>

/* --- what is rouse's own under another name -------------------------------------------------------------------------
 */

/* "service list" hello -> get services hello */
static enum rs_exit run_with_noun(struct rs_cli *cli, const struct rs_args *args,
				  enum rs_exit (*run)(struct rs_cli *cli, const struct rs_args *args))
{
	const char *name = cli->command->name, *space = strchr(name, ' ');
	rs_auto_free char *noun = strndup(name, (size_t)(space - name));
	struct rs_args own = *args;
	own.names = (struct rs_words){0};
	int r = noun ? rs_words_add(&own.names, noun) : -1;
	for (size_t i = 0; i < args->names.count && r == 0; i++)
		r = rs_words_add(&own.names, args->names.items[i]);
	enum rs_exit code = r == 0 ? run(cli, &own) : rs_cli_failf(cli, "out of memory");
	free(own.names.items);
	return code;
}

static enum rs_exit list(struct rs_cli *cli, const struct rs_args *args)
{
	return run_with_noun(cli, args, rs_get);
}

static enum rs_exit describe(struct rs_cli *cli, const struct rs_args *args)
{
	return run_with_noun(cli, args, rs_describe);
}

static enum rs_exit delete_named(struct rs_cli *cli, const struct rs_args *args)
{
	return run_with_noun(cli, args, rs_delete);
}

/* --- the table ------------------------------------------------------------------------------------------------------
 */

#define TAKES_EDIT                                                                                                     \
	(RS_TAKES(ENV) | RS_TAKES(LABEL) | RS_TAKES(ANNOTATION) | RS_TAKES(CMD) | RS_TAKES(ARG) | RS_TAKES(PORT) |     \
	 RS_TAKES(RESOURCE_LIMIT) | RS_TAKES(SCALE) | RS_TAKES(SCALE_MIN) | RS_TAKES(SCALE_MAX) |                      \
	 RS_TAKES(SCALE_INIT) | RS_TAKES(SCALE_TARGET) | RS_TAKES(CONCURRENCY_LIMIT) | RS_TAKES(IMAGE) |               \
	 RS_TAKES(NO_WAIT) | RS_TAKES(TIMEOUT))
#define TAKES_LIST                                                                                                     \
	(RS_TAKES(ALL_NAMESPACES) | RS_TAKES(OUTPUT) | RS_TAKES(NO_HEADERS) | RS_TAKES(SELECTOR) | RS_TAKES(WATCH) |   \
	 RS_TAKES(SORT_BY) | RS_TAKES(LIMIT))
#define TAKES_DELETE (RS_TAKES(ALL) | RS_TAKES(IGNORE_NOT_FOUND) | RS_TAKES(WAIT) | RS_TAKES(TIMEOUT))

static const char create_text[] =
	"Waits until it is ready, unless --no-wait. What stands behind -- is the command.\n\n"
	"  rouse service create hello --env GREETING=hi --scale-max 5 -- python3 -m http.server '$(PORT)'\n";

static const char update_text[] = "What is not named stays as it is. A change of the template makes a new revision.\n\n"
				  "  rouse service update hello --env GREETING=hello --scale-min 1\n"
				  "  rouse service update hello --traffic v1=90,@latest=10 --tag @latest=next\n";

static const char export_text[] = "Without status, versions and times: ready to be applied, here or elsewhere.\n\n"
				  "  rouse service export hello > hello.yaml\n"
				  "  rouse service export --all | ssh node2 rouse apply -f -\n";

const struct rs_command rs_kn_commands[] = {
	{"service create", RS_GROUP_EVERYDAY, "NAME [OPTION...] [-- COMMAND...]", "make a service from options",
	 create_text, TAKES_EDIT | RS_TAKES(FORCE), 1, RS_NAMES_ANY, false, rs_service_create},
	{"service update", RS_GROUP_EVERYDAY, "NAME [OPTION...] [-- COMMAND...]", "change a service by options",
	 update_text, TAKES_EDIT | RS_TAKES(TRAFFIC) | RS_TAKES(TAG) | RS_TAKES(UNTAG), 1, RS_NAMES_ANY, false,
	 rs_service_update},
	{"service apply", RS_GROUP_EVERYDAY, "-f FILE | NAME [OPTION...]", "make it what is written, whole",
	 "  rouse service apply -f hello.yaml\n", TAKES_EDIT | RS_TAKES(FILE) | RS_TAKES(RECURSIVE) | RS_TAKES(DRY_RUN),
	 0, RS_NAMES_ANY, false, rs_service_apply},
	{"service list", RS_GROUP_EVERYDAY, "[NAME...]", "rouse get services", "  rouse service list -A\n", TAKES_LIST,
	 0, RS_NAMES_ANY, false, list},
	{"service describe", RS_GROUP_EVERYDAY, "NAME...", "rouse describe service", "  rouse service describe hello\n",
	 0, 1, RS_NAMES_ANY, false, describe},
	{"service delete", RS_GROUP_EVERYDAY, "NAME... | --all", "rouse delete service",
	 "  rouse service delete hello\n", TAKES_DELETE, 0, RS_NAMES_ANY, false, delete_named},
	{"service export", RS_GROUP_EVERYDAY, "NAME...|--all [-o yaml|json]", "a manifest of what there is",
	 export_text, RS_TAKES(OUTPUT) | RS_TAKES(ALL) | RS_TAKES(ALL_NAMESPACES) | RS_TAKES(SELECTOR), 0, RS_NAMES_ANY,
	 false, rs_service_export},
	{"revision list", RS_GROUP_EVERYDAY, "[NAME...] [-s SERVICE]", "rouse get revisions",
	 "  rouse revision list -s hello\n", TAKES_LIST | RS_TAKES(SERVICE), 0, RS_NAMES_ANY, false, list},
	{"revision describe", RS_GROUP_EVERYDAY, "NAME...", "rouse describe revision",
	 "  rouse revision describe hello-00001\n", 0, 1, RS_NAMES_ANY, false, describe},
	{"revision delete", RS_GROUP_EVERYDAY, "NAME...", "rouse delete revision",
	 "  rouse revision delete hello-00001\n", TAKES_DELETE, 0, RS_NAMES_ANY, false, delete_named},
	{"route list", RS_GROUP_EVERYDAY, "[NAME...]", "rouse get routes", "  rouse route list\n", TAKES_LIST, 0,
	 RS_NAMES_ANY, false, list},
	{"route describe", RS_GROUP_EVERYDAY, "NAME...", "rouse describe route", "  rouse route describe hello\n", 0, 1,
	 RS_NAMES_ANY, false, describe},
	{0},
};

const struct rs_command *rs_command_next(const struct rs_command *command)
{
	const struct rs_command *next = command ? command + 1 : rs_commands;
	if (next->name)
		return next;
	/* Behind the last of kn's is the end, behind the last of rouse's the first of kn's. */
	return command >= rs_kn_commands && command < rs_kn_commands + rs_array_length(rs_kn_commands) ? NULL
												       : rs_kn_commands;
}

/* --- finding --------------------------------------------------------------------------------------------------------
 */

const char *rs_kn_noun(const char *text)
{
	static const struct {
		const struct rs_noun *noun;
		const char *name;
	} nouns[] = {{&rs_noun_service, "service"}, {&rs_noun_revision, "revision"}, {&rs_noun_route, "route"}};
	const struct rs_noun *noun = rs_noun_find(text);
	for (size_t i = 0; i < rs_array_length(nouns); i++) {
		if (nouns[i].noun == noun)
			return nouns[i].name;
	}
	return NULL;
}

/* The verb of a command of that noun, or NULL. */
static const char *verb_of(const struct rs_command *command, const char *noun)
{
	size_t length = strlen(noun);
	bool is_its = rs_str_starts_with(command->name, noun) && command->name[length] == ' ';
	return is_its ? command->name + length + 1 : NULL;
}

const struct rs_command *rs_kn_find(const char *noun, const char *verb)
{
	for (const struct rs_command *command = rs_kn_commands; command->name; command++) {
		if (rs_str_equal(verb_of(command, noun), verb))
			return command;
	}
	return NULL;
}

const char *rs_kn_suggest(const char *noun, const char *verb)
{
	struct rs_suggestion suggestion = {0};
	for (const struct rs_command *command = rs_kn_commands; command->name; command++) {
		if (verb_of(command, noun))
			rs_suggest_offer(&suggestion, verb, verb_of(command, noun));
	}
	return suggestion.word;
}

void rs_kn_list_verbs(const char *noun, struct rs_buf *out)
{
	for (const struct rs_command *command = rs_kn_commands; command->name; command++) {
		if (verb_of(command, noun))
			rs_buf_printf(out, "%s%s", out->length ? ", " : "", verb_of(command, noun));
	}
}
