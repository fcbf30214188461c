// SPDX-License-Identifier: BSD-2-Clause
/* Where an agent that does not answer keeps its things: from its socket, and from the configuration that has it. */
#include "cli/dump/outside.h"

#include "base/files.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/json.h"
#include "wire/yaml.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (256 * 1024)

static void take(const cJSON *document, const char *key, char *out, size_t size)
{
	const char *text = cJSON_GetStringValue(rs_json_get(document, key));
	if (text && strlen(text) < size)
		rs_str_copy(out, size, text);
}

/* What the agent itself would complain of is not read, and not complained of: this is a search. */
static void read_file(const char *path, struct rs_outside *places)
{
	struct rs_yaml_documents documents;
	struct rs_err err = {0};
	rs_auto_free char *text = malloc(FILE_BYTES_MAX);
	ssize_t length = text ? rs_read_small(path, text, FILE_BYTES_MAX) : -1;
	if (length < 0 || rs_yaml_parse(text, (size_t)length, path, &documents, &err) < 0)
		return;
	for (size_t i = 0; i < documents.count; i++) {
		take(documents.items[i], "name", places->name, sizeof(places->name));
		take(documents.items[i], "run-dir", places->run_dir, sizeof(places->run_dir));
		take(documents.items[i], "state-dir", places->state_dir, sizeof(places->state_dir));
		take(documents.items[i], "bpf-dir", places->bpf_dir, sizeof(places->bpf_dir));
	}
	rs_yaml_documents_done(&documents);
}

static void each(const char *pattern, void (*act)(const char *path, struct rs_outside *places),
		 struct rs_outside *places)
{
	glob_t paths = {0};
	if (glob(pattern, 0, NULL, &paths) == 0) {
		for (size_t i = 0; i < paths.gl_pathc; i++)
			act(paths.gl_pathv[i], places);
	}
	globfree(&paths);
}

/* What is not said follows from the name. */
static void complete(struct rs_outside *places)
{
	if (!*places->run_dir)
		snprintf(places->run_dir, sizeof(places->run_dir), "/run/%s", places->name);
	if (!*places->state_dir)
		snprintf(places->state_dir, sizeof(places->state_dir), "/var/lib/%s", places->name);
	if (!*places->bpf_dir)
		snprintf(places->bpf_dir, sizeof(places->bpf_dir), "/sys/fs/bpf/%s", places->name);
}

/* NAME.yaml with NAME.d/: are they of the agent with that run directory? */
static void try_agent(const char *path, struct rs_outside *places)
{
	struct rs_outside found = {0};
	const char *slash = strrchr(path, '/'), *stem = slash ? slash + 1 : path;
	int length = (int)(strlen(path) - strlen(".yaml"));
	rs_auto_free char *more = rs_str_format("%.*s.d/*.yaml", length, path);
	snprintf(found.name, sizeof(found.name), "%.*s", (int)(strlen(stem) - strlen(".yaml")), stem);
	read_file(path, &found);
	if (more)
		each(more, read_file, &found);
	complete(&found);
	if (rs_str_equal(found.run_dir, places->run_dir))
		*places = found;
}

void rs_outside_places_by(const char *configuration, const char *socket, struct rs_outside *ret_places)
{
	struct rs_outside places = {0};
	const char *slash = strrchr(socket, '/');
	rs_str_copy(places.run_dir, sizeof(places.run_dir), slash ? socket : ".");
	if (slash)
		places.run_dir[(size_t)(slash - socket) < sizeof(places.run_dir) ? slash - socket : 0] = '\0';
	slash = strrchr(places.run_dir, '/');
	rs_str_copy(places.name, sizeof(places.name), slash ? slash + 1 : places.run_dir);
	rs_auto_free char *pattern = rs_str_format("%s/*.yaml", configuration);
	if (pattern)
		each(pattern, try_agent, &places);
	complete(&places);
	*ret_places = places;
}

void rs_outside_places(const char *socket, struct rs_outside *ret_places)
{
	rs_outside_places_by(RS_SYSCONFDIR "/rouse", socket, ret_places);
}
