/* SPDX-License-Identifier: BSD-2-Clause */
/* A template as JSON: what a manifest would have said, without the defaults that Knative does not print. */
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "wire/parts.h"

bool rs_add(cJSON *object, const char *name, cJSON *item)
{
	if (item && cJSON_AddItemToObject(object, name, item))
		return true;
	cJSON_Delete(item);
	return false;
}

bool rs_add_text(cJSON *object, const char *name, const char *text)
{
	return cJSON_AddStringToObject(object, name, text) != NULL;
}

bool rs_add_number(cJSON *object, const char *name, double number)
{
	return cJSON_AddNumberToObject(object, name, number) != NULL;
}

bool rs_add_bool(cJSON *object, const char *name, bool value)
{
	return cJSON_AddBoolToObject(object, name, value) != NULL;
}

bool rs_append(cJSON *array, cJSON *item)
{
	if (item && cJSON_AddItemToArray(array, item))
		return true;
	cJSON_Delete(item);
	return false;
}

cJSON *rs_strings_print(const struct rs_strings *strings)
{
	rs_auto_json cJSON *array = cJSON_CreateArray();

	for (size_t i = 0; array && i < strings->count; i++)
		if (!rs_append(array, cJSON_CreateString(strings->items[i])))
			return NULL;
	return rs_take_ptr(array);
}

cJSON *rs_pairs_print(const struct rs_pairs *pairs)
{
	rs_auto_json cJSON *object = cJSON_CreateObject();

	for (size_t i = 0; object && i < pairs->count; i++)
		if (!rs_add_text(object, pairs->items[i].key, pairs->items[i].value))
			return NULL;
	return rs_take_ptr(object);
}

static cJSON *print_env(const struct rs_pairs *env)
{
	rs_auto_json cJSON *array = cJSON_CreateArray();

	for (size_t i = 0; array && i < env->count; i++) {
		cJSON *item = cJSON_CreateObject();

		if (!rs_append(array, item) || !rs_add_text(item, "name", env->items[i].key) ||
		    !rs_add_text(item, "value", env->items[i].value))
			return NULL;
	}
	return rs_take_ptr(array);
}

static cJSON *print_ports(const struct rs_container *container)
{
	rs_auto_json cJSON *array = cJSON_CreateArray();

	for (size_t i = 0; array && i < rs_container_port_count(container); i++) {
		const struct rs_port *port = rs_container_port(container, i);
		cJSON *item = cJSON_CreateObject();

		if (!rs_append(array, item) || (port->name[0] && !rs_add_text(item, "name", port->name)) ||
		    !rs_add_number(item, "containerPort", port->number) ||
		    (port->is_udp && !rs_add_text(item, "protocol", rs_port_protocol_text(true))))
			return NULL;
	}
	return rs_take_ptr(array);
}

static cJSON *print_limits(const struct rs_container *container)
{
	rs_auto_json cJSON *resources = cJSON_CreateObject();
	cJSON *limits = cJSON_CreateObject();
	const uint64_t cpu = container->cpu_millis, memory = container->memory_bytes;
	char text[32];

	if (!rs_add(resources, "limits", limits))
		return NULL;
	if (cpu > 0) {
		snprintf(text, sizeof(text), "%" PRIu64 "%s", cpu % 1000 ? cpu : cpu / 1000, cpu % 1000 ? "m" : "");
		if (!rs_add_text(limits, "cpu", text))
			return NULL;
	}
	if (memory > 0) {
		const bool is_whole = memory % (1 << 20) == 0;

		snprintf(text, sizeof(text), "%" PRIu64 "%s", is_whole ? memory >> 20 : memory, is_whole ? "Mi" : "");
		if (!rs_add_text(limits, "memory", text))
			return NULL;
	}
	return rs_take_ptr(resources);
}

static cJSON *print_http_get(const struct rs_probe *probe)
{
	rs_auto_json cJSON *get = cJSON_CreateObject();
	cJSON *headers, *header;

	if (!get || !rs_add_text(get, "path", probe->path) || !rs_add_number(get, "port", probe->port))
		return NULL;
	if (probe->host) {
		headers = cJSON_CreateArray();
		if (!rs_add(get, "httpHeaders", headers))
			return NULL;
		header = cJSON_CreateObject();
		if (!rs_append(headers, header) || !rs_add_text(header, "name", "Host") ||
		    !rs_add_text(header, "value", probe->host))
			return NULL;
	}
	return rs_take_ptr(get);
}

