// SPDX-License-Identifier: BSD-2-Clause
#include "agent/show/view.h"

#include "agent/route/external.h"
#include "agent/route/ports.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "wire/service.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LABEL_SERVICE	    "serving.knative.dev/service"
#define LABEL_CONFIGURATION "serving.knative.dev/configuration"
#define LABEL_REVISION	    "serving.knative.dev/revision"

/* --- small parts ------------------------------------------------------------------------------------------------ */

static void delete_json(cJSON **json)
{
	cJSON_Delete(*json);
}
#define auto_json __attribute__((cleanup(delete_json))) cJSON *

static bool text(cJSON *object, const char *name, const char *value)
{
	return cJSON_AddStringToObject(object, name, value) != NULL;
}

static bool number(cJSON *object, const char *name, double value)
{
	return cJSON_AddNumberToObject(object, name, value) != NULL;
}

static bool version(cJSON *metadata, uint64_t value)
{
	char digits[24];
	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	return text(metadata, "resourceVersion", digits);
}

/* Milliseconds from one moment to another, to a tenth. Moments that did not happen are left out. */
static bool span_ms(cJSON *object, const char *name, uint64_t from_ns, uint64_t to_ns)
{
	if (!to_ns || to_ns < from_ns)
		return true;
	return number(object, name, (double)((to_ns - from_ns) / (100 * RS_NS_PER_US)) / 10);
}

static uint64_t age_ms(uint64_t since_ns, uint64_t now_ns)
{
	return now_ns > since_ns ? (now_ns - since_ns) / RS_NS_PER_MS : 0;
}

/* apiVersion and kind: how every object begins. */
static cJSON *begin(const char *api_version, const char *kind)
{
	auto_json object = cJSON_CreateObject();
	if (!text(object, "apiVersion", api_version) || !text(object, "kind", kind))
		return NULL;
	return rs_take_ptr(object);
}

#define ENDPOINT_SIZE (INET6_ADDRSTRLEN + 8)

static void print_endpoint(const struct rs_address *address, __be16 port, char out[static ENDPOINT_SIZE])
{
	char host[RS_ADDRESS_TEXT_MAX];
	bool is_v4 = rs_address_family(address) == RS_V4;
	snprintf(out, ENDPOINT_SIZE, is_v4 ? "%s:%u" : "[%s]:%u", rs_address_print(address, host), ntohs(port));
}

static bool endpoints(cJSON *status, const struct rs_tuple *key)
{
	char client[ENDPOINT_SIZE], destination[ENDPOINT_SIZE];
	print_endpoint(&key->source, key->source_port, client);
	print_endpoint(&key->destination, key->destination_port, destination);
	return text(status, "client", client) && text(status, "destination", destination);
}

struct rs_workload *rs_view_workload(const struct rs_agent *agent, unsigned revision)
{
	return agent->workloads && revision < agent->workload_count ? agent->workloads[revision] : NULL;
}

bool rs_view_matches(const struct rs_workload *workload, const char *namespace, const char *service)
{
	if (!workload)
		return !namespace && !service;
	const struct rs_model_revision *revision = workload->revision;
	return (!namespace || strcmp(revision->metadata.namespace, namespace) == 0) &&
	       (!service || strcmp(revision->service, service) == 0);
}

/* metadata with the namespace alone: holds and flows have no names. */
static cJSON *begin_nameless(const char *kind, const struct rs_workload *workload, cJSON **ret_status)
{
	auto_json object = begin(RS_VIEW_ROUSE_VERSION, kind);
	cJSON *metadata = cJSON_AddObjectToObject(object, "metadata");
	cJSON *status = cJSON_AddObjectToObject(object, "status");
	if (!metadata || !status ||
	    (workload && !text(metadata, "namespace", workload->revision->metadata.namespace)) ||
	    !text(status, "revision", workload ? workload->revision->metadata.name : ""))
		return NULL;
	*ret_status = status;
	return rs_take_ptr(object);
}

/* --- Knative's objects ------------------------------------------------------------------------------------------ */

/* Moves a member of one status into another, where the other has none. */
static void move(cJSON *from, cJSON *to, const char *name)
{
	if (!cJSON_HasObjectItem(to, name))
		cJSON_AddItemToObject(to, name, cJSON_DetachItemFromObjectCaseSensitive(from, name));
}

/* How a route is reached, and who is kept out. */
static bool add_reach(const struct rs_agent *agent, const struct rs_model_route *route, cJSON *status)
{
	return rs_access_view(agent, route, status) && rs_routing_view_ports(agent, route, status) &&
	       rs_external_view(agent, route, status);
}

