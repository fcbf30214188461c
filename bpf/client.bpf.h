/* SPDX-License-Identifier: GPL-2.0-only */
/* The beginning of the way of a client's packet, over either layer: by protocol. */
#ifndef RS_CLIENT_BPF_H
#define RS_CLIENT_BPF_H

#include "path.bpf.h"
#include "udp.bpf.h"

/* A packet for a VIP or an external port, parsed. `known`: who sends it, when that is not who sent the frame. */
RS_INLINE int rs_serve(RS_CONTEXT *context, enum rs_parse parsed, const struct rs_packet *packet,
		       const struct rs_sender *known)
{
	if (parsed == RS_PARSE_TCP)
		return rs_service(context, packet, known);
	if (parsed == RS_PARSE_UDP)
		return rs_service_udp(context, packet, known);
	return rs_refuse(parsed);
}

RS_INLINE int rs_path_client(RS_CONTEXT *context)
{
	struct rs_packet packet = {};
	enum rs_parse parsed = rs_parse(context, &packet, true);
	if (parsed == RS_PARSE_OTHER || parsed == RS_PARSE_UNKNOWN)
		return rs_pass_untouched();
	return rs_serve(context, parsed, &packet, NULL);
}

#endif
