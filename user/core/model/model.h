/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The objects of serving.knative.dev/v1 as typed structures: what a manifest
 * means after parsing, defaulting and validation. Knows nothing of JSON, of
 * files, of the dataplane.
 *
 * Names are arrays (a DNS label has 63 characters), all other text is owned by
 * the structure. Every structure has one destructor, which accepts NULL and
 * half-built objects and returns NULL. A zeroed structure is an empty one.
 *
 * Revision and route are called rs_model_revision and rs_model_route, because
 * the ABI (include/abi/service.h) has an rs_revision and an rs_route.
 */
#ifndef RS_CORE_MODEL_MODEL_H
#define RS_CORE_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/autoscale/target.h" /* enum rs_metric, RS_UNSET */
#include "abi/service.h"	   /* enum rs_pick_policy */
#include "core/model/limits.h"

enum rs_kind {
	RS_KIND_SERVICE,
	RS_KIND_CONFIGURATION,
	RS_KIND_REVISION,
	RS_KIND_ROUTE,
	RS_KIND_COUNT,
};

/* "Service", "Configuration", ... and "services", "configurations", ... as the paths of the API have them. */
const char *rs_kind_text(enum rs_kind kind);
const char *rs_kind_plural(enum rs_kind kind);
/* From either spelling, or kn's short ones (ksvc, config, rev, rt); -EINVAL for anything else. */
int rs_kind_parse(const char *text, enum rs_kind *ret_kind);

/* --- text ----------------------------------------------------------------------------------------------------- */

/* Lists are changed by their functions only: copies, which cannot fail, share the items until one of them changes.
 * They belong to one thread. */

/* NULL-terminated, so that `items` can be lent to exec and to the runtime. `items` is NULL when empty. */
struct rs_strings {
	const char **items;
	size_t count;
};

int rs_strings_add(struct rs_strings *strings, const char *text);
void rs_strings_copy(struct rs_strings *out, const struct rs_strings *from);
bool rs_strings_equal(const struct rs_strings *a, const struct rs_strings *b);
void rs_strings_done(struct rs_strings *strings);

struct rs_pair {
	const char *key;
	const char *value;
};

/* Labels and annotations (sorted by key), environment (in the manifest's order). */
struct rs_pairs {
	struct rs_pair *items;
	size_t count;
};

/* Appends. The caller checks for duplicates. */
int rs_pairs_add(struct rs_pairs *pairs, const char *key, const char *value);
/* Sets in a sorted list: replaces or inserts. */
int rs_pairs_set(struct rs_pairs *pairs, const char *key, const char *value);
/* Removes from a list; a missing key is fine. */
int rs_pairs_remove(struct rs_pairs *pairs, const char *key);
/* The value, or NULL. */
const char *rs_pairs_get(const struct rs_pairs *pairs, const char *key);
void rs_pairs_copy(struct rs_pairs *out, const struct rs_pairs *from);
bool rs_pairs_equal(const struct rs_pairs *a, const struct rs_pairs *b);
void rs_pairs_done(struct rs_pairs *pairs);

/* --- metadata and conditions ---------------------------------------------------------------------------------- */

struct rs_metadata {
	char namespace[RS_NAME_SIZE];
	char name[RS_NAME_SIZE];
	char uid[RS_UID_SIZE];
	char *generate_name; /* in a manifest: the prefix of a name that the registry makes; NULL = none */
	int64_t generation;
	uint64_t resource_version; /* in a manifest: what the writer has seen; 0 = does not care */
	uint64_t created_wall_ns;
	struct rs_pairs labels;
	struct rs_pairs annotations;
};

void rs_metadata_done(struct rs_metadata *metadata);

enum rs_truth {
	RS_UNKNOWN,
	RS_TRUE,
	RS_FALSE,
};

const char *rs_truth_text(enum rs_truth truth); /* "Unknown", "True", "False" */

/* Why a truth is what it is: a reason (CamelCase) and a sentence. It never changes once it is made, so a fact and the
 * conditions made of it share one, and copies cannot fail. Most facts are plainly true and have none. */
struct rs_why;

/* What somebody has found out. */
struct rs_fact {
	enum rs_truth truth;
	struct rs_why *why; /* counted; NULL = nothing to say */
};

/* "" when there is nothing to say. Valid until the fact is set or done. */
const char *rs_fact_reason(const struct rs_fact *fact);
const char *rs_fact_message(const struct rs_fact *fact);

/* Sets a fact; reason and message are cut when they are too long. Without memory for them the truth stands alone.
 * Returns true when the fact has changed. */