/* What Knative's Service shows of its Configuration and Route, and the VIP. */
static bool add_owned(cJSON *json, const struct rs_agent *agent, const struct rs_service *service,
		      const struct rs_wire_context *context)
{
	const char *namespace = service->metadata.namespace, *name = service->metadata.name;
	const struct rs_configuration *configuration = rs_registry_configuration(agent->registry, namespace, name);
	const struct rs_model_route *route = rs_registry_route(agent->registry, namespace, name);
	if (!configuration || !route)
		return true; /* a dry run's */
	auto_json configuration_json = rs_wire_configuration_print(configuration);
	auto_json route_json = rs_wire_route_print(route, context);
	if (!configuration_json || !route_json)
		return false;
	cJSON *status = cJSON_GetObjectItemCaseSensitive(json, "status");
	cJSON *from = cJSON_GetObjectItemCaseSensitive(configuration_json, "status");
	move(from, status, "latestCreatedRevisionName");
	move(from, status, "latestReadyRevisionName");
	from = cJSON_GetObjectItemCaseSensitive(route_json, "status");
	move(from, status, "traffic");
	move(from, status, "rouse");
	return add_reach(agent, route, status);
}

cJSON *rs_view_object(const struct rs_agent *agent, enum rs_kind kind, void *object)
{
	const struct rs_ranges ranges = rs_agent_ranges(agent->options);
	struct rs_wire_context context = {
		.domain = "rouse",
		.vip_base = {ranges.vip[RS_V4].address, ranges.vip[RS_V6].address},
		.ip_families = agent->options->ip_families,
	};
	auto_json json = rs_wire_object_print(kind, object, &context);
	if (!json)
		return NULL;
	if (kind == RS_KIND_SERVICE && !add_owned(json, agent, object, &context))
		return NULL;
	cJSON *status = cJSON_GetObjectItemCaseSensitive(json, "status");
	if (kind == RS_KIND_ROUTE && !add_reach(agent, object, status))
		return NULL;
	const struct rs_workload *workload =
		kind == RS_KIND_REVISION ? ((struct rs_model_revision *)object)->user : NULL;
	if (workload && !rs_view_scale(status, workload))
		return NULL;
	return rs_take_ptr(json);
}

cJSON *rs_view_deleted(enum rs_kind kind, const char *namespace, const char *name)
{
	auto_json status = begin("v1", "Status");
	if (!cJSON_AddObjectToObject(status, "metadata") || !text(status, "status", "Success"))
		return NULL;
	cJSON *details = cJSON_AddObjectToObject(status, "details");
	if (!text(details, "namespace", namespace) || !text(details, "name", name) ||
	    !text(details, "kind", rs_kind_plural(kind)))
		return NULL;
	return rs_take_ptr(status);
}

/* --- Rouse's own ------------------------------------------------------------------------------------------------ */

static bool add_instance_metadata(cJSON *object, const struct rs_agent_instance *instance)
{
	const struct rs_model_revision *revision = instance->workload->revision;
	cJSON *metadata = cJSON_AddObjectToObject(object, "metadata");
	char created[RS_TIME_TEXT_MAX];
	/* It started on the monotonic clock; people read the other one. */
	rs_time_rfc3339(rs_wall_ns() - (rs_now_ns() - instance->started_ns), created);
	if (!text(metadata, "name", instance->rt->name) || !text(metadata, "namespace", revision->metadata.namespace) ||
	    !version(metadata, instance->version) || !text(metadata, "creationTimestamp", created))
		return false;
	cJSON *labels = cJSON_AddObjectToObject(metadata, "labels");
	return text(labels, LABEL_SERVICE, revision->service) &&
	       text(labels, LABEL_CONFIGURATION, revision->configuration) &&
	       text(labels, LABEL_REVISION, revision->metadata.name);
}

cJSON *rs_view_instance(const struct rs_agent_instance *instance)
{
	const struct rs_rt_instance *rt = instance->rt;
	const struct rs_instance *entry = rs_dp_instance(instance->workload->agent->dp, rt->id);
	auto_json object = begin(RS_VIEW_ROUSE_VERSION, "Instance");
	const struct rs_address v4 = rs_address_v4(rt->address.s_addr);
	char address[RS_ADDRESS_TEXT_MAX], address6[RS_ADDRESS_TEXT_MAX];
	rs_address_print(&v4, address);
	rs_address_print(&rt->address6, address6);
	if (!object || !add_instance_metadata(object, instance))
		return NULL;
	int64_t memory_bytes = rs_rt_memory(instance->workload->agent->rt, rt);
	cJSON *status = cJSON_AddObjectToObject(object, "status");
	if (!text(status, "stage", rs_stage_text(instance->stage)) ||
	    !number(status, "stageMs", (double)age_ms(instance->stage_ns, rs_now_ns())) ||
	    !text(status, "address", address) ||
	    (!rs_address_is_none(&rt->address6) && !text(status, "address6", address6)) ||
	    !number(status, "port", rt->port) || !number(status, "pid", rt->pid) ||
	    !number(status, "inFlight", entry ? __atomic_load_n(&entry->in_flight, __ATOMIC_RELAXED) : 0) ||
	    !number(status, "connections", entry ? __atomic_load_n(&entry->flows, __ATOMIC_RELAXED) : 0) ||
	    (memory_bytes >= 0 && !number(status, "memoryBytes", (double)memory_bytes)) ||
	    !span_ms(status, "listenMs", instance->started_ns, instance->listen_ns) ||
	    !span_ms(status, "readyMs", instance->started_ns, instance->ready_ns) ||
	    !text(status, "complaint", instance->complaint) || !text(status, "logPath", rt->log_path))
		return NULL;
	return rs_take_ptr(object);
}

