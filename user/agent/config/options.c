// SPDX-License-Identifier: BSD-2-Clause
/* Built-in values, then the files, then the command line. */
#include "agent/config/option_table.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/suggest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ID 256 /* above what getopt answers with for one letter */

void rs_options_init(struct rs_options *options)
{
	*options = (struct rs_options){
		.name = "rouse",
		.vip_range.s_addr = htonl(0xc6120000),
		.vip_bits = 16,
		.instance_range.s_addr = htonl(0xc6130000),
		.instance_bits = 16,
		.external_ports = {30000, 32767},
		.pool = 8,
		.max_instances = 1024,
		.max_flows = RS_FLOWS_MAX,
		.max_routes = RS_ROUTES_MAX,
		.max_revisions = RS_REVISIONS_MAX,
		.max_allowed = RS_ALLOWED_MAX,
		.max_holds = RS_HOLDS_MAX,
		.holds_per_source = RS_HOLDS_PER_SOURCE_MAX,
		.udp_timeout = RS_UDP_REPLIED_MS / 1000,
		.udp_unanswered_timeout = RS_UDP_UNREPLIED_MS / 1000,
		.user = "nobody",
		.uid = 65534,
		.gid = 65534,
		.log_bytes = 10 << 20,
		.log_keep = 10,
		.log_keep_days = 7,
		.log_total_mib = 1024,
		.log_level = RS_LOG_INFO,
	};
	rs_autoscaler_config_init(&options->autoscaler);
	rs_defaults_config_init(&options->defaults);
	rs_gc_config_init(&options->gc);
}

/* --- the command line -------------------------------------------------------------------------------------------- */

static void unknown_option(const char *given, struct rs_problems *problems)
{
	struct rs_suggestion suggestion = {0};
	char name[RS_SUGGEST_WORD_MAX + 1] = "";
	if (rs_str_starts_with(given, "--"))
		rs_str_copy(name, sizeof(name), given + 2);
	name[strcspn(name, "=")] = '\0';
	const struct rs_option *row = rs_option_find(name);
	for (size_t i = 0; i < rs_option_count; i++)
		rs_suggest_offer(&suggestion, name, rs_option_rows[i].name);
	if (row && row->argument)
		rs_problems_add(problems, false, "--%s: needs %s", row->name, row->argument);
	else if (row)
		rs_problems_add(problems, false, "--%s: takes no value", row->name);
	else if (suggestion.word)
		rs_problems_add(problems, false, "%s: there is no such option; did you mean \"--%s\"?", given,
				suggestion.word);
	else
		rs_problems_add(problems, false, "%s: there is no such option; --help lists them", given);
}

/* One of two looks at the command line: for the files that it names, then for all else, which overrides them. */
struct look {
	struct rs_options *options;
	struct rs_problems *problems;
	bool for_files;
	unsigned files;
	const char *name; /* of the agent, which its files are called by */
	bool had_interface;
};

static void take(struct look *look, const struct rs_option *row, const char *value)
{
	struct rs_err err = {0};
	if (look->for_files || row->kind == RS_OPTION_CONFIG) {
		if (look->for_files && row->kind == RS_OPTION_CONFIG) {
			look->files++;
			rs_config_read(look->options, value, look->problems);
		}
		if (strcmp(row->name, "name") == 0 && rs_option_set(look->options, row, value, &err) == 0)
			look->name = value;
		return;
	}
	if (row->kind == RS_OPTION_INTERFACES && !look->had_interface) {
		look->options->interface_count = 0;
		look->had_interface = true;
	}
	int r = row->kind == RS_OPTION_SET ? rs_section_assign(look->options, value, &err)
					   : rs_option_set(look->options, row, value, &err);
	if (r != 0)
		rs_problems_add(look->problems, r > 0, "--%s: %s", row->name, err.message);
}

static void look_at(struct look *look, int argc, char **argv, const struct option *table)
{
	optind = 1;
	opterr = 0;
	for (int id; (id = getopt_long(argc, argv, "", table, NULL)) != -1;) {
		if (id >= FIRST_ID)
			take(look, &rs_option_rows[id - FIRST_ID], optarg);
		else if (look->for_files)
			unknown_option(argv[optind - 1], look->problems);
	}
	for (; look->for_files && optind < argc; optind++)
		rs_problems_add(look->problems, false, "%s: unexpected argument; --help lists the options",
				argv[optind]);
}

