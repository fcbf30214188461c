// SPDX-License-Identifier: BSD-2-Clause
#include "cli/option.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/print/json_path.h"
#include "core/model/quantity.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX 3600

/* --- forms of values ------------------------------------------------------------------------------------------------
 */

#define MEMBER(args, entry, type) ((type *)(void *)((char *)(args) + (entry)->offset))

static int set_switch(struct rs_args *args, const struct rs_option_entry *entry, const char *value, struct rs_err *err)
{
	(void)value, (void)err;
	*MEMBER(args, entry, bool) = true;
	return 0;
}

static int set_text(struct rs_args *args, const struct rs_option_entry *entry, const char *value, struct rs_err *err)
{
	if (!*value)
		return rs_err_set(err, -EINVAL, "--%s: must not be empty", entry->name);
	*MEMBER(args, entry, const char *) = value;
	return 0;
}

static int add_word(struct rs_args *args, const struct rs_option_entry *entry, const char *value, struct rs_err *err)
{
	(void)err;
	return rs_words_add(MEMBER(args, entry, struct rs_words), value);
}

static int set_number(struct rs_args *args, const struct rs_option_entry *entry, const char *value, struct rs_err *err)
{
	if (rs_str_to_long(value, 0, INT_MAX, MEMBER(args, entry, long long)) < 0)
		return rs_err_set(err, -EINVAL, "--%s: must be a number from 0, is \"%s\"", entry->name, value);
	return 0;
}

static int set_duration(struct rs_args *args, const struct rs_option_entry *entry, const char *value,
			struct rs_err *err)
{
	int64_t *duration_ns = MEMBER(args, entry, int64_t);
	if (rs_duration_parse(value, duration_ns) < 0 || *duration_ns < 0)
		return rs_err_set(err, -EINVAL, "--%s: must be a duration like 30s or 1m30s, is \"%s\"", entry->name,
				  value);
	return 0;
}

static int set_seconds(struct rs_args *args, const struct rs_option_entry *entry, const char *value, struct rs_err *err)
{
	char *end;
	double seconds = strtod(value, &end);
	if (end == value || *end || !(seconds >= 0 && seconds <= SECONDS_MAX))
		return rs_err_set(err, -EINVAL, "--%s: must be a number from 0 to %d, is \"%s\"", entry->name,
				  SECONDS_MAX, value);
	*MEMBER(args, entry, double) = seconds;
	return 0;
}

/* kn's: N is exactly N, N..M a range that may be open at either end. */
static int set_scale(struct rs_args *args, const struct rs_option_entry *entry, const char *value, struct rs_err *err)
{
	const char *dots = strstr(value, "..");
	rs_auto_free char *least = dots ? strndup(value, (size_t)(dots - value)) : strdup(value);
	const char *most = dots ? dots + 2 : value;
	bool has_least = least && *least, has_most = *most;
	if (!least)
		return rs_err_set(err, -ENOMEM, "out of memory");
	if ((!has_least && !has_most) || (has_least && rs_str_to_long(least, 0, INT_MAX, &args->min_scale) < 0) ||
	    (has_most && rs_str_to_long(most, 0, INT_MAX, &args->max_scale) < 0))
		return rs_err_set(err, -EINVAL, "--%s: must be like 3, 1..5, 1.. or ..5, is \"%s\"", entry->name,
				  value);
	return 0;
}

static int set_output(struct rs_args *args, const struct rs_option_entry *entry, const char *value, struct rs_err *err)
{
	static const char *const outputs[] = {
		[RS_OUTPUT_TABLE] = "table", [RS_OUTPUT_WIDE] = "wide", [RS_OUTPUT_JSON] = "json",
		[RS_OUTPUT_YAML] = "yaml",   [RS_OUTPUT_NAME] = "name",
	};
	static const char jsonpath[] = "jsonpath=";
	(void)entry;
	for (size_t i = 0; i < rs_array_length(outputs); i++) {
		if (rs_str_equal(value, outputs[i])) {
			args->output = (enum rs_output)i;
			return 0;
		}
	}
	if (!rs_str_starts_with(value, jsonpath))
		return rs_err_set(err, -EINVAL,
				  "--output: must be wide, json, yaml, name or jsonpath=TEMPLATE, is \"%s\"", value);
	args->output = RS_OUTPUT_JSONPATH;
	args->jsonpath = value + sizeof(jsonpath) - 1;
	int r = rs_json_template_check(args->jsonpath, err);
	return r < 0 ? rs_err_prefix(err, "--output") : 0;
}

static int set_color(struct rs_args *args, const struct rs_option_entry *entry, const char *value, struct rs_err *err)
{
	static const char *const whens[RS_COLOR_COUNT] = {
		[RS_COLOR_AUTO] = "auto", [RS_COLOR_ALWAYS] = "always", [RS_COLOR_NEVER] = "never"};
	(void)entry;
	for (int i = 0; i < RS_COLOR_COUNT; i++) {
		if (rs_str_equal(value, whens[i])) {
			args->color = (enum rs_color_when)i;
			return 0;
		}
	}
	return rs_err_set(err, -EINVAL, "--color: must be auto, always or never, is \"%s\"", value);
}

