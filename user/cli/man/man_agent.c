// SPDX-License-Identifier: BSD-2-Clause
/* roused(8) and rouse.yaml(5). The command line knows the agent's options by what it prints of them. */
#include "cli/man/man.h"

#include "base/str.h"
#include "cli/json.h"
#include "cli/man/roff.h"

#define TEXT_MAX 2048

static const struct {
	const char *applies;
	const char *text;
} whens[] = {
	{"reload", "Takes effect on a reload (SIGHUP)."},
	{"restart", "Takes effect at the next start."},
};

/* "help. Values: range. Without it: default. Takes effect ..." */
static void print_entry(const cJSON *entry, const char *lead, const char *argument, struct rs_roff *page)
{
	char term[128], text[TEXT_MAX];
	const char *range = rs_json_text(entry, "range"), *initial = rs_json_text(entry, "default");
	const char *applies = rs_json_text(entry, "applies"), *when = "";
	for (size_t i = 0; i < sizeof(whens) / sizeof(whens[0]); i++) {
		if (rs_str_equal(applies, whens[i].applies))
			when = whens[i].text;
	}
	snprintf(term, sizeof(term), "%s%s", lead, rs_json_text(entry, "key"));
	snprintf(text, sizeof(text), "%s.%s%s%s%s%s%s%s%s", rs_json_text(entry, "help"), *range ? " Values: " : "",
		 range, *range ? "." : "", *initial ? " Without it: " : "", initial, *initial ? "." : "",
		 *when ? " " : "", when);
	rs_roff_term(page, term, argument, text);
}

void rs_man_agent(const cJSON *options, FILE *out)
{
	struct rs_roff roff = {.out = out}, *page = &roff;
	rs_roff_begin(page, "roused", 8, "the node agent of Rouse");
	rs_roff_section(page, "SYNOPSIS");
	fputs(".B roused\n[\\fIOPTION\\fR...]\n", page->out);
	rs_roff_section(page, "DESCRIPTION");
	rs_roff_paragraph(page,
			  "roused lets services sleep at zero and wakes them on the first packet: the kernel holds the "
			  "first SYN of a service that sleeps, the agent starts an instance, the SYN goes on. It needs "
			  "root, Linux 5.17 or later with BTF, and a bpffs.");
	rs_roff_paragraph(page,
			  "When it ends, services go on: warm connections flow, and the next agent adopts what runs. "
			  "roused --cleanup removes every trace.");
	rs_roff_section(page, "OPTIONS");
	const cJSON *entry;
	cJSON_ArrayForEach (entry, rs_json_get(options, "options")) {
		const char *argument = rs_json_text(entry, "argument");
		print_entry(entry, "--", *argument ? argument : NULL, page);
	}
	rs_roff_section(page, "SIGNALS");
	rs_roff_term(page, "SIGHUP", NULL, "reads the configuration again; a bad one leaves the old in place");
	rs_roff_term(page, "SIGTERM, SIGINT", NULL, "end the agent; instances go on");
	rs_roff_section(page, "FILES");
	rs_roff_term(page, "/etc/rouse/rouse.yaml", NULL, "the configuration, rouse.yaml(5)");
	rs_roff_term(page, "/run/rouse/api.sock", NULL, "the API, which rouse(1) uses");
	rs_roff_term(page, "/var/lib/rouse", NULL, "the store, and logs of instances");
	rs_roff_term(page, "/sys/fs/bpf/rouse", NULL, "pinned maps and links");
	rs_roff_section(page, "SEE ALSO");
	rs_roff_reference(page, "rouse", 1, ",");
	rs_roff_reference(page, "rouse.yaml", 5, "");
}

static void print_section(const cJSON *section, struct rs_roff *page)
{
	char text[TEXT_MAX];
	const cJSON *entry;
	rs_roff_subsection(page, rs_json_text(section, "name"));
	snprintf(text, sizeof(text), "The keys of Knative's ConfigMap %s.", rs_json_text(section, "configMap"));
	rs_roff_paragraph(page, text);
	cJSON_ArrayForEach (entry, rs_json_get(section, "keys")) {
		const char *refused = rs_json_text(entry, "refused"), *idle = rs_json_text(entry, "noEffect");
		if (*refused)
			snprintf(text, sizeof(text), "Refused: %s.", refused);
		else if (*idle)
			snprintf(text, sizeof(text), "Read, and without effect: %s.", idle);
		if (*refused || *idle)
			rs_roff_term(page, rs_json_text(entry, "key"), NULL, text);
		else
			print_entry(entry, "", NULL, page);
	}
}

void rs_man_configuration(const cJSON *options, FILE *out)
{
	struct rs_roff roff = {.out = out}, *page = &roff;
	static const char example[] = "vip-range: 198.18.0.0/16\npool: 16\nautoscaler:\n  stable-window: 30s\n";
	rs_roff_begin(page, "rouse.yaml", 5, "the configuration of roused");
	rs_roff_section(page, "DESCRIPTION");
	rs_roff_paragraph(page,
			  "A YAML mapping (JSON is one too). The options of roused(8) are keys by their long names, "
			  "and Knative's keys stand below the names of their maps. roused --check-config says "
			  "whether a file is well, --print-config what all of it comes to.");
	rs_roff_literal(page, example, sizeof(example) - 1);
	rs_roff_section(page, "OPTIONS OF THE AGENT");
	const cJSON *entry, *section;
	cJSON_ArrayForEach (entry, rs_json_get(options, "options")) {
		if (!rs_str_equal(rs_json_text(entry, "applies"), "command line"))
			print_entry(entry, "", NULL, page);
	}
	rs_roff_section(page, "KEYS OF KNATIVE");
	cJSON_ArrayForEach (section, rs_json_get(options, "sections"))
		print_section(section, page);
	if (cJSON_GetArraySize(rs_json_get(options, "refused"))) {
		rs_roff_subsection(page, "Maps that are refused");
		cJSON_ArrayForEach (entry, rs_json_get(options, "refused"))
			rs_roff_term(page, rs_json_text(entry, "configMap"), NULL, rs_json_text(entry, "reason"));
	}
	rs_roff_section(page, "FILES");
	rs_roff_term(page, "/etc/rouse/rouse.yaml", NULL, "read when it is there and no --config is given");
	rs_roff_section(page, "SEE ALSO");
	rs_roff_reference(page, "roused", 8, "");
}
