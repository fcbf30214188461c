// SPDX-License-Identifier: BSD-2-Clause
/* The options for people (--help), as a file (--print-config) and as data (--print-options). */
#include "agent/config/option_table.h"

#include "base/mem.h"
#include "base/str.h"
#include "wire/yaml.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 512

static const char *const when_texts[] = {
	[RS_OPTION_LIVE] = "reload",
	[RS_OPTION_RESTART] = "restart",
	[RS_OPTION_CLEANUP] = "cleanup, restart",
	[RS_OPTION_CALL] = "command line",
};

static const char *kind_text(enum rs_option_kind kind)
{
	static const char *const texts[] = {
		[RS_OPTION_STRING] = "text",  [RS_OPTION_RANGE] = "range",     [RS_OPTION_NUMBER] = "number",
		[RS_OPTION_POWER] = "number", [RS_OPTION_WORD] = "word",       [RS_OPTION_USER] = "text",
		[RS_OPTION_FLAG] = "flag",    [RS_OPTION_INTERFACES] = "list", [RS_OPTION_CONFIG] = "text",
		[RS_OPTION_SET] = "text",     [RS_OPTION_PORTS] = "range",     [RS_OPTION_RANGE6] = "range",
	};
	return texts[kind];
}

/* --- for people -------------------------------------------------------------------------------------------------- */

void rs_options_help(FILE *out)
{
	fprintf(out, "roused: the node agent of Rouse\n\nusage: roused [option...]\n\n");
	for (size_t i = 0; i < rs_option_count; i++) {
		const struct rs_option *row = &rs_option_rows[i];
		char left[64];
		snprintf(left, sizeof(left), "--%s %s", row->name, row->argument ? row->argument : "");
		fprintf(out, "  %-36s %s", left, row->help);
		fprintf(out, row->initial ? " [%s]\n" : "\n", row->initial);
	}
	fprintf(out, "\nIn a configuration file every option but the last ones is a key (`pool: 16`), and Knative's "
		     "keys stand\n"
		     "below the names of their maps; --set takes these keys as well. SIGHUP reads the files again.\n");
	for (size_t i = 0; i < rs_section_count; i++) {
		fprintf(out, "\n%s:\n", rs_sections[i].name);
		for (size_t k = 0; k < rs_sections[i].table->count; k++) {
			const struct rs_setting *row = &rs_sections[i].table->rows[k];
			if (!row->refused && !row->no_effect)
				fprintf(out, "  %-36s %s\n", row->key, row->help);
		}
	}
}

/* --- as a file --------------------------------------------------------------------------------------------------- */

static bool add_interfaces(cJSON *root, const struct rs_options *options)
{
	cJSON *list = options->interface_count ? cJSON_AddArrayToObject(root, "interface") : NULL;
	for (unsigned i = 0; list && i < options->interface_count; i++) {
		char text[RS_INTERFACE_TEXT_MAX];
		rs_interface_option_print(&options->interfaces[i], text);
		if (!cJSON_AddItemToArray(list, cJSON_CreateString(text)))
			return false;
	}
	return list || !options->interface_count;
}

static bool add_options(cJSON *root, const struct rs_options *options)
{
	for (size_t i = 0; i < rs_option_count; i++) {
		const struct rs_option *row = &rs_option_rows[i];
		char text[TEXT_MAX];
		if (row->when == RS_OPTION_CALL)
			continue;
		if (row->kind == RS_OPTION_INTERFACES) {
			if (!add_interfaces(root, options))
				return false;
			continue;
		}
		rs_option_print(options, row, text, sizeof(text));
		bool is_number = row->kind == RS_OPTION_NUMBER || row->kind == RS_OPTION_POWER;
		if (*text && !(is_number ? cJSON_AddRawToObject(root, row->name, text)
					 : cJSON_AddStringToObject(root, row->name, text)))
			return false;
	}
	return true;
}

static bool add_sections(cJSON *root, const struct rs_options *options)
{
	for (size_t i = 0; i < rs_section_count; i++) {
		const struct rs_section *section = &rs_sections[i];
		cJSON *map = cJSON_AddObjectToObject(root, section->name);
		for (size_t k = 0; map && k < section->table->count; k++) {
			const struct rs_setting *row = &section->table->rows[k];
			char text[RS_SETTING_TEXT_MAX];
			rs_setting_print(row, (const char *)options + section->offset, text);
			/* As strings, which is how Knative's maps have them. */
			if (*text && !cJSON_AddStringToObject(map, row->key, text))
				return false;
		}
		if (!map)
			return false;
	}
	return true;
}

