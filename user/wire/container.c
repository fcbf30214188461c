/* SPDX-License-Identifier: BSD-2-Clause */
/* spec.template.spec.containers */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/model/quantity.h"
#include "wire/parts.h"

/* Nobody means a program of less than a mebibyte: the usual slip is "350m", which is a third of a byte. */
#define MEMORY_BYTES_MIN (1 << 20)

static const char no_volumes[] = "the runtime process has no volumes: a program sees the node's files";
static const char no_kubernetes[] = "reads from objects of Kubernetes, which this node does not have: use value";
static const char no_terminal[] = "programs have no terminal: standard input is at its end";
static const char no_image_pull[] = "no image is pulled: the runtime process runs command";
static const char no_user_change[] = "is not in the runtime process's power: leave it out";

static int read_name(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_container *container = out;

	return rs_read_name(json, at, container->name, err);
}

static int read_image(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_container *container = out;

	return rs_read_string(json, at, RS_PATH_MAX, &container->image, err);
}

static int read_command(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_container *container = out;

	return rs_read_strings(json, at, RS_ARGS_MAX, &container->command, err);
}

static int read_args(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_container *container = out;

	return rs_read_strings(json, at, RS_ARGS_MAX, &container->args, err);
}

static int read_working_dir(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_container *container = out;

	return rs_read_string(json, at, RS_PATH_MAX, &container->working_dir, err);
}

/* --- env ------------------------------------------------------------------------------------------------------ */

struct variable {
	const char *name, *value;
};

static int read_variable_name(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct variable *variable = out;

	return rs_read_text(json, at, RS_STRING_MAX, &variable->name, err);
}

static int read_variable_value(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct variable *variable = out;

	return rs_read_text(json, at, RS_STRING_MAX, &variable->value, err);
}

static int read_env(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "name", .read = read_variable_name},
		{.name = "value", .read = read_variable_value},
		{.name = "valueFrom", .refused = no_kubernetes},
	};
	struct rs_container *container = out;
	const cJSON *child;
	size_t i = 0;
	int r = rs_read_list(json, at, RS_ENV_MAX, err);

	if (r < 0)
		return r;
	cJSON_ArrayForEach (child, json) {
		const struct rs_at *here = RS_AT_INDEX(at, i++);
		struct variable variable = {"", ""};

		r = RS_FIELDS_READ(fields, &variable, child, here, err);
		if (r < 0)
			return r;
		if (rs_pairs_add(&container->env, variable.name, variable.value) < 0)
			return rs_refuse_memory(here, err);
	}
	return 0;
}

/* --- ports ---------------------------------------------------------------------------------------------------- */

static int read_port_number(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_port *port = out;
	int64_t number;
	int r = rs_read_integer(json, at, 1, 65535, &number, err);

	if (r == 0)
		port->number = (uint16_t)number;
	return r;
}

static int read_port_name(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_port *port = out;
	const char *text;
	int r = rs_read_text(json, at, RS_PORT_NAME_SIZE - 1, &text, err);

	if (r == 0)
		rs_str_copy(port->name, sizeof(port->name), text);
	return r;
}

static int read_port_protocol(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_port *port = out;
	const char *text;
	int r = rs_read_text(json, at, RS_STRING_MAX, &text, err);

	if (r == 0 && strcmp(text, "TCP") != 0 && strcmp(text, "UDP") != 0)
		return rs_refuse(at, err, "\"%.40s\" must be \"TCP\" or \"UDP\"", text);
	if (r == 0)
		port->is_udp = *text == 'U';
	return r;
}

static int read_ports(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "containerPort", .read = read_port_number},
		{.name = "name", .read = read_port_name},
		{.name = "protocol", .read = read_port_protocol},
		{.name = "hostPort", .refused = "a service is reached at its virtual address, not at the node's"},
		{.name = "hostIP", .refused = "a service is reached at its virtual address, not at the node's"},
	};
	struct rs_container *container = out;
	const cJSON *child;
	size_t i = 0;
	int r = rs_read_list(json, at, RS_PORTS_MAX, err);

	if (r < 0 || !json->child)
		return r;
	rs_container_clear_more_ports(container);
	cJSON_ArrayForEach (child, json) {
		const struct rs_at *here = RS_AT_INDEX(at, i);
		struct rs_port port = {0};

		r = RS_FIELDS_READ(fields, &port, child, here, err);
		if (r < 0)
			return r;
		if (port.number == 0)
			return rs_refuse(RS_AT_FIELD(here, "containerPort"), err, "is missing");
		if (i++ == 0)
			container->port = port;
		else if (rs_container_add_port(container, &port) < 0)
			return rs_refuse_memory(here, err);
	}
	return 0;
}

/* --- resources ------------------------------------------------------------------------------------------------ */

/* Kubernetes takes 2 and "2". */
static int read_quantity(const cJSON *json, const struct rs_at *at, int (*parse)(const char *text, uint64_t *ret),
			 uint64_t maximum, const char *examples, uint64_t *ret, struct rs_err *err)
{
	rs_auto_free char *number = cJSON_IsNumber(json) ? cJSON_PrintUnformatted(json) : NULL;
	const char *text = cJSON_IsString(json) ? json->valuestring : number;
	uint64_t value;

	if (!text)
		return rs_refuse(at, err, "must be a quantity such as %s", examples);
	if (parse(text, &value) < 0 || value > maximum)
		return rs_refuse(at, err, "\"%.40s\" must be a quantity such as %s", text, examples);
	*ret = value;
	return 0;
}

