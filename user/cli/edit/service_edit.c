// SPDX-License-Identifier: BSD-2-Clause
#include "cli/edit/service_edit.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define AUTOSCALING "autoscaling.knative.dev/"

/* --- parts of a service ---------------------------------------------------------------------------------------------
 */

static cJSON *template_of(cJSON *service)
{
	return rs_json_member(rs_json_member(service, "spec"), "template");
}

static cJSON *array_member(cJSON *parent, const char *key)
{
	cJSON *array = cJSON_GetObjectItemCaseSensitive(parent, key);
	if (cJSON_IsArray(array))
		return array;
	cJSON_DeleteItemFromObjectCaseSensitive(parent, key);
	return cJSON_AddArrayToObject(parent, key);
}

static cJSON *container_of(cJSON *service)
{
	cJSON *containers = array_member(rs_json_member(template_of(service), "spec"), "containers");
	cJSON *container = cJSON_GetArrayItem(containers, 0);
	if (container)
		return container;
	container = cJSON_CreateObject();
	if (containers && container && cJSON_AddItemToArray(containers, container))
		return container;
	cJSON_Delete(container);
	return NULL;
}

/* --- pairs: labels and annotations ----------------------------------------------------------------------------------
 */

/* "KEY=VALUE" sets, "KEY-" takes away. */
static int split_pair(const char *option, const char *word, char **ret_key, const char **ret_value, struct rs_err *err)
{
	const char *equals = strchr(word, '=');
	size_t length = strlen(word);
	if (!equals && length > 1 && word[length - 1] == '-') {
		*ret_key = strndup(word, length - 1);
		*ret_value = NULL;
	} else if (equals && equals != word) {
		*ret_key = strndup(word, (size_t)(equals - word));
		*ret_value = equals + 1;
	} else {
		return rs_err_set(err, -EINVAL, "--%s: \"%s\" is neither KEY=VALUE nor KEY-", option, word);
	}
	return *ret_key ? 0 : -ENOMEM;
}

static int set_pair(cJSON *object, const char *field, const char *key, const char *value)
{
	cJSON *pairs = rs_json_member(rs_json_member(object, "metadata"), field);
	cJSON_DeleteItemFromObjectCaseSensitive(pairs, key);
	if (value)
		return cJSON_AddStringToObject(pairs, key, value) ? 0 : -ENOMEM;
	/* Nothing left is as good as never written. */
	if (pairs && !pairs->child)
		cJSON_DeleteItemFromObjectCaseSensitive(rs_json_member(object, "metadata"), field);
	return 0;
}

/* The address is the service's, how a revision runs is the template's, and what is the user's own goes to both, as kn
 * does it. */
static void places_of(const char *key, bool *ret_on_service, bool *ret_on_template)
{
	static const char *const services[] = {
		"networking.",		 "rouse.dev/allow-from", "rouse.dev/external-port",
		"rouse.dev/ip-families", "rouse.dev/sticky",	 "serving.knative.dev/rollout-duration"};
	static const char *const templates[] = {AUTOSCALING, "rouse.dev/", "serving.knative.dev/"};
	*ret_on_service = *ret_on_template = true;
	for (size_t i = 0; i < rs_array_length(services); i++) {
		if (rs_str_starts_with(key, services[i])) {
			*ret_on_template = false;
			return;
		}
	}
	for (size_t i = 0; i < rs_array_length(templates); i++) {
		if (rs_str_starts_with(key, templates[i]))
			*ret_on_service = false;
	}
}

static int edit_pairs(cJSON *service, const char *option, const char *field, const struct rs_words *words,
		      struct rs_err *err)
{
	int r = 0;
	for (size_t i = 0; i < words->count && r == 0; i++) {
		char *split_key = NULL;
		const char *value;
		bool on_service, on_template;
		r = split_pair(option, words->items[i], &split_key, &value, err);
		rs_auto_free char *key = split_key;
		if (r < 0)
			break;
		places_of(key, &on_service, &on_template);
		if (on_service)
			r = set_pair(service, field, key, value);
		if (on_template && r == 0)
			r = set_pair(template_of(service), field, key, value);
	}
	return r;
}

/* --- scale ----------------------------------------------------------------------------------------------------------
 */

