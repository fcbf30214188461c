/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/model/external.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define SEPARATORS ", \t\n"

static int parse_number(const char *text, uint16_t *ret_number)
{
	long long value;

	if (rs_str_to_long(text, 1, 65535, &value) < 0)
		return -EINVAL;
	*ret_number = (uint16_t)value;
	return 0;
}

/* EXTERNAL[:CONTAINER][/PROTOCOL] */
static int parse_item(const char *text, struct rs_external_port *ret_port, struct rs_err *err)
{
	char copy[32];
	char *slash = NULL, *colon = NULL;

	*ret_port = (struct rs_external_port){0};
	if (rs_str_copy(copy, sizeof(copy), text) < 0)
		goto bad;
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	colon = strchr(copy, ':');
	if (colon)
		*colon++ = '\0';
	if (slash && strcmp(slash, "udp") == 0)
		ret_port->is_udp = true;
	else if (slash && strcmp(slash, "tcp") != 0)
		return rs_err_set(err, -EINVAL, "\"%.40s\": the protocol is tcp or udp", text);
	if (parse_number(copy, &ret_port->number) == 0 && (!colon || parse_number(colon, &ret_port->container) == 0))
		return 0;
bad:
	return rs_err_set(err, -EINVAL, "\"%.40s\" is neither a port like 30080 nor one like 30053:53/udp", text);
}

int rs_external_ports_parse(const char *text, struct rs_external_ports *ret_ports, struct rs_err *err)
{
	struct rs_external_ports ports = {.count = 0};

	for (text += strspn(text, SEPARATORS); *text; text += strspn(text, SEPARATORS)) {
		const size_t length = strcspn(text, SEPARATORS);
		struct rs_external_port port;
		char item[64];
		int r;

		/* What is longer than any port is cut, and refused as it stands. */
		snprintf(item, sizeof(item), "%.*s", (int)length, text);
		r = parse_item(item, &port, err);
		if (r < 0)
			return r;
		for (size_t i = 0; i < ports.count; i++)
			if (ports.items[i].number == port.number && ports.items[i].is_udp == port.is_udp)
				return rs_err_set(err, -EINVAL, "%u/%s is given twice", port.number,
						  rs_external_protocol_text(port.is_udp));
		if (ports.count == rs_array_length(ports.items))
			return rs_err_set(err, -EINVAL, "at most %d ports are possible", RS_PORTS_MAX);
		ports.items[ports.count++] = port;
		text += length;
	}
	if (ports.count == 0)
		return rs_err_set(err, -EINVAL, "is empty: leave it out to have no port of the node");
	*ret_ports = ports;
	return 0;
}

int rs_metadata_external_ports(const struct rs_metadata *metadata, struct rs_external_ports *ret_ports,
			       struct rs_err *err)
{
	const char *text = rs_pairs_get(&metadata->annotations, RS_ANNOTATION_EXTERNAL_PORT);
	struct rs_err why = {0};
	int r;

	ret_ports->count = 0;
	if (!text)
		return 0;
	r = rs_external_ports_parse(text, ret_ports, &why);
	if (r < 0)
		return rs_err_set(err, r, "metadata.annotations[%s]: %s", RS_ANNOTATION_EXTERNAL_PORT, why.message);
	if (rs_metadata_is_cluster_local(metadata))
		return rs_err_set(err, -EINVAL,
				  "metadata.annotations[%s]: contradicts the label %s: cluster-local, which keeps out "
				  "who comes from outside of this node; leave one of them out",
				  RS_ANNOTATION_EXTERNAL_PORT, RS_LABEL_VISIBILITY);
	return 0;
}

int rs_external_port_index(const struct rs_external_port *port, const struct rs_container *container)
{
	for (size_t i = 0; i < rs_container_port_count(container); i++) {
		const struct rs_port *own = rs_container_port(container, i);

		if (own->is_udp == port->is_udp && (!port->container || own->number == port->container))
			return (int)i;
	}
	return -1;
}

const char *rs_external_protocol_text(bool is_udp)
{
	return is_udp ? "udp" : "tcp";
}
