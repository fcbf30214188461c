// SPDX-License-Identifier: BSD-2-Clause
/*
 * Configuration files: YAML, where every option is a key by its long name and
 * Knative's keys stand below `autoscaler:`, `defaults:` ... Knative's own
 * ConfigMaps are taken as they are, alone or in a List, in files of their own or
 * beside ours. Everything that is wrong is found in one go.
 */
#include "agent/config/option_table.h"

#include "base/files.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/suggest.h"
#include "wire/yaml.h"
#include "wire/yaml_locate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (1024 * 1024)
#define PATH_DEPTH_MAX 8
#define PIPE_WAIT_MS   1000

struct file {
	struct rs_options *options;
	struct rs_problems *problems;
	const char *path;
	char *text;
	size_t length;
	size_t line; /* where the document begins */
	/* Where the reader is in it. Deeper than that (lists in lists) it counts, and tells the place that it knows. */
	const char *at[PATH_DEPTH_MAX];
	size_t depth;
	size_t shown; /* from which part on people are told: below the ConfigMap's data, for one */
};

/* --- saying what is wrong, and where ----------------------------------------------------------------------------- */

static void complain(struct file *file, bool is_note, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Where the document's first line begins. */
static size_t document_offset(const struct file *file)
{
	const char *at = file->text;
	for (size_t line = 1; line < file->line; line++) {
		const char *end = memchr(at, '\n', file->length - (size_t)(at - file->text));
		if (!end)
			break;
		at = end + 1;
	}
	return (size_t)(at - file->text);
}

static void complain(struct file *file, bool is_note, const char *format, ...)
{
	char message[RS_ERR_MESSAGE_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	size_t n = 0, m = 0, depth = file->depth < PATH_DEPTH_MAX ? file->depth : PATH_DEPTH_MAX;
	char where[256] = "", path[512] = "";
	for (size_t i = file->shown; i < depth && n < sizeof(where); i++)
		n += (size_t)snprintf(where + n, sizeof(where) - n, "%s%.80s", i > file->shown ? "." : "", file->at[i]);
	for (size_t i = 0; i < depth && m < sizeof(path); i++)
		m += (size_t)snprintf(path + m, sizeof(path) - m, "[%s]", file->at[i]);
	struct rs_yaml_place place = {1, 1};
	size_t skipped = document_offset(file);
	/* Each look reads the file again: a file full of errors must not hold the loop for what nobody is told. */
	if (file->problems->count < RS_PROBLEMS_MAX)
		rs_yaml_locate(file->text + skipped, file->length - skipped, path, &place);
	rs_problems_add(file->problems, is_note, "%s:%zu:%zu: %s%s%s", file->path, file->line + place.line - 1,
			place.column, where, n ? ": " : "", message);
}

static void descend(struct file *file, const char *part)
{
	if (file->depth < PATH_DEPTH_MAX)
		file->at[file->depth] = part;
	file->depth++;
}

static void ascend(struct file *file)
{
	file->depth--;
}

/* --- values ------------------------------------------------------------------------------------------------------ */

#define SCALAR_TEXT_MAX 64

/* The text of a string, number or boolean; NULL for anything else. Numbers are written into `buffer`. */
static const char *scalar_text(const cJSON *json, char buffer[static SCALAR_TEXT_MAX])
{
	if (cJSON_IsBool(json))
		return cJSON_IsTrue(json) ? "true" : "false";
	if (!cJSON_IsNumber(json))
		return cJSON_GetStringValue(json);
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(buffer, SCALAR_TEXT_MAX, "%.*g", digits, json->valuedouble);
		if (strtod(buffer, NULL) == json->valuedouble)
			break;
	}
	return buffer;
}

static void read_key(struct file *file, const struct rs_section *section, const cJSON *item)
{
	char buffer[SCALAR_TEXT_MAX];
	struct rs_err err = {0};
	const char *text = scalar_text(item, buffer);
	descend(file, item->string);
	if (!text) {
		complain(file, false, "must be a string, a number or a boolean");
	} else {
		int r = rs_section_set(file->options, section, item->string, text, &err);
		if (r != 0)
			complain(file, r > 0, "%s", err.message);
	}
	ascend(file);
}

static void read_section(struct file *file, const struct rs_section *section, const cJSON *json)
{
	const cJSON *item;
	/* Nothing below it: all its keys are commented out. */
	if (cJSON_IsNull(json))
		return;
	if (!cJSON_IsObject(json)) {
		complain(file, false, "must be a map of Knative's keys, those of %s", section->config_map);
		return;
	}
	cJSON_ArrayForEach (item, json) {
		/* Knative ships its maps with the documentation of all keys in this one. */
		if (strcmp(item->string, "_example") != 0)
			read_key(file, section, item);
	}
}

static void read_scalar(struct file *file, const struct rs_option *row, const cJSON *json)
{
	char buffer[SCALAR_TEXT_MAX];
	struct rs_err err = {0};
	const char *text = scalar_text(json, buffer);
	if (!text)
		complain(file, false, "must be %s",
			 row->kind == RS_OPTION_INTERFACES ? "a list of names" : "a single value");
	else if (rs_option_set(file->options, row, text, &err) < 0)
		complain(file, false, "%s", err.message);
}

static void read_option(struct file *file, const struct rs_option *row, const cJSON *json)
{
	if (row->when == RS_OPTION_CALL) {
		complain(file, false, "is for the command line only: --%s", row->name);
		return;
	}
	if (row->kind != RS_OPTION_INTERFACES || !cJSON_IsArray(json)) {
		if (row->kind == RS_OPTION_INTERFACES)
			file->options->interface_count = 0;
		read_scalar(file, row, json);
		return;
	}
	/* A later file's list takes the place of an earlier one's. */
	file->options->interface_count = 0;
	const cJSON *item;
	char index[24];
	int i = 0;
	cJSON_ArrayForEach (item, json) {
		snprintf(index, sizeof(index), "%d", i++);
		descend(file, index);
		read_scalar(file, row, item);
		ascend(file);
	}
}

/* --- documents --------------------------------------------------------------------------------------------------- */

static void unknown_key(struct file *file, const char *key)
{
	struct rs_suggestion suggestion = {0};
	for (size_t i = 0; i < rs_option_count; i++) {
		if (rs_option_rows[i].when != RS_OPTION_CALL)
			rs_suggest_offer(&suggestion, key, rs_option_rows[i].name);
	}
	for (size_t i = 0; i < rs_section_count; i++) {
		rs_suggest_offer(&suggestion, key, rs_sections[i].name);
		/* The usual slip: Knative's keys one level too high. */
		if (rs_setting_find(rs_sections[i].table, key)) {
			complain(file, false, "belongs below \"%s:\"", rs_sections[i].name);
			return;
		}
	}
	if (suggestion.word)
		complain(file, false, "there is no such key; did you mean \"%s\"?", suggestion.word);
	else
		complain(file, false, "there is no such key; roused --help lists them");
}

static void read_mapping(struct file *file, const cJSON *json)
{
	const cJSON *item;
	cJSON_ArrayForEach (item, json) {
		const struct rs_option *row = rs_option_find(item->string);
		const struct rs_section *section = NULL;
		for (size_t i = 0; !row && i < rs_section_count; i++) {
			if (strcmp(rs_sections[i].name, item->string) == 0)
				section = &rs_sections[i];
		}
		descend(file, item->string);
		if (row)
			read_option(file, row, item);
		else if (section)
			read_section(file, section, item);
		else
			unknown_key(file, item->string);
		ascend(file);
	}
}

static void unknown_map(struct file *file, const char *name)
{
	struct rs_suggestion suggestion = {0};
	for (size_t i = 0; i < rs_refused_map_count; i++) {
		if (rs_str_equal(rs_refused_maps[i].config_map, name)) {
			complain(file, false, "%s is not supported: %s", name, rs_refused_maps[i].reason);
			return;
		}
	}
	for (size_t i = 0; i < rs_section_count; i++)
		rs_suggest_offer(&suggestion, name, rs_sections[i].config_map);
	if (suggestion.word)
		complain(file, false, "there is no ConfigMap \"%.80s\" of Knative; did you mean \"%s\"?", name,
			 suggestion.word);
	else
		complain(file, false, "the ConfigMap \"%.80s\" is not one that Rouse reads", name);
}

static const char *text_of(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
	return text ? text : "";
}

/* A map that says nothing of its own, as Knative installs them, is no error whatever it is called. */
static bool says_nothing(const cJSON *data)
{
	const cJSON *item;
	cJSON_ArrayForEach (item, data) {
		if (strcmp(item->string, "_example") != 0)
			return false;
	}
	return true;
}

static void read_config_map(struct file *file, const cJSON *json)
{
	const char *name = text_of(cJSON_GetObjectItemCaseSensitive(json, "metadata"), "name");
	const cJSON *data = cJSON_GetObjectItemCaseSensitive(json, "data");
	const struct rs_section *section = NULL;
	for (size_t i = 0; i < rs_section_count; i++) {
		if (strcmp(rs_sections[i].config_map, name) == 0)
			section = &rs_sections[i];
	}
	size_t shown = file->shown;
	if (section) {
		descend(file, "data");
		file->shown = file->depth;
		if (data)
			read_section(file, section, data);
		ascend(file);
	} else if (!says_nothing(data)) {
		descend(file, "metadata");
		descend(file, "name");
		file->shown = file->depth;
		unknown_map(file, name);
		ascend(file);
		ascend(file);
	}
	file->shown = shown;
}

static void read_document(struct file *file, const cJSON *json)
{
	const char *kind = text_of(json, "kind");
	const cJSON *item;
	if (!cJSON_IsObject(json)) {
		complain(file, false, "a configuration is a map of keys and values");
	} else if (!cJSON_HasObjectItem(json, "kind")) {
		read_mapping(file, json);
	} else if (strcmp(kind, "ConfigMap") == 0) {
		read_config_map(file, json);
	} else if (strcmp(kind, "List") == 0 || strcmp(kind, "ConfigMapList") == 0) {
		int i = 0;
		char index[24];
		descend(file, "items");
		cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(json, "items")) {
			snprintf(index, sizeof(index), "%d", i++);
			descend(file, index);
			file->shown = file->depth;
			read_document(file, item);
			file->shown = 0;
			ascend(file);
		}
		ascend(file);
	} else {
		descend(file, "kind");
		complain(file, false, "a %.40s is no configuration: objects are applied with `rouse apply -f`", kind);
		ascend(file);
	}
}

