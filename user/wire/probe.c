/* SPDX-License-Identifier: BSD-2-Clause */
/* readinessProbe, livenessProbe, startupProbe. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire/parts.h"

/* Kubernetes' defaults. A readiness probe without a period is Knative's own: as often as it makes sense, at the start
 * (period_ms 0). */
#define PERIOD_MS	  10000
#define TIMEOUT_MS	  1000
#define SUCCESS_THRESHOLD 1
#define FAILURE_THRESHOLD 3

struct reading {
	struct rs_probe *probe;
	const struct rs_container *container;
};

static const char no_grpc[] = "there is no gRPC client here: use httpGet, tcpSocket or exec";

static int read_port(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct reading *reading = out;
	int64_t port;
	int r;

	if (cJSON_IsString(json)) {
		const struct rs_port *named = rs_container_port_named(reading->container, json->valuestring);

		if (!named)
			return rs_refuse(at, err,
					 "\"%.40s\" must be a number 0..65535, or the name of a port of the container",
					 json->valuestring);
		if (named->is_udp)
			return rs_refuse(at, err, "\"%s\" is a UDP port: a probe connects over TCP", named->name);
		reading->probe->port = named->number;
		return 0;
	}
	r = rs_read_integer(json, at, 0, 65535, &port, err);
	if (r == 0 && port > 0)
		reading->probe->port = (uint16_t)port;
	return r;
}

static int read_path(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct reading *reading = out;

	return rs_read_string(json, at, RS_PATH_MAX, &reading->probe->path, err);
}

static int read_scheme(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	const char *text;
	int r = rs_read_text(json, at, RS_STRING_MAX, &text, err);

	(void)out;
	if (r == 0 && strcmp(text, "HTTP") != 0)
		return rs_refuse(at, err, "\"%.40s\" must be \"HTTP\"", text);
	return r;
}

struct header {
	const char *name, *value;
};

static int read_header_name(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct header *header = out;

	return rs_read_text(json, at, RS_NAME_MAX, &header->name, err);
}

static int read_header_value(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct header *header = out;

	return rs_read_text(json, at, RS_KEY_MAX, &header->value, err);
}

/* The one header that chooses among virtual hosts. */
static int read_headers(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "name", .read = read_header_name},
		{.name = "value", .read = read_header_value},
	};
	struct reading *reading = out;
	const struct rs_at *here = RS_AT_INDEX(at, 0);
	struct header header = {"", ""};
	int r = rs_read_list(json, at, RS_ARGS_MAX, err);

	if (r < 0 || !json->child)
		return r;
	if (json->child->next)
		return rs_refuse(RS_AT_INDEX(at, 1), err, "a probe sends no header but Host");
	r = RS_FIELDS_READ(fields, &header, json->child, here, err);
	if (r < 0)
		return r;
	if (strcasecmp(header.name, "Host") != 0)
		return rs_refuse(RS_AT_FIELD(here, "name"), err, "\"%.40s\": a probe sends no header but Host",
				 header.name);
	for (const char *c = header.value; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return rs_refuse(RS_AT_FIELD(here, "value"), err, "has a character that no host name has");
	return rs_read_string(cJSON_GetObjectItemCaseSensitive(json->child, "value"), RS_AT_FIELD(here, "value"),
			      RS_KEY_MAX, &reading->probe->host, err);
}

static int begin(struct reading *reading, enum rs_probe_handler handler, const struct rs_at *at, struct rs_err *err)
{
	if (reading->probe->handler != RS_HANDLER_NONE)
		return rs_refuse(at, err, "a probe has one of httpGet, tcpSocket and exec");
	reading->probe->handler = handler;
	/* Unless it says another. */
	reading->probe->port = reading->container->port.is_udp ? 0 : reading->container->port.number;
	return 0;
}

/* A probe over TCP has a port in the end. */
static int need_port(const struct reading *reading, const struct rs_at *at, struct rs_err *err)
{
	if (reading->probe->port)
		return 0;
	return rs_refuse(at, err, "needs a port: the container's first one is UDP, and a probe connects over TCP");
}

static int read_http_get(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "path", .read = read_path},
		{.name = "port", .read = read_port},
		{.name = "scheme", .read = read_scheme},
		{.name = "httpHeaders", .read = read_headers},
		{.name = "host", .refused = "a probe goes to the instance; for a Host header use httpHeaders"},
	};
	struct reading *reading = out;
	int r = begin(reading, RS_HANDLER_HTTP_GET, at, err);

	if (r == 0)
		r = RS_FIELDS_READ(fields, reading, json, at, err);
	if (r == 0)
		r = need_port(reading, at, err);
	if (r == 0 && !reading->probe->path) {
		reading->probe->path = strdup("/");
		if (!reading->probe->path)
			return rs_refuse_memory(at, err);
	}
	return r;
}

