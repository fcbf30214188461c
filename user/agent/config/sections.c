// SPDX-License-Identifier: BSD-2-Clause
/* Knative's configuration maps: which there are, and what their keys set. */
#include "agent/config/option_table.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

#define MEMBER(member) offsetof(struct rs_options, member), sizeof(((struct rs_options *)0)->member)

const struct rs_section rs_sections[] = {
	{"autoscaler", "config-autoscaler", &rs_autoscaler_settings, MEMBER(autoscaler)},
	{"defaults", "config-defaults", &rs_defaults_settings, MEMBER(defaults)},
	{"deployment", "config-deployment", &rs_deployment_settings, MEMBER(autoscaler)},
	{"gc", "config-gc", &rs_gc_settings, MEMBER(gc)},
};
const size_t rs_section_count = rs_array_length(rs_sections);

const struct rs_refused_map rs_refused_maps[] = {
	{"config-network", "there is no ingress: services are reached by their addresses and names"},
	{"config-domain", "names end in NAMESPACE.rouse"},
	{"config-features", "what a manifest may say is decided by what the runtime can do"},
	{"config-observability", "metrics are at /metrics of the API's socket, logs are files"},
	{"config-tracing", "there is no proxy that could trace requests"},
	{"config-logging", "use the option log-level"},
	{"config-leader-election", "there is one agent on a node: nobody to elect"},
	{"config-certmanager", "there are no certificates: connections are not looked into"},
};
const size_t rs_refused_map_count = rs_array_length(rs_refused_maps);

int rs_section_set(struct rs_options *options, const struct rs_section *section, const char *key, const char *text,
		   struct rs_err *err)
{
	const struct rs_setting *row = rs_setting_find(section->table, key);
	if (row)
		return rs_setting_set(row, (char *)options + section->offset, text, err);
	struct rs_suggestion suggestion = {0};
	rs_setting_suggest(section->table, key, &suggestion);
	if (suggestion.word)
		return rs_err_set(err, -ENOENT, "there is no such key; did you mean \"%s\"?", suggestion.word);
	return rs_err_set(err, -ENOENT, "there is no such key; roused --help lists them");
}

static const struct rs_section *find_section(const char *name, size_t length)
{
	for (size_t i = 0; i < rs_section_count; i++) {
		if (strlen(rs_sections[i].name) == length && strncmp(rs_sections[i].name, name, length) == 0)
			return &rs_sections[i];
	}
	return NULL;
}

int rs_section_assign(struct rs_options *options, const char *assignment, struct rs_err *err)
{
	const char *equals = strchr(assignment, '=');
	if (!equals)
		return rs_err_set(err, -EINVAL, "\"%.80s\" is not KEY=VALUE", assignment);
	char key[128];
	if ((size_t)(equals - assignment) >= sizeof(key))
		return rs_err_set(err, -ENOENT, "%.80s...: there is no such key", assignment);
	memcpy(key, assignment, (size_t)(equals - assignment));
	key[equals - assignment] = '\0';

	const char *dot = strchr(key, '.');
	const struct rs_section *section = dot ? find_section(key, (size_t)(dot - key)) : NULL;
	const char *name = dot ? dot + 1 : key;
	/* Without its section: no key is in two of them. */
	struct rs_suggestion suggestion = {0};
	for (size_t i = 0; !dot && !section && i < rs_section_count; i++) {
		if (rs_setting_find(rs_sections[i].table, key))
			section = &rs_sections[i];
		rs_setting_suggest(rs_sections[i].table, key, &suggestion);
	}
	int r;
	if (section)
		r = rs_section_set(options, section, name, equals + 1, err);
	else if (suggestion.word)
		r = rs_err_set(err, -ENOENT, "there is no such key; did you mean \"%s\"?", suggestion.word);
	else
		r = rs_err_set(err, -ENOENT, "there is no such key; docs/configuration.md lists them");
	if (r != 0)
		rs_err_prefix(err, "%s", key);
	return r;
}
