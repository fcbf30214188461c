/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rouse.dev/external-port on a Service: ports of the node's own addresses that
 * lead to it, as in "30080" or "30080:8080, 30053:53/udp".
 */
#ifndef RS_CORE_MODEL_EXTERNAL_H
#define RS_CORE_MODEL_EXTERNAL_H

#include "core/model/model.h"

struct rs_external_port {
	uint16_t number;    /* of the node */
	uint16_t container; /* containerPort; 0 = the first of the protocol */
	bool is_udp;
};

struct rs_external_ports {
	struct rs_external_port items[RS_PORTS_MAX];
	size_t count;
};

/* -EINVAL with a sentence: not a port, given twice, too many, none. */
int rs_external_ports_parse(const char *text, struct rs_external_ports *ret_ports, struct rs_err *err);

/* What the object's annotation says; none when it has no such annotation. */
int rs_metadata_external_ports(const struct rs_metadata *metadata, struct rs_external_ports *ret_ports,
			       struct rs_err *err);

/* The place of what it leads to in the container's list of ports, -1 when the container has no such port. */
int rs_external_port_index(const struct rs_external_port *port, const struct rs_container *container);

/* As the annotation has it: "tcp" or "udp". */
const char *rs_external_protocol_text(bool is_udp);

#endif
