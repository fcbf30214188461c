/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects as the API shows them (docs/api.md). Each is NULL when out of memory. */
#ifndef RS_AGENT_SHOW_VIEW_H
#define RS_AGENT_SHOW_VIEW_H

#include "agent/agent.h"
#include "rt/log_list.h"

#define RS_VIEW_ROUSE_VERSION "rouse.dev/v1"

/* A Service, Configuration, Revision or Route; a Revision's status also says how it is scaled. */
cJSON *rs_view_object(const struct rs_agent *agent, enum rs_kind kind, void *object);
cJSON *rs_view_instance(const struct rs_agent_instance *instance);
cJSON *rs_view_log(const struct rs_log_file *file);
cJSON *rs_view_hold(const struct rs_agent *agent, const struct rs_hold *hold, uint64_t now_ns);
cJSON *rs_view_flow(struct rs_agent *agent, const struct rs_tuple *key, const struct rs_flow *flow, uint64_t now_ns);
cJSON *rs_view_event(const struct rs_store_event *event);
/* {"kind":"Status","status":"Success",...}: what a DELETE answers. */
cJSON *rs_view_deleted(enum rs_kind kind, const char *namespace, const char *name);

/* view_scale.c: adds to a Revision's status, as `rouse`, how it is scaled and why. */
bool rs_view_scale(cJSON *status, const struct rs_workload *workload);

/* The workload of an entry in the dataplane's `revisions`, or NULL. */
struct rs_workload *rs_view_workload(const struct rs_agent *agent, unsigned revision);
/* True when the revision is in the namespace and of the service; NULL = any. */
bool rs_view_matches(const struct rs_workload *workload, const char *namespace, const char *service);

/* health.c: the NodeStatus object: each part of the node, whether it is well, and what to do. */
cJSON *rs_health_print(struct rs_agent *agent);
/* Resident memory of this process. */
uint64_t rs_health_resident_bytes(void);
/* SYNs held now. */
uint64_t rs_health_held(const struct rs_agent *agent);

#endif