/* Without --config: the agent's files of /etc, if there are any. */
static void read_usual_files(struct rs_options *options, const char *name, struct rs_problems *problems)
{
	static const char *const ends[] = {".yaml", ".d"};
	for (size_t i = 0; i < rs_array_length(ends); i++) {
		rs_auto_free char *path = rs_str_format("%s%s%s", RS_CONFIG_PLACE, name, ends[i]);
		if (path && access(path, F_OK) == 0)
			rs_config_read(options, path, problems);
	}
}

/* --- what follows from other options ------------------------------------------------------------------------------ */

static void keep_path(struct rs_options *options, const char **path, const char *directory)
{
	if (*path)
		return;
	rs_auto_free char *text = rs_str_format("%s/%s", directory, options->name);
	*path = text ? rs_option_keep(options, text) : NULL;
}

static int derive(struct rs_options *options)
{
	keep_path(options, &options->bpf_dir, "/sys/fs/bpf");
	keep_path(options, &options->state_dir, "/var/lib");
	keep_path(options, &options->run_dir, "/run");
	if (!options->cgroup_root)
		options->cgroup_root = options->name;
	return options->bpf_dir && options->state_dir && options->run_dir ? 0 : -ENOMEM;
}

int rs_options_read(struct rs_options *options, int argc, char **argv, struct rs_problems *problems)
{
	struct option *table = calloc(rs_option_count + 1, sizeof(*table));
	rs_options_init(options);
	if (!table) {
		rs_problems_add(problems, false, "out of memory");
		return -ENOMEM;
	}
	for (size_t i = 0; i < rs_option_count; i++) {
		table[i] = (struct option){
			.name = rs_option_rows[i].name,
			.has_arg = rs_option_rows[i].argument ? required_argument : no_argument,
			.val = FIRST_ID + (int)i,
		};
	}
	struct look look = {.options = options, .problems = problems, .for_files = true, .name = options->name};
	look_at(&look, argc, argv, table);
	if (!look.files)
		read_usual_files(options, look.name, problems);
	look.for_files = false;
	look_at(&look, argc, argv, table);
	free(table);
	if (derive(options) < 0)
		rs_problems_add(problems, false, "out of memory");
	rs_options_check(options, problems);
	return problems->errors ? -EINVAL : 0;
}

void rs_options_done(struct rs_options *options)
{
	for (size_t i = 0; i < options->string_count; i++)
		free(options->strings[i]);
	free(options->strings);
	options->strings = NULL;
	options->string_count = 0;
}

/* --- a reload ---------------------------------------------------------------------------------------------------- */

static bool is_changed(const struct rs_options *options, const struct rs_options *fresh, const struct rs_option *row)
{
	char before[512], after[512];
	/* It follows another range, which is told of. */
	if (row->kind == RS_OPTION_RANGE6 && !*rs_option_bits(options, row) && !*rs_option_bits(fresh, row))
		return false;
	rs_option_print(options, row, before, sizeof(before));
	rs_option_print(fresh, row, after, sizeof(after));
	return strcmp(before, after) != 0;
}

/* Copies only what is new: reloads that come again and again must not let the options grow. */
static void take_file_names(struct rs_options *options, const struct rs_options *fresh)
{
	unsigned count = 0;
	for (unsigned i = 0; i < fresh->config_file_count; i++) {
		const char *name = NULL;
		for (size_t k = 0; !name && k < options->string_count; k++) {
			if (strcmp(options->strings[k], fresh->config_files[i]) == 0)
				name = options->strings[k];
		}
		if (!name)
			name = rs_option_keep(options, fresh->config_files[i]);
		if (name)
			options->config_files[count++] = name;
	}
	options->config_file_count = count;
}

void rs_options_update(struct rs_options *options, const struct rs_options *fresh, char *ret_restart, size_t size)
{
	size_t n = 0;
	*ret_restart = '\0';
	for (size_t i = 0; i < rs_option_count; i++) {
		const struct rs_option *row = &rs_option_rows[i];
		bool waits = row->when == RS_OPTION_RESTART || row->when == RS_OPTION_CLEANUP;
		if (waits && n < size && is_changed(options, fresh, row))
			n += (size_t)snprintf(ret_restart + n, size - n, "%s%s%s", n ? ", " : "", row->name,
					      row->when == RS_OPTION_CLEANUP ? " (after rouse cleanup)" : "");
	}
	take_file_names(options, fresh);
	for (size_t i = 0; i < rs_option_count; i++) {
		if (rs_option_rows[i].when == RS_OPTION_LIVE)
			rs_option_copy(options, fresh, &rs_option_rows[i]);
	}
	for (size_t i = 0; i < rs_section_count; i++) {
		const struct rs_section *section = &rs_sections[i];
		memcpy((char *)options + section->offset, (const char *)fresh + section->offset, section->size);
	}
}