/* --- the table ------------------------------------------------------------------------------------------------------
 */

#define TO(set, member) set, offsetof(struct rs_args, member)

const struct rs_option_entry rs_options[RS_OPTION_COUNT] = {
	[RS_OPTION_SOCKET] = {"socket", 0, "PATH", "the agent's socket (ROUSE_SOCKET, else /run/rouse/api.sock)",
			      TO(set_text, socket)},
	[RS_OPTION_AGENT] = {"name", 0, "AGENT", "the agent's --name, where one host has several: /run/AGENT/api.sock",
			     TO(set_text, agent)},
	[RS_OPTION_HELP] = {"help", 'h', NULL, "how to use this command", TO(set_switch, help)},
	[RS_OPTION_VERSION] = {"version", 0, NULL, "the version of this program", TO(set_switch, version)},
	[RS_OPTION_COLOR] = {"color", 0, "WHEN", "auto (on a terminal, unless NO_COLOR is set), always or never",
			     TO(set_color, color)},
	[RS_OPTION_NAMESPACE] = {"namespace", 'n', "NS", "the namespace (\"default\" when not given)",
				 TO(set_text, namespace)},
	[RS_OPTION_ALL_NAMESPACES] = {"all-namespaces", 'A', NULL, "all namespaces", TO(set_switch, all_namespaces)},
	[RS_OPTION_OUTPUT] = {"output", 'o', "FORMAT", "wide, json, yaml, name or jsonpath=TEMPLATE",
			      TO(set_output, output)},
	[RS_OPTION_NO_HEADERS] = {"no-headers", 0, NULL, "a table without its first line", TO(set_switch, no_headers)},
	[RS_OPTION_SELECTOR] = {"selector", 'l', "LABELS", "only what has these labels: app=shop,tier!=web,owner",
				TO(set_text, selector)},
	[RS_OPTION_WATCH] = {"watch", 'w', NULL, "list, then go on with what changes", TO(set_switch, watch)},
	[RS_OPTION_WATCH_ONLY] = {"watch-only", 0, NULL, "only what changes from now on", TO(set_switch, watch_only)},
	[RS_OPTION_WATCH_EVENTS] = {"output-watch-events", 0, NULL,
				    "say of each change whether it was ADDED, "
				    "MODIFIED or DELETED",
				    TO(set_switch, watch_events)},
	[RS_OPTION_SORT_BY] = {"sort-by", 0, "KEY", "order by a column (age) or a path (.metadata.name)",
			       TO(set_text, sort_by)},
	[RS_OPTION_FILE] = {"filename", 'f', "FILE", "a manifest, a directory of them, or - for standard input",
			    TO(add_word, files)},
	[RS_OPTION_RECURSIVE] = {"recursive", 'R', NULL, "of directories also those inside", TO(set_switch, recursive)},
	[RS_OPTION_DRY_RUN] = {"dry-run", 0, NULL, "let the agent check everything and change nothing",
			       TO(set_switch, dry_run)},
	[RS_OPTION_ALL] = {"all", 0, NULL, "all of that kind in the namespace", TO(set_switch, all)},
	[RS_OPTION_IGNORE_NOT_FOUND] = {"ignore-not-found", 0, NULL, "what is not there is no failure",
					TO(set_switch, ignore_not_found)},
	[RS_OPTION_WAIT] = {"wait", 0, NULL, "return when it is gone, with its instances", TO(set_switch, wait)},
	[RS_OPTION_NO_WAIT] = {"no-wait", 0, NULL, "do not wait until it is ready", TO(set_switch, no_wait)},
	[RS_OPTION_FOLLOW] = {"follow", 'f', NULL, "go on with what comes", TO(set_switch, follow)},
	[RS_OPTION_TAIL] = {"tail", 0, "N", "only the last N lines", TO(set_number, tail)},
	[RS_OPTION_SINCE] = {"since", 0, "TIME", "only what is not older than this (5m, 2h)",
			     TO(set_duration, since_ns)},
	[RS_OPTION_SINCE_TIME] = {"since-time", 0, "TIME", "only what is not older than 2026-11-25T15:18:03Z",
				  TO(set_text, since_time)},
	[RS_OPTION_TIMESTAMPS] = {"timestamps", 0, NULL, "when each line was written, to the second",
				  TO(set_switch, timestamps)},
	[RS_OPTION_PREVIOUS] = {"previous", 'p', NULL, "of the last instance that has ended", TO(set_switch, previous)},
	[RS_OPTION_SERVICE] = {"service", 's', "NAME", "only what belongs to this service", TO(set_text, service)},
	[RS_OPTION_LIMIT] = {"limit", 0, "N", "at most N objects", TO(set_number, limit)},
	[RS_OPTION_FOR] = {"for", 0, "WHAT",
			   "condition=TYPE[=STATUS], jsonpath=PATH=VALUE, ready, zero, instances=N (at least N ready) "
			   "or delete",
			   TO(set_text, wait_for)},
	[RS_OPTION_ABOUT] = {"for", 0, "NOUN/NAME", "only what is about this object", TO(set_text, about)},
	[RS_OPTION_TIMEOUT] = {"timeout", 0, "TIME", "give up after this time (30s when not given)",
			       TO(set_duration, timeout_ns)},
	[RS_OPTION_TRAFFIC] = {"traffic", 0, "REV=PERCENT", "split new connections; several with commas",
			       TO(add_word, traffic)},
	[RS_OPTION_TAG] = {"tag", 0, "REV=TAG", "give a revision an address of its own", TO(add_word, tags)},
	[RS_OPTION_UNTAG] = {"untag", 0, "TAG", "take a tag away", TO(add_word, untags)},
	[RS_OPTION_MIN] = {"min", 0, "N", "never fewer instances", TO(set_number, min_scale)},
	[RS_OPTION_MAX] = {"max", 0, "N", "never more instances (0 = no limit)", TO(set_number, max_scale)},
	[RS_OPTION_SCALE] = {"scale", 0, "MIN..MAX", "both bounds: 1..5, 1.., ..5, or 3 for exactly 3", set_scale, 0},
	[RS_OPTION_SCALE_MIN] = {"scale-min", 0, "N", "never fewer instances", TO(set_number, min_scale)},
	[RS_OPTION_SCALE_MAX] = {"scale-max", 0, "N", "never more instances (0 = no limit)", TO(set_number, max_scale)},
	[RS_OPTION_SCALE_INIT] = {"scale-init", 0, "N", "instances that a new revision starts with",
				  TO(set_number, init_scale)},
	[RS_OPTION_SCALE_TARGET] = {"scale-target", 0, "N", "concurrency of an instance that scaling aims at",
				    TO(set_number, scale_target)},
	[RS_OPTION_CONCURRENCY_LIMIT] = {"concurrency-limit", 0, "N",
					 "at most N requests in an instance (0 = no limit)",
					 TO(set_number, concurrency_limit)},
	[RS_OPTION_PORT] = {"port", 'p', "PORT", "where it listens: 8080, h2c:8080 or 53/udp", TO(set_text, port)},
	[RS_OPTION_RESOURCE_LIMIT] = {"limit", 0, "NAME=QUANTITY",
				      "cpu=500m,memory=256Mi: the most an instance may use; NAME- takes it away",
				      TO(add_word, limits)},
	[RS_OPTION_ENV] = {"env", 'e', "NAME=VALUE", "an environment variable; NAME- takes it away", TO(add_word, env)},
	[RS_OPTION_LABEL] = {"label", 'l', "KEY=VALUE", "a label of service and revision; KEY- takes it away",
			     TO(add_word, labels)},
	[RS_OPTION_ANNOTATION] = {"annotation", 'a', "KEY=VALUE", "an annotation; KEY- takes it away",
				  TO(add_word, annotations)},
	[RS_OPTION_CMD] = {"cmd", 0, "WORD", "the program; again for each word behind it", TO(add_word, cmd)},
	[RS_OPTION_ARG] = {"arg", 0, "WORD", "an argument of the program, in order", TO(add_word, cmd_args)},
	[RS_OPTION_IMAGE] = {"image", 0, "IMAGE", "not yet: instances are processes; see --cmd", TO(set_text, image)},
	[RS_OPTION_FORCE] = {"force", 0, NULL, "replace a service of that name", TO(set_switch, force)},
	[RS_OPTION_CLIENT] = {"client", 0, NULL, "do not ask the agent", TO(set_switch, client_only)},
	[RS_OPTION_SECONDS] = {"seconds", 's', "SECONDS", "the time between two samples (2 when not given)",
			       TO(set_seconds, seconds)},
	[RS_OPTION_ONCE] = {"once", 0, NULL, "print one table and end", TO(set_switch, once)},
	[RS_OPTION_OUTPUT_FILE] = {"output", 'o', "FILE", "where to write it, - for standard output",
				   TO(set_text, output_file)},
	[RS_OPTION_WITH_ENV] = {"with-env", 0, NULL, "keep the values of environment variables",
				TO(set_switch, with_env)},
};

const char *rs_option_help(enum rs_option option, char spelling[static RS_OPTION_SPELLING_MAX])
{
	const struct rs_option_entry *entry = &rs_options[option];
	char letter[8] = "    ";
	if (entry->letter)
		snprintf(letter, sizeof(letter), "-%c, ", entry->letter);
	snprintf(spelling, RS_OPTION_SPELLING_MAX, "%s--%s%s%s", letter, entry->name, entry->argument ? " " : "",
		 entry->argument ? entry->argument : "");
	return entry->help;
}
