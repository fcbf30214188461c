/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/model/validate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/model/annotations.h"
#include "core/model/names.h"

#define CONTAINER "spec.template.spec.containers[0]"
#define PATH_SIZE 128

/* "-00001" has to find room behind it. */
#define SERVICE_NAME_MAX (RS_NAME_MAX - 6)
/* Five characters are appended. */
#define GENERATE_NAME_MAX (SERVICE_NAME_MAX - 5)

static int check_name(const struct rs_metadata *metadata, struct rs_err *err)
{
	char example[RS_NAME_SIZE + 1];

	if (metadata->name[0] || !metadata->generate_name)
		return rs_name_check_1035(metadata->name, SERVICE_NAME_MAX, "metadata.name", err);
	snprintf(example, sizeof(example), "%sx", metadata->generate_name);
	return rs_name_check_1035(example, GENERATE_NAME_MAX + 1, "metadata.generateName", err);
}

static int check_keys(const struct rs_pairs *pairs, const char *path, bool labels, struct rs_err *err)
{
	char full[RS_KEY_MAX + PATH_SIZE];
	int r;

	for (size_t i = 0; i < pairs->count; i++) {
		r = rs_name_check_key(pairs->items[i].key, path, err);
		if (r < 0)
			return r;
		if (!labels)
			continue;
		snprintf(full, sizeof(full), "%s[%s]", path, pairs->items[i].key);
		r = rs_name_check_label_value(pairs->items[i].value, full, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_template_metadata(const struct rs_template *template, const char *service, struct rs_err *err)
{
	static const char path[] = "spec.template.metadata.name";
	const size_t length = strlen(service);
	int r;

	for (size_t i = 0; i < template->labels.count; i++)
		if (strncmp(template->labels.items[i].key, "serving.knative.dev/", 20) == 0)
			return rs_err_set(err, -EINVAL,
					  "spec.template.metadata.labels[%s]: labels of this domain are set by Rouse",
					  template->labels.items[i].key);
	if (!template->name[0])
		return 0;
	r = rs_name_check_1035(template->name, RS_NAME_MAX, path, err);
	if (r < 0)
		return r;
	if (!service[0])
		return rs_err_set(err, -EINVAL, "%s: needs a metadata.name, not a generateName", path);
	if (strncmp(template->name, service, length) != 0 || template->name[length] != '-' ||
	    !template->name[length + 1])
		return rs_err_set(err, -EINVAL, "%s: \"%s\" must begin with \"%s-\"", path, template->name, service);
	return 0;
}

static int check_probe(const struct rs_probe *probe, const char *name, bool must_succeed_once, struct rs_err *err)
{
	char path[PATH_SIZE];

	if (!probe)
		return 0;
	snprintf(path, sizeof(path), CONTAINER ".%s", name);
	if (probe->handler == RS_HANDLER_HTTP_GET && probe->path[0] != '/')
		return rs_err_set(err, -EINVAL, "%s.httpGet.path: \"%.80s\" must begin with /", path, probe->path);
	if (probe->handler == RS_HANDLER_EXEC && probe->command.count == 0)
		return rs_err_set(err, -EINVAL, "%s.exec.command: is missing", path);
	if (must_succeed_once && probe->success_threshold != 1)
		return rs_err_set(err, -EINVAL, "%s.successThreshold: must be 1", path);
	return 0;
}

static int check_ports(const struct rs_container *container, struct rs_err *err)
{
	char path[PATH_SIZE];

	for (size_t i = 0; i < rs_container_port_count(container); i++) {
		const struct rs_port *port = rs_container_port(container, i);

		for (size_t k = 0; k < i; k++) {
			const struct rs_port *other = rs_container_port(container, k);

			if (port->number == other->number && port->is_udp == other->is_udp)
				return rs_err_set(err, -EINVAL,
						  CONTAINER ".ports[%zu]: %s port %u is already that of ports[%zu]", i,
						  rs_port_protocol_text(port->is_udp), port->number, k);
			if (port->name[0] && strcmp(port->name, other->name) == 0)
				return rs_err_set(err, -EINVAL,
						  CONTAINER
						  ".ports[%zu].name: \"%s\" is already the name of ports[%zu]",
						  i, port->name, k);
		}
		if (!port->name[0])
			continue;
		snprintf(path, sizeof(path), CONTAINER ".ports[%zu].name", i);
		int r = rs_name_check_port(port->name, path, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_container(const struct rs_container *container, struct rs_err *err)
{
	char path[PATH_SIZE];
	int r;

	r = rs_name_check_1123(container->name, RS_NAME_MAX, CONTAINER ".name", err);
	if (r < 0)
		return r;
	if (container->command.count == 0 && container->image)
		return rs_err_set(err, -EINVAL,
				  CONTAINER
				  ".image: \"%.80s\": the runtime process runs no images; give command, such as "
				  "[\"python3\", \"-m\", \"http.server\", \"$(PORT)\"]",
				  container->image);
	if (container->command.count == 0)
		return rs_err_set(err, -EINVAL,
				  CONTAINER ".command: is missing: the runtime process runs a command, such as "
					    "[\"python3\", \"-m\", \"http.server\", \"$(PORT)\"]");
	if (!container->command.items[0][0])
		return rs_err_set(err, -EINVAL, CONTAINER ".command[0]: is empty");
	if (container->command.count + container->args.count > RS_ARGS_MAX)
		return rs_err_set(err, -EINVAL, CONTAINER ".args: command and args together have at most %d entries",
				  RS_ARGS_MAX);
	for (size_t i = 0; i < container->env.count; i++) {
		snprintf(path, sizeof(path), CONTAINER ".env[%zu].name", i);
		r = rs_name_check_env(container->env.items[i].key, path, err);
		if (r < 0)
			return r;
		for (size_t k = 0; k < i; k++)
			if (strcmp(container->env.items[k].key, container->env.items[i].key) == 0)
				return rs_err_set(err, -EINVAL, "%s: \"%.80s\" is given twice", path,
						  container->env.items[i].key);
	}
	if (container->working_dir && container->working_dir[0] != '/')
		return rs_err_set(err, -EINVAL, CONTAINER ".workingDir: \"%.80s\" must begin with /",
				  container->working_dir);
	r = check_ports(container, err);
	if (r < 0)
		return r;
	r = check_probe(container->readiness, "readinessProbe", false, err);
	if (r == 0)
		r = check_probe(container->liveness, "livenessProbe", true, err);
	if (r == 0)
		r = check_probe(container->startup, "startupProbe", true, err);
	return r;
}

int rs_traffic_validate(const struct rs_traffic *traffic, const char *service, struct rs_err *err)
{
	const size_t service_length = strlen(service);
	unsigned sum = 0;
	char path[PATH_SIZE];
	int r;

	for (size_t i = 0; i < traffic->count; i++) {
		const struct rs_traffic_target *target = &traffic->targets[i];

		if (target->percent > 100)
			return rs_err_set(err, -EINVAL, "spec.traffic[%zu].percent: must be 0..100", i);
		sum += target->percent;
		if (target->revision[0]) {
			snprintf(path, sizeof(path), "spec.traffic[%zu].revisionName", i);
			r = rs_name_check_1035(target->revision, RS_NAME_MAX, path, err);
			if (r < 0)
				return r;
		}
		if (!target->tag[0])
			continue;
		snprintf(path, sizeof(path), "spec.traffic[%zu].tag", i);
		r = rs_name_check_1035(target->tag, RS_NAME_MAX, path, err);
		if (r < 0)
			return r;
		/* TAG-SERVICE is a label of the tag's host name. */
		if (strlen(target->tag) + 1 + service_length > RS_NAME_MAX)
			return rs_err_set(err, -EINVAL, "%s: \"%s-%s\" is a host name of more than %d characters", path,
					  target->tag, service, RS_NAME_MAX);
		for (size_t k = 0; k < i; k++)
			if (strcmp(traffic->targets[k].tag, target->tag) == 0)
				return rs_err_set(err, -EINVAL, "%s: \"%s\" is already the tag of spec.traffic[%zu]",
						  path, target->tag, k);
	}
	if (sum != 100)
		return rs_err_set(err, -EINVAL, "spec.traffic: the percents add up to %u, must be 100", sum);
	return 0;
}

int rs_service_validate(struct rs_service *service, struct rs_err *err)
{
	struct rs_template *template = service->template;
	int r;

	r = rs_name_check_1123(service->metadata.namespace, RS_NAME_MAX, "metadata.namespace", err);
	if (r == 0)
		r = check_name(&service->metadata, err);
	if (r == 0)
		r = check_keys(&service->metadata.labels, "metadata.labels", true, err);
	if (r == 0)
		r = check_keys(&service->metadata.annotations, "metadata.annotations", false, err);
	if (r == 0)
		r = rs_annotations_check_service(&service->metadata, err);
	if (r == 0)
		r = check_keys(&template->labels, "spec.template.metadata.labels", true, err);
	if (r == 0)
		r = check_keys(&template->annotations, "spec.template.metadata.annotations", false, err);
	if (r == 0)
		r = check_template_metadata(template, service->metadata.name, err);
	if (r == 0)
		r = rs_annotations_derive(template, err);
	if (r == 0)
		r = check_container(&template->container, err);
	if (r == 0)
		r = rs_traffic_validate(&service->traffic, service->metadata.name, err);
	return r;
}