bool rs_fact_set(struct rs_fact *fact, enum rs_truth truth, const char *reason, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* True, with nothing to add. Returns true when the fact has changed. */
bool rs_fact_set_true(struct rs_fact *fact);
void rs_fact_copy(struct rs_fact *out, const struct rs_fact *from);
bool rs_fact_equal(const struct rs_fact *a, const struct rs_fact *b);
void rs_fact_done(struct rs_fact *fact);

struct rs_condition {
	const char *type; /* a literal: "Ready", "Active", ... */
	struct rs_fact fact;
	uint64_t is_informational : 1; /* severity Info: does not count for Ready */
	uint64_t since_wall_ns : 63;
};

struct rs_conditions {
	struct rs_condition items[RS_CONDITIONS_MAX];
	size_t count;
};

void rs_conditions_done(struct rs_conditions *conditions);

/* --- the template --------------------------------------------------------------------------------------------- */

enum rs_probe_handler {
	RS_HANDLER_NONE, /* no such probe */
	RS_HANDLER_HTTP_GET,
	RS_HANDLER_TCP_SOCKET,
	RS_HANDLER_EXEC,
};

struct rs_probe {
	enum rs_probe_handler handler;
	char *path;		   /* httpGet */
	char *host;		   /* httpGet: the Host header; NULL = none */
	uint16_t port;		   /* httpGet, tcpSocket; already the container's port when the manifest had none */
	struct rs_strings command; /* exec */
	uint32_t initial_delay_ms;
	uint32_t period_ms;
	uint32_t timeout_ms;
	uint32_t success_threshold;
	uint32_t failure_threshold;
};

/* A port that the program serves. */
struct rs_port {
	char name[RS_PORT_NAME_SIZE]; /* "" = none */
	uint16_t number;
	bool is_udp;
};

struct rs_container {
	char name[RS_NAME_SIZE];   /* "user-container" when the manifest has none */
	char *image;		   /* kept and shown; the runtime process does not use it; NULL = none */
	struct rs_strings command; /* never empty after validation; $(VAR) not expanded */
	struct rs_strings args;
	struct rs_pairs env;	    /* PORT, K_SERVICE, K_CONFIGURATION, K_REVISION are not in it */
	char *working_dir;	    /* absolute; NULL = / */
	struct rs_port port;	    /* the first: $PORT, and whose readiness counts. TCP 8080 by default */
	struct rs_port *more_ports; /* NULL = it is the only one, as of most */
	size_t more_port_count;	    /* at most RS_PORTS_MAX - 1 */
	uint64_t cpu_millis;	    /* limit; 0 = none */
	uint64_t memory_bytes;	    /* limit; 0 = none */
	int64_t run_as_user;	    /* -1 = the runtime's unprivileged default */
	struct rs_probe *readiness; /* NULL = none, which most have */
	struct rs_probe *liveness;
	struct rs_probe *startup;
};

/* ports.c. All ports of a container, in the manifest's order: 0 is the first. */
size_t rs_container_port_count(const struct rs_container *container);
const struct rs_port *rs_container_port(const struct rs_container *container, size_t index);
/* The container's port of this name, or NULL. */
const struct rs_port *rs_container_port_named(const struct rs_container *container, const char *name);
/* Appends; the caller checks the maximum. */
int rs_container_add_port(struct rs_container *container, const struct rs_port *port);
/* Leaves the first alone. */
void rs_container_clear_more_ports(struct rs_container *container);
bool rs_container_ports_equal(const struct rs_container *a, const struct rs_container *b);
/* A bit for each port, as the dataplane has them: all, and those of UDP. */
uint8_t rs_container_port_bits(const struct rs_container *container);
uint8_t rs_container_udp_bits(const struct rs_container *container);
/* "TCP", "UDP" */
const char *rs_port_protocol_text(bool is_udp);

/* A port of a virtual address, and the container's port that it leads to. */
struct rs_vip_port {
	uint16_t number;
	bool is_udp;
	uint8_t index; /* of the container's port */
};

/* Each of the container's, and port 80. */
#define RS_VIP_PORTS_MAX (RS_PORTS_MAX + 1)

/* Every port under its own number; port 80 leads to the first TCP port too, when Knative would take it for one of HTTP
 * (unnamed, http1, h2c, grpc) and the container has no TCP port 80 itself. Returns how many. */
size_t rs_container_vip_ports(const struct rs_container *container,
			      struct rs_vip_port ret_ports[static RS_VIP_PORTS_MAX]);

enum rs_aggregation {
	RS_AGGREGATION_LINEAR,
	RS_AGGREGATION_WEIGHTED_EXPONENTIAL,
};

/* The annotations autoscaling.knative.dev/... and serving.knative.dev/progress-deadline of a template, parsed.
 * What the manifest does not have: RS_UNSET for numbers, -1 for scales and durations (the configuration counts). */
struct rs_autoscaling {
	enum rs_metric metric;
	enum rs_aggregation aggregation;
	double target;			   /* >= 0.01 */
	double target_utilization_percent; /* 1..100 */
	bool has_target_burst_capacity;
	double target_burst_capacity; /* >= 0, or -1 = always held */
	double panic_window_percent;
	double panic_threshold_percent;
	int32_t min_scale;
	int32_t max_scale; /* 0 = no limit */
	int32_t initial_scale;
	int32_t activation_scale;
	int64_t scale_down_delay_ns;
	int64_t window_ns;
	int64_t retention_ns; /* scale-to-zero-pod-retention-period */
	int64_t progress_deadline_ns;
};

/* Everything unset. */
void rs_autoscaling_init(struct rs_autoscaling *autoscaling);

/* Shared by the service, its configuration and the revision made of it. */
struct rs_template {
	size_t users;
	char name[RS_NAME_SIZE]; /* "bring your own" revision name, or "" */
	struct rs_pairs labels;
	struct rs_pairs annotations; /* all of them, as written; the next three blocks are derived */
	struct rs_autoscaling autoscaling;
	uint32_t hold_timeout_ms; /* rouse.dev/hold-timeout, RS_HOLD_TOTAL_MS by default */
	int stop_signal;	  /* rouse.dev/stop-signal, SIGTERM by default */
	uint32_t grace_ms;	  /* rouse.dev/stop-grace-period; timeoutSeconds by default, as in Knative */
	enum rs_pick_policy pick; /* rouse.dev/pick; by default what containerConcurrency asks for */
	struct rs_container container;
	uint32_t container_concurrency; /* 0 = no limit */
	uint32_t timeout_seconds;
};

/* One with every default (section 4.6) and one user; NULL when out of memory. */
struct rs_template *rs_template_new(void);
/* One more user. A template that is shared does not change any more. */
struct rs_template *rs_template_ref(struct rs_template *template);
/* One user less, the last one frees it. Accepts NULL; returns NULL. */
struct rs_template *rs_template_unref(struct rs_template *template);
bool rs_template_equal(const struct rs_template *a, const struct rs_template *b);
/* Equal but for the name, which revisions of one template need not share. */
bool rs_template_equal_unnamed(const struct rs_template *a, const struct rs_template *b);

/* --- the objects ---------------------------------------------------------------------------------------------- */

struct rs_traffic_target {
	char revision[RS_NAME_SIZE]; /* "" = the latest ready revision */
	char tag[RS_NAME_SIZE];	     /* "" = none */
	uint8_t percent;
};

/* At most RS_ROUTE_TARGETS_MAX; most services have one. */
struct rs_traffic {
	struct rs_traffic_target *targets;
	size_t count;
};

/* Appends a copy of the target. The caller checks the maximum. */
int rs_traffic_add(struct rs_traffic *traffic, const struct rs_traffic_target *target);
/* Appends all to the latest: what a service without a traffic block has. */
int rs_traffic_add_default(struct rs_traffic *traffic);
/* Shares the targets, which rs_traffic_add() alone changes. */
void rs_traffic_copy(struct rs_traffic *out, const struct rs_traffic *from);
void rs_traffic_done(struct rs_traffic *traffic);
bool rs_traffic_equal(const struct rs_traffic *a, const struct rs_traffic *b);

struct rs_service_status {
	struct rs_conditions conditions; /* Ready, ConfigurationsReady, RoutesReady */
};

struct rs_service {
	struct rs_metadata metadata;
	struct rs_template *template;
	struct rs_traffic traffic; /* 100 % of the latest by default */
	struct rs_service_status status;
};

struct rs_configuration_status {
	struct rs_conditions conditions; /* Ready */
};

struct rs_configuration {
	struct rs_metadata metadata; /* generation counts the template's changes alone */
	struct rs_template *template;
	char latest_created[RS_NAME_SIZE];
	/* A decision of routing, not status: it is kept in the store, so that after a restart traffic does not move
	 * to a revision that never was ready. Changed by rs_registry_mark_ready() only. */
	char latest_ready[RS_NAME_SIZE];
	struct rs_configuration_status status;
};

enum rs_routing_state {
	RS_ROUTING_PENDING, /* new: no route has looked at it yet */
	RS_ROUTING_ACTIVE,  /* a route names it */
	RS_ROUTING_RESERVE, /* no route names it: may be collected */
};

/* The agent sets the facts and numbers, rs_conditions_revision() makes the conditions of them. */
struct rs_revision_status {
	struct rs_fact resources_available; /* reasons Deploying, ProgressDeadlineExceeded, ... */
	struct rs_fact container_healthy;   /* reasons Deploying, ContainerMissing, ExitCode1, ... */
	struct rs_fact active;		    /* reasons NoTraffic, Queued, TimedOut */
	int32_t desired_replicas;
	int32_t actual_replicas;	 /* ready instances */
	struct rs_conditions conditions; /* Ready, ResourcesAvailable, ContainerHealthy, Active */
};

/* Immutable but for its metadata's labels and its status. */
struct rs_model_revision {
	struct rs_metadata metadata; /* generation is always 1 */
	char service[RS_NAME_SIZE];
	char configuration[RS_NAME_SIZE];
	int64_t configuration_generation; /* the number in hello-00003 */
	struct rs_template *template;	  /* its name is the service's business, metadata.name is the revision's */
	enum rs_routing_state routing_state;
	uint64_t routing_state_wall_ns; /* since when: the age that garbage collection goes by */
	struct rs_revision_status status;
	void *user; /* the agent's; the registry never looks at it */
};

struct rs_route_status {
	struct rs_fact all_traffic_assigned; /* reasons RevisionMissing, ... */
	struct rs_fact ingress_ready;	     /* reason RolloutInProgress, ... */
	struct rs_traffic traffic;	     /* resolved: every revision is named */
	bool latest[RS_ROUTE_TARGETS_MAX];   /* of traffic.targets[i]: follows the latest */
	struct rs_conditions conditions;     /* Ready, AllTrafficAssigned, IngressReady */
};

void rs_route_status_done(struct rs_route_status *status);

#define RS_VIP_NONE UINT32_MAX

struct rs_model_route {
	struct rs_metadata metadata; /* named as its service, like the configuration */
	struct rs_traffic traffic;
	uint32_t vip;				/* index into the VIP range, stable for the route's life */
	uint32_t tag_vip[RS_ROUTE_TARGETS_MAX]; /* of traffic.targets[i].tag; RS_VIP_NONE without a tag */
	struct rs_route_status status;
	void *user; /* the agent's */
};

struct rs_service *rs_service_free(struct rs_service *service);
struct rs_configuration *rs_configuration_free(struct rs_configuration *configuration);
struct rs_model_revision *rs_model_revision_free(struct rs_model_revision *revision);
struct rs_model_route *rs_model_route_free(struct rs_model_route *route);
/* Frees an object of any kind. */
void *rs_object_free(enum rs_kind kind, void *object);
/* The metadata of an object of any kind. */
struct rs_metadata *rs_object_metadata(enum rs_kind kind, void *object);

static inline void rs_service_cleanup(struct rs_service **service)
{
	rs_service_free(*service);
}

#define rs_auto_service __attribute__((cleanup(rs_service_cleanup)))

/* --- the annotations that Rouse reads ------------------------------------------------------------------------- */

#define RS_ANNOTATION_HOLD_TIMEOUT     "rouse.dev/hold-timeout"
#define RS_ANNOTATION_STOP_SIGNAL      "rouse.dev/stop-signal"
#define RS_ANNOTATION_STOP_GRACE       "rouse.dev/stop-grace-period"
#define RS_ANNOTATION_PICK	       "rouse.dev/pick"
#define RS_ANNOTATION_ALLOW_FROM       "rouse.dev/allow-from" /* on the Service, as the next */
#define RS_ANNOTATION_STICKY	       "rouse.dev/sticky"
#define RS_ANNOTATION_EXTERNAL_PORT    "rouse.dev/external-port"
#define RS_ANNOTATION_IP_FAMILIES      "rouse.dev/ip-families"
#define RS_ANNOTATION_ROLLOUT_DURATION "serving.knative.dev/rollout-duration" /* on the Service: "0s" */
#define RS_ANNOTATION_NO_GC	       "serving.knative.dev/no-gc"
#define RS_LABEL_VISIBILITY	       "networking.knative.dev/visibility"

/* networking.knative.dev/visibility: cluster-local */
bool rs_metadata_is_cluster_local(const struct rs_metadata *metadata);
/* As rouse.dev/pick has it: "least-loaded". */
const char *rs_pick_policy_text(enum rs_pick_policy policy);
/* rouse.dev/sticky: "client" */
bool rs_metadata_is_sticky(const struct rs_metadata *metadata);
/* serving.knative.dev/no-gc: "true" */
bool rs_model_revision_is_kept(const struct rs_model_revision *revision);

#endif