/* --- files ------------------------------------------------------------------------------------------------------- */

/* Neither the opening nor the reading may wait: on SIGHUP the agent's loop stands here. A pipe has something to say in
 * time, or it is no configuration. */
static ssize_t read_chunk(int fd, char *out, size_t size)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	ssize_t n;
	while ((n = read(fd, out, size)) < 0 && (errno == EAGAIN || errno == EINTR)) {
		int r = poll(&ready, 1, PIPE_WAIT_MS);
		if (r == 0)
			return -ETIMEDOUT;
		if (r < 0 && errno != EINTR)
			return -errno;
	}
	return n < 0 ? -errno : n;
}

static int read_text(const char *path, char **ret_text, size_t *ret_length, struct rs_err *err)
{
	rs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return rs_err_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
	rs_auto_free char *text = malloc(FILE_BYTES_MAX + 1);
	if (!text)
		return rs_err_set(err, -ENOMEM, "out of memory");
	size_t length = 0;
	ssize_t n = 0;
	while (length <= FILE_BYTES_MAX && (n = read_chunk(fd, text + length, FILE_BYTES_MAX + 1 - length)) > 0)
		length += (size_t)n;
	struct stat status;
	if (n < 0)
		return rs_err_set(err, (int)n, "cannot read %s: %s", path, strerror((int)-n));
	if (length == 0 && fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode))
		return rs_err_set(err, -ENODATA, "cannot read %s: it is a pipe, and nobody writes into it", path);
	if (length > FILE_BYTES_MAX)
		return rs_err_set(err, -EFBIG, "%s: larger than %d bytes", path, FILE_BYTES_MAX);
	*ret_text = rs_take_ptr(text);
	*ret_length = length;
	return 0;
}