static int edit_scale(cJSON *service, const struct rs_args *args, struct rs_err *err)
{
	const struct {
		const char *key;
		long long number;
	} numbers[] = {
		{AUTOSCALING "min-scale", args->min_scale},
		{AUTOSCALING "max-scale", args->max_scale},
		{AUTOSCALING "initial-scale", args->init_scale},
		{AUTOSCALING "target", args->scale_target},
	};
	if (args->max_scale > 0 && args->min_scale > args->max_scale)
		return rs_err_set(err, -EINVAL, "the least number of instances, %lld, is more than the most, %lld",
				  args->min_scale, args->max_scale);
	int r = 0;
	for (size_t i = 0; i < rs_array_length(numbers) && r == 0; i++) {
		char text[24];
		snprintf(text, sizeof(text), "%lld", numbers[i].number);
		if (numbers[i].number != RS_ARGS_UNSET)
			r = set_pair(template_of(service), "annotations", numbers[i].key, text);
	}
	return r;
}

/* --- the container --------------------------------------------------------------------------------------------------
 */

static int set_env(cJSON *variables, const char *name, const char *value)
{
	cJSON *variable;
	cJSON_ArrayForEach (variable, variables) {
		if (rs_str_equal(rs_json_text(variable, "name"), name))
			break;
	}
	if (!value) {
		cJSON_Delete(variable ? cJSON_DetachItemViaPointer(variables, variable) : NULL);
		return 0;
	}
	if (variable) {
		cJSON_DeleteItemFromObjectCaseSensitive(variable, "value");
		return cJSON_AddStringToObject(variable, "value", value) ? 0 : -ENOMEM;
	}
	variable = cJSON_CreateObject();
	if (cJSON_AddStringToObject(variable, "name", name) && cJSON_AddStringToObject(variable, "value", value) &&
	    cJSON_AddItemToArray(variables, variable))
		return 0;
	cJSON_Delete(variable);
	return -ENOMEM;
}

static int edit_env(cJSON *container, const struct rs_words *words, struct rs_err *err)
{
	int r = 0;
	for (size_t i = 0; i < words->count && r == 0; i++) {
		char *split_name = NULL;
		const char *value;
		r = split_pair("env", words->items[i], &split_name, &value, err);
		rs_auto_free char *name = split_name;
		if (r == 0)
			r = set_env(array_member(container, "env"), name, value);
	}
	return r;
}

/* A list of words replaces the one that was there. */
static int set_words(cJSON *container, const char *key, const struct rs_words *words)
{
	if (words->count == 0)
		return 0;
	cJSON_DeleteItemFromObjectCaseSensitive(container, key);
	cJSON *array = cJSON_AddArrayToObject(container, key);
	for (size_t i = 0; i < words->count; i++) {
		cJSON *word = cJSON_CreateString(words->items[i]);
		if (!array || !word || !cJSON_AddItemToArray(array, word)) {
			cJSON_Delete(word);
			return -ENOMEM;
		}
	}
	return 0;
}

/* 8080, kn's NAME:8080, or 8080/udp. */
static int set_port(cJSON *container, const char *text, struct rs_err *err)
{
	const char *colon = strchr(text, ':'), *digits = colon ? colon + 1 : text, *slash = strchr(digits, '/');
	rs_auto_free char *alone = strndup(digits, strcspn(digits, "/"));
	long long number;
	if (!alone)
		return -ENOMEM;
	bool udp = slash && strcasecmp(slash, "/udp") == 0;
	if ((slash && !udp && strcasecmp(slash, "/tcp") != 0) || rs_str_to_long(alone, 1, 65535, &number) < 0)
		return rs_err_set(err, -EINVAL,
				  "--port: must be a port from 1 to 65535, NAME:PORT or PORT/udp, is \"%s\"", text);
	rs_auto_free char *name = colon ? strndup(text, (size_t)(colon - text)) : NULL;
	cJSON_DeleteItemFromObjectCaseSensitive(container, "ports");
	cJSON *ports = cJSON_AddArrayToObject(container, "ports"), *port = cJSON_CreateObject();
	if (!ports || !port || !cJSON_AddItemToArray(ports, port)) {
		cJSON_Delete(port);
		return -ENOMEM;
	}
	if ((colon && (!name || !cJSON_AddStringToObject(port, "name", name))) ||
	    !cJSON_AddNumberToObject(port, "containerPort", (double)number) ||
	    (udp && !cJSON_AddStringToObject(port, "protocol", "UDP")))
		return -ENOMEM;
	return 0;
}