static int read_cpu(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_container *container = out;

	return read_quantity(json, at, rs_quantity_millis, RS_CPU_MILLIS_MAX, "\"500m\" or \"2\"",
			     &container->cpu_millis, err);
}

static int read_memory(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_container *container = out;
	int r = read_quantity(json, at, rs_quantity_units, RS_MEMORY_BYTES_MAX, "\"350Mi\" or \"1G\"",
			      &container->memory_bytes, err);

	if (r == 0 && container->memory_bytes > 0 && container->memory_bytes < MEMORY_BYTES_MIN)
		return rs_refuse(at, err,
				 "is less than a mebibyte, in which no program starts: mebibytes are written \"Mi\"");
	return r;
}

static int read_limits(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "cpu", .read = read_cpu},
		{.name = "memory", .read = read_memory},
		{.name = "ephemeral-storage", .refused = "no disk space is counted"},
	};

	return RS_FIELDS_READ(fields, out, json, at, err);
}

static int read_resources(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "limits", .read = read_limits},
		{.name = "requests", .refused = "requests are for a scheduler that chooses among nodes: use limits"},
		{.name = "claims", .refused = "there are no resource claims on one node"},
	};

	return RS_FIELDS_READ(fields, out, json, at, err);
}

/* --- securityContext ------------------------------------------------------------------------------------------ */

struct security {
	struct rs_container *container;
	bool must_not_be_root;
};

static int read_run_as_user(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct security *security = out;

	return rs_read_integer(json, at, 0, INT32_MAX, &security->container->run_as_user, err);
}

static int read_non_root(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct security *security = out;

	return rs_read_bool(json, at, &security->must_not_be_root, err);
}

/* A program has none: every wish to drop some is met. */
static int read_capabilities(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "drop", .read = rs_field_read_past},
		{.name = "add", .refused = "programs run without capabilities"},
	};

	return RS_FIELDS_READ(fields, out, json, at, err);
}

static int read_security(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "runAsUser", .read = read_run_as_user},
		{.name = "runAsNonRoot", .read = read_non_root},
		{.name = "runAsGroup", .refused = "the group is the user's: leave it out", .is_always_refused = true},
		{.name = "allowPrivilegeEscalation", .refused = "programs cannot gain privileges here"},
		{.name = "readOnlyRootFilesystem", .refused = no_user_change},
		{.name = "privileged", .refused = "programs run without privileges"},
		{.name = "capabilities", .read = read_capabilities},
		{.name = "seccompProfile", .refused = no_user_change},
		{.name = "appArmorProfile", .refused = no_user_change},
		{.name = "seLinuxOptions", .refused = no_user_change},
		{.name = "windowsOptions", .refused = "this is Linux"},
		{.name = "procMount", .refused = no_user_change},
	};
	struct security security = {.container = out};
	int r = RS_FIELDS_READ(fields, &security, json, at, err);

	/* Without runAsUser the runtime's default is not root either: nothing to remember. */
	if (r == 0 && security.must_not_be_root && security.container->run_as_user == 0)
		return rs_refuse(RS_AT_FIELD(at, "runAsNonRoot"), err, "contradicts runAsUser: 0");
	return r;
}

/* --- the container ---------------------------------------------------------------------------------------------- */

/* Probes after ports: they may mean the port by its name, or by leaving it out. */
static const struct rs_field fields_of_container[] = {
	{.name = "name", .read = read_name},
	{.name = "image", .read = read_image},
	{.name = "command", .read = read_command},
	{.name = "args", .read = read_args},
	{.name = "workingDir", .read = read_working_dir},
	{.name = "env", .read = read_env},
	{.name = "ports", .read = read_ports},
	{.name = "resources", .read = read_resources},
	{.name = "securityContext", .read = read_security},
	{.name = "readinessProbe", .read = rs_readiness_read},
	{.name = "livenessProbe", .read = rs_liveness_read},
	{.name = "startupProbe", .read = rs_startup_read},
	{.name = "imagePullPolicy", .refused = no_image_pull},
	{.name = "envFrom", .refused = "reads from objects of Kubernetes, which this node does not have: use env"},
	{.name = "volumeMounts", .refused = no_volumes},
	{.name = "volumeDevices", .refused = no_volumes},
	{.name = "terminationMessagePath", .refused = "the last words of a program are in its log: rouse logs"},
	{.name = "terminationMessagePolicy", .refused = "the last words of a program are in its log: rouse logs"},
	{.name = "lifecycle",
	 .refused = "there are no lifecycle hooks: a program gets its stop signal and time to end"},
	{.name = "stdin", .refused = no_terminal},
	{.name = "stdinOnce", .refused = no_terminal},
	{.name = "tty", .refused = no_terminal},
	{.name = "resizePolicy", .refused = "limits change with a new revision"},
	{.name = "restartPolicy", .refused = "a program that ends is started again as long as it is needed"},
};

int rs_containers_read(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	int r = rs_read_list(json, at, RS_ARGS_MAX, err);

	if (r < 0)
		return r;
	if (!json->child)
		return rs_refuse(at, err, "is empty: give one container with a command");
	if (json->child->next)
		return rs_refuse(RS_AT_INDEX(at, 1), err,
				 "the runtime process has one program in an instance: leave out all but one");
	return RS_FIELDS_READ(fields_of_container, out, json->child, RS_AT_INDEX(at, 0), err);
}
