/* SPDX-License-Identifier: BSD-2-Clause */
/* spec.template: its metadata, and every field of a pod that Knative knows. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "wire/parts.h"

static const char one_node[] = "there is one node: nothing to choose";
static const char no_volumes[] = "the runtime process has no volumes: a program sees the node's files";
static const char no_accounts[] = "there are no service accounts on this node";
static const char own_network[] = "every instance has a network of its own";
static const char own_names[] = "names are resolved by the node's resolver";
static const char one_program[] = "the runtime process has one program in an instance";
static const char no_image[] = "no image is pulled: the runtime process runs command";
static const char no_protocol[] = "needs a view into the protocol, which this dataplane does not have: leave it out";
static const char stop_annotation[] = "use the annotation rouse.dev/stop-grace-period of the template";
static const char user_of_container[] = "use runAsUser in the container's securityContext";

static int read_containers(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_template *template = out;

	return rs_containers_read(&template->container, json, at, err);
}

static int read_concurrency(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_template *template = out;
	int64_t value;
	int r = rs_read_integer(json, at, 0, RS_CONTAINER_CONCURRENCY_MAX, &value, err);

	if (r == 0)
		template->container_concurrency = (uint32_t)value;
	return r;
}

/* 0 leaves the default. */
static int read_timeout(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_template *template = out;
	int64_t value;
	int r = rs_read_integer(json, at, 0, RS_TIMEOUT_SECONDS_MAX, &value, err);

	if (r == 0 && value > 0)
		template->timeout_seconds = (uint32_t)value;
	return r;
}

int rs_template_spec_read(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "containers", .read = read_containers},
		{.name = "containerConcurrency", .read = read_concurrency},
		{.name = "timeoutSeconds", .read = read_timeout},
		{.name = "responseStartTimeoutSeconds", .refused = no_protocol},
		{.name = "idleTimeoutSeconds", .refused = no_protocol},
		{.name = "initContainers", .refused = one_program},
		{.name = "ephemeralContainers", .refused = one_program},
		{.name = "volumes", .refused = no_volumes},
		{.name = "serviceAccountName", .refused = no_accounts},
		{.name = "serviceAccount", .refused = no_accounts},
		{.name = "automountServiceAccountToken", .refused = no_accounts},
		{.name = "imagePullSecrets", .refused = no_image},
		{.name = "enableServiceLinks", .refused = "programs find services by name, not in their environment"},
		{.name = "affinity", .refused = one_node},
		{.name = "nodeSelector", .refused = one_node},
		{.name = "nodeName", .refused = one_node},
		{.name = "tolerations", .refused = one_node},
		{.name = "topologySpreadConstraints", .refused = one_node},
		{.name = "schedulerName", .refused = one_node},
		{.name = "schedulingGates", .refused = one_node},
		{.name = "priorityClassName", .refused = one_node},
		{.name = "priority", .refused = one_node},
		{.name = "preemptionPolicy", .refused = one_node},
		{.name = "overhead", .refused = one_node},
		{.name = "runtimeClassName", .refused = "the runtime is chosen by the agent's configuration"},
		{.name = "hostAliases", .refused = own_names},
		{.name = "dnsPolicy", .refused = own_names},
		{.name = "dnsConfig", .refused = own_names},
		{.name = "hostname", .refused = own_names},
		{.name = "subdomain", .refused = own_names},
		{.name = "setHostnameAsFQDN", .refused = own_names},
		{.name = "hostNetwork", .refused = own_network},
		{.name = "hostIPC", .refused = "programs share what the runtime gives them"},
		{.name = "hostPID", .refused = "programs share what the runtime gives them"},
		{.name = "hostUsers", .refused = "programs share what the runtime gives them"},
		{.name = "shareProcessNamespace", .refused = one_program},
		{.name = "securityContext", .refused = user_of_container},
		{.name = "restartPolicy", .refused = "a program that ends is started again as long as it is needed"},
		{.name = "terminationGracePeriodSeconds", .refused = stop_annotation, .is_always_refused = true},
		{.name = "activeDeadlineSeconds", .refused = "a service has no end: scale-to-zero is its rest"},
		{.name = "readinessGates", .refused = "readiness is the program's own: use readinessProbe"},
		{.name = "resourceClaims", .refused = one_node},
		{.name = "os", .refused = "this is Linux"},
	};
	int r = RS_FIELDS_READ(fields, out, json, at, err);

	if (r == 0 && !cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(json, "containers")))
		return rs_refuse(RS_AT_FIELD(at, "containers"), err, "is missing: give one container with a command");
	return r;
}

static int read_name(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_template *template = out;

	return rs_read_name(json, at, template->name, err);
}

static int read_labels(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_template *template = out;

	return rs_read_pairs(json, at, RS_STRING_MAX, &template->labels, err);
}

static int read_annotations(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	struct rs_template *template = out;

	return rs_read_pairs(json, at, RS_ANNOTATION_VALUE_MAX, &template->annotations, err);
}

static int read_metadata(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "name", .read = read_name},
		{.name = "labels", .read = read_labels},
		{.name = "annotations", .read = read_annotations},
		{.name = "creationTimestamp", .read = rs_field_read_past},
		{.name = "namespace", .refused = "revisions live in the namespace of their Service: leave it out"},
		{.name = "generateName", .refused = "revisions are numbered: leave it out, or give a name"},
		{.name = "finalizers", .refused = "nobody here would run them: leave them out"},
	};

	return RS_FIELDS_READ(fields, out, json, at, err);
}

int rs_template_read(void *out, const cJSON *json, const struct rs_at *at, struct rs_err *err)
{
	static const struct rs_field fields[] = {
		{.name = "metadata", .read = read_metadata},
		{.name = "spec", .read = rs_template_spec_read},
	};
	int r = RS_FIELDS_READ(fields, out, json, at, err);

	if (r == 0 && !cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(json, "spec")))
		return rs_refuse(RS_AT_FIELD(at, "spec"), err, "is missing");
	return r;
}
