/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the node's health are made of: health.c asks all, health_host.c knows the host's,
 * health_process.c this process's. */
#ifndef RS_AGENT_HEALTH_HEALTH_H
#define RS_AGENT_HEALTH_HEALTH_H

#include "agent/agent.h"

#define RS_HEALTH_MESSAGE_MAX 512

struct rs_health_part {
	bool ok;
	char message[RS_HEALTH_MESSAGE_MAX];
};

struct rs_health_part rs_health_part(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* health_host.c */
struct rs_health_part rs_health_kernel(struct rs_agent *agent);
/* Settings that drop our packets. */
struct rs_health_part rs_health_rp_filter(struct rs_agent *agent);
/* The instances' way out: forwarding, and chains that drop what is forwarded. */
struct rs_health_part rs_health_outbound(struct rs_agent *agent);
/* Routes and addresses that came after the start. */
struct rs_health_part rs_health_ranges(struct rs_agent *agent);

/* health_process.c */
/* The program that builds sandboxes. */
struct rs_health_part rs_health_sandbox(struct rs_agent *agent);
/* What the wall clock does: times for people are told by it, nothing else. */
struct rs_health_part rs_health_clock(struct rs_agent *agent);
/* File descriptors and locked memory. */
struct rs_health_part rs_health_limits(struct rs_agent *agent);

/* interfaces.c: which hook stands on which interface, and why; an array. NULL when out of memory. */
cJSON *rs_interfaces_print(struct rs_agent *agent);
/* How many that should carry a program carry none. */
unsigned rs_interfaces_missing(struct rs_agent *agent, char *ret_name, size_t size);

#endif