/* --limit cpu=500m,memory=64Mi: the agent knows what may be limited, and judges the quantities. */
static int edit_limits(cJSON *container, const struct rs_words *words, struct rs_err *err)
{
	int r = 0;
	for (size_t i = 0; i < words->count && r == 0; i++) {
		rs_auto_free char *list = strdup(words->items[i]);
		char *rest = list;
		if (!list)
			return -ENOMEM;
		for (char *word; r == 0 && (word = strsep(&rest, ","));) {
			char *split_name = NULL;
			const char *value;
			r = split_pair("limit", word, &split_name, &value, err);
			rs_auto_free char *name = split_name;
			if (r < 0)
				break;
			cJSON *limits = rs_json_member(rs_json_member(container, "resources"), "limits");
			cJSON_DeleteItemFromObjectCaseSensitive(limits, name);
			if (value && !cJSON_AddStringToObject(limits, name, value))
				r = -ENOMEM;
		}
	}
	return r;
}

static int set_concurrency(cJSON *service, long long limit)
{
	cJSON *spec = rs_json_member(template_of(service), "spec");
	if (limit == RS_ARGS_UNSET)
		return 0;
	cJSON_DeleteItemFromObjectCaseSensitive(spec, "containerConcurrency");
	return cJSON_AddNumberToObject(spec, "containerConcurrency", (double)limit) ? 0 : -ENOMEM;
}

static int edit_container(cJSON *service, const struct rs_args *args, struct rs_err *err)
{
	if (args->env.count + args->limits.count + args->cmd.count + args->cmd_args.count == 0 && !args->port)
		return set_concurrency(service, args->concurrency_limit);
	cJSON *container = container_of(service);
	int r = container ? edit_env(container, &args->env, err) : -ENOMEM;
	if (r == 0)
		r = edit_limits(container, &args->limits, err);
	if (r == 0)
		r = set_words(container, "command", &args->cmd);
	if (r == 0)
		r = set_words(container, "args", &args->cmd_args);
	if (r == 0 && args->port)
		r = set_port(container, args->port, err);
	return r < 0 ? r : set_concurrency(service, args->concurrency_limit);
}

/* --- the whole ------------------------------------------------------------------------------------------------------
 */

bool rs_service_edit_is_any(const struct rs_args *args)
{
	return args->env.count || args->limits.count || args->labels.count || args->annotations.count ||
	       args->cmd.count || args->cmd_args.count || args->port || args->image ||
	       args->min_scale != RS_ARGS_UNSET || args->max_scale != RS_ARGS_UNSET ||
	       args->init_scale != RS_ARGS_UNSET || args->scale_target != RS_ARGS_UNSET ||
	       args->concurrency_limit != RS_ARGS_UNSET;
}

int rs_service_edit(cJSON *service, const struct rs_args *args, struct rs_err *err)
{
	if (args->image)
		return rs_err_set(
			err, -EINVAL,
			"--image: instances are processes of this node, images are not run yet; say what runs "
			"with --cmd (and --arg)");
	rs_auto_free char *before = cJSON_PrintUnformatted(template_of(service));
	int r = edit_pairs(service, "label", "labels", &args->labels, err);
	if (r == 0)
		r = edit_pairs(service, "annotation", "annotations", &args->annotations, err);
	if (r == 0)
		r = edit_scale(service, args, err);
	if (r == 0)
		r = edit_container(service, args, err);
	rs_auto_free char *after = cJSON_PrintUnformatted(template_of(service));
	if (r == -ENOMEM || !before || !after)
		return rs_err_set(err, -ENOMEM, "out of memory");
	/* A name that the template brings is taken already; the agent makes a new one. */
	if (r == 0 && !rs_str_equal(before, after))
		cJSON_DeleteItemFromObjectCaseSensitive(rs_json_member(template_of(service), "metadata"), "name");
	return r;
}

cJSON *rs_service_new(const char *namespace, const char *name, const struct rs_args *args, struct rs_err *err)
{
	cJSON *service = cJSON_CreateObject();
	bool is_whole = cJSON_AddStringToObject(service, "apiVersion", "serving.knative.dev/v1") &&
			cJSON_AddStringToObject(service, "kind", "Service");
	cJSON *metadata = rs_json_member(service, "metadata");
	is_whole = is_whole && cJSON_AddStringToObject(metadata, "name", name) &&
		   cJSON_AddStringToObject(metadata, "namespace", namespace);
	int r = is_whole ? rs_service_edit(service, args, err) : rs_err_set(err, -ENOMEM, "out of memory");
	if (r == 0)
		return service;
	cJSON_Delete(service);
	return NULL;
}