cJSON *rs_view_log(const struct rs_log_file *file)
{
	auto_json object = begin(RS_VIEW_ROUSE_VERSION, "Log");
	char started[RS_TIME_TEXT_MAX], changed[RS_TIME_TEXT_MAX];
	rs_time_rfc3339(file->started_ms * RS_NS_PER_MS, started);
	rs_time_rfc3339(file->changed_ms * RS_NS_PER_MS, changed);
	cJSON *metadata = cJSON_AddObjectToObject(object, "metadata");
	if (!text(metadata, "name", file->name) || !text(metadata, "namespace", file->namespace) ||
	    !text(metadata, "creationTimestamp", started))
		return NULL;
	cJSON *labels = cJSON_AddObjectToObject(metadata, "labels");
	cJSON *status = cJSON_AddObjectToObject(object, "status");
	if (!text(labels, LABEL_SERVICE, file->service) || !text(labels, LABEL_REVISION, file->revision) ||
	    !text(status, "instance", file->instance) || !cJSON_AddBoolToObject(status, "running", file->is_written) ||
	    !number(status, "bytes", (double)file->bytes) || !text(status, "changedTime", changed) ||
	    !text(status, "path", file->path))
		return NULL;
	return rs_take_ptr(object);
}

cJSON *rs_view_hold(const struct rs_agent *agent, const struct rs_hold *hold, uint64_t now_ns)
{
	cJSON *status;
	auto_json object = begin_nameless("Hold", rs_view_workload(agent, hold->revision), &status);
	if (!object || !endpoints(status, &hold->key) ||
	    !number(status, "ageMs", (double)age_ms(hold->first_ns, now_ns)) ||
	    !number(status, "retransmits", hold->retransmits))
		return NULL;
	return rs_take_ptr(object);
}

static const char *flow_state_text(uint32_t state)
{
	static const char *const names[RS_FLOW_STATE_COUNT] = {
		[RS_TCP_SYN_SENT] = "SynSent",
		[RS_TCP_SYN_RECEIVED] = "SynReceived",
		[RS_TCP_ESTABLISHED] = "Established",
		[RS_TCP_FIN_CLIENT] = "ClientClosed",
		[RS_TCP_FIN_SERVER] = "InstanceClosed",
		[RS_TCP_FIN_BOTH] = "Closing",
		[RS_TCP_CLOSED] = "Closed",
		[RS_UDP_UNREPLIED] = "Unanswered",
		[RS_UDP_REPLIED] = "Answered",
		[RS_UDP_STREAM] = "ToAndFro",
	};
	return state < RS_FLOW_STATE_COUNT ? names[state] : "Unknown";
}

cJSON *rs_view_flow(struct rs_agent *agent, const struct rs_tuple *key, const struct rs_flow *flow, uint64_t now_ns)
{
	cJSON *status;
	const struct rs_agent_instance *instance = rs_instance_by_id(agent, flow->instance);
	auto_json object = begin_nameless("Flow", rs_view_workload(agent, flow->revision), &status);
	if (!object || !text(status, "instance", instance ? instance->rt->name : "") || !endpoints(status, key) ||
	    !text(status, "state", flow_state_text(flow->state)) ||
	    !cJSON_AddBoolToObject(status, "busy", flow->busy) || !number(status, "bytesIn", (double)flow->bytes_in) ||
	    !number(status, "bytesOut", (double)flow->bytes_out) ||
	    !number(status, "ageMs", (double)age_ms(flow->born_ns, now_ns)))
		return NULL;
	return rs_take_ptr(object);
}

cJSON *rs_view_event(const struct rs_store_event *event)
{
	auto_json object = begin("v1", "Event");
	cJSON *metadata = cJSON_AddObjectToObject(object, "metadata");
	cJSON *about = cJSON_AddObjectToObject(object, "involvedObject");
	char name[384], seconds[RS_TIME_TEXT_MAX], time[RS_TIME_TEXT_MAX + 8];
	snprintf(name, sizeof(name), "%s.%" PRIu64, event->name, event->id);
	/* RFC 3339 with microseconds: before the Z. */
	rs_time_rfc3339(event->wall_ns, seconds);
	snprintf(time, sizeof(time), "%.*s.%06uZ", (int)strcspn(seconds, "Z"), seconds,
		 (unsigned)(event->wall_ns % RS_NS_PER_S / RS_NS_PER_US));
	if (!text(metadata, "name", name) || !text(metadata, "namespace", event->namespace) ||
	    !version(metadata, event->id) || !text(about, "kind", event->kind) ||
	    !text(about, "namespace", event->namespace) || !text(about, "name", event->name) ||
	    !text(object, "type", event->type) || !text(object, "reason", event->reason) ||
	    !text(object, "message", event->message) || !number(object, "count", event->count) ||
	    !text(object, "eventTime", time) || !number(object, "id", (double)event->id))
		return NULL;
	return rs_take_ptr(object);
}