static int read_tcp_socket(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "port", .read = read_port},
		{.name = "host", .refused = "a probe goes to the instance: leave it out"},
	};
	struct reading *reading = out;
	int r = begin(reading, RS_HANDLER_TCP_SOCKET, at, err);

	if (r == 0)
		r = RS_FIELDS_READ(fields, reading, json, at, err);
	if (r == 0)
		r = need_port(reading, at, err);
	return r;
}

static int read_command(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct reading *reading = out;

	return rs_read_strings(json, at, RS_ARGS_MAX, &reading->probe->command, err);
}

static int read_exec(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {{.name = "command", .read = read_command}};
	struct reading *reading = out;
	int r = begin(reading, RS_HANDLER_EXEC, at, err);

	if (r == 0)
		r = RS_FIELDS_READ(fields, reading, json, at, err);
	reading->probe->port = 0;
	return r;
}

static int read_seconds(const cJSON *json, const struct rs_at *at, int64_t minimum, uint32_t *out_ms,
			struct rs_err *err)
{
	int64_t seconds;
	int r = rs_read_integer(json, at, minimum, RS_PROBE_SECONDS_MAX, &seconds, err);

	if (r == 0)
		*out_ms = (uint32_t)seconds * 1000;
	return r;
}

static int read_initial_delay(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct reading *reading = out;

	return read_seconds(json, at, 0, &reading->probe->initial_delay_ms, err);
}

/* 0 leaves the default. */
static int read_period(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct reading *reading = out;
	uint32_t period_ms;
	int r = read_seconds(json, at, 0, &period_ms, err);

	if (r == 0 && period_ms > 0)
		reading->probe->period_ms = period_ms;
	return r;
}

static int read_timeout(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct reading *reading = out;

	return read_seconds(json, at, 1, &reading->probe->timeout_ms, err);
}

static int read_threshold(const cJSON *json, const struct rs_at *at, uint32_t *out, struct rs_err *err)
{
	int64_t count;
	int r = rs_read_integer(json, at, 1, RS_PROBE_COUNT_MAX, &count, err);

	if (r == 0)
		*out = (uint32_t)count;
	return r;
}

static int read_success(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct reading *reading = out;

	return read_threshold(json, at, &reading->probe->success_threshold, err);
}

static int read_failure(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct reading *reading = out;

	return read_threshold(json, at, &reading->probe->failure_threshold, err);
}

static int read_probe(struct rs_probe **ret_probe, const struct rs_container *container, uint32_t period_ms,
		      const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "httpGet", .read = read_http_get},
		{.name = "tcpSocket", .read = read_tcp_socket},
		{.name = "exec", .read = read_exec},
		{.name = "grpc", .refused = no_grpc, .is_always_refused = true},
		{.name = "initialDelaySeconds", .read = read_initial_delay},
		{.name = "periodSeconds", .read = read_period},
		{.name = "timeoutSeconds", .read = read_timeout},
		{.name = "successThreshold", .read = read_success},
		{.name = "failureThreshold", .read = read_failure},
		{.name = "terminationGracePeriodSeconds",
		 .refused = "use the annotation rouse.dev/stop-grace-period of the template"},
	};
	/* A field that is given twice in JSON is read twice. */
	struct rs_probe *probe = *ret_probe ? *ret_probe : calloc(1, sizeof(*probe));
	struct reading reading = {.probe = probe, .container = container};
	int r;

	if (!probe)
		return rs_refuse_memory(at, err);
	*ret_probe = probe;
	probe->period_ms = period_ms;
	probe->timeout_ms = TIMEOUT_MS;
	probe->success_threshold = SUCCESS_THRESHOLD;
	probe->failure_threshold = FAILURE_THRESHOLD;
	r = RS_FIELDS_READ(fields, &reading, json, at, err);
	/* As in Knative: a probe that says only how often is one of the port. */
	if (r == 0 && probe->handler == RS_HANDLER_NONE) {
		r = begin(&reading, RS_HANDLER_TCP_SOCKET, at, err);
		if (r == 0)
			r = need_port(&reading, at, err);
	}
	return r;
}

int rs_readiness_read(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_container *container = out;

	return read_probe(&container->readiness, container, 0, json, at, err);
}

int rs_liveness_read(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_container *container = out;

	return read_probe(&container->liveness, container, PERIOD_MS, json, at, err);
}

int rs_startup_read(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_container *container = out;

	return read_probe(&container->startup, container, PERIOD_MS, json, at, err);
}