static bool add_handler(cJSON *json, const struct rs_probe *probe)
{
	cJSON *handler;

	switch (probe->handler) {
	case RS_HANDLER_HTTP_GET:
		return rs_add(json, "httpGet", print_http_get(probe));
	case RS_HANDLER_TCP_SOCKET:
		handler = cJSON_CreateObject();
		return rs_add(json, "tcpSocket", handler) && rs_add_number(handler, "port", probe->port);
	case RS_HANDLER_EXEC:
		handler = cJSON_CreateObject();
		return rs_add(json, "exec", handler) && rs_add(handler, "command", rs_strings_print(&probe->command));
	case RS_HANDLER_NONE:
		break;
	}
	return false;
}

static cJSON *print_probe(const struct rs_probe *probe)
{
	rs_auto_json cJSON *json = cJSON_CreateObject();

	if (!json || !add_handler(json, probe) ||
	    (probe->initial_delay_ms > 0 &&
	     !rs_add_number(json, "initialDelaySeconds", probe->initial_delay_ms / 1000)) ||
	    (probe->period_ms > 0 && !rs_add_number(json, "periodSeconds", probe->period_ms / 1000)) ||
	    !rs_add_number(json, "timeoutSeconds", probe->timeout_ms / 1000) ||
	    !rs_add_number(json, "successThreshold", probe->success_threshold) ||
	    !rs_add_number(json, "failureThreshold", probe->failure_threshold))
		return NULL;
	return rs_take_ptr(json);
}

static bool add_probes(cJSON *json, const struct rs_container *container)
{
	return (!container->readiness || rs_add(json, "readinessProbe", print_probe(container->readiness))) &&
	       (!container->liveness || rs_add(json, "livenessProbe", print_probe(container->liveness))) &&
	       (!container->startup || rs_add(json, "startupProbe", print_probe(container->startup)));
}

static cJSON *print_container(const struct rs_container *container)
{
	rs_auto_json cJSON *json = cJSON_CreateObject();
	const struct rs_port *port = &container->port;
	const bool is_usual_port =
		port->number == 8080 && !port->name[0] && !port->is_udp && container->more_port_count == 0;

	if (!json || !rs_add_text(json, "name", container->name) ||
	    (container->image && !rs_add_text(json, "image", container->image)) ||
	    !rs_add(json, "command", rs_strings_print(&container->command)) ||
	    (container->args.count > 0 && !rs_add(json, "args", rs_strings_print(&container->args))) ||
	    (container->working_dir && !rs_add_text(json, "workingDir", container->working_dir)) ||
	    (container->env.count > 0 && !rs_add(json, "env", print_env(&container->env))) ||
	    (!is_usual_port && !rs_add(json, "ports", print_ports(container))) ||
	    ((container->cpu_millis > 0 || container->memory_bytes > 0) &&
	     !rs_add(json, "resources", print_limits(container))))
		return NULL;
	if (container->run_as_user >= 0) {
		cJSON *security = cJSON_CreateObject();

		if (!rs_add(json, "securityContext", security) ||
		    !rs_add_number(security, "runAsUser", (double)container->run_as_user))
			return NULL;
	}
	if (!add_probes(json, container))
		return NULL;
	return rs_take_ptr(json);
}

cJSON *rs_template_spec_print(const struct rs_template *template)
{
	rs_auto_json cJSON *spec = cJSON_CreateObject();
	cJSON *containers = cJSON_CreateArray();

	if (!spec || !rs_add_number(spec, "containerConcurrency", template->container_concurrency) ||
	    !rs_add_number(spec, "timeoutSeconds", template->timeout_seconds)) {
		cJSON_Delete(containers);
		return NULL;
	}
	if (!rs_add(spec, "containers", containers) || !rs_append(containers, print_container(&template->container)))
		return NULL;
	return rs_take_ptr(spec);
}

static cJSON *print_metadata(const struct rs_template *template)
{
	rs_auto_json cJSON *metadata = cJSON_CreateObject();

	if (!metadata || (template->name[0] && !rs_add_text(metadata, "name", template->name)) ||
	    (template->labels.count > 0 && !rs_add(metadata, "labels", rs_pairs_print(&template->labels))) ||
	    (template->annotations.count > 0 &&
	     !rs_add(metadata, "annotations", rs_pairs_print(&template->annotations))))
		return NULL;
	return rs_take_ptr(metadata);
}

cJSON *rs_template_print(const struct rs_template *template)
{
	rs_auto_json cJSON *json = cJSON_CreateObject();
	const bool has_metadata = template->name[0] || template->labels.count > 0 || template->annotations.count > 0;

	if (!json || (has_metadata && !rs_add(json, "metadata", print_metadata(template))) ||
	    !rs_add(json, "spec", rs_template_spec_print(template)))
		return NULL;
	return rs_take_ptr(json);
}