static void read_file(struct rs_options *options, const char *path, struct rs_problems *problems)
{
	struct rs_err err = {0};
	struct file file = {.options = options, .problems = problems, .path = path};
	if (options->config_file_count == RS_CONFIG_FILES_MAX) {
		rs_problems_add(problems, false, "%s: more than %d files", path, RS_CONFIG_FILES_MAX);
		return;
	}
	const char *kept = rs_option_keep(options, path);
	struct rs_yaml_documents *documents = calloc(1, sizeof(*documents));
	if (kept)
		options->config_files[options->config_file_count++] = kept;
	int r = kept && documents ? read_text(path, &file.text, &file.length, &err)
				  : rs_err_set(&err, -ENOMEM, "out of memory");
	if (r == 0)
		r = rs_yaml_parse(file.text, file.length, path, documents, &err);
	if (r < 0) {
		rs_problems_add(problems, false, "%s", err.message);
	} else {
		for (size_t i = 0; i < documents->count; i++) {
			file.line = documents->lines[i];
			read_document(&file, documents->items[i]);
		}
		rs_yaml_documents_done(documents);
	}
	free(documents);
	free(file.text);
}

static int is_yaml(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');
	return *entry->d_name != '.' && dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

void rs_config_read(struct rs_options *options, const char *path, struct rs_problems *problems)
{
	struct stat status;
	if (stat(path, &status) < 0 || !S_ISDIR(status.st_mode)) {
		read_file(options, path, problems);
		return;
	}
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_yaml, alphasort);
	if (count < 0) {
		rs_problems_add(problems, false, "cannot read the directory %s: %s", path, strerror(errno));
		return;
	}
	for (int i = 0; i < count; i++) {
		rs_auto_free char *file = rs_str_format("%s/%s", path, entries[i]->d_name);
		if (file)
			read_file(options, file, problems);
		free(entries[i]);
	}
	free(entries);
}
