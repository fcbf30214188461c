// SPDX-License-Identifier: BSD-2-Clause
/* A container's ports, and those of a virtual address that lead to them. */
#include "core/model/model.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HTTP_PORT 80

size_t rs_container_port_count(const struct rs_container *container)
{
	return 1 + container->more_port_count;
}

const struct rs_port *rs_container_port(const struct rs_container *container, size_t index)
{
	return index == 0 ? &container->port : &container->more_ports[index - 1];
}

const struct rs_port *rs_container_port_named(const struct rs_container *container, const char *name)
{
	for (size_t i = 0; *name && i < rs_container_port_count(container); i++) {
		const struct rs_port *port = rs_container_port(container, i);
		if (strcmp(port->name, name) == 0)
			return port;
	}
	return NULL;
}

int rs_container_add_port(struct rs_container *container, const struct rs_port *port)
{
	struct rs_port *grown =
		reallocarray(container->more_ports, container->more_port_count + 1, sizeof(*container->more_ports));
	if (!grown)
		return -ENOMEM;
	container->more_ports = grown;
	grown[container->more_port_count++] = *port;
	return 0;
}

void rs_container_clear_more_ports(struct rs_container *container)
{
	free(container->more_ports);
	container->more_ports = NULL;
	container->more_port_count = 0;
}

bool rs_container_ports_equal(const struct rs_container *a, const struct rs_container *b)
{
	if (a->more_port_count != b->more_port_count)
		return false;
	for (size_t i = 0; i < rs_container_port_count(a); i++) {
		const struct rs_port *x = rs_container_port(a, i), *y = rs_container_port(b, i);
		if (strcmp(x->name, y->name) != 0 || x->number != y->number || x->is_udp != y->is_udp)
			return false;
	}
	return true;
}

uint8_t rs_container_port_bits(const struct rs_container *container)
{
	return (uint8_t)((1U << rs_container_port_count(container)) - 1);
}

uint8_t rs_container_udp_bits(const struct rs_container *container)
{
	unsigned bits = 0;
	for (size_t i = 0; i < rs_container_port_count(container); i++) {
		if (rs_container_port(container, i)->is_udp)
			bits |= 1U << i;
	}
	return (uint8_t)bits;
}

const char *rs_port_protocol_text(bool is_udp)
{
	return is_udp ? "UDP" : "TCP";
}

/* As Knative reads the name: of a port without one, and of these, that it speaks HTTP. */
static bool is_http(const struct rs_port *port)
{
	static const char *const names[] = {"", "http1", "h2c", "grpc"};
	for (size_t i = 0; i < rs_array_length(names); i++) {
		if (strcmp(port->name, names[i]) == 0)
			return true;
	}
	return false;
}

size_t rs_container_vip_ports(const struct rs_container *container,
			      struct rs_vip_port ret_ports[static RS_VIP_PORTS_MAX])
{
	const struct rs_port *first_tcp = NULL;
	bool has_80 = false;
	uint8_t first_index = 0;
	size_t count = 0;
	for (size_t i = 0; i < rs_container_port_count(container); i++) {
		const struct rs_port *port = rs_container_port(container, i);
		ret_ports[count++] = (struct rs_vip_port){port->number, port->is_udp, (uint8_t)i};
		if (port->is_udp)
			continue;
		has_80 |= port->number == HTTP_PORT;
		if (!first_tcp) {
			first_tcp = port;
			first_index = (uint8_t)i;
		}
	}
	if (first_tcp && !has_80 && is_http(first_tcp))
		ret_ports[count++] = (struct rs_vip_port){HTTP_PORT, false, first_index};
	return count;
}