char *rs_options_yaml(const struct rs_options *options)
{
	cJSON *root = cJSON_CreateObject();
	char *json =
		root && add_options(root, options) && add_sections(root, options) ? cJSON_PrintUnformatted(root) : NULL;
	cJSON_Delete(root);
	/* Once through text: raw numbers become real ones. */
	root = json ? cJSON_Parse(json) : NULL;
	cJSON_free(json);
	char *yaml = root ? rs_yaml_print(root) : NULL;
	cJSON_Delete(root);
	return yaml;
}

/* --- as data ----------------------------------------------------------------------------------------------------- */

static bool add_text(cJSON *object, const char *name, const char *text)
{
	return !text || cJSON_AddStringToObject(object, name, text);
}

static cJSON *describe_option(const struct rs_option *row)
{
	char range[TEXT_MAX];
	cJSON *object = cJSON_CreateObject();
	rs_option_range(row, range, sizeof(range));
	if (object && add_text(object, "key", row->name) && add_text(object, "argument", row->argument) &&
	    add_text(object, "type", kind_text(row->kind)) && add_text(object, "range", *range ? range : NULL) &&
	    add_text(object, "default", row->initial) && add_text(object, "applies", when_texts[row->when]) &&
	    add_text(object, "help", row->help))
		return object;
	cJSON_Delete(object);
	return NULL;
}

static cJSON *describe_setting(const struct rs_setting *row, const void *initial)
{
	char text[RS_SETTING_TEXT_MAX];
	cJSON *object = cJSON_CreateObject();
	rs_setting_print(row, initial, text);
	if (row->kind == RS_SETTING_WORD && !row->refused)
		rs_str_copy(text, sizeof(text), row->bounds);
	bool is_read = !row->refused && !row->no_effect;
	if (object && add_text(object, "key", row->key) && add_text(object, "refused", row->refused) &&
	    add_text(object, "noEffect", row->no_effect) &&
	    add_text(object, "type", is_read ? rs_setting_kind_text(row->kind) : NULL) &&
	    add_text(object, "range", is_read ? row->bounds : NULL) &&
	    add_text(object, "default", is_read ? text : NULL) &&
	    add_text(object, "applies", is_read ? when_texts[RS_OPTION_LIVE] : NULL) &&
	    add_text(object, "help", is_read ? row->help : NULL))
		return object;
	cJSON_Delete(object);
	return NULL;
}

static bool add_described(cJSON *list, cJSON *object)
{
	if (object && cJSON_AddItemToArray(list, object))
		return true;
	cJSON_Delete(object);
	return false;
}

static bool describe_sections(cJSON *sections)
{
	struct rs_options initial;
	rs_options_init(&initial);
	for (size_t i = 0; i < rs_section_count; i++) {
		const struct rs_section *section = &rs_sections[i];
		cJSON *object = cJSON_CreateObject();
		if (!add_described(sections, object) || !add_text(object, "name", section->name) ||
		    !add_text(object, "configMap", section->config_map))
			return false;
		cJSON *keys = cJSON_AddArrayToObject(object, "keys");
		for (size_t k = 0; keys && k < section->table->count; k++) {
			if (!add_described(keys, describe_setting(&section->table->rows[k],
								  (const char *)&initial + section->offset)))
				return false;
		}
		if (!keys)
			return false;
	}
	return true;
}

static bool describe(cJSON *root)
{
	cJSON *options = cJSON_AddArrayToObject(root, "options");
	cJSON *sections = cJSON_AddArrayToObject(root, "sections");
	cJSON *refused = cJSON_AddArrayToObject(root, "refused");
	if (!options || !sections || !refused)
		return false;
	for (size_t i = 0; i < rs_option_count; i++) {
		if (!add_described(options, describe_option(&rs_option_rows[i])))
			return false;
	}
	for (size_t i = 0; i < rs_refused_map_count; i++) {
		cJSON *object = cJSON_CreateObject();
		if (!add_described(refused, object) || !add_text(object, "configMap", rs_refused_maps[i].config_map) ||
		    !add_text(object, "reason", rs_refused_maps[i].reason))
			return false;
	}
	return describe_sections(sections);
}

char *rs_options_json(void)
{
	cJSON *root = cJSON_CreateObject();
	char *text = root && describe(root) ? cJSON_Print(root) : NULL;
	cJSON_Delete(root);
	return text;
}
